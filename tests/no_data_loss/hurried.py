"""The tap as it is, with a STATE after every page, and by a clock that is so many seconds ahead.

``hurried.py SECONDS ...``, then what `tap-klaviyo` takes. A STATE goes out once a second, which a small shop is read
in: without this a run that is cut could hardly go on in the middle of a stream.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

from tap_klaviyo import tap
from tap_klaviyo.sync import output

AHEAD = timedelta(seconds=float(sys.argv.pop(1)))


class Clock(datetime):
    """The time that it will be."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + AHEAD


if __name__ == "__main__":
    output._STATE_SECONDS = 0.0
    tap.datetime = Clock  # type: ignore[attr-defined]
    tap.main()
