"""The pages as a searchable site: it builds strictly, and no link on it leads to what it does not hold."""

import os
import re
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from mkdocs.config import load_config

from tests.browser import seen

ROOT = Path(__file__).parents[2]
# Looks for a word as a reader does, and says where the results lead and whether the page has its colours.
LOOK = """
def look(page, url):
    page.goto(url)
    page.locator("input.md-search__input").fill("attributed_campaign_id")
    page.wait_for_selector(".md-search-result__link")
    links = page.locator(".md-search-result__link").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    header = page.locator(".md-header").evaluate("one => getComputedStyle(one).backgroundColor")
    return {"links": links, "header": header}
"""

pytestmark = pytest.mark.long


def test_the_command_of_the_page_has_somewhere_to_write():
    config = load_config(str(ROOT / "site" / "mkdocs.yml"))
    written = Path(os.path.relpath(config["site_dir"], ROOT))
    assert f"writes `{written}/`" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", "site/mkdocs.yml"]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        [*command, "--site-dir", folder], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return folder, built.stderr


def test_no_link_leads_to_what_was_left_out(site):
    _, said = site
    assert not [line for line in said.splitlines() if "excluded from the built site" in line]


def test_every_page_is_there_and_can_be_searched(site):
    folder, _ = site
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    assert pages <= {path.stem for path in (folder / "docs").glob("*.html")}
    index = (folder / "search" / "search_index.json").read_text()
    assert all(f"docs/{page}.html" in index for page in pages)


def test_what_a_page_is_made_of_is_there_too(site):
    folder, _ = site
    needed = re.compile(
        r'<(?:script|img)\b[^>]*\bsrc="([^"#?]+)|<link\b[^>]*rel="(?:stylesheet|icon)"[^>]*href="([^"#?]+)'
    )
    checked = 0
    for page in [folder / "index.html", *folder.glob("docs/*.html"), *folder.glob("examples/*/index.html")]:
        for script, style in needed.findall(re.sub(r'(href="[^"]*") (rel="[^"]*")', r"\2 \1", page.read_text())):
            assert (page.parent / unquote(script or style)).exists(), f"{page.name} needs {script or style}"
            checked += 1
    assert checked > 100


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_reader_finds_a_word_and_nothing_is_loaded_from_elsewhere(site):
    folder, _ = site
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    try:
        found = seen(f"{url}index.html", LOOK)
    finally:
        server.shutdown()
        server.server_close()
    assert any("docs/tables.html" in link for link in found["links"])
    assert found["header"] not in {"rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"}
    assert [address for address in found["loaded"] if not address.startswith(url)] == []
    assert found["wrong"] == []
