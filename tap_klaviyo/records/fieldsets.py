"""What has to be asked of an endpoint so that the chosen columns come, and no more."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tap_klaviyo import contract
from tap_klaviyo.records.columns import (
    Attribute,
    Chosen,
    Lifted,
    Linked,
    MemberOf,
    Property,
    Related,
    RelatedAttribute,
    RelatedLinked,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.records.field_tree import Within

_ID_ALONE = frozenset({"id"})


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of an endpoint, apart from filter, sort and page."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    additional_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def parameters(self) -> dict[str, str]:
        """Return the query parameters, lists joined by commas as Klaviyo's document says (``explode: false``)."""
        return {
            **{f"additional-fields[{kind}]": ",".join(names) for kind, names in sorted(self.additional_fields.items())},
            **{f"fields[{kind}]": ",".join(names) for kind, names in sorted(self.fields.items())},
            **({"include": ",".join(self.include)} if self.include else {}),
        }

    def without(self, includes: AbstractSet[str], endpoint: Endpoint) -> Ask:
        """Return the same without some includes, and without the fields of types that no other include brings."""
        kept = tuple(name for name in self.include if name not in includes)
        brought = {endpoint.resource, *(endpoint.relationships[name].type for name in kept)}
        return replace(
            self, include=kept, fields={kind: names for kind, names in self.fields.items() if kind in brought}
        )


def sparse_names(attribute: str, within: Within | None, allowed: AbstractSet[str]) -> set[str]:
    """Return the sparse names of one attribute, as fine as the endpoint allows; a whole object by its one name."""
    if within is None:
        return {attribute}
    names: set[str] = set()
    for member, inner in within.items():
        dotted = f"{attribute}.{member}"
        if dotted not in allowed:
            return {attribute}
        names |= sparse_names(dotted, inner, allowed)
    return names


def ask(
    chosen: Sequence[Chosen],
    endpoint: Endpoint,
    record_type: str,
    *,
    via: str | None = None,
    via_timestamp: str | None = None,
) -> Ask:
    """Work out the request that brings the chosen columns.

    Args:
        chosen: The selected columns.
        endpoint: The endpoint that is asked.
        record_type: The JSON:API type that the records are made of.
        via: The include that carries the records, where they are not the primary data; then the primary data is
            asked for its id alone.
        via_timestamp: The attribute of that primary data that dates the records.
    """
    allowed = frozenset(endpoint.fields.get(record_type, ()))
    names, additional = _own_names(chosen, allowed)
    facts = contract.contract_of(endpoint)
    # They come in every full response; whether a sparse fieldset may name them is not known, so none does.
    names -= {*facts.unlisted_attributes(record_type)}
    usual = {*endpoint.plain_attributes} - {*facts.volatile_attributes(record_type)}
    wanted: dict[str, set[str]] = {record_type: names}
    # Included records always name their fields: `definition` may be missing from a campaign message otherwise.
    complete = via is None and names >= {*usual, *additional}
    whole = {record_type} if complete else set()
    includes: set[str] = set()
    if via is not None:
        includes.add(via)
        wanted[endpoint.resource] = {via_timestamp} if via_timestamp else set()
    for choice in chosen:
        need = _related_need(choice, endpoint)
        if need is None:
            continue
        relationship, related_names = need
        kind = endpoint.relationships[relationship].type
        includes.add(relationship)
        wanted.setdefault(kind, set()).update(related_names)
        omitted = {*facts.omitted_attributes(kind)} & related_names
        if isinstance(choice.column.source, Related) and related_names >= _offered(endpoint, kind) and not omitted:
            whole.add(kind)
    # A type without attributes is all relationships, which forms lose when sparse fields are asked of them.
    whole |= {kind for kind in wanted if not _offered(endpoint, kind)}
    return Ask(
        fields={
            kind: tuple(sorted(_tidy(found)))
            for kind, found in wanted.items()
            if kind not in whole and _tidy(found) <= {*endpoint.fields.get(kind, ())}
        },
        include=tuple(sorted(includes)),
        additional_fields={record_type: tuple(sorted(additional))} if additional else {},
    )


def _tidy(names: AbstractSet[str]) -> AbstractSet[str]:
    """Leave out members of what is asked whole, and the id, which comes with whatever is asked for."""
    inside = {name for name in names if any(name.startswith(f"{other}.") for other in names)}
    return names - inside - _ID_ALONE or _ID_ALONE


def _offered(endpoint: Endpoint, kind: str) -> set[str]:
    """The attributes of an included type that the endpoint gives."""
    return {name for name in endpoint.fields.get(kind, ()) if "." not in name} - _ID_ALONE


def _own_names(chosen: Sequence[Chosen], allowed: AbstractSet[str]) -> tuple[set[str], set[str]]:
    """Return the sparse names of the records' own attributes, and the additional fields."""
    names: set[str] = set()
    additional: set[str] = set()
    for choice in chosen:
        match choice.column.source:
            case Attribute(name=name, additional=is_additional, detail=False):
                names |= sparse_names(name, choice.within, allowed)
                if is_additional:
                    additional.add(name)
            case MemberOf(attribute=name, path=path):
                names |= sparse_names(name, _branch(path, choice.within), allowed)
            case Lifted(attribute=name) | Property(attribute=name):
                names.add(name)
    return names, additional


def _branch(path: Sequence[str], leaf: Within | None) -> Within:
    """Return the one branch of a tree of members that a path names."""
    within = leaf
    for name in reversed(path):
        within = {name: within}
    return within or {}


def includes_of(chosen: Sequence[Chosen]) -> set[str]:
    """Return the relationships that must be included for the chosen columns."""
    found = set()
    for choice in chosen:
        match choice.column.source:
            case Linked(relationship=name, include=True) | Related(relationship=name):
                found.add(name)
            case RelatedAttribute(relationship=name) | RelatedLinked(relationship=name):
                found.add(name)
    return found


def _related_need(choice: Chosen, endpoint: Endpoint) -> tuple[str, set[str]] | None:
    """Return the include that a column needs, and the sparse names of its type."""
    match choice.column.source:
        case Linked(relationship=relationship, include=True):
            return relationship, {"id"}
        case RelatedAttribute(relationship=relationship, attribute=attribute):
            return relationship, {attribute}
        case RelatedLinked(relationship=relationship):
            return relationship, set()
        case Related(relationship=relationship, type=kind, attributes=attributes):
            allowed = frozenset(endpoint.fields.get(kind, ()))
            within = dict.fromkeys(attributes) if choice.within is None else choice.within
            kept = [name for name in within if name in attributes]
            return relationship, {"id"}.union(*(sparse_names(name, within[name], allowed) for name in kept))
    return None


def ask_details(names: Sequence[str], detail: Endpoint) -> Ask:
    """Ask the endpoint of one object for what only it gives."""
    kind = detail.resource
    additional = tuple(sorted(set(names).intersection(detail.additional_fields.get(kind, ()))))
    return Ask(fields={kind: tuple(sorted(names))}, additional_fields={kind: additional} if additional else {})


def with_member(found: Ask, endpoint: Endpoint, record_type: str, path: str) -> Ask:
    """Ask for an object deep inside an attribute too, by its dotted name."""
    attribute = path.partition(".")[0]
    additional = attribute in endpoint.additional_fields.get(record_type, ())
    return Ask(
        fields={**found.fields, record_type: (path,)},
        include=found.include,
        additional_fields={record_type: (attribute,)} if additional else found.additional_fields,
    )
