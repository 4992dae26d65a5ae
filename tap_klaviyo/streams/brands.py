"""What a brand looks and sounds like."""

from tap_klaviyo.streams.accounts import Accounts
from tap_klaviyo.streams.resource import KlaviyoStream


class BrandButtons(KlaviyoStream):
    """A button of the brand. One request."""

    name = "brand_buttons"
    path = "/api/brand-buttons"
    swept = True


class BrandColors(KlaviyoStream):
    """A palette of the brand. One request."""

    name = "brand_colors"
    path = "/api/brand-colors"
    swept = True


class BrandLogos(KlaviyoStream):
    """A logo of the brand. One request."""

    name = "brand_logos"
    path = "/api/brand-logos"
    swept = True


class BrandSocialGroups(KlaviyoStream):
    """A group of links to social networks. One request."""

    name = "brand_social_groups"
    path = "/api/brand-social-groups"
    swept = True


class BrandEmailDefaults(KlaviyoStream):
    """How e-mails of the brand look unless they say otherwise. One request."""

    name = "brand_email_defaults"
    path = "/api/brand-email-defaults"
    swept = True


class BrandVoice(KlaviyoStream):
    """How the brand sounds. One request; its id is the account's."""

    name = "brand_voice"
    path = "/api/brand-voice/{id}"
    parent = Accounts
    swept = True


STREAMS = (BrandButtons, BrandColors, BrandLogos, BrandSocialGroups, BrandEmailDefaults, BrandVoice)
