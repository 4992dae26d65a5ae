"""The statistics of reports, from the entries that fall into one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.ledger import CLICKED, CONVERTED, OPENED, RECEIVED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_klaviyo.sandbox.ledger import Entry

Number = float | None
# of so many received messages one bounced, one failed, one was spam to somebody and one made somebody leave
_RARE = 40
_SMS_PRICE = 0.0075


class Row:
    """The entries of one row, and how many of its group came before."""

    def __init__(self, entries: Sequence[Entry], before: int = 0) -> None:
        self._entries = entries
        self.before = before

    def count(self, *kinds: str) -> int:
        """Return how many entries are of some kinds."""
        return sum(entry.kind in kinds for entry in self._entries)

    def unique(self, kind: str) -> int:
        """Return how many profiles have an entry of a kind."""
        return len({entry.profile for entry in self._entries if entry.kind == kind})

    def rare(self, *remainders: int, unique: bool = False) -> int:
        """Return how many messages met a rare fate."""
        met = [one for one in self._entries if one.kind == RECEIVED and one.mark % _RARE in remainders]
        return len({entry.profile for entry in met}) if unique else len(met)

    @property
    def value(self) -> float:
        """What the conversions are worth."""
        return round(sum(entry.value for entry in self._entries if entry.kind == CONVERTED), 2)

    @property
    def texts(self) -> int:
        """How many text messages were sent."""
        return sum(entry.kind == RECEIVED and entry.keys.get("send_channel") == "sms" for entry in self._entries)

    @property
    def delivered(self) -> int:
        """How many messages arrived."""
        return self.count(RECEIVED) - self.rare(0, 1)


def _ratio(part: float, whole: float) -> Number:
    return part / whole if whole else None


_STATISTICS: dict[str, Callable[[Row], Number]] = {
    "recipients": lambda row: row.count(RECEIVED),
    "delivered": lambda row: row.delivered,
    "delivery_rate": lambda row: _ratio(row.delivered, row.count(RECEIVED)),
    "opens": lambda row: row.count(OPENED),
    "opens_unique": lambda row: row.unique(OPENED),
    "open_rate": lambda row: _ratio(row.unique(OPENED), row.delivered),
    "clicks": lambda row: row.count(CLICKED),
    "clicks_unique": lambda row: row.unique(CLICKED),
    "click_rate": lambda row: _ratio(row.unique(CLICKED), row.delivered),
    "click_to_open_rate": lambda row: _ratio(row.unique(CLICKED), row.unique(OPENED)),
    "conversions": lambda row: row.count(CONVERTED),
    "conversion_uniques": lambda row: row.unique(CONVERTED),
    "conversion_value": lambda row: row.value,
    "conversion_rate": lambda row: _ratio(row.unique(CONVERTED), row.delivered),
    "average_order_value": lambda row: _ratio(row.value, row.count(CONVERTED)),
    "revenue_per_recipient": lambda row: _ratio(row.value, row.count(RECEIVED)),
    "bounced": lambda row: row.rare(0),
    "bounce_rate": lambda row: _ratio(row.rare(0), row.count(RECEIVED)),
    "failed": lambda row: row.rare(1),
    "failed_rate": lambda row: _ratio(row.rare(1), row.count(RECEIVED)),
    "bounced_or_failed": lambda row: row.rare(0, 1),
    "bounced_or_failed_rate": lambda row: _ratio(row.rare(0, 1), row.count(RECEIVED)),
    "spam_complaints": lambda row: row.rare(2),
    "spam_complaint_rate": lambda row: _ratio(row.rare(2), row.delivered),
    "unsubscribes": lambda row: row.rare(3),
    "unsubscribe_uniques": lambda row: row.rare(3, unique=True),
    "unsubscribe_rate": lambda row: _ratio(row.rare(3, unique=True), row.delivered),
    # whole numbers sometimes come with a point
    "message_segment_count_sum": lambda row: float(2 * row.texts),
    "text_message_credit_usage_amount": lambda row: row.texts * 1.5,
    "text_message_spend": lambda row: row.texts * _SMS_PRICE,
    "text_message_roi": lambda row: _ratio(row.value, row.texts * _SMS_PRICE),
    "viewed_form": lambda row: row.count("viewed"),
    "viewed_form_uniques": lambda row: row.unique("viewed"),
    "viewed_form_step": lambda row: 2 * row.count("viewed"),
    "viewed_form_step_uniques": lambda row: row.unique("viewed"),
    "submits": lambda row: row.count("submitted"),
    "submit_rate": lambda row: _ratio(row.unique("submitted"), row.unique("viewed")),
    "submitted_form_step": lambda row: row.count("submitted"),
    "submitted_form_step_uniques": lambda row: row.unique("submitted"),
    "closed_form": lambda row: row.count("closed"),
    "closed_form_uniques": lambda row: row.unique("closed"),
    "qualified_form": lambda row: row.count("qualified"),
    "qualified_form_uniques": lambda row: row.unique("qualified"),
    "members_added": lambda row: row.count("joined"),
    # the shop does not remember who left
    "members_removed": lambda _: 0,
    "net_members_changed": lambda row: row.count("joined"),
    "total_members": lambda row: row.before + row.count("joined"),
}


def statistic(name: str, row: Row) -> Number:
    """Return one statistic of a row, None for a rate of nothing."""
    return _STATISTICS[name](row)
