"""The custom catalog: items, variants, categories, and the jobs that changed them."""

from tap_klaviyo.streams.resource import KlaviyoStream, LinkedFrom


class CatalogItems(KlaviyoStream):
    """A product of the custom catalog. One request per 100."""

    name = "catalog_items"
    path = "/api/catalog-items"


class CatalogVariants(KlaviyoStream):
    """A variant of a product. One request per 100, and, for `item_id`, another per 100 items."""

    name = "catalog_variants"
    path = "/api/catalog-variants"
    linked_from = LinkedFrom("item_id", "catalog_items", "variants")


class CatalogCategories(KlaviyoStream):
    """A category of products. One request per 100."""

    name = "catalog_categories"
    path = "/api/catalog-categories"


class CatalogCategoryItems(KlaviyoStream):
    """A product in a category. One request per category, and one more per 100 items."""

    name = "catalog_category_items"
    path = "/api/catalog-categories/{id}/relationships/items"
    primary_keys = ("catalog_category_id", "catalog_item_id")
    parent = CatalogCategories
    parent_column = "catalog_category_id"
    id_column = "catalog_item_id"
    attributes = ()
    swept = True


class _CatalogJobs(KlaviyoStream):
    selected_by_default = False


class CatalogItemBulkCreateJobs(_CatalogJobs):
    """A job that creates many items. One request per 100."""

    name = "catalog_item_bulk_create_jobs"
    path = "/api/catalog-item-bulk-create-jobs"


class CatalogItemBulkUpdateJobs(_CatalogJobs):
    """A job that updates many items. One request per 100."""

    name = "catalog_item_bulk_update_jobs"
    path = "/api/catalog-item-bulk-update-jobs"


class CatalogItemBulkDeleteJobs(_CatalogJobs):
    """A job that deletes many items. One request per 100."""

    name = "catalog_item_bulk_delete_jobs"
    path = "/api/catalog-item-bulk-delete-jobs"


class CatalogVariantBulkCreateJobs(_CatalogJobs):
    """A job that creates many variants. One request per 100."""

    name = "catalog_variant_bulk_create_jobs"
    path = "/api/catalog-variant-bulk-create-jobs"


class CatalogVariantBulkUpdateJobs(_CatalogJobs):
    """A job that updates many variants. One request per 100."""

    name = "catalog_variant_bulk_update_jobs"
    path = "/api/catalog-variant-bulk-update-jobs"


class CatalogVariantBulkDeleteJobs(_CatalogJobs):
    """A job that deletes many variants. One request per 100."""

    name = "catalog_variant_bulk_delete_jobs"
    path = "/api/catalog-variant-bulk-delete-jobs"


class CatalogCategoryBulkCreateJobs(_CatalogJobs):
    """A job that creates many categories. One request per 100."""

    name = "catalog_category_bulk_create_jobs"
    path = "/api/catalog-category-bulk-create-jobs"


class CatalogCategoryBulkUpdateJobs(_CatalogJobs):
    """A job that updates many categories. One request per 100."""

    name = "catalog_category_bulk_update_jobs"
    path = "/api/catalog-category-bulk-update-jobs"


class CatalogCategoryBulkDeleteJobs(_CatalogJobs):
    """A job that deletes many categories. One request per 100."""

    name = "catalog_category_bulk_delete_jobs"
    path = "/api/catalog-category-bulk-delete-jobs"


STREAMS = (
    CatalogItems,
    CatalogVariants,
    CatalogCategories,
    CatalogCategoryItems,
    CatalogItemBulkCreateJobs,
    CatalogItemBulkUpdateJobs,
    CatalogItemBulkDeleteJobs,
    CatalogVariantBulkCreateJobs,
    CatalogVariantBulkUpdateJobs,
    CatalogVariantBulkDeleteJobs,
    CatalogCategoryBulkCreateJobs,
    CatalogCategoryBulkUpdateJobs,
    CatalogCategoryBulkDeleteJobs,
)
