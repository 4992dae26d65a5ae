"""Processes share the tests file by file: what a file's tests have in common is made once."""

from __future__ import annotations

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process runs all tests")
def test_a_file_is_a_group(request):
    _, _, group = request.node.nodeid.rpartition("@")
    assert group == str(request.path)
