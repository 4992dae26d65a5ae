"""The library that inflates responses and compresses files: ISA-L where there is a wheel, else the standard one."""

from __future__ import annotations

try:  # a third to a sixth of zlib's time, which was a third of all that a page of events took
    from isal import isal_zlib as zlib
except ImportError:  # no wheel for this platform
    import zlib  # type: ignore[no-redef]

__all__ = ["GZIP", "zlib"]

GZIP = 31  # window bits: a gzip header and its check sum
