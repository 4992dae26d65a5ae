"""The sandbox misbehaves as told, and only as told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tap_klaviyo.sandbox import Access, Fault, Sandbox, Shop, serve
from tap_klaviyo.sandbox.__main__ import made
from tests.sandbox.callers import REVISION, get, pages, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADERS = {**REVISION, "Authorization": "Klaviyo-API-Key pk_1"}
SMALL = Shop(2, events=60, profiles=30)


@pytest.fixture
def shaky() -> Sandbox:
    return Sandbox(SMALL)


@pytest.fixture
def served(shaky: Sandbox) -> Iterator[str]:
    with serve(shaky) as url:
        yield url


def ask(sandbox: Sandbox, target: str = "/api/lists") -> tuple[int, dict[str, str], bytes]:
    return sandbox.handle("GET", target, REVISION)


def test_a_fault_happens_to_the_requests_that_it_names(shaky: Sandbox) -> None:
    shaky.faults.add(Fault("error", on=frozenset({2, 4}), path="/api/lists", value=502))

    assert [ask(shaky, path)[0] for path in ("/api/lists", "/api/tags", "/api/lists", "/api/lists", "/api/lists")] == [
        200,
        200,
        502,
        200,
        502,
    ]
    assert shaky.faults.happened == {"error": 2}


def test_a_rate_of_faults_is_the_same_for_the_same_seed() -> None:
    def statuses(seed: int) -> list[int]:
        sandbox = Sandbox(SMALL)
        sandbox.faults.seed = seed
        sandbox.faults.add(Fault("error", rate=0.3))
        return [ask(sandbox)[0] for _ in range(200)]

    assert statuses(1) == statuses(1)
    assert statuses(1) != statuses(2)
    assert 30 < statuses(1).count(503) < 90


def test_a_fault_can_be_bounded(shaky: Sandbox) -> None:
    shaky.faults.add(Fault("error", rate=1, times=2, path="/api/list*"))

    assert [ask(shaky)[0] for _ in range(4)] == [503, 503, 200, 200]


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown fault 'sulk'"):
        Fault("sulk")


def test_a_429_says_when_to_come_back_and_nothing_else(shaky: Sandbox) -> None:
    shaky.faults.add(Fault("throttle", rate=1, value=73473))
    status, headers, body = ask(shaky)

    assert (status, headers["Retry-After"]) == (429, "73473")
    assert not [name for name in headers if name.startswith("RateLimit")]
    assert json.loads(body)["errors"][0]["code"] == "throttled"
    assert shaky.throttled == 1


@pytest.mark.parametrize(("value", "status"), [(None, 403), (200, 200), (524, 524)])
def test_html_of_the_proxy(shaky: Sandbox, value: int | None, status: int) -> None:
    shaky.faults.add(Fault("html", rate=1, value=value))
    answered, headers, body = ask(shaky)

    assert (answered, headers["Content-Type"]) == (status, "text/html; charset=UTF-8")
    assert body.startswith(b"<!DOCTYPE html>")


def test_redirects_lead_elsewhere(shaky: Sandbox) -> None:
    shaky.faults.add(Fault("redirect", rate=1, value="http://other.invalid"))
    status, headers, _ = ask(shaky, "http://localhost:1/api/lists?sort=name")

    assert (status, headers["Location"]) == (302, "http://other.invalid/api/lists?sort=name")


def test_broken_json(shaky: Sandbox) -> None:
    shaky.faults.add(Fault("broken-json", rate=1))
    status, _, body = ask(shaky)

    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_a_page_that_comes_twice_and_a_link_that_goes_nowhere(shaky: Sandbox) -> None:
    plain = [row["id"] for row in rows(shaky, "/api/lists")]
    shaky.faults.add(Fault("next-repeats", on=frozenset({2})))
    doubled = [row["id"] for row in rows(shaky, "/api/lists")]
    shaky.reset()
    shaky.faults.add(Fault("next-first", on=frozenset({2})))
    again = [row["id"] for row in rows(shaky, "/api/lists?sort=name")]

    assert doubled == plain[:20] + plain[10:]
    assert len(again) == 20 + len(plain)


def test_an_empty_page_is_not_the_end(shaky: Sandbox) -> None:
    plain = [row["id"] for row in rows(shaky, "/api/lists?sort=-name")]
    shaky.faults.add(Fault("empty-page", on=frozenset({1, 3, 4})))
    read = list(pages(shaky, "/api/lists?sort=-name"))

    assert [len(page["data"]) for page in read] == [0, 10, 0, 0, 10, 7]
    assert [row["id"] for page in read for row in page["data"]] == plain
    assert len({page["links"]["self"] for page in read}) == len(read)


def test_a_next_link_to_another_host(shaky: Sandbox) -> None:
    shaky.faults.add(Fault("next-foreign", rate=1))

    assert get(shaky, "/api/lists")[1]["links"]["next"].startswith(
        "http://elsewhere.invalid/api/lists?page%5Bcursor%5D="
    )


@pytest.mark.parametrize(
    ("kind", "target", "found"),
    [
        ("missing-relationships", "/api/events", lambda row: "relationships" not in row),
        ("null-attributes", "/api/events", lambda row: set(row["attributes"].values()) == {None}),
        ("unknown-attributes", "/api/events", lambda row: "brand_new" in row["attributes"]),
        ("unknown-attributes", "/api/events?fields%5Bevent%5D=uuid", lambda row: set(row["attributes"]) == {"uuid"}),
        ("numbers-as-text", "/api/events", lambda row: isinstance(row["attributes"]["timestamp"], str)),
        ("deep", "/api/events", lambda row: '{"down":' * 200 in json.dumps(row, separators=(",", ":"))),
        ("padded", "/api/events", lambda row: len(row["attributes"]["event_properties"]["padding"]) == 10_000),
    ],
)
def test_odd_rows(shaky: Sandbox, kind: str, target: str, found: Any) -> None:
    shaky.faults.add(Fault(kind, rate=1))
    data = get(shaky, target)[1]["data"]

    assert data
    assert all(map(found, data))


def test_an_answer_without_rows_is_not_spoiled(shaky: Sandbox) -> None:
    shaky.faults.add(Fault("unknown-attributes", rate=1), Fault("cut", rate=1))

    assert get(shaky, "/api/lists/none")[0] == 404
    assert get(shaky, "/api/lists?sort=x")[1]["errors"][0]["source"] == {"parameter": "sort"}


def test_included_messages_without_their_definition(shaky: Sandbox) -> None:
    target = "/api/campaigns?include=campaign-messages&filter=equals(messages.channel,'sms')"
    unasked = get(shaky, target)[1]["included"]
    target += "&fields%5Bcampaign-message%5D=definition,send_times"
    plain = get(shaky, target)[1]["included"]
    actions = get(shaky, "/api/flows?include=flow-actions")[1]["included"]
    shaky.faults.add(Fault("missing-definition", rate=1))

    assert all("definition" not in one["attributes"] and "send_times" in one["attributes"] for one in unasked)
    assert all("definition" in one["attributes"] for one in plain)
    assert not any("definition" in one["attributes"] for one in get(shaky, target)[1]["included"])
    assert any("definition" in one["attributes"] for one in actions)
    assert get(shaky, "/api/flows?include=flow-actions")[1]["included"] == actions


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("cut", (requests.exceptions.ChunkedEncodingError, requests.ConnectionError)),
        ("reset", (requests.exceptions.ChunkedEncodingError, requests.ConnectionError)),
        ("drop", requests.ConnectionError),
        ("broken-gzip", requests.exceptions.ContentDecodingError),
        ("broken-chunks", requests.exceptions.ChunkedEncodingError),
    ],
)
def test_faults_of_the_wire(shaky: Sandbox, served: str, kind: str, failure: Any) -> None:
    shaky.faults.add(Fault(kind, on=frozenset({1})))
    with pytest.raises(failure):
        requests.get(f"{served}/api/events", headers=HEADERS, timeout=10)

    assert requests.get(f"{served}/api/events", headers=HEADERS, timeout=10).json()["data"]


def test_faults_of_the_wire_in_process(shaky: Sandbox) -> None:
    shaky.faults.add(Fault("cut", rate=1))
    with pytest.raises(ConnectionResetError, match="cut"):
        ask(shaky)


def test_slow_answers_and_latency(shaky: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tap_klaviyo.sandbox.sandbox.time.sleep", slept.append)
    shaky.faults.add(Fault("slow", on=frozenset({2}), value=5))
    shaky.latency = 0.3
    for _ in range(3):
        ask(shaky)

    assert slept == [0.3, 5.3, 0.3]


def test_changes_happen_between_pages() -> None:
    sandbox = Sandbox(Shop(2, events=0, profiles=60))
    target = "/api/profiles?sort=updated&page%5Bsize%5D=20"
    oldest = get(sandbox, target)[1]["data"][0]["id"]
    sandbox.schedule.add(
        lambda shop: shop.update("profile", oldest, updated="2025-12-01T00:00:00+00:00"), after=1, path="/api/profiles"
    )
    seen = [row["id"] for row in rows(sandbox, target)]

    assert [index for index, one in enumerate(seen) if one == oldest] == [0, 60]


def test_changes_can_repeat() -> None:
    sandbox = Sandbox(Shop(2, events=0, profiles=1))
    found: list[int] = []
    sandbox.schedule.add(lambda shop: found.append(len(shop.resources("profile"))), after=2, repeats=True)
    for _ in range(7):
        ask(sandbox)

    assert found == [1, 1, 1]


def test_a_change_waits_for_requests_of_its_own_path() -> None:
    sandbox = Sandbox(Shop(2, events=0, profiles=1))
    found: list[str] = []
    sandbox.schedule.add(lambda _: found.append("happened"), after=1, path="/api/tags")
    for path in ("/api/lists", "/api/lists", "/api/tags", "/api/lists"):
        ask(sandbox, path)
    assert found == []
    ask(sandbox, "/api/tags")
    assert found == ["happened"]


@pytest.mark.parametrize(
    ("method", "path", "order", "status"),
    [
        ("GET", "/__control/nothing", None, 404),
        ("POST", "/__control/nothing", {}, 404),
        ("POST", "/__control", [], 400),
        ("POST", "/__control", {"changes": [{"action": "update", "type": "tag", "id": "none"}]}, 400),
        ("POST", "/__control", {"changes": [{"action": "rename", "type": "tag", "id": "none"}]}, 400),
    ],
)
def test_what_another_process_cannot_ask(shaky: Sandbox, method: str, path: str, order: object, status: int) -> None:
    assert shaky.handle(method, path, {}, json.dumps(order).encode())[0] == status


def test_another_process_controls_it() -> None:
    sandbox = Sandbox(Shop(2, events=10, profiles=3), access=Access(require_key=True))
    person, tag = sandbox.shop.resources("profile")[0].id, sandbox.shop.resources("tag")[0].id
    with serve(sandbox) as url:
        orders = {
            "seed": 7,
            "faults": [{"kind": "throttle", "on": [1], "path": "/api/lists", "value": 2}],
            "schedule": [{"after": 0, "action": "delete", "type": "profile", "id": person}],
            "changes": [{"action": "update", "type": "tag", "id": tag, "attributes": {"name": "new"}}],
            "wrong_keys": ["pk_2"],
            "scopes": {"pk_3": ["tags:read"]},
            "limits": 1,
            "latency": 0,
        }
        assert requests.post(f"{url}/__control", json=orders, timeout=10).status_code == 200
        answers = [requests.get(f"{url}/api/lists", headers=HEADERS, timeout=10) for _ in range(2)]
        keys = ("pk_2", "pk_3")
        others = [
            requests.get(f"{url}/api/lists", headers={**HEADERS, "Authorization": f"Bearer {key}"}, timeout=10)
            for key in keys
        ]
        seen = requests.get(f"{url}/__control", timeout=10).json()
        log = requests.get(f"{url}/__control/log", timeout=10).json()
        people = requests.get(f"{url}/__control/resources/profile", timeout=10).json()
        members = requests.get(f"{url}/__control/members/list", timeout=10).json()
        refused = requests.post(f"{url}/__control", json={"fault": []}, timeout=10)
        requests.post(f"{url}/__control", json={"reset": True, "limits": None}, timeout=10)

    assert [answer.status_code for answer in (*answers, *others)] == [429, 200, 401, 403]
    assert answers[0].headers["Retry-After"] == "2"
    assert answers[1].headers["RateLimit-Limit"] == "75, 75;w=1, 750;w=60"
    assert seen == {"requests": 4, "refused": 0, "throttled": 1, "faults": {"throttle": 1}}
    assert [one["path"] for one in log] == ["/api/lists"] * 4
    assert [one["id"] for one in people] == [row.id for row in sandbox.shop.resources("profile")]
    assert len(people) == 2
    assert person not in {member for _, member, _ in members}
    assert sandbox.shop.resources("tag")[0].attributes["name"] == "new"
    assert refused.status_code == 400
    assert sandbox.limiter is None
    assert not sandbox.requests


def test_the_command_line_asks_for_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    sandbox, host, port = made(
        [
            *("--port", "0", "--events", "0", "--profiles", "2", "--limits", "2", "--latency", "0.5"),
            *("--wrong-key", "pk_2", "--scopes", "pk_3=lists:read,tags:read", "--oauth", "id:secret:first"),
            *("--fault", "error:0.5:502", "--fault", "throttle", "--fault-seed", "9"),
        ]
    )

    assert (host, port, sandbox.latency, sandbox.faults.seed) == ("127.0.0.1", 0, 0.5, 9)
    assert sandbox.limiter is not None
    assert sandbox.limiter.factor == 2
    assert sandbox.access.wrong_keys == {"pk_2"}
    assert sandbox.access.scopes == {"pk_3": {"lists:read", "tags:read"}}
    assert sandbox.access.oauth is not None
    assert sandbox.access.oauth.refresh_token == "first"
    assert [one.kind for one in sandbox.faults.of("/api/lists")][-1] == "throttle"
    for wrong, said in (
        (["--fault", "sulk"], "unknown fault 'sulk'"),
        (["--oauth", "id:secret"], "wanted is CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN"),
    ):
        with pytest.raises(SystemExit):
            made(wrong)
        assert said in capsys.readouterr().err
