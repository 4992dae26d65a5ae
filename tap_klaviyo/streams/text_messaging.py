"""The numbers and names that text messages come from."""

from tap_klaviyo.streams.accounts import Accounts
from tap_klaviyo.streams.resource import KlaviyoStream


class TextMessagingSenders(KlaviyoStream):
    """A number or name that sends text messages. One request per 20, 60 per minute."""

    name = "text_messaging_senders"
    path = "/api/text-messaging-senders"
    swept = True


class TextMessagingSenderRegistrations(KlaviyoStream):
    """The registration of a sender. Carried by the senders: one request per 20 of them, 60 per minute."""

    name = "text_messaging_sender_registrations"
    path = "/api/text-messaging-senders"
    via = "text-messaging-sender-registration"
    via_type = "text-messaging-sender-registration"
    via_column = "text_messaging_sender_id"
    swept = True


class TextMessagingConfigurations(KlaviyoStream):
    """How the account sends text messages. One request; its id is the account's."""

    name = "text_messaging_configurations"
    path = "/api/text-messaging-configurations/{id}"
    parent = Accounts
    swept = True


STREAMS = (TextMessagingSenders, TextMessagingSenderRegistrations, TextMessagingConfigurations)
