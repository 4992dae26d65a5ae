from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.http import Origin, fill
from tap_klaviyo.http.errors import BadApiUrlError


@pytest.mark.parametrize(
    ("api_url", "origin"),
    [
        ("https://a.klaviyo.com", "https://a.klaviyo.com"),
        ("https://A.Klaviyo.com/", "https://a.klaviyo.com"),
        ("https://a.klaviyo.com:443", "https://a.klaviyo.com"),
        ("https://a.klaviyo.com.", "https://a.klaviyo.com"),
        ("https://proxy.example:8443", "https://proxy.example:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://127.8.9.1:1", "http://127.8.9.1:1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("sandbox://", "sandbox://shop"),
        ("sandbox://shop", "sandbox://shop"),
    ],
)
def test_the_setting_names_an_origin(api_url: str, origin: str) -> None:
    found = Origin.of(api_url)
    assert str(found) == origin
    assert found.owns(found.url("/api/profiles"))
    assert found.sandbox == origin.startswith("sandbox")


@pytest.mark.parametrize(
    "api_url",
    [
        "",
        "a.klaviyo.com",
        "//a.klaviyo.com",
        "https://",
        "https://:443",
        "https://a.klaviyo.com:99999",
        "https://a.klaviyo.com:port",
        "https://[::1",
        "https://a.klaviyo.com/api",
        "https://a.klaviyo.com?x=1",
        "https://a.klaviyo.com?",
        "https://a.klaviyo.com#x",
        "https://user:hidden@a.klaviyo.com",
        "https://a.klaviyo.com\n.evil.example",
        "https://a.klaviyo.com\\.evil.example",
        "http://a.klaviyo.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://10.0.0.1",
        "ftp://a.klaviyo.com",
        "file:///etc/passwd",
        "sandbox://elsewhere",
        "sandbox://shop:80",
    ],
)
def test_anything_else_is_refused_without_being_repeated(api_url: str) -> None:
    with pytest.raises(BadApiUrlError) as raised:
        Origin.of(api_url)
    assert "hidden" not in str(raised.value)
    assert "\n" not in str(raised.value)


@given(st.text())
def test_any_text_is_an_origin_or_refused(api_url: str) -> None:
    try:
        found = Origin.of(api_url)
    except BadApiUrlError:
        return
    assert found.owns(str(found))


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(texts, texts | st.integers() | st.lists(texts, min_size=1)))
def test_what_is_encoded_can_be_read_back(params: dict[str, str | int | list[str]]) -> None:
    url = Origin.of("https://a.klaviyo.com").url("/api/events", params)
    assert url.isascii()
    expected = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in params.items()}
    query = urlsplit(url).query
    assert parse_qsl(query, keep_blank_values=True) == sorted(expected.items())


def test_the_order_of_the_parameters_does_not_change_the_url() -> None:
    origin = Origin.of("sandbox://")
    assert origin.url("/api/x", {"b": True, "a": ["x", "y"]}) == origin.url("/api/x", {"a": ["x", "y"], "b": True})
    assert origin.url("/api/x", {"b": True, "a": ["x", "y"]}) == "sandbox://shop/api/x?a=x%2Cy&b=true"


@given(texts)
def test_an_id_stays_one_segment_of_the_path(value: str) -> None:
    path = fill("/api/catalog-items/{id}/categories", {"id": value})
    assert unquote(path) == f"/api/catalog-items/{value}/categories"
    assert path.count("/") == 4
