"""The setting `stream_options`, checked against the contract before the first request."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract.filter_parser import FilterError, conditions
from tap_klaviyo.contract.filters import all_of
from tap_klaviyo.records.field_tree import tree

if TYPE_CHECKING:
    from tap_klaviyo.contract import FilterField
    from tap_klaviyo.records.field_tree import Within

_KNOWN = ("additional_fields", "fields", "filter", "include", "page_size")


class OptionsError(ValueError):
    """A setting that cannot be followed; the message names the entry and what is allowed."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a stream's options may ask for.

    ``fields`` are the names by type; ``types`` those types that come without being included on request; ``include``
    leads from an include to its type; ``always`` are additional fields that come unless others are named.
    """

    record_type: str
    types: frozenset[str]
    fields: Mapping[str, frozenset[str]]
    additional_fields: frozenset[str]
    always: tuple[str, ...]
    include: Mapping[str, str]
    filters: Mapping[str, FilterField]
    page_size: int | None


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What `stream_options` says of one stream."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    additional_fields: tuple[str, ...] | None = None
    filter: str | None = None
    page_size: int | None = None

    def tree(self, resource_type: str) -> Within | None:
        """Return the attributes of a type that `fields` leaves in, and the members of them; None where all stay."""
        names = self.fields.get(resource_type)
        return None if names is None else tree(names)


def check_streams(raw: Any, known: Collection[str]) -> None:
    """Check that the options are of streams that there are.

    Raises:
        OptionsError: They are not.
    """
    for name in raw or ():
        if name not in known:
            msg = f"stream_options '{name}': there is no such stream; streams: {_listed(known)}"
            raise OptionsError(msg)


def parse_options(stream: str, raw: Any, offer: Offer) -> StreamOptions:
    """Check the options of one stream.

    Raises:
        OptionsError: An option, a name, an operator or a value that the stream's endpoint does not allow.
    """
    where = f"stream_options '{stream}'"
    if not isinstance(raw, Mapping):
        msg = f"{where}: must be an object with {_listed(_KNOWN)}"
        raise OptionsError(msg)
    for name in raw:
        if name not in _KNOWN:
            msg = f"{where}: unknown option '{name}'; known: {_listed(_KNOWN)}"
            raise OptionsError(msg)
    asked = raw.get("additional_fields")
    additional = None if asked is None else _names(where, "additional_fields", asked, offer.additional_fields)
    include = _names(where, "include", raw.get("include"), offer.include)
    return StreamOptions(
        fields=_fields(where, raw.get("fields"), _allowed_fields(offer, include, additional)),
        include=include,
        additional_fields=additional,
        filter=_filter(where, raw.get("filter"), offer),
        page_size=_page_size(where, raw.get("page_size"), offer),
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _names(where: str, option: str, value: Any, allowed: Collection[str]) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        msg = f"{where}: {option} must be a list of names"
        raise OptionsError(msg)
    for name in value:
        if name not in allowed:
            msg = f"{where}: {option} '{name}' is not offered; allowed: {_near(name, allowed)}"
            raise OptionsError(msg)
    return tuple(dict.fromkeys(value))


def _near(name: str, allowed: Collection[str]) -> str:
    """The names on the level of a mistaken one: all members of all objects would be a screenful."""
    head, dot, _ = name.partition(".")
    inside = [other for other in allowed if other.startswith(f"{head}.")]
    return _listed(inside) if dot and inside else _listed(other for other in allowed if "." not in other)


def _allowed_fields(
    offer: Offer, include: tuple[str, ...], additional: tuple[str, ...] | None
) -> dict[str, frozenset[str]]:
    kinds = offer.types | {offer.include[name] for name in include}
    left_out = offer.additional_fields - {*(offer.always if additional is None else additional)}
    own = {name for name in offer.fields.get(offer.record_type, ()) if name.partition(".")[0] in left_out}
    return {
        kind: names - own if kind == offer.record_type else names
        for kind, names in offer.fields.items()
        if kind in kinds
    }


def _fields(where: str, value: Any, allowed: Mapping[str, frozenset[str]]) -> dict[str, tuple[str, ...]]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        msg = f"{where}: fields must be an object of lists by type, such as {{profile: [email]}}"
        raise OptionsError(msg)
    for kind in value:
        if kind not in allowed:
            msg = (
                f"{where}: fields of '{kind}' cannot be chosen here; allowed types: {_listed(allowed)} "
                "(a related type only beside its include)"
            )
            raise OptionsError(msg)
    return {kind: _names(where, f"fields.{kind}", names, allowed[kind]) for kind, names in value.items()}


def _filter(where: str, value: Any, offer: Offer) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        msg = f"{where}: filter must be text, such as equals(field,'value')"
        raise OptionsError(msg)
    try:
        return all_of(conditions(value, offer.filters))
    except FilterError as error:
        msg = f"{where}: filter: {error}"
        raise OptionsError(msg) from None


def _page_size(where: str, value: Any, offer: Offer) -> int | None:
    if value is None:
        return None
    if offer.page_size is None:
        msg = f"{where}: page_size cannot be chosen here"
        raise OptionsError(msg)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= offer.page_size:
        msg = f"{where}: page_size must be a whole number from 1 to {offer.page_size}"
        raise OptionsError(msg)
    return value
