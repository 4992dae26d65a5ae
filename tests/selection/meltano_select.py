"""Run in Meltano's environment: apply `select` patterns to catalogs exactly as `meltano run` does, one a line."""

import json
import sys

from meltano.core.plugin.singer.catalog import MetadataExecutor, select_metadata_rules  # type: ignore[import-not-found]

for line in sys.stdin:
    catalog, patterns = json.loads(line)
    MetadataExecutor(select_metadata_rules(["!*.*"]) + select_metadata_rules(patterns)).visit(catalog)
    sys.stdout.write(f"{json.dumps(catalog)}\n")
    sys.stdout.flush()
