"""How few rows a page may be asked for."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo import contract
from tap_klaviyo.http import Request
from tap_klaviyo.pagination.page_size import PageSizes, page_size_of, with_page_size

LEAST_OF_AGGREGATES = 500
sizes = st.integers(1, 10_000)


def asked(method, path, query="", body=None):
    endpoint = contract.newest().endpoints()[method, path]
    return Request(endpoint, f"https://a.klaviyo.com{path}{query}", endpoint.limits, body=body)


def aggregates(size):
    body = json.dumps({"data": {"attributes": {"page_size": size, "metric_id": "page_size: 7"}}}).encode()
    return asked("POST", "/api/metric-aggregates", body=body)


def listing(size):
    return asked("GET", "/api/lists", f"?page%5Bsize%5D={size}&sort=id")


def least(size):
    """A body that asks for fewer is that of a custom stream, of whose endpoint nothing is known."""
    return LEAST_OF_AGGREGATES if size >= LEAST_OF_AGGREGATES else 1


@given(sizes, sizes)
def test_aggregates_take_no_fewer_than_they_give(given_size, wanted):
    found = page_size_of(with_page_size(aggregates(given_size), wanted))
    assert found == max(wanted, least(given_size))
    assert page_size_of(with_page_size(listing(given_size), wanted)) == wanted


@given(sizes, st.sampled_from([aggregates, listing]))
def test_halves_come_to_an_end_at_the_fewest_rows_that_are_given(size, request_of):
    request, found, seen = request_of(size), PageSizes(), [size]
    while (shrunk := found.after_failure(request)) is not None:
        seen.append(page_size_of(with_page_size(request, shrunk.wanted)))
        found = shrunk
    assert seen == sorted(set(seen), reverse=True)
    assert seen[-1] == (1 if request_of is listing else least(size))
