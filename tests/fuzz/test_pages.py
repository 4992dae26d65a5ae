"""Whatever comes in an answer, it is read, or it is the one error that asks again; and each line of output is JSON."""

from __future__ import annotations

import copy
import json
from datetime import datetime

import pytest
from hypothesis import currently_in_test_context, event, given
from hypothesis import strategies as st

from tap_klaviyo.records.jsonapi import UnreadableBodyError
from tap_klaviyo.records.nul import without_nul
from tests.fuzz import texts
from tests.fuzz.pages import loosely, real, strictly
from tests.fuzz.scale import examples

# Half of the time those that are read by compiled types and large.
STREAMS = st.sampled_from(["events", "profiles"]) | st.deferred(lambda: st.sampled_from(sorted(real())))


def lines_of(page):
    assert page.lines.endswith(b"\n") or not page.count
    found = page.lines.splitlines()
    assert len(found) == page.count
    return found


def record_of(line):
    message = strictly(line)
    assert message["type"] == "RECORD"
    return message["record"]


def note(what):
    if currently_in_test_context():
        event(what)


def check(name, body):
    """One answer in, through the fast way and the slow one."""
    one, body = real()[name], without_nul(body)  # as is done to whatever comes
    try:
        document = one.maker.parse(body)
    except UnreadableBodyError:
        note("unreadable")
        return
    projection = one.maker._projection
    note("compiled types" if projection and projection.reads(document) else "read by hand")
    rows = one.maker.rows(document, one.context)
    page = one.maker.page(rows)
    lines = lines_of(page)
    for line, instant in zip(lines, rows.instants, strict=True):
        record = loosely(line)["record"]
        one.validator.validate(record)
        assert all(record[key] is not None for key in one.keys), record
        value = record.get(one.maker._replication_key)
        assert instant == (None if value is None else datetime.fromisoformat(value))
    known = [instant for instant in rows.instants if instant is not None]
    assert (page.oldest, page.newest) == ((min(known), max(known)) if known else (None, None))
    slow = one.slow
    expected = slow.page(slow.rows(slow.parse(body), one.context))
    assert [record_of(line) for line in lines] == [record_of(line) for line in lines_of(expected)]


@pytest.mark.parametrize("name", ["events", "profiles", "lists", "flow_messages", "profile_suppressions"])
def test_a_real_answer_is_read_whole(name):
    one = real()[name]
    page = one.maker.page(one.maker.rows(one.maker.parse(json.dumps(one.answer).encode()), one.context))
    assert page.count > 0


@given(STREAMS, st.data())
@examples(250)
def test_odd_values_in_any_place(name, data):
    answer = data.draw(texts.spoilt(real()[name].answer, texts.values()))
    blanks = data.draw(st.sampled_from(["", "", " ", "\n", "\r\n\t"]))
    check(name, texts.encoded(texts.write(answer, lambda: blanks)))


@given(STREAMS, st.data())
@examples(60)
def test_what_is_not_json_in_any_place(name, data):
    answer = data.draw(texts.spoilt(real()[name].answer, texts.values(*texts.BROKEN)))
    check(name, texts.encoded(texts.write(answer)))


@given(STREAMS, st.data())
@examples(30)
def test_nests_in_any_place(name, data):
    answer = data.draw(texts.spoilt(real()[name].answer, texts.nests(), most=2))
    check(name, texts.encoded(texts.write(answer)))


@given(STREAMS, st.data())
@examples(100)
def test_torn_answers(name, data):
    check(name, data.draw(texts.torn(json.dumps(real()[name].answer).encode())))


TEXTS = texts.values().map(texts.write).map(texts.encoded)


@given(st.sampled_from(["events", "profiles", "lists"]), st.binary(max_size=64) | TEXTS)
@examples(100)
def test_any_bytes(name, body):
    check(name, body)


FOUND = {
    "the week of a year": ("events", ("attributes", "datetime"), "2024-W09-4T10:00:00+00:00"),
    "a time without colons": ("profiles", ("attributes", "updated"), "2024-02-29T100000.5+00:00"),
    "linkage without a type": ("events", ("relationships", "metric", "data"), {"id": "Pm7dJY"}),
    "too many digits": ("events", ("attributes", "event_properties", "odd"), texts.Token("1" * 5000)),
    "too many digits in a typed column": ("events", ("attributes", "timestamp"), texts.Token("1" * 350)),
}


@pytest.mark.parametrize(("name", "at", "value"), FOUND.values(), ids=FOUND.keys())
def test_what_was_found(name, at, value):
    answer = copy.deepcopy(real()[name].answer)
    holder = answer["data"][0]
    for member in at[:-1]:
        holder = holder[member]
    holder[at[-1]] = value
    check(name, texts.write(answer).encode())


@pytest.mark.parametrize("depth", range(960, 1001, 2))
@pytest.mark.parametrize("attribute", ["event_properties", "uuid", "brand_new"])
def test_nests_about_as_deep_as_a_parser_goes(attribute, depth):
    answer = copy.deepcopy(real()["events"].answer)
    nest = texts.Token('{"a":' * depth + "1" + "}" * depth)
    answer["data"][0]["attributes"][attribute] = nest
    one = real()["events"]
    page = one.maker.page(one.maker.rows(one.maker.parse(texts.write(answer).encode()), one.context))
    assert page.count == len(answer["data"])
    assert len(lines_of(page)) == page.count
