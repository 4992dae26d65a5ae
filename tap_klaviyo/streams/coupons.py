"""Coupons and their codes."""

from tap_klaviyo.streams.resource import KlaviyoStream


class Coupons(KlaviyoStream):
    """A coupon that codes are made of. One request per 100."""

    name = "coupons"
    path = "/api/coupons"
    swept = True


class CouponCodes(KlaviyoStream):
    """A code of a coupon and whether it was given out. One request per coupon, and one more per 100 codes.

    The profile that got it comes as a link only, so there is no column for it.
    """

    name = "coupon_codes"
    path = "/api/coupons/{id}/coupon-codes"
    parent = Coupons
    parent_column = "coupon_id"
    swept = True


class CouponCodeBulkCreateJobs(KlaviyoStream):
    """A job that creates many codes. One request per 100."""

    name = "coupon_code_bulk_create_jobs"
    path = "/api/coupon-code-bulk-create-jobs"
    selected_by_default = False


STREAMS = (Coupons, CouponCodes, CouponCodeBulkCreateJobs)
