"""The contract of one revision of Klaviyo's API."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from tap_klaviyo.contract.errors import (
    UnknownEndpointError,
    UnknownReportError,
    UnknownRevisionError,
    UnknownSchemaError,
)
from tap_klaviyo.contract.facts import EndpointsFile, ReportsFile, TypesFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.contract.facts import Endpoint, Relationship, Report, ResourceType

_HERE = Path(__file__).parent
_BETA = ".pre"


# Each file is read once, when something in it is first asked for.


@cache
def _types(folder: Path) -> Mapping[str, ResourceType]:
    return MappingProxyType(msgspec.json.decode((folder / "types.json").read_bytes(), type=TypesFile).types)


@cache
def _endpoints(folder: Path) -> Mapping[tuple[str, str], Endpoint]:
    found = msgspec.json.decode((folder / "endpoints.json").read_bytes(), type=EndpointsFile).endpoints
    return MappingProxyType(
        {(one.method, one.path): msgspec.structs.replace(one, revision=folder.name) for one in found}
    )


@cache
def _schema(folder: Path, name: str) -> bytes:
    return (folder / "schemas" / f"{name}.json").read_bytes()


@cache
def _reports(folder: Path) -> Mapping[str, Report]:
    found = msgspec.json.decode((folder / "reports.json").read_bytes(), type=ReportsFile).reports
    return MappingProxyType({report.kind: report for report in found})


@dataclass(frozen=True, slots=True)
class Contract:
    """What one revision of Klaviyo's API offers and allows; ``folder`` has its generated files and its name."""

    folder: Path

    @property
    def revision(self) -> str:
        """The value of the ``revision`` header that these facts hold for: ``2026-10-15``."""
        return self.folder.name

    def endpoints(self) -> Mapping[tuple[str, str], Endpoint]:
        """Return every endpoint by ``(method, path)``; ids in paths stand as in Klaviyo's document, ``{id}``."""
        return _endpoints(self.folder)

    def endpoint(self, path: str, method: str = "GET") -> Endpoint:
        """Return the facts of one endpoint.

        Raises:
            UnknownEndpointError: if the contract has no such method and path.
        """
        try:
            return self.endpoints()[method, path]
        except KeyError:
            raise UnknownEndpointError(path, method, self.revision) from None

    def reports(self) -> Mapping[str, Report]:
        """Return every report by its kind: ``campaign_values``, ``flow_series``, ... and ``metric_aggregates``."""
        return _reports(self.folder)

    def report(self, kind: str) -> Report:
        """Return what one report may be asked.

        Raises:
            UnknownReportError: if there is no such kind.
        """
        try:
            return self.reports()[kind]
        except KeyError:
            raise UnknownReportError(kind, self.reports(), self.revision) from None

    def types(self) -> Mapping[str, ResourceType]:
        """Return every resource type that some response carries, by its JSON:API name."""
        return _types(self.folder)

    def _type(self, resource_type: str) -> ResourceType:
        try:
            return self.types()[resource_type]
        except KeyError:
            raise UnknownSchemaError(resource_type, self.revision) from None

    def schema_name(self, resource_type: str, endpoint: Endpoint | None = None) -> str:
        """Return the name that a resource type has as a stream and as a schema: ``profile`` is ``profiles``.

        Args:
            resource_type: The JSON:API type.
            endpoint: The endpoint whose response carries it: a few give a type another shape than its own stream has.

        Raises:
            UnknownSchemaError: if no response carries that type.
        """
        if endpoint is not None and resource_type in endpoint.schemas:
            return endpoint.schemas[resource_type]
        return self._type(resource_type).schema

    def scopes(self, resource_type: str) -> tuple[str, ...]:
        """Return the scopes that resources of one type take, also where a response includes them.

        An endpoint's own scopes do not name those of what it includes.

        Raises:
            UnknownSchemaError: if no response carries that type.
        """
        return self._type(resource_type).scopes

    def relationships(self, resource_type: str) -> Mapping[str, Relationship]:
        """Return every relationship that resources of one type have in some response, included ones too.

        Raises:
            UnknownSchemaError: if no response carries that type.
        """
        return MappingProxyType(self._type(resource_type).relationships)

    def unlisted_attributes(self, resource_type: str) -> tuple[str, ...]:
        """Return the attributes that come in every full response and that a sparse fieldset must not name.

        They are in the type's schema, and in no ``Endpoint.attributes`` or ``Endpoint.fields``.

        Raises:
            UnknownSchemaError: if no response carries that type.
        """
        return self._type(resource_type).unlisted_attributes

    def volatile_attributes(self, resource_type: str) -> tuple[str, ...]:
        """Return the attributes whose value differs in every response although nothing has changed.

        Raises:
            UnknownSchemaError: if no response carries that type.
        """
        return self._type(resource_type).volatile_attributes

    def omitted_attributes(self, resource_type: str) -> tuple[str, ...]:
        """Return the attributes that an included resource lacks unless a sparse fieldset names them.

        Raises:
            UnknownSchemaError: if no response carries that type.
        """
        return self._type(resource_type).omitted_attributes

    def schema(self, name: str) -> dict[str, Any]:
        """Return the record schema ``schemas/<name>.json``, a new copy each time.

        It has ``id`` and every attribute that some response carries, also those that come only when asked for:
        ``Endpoint.attributes`` and ``Endpoint.additional_fields`` say what one endpoint gives.

        Raises:
            UnknownSchemaError: if there is no such file.
        """
        try:
            found = msgspec.json.decode(_schema(self.folder, name), type=dict[str, Any])
        except FileNotFoundError:
            raise UnknownSchemaError(name, self.revision) from None
        del found["$comment"]  # says where the file comes from; a message to a target needs no such thing
        return found


@cache
def revisions() -> tuple[str, ...]:
    """Return the names of all revisions that there is a contract of, oldest first."""
    return tuple(sorted(path.parent.name for path in _HERE.glob("*/endpoints.json")))


def revision(name: str) -> Contract:
    """Return the contract of one revision.

    Raises:
        UnknownRevisionError: if there is none.
    """
    if name not in revisions():
        raise UnknownRevisionError(name, revisions())
    return Contract(_HERE / name)


def contract_of(endpoint: Endpoint) -> Contract:
    """Return the contract that an endpoint is of; the newest one for an endpoint that is of none."""
    return revision(endpoint.revision) if endpoint.revision else newest()


def newest() -> Contract:
    """Return the contract of the newest revision that is no beta."""
    return revision(max(name for name in revisions() if not name.endswith(_BETA)))
