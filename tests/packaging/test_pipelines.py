"""What is measured of whole pipelines: who waits for whom, and that nothing is lost on the way."""

import os
import re
import sys
from pathlib import Path

import pytest

from benchmarks import pipelines
from benchmarks.measure import only, server
from benchmarks.pipe import Failed, Piped, is_full, piped, unread
from tools.targets import flattened, targets

ROOT = Path(__file__).parents[2]


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


READS = python("import sys; sys.stdin.read()")


@pytest.mark.parametrize(
    ("held", "target", "who"),
    [
        (0.1, 9.0, "tap"),
        (0.49, 1.0, "tap"),
        (0.9, 9.0, "target"),
        (0.9, 5.0, "target"),
        (0.9, 4.9, "behind the target"),
    ],
)
def test_the_bottleneck_is_whom_the_others_wait_for(held: float, target: float, who: str) -> None:
    assert Piped(seconds=10, tap=2, target=target, held=held, peak=100).bottleneck == who


def test_a_pipe_is_full_when_who_writes_to_it_would_wait() -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, b"0123456789")
        assert (unread(reading), is_full(reading)) == (10, False)
        os.set_blocking(writing, False)
        os.write(writing, bytes(1 << 20))  # as much of it as goes in
        assert is_full(reading)
        # What a target takes out at a time leaves it full.
        os.read(reading, 8192)
        assert is_full(reading)
    finally:
        os.close(reading)
        os.close(writing)


def test_both_sides_are_measured_by_themselves() -> None:
    idle, busy = "import sys; sys.stdin.read()", "import time\nwhile time.process_time() < 0.3: pass\n"
    worked, waited = piped(python(busy), READS), piped(python("print()"), python(f"{busy}{idle}"))
    assert worked.tap > worked.target
    assert waited.target > waited.tap
    assert worked.peak > 0


def test_a_target_that_ends_early_says_why_and_the_tap_ends_too() -> None:
    with pytest.raises(Failed, match="no such table"):
        piped(python("while True: print('row')"), python("raise SystemExit('no such table')"))


def test_a_tap_that_fails_is_no_measurement() -> None:
    with pytest.raises(SystemExit, match="no key"):
        piped(python("raise SystemExit('no key')"), READS)


@pytest.mark.parametrize("keys", [["a", "b"], ["a", "b", "b"], ["a", "b", "c", "c"], []])
def test_a_row_that_is_missing_or_there_twice_is_an_error(monkeypatch: pytest.MonkeyPatch, keys: list[str]) -> None:
    monkeypatch.setattr(pipelines, "ROWS", 3)
    pipelines.all_there("target", ["a", "b", "c"])
    with pytest.raises(SystemExit, match=f"target holds {len(keys)} rows"):
        pipelines.all_there("target", keys)


def measured() -> list[dict[str, str]]:
    """The rows of the table, by the names of its columns."""
    lines = (ROOT / "benchmarks" / "README.md").read_text().split("\n## Pipelines\n")[1].split("\n## ")[0].splitlines()
    head, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    assert tuple(head) == pipelines.HEAD
    return [dict(zip(head, row, strict=True)) for row in rows]


def number(cell: str) -> float:
    return float(cell.split(maxsplit=1)[0].replace(",", ""))


def test_the_table_is_of_as_many_rows_as_are_measured_now() -> None:
    assert next(pipelines.pipelines([])) in (ROOT / "benchmarks" / "README.md").read_text()


def test_every_target_is_in_the_table() -> None:
    names = [name for name, _ in [*targets(0), *flattened("")]]
    assert {row["target"] for row in measured()} >= {*names}


def test_the_page_on_targets_says_what_the_table_says() -> None:
    page = " ".join((ROOT / "docs" / "targets.md").read_text().split("## Which target")[1].split("\n## ")[0].split())
    alone, *rows = measured()

    def said(pattern: str) -> list[float]:
        found = re.search(pattern, page)
        assert found is not None, pattern
        return [float(part.replace(",", "")) for part in found.groups()]

    who = [row["bottleneck"] for row in rows]
    assert "tap" not in who
    assert who.count("target") > len(who) / 2
    least = dict(
        zip(pipelines.WAYS, said(r"at least (\d+) times as long as the tap alone, with files (\d+)"), strict=True)
    )
    assert [row for row in rows if number(row["times alone"]) < least[row["written as"]]] == []

    [saved] = said(r"save at least (\d+)%")
    work = {(row["target"], row["written as"]): number(row["processor: target"]) for row in rows}
    names = [name for name, written in work if written == "files" and "same" not in name]
    assert len(names) == 3
    for name in names:
        assert work[name, "files"] <= (1 - saved / 100) * work[name, "messages"], name
    [quick] = {name for name, _ in work if "same" in name}
    assert work[quick, "messages"] <= (1 - saved / 100) * work[names[0], "messages"]

    [times] = said(r"both take less than (\d+) times what JSON lines")
    took = {row["target"].split(",")[0]: number(row["time"]) for row in rows if row["written as"] == "messages"}
    assert max(took["the same"], took["DuckDB"]) < times * took["JSON lines"]

    [much], [little] = said(r"more than (\d+) MB"), said(r"All else stays under (\d+) MB")
    for row in rows:
        large = re.search("DuckDB|pipelinewise|CSV", row["target"]) and row["written as"] == "messages"
        assert number(row["peak"]) > much if large else number(row["peak"]) < little, row
    assert number(alone["times alone"]) == 1


@pytest.mark.long
def test_a_pipeline_is_looked_at_and_files_are_refused_by_who_does_not_know_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "ROWS", 300)
    [make] = [make for (name, _), make in targets(0).items() if "target-jsonl" in name]
    catalog = only(pipelines.TAP, pipelines.STREAM)

    def load(place: str, port: int, *, as_files: bool) -> Piped:
        (tmp_path / place).mkdir()
        kind = pipelines.Kind("lines", make, {})
        return pipelines.load(kind, tmp_path / place, f"http://127.0.0.1:{port}", catalog, as_files=as_files)

    with server("--rows", "300", "--real") as port:
        found = load("messages", port, as_files=False)
        assert min(found.seconds, found.tap, found.target, found.peak) > 0
        with pytest.raises(Failed):
            load("files", port, as_files=True)
    with server("--rows", "299", "--real") as port, pytest.raises(SystemExit, match="lines holds 299 rows"):
        load("fewer", port, as_files=False)
