"""Attributes that only the endpoint of one object gives: one request per record, many records at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo.http.errors import KlaviyoError, MalformedIdError, NotFoundError
from tap_klaviyo.pagination.misses import Misses
from tap_klaviyo.pagination.reader import Segment, Step
from tap_klaviyo.records.jsonapi import Document, Resource
from tap_klaviyo.records.page import Page
from tap_klaviyo.records.rows import Rows

if TYPE_CHECKING:
    from tap_klaviyo.pagination.chain import Chain, Makes
    from tap_klaviyo.pagination.source import Source
    from tap_klaviyo.records.record_selector import Context


@dataclass(slots=True)
class Detailed(Segment):
    """A chain whose every record is completed from the endpoint of one object."""

    chain: Chain
    details: Source
    misses: Misses = field(default_factory=Misses)

    def __post_init__(self) -> None:
        self.is_resumed = self.chain.is_resumed

    def read(self) -> Step:
        """Read one page of the chain and leave its records to be completed."""
        chain = self.chain
        document, following = chain.link.read(chain.source)
        rest: list[Segment] = [
            Detail(Document([resource], document.included, None), self.details, chain, self.misses)
            for resource in document.data
        ]
        if following is not None:
            rest.append(Detailed(chain.continued(following), self.details, self.misses))
        return Step(chain.leading_on(Page.EMPTY, following) if document.data else None, rest)


@dataclass(slots=True)
class Detail(Segment):
    """One record, with what its own endpoint adds; an object that is gone by now stays as the list showed it.

    One whose endpoint fails is left out, and said: half a record would undo what the warehouse knows of the rest.
    """

    document: Document
    details: Source
    chain: Chain
    misses: Misses

    def read(self) -> Step:
        """Read the object's own endpoint."""
        resource = self.document.data[0]
        answer = _read_object(self.details, self.misses, resource.id, f"{resource.type} {resource.id}")
        if answer is None:
            return Step(None)
        for found in answer.data:
            self.document.data = [_merged(resource, found)]
        rows = self.chain.maker.rows(self.document, self.chain.context)
        return Step(self.chain.maker.page(rows.where(self.chain.holds)))


@dataclass(slots=True)
class Completed:
    """A maker of pages whose every row is completed from the endpoint of one object, as those of windows are.

    Rows are completed when a page is made of them: those outside a window or read again by the next cost no request.
    """

    maker: Makes
    details: Source
    columns: frozenset[str]
    """What the object's own endpoint gives."""
    label: str
    """What an object is called where it could not be read."""
    misses: Misses = field(default_factory=Misses)

    def rows(self, document: Document, context: Context) -> Rows:
        """Return the records of a response."""
        return self.maker.rows(document, context)

    def page(self, rows: Rows) -> Page:
        """Turn rows into something to write, but for those whose endpoint fails."""
        kept = [at for at, record in enumerate(rows.records) if self._complete(record)]
        return self.maker.page(Rows([rows.records[at] for at in kept], [rows.instants[at] for at in kept]))

    def _complete(self, record: dict[str, Any]) -> bool:
        answer = _read_object(self.details, self.misses, record["id"], f"{self.label} {record['id']}")
        if answer is None:
            return False
        for found in self.maker.rows(answer, {}).records:
            record.update({name: found[name] for name in self.columns})
        return True


def _read_object(details: Source, misses: Misses, object_id: str, label: str) -> Document | None:
    """Read an object's own endpoint: an empty document if it is gone, None if it is passed over."""
    try:
        answer, _ = details.first({"id": object_id}).read(details)
    except (NotFoundError, MalformedIdError):
        answer = Document([], {}, None)
    except KlaviyoError as error:
        if not misses.passes_over(error):
            raise
        details.left_out(label, error)
        return None
    misses.hit()
    return answer


def _merged(resource: Resource, detail: Resource) -> Resource:
    return Resource(
        id=resource.id,
        type=resource.type,
        attributes={**(detail.attributes or {}), **(resource.attributes or {})},
        relationships=resource.relationships,
    )
