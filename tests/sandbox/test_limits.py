"""Fixed windows of a second and a minute, and what the headers say of them."""

from __future__ import annotations

from tap_klaviyo.sandbox import Behaviour, Limiter, Sandbox, Shop
from tap_klaviyo.sandbox.document import load
from tests.sandbox.callers import REVISION

SMALL = Shop(2, events=0, profiles=2)
STEADY = {"burst_headers": False}


class Clock:
    def __init__(self) -> None:
        self.now = 120.0

    def __call__(self) -> float:
        return self.now


def asking(sandbox: Sandbox, target: str) -> tuple[int, dict[str, str]]:
    status, headers, _ = sandbox.handle("GET", target, REVISION)
    return status, {name: value for name, value in headers.items() if "Rate" in name or name == "Retry-After"}


def test_the_burst_window() -> None:
    clock = Clock()
    sandbox = Sandbox(SMALL, limiter=Limiter(clock=clock), behaviour=Behaviour(**STEADY))
    clock.now = 120.4
    assert asking(sandbox, "/api/webhooks") == (
        200,
        {"RateLimit-Limit": "1, 1;w=1, 15;w=60", "RateLimit-Remaining": "0", "RateLimit-Reset": "1"},
    )
    clock.now = 120.9
    assert asking(sandbox, "/api/webhooks") == (429, {"Retry-After": "1"})
    assert asking(sandbox, "/api/accounts")[0] == 200
    clock.now = 121.0
    assert asking(sandbox, "/api/webhooks")[0] == 200


def test_the_steady_window() -> None:
    clock = Clock()
    sandbox = Sandbox(SMALL, limiter=Limiter(clock=clock), behaviour=Behaviour(**STEADY))
    for second in range(15):
        clock.now = 120.0 + second
        assert asking(sandbox, "/api/webhooks")[0] == 200
    assert asking(sandbox, "/api/webhooks") == (429, {"Retry-After": "46"})
    clock.now = 140.5
    assert asking(sandbox, "/api/webhooks") == (429, {"Retry-After": "40"})
    clock.now = 180.0
    assert asking(sandbox, "/api/webhooks")[0] == 200
    assert sandbox.throttled == 2


def test_what_is_left_is_told_of_the_steady_window() -> None:
    clock = Clock()
    sandbox = Sandbox(SMALL, limiter=Limiter(clock=clock), behaviour=Behaviour(**STEADY))
    clock.now = 158.2
    assert asking(sandbox, "/api/metrics") == (
        200,
        {"RateLimit-Limit": "150, 10;w=1, 150;w=60", "RateLimit-Remaining": "149", "RateLimit-Reset": "22"},
    )


def test_additional_fields_have_limits_of_their_own() -> None:
    sandbox = Sandbox(SMALL, limiter=Limiter(clock=Clock()), behaviour=Behaviour(**STEADY))

    assert asking(sandbox, "/api/profiles")[1]["RateLimit-Limit"] == "750, 75;w=1, 750;w=60"
    costly = asking(sandbox, "/api/profiles?additional-fields%5Bprofile%5D=subscriptions,predictive_analytics")
    assert costly[1]["RateLimit-Limit"] == "150, 10;w=1, 150;w=60"
    assert costly[1]["RateLimit-Remaining"] == "149"


def test_a_factor_makes_limits_wider_or_narrower() -> None:
    wide = Sandbox(SMALL, limiter=Limiter(1000, clock=Clock()), behaviour=Behaviour(**STEADY))
    narrow = Sandbox(SMALL, limiter=Limiter(0.01, clock=Clock()), behaviour=Behaviour(**STEADY))

    assert asking(wide, "/api/accounts")[1]["RateLimit-Limit"] == "15000, 1000;w=1, 15000;w=60"
    assert [asking(narrow, "/api/lists")[0] for _ in range(2)] == [200, 429]


def test_reports_have_a_day() -> None:
    clock = Clock()
    limiter = Limiter(clock=clock)
    report = load("2026-07-15").operation("post", "/api/flow-values-reports")

    assert limiter.admit(report, {})["RateLimit-Limit"] == "1, 1;w=1, 2;w=60, 225;w=86400"


def test_headers_as_recorded_speak_of_the_burst_window_in_lower_case() -> None:
    clock = Clock()
    sandbox = Sandbox(SMALL, limiter=Limiter(clock=clock))

    def limits(target: str) -> tuple[int, dict[str, str]]:
        status, headers, _ = sandbox.handle("GET", target, REVISION)
        return status, {name: value for name, value in headers.items() if name.startswith(("ratelimit", "retry"))}

    assert limits("/api/metrics") == (
        200,
        {"ratelimit-limit": "10, 10;w=1, 150;w=60", "ratelimit-remaining": "9", "ratelimit-reset": "0"},
    )
    assert limits("/api/accounts")[1]["ratelimit-remaining"] == "0"
    assert limits("/api/accounts") == (429, {"retry-after": "1"})


def test_one_profile_with_predictions_has_the_limits_of_any() -> None:
    sandbox = Sandbox(SMALL, limiter=Limiter(clock=Clock()), behaviour=Behaviour(**STEADY))
    profile_id = SMALL.resources("profile")[0].id
    asked = f"/api/profiles/{profile_id}?additional-fields%5Bprofile%5D=predictive_analytics"

    assert asking(sandbox, asked)[1]["RateLimit-Limit"] == "750, 75;w=1, 750;w=60"
