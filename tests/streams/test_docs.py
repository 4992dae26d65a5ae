from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.docs.scopes import streams
from tools.docs.streams import HEAD

ROOT = Path(__file__).parents[2]


def rows():
    lines = (ROOT / "docs" / "streams.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")]
    return {cell[0].strip("` |").removesuffix("` (off)"): cell for cell in cells}


def test_every_stream_has_a_row_that_says_everything():
    found = rows()
    assert set(found) == {*streams()}
    assert {len(cells) for cells in found.values()} == {len(HEAD)}
    assert [name for name, cells in found.items() if not all(cells)] == []


@pytest.mark.parametrize(
    ("stream", "cell", "text"),
    [
        ("events", 6, "`events:read`, (`metrics:read`)"),
        ("list_tags", 6, "`lists:read`, `tags:read`"),
        ("coupon_codes", 6, "`coupon-codes:read`, `coupons:read`"),
        ("list_profiles", 2, "`list_id`, `profile_id`"),
        ("list_profiles", 3, "by `joined_group_at`, for each of `lists`"),
        ("web_feeds", 5, "1 per second, 15 per minute"),
        ("campaign_values_report", 5, "1 per second, 2 per minute, 225 per day"),
        ("segment_profiles", 0, "| `segment_profiles` (off)"),
    ],
)
def test_a_row_says_what_a_user_has_to_know(stream, cell, text):
    assert rows()[stream][cell].strip("| ") == text.strip("| ")


def test_the_readme_names_every_stream():
    readme = (ROOT / "README.md").read_text()
    table = readme.partition("<!-- streams in brief begin -->")[2].partition("<!-- streams in brief end -->")[0]
    assert set(re.findall(r"`(\w+)`", table)) == {*streams()}
