"""Sign-up forms and their versions."""

from tap_klaviyo.streams.resource import KlaviyoStream


class Forms(KlaviyoStream):
    """A sign-up form. A request per 100, 60 a minute."""

    name = "forms"
    path = "/api/forms"
    replication_key = "updated_at"
    swept = True


class FormVersions(KlaviyoStream):
    """A version of a form. A request a form, 60 a minute."""

    name = "form_versions"
    path = "/api/forms/{id}/form-versions"
    replication_key = "updated_at"
    parent = Forms
    parent_column = "form_id"
    swept = True


STREAMS = (Forms, FormVersions)
