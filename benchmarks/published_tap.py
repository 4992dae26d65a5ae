"""Runs the tap that PyPI has under the name `tap-klaviyo`, pointed to another server.

It runs in an environment of its own, in which `tap_klaviyo` is that tap.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Read one of its event streams from the server that the configuration names."""
    tap = importlib.import_module("tap_klaviyo")
    config = Path(sys.argv[sys.argv.index("--config") + 1])
    settings = json.loads(config.read_text())
    tap.ENDPOINTS = {"events": f"{settings['api_url']}/api/events"}
    stream = tap.Stream("receive", "M1", ["id"], "INCREMENTAL", ["timestamp"]).to_catalog_dict()
    for entry in stream["metadata"]:
        entry["metadata"]["selected"] = True
    with tempfile.TemporaryDirectory() as folder:
        catalog = Path(folder) / "catalog.json"
        catalog.write_text(json.dumps({"streams": [stream]}))
        sys.argv += ["--catalog", str(catalog)]
        tap.main()


if __name__ == "__main__":
    main()
