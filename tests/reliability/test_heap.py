"""However many threads read, they share one heap: what one of them freed, the next one uses."""

from __future__ import annotations

import platform
import subprocess
import sys
from unittest import mock

import pytest

from tap_klaviyo.memory import share_heap

# Each thread holds some memory while the C library is asked for its heaps.
_HEAPS = """
import ctypes, sys, threading
from unittest import mock
from tap_klaviyo import start, tap

def count(_stopping):
    held, counted = threading.Barrier(9), threading.Event()
    def hold():
        kept = [bytes(1000) for _ in range(1000)]
        held.wait()
        counted.wait()
        del kept
    for _ in range(8):
        threading.Thread(target=hold).start()
    held.wait()
    library = ctypes.CDLL(None)
    library.fopen.restype = ctypes.c_void_p
    file = ctypes.c_void_p(library.fopen(sys.argv[1].encode(), b"w"))
    library.malloc_info(0, file)
    library.fclose(file)
    counted.set()

with mock.patch.object(tap, "run", count):
    (start if sys.argv[2] == "command" else tap).main()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such heaps")
@pytest.mark.parametrize("way", ["command", "module"])
def test_all_threads_share_one_heap(tmp_path, way):
    found = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", _HEAPS, str(found), way], check=True, timeout=60)
    assert found.read_text().count("<heap nr=") == 1


@pytest.mark.parametrize("failure", [OSError, AttributeError, TypeError], ids=["no library", "no call", "Windows"])
def test_another_c_library_changes_nothing(failure):
    with mock.patch("ctypes.CDLL", side_effect=failure):
        share_heap()
