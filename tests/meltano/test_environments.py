"""What an environment of Meltano makes of the plugin's `select`, as docs/meltano.md says."""

from __future__ import annotations

import json

import pytest
import yaml

from tap_klaviyo.tap import TapKlaviyo
from tests.docs.blocks import blocks
from tools.docs.pages import ROOT

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def shown():
    """The environment that the page shows."""
    texts = [block.text for block in blocks((ROOT / "docs" / "meltano.md").read_text()) if block.language == "yaml"]
    (text,) = (text for text in texts if text.startswith("environments:"))
    (environment,) = yaml.safe_load(text)["environments"]
    return environment


@pytest.fixture(scope="module")
def selected(clone, ran, shown):
    """The columns by stream that the tap is told to read, in an environment made of the one that is shown."""

    def selected(name, **extras):
        project = yaml.safe_load((ROOT / "meltano.yml").read_text())
        (plugin,) = project["plugins"]["extractors"]
        plugin["select"].append("!profiles.location")
        environment = json.loads(json.dumps(shown)) | {"name": name}
        (within,) = environment["config"]["plugins"]["extractors"]
        narrowed = within.pop("select_filter")
        within |= {"config": {"api_url": "sandbox://"}, **(extras or {"select_filter": narrowed})}
        project["environments"].append(environment)
        (clone / "meltano.yml").write_text(yaml.safe_dump(project))
        done = ran("--environment", name, "invoke", "--dump=catalog", "tap-klaviyo")
        assert done.returncode == 0, done.stderr
        streams = json.loads(done.stdout[done.stdout.index("{") :])["streams"]
        flags = {
            stream["tap_stream_id"]: {
                tuple(entry["breadcrumb"]): entry["metadata"].get("selected") for entry in stream["metadata"]
            }
            for stream in streams
        }
        return {
            stream: {path[-1] for path, flag in of.items() if len(path) == 2 and flag}  # no members of objects
            for stream, of in flags.items()
            if of[()]
        }

    return selected


def columns(stream):
    return {*TapKlaviyo(config={"api_url": "sandbox://"}).streams[stream].schema["properties"]}


def test_a_filter_narrows_what_the_plugin_selects(selected):
    found = selected("filtered")
    assert {*found} == {"accounts", "profiles"}
    assert found["accounts"] == columns("accounts")
    assert found["profiles"] == columns("profiles") - {"location"}


def test_a_select_takes_the_place_of_the_plugins(selected):
    assert selected("replaced", select=["profiles.*"]) == {"profiles": columns("profiles")}


def test_a_select_that_only_excludes_selects_nothing(selected):
    assert selected("excluding", select=["!profiles.location"]) == {}


def test_the_tap_says_what_it_is_through_meltano(command):
    code, said = command("invoke", "tap-klaviyo", "--about")
    assert code == 0, said
    assert "Environment Variable: TAP_KLAVIYO_AUTH_TOKEN" in said
