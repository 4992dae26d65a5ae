"""Settings out of environment variables, whose names are those of the settings after a prefix."""

from __future__ import annotations

import difflib
import logging
import os
from typing import TYPE_CHECKING, Any

from singer_sdk.configuration._dict_config import parse_environment_config

from tap_klaviyo.config.errors import KINDS, SettingsError
from tap_klaviyo.config.values import from_string, kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

logger = logging.getLogger(__name__)

# The SDK's own; Meltano's extras have two underscores.
_NO_SETTINGS = ("LOGLEVEL",)


def from_environment(prefix: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the environment, and of a ``.env`` file; an empty variable is unset.

    Args:
        prefix: What the names of the variables begin with.
        schema: The settings.

    Raises:
        SettingsError: A variable holds what cannot be read, or its name is misspelt.
    """
    # All as strings: for the rest the SDK takes any word as false, and its errors quote the value.
    named = {"properties": {name: {"type": "string"} for name in schema["properties"]}}
    given = {name: text for name, text in parse_environment_config(named, prefix).items() if text.strip()}
    wrong = [*_misspelt(prefix, schema)]
    found: dict[str, Any] = {}
    for name, text in given.items():
        wanted = kind(schema, name)
        try:
            found[name] = from_string(text, wanted)
        except (ValueError, RecursionError):
            wrong.append(f"environment variable {prefix}{name.upper()} must be {_words(wanted)}")
    if wrong:  # outside of the handler: the error in it quotes the value
        raise SettingsError("; ".join(wrong))
    return found


def _words(wanted: str) -> str:
    return f"{KINDS[wanted]}, as JSON" if wanted in {"array", "object"} else KINDS[wanted]


def _misspelt(prefix: str, schema: Mapping[str, Any]) -> Iterator[str]:
    known = {name.upper() for name in schema["properties"]}
    for variable in sorted(os.environ):
        name = variable.removeprefix(prefix)
        if name in {variable, *known, *_NO_SETTINGS} or name.startswith("_") or not os.environ[variable].strip():
            continue
        # TAP_KLAVIYO_EU_START_DATE is of another tap, named tap-klaviyo-eu.
        if any(name.endswith(f"_{other}") for other in known):
            continue
        near = difflib.get_close_matches(name, known, n=1)
        if near:
            yield f"unknown environment variable {variable}; did you mean {prefix}{near[0]}?"
        else:
            logger.warning("Environment variable %s is not a setting", variable)
