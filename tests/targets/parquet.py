"""A folder of Parquet files, by a target that writes to S3: a server of the same protocol stands on loopback."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.targets.installed import installed
from tests.targets.postgres import free_port
from tests.targets.warehouses import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# How a target knows the members of an object is the schema: what has no list of members has to be flattened.
FLAT: dict[str, Any] = {
    "flattening_enabled": True,
    "flattening_max_depth": 1,
    "flattening_max_key_length": 63,
}
PATIENCE = 60
FILES = """
from pyarrow.fs import FileSelector, S3FileSystem
from pyarrow.parquet import ParquetFile
files = S3FileSystem(access_key="a", secret_key="b", region="us-east-1", endpoint_override={endpoint!r})
"""
DUMP = """
import json, sys
{connect}
tables = {{}}
for found in files.get_file_info(FileSelector("warehouse", recursive=True)):
    if found.is_file:
        rows = ParquetFile(files.open_input_file(found.path)).read(sys.argv[1:] or None).to_pylist()
        tables.setdefault(found.path.split("/")[-2], []).extend(rows)
json.dump(tables, sys.stdout, default=str)
"""


@contextlib.contextmanager
def bucket() -> Iterator[str]:
    """The address of a server with an empty bucket, gone with everything in it at the end."""
    port = free_port()
    program = installed("moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5") / "bin" / "moto_server"
    command = [str(program), "--host=127.0.0.1", f"--port={port}"]
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _make_bucket(address)
        yield address
    finally:
        server.terminate()
        server.wait()


def _make_bucket(address: str) -> None:
    for _ in range(PATIENCE):
        with contextlib.suppress(URLError), urlopen(Request(f"{address}/warehouse", method="PUT")):  # noqa: S310
            return
        time.sleep(1)
    message = f"the server at {address} does not answer"
    raise RuntimeError(message)


def parquet(folder: Path, address: str) -> Warehouse:
    """Parquet files in the bucket."""
    access = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "aws_region": "us-east-1"}
    config = {
        "format": {"format_type": "parquet"},
        "compression": "none",
        "prefix": "klaviyo",
        "append_date_to_prefix": False,
        "cloud_provider": {
            "cloud_provider_type": "aws",
            "aws": {**access, "aws_bucket": "warehouse", "aws_endpoint_override": address},
        },
    }
    file = folder / "target.json"
    file.write_text(json.dumps(config))
    home = installed("plinxore-target-s3==0.1.7")
    return Warehouse(home, "target-s3", file, FILES.format(endpoint=address), DUMP)
