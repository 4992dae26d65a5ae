"""Profiles, their conversations, and the jobs that import and suppress them."""

from tap_klaviyo.streams.resource import KlaviyoStream


class Profiles(KlaviyoStream):
    """A person. One request per 100; `predictive_analytics` brings the limit down to 150 per minute."""

    name = "profiles"
    path = "/api/profiles"
    replication_key = "updated"
    is_sorted = True
    additional_fields = ("subscriptions",)
    windowed = True
    bounded = True
    swept = True
    new_by = "created"


class Conversations(KlaviyoStream):
    """A conversation with a profile. Carried by the profiles: one request per 100 of all of them."""

    name = "conversations"
    path = "/api/profiles"
    via = "conversations"
    via_type = "conversation"
    via_column = "profile_id"
    selected_by_default = False
    swept = True


class ProfileBulkImportJobs(KlaviyoStream):
    """A job that imports many profiles. One request per 100."""

    name = "profile_bulk_import_jobs"
    path = "/api/profile-bulk-import-jobs"
    selected_by_default = False


class ProfileImportErrors(KlaviyoStream):
    """A row that an import refused. One request per job, and one more per 100 errors, 150 per minute."""

    name = "profile_import_errors"
    path = "/api/profile-bulk-import-jobs/{id}/import-errors"
    parent = ProfileBulkImportJobs
    parent_column = "profile_bulk_import_job_id"
    selected_by_default = False
    swept = True


class ProfileSuppressionBulkCreateJobs(KlaviyoStream):
    """A job that suppresses many profiles. One request per page."""

    name = "profile_suppression_bulk_create_jobs"
    path = "/api/profile-suppression-bulk-create-jobs"
    selected_by_default = False


class ProfileSuppressionBulkDeleteJobs(KlaviyoStream):
    """A job that ends the suppression of many profiles. One request per page."""

    name = "profile_suppression_bulk_delete_jobs"
    path = "/api/profile-suppression-bulk-delete-jobs"
    selected_by_default = False


STREAMS = (
    Profiles,
    Conversations,
    ProfileBulkImportJobs,
    ProfileImportErrors,
    ProfileSuppressionBulkCreateJobs,
    ProfileSuppressionBulkDeleteJobs,
)
