"""What a chain does where a page fails, a cursor is refused, or the stream is to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_klaviyo import contract
from tap_klaviyo.http.errors import (
    BadRequestError,
    KlaviyoError,
    PermissionDeniedError,
    StoppedError,
    UnreachableError,
)
from tap_klaviyo.http.origin import Origin
from tap_klaviyo.pagination.page_size import page_size_of
from tap_klaviyo.pagination.source import Source
from tap_klaviyo.records.fieldsets import Ask
from tap_klaviyo.records.jsonapi import Document, Resource
from tests.http.wire import HOST

if TYPE_CHECKING:
    from tap_klaviyo.pagination.link import Link

BROKEN = UnreachableError("broken", label="lists", status=500, reason="HTTP 500")
DENIED = PermissionDeniedError("denied", label="lists", scopes=("lists:read",), reason=None)
STOPPED = StoppedError("stopped", label="lists")
REFUSED = BadRequestError(
    "refused", label="lists", status=400, parameter="page[cursor]", code="invalid", detail="Invalid cursor."
)


def rows(*ids, cursor=None):
    following = cursor and f"{HOST}/api/lists?page%5Bcursor%5D={cursor}"
    return Document([Resource(one, "list") for one in ids], {}, following)


class Script:
    """A source of one endpoint whose answers come in turn."""

    def __init__(self, *answers, path="/api/lists", page_size=4):
        self.answers = list(answers)
        self.requests = []
        endpoint = contract.newest().endpoint(path)
        self.source = Source("lists", endpoint, Origin.of(HOST), self.fetch, Ask(), page_size=page_size)

    def fetch(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, KlaviyoError):
            raise answer
        return answer

    def read(self):
        """Read the whole chain, and return the ids."""
        link: Link | None = self.source.first({"id": "C"})
        found: list[str] = []
        while link is not None:
            document, link = link.read(self.source)
            found += [resource.id for resource in document.data]
        return found

    @property
    def sizes(self):
        return [page_size_of(request) for request in self.requests]


@pytest.mark.parametrize("error", [DENIED, STOPPED], ids=["denied", "stopped"])
def test_what_one_row_alone_says_ends_the_chain_if_it_is_no_matter_of_size(error):
    script = Script(BROKEN, error)
    with pytest.raises(type(error)):
        script.read()
    assert script.sizes == [4, 1]


def test_a_wish_to_stop_is_no_row_that_cannot_be_read():
    script = Script(BROKEN, BROKEN, STOPPED)
    with pytest.raises(StoppedError):
        script.read()
    assert len(script.requests) == 3


def test_a_row_cannot_be_left_out_where_nothing_less_than_all_of_it_can_be_asked_for():
    script = Script(BROKEN, BROKEN, path="/api/catalog-categories/{id}/relationships/items")
    with pytest.raises(UnreachableError):
        script.read()
    assert script.sizes == [4, 1]


def test_a_chain_starts_again_where_its_cursor_is_refused():
    first = rows("a", "b", cursor="2")
    script = Script(first, REFUSED, rows("a", "b", cursor="3"), rows("c"))
    assert script.read() == ["a", "b", "c"]


def test_a_chain_that_starts_again_cannot_go_on_behind_a_row_that_is_gone():
    script = Script(rows("a", "b", cursor="2"), REFUSED, rows("a", cursor="3"), rows("c"))
    with pytest.raises(KlaviyoError, match="the row that it stood at is gone"):
        script.read()
    assert script.answers == []
