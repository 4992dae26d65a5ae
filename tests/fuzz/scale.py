"""How many examples: as many as a test asks for, and as many times more as the profile is larger than the usual one."""

from __future__ import annotations

import hypothesis

_USUAL = 100


def examples(number: int) -> hypothesis.settings:
    """Settings of one test; `--hypothesis-profile=long` multiplies the number by fifty."""
    profile = hypothesis.settings.default
    factor = profile.max_examples / _USUAL if profile else 1
    return hypothesis.settings(
        max_examples=max(1, round(number * factor)),
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
    )
