"""What the tap writes to is full, broken or gone: one line, exit 1, and nothing follows half a line."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from singer_sdk.singerlib.encoding.simple import SimpleSingerWriter

from tap_klaviyo.sandbox.faults import Fault
from tap_klaviyo.sync.batches import WholeFile
from tap_klaviyo.sync.endings import OutputEnded
from tap_klaviyo.sync.writer import LineWriter, line_writer, pieces
from tap_klaviyo.tap import TapKlaviyo

GONE = "the target exited and closed the pipe; see the target's log"
FULL = "cannot write the output: {}; free some space or choose another place, then run again"


def row(what, does):
    return pytest.mark.fault("The process and its settings", what, does)


@contextlib.contextmanager
def running(arguments, stdout=subprocess.PIPE, before=None):
    command = [sys.executable, "-m", "tap_klaviyo", *arguments]
    if before is not None:
        command = ["sh", "-c", f'{before}; exec "$@"', "sh", *command]
    with subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def errors(process):
    """The lines that say what failed; the exit code is 1, and there is no traceback."""
    said = process.stderr.read().decode()
    assert process.wait(60) == 1
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    return [line.rpartition(" | ")[2] for line in said.splitlines() if "| ERROR " in line]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
@pytest.mark.parametrize("discovers", [True, False], ids=["discover", "sync"])
@row("The disk that stdout goes to is full", "One line that says so; exit 1; no stream counts as failed")
def test_full_disk(machine, url, discovers):
    arguments = machine.files(url, "lists", "segments")
    arguments = [*arguments[:2], "--discover"] if discovers else arguments
    with Path("/dev/full").open("wb") as full, running(arguments, full) as process:
        assert errors(process) == [FULL.format("No space left on device")]


@row("stdout takes a part and then no more", "The same; nothing follows the half line")
def test_disk_that_becomes_full(machine, url):
    arguments = machine.files(url, "events", "lists", "profiles")
    written = machine.folder / "output.jsonl"
    # What measures coverage would write a file of its own, larger than that, when the process ends.
    bounded = "unset COVERAGE_PROCESS_CONFIG; ulimit -f 64"
    with written.open("wb") as stdout, running(arguments, stdout, bounded) as process:
        assert errors(process) == [FULL.format("File too large")]
    content = written.read_bytes()
    assert len(content) % (64 * 512) == 0
    whole, _, _ = content.rpartition(b"\n")
    assert {json.loads(line)["type"] for line in whole.splitlines()} >= {"SCHEMA", "RECORD"}


HICCUP = """
import io, sys
from tap_klaviyo.sync.writer import LineWriter

class Disk(io.FileIO):
    full = True

    def write(self, data):
        if not Disk.full:
            return super().write(data)
        Disk.full = False
        super().write(bytes(data[:10]))
        raise OSError(28, "No space left on device")

sys.stdout = io.TextIOWrapper(io.BufferedWriter(Disk(1, "w")))
writer = LineWriter()
writer.write_lines(b'{"type":"RECORD"}\\n')
writer.flush()
"""


def test_a_disk_that_has_room_again_gets_no_more_behind_half_a_line():
    """What waits in the buffer would follow it when the interpreter ends."""
    ended = subprocess.run([sys.executable, "-c", HICCUP], capture_output=True, check=False)
    assert ended.stdout == b'{"type":"R'
    assert ended.returncode == 1
    assert ended.stderr.decode().splitlines() == [FULL.format("No space left on device")]


@row("stdout is closed from the start", "One line; exit 1")
def test_no_stdout(machine, url):
    with running(machine.files(url, "lists"), before="exec >&-") as process:
        assert errors(process) == [FULL.format("stdout is closed")]


@pytest.mark.parametrize("waits", ["for the next round", "for a response"])
@row("The target ends while the tap waits", "One line at once; exit 1")
def test_target_gone_meanwhile(machine, served, waits):
    klaviyo, url = served
    more = {"poll_interval_ms": 600_000} if waits == "for the next round" else {}
    if not more:
        klaviyo.faults.add(Fault("slow", rate=1.0, value=600.0, path="/api/segments"))
    with running(machine.files(url, "lists", "segments", **more)) as process:
        for line in process.stdout:
            if json.loads(line)["type"] == "STATE" and (more or "lists" in json.loads(line)["value"]["bookmarks"]):
                break
        process.stdout.close()
        assert errors(process) == [GONE]


def test_nothing_is_written_for_a_target_that_is_gone():
    tap = TapKlaviyo(config={"api_url": "sandbox://"})
    tap.stopping.by_target()
    with (
        mock.patch("tap_klaviyo.sync.output.nobody_reads", side_effect=OutputEnded),
        mock.patch("tap_klaviyo.sync.output.Output.write_state") as written,
        pytest.raises(OutputEnded),
    ):
        tap.session.output.end_stopped()
    written.assert_not_called()


@row("Batch files cannot be written", "One line that says so; exit 1; no stream counts as failed")
def test_batch_files(machine, url):
    batches = {"encoding": {"format": "jsonl"}, "storage": {"root": f"file://{machine.folder}"}}
    full = mock.patch.object(WholeFile, "write", side_effect=OSError(28, "No space left on device"))
    with full:
        outcome = machine.sync(url, "lists", "segments", batch_config=batches)
    assert outcome.code == 1
    words = "cannot write the files of batch_config: No space left on device"
    assert outcome.error == f"{words}; free some space or set another storage.root, then run again"


def test_a_write_that_takes_a_part_is_gone_on_with(monkeypatch):
    """Unbuffered, a signal may end one early."""

    class Unbuffered:
        taken = b""

        def write(self, data):
            self.taken += bytes(data[:7])
            return len(data[:7])

    unbuffered = Unbuffered()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=unbuffered))
    lines = b'{"type":"RECORD"}\n' * 3
    LineWriter().write_lines(lines)
    assert unbuffered.taken == lines


def test_nothing_else_writes_to_the_target():
    writer = LineWriter()
    assert line_writer(writer) is writer
    with pytest.raises(TypeError, match="another message writer"):
        line_writer(SimpleSingerWriter())


@pytest.mark.parametrize("least", [1, 2, 3, 5, 100])
def test_lines_are_cut_between_two_of_them(least):
    lines = b"a\n\nbcd\nef\n"
    found = [bytes(piece) for piece in pieces(lines, least)]
    assert b"".join(found) == lines
    assert all(piece.endswith(b"\n") for piece in found)
    assert all(len(piece) >= least for piece in found[:-1])
