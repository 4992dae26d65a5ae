"""The tables of streams, in full and in brief, written from the declarations."""

from __future__ import annotations

import inspect
import re
from itertools import groupby
from typing import TYPE_CHECKING

from tap_klaviyo.streams.resource import KlaviyoStream
from tools.docs.pages import code, table
from tools.docs.scopes import scopes_of, streams

if TYPE_CHECKING:
    from tap_klaviyo.streams.base import BaseStream

HEAD = ("Stream", "One record", "Key", "Read", "Requests", "Limit", "Scopes")


def category(stream: BaseStream) -> str:
    """The module that declares a stream, as a title."""
    module = type(stream).__module__
    name = "reports" if ".reports" in module else module.rpartition(".")[2]
    return name.replace("_", " ").capitalize()


def sentences(stream: BaseStream) -> tuple[str, str, str]:
    """What one record is, what the stream costs, and what else there is to say: the parts of its docstring."""
    first, _, more = inspect.cleandoc(type(stream).__doc__ or "").partition("\n\n")
    begin = next(found.start() for found in re.finditer(r"(A|One) request|Carried by", first))
    return first[:begin].strip(), first[begin:].strip(), " ".join(more.split())


def scopes(stream: BaseStream) -> str:
    """What the key needs, and in brackets what some columns need beside it."""
    found = scopes_of(stream)
    return ", ".join(filter(None, [code(sorted(found.needed)), *(f"({code([scope])})" for scope in found.filling)]))


def limit(stream: BaseStream) -> str:
    """Requests a second, a minute and, where there is such a quota, a day."""
    limits = stream.endpoint.limits
    daily = [f"{limits.daily} per day"] if limits.daily else []
    return ", ".join([f"{limits.burst} per second", f"{limits.steady:,} per minute", *daily])


def read(stream: BaseStream) -> str:
    """How the stream is read, and through which parent."""
    key = stream.declared_replication_key
    how = f"by {code([key])}" if key else "whole"
    parent = stream.spec.parent if isinstance(stream, KlaviyoStream) else None
    return f"{how}, for each of {code([parent])}" if parent else how


def row(stream: BaseStream) -> tuple[str, ...]:
    """The cells of a stream's row."""
    record, cost, _ = sentences(stream)
    name = code([stream.name]) + ("" if stream.selected_by_default else " (off)")
    return name, record, code(stream.primary_keys), read(stream), cost, limit(stream), scopes(stream)


def in_full() -> str:
    """A table a category, and below it what does not fit into a row."""
    found = []
    for title, group in groupby(streams().values(), category):
        members = list(group)
        found += [f"## {title}", table(HEAD, map(row, members))]
        notes = [f"- {code([stream.name])}: {sentences(stream)[2]}" for stream in members if sentences(stream)[2]]
        found += ["\n".join(notes)] if notes else []
    return "\n\n".join(found)


def in_brief() -> str:
    """A row a category; a circle stands for what is off by default."""
    rows = (
        (title, ", ".join(code([stream.name]) + ("" if stream.selected_by_default else "°") for stream in group))
        for title, group in groupby(streams().values(), category)
    )
    return table(("Category", "Streams (° off by default)"), rows)
