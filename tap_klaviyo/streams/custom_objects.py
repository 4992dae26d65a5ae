"""Custom objects: where they come from, their types, schemas, records and ingestion failures."""

from tap_klaviyo.streams.resource import KlaviyoStream


class DataSources(KlaviyoStream):
    """A source that custom objects are loaded from. One request per 100."""

    name = "data_sources"
    path = "/api/data-sources"
    swept = True


class ObjectTypes(KlaviyoStream):
    """A type of custom object. One request."""

    name = "object_types"
    path = "/api/object-types"
    swept = True


class ObjectSchemas(KlaviyoStream):
    """A version of an object type's schema. One request per object type, 60 per minute."""

    name = "object_schemas"
    path = "/api/object-types/{id}/schema-versions"
    parent = ObjectTypes
    parent_column = "object_type_id"
    swept = True


class SourceMappings(KlaviyoStream):
    """How a source's fields fill an object schema, if it has a source. One request per schema, 60 per minute."""

    name = "source_mappings"
    path = "/api/object-schemas/{id}/source-mapping"
    parent = ObjectSchemas
    parent_column = "object_schema_id"
    inherited_columns = ("object_type_id",)
    swept = True


class ObjectRecords(KlaviyoStream):
    """A custom object. One request per object type, and one more per 100 records, 60 per minute."""

    name = "object_records"
    path = "/api/object-types/{id}/object-records"
    parent = ObjectTypes
    parent_column = "object_type_id"
    selected_by_default = False
    swept = True


class ObjectIngestionLogs(KlaviyoStream):
    """A failure to load a custom object, of the last 14 days. One request per type, and one more per 50, 15 per minute.

    They come newest first, so the bookmark moves at the end.
    """

    name = "object_ingestion_logs"
    path = "/api/object-types/{id}/object-ingestion-logs"
    replication_key = "timestamp"
    parent = ObjectTypes
    parent_column = "object_type_id"
    bounded = True
    selected_by_default = False
    late = True


STREAMS = (DataSources, ObjectTypes, ObjectSchemas, SourceMappings, ObjectRecords, ObjectIngestionLogs)
