"""What comes from outside of the requests: settings, files, signals, the target, and a bug."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from unittest import mock

import pytest

from tap_klaviyo.records.record_format import RecordFormat
from tap_klaviyo.sandbox.faults import Fault
from tests.reliability.cli import MARK


def row(what, does):
    return pytest.mark.fault("The process and its settings", what, does)


def refused(outcome, words):
    assert outcome.code == 1
    assert words in outcome.error
    assert outcome.stdout == b""


@pytest.mark.parametrize(
    "text", [f'{{"auth_token": "{MARK}-key",', f'["{MARK}"]', f"{MARK}"], ids=["cut", "list", "text"]
)
@row("A config file that holds no JSON object", "One line that names the file and quotes nothing; exit 1")
def test_broken_config(machine, text):
    (machine.folder / "config.json").write_text(text)
    refused(machine.run("--config", str(machine.folder / "config.json")), "does not contain a JSON object")


@row("A config file that is a pipe, as `<(...)` makes one", "Read once")
def test_piped_config(machine, url):
    end, begin = os.pipe()
    os.write(begin, json.dumps(machine.settings(url)).encode())
    os.close(begin)
    arguments = machine.files(url, "lists")[2:]
    assert machine.run("--config", f"/dev/fd/{end}", *arguments).code == 0
    os.close(end)


@row("A config file that is not there", "One line that names it; exit 1")
def test_missing_config(machine):
    refused(machine.run("--config", str(machine.folder / "nowhere.json")), "nowhere.json' does not exist")


@row("An option that does not exist", "One line that names it; exit 2")
def test_unknown_option(machine):
    outcome = machine.run("--catalogue", "catalog.json")
    assert outcome.code == 2
    assert "No such option" in outcome.stderr
    assert "--catalogue" in outcome.stderr
    assert outcome.stdout == b""


@pytest.mark.parametrize("name", ["max_workers", "reports", "start_date", "rate_limit_share", "stream_options"])
@row("A setting of another type, perhaps a key in the wrong place", "One line with its name, not its value; exit 1")
def test_wrong_setting(machine, url, name):
    arguments = machine.files(url, "lists")
    value = [f"{MARK}-secret"] if name == "start_date" else f"{MARK}-secret"
    (machine.folder / "config.json").write_text(json.dumps(machine.settings(url, **{name: value})))
    refused(machine.run(*arguments), f"setting '{name}' must be")


@pytest.mark.parametrize("name", ["TAP_KLAVIYO_RETRY", "TAP_KLAVIYO_REPORTS", "TAP_KLAVIYO_STREAM_OPTIONS"])
@row("An environment variable that cannot be read", "One line with its name, not its value; exit 1")
def test_wrong_variable(machine, name):
    refused(machine.run("--config", "ENV", **{name: f"[{MARK}-secret"}), f"environment variable {name} must be")


@row("No key", "One line that names the setting; nothing is asked or written; exit 1")
def test_no_key(machine, url):
    refused(machine.sync(url, "lists", auth_token=None), "setting auth_token is missing")


@row("Two different keys, or a key and OAuth", "One line; exit 1")
def test_two_keys(machine, url):
    refused(machine.sync(url, "lists", api_key=f"pk_{MARK}-other"), "have different values")
    refused(machine.sync(url, "lists", client_id=f"{MARK}-id"), "not both")


@pytest.mark.parametrize("api_url", ["http://a.klaviyo.com", f"https://{MARK}:{MARK}@a.klaviyo.com", "ftp://x", "x"])
@row("An `api_url` that no key may go to", "One line; nothing is sent; exit 1")
def test_api_url(machine, api_url):
    refused(machine.sync(api_url, "lists"), "api_url must")


@pytest.mark.parametrize("which", ["state", "catalog"])
@pytest.mark.parametrize("content", [b'{"bookmarks": ', b"[" * 100_000, b"\xff"], ids=["cut", "endless", "no text"])
@row("A state or catalog file that holds no JSON object", "One line that says how to go on; exit 1")
def test_broken_file(machine, url, which, content):
    arguments = machine.files(url, "lists", state={"bookmarks": {}})
    (machine.folder / f"{which}.json").write_bytes(content)
    refused(machine.run(*arguments), f"the {which} file")


@row("A bookmark that is no date-time", "One line with the stream; exit 1")
def test_broken_bookmark(machine, url):
    state = {"bookmarks": {"profiles": {"replication_key": "updated", "replication_key_value": "soon"}}}
    outcome = machine.sync(url, "profiles", state=state)
    assert outcome.code == 1
    assert "profiles" in outcome.error


@row("A logging configuration that cannot be read", "One line that names SINGER_SDK_LOG_CONFIG; exit 1")
def test_log_config(machine, url):
    path = machine.folder / "log.yaml"
    path.write_text("{")
    outcome = machine.run(*machine.files(url, "lists"), SINGER_SDK_LOG_CONFIG=str(path))
    refused(outcome, "SINGER_SDK_LOG_CONFIG")


@row("A bug in one stream", "One line with its kind and place; bookmark untouched; the others are read; exit 1")
def test_bug(machine, klaviyo, url):
    genuine = RecordFormat.page

    def page(self, rows, **given):
        if self.outlets[0].stream == "profiles":
            raise TypeError
        return genuine(self, rows, **given)

    with mock.patch.object(RecordFormat, "page", page):
        outcome = machine.sync(url, "profiles", "lists")
    assert outcome.code == 1
    assert outcome.error.startswith("profiles: unexpected TypeError in test_process.py, line ")
    assert not outcome.state.get("profiles")
    assert outcome.ids("lists") == klaviyo.ids("list")


@row("`--test` with a wrong key", "One line, after one request; exit 1")
def test_configuration_test(machine, klaviyo, url):
    klaviyo.faults.add(Fault("error", rate=1.0, value=401))
    outcome = machine.run(*machine.files(url, "lists", "segments"), "--test")
    assert outcome.code == 1
    assert "401" in outcome.error
    assert outcome.stdout == b""
    assert len(klaviyo.requests) == 1


def process(arguments, **given):
    """A process of its own, at the default log level; the clock is the real one."""
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    command = [sys.executable, "-m", "tap_klaviyo.tap", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, **given)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)], ids=["term", "int", "hup"]
)
@row("SIGTERM, SIGINT or SIGHUP", "The line at hand is finished, a STATE follows; exit 143, 130 or 129")
def test_signal(machine, klaviyo, url, number, code):
    options = {"events": {"page_size": 10}}
    arguments = machine.files(url, "events", "lists", stream_options=options, max_workers=1)
    klaviyo.latency = 0.1
    running = process(arguments)
    assert running.stdout is not None
    first = running.stdout.readline()
    while b'"RECORD"' not in first:
        first = running.stdout.readline()
    running.send_signal(number)
    stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == code
    assert stdout.endswith(b"\n")
    assert json.loads(stdout.splitlines()[-1])["type"] == "STATE"
    assert b"Traceback" not in stderr
    assert MARK.encode() not in stdout + stderr


@pytest.mark.parametrize("arguments", [["--discover"], []], ids=["discover", "sync"])
@row("The target ends and reads no more", "One line; exit 1; no noise when the interpreter ends")
def test_target_gone(machine, url, arguments):
    files = machine.files(url, "events", "profiles")
    running = process([*files[:2], *(arguments or files[2:])])
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    stderr = running.stderr.read()
    running.stderr.close()
    assert running.wait(60) == 1
    if arguments == []:
        assert b"the target exited" in stderr
    assert b"Traceback" not in stderr
    assert b"Exception ignored" not in stderr
