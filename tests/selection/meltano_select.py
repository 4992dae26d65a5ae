"""Run in Meltano's environment: apply `select` patterns to a catalog exactly as `meltano run` does."""

import json
import sys

from meltano.core.plugin.singer.catalog import MetadataExecutor, select_metadata_rules  # type: ignore[import-not-found]

catalog = json.load(sys.stdin)
MetadataExecutor(select_metadata_rules(["!*.*"]) + select_metadata_rules(sys.argv[1:])).visit(catalog)
json.dump(catalog, sys.stdout)
