"""The command line: what goes wrong is one line on stderr, and no secret is in it."""

from __future__ import annotations

import json
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

import click
from singer_sdk.about import AboutFormatter, AboutInfo

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.http.redact import RedactingFilter
from tap_klaviyo.sync.endings import UNTOUCHED, StoppedByUser, ended_when_told
from tap_klaviyo.sync.failures import in_one_line
from tap_klaviyo.sync.stopping import Stopping
from tap_klaviyo.sync.writer import check_output, leave_pipe, nobody_reads, output_failed

if TYPE_CHECKING:
    from collections.abc import Collection

    from singer_sdk import Tap

NO_TEST = "disabled"
TEST_SCHEMAS = "schema"

_HELP = """Move a Klaviyo account into any warehouse, as a Singer tap.

A sync writes Singer messages to stdout, which a target loads; the log goes to stderr. It goes on where the STATE of
an earlier run ended.

\b
Examples:
  tap-klaviyo --config config.json --test
      Is my key right? One small page of each stream, and what the key lacks.
  tap-klaviyo --config config.json --discover > catalog.json
      Everything there is to read, to select from.
  tap-klaviyo --config config.json --catalog catalog.json --state state.json | target-jsonl
      Read what was selected and is new.

Without a key: TAP_KLAVIYO_API_URL=sandbox:// tap-klaviyo --config=ENV reads a made-up shop.
"""
_OPTIONS = {
    "about": "Show version, capabilities and settings with their defaults.",
    "about_format": "How --about writes them.",
    "config": "A JSON file with the settings, or ENV for environment variables (TAP_KLAVIYO_...); may be repeated.",
    "discover": "Write the catalog; no key is needed.",
    "test": "Ask one small page of each selected stream and show stream, scopes, result and first row; exit 1 if one "
    "cannot be read. --test=schema writes the SCHEMA messages and asks nothing.",
    "catalog": "The catalog, with what is selected.",
    "state": "The STATE of an earlier run.",
    "version": "Show the version.",
}

_LOG_CONFIG = "SINGER_SDK_LOG_CONFIG"
_OURS = ("tap_klaviyo", "tap-klaviyo")
_DESELECTED = "Skipping deselected stream '%s'."


def run(tap: type[Tap], stopping: Stopping) -> None:
    """Run the command line, and end the process: 1 for whatever went wrong, and what a shell expects after a signal."""
    sys.exit(_run(tap, stopping))


def _run(tap: type[Tap], stopping: Stopping) -> int:
    logger = logging.getLogger(tap.name)
    try:
        with ended_when_told(stopping, lambda: _end(stopping)):
            command = _command(tap)
            check_output()
            code: int | None = command(standalone_mode=False, obj=stopping)
            sys.stdout.flush()
    except StoppedByUser as end:
        logger.warning("stopped by %s; the next run goes on from %s", end.cause, end.goes_on_from)
        return stopping.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:
        if output_failed(error):
            leave_pipe(error)
            return 1
        logger.error(in_one_line(error))  # noqa: TRY400
        logger.debug("Traceback", exc_info=True)
        return 1
    return code or 0


def _end(stopping: Stopping) -> NoReturn:
    """End what does not write a state, or cannot yet."""
    if stopping.target_gone:
        nobody_reads()
    raise StoppedByUser(stopping, UNTOUCHED)


def stopping() -> Stopping:
    """Return the wish that this command ends; one of its own for a tap that no command line makes."""
    context = click.get_current_context(silent=True)
    return context.obj if context is not None and isinstance(context.obj, Stopping) else Stopping()


def explained(command: click.Command, *more: click.Option) -> click.Command:
    """Say what the command does; the catalog is read before the options that act on it, in whatever order they come."""
    command.help = _HELP
    command.params.extend(more)
    for option in command.params:
        if isinstance(option, click.Option):  # pragma: no branch - the SDK's command takes options alone
            option.help = _OPTIONS.get(str(option.name), option.help)
            option.is_eager = option.is_eager or option.name == "catalog"
            if option.name == "test":
                option.type, option.metavar = click.Choice([NO_TEST, "all", TEST_SCHEMAS]), "[all|schema]"
    return command


def write_schemas(tap: Tap) -> bool:
    """Write the SCHEMA messages of what a tap's catalog selects; of everything, if it was given none."""
    if tap.input_catalog is None:
        catalog = tap.catalog_dict
        for entry in catalog["streams"]:
            for item in entry["metadata"]:
                item["metadata"]["selected"] = True
        tap = type(tap)(config=dict(tap.config), catalog=catalog)
    for stream in tap.streams.values():
        if stream.selected:
            stream._write_schema_message()  # noqa: SLF001 - the SDK's `write_schemas` selects what is deselected
    return True


class TextFormatter(AboutFormatter, format_name="text"):
    """`--about` on a terminal: the SDK's own leaves out defaults and descriptions."""

    def format_about(self, about_info: AboutInfo) -> str:
        """Write everything that the JSON says of a setting, but for nested ones."""
        pythons = ", ".join(about_info.supported_python_versions or ())
        lines = [
            f"Name: {about_info.name}",
            f"Description: {about_info.description}",
            f"Version: {about_info.version}",
            f"SDK Version: {about_info.sdk_version}",
            f"Supported Python Versions: {pythons}",
            "Capabilities:",
            *(f"  - {capability}" for capability in about_info.capabilities),
            "Settings:",
        ]
        for name, schema in about_info.settings["properties"].items():
            kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
            lines += [
                f"  - Name: {name}",
                f"    Description: {schema.get('description', '')}",
                f"    Type: {' or '.join(kind for kind in kinds if kind != 'null')}",
                f"    Default: {json.dumps(schema['default']) if 'default' in schema else 'none'}",
                f"    Environment Variable: {about_info.env_var_prefix}{name.upper()}",
            ]
        return "\n".join(lines)


def _command(tap: type[Tap]) -> click.Command:
    """Set up the logs, which is what asking the SDK for the command does."""
    try:
        return tap.cli
    except Exception as error:
        if _LOG_CONFIG not in os.environ:
            raise
        kind = type(error).__name__
        msg = f"the logging configuration named by {_LOG_CONFIG} cannot be used ({kind}): fix the file, or unset it"
        raise SettingsError(msg) from error
    finally:
        _guard_logs()


@dataclass(frozen=True, slots=True)
class GivenConfig:
    """The settings of the files that `--config` names, where later ones win, and whether the environment has more."""

    config: dict[str, Any]
    parse_env: bool


def read_config(names: Collection[str]) -> GivenConfig:
    """Read what `--config` names, each file once: it may be a pipe, as `<(...)` makes one.

    Raises:
        SettingsError: A file is not there, or holds no JSON object.
    """
    config: dict[str, Any] = {}
    files = [Path(name) for name in names if name != "ENV"]
    for path in files:
        config |= _object(path)
    return GivenConfig(config, parse_env="ENV" in names)


def _object(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        msg = f"the config file '{path}' does not exist; check the path given to --config"
        raise SettingsError(msg) from None
    return _json_object(content, f"the config file '{path}' does not contain a JSON object; fix it")


def _json_object(text: str | bytes, problem: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise SettingsError(problem)
    return content


def _guard_logs() -> None:
    """Clean whatever any handler writes, those of `SINGER_SDK_LOG_CONFIG` too."""
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    cleaning = RedactingFilter()
    for logger in loggers:
        for handler in logger.handlers:
            handler.addFilter(cleaning)
        if logger.name.partition(".")[0] in _OURS:
            logger.disabled = False  # a logging configuration turns off what was there before, unless it says not to
            logger.addFilter(_says_more)


def _says_more(record: logging.LogRecord) -> bool:
    """Leave out the SDK's line per stream that is not selected: the end of a run counts them."""
    return record.msg != _DESELECTED


def read_json(file: IO[str] | None, what: str) -> dict[str, Any] | None:
    """Read a file that the command line names.

    Raises:
        SettingsError: It holds no JSON object.
    """
    if file is None:
        return None
    problem = (
        f"the {what} file '{file.name}' does not contain a JSON object; fix it, or omit --{what} to start from the "
        "beginning"
    )
    try:
        with file:
            content = file.read()
        return _json_object(content.removeprefix("\ufeff"), problem)  # some editors put a byte order mark first
    except UnicodeDecodeError:
        raise SettingsError(problem) from None
