"""How many examples: so many of each hundred that the profile makes."""

from __future__ import annotations

import hypothesis

_HUNDRED = 100


def examples(number: int) -> hypothesis.settings:
    """Settings of one test; `--hypothesis-profile=more` doubles the number, `long` multiplies it by fifty."""
    profile = hypothesis.settings.default
    factor = profile.max_examples / _HUNDRED if profile else 1
    return hypothesis.settings(
        max_examples=max(1, round(number * factor)),
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
    )
