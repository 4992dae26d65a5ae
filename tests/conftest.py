"""What every test stands on: no network, a clean environment, bounded property tests."""

from __future__ import annotations

import os

import hypothesis
import pytest

from tests import network

FOREIGN = ("TAP_KLAVIYO_", "TARGET_", "MELTANO_", "SINGER_SDK_")

hypothesis.settings.register_profile("default", deadline=None)
# Bounded and repeatable: a build must not fail for an example that nobody can get back.
hypothesis.settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True)


def pytest_configure(config: pytest.Config) -> None:
    """Wall in the whole session: the SDK's test classes start a tap while they are still being collected."""
    hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    network.forbid(patch)
    # A developer's own settings would override the tests' (the SDK lets the environment win).
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        patch.delenv(name)
    # A proxy must not be asked for loopback.
    for name in ("no_proxy", "NO_PROXY"):
        patch.setenv(name, "127.0.0.1,localhost")
