from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from tap_klaviyo.config import values
from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.config.settings import Settings
from tap_klaviyo.sync.connection import connect
from tap_klaviyo.tap import TapKlaviyo
from tests.docs.blocks import blocks
from tools import meltano as generator
from tools.docs.pages import ROOT

# Run by Meltano's own Python: what Meltano itself makes of a `select` and a catalog before it starts a tap.
SELECT = """
import json, sys
from meltano.core.plugin.singer.catalog import MetadataExecutor, select_metadata_rules

asked = json.load(sys.stdin)
rules = select_metadata_rules(["!*.*"]) + select_metadata_rules(asked["select"])
MetadataExecutor(rules).visit(asked["catalog"])
json.dump(asked["catalog"], sys.stdout)
"""

# What Meltano makes of texts in its environment, and writes to the tap's configuration.
CONFIGURE = """
import json, sys
from meltano.core.setting_definition import SettingDefinition

asked = json.load(sys.stdin)
definitions = [SettingDefinition.parse(setting) for setting in asked["settings"]]
made = {setting.name: setting.cast_value(asked["texts"][setting.name]) for setting in definitions}
json.dump(made, sys.stdout)
"""
TEXTS = {
    "array": ('[{"name": "a"}]', [{"name": "a"}]),
    "boolean": ("false", False),
    "integer": ("3", 3),
    "number": ("0.5", 0.5),
    "object": ('{"a": 1}', {"a": 1}),
    "string": ("a", "a"),
}
# What the Hub keeps of a plugin beside what Meltano knows of it.
HUB_OWN = {
    "domain_url": {"type": "string", "pattern": "^https://"},
    "keywords": {"type": "array", "items": {"type": "string"}},
    "maintenance_status": {"enum": ["active", "beta", "development", "inactive", "unknown"]},
    "quality": {"enum": ["gold", "silver", "bronze", "unknown"]},
    "supported_python_versions": {"type": "array", "items": {"type": "string", "pattern": r"^3\.\d+$"}},
}


@pytest.fixture(scope="module")
def plugin():
    (plugin,) = yaml.safe_load(generator.PROJECT.read_text())["plugins"]["extractors"]
    return plugin


@pytest.fixture(scope="module")
def tap():
    return TapKlaviyo(config={}, parse_env_config=False, validate_config=False)


def test_the_project_file_is_what_the_tap_says_today():
    text = generator.PROJECT.read_text()
    assert text == generator.filled(text, generator.dumped(generator.definition()))


def test_the_definition_for_the_hub_is_what_the_tap_says_today():
    assert yaml.safe_load(generator.HUB.read_text()) == generator.hub()


def test_the_page_shows_the_same_plugin(plugin):
    shown = next(block for block in blocks((ROOT / "docs" / "meltano.md").read_text()) if block.language == "yaml")
    (inline,) = yaml.safe_load(shown.text)["plugins"]["extractors"]
    same = ("name", "namespace", "executable", "capabilities")
    assert [inline[part] for part in same] == [plugin[part] for part in same]
    assert inline["pip_url"] == generator.hub()["pip_url"]
    assert {setting["name"] for setting in inline["settings"]} <= {setting["name"] for setting in plugin["settings"]}


@pytest.fixture(scope="module")
def schema(meltano):
    (schema,) = meltano.glob("lib/python*/site-packages/meltano/schemas/meltano.schema.json")
    return json.loads(schema.read_text())


def test_meltano_accepts_the_project_file(schema):
    jsonschema.validate(yaml.safe_load(generator.PROJECT.read_text()), schema)


def test_the_definition_for_the_hub_is_a_plugin_and_what_the_hub_adds(schema):
    defined = yaml.safe_load(generator.HUB.read_text())
    added = {name: defined.pop(name) for name in HUB_OWN}
    jsonschema.validate(added, {"properties": HUB_OWN, "required": [*HUB_OWN]})
    jsonschema.validate({"plugins": {"extractors": [defined]}}, schema)


@pytest.mark.parametrize("group", generator.GROUPS, ids="+".join)
def test_a_group_of_settings_is_enough_and_less_is_not(group):
    given = dict.fromkeys(group, "pk_made_up")
    connect(Settings.of(given))
    for name in group:
        with pytest.raises(SettingsError):
            connect(Settings.of(given | {name: None}))


def test_no_file_is_named_like_its_schema():
    # DuckDB calls `klaviyo.events` ambiguous in a file klaviyo.duckdb that has a schema klaviyo.
    project = yaml.safe_load(generator.PROJECT.read_text())
    (target,) = project["plugins"]["loaders"]
    files = [one["config"]["plugins"]["loaders"][0]["config"]["filepath"] for one in project["environments"]]
    assert target["config"]["default_target_schema"] == "klaviyo"
    assert {Path(file).stem for file in files} == {"demo", "warehouse"}


def test_every_setting_of_the_tap_can_be_set_in_meltano(plugin):
    described = json.loads(
        subprocess.run(["tap-klaviyo", "--about", "--format=json"], check=True, capture_output=True).stdout
    )
    settings = {setting["name"]: setting for setting in plugin["settings"]}
    assert set(settings) == set(described["settings"]["properties"])
    for setting in settings.values():
        assert all(setting[part] for part in ("kind", "label", "description")), setting
    assert set(plugin["capabilities"]) == set(described["capabilities"])


def test_secrets_are_sensitive(plugin):
    secrets = {"auth_token", "api_key", "private_key", "client_id", "client_secret", "refresh_token", "hash_salt"}
    assert {setting["name"] for setting in plugin["settings"] if setting.get("sensitive")} == secrets


def test_every_setting_reaches_the_tap_from_meltanos_environment(meltano, plugin):
    schema = TapKlaviyo._get_about_info().settings
    texts = {name: TEXTS[values.kind(schema, name)] for name in schema["properties"]}
    texts["on_permission_denied"] = ("fail", "fail")  # one of its options
    asked = {"settings": plugin["settings"], "texts": {name: text for name, (text, _) in texts.items()}}
    command = [meltano / "bin" / "python", "-c", CONFIGURE]
    done = subprocess.run(command, check=False, capture_output=True, text=True, input=json.dumps(asked))
    assert done.returncode == 0, done.stderr
    config = json.loads(done.stdout.splitlines()[-1])
    assert values.typed(config, schema) == {name: value for name, (_, value) in texts.items()}


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": ["string", "null"]}, "string"),
        ({"type": "string", "format": "date-time"}, "date_iso8601"),
        ({"type": ["integer", "null"]}, "integer"),
        ({"type": ["number", "null"]}, "string"),
        ({"type": ["boolean", "null"]}, "boolean"),
        ({"type": ["array", "null"]}, "array"),
        ({"type": ["object", "null"]}, "object"),
        ({"type": ["string", "null"], "enum": ["skip", "fail", None]}, "options"),
    ],
)
def test_kinds(schema, kind):
    assert generator.kind(schema) == kind


def test_meltano_selects_what_is_on_by_default_and_all_of_it(meltano, plugin, tap):
    asked = {"select": plugin["select"], "catalog": tap.catalog_dict}
    command = [meltano / "bin" / "python", "-c", SELECT]
    done = subprocess.run(command, check=True, capture_output=True, text=True, input=json.dumps(asked))
    selected = {}
    for stream in json.loads(done.stdout.splitlines()[-1])["streams"]:  # the lines before it are Meltano's log
        flags = {tuple(entry["breadcrumb"]): entry["metadata"].get("selected") for entry in stream["metadata"]}
        selected[stream["tap_stream_id"]] = flags.pop(())
        assert set(flags.values()) == {selected[stream["tap_stream_id"]]}, stream["tap_stream_id"]
    assert selected == {name: stream.selected_by_default for name, stream in tap.streams.items()}
    assert set(selected.values()) == {True, False}
