"""`python -m tap_klaviyo`."""

from __future__ import annotations

from tap_klaviyo.start import main

if __name__ == "__main__":  # pragma: no branch - it is there to be run
    main()
