"""Every command of the documentation runs, in a folder of its own, and says what the page shows."""

from __future__ import annotations

import pytest

from tests.docs.blocks import Block, Step, blocks, fits
from tests.docs.shell import bash, environment, said_by
from tools.docs.pages import ROOT, pages

PAGES = [page for page in pages() if any(block.shell for block in blocks(page.read_text(encoding="utf-8")))]

# Commands that need more than a folder: tests/meltano runs the first three as they stand on the page, CI the last.
ELSEWHERE = ("demo", "query", "project", "tests")
# The commands of the other pages read the whole shop, some of them several times.
BY_DEFAULT = ("access.md", "settings.md")


def marked(page):
    marks = [] if page.name in BY_DEFAULT else [pytest.mark.long]
    return pytest.param(page, marks=marks, id=page.relative_to(ROOT).as_posix())


@pytest.mark.parametrize("page", [*map(marked, PAGES)])
def test_commands(page, tmp_path):
    variables = environment()
    for block in blocks(page.read_text(encoding="utf-8")):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if block.file:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        for step in block.steps() if block.shell else ():
            ran = bash(step.command, tmp_path, variables, *(["-n"] if block.skipped else []))
            said = f"{where}: {step.command}\nexits with {ran.returncode} and says:\n{ran.stdout}\n{ran.stderr}"
            if step.output is None or block.skipped:
                assert ran.returncode == 0, said
            else:
                assert fits(step.output, said_by(ran)), said


def test_what_is_not_run_says_why():
    reasons = [block.skipped for page in pages() for block in blocks(page.read_text(encoding="utf-8")) if block.skipped]
    assert all(len(reason.split()) > 2 for reason in reasons)


def test_what_is_run_elsewhere_is_run_by_the_checks():
    checks = " ".join((ROOT / ".ci" / "run").read_text(encoding="utf-8").split())
    found = [block for page in pages() for block in blocks(page.read_text(encoding="utf-8"))]
    named = {name: [block for block in found if block.skipped == f"tests run this as {name}"] for name in ELSEWHERE}
    assert sum(map(len, named.values())) == sum("tests run this as" in (block.skipped or "") for block in found)
    commands = [step.command for block in named["tests"] for step in block.steps()]
    assert commands
    assert [command for command in commands if command not in checks] == []


def test_a_block_is_found_with_what_is_said_of_it():
    page = (
        "<!-- not run: it needs a key -->\n\n```sh\none\n```\n\n"
        "<!-- file: a.json -->\n```json\n{}\n```\n```console\n$ x '\ny'\nz\n```\n"
    )
    assert list(blocks(page)) == [
        Block("sh", "one\n", 3, "it needs a key"),
        Block("json", "{}\n", 8, None, "a.json"),
        Block("console", "$ x '\ny'\nz\n", 11),
    ]
    assert list([*blocks(page)][-1].steps()) == [Step("x '\ny'", ["z"])]


def test_output_must_be_what_is_shown():
    assert fits(["one", "…", "last: … rows"], ["one", "two", "three", "last: 5 rows"])
    assert fits(["one", "…"], ["one"])
    assert not fits(["one"], ["one", "two"])
    assert not fits(["one", "…", "last"], ["one", "two"])
    assert not fits([], ["anything"])
