"""What Meltano has to know of the tap, written from the tap: `python -m tools.meltano`.

It fills the marked part of meltano.yml and writes the definition for Meltano Hub, so that neither can fall behind.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import yaml

from tap_klaviyo.tap import TapKlaviyo

ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "meltano.yml"
HUB = ROOT / "docs" / "meltano-hub.yml"
BEGIN = "# Written by `python -m tools.meltano`:\n"
END = "# End of what is written.\n"
# What a sync cannot be without, one line per way to have it: Meltano lists these first.
GROUPS = [["auth_token"], ["api_key"], ["private_key"], ["client_id", "client_secret", "refresh_token"]]
# No decimal: Meltano 4.4 cannot pass on one that an environment variable gave. The tap reads numbers in strings.
KINDS = {"array": "array", "boolean": "boolean", "integer": "integer", "number": "string", "object": "object"}


def kind(schema: dict[str, Any]) -> str:
    """Meltano's kind of a setting, from its JSON schema."""
    if schema.get("format") == "date-time":
        return "date_iso8601"
    types = schema.get("type", [])
    named = [types] if isinstance(types, str) else types
    return next((KINDS[name] for name in named if name in KINDS), "options" if "enum" in schema else "string")


def setting(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """One setting as Meltano describes it. Defaults are left to the tap, so that there is one place for them."""
    described = {
        "name": name,
        "kind": kind(schema),
        "label": schema.get("title") or name.replace("_", " ").capitalize(),
        "description": schema["description"],
    }
    if described["kind"] == "options":
        described["options"] = [{"label": value, "value": value} for value in schema["enum"] if value is not None]
    if schema.get("secret"):
        described["sensitive"] = True
    return described


def definition() -> dict[str, Any]:
    """The tap's capabilities, settings, and a `select` that leaves out what is off by default.

    Meltano's own default selects everything, whatever the catalog says of a stream.
    """
    about = TapKlaviyo._get_about_info()  # noqa: SLF001 (the SDK's only way but printing it)
    tap = TapKlaviyo(config={}, parse_env_config=False, validate_config=False)
    off = sorted(name for name, stream in tap.streams.items() if not stream.selected_by_default)
    return {
        "capabilities": sorted(capability.value for capability in about.capabilities),
        "settings_group_validation": GROUPS,
        "settings": [setting(name, schema) for name, schema in about.settings["properties"].items()],
        "select": ["*.*", *(f"!{name}.*" for name in off)],
    }


def dumped(data: dict[str, Any]) -> str:
    """YAML in the order given, in lines of a length that people read."""
    return yaml.safe_dump(data, sort_keys=False, width=116, allow_unicode=True)


def filled(text: str, content: str) -> str:
    """The text with what stands between its marks replaced, as deep as the marks stand."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    indent = before[before.rindex("\n") + 1 :]
    return before + BEGIN + textwrap.indent(content, indent) + indent + END + after


def hub() -> dict[str, Any]:
    """The definition that Meltano Hub keeps of a plugin; addresses and a logo are those of whoever hands it in."""
    about = TapKlaviyo._get_about_info()  # noqa: SLF001 (as above)
    return {
        "name": "tap-klaviyo",
        "namespace": "tap_klaviyo",
        "variant": "singer-tap-klaviyo",
        "label": "Klaviyo",
        "description": about.description,
        "domain_url": "https://www.klaviyo.com",
        "keywords": ["api", "meltano_sdk"],
        "maintenance_status": "beta",
        "quality": "unknown",  # rated by the Hub
        "pip_url": "singer-tap-klaviyo",
        "executable": "tap-klaviyo",
        "supported_python_versions": about.supported_python_versions,
        **definition(),
    }


def main() -> None:
    """Write both files."""
    PROJECT.write_text(filled(PROJECT.read_text(), dumped(definition())))
    HUB.write_text("# Written by `python -m tools.meltano`\n" + dumped(hub()))


if __name__ == "__main__":
    main()
