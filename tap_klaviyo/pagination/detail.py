"""Attributes that only the endpoint of one object gives: one request per record, many records at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import KlaviyoError, MalformedIdError, NotFoundError
from tap_klaviyo.pagination.misses import Misses
from tap_klaviyo.pagination.reader import Segment, Step
from tap_klaviyo.records.jsonapi import Document, Resource

if TYPE_CHECKING:
    from tap_klaviyo.pagination.chain import Chain
    from tap_klaviyo.pagination.source import Source


@dataclass(slots=True)
class Detailed(Segment):
    """A chain whose every record is completed from the endpoint of one object."""

    chain: Chain
    details: Source
    misses: Misses = field(default_factory=Misses)

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
        return Step(None, rest)


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
        try:
            answer, _ = self.details.first({"id": resource.id}).read(self.details)
        except (NotFoundError, MalformedIdError):
            answer = Document([], {}, None)
        except KlaviyoError as error:
            if not self.misses.passes_over(error):
                raise
            self.details.left_out(f"{resource.type} {resource.id}", error)
            return Step(None)
        self.misses.hit()
        for found in answer.data:
            self.document.data = [_merged(resource, found)]
        rows = self.chain.maker.rows(self.document, self.chain.context)
        return Step(self.chain.maker.page(rows.where(self.chain.holds)))


def _merged(resource: Resource, detail: Resource) -> Resource:
    return Resource(
        id=resource.id,
        type=resource.type,
        attributes={**(detail.attributes or {}), **(resource.attributes or {})},
        relationships=resource.relationships,
    )
