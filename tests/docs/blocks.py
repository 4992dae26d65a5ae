"""The fenced blocks of a page: what they hold, and what is said of them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>not run|run|file): (?P<said>[^\n]+?) -->\n+)?"
    r"(?P<fence>```+)(?P<language>[a-z]*)\n(?P<text>.*?)^(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)
_SHELL = {"bash", "console", "sh", "shell"}


@dataclass(frozen=True)
class Step:
    """Commands as one would type them, and the output that the page shows, if it shows any."""

    command: str
    output: list[str] | None


@dataclass(frozen=True)
class Block:
    """One block. `skipped` says why it is not run, `file` under which name it is kept for the blocks that follow."""

    language: str
    text: str
    line: int
    skipped: str | None = None
    file: str | None = None

    @property
    def shell(self) -> bool:
        """Whether it holds commands."""
        return self.language in _SHELL

    def steps(self) -> Iterator[Step]:
        """Yield the commands of the block; those of a console with their output."""
        if self.language != "console":
            yield Step(self.text, None)
            return
        command, output = "", list[str]()
        for line in self.text.splitlines():
            if command and not output and _open(command):
                command += "\n" + line.removeprefix("> ")
            elif line.startswith("$ "):
                if command:
                    yield Step(command, output)
                command, output = line[2:], []
            else:
                output.append(line)
        if command:
            yield Step(command, output)


def blocks(page: str) -> Iterator[Block]:
    """Yield the blocks of a page in their order."""
    for found in _BLOCK.finditer(page):
        said = {found["mark"]: found["said"]} if found["mark"] else {}
        line = page.count("\n", 0, found.start("fence")) + 1
        skipped = said.get("not run") or (f"tests run this as {said['run']}" if "run" in said else None)
        yield Block(found["language"], found["text"], line, skipped, said.get("file"))


def _open(command: str) -> bool:
    """Whether a command goes on in the next line: a quotation or a line is not closed."""
    try:
        shlex.split(command)
    except ValueError:
        return True
    return command.endswith("\\")


def fits(shown: list[str], got: list[str]) -> bool:
    """Tell whether output is as shown: `…` stands for any lines where it stands alone, and for any text in a line."""
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line.strip() == "…" else ".*".join(map(re.escape, line.rstrip().split("…"))) + r"\n"
        for line in shown
    )
    return re.fullmatch(pattern, "".join(f"{line.rstrip()}\n" for line in got)) is not None
