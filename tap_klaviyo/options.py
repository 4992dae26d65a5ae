"""The setting `stream_options`, checked against the contract before the first request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo import filters

if TYPE_CHECKING:
    from tap_klaviyo.contract import Endpoint

_KNOWN = ("additional_fields", "fields", "filter", "include", "page_size")


class OptionsError(ValueError):
    """A setting that cannot be followed; the message names the entry and what is allowed."""


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What `stream_options` says of one stream."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    additional_fields: tuple[str, ...] | None = None
    filter: str | None = None
    page_size: int | None = None

    def keeps(self, resource_type: str, attribute: str, replication_key: str | None) -> bool:
        """Tell whether `fields` leaves an attribute in; a replication key always stays."""
        names = self.fields.get(resource_type)
        if names is None or attribute == replication_key:
            return True
        return any(name == attribute or name.startswith(f"{attribute}.") for name in names)


def parse_options(
    stream: str, raw: Any, endpoint: Endpoint, record_type: str, detail: Endpoint | None
) -> StreamOptions:
    """Check the options of one stream.

    Raises:
        OptionsError: An option, a name, an operator or a value that the endpoint does not allow.
    """
    where = f"stream_options '{stream}'"
    if not isinstance(raw, Mapping):
        msg = f"{where}: must be an object with {_listed(_KNOWN)}"
        raise OptionsError(msg)
    for name in raw:
        if name not in _KNOWN:
            msg = f"{where}: unknown option '{name}'; known: {_listed(_KNOWN)}"
            raise OptionsError(msg)
    # Additional fields of the list, and those that cost a request a record since only one object's endpoint has them.
    additional = {*endpoint.additional_fields.get(record_type, ())}
    if detail is not None and endpoint.resource == record_type:
        additional |= {*detail.attributes} - {*endpoint.attributes}
    include = _names(where, "include", raw.get("include", []), endpoint.include)
    asked = raw.get("additional_fields")
    return StreamOptions(
        fields=_fields(where, raw.get("fields", {}), endpoint, detail),
        include=include,
        additional_fields=None if asked is None else _names(where, "additional_fields", asked, additional),
        filter=_filter(where, raw.get("filter"), endpoint),
        page_size=_page_size(where, raw.get("page_size"), endpoint),
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _names(where: str, option: str, value: Any, allowed: Iterable[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        msg = f"{where}: {option} must be a list of names"
        raise OptionsError(msg)
    for name in value:
        if name not in allowed:
            msg = f"{where}: {option} '{name}' is not offered; allowed: {_listed(allowed)}"
            raise OptionsError(msg)
    return tuple(dict.fromkeys(value))


def _fields(where: str, value: Any, endpoint: Endpoint, detail: Endpoint | None) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        msg = f"{where}: fields must be an object of lists by type, such as {{profile: [email]}}"
        raise OptionsError(msg)
    offered = {kind: {*names} for kind, names in endpoint.fields.items()}
    for kind, names in (detail.fields if detail else {}).items():
        offered.setdefault(kind, set()).update(names)
    for kind in value:
        if kind not in offered:
            msg = f"{where}: fields of '{kind}' cannot be chosen here; allowed types: {_listed(offered)}"
            raise OptionsError(msg)
    return {kind: _names(where, f"fields.{kind}", names, offered[kind]) for kind, names in value.items()}


def _filter(where: str, value: Any, endpoint: Endpoint) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        msg = f"{where}: filter must be text, such as equals(field,'value')"
        raise OptionsError(msg)
    try:
        filters.check(value, endpoint.filters)
    except filters.FilterError as error:
        msg = f"{where}: filter: {error}"
        raise OptionsError(msg) from None
    return value.strip()


def _page_size(where: str, value: Any, endpoint: Endpoint) -> int | None:
    if value is None:
        return None
    if endpoint.page_size is None:
        msg = f"{where}: page_size cannot be chosen here"
        raise OptionsError(msg)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= endpoint.page_size:
        msg = f"{where}: page_size must be a whole number from 1 to {endpoint.page_size}"
        raise OptionsError(msg)
    return value
