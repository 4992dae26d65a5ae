"""A real browser without a window, for pages that only a browser can judge."""

from __future__ import annotations

import json
import shutil
import subprocess
import textwrap
from typing import Any

from tests.targets.installed import installed

BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
# `look(page, url)` is the caller's; what it returns is handed back, with all that was loaded and went wrong meanwhile.
PROGRAM = """
import json, sys
from playwright.sync_api import sync_playwright

{look}

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    page = browser.new_page()
    loaded, wrong = [], []
    page.on("request", lambda request: loaded.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    found = look(page, sys.argv[2])
    json.dump({{**found, "loaded": loaded, "wrong": wrong}}, sys.stdout)
    browser.close()
"""


def seen(url: str, look: str) -> dict[str, Any]:
    """What `look`, the source of a function, finds on a page; `loaded` and `wrong` beside it."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert browser, f"this test looks at a page with one of {', '.join(BROWSERS)}: apt-get install chromium"
    python = installed("playwright==1.65.2") / "bin" / "python"
    program = PROGRAM.format(look=textwrap.dedent(look))
    done = subprocess.run([python, "-c", program, browser, url], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found
