"""Where the process begins: signals are heard before the rest is imported, which takes a second."""

from __future__ import annotations

from tap_klaviyo.memory import share_heap
from tap_klaviyo.sync.watchdog import hearing


def main() -> None:
    """Run the command line."""
    share_heap()
    with hearing() as stopping:
        from tap_klaviyo.tap import run  # noqa: PLC0415 - see above

        run(stopping)
