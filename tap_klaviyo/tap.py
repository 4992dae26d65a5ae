"""The tap: settings in, streams out."""

from __future__ import annotations

import contextlib
import copy
import signal
import threading
import time
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from singer_sdk import Tap
from singer_sdk.singerlib import StateMessage

from tap_klaviyo import cli
from tap_klaviyo.config.schema import CONFIG_JSONSCHEMA, SHAPING
from tap_klaviyo.config.validation import SettingsError, from_environment, plain, problems
from tap_klaviyo.http.errors import PermissionDeniedError, UnauthorizedError, UnreachableError
from tap_klaviyo.memory import share_memory
from tap_klaviyo.polling import poll
from tap_klaviyo.records.stream_options import check_streams
from tap_klaviyo.streams.registry import STREAMS, own_streams
from tap_klaviyo.streams.reports.builtin import report_streams
from tap_klaviyo.sync.catalog import with_list_members, with_replication_methods
from tap_klaviyo.sync.emitter import StoppedByUser
from tap_klaviyo.sync.progress import Progress, summary
from tap_klaviyo.sync.session import SharedTap
from tap_klaviyo.sync.state import loaded
from tap_klaviyo.sync.writer import LineWriter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from tap_klaviyo.streams.base import KlaviyoStream

_STATE_SECONDS = 1.0
_SIGNALLED = 128  # and the signal's number: what a shell says of a process that a signal ended


class TapKlaviyo(SharedTap):
    """Reads Klaviyo."""

    name = "tap-klaviyo"
    package_name = "singer-tap-klaviyo"
    config_jsonschema = CONFIG_JSONSCHEMA
    message_writer_class = LineWriter

    def __init__(
        self, *, config: Any = None, catalog: Any = None, parse_env_config: bool = False, **kwargs: Any
    ) -> None:
        self.started_at = datetime.now(UTC)
        self.stopping = threading.Event()
        self._signal = int(signal.SIGTERM)
        self.failures: list[str] = []
        self._progress: dict[str, Progress] = {}
        self.share()
        self._state_at = 0.0
        if parse_env_config:
            config = {**(config or {}), **from_environment(self)}
        if isinstance(catalog, dict):
            catalog = with_replication_methods(catalog)
        super().__init__(config=plain(config or {}), catalog=catalog, **kwargs)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Replace the SDK's check, which quotes the bad value: that may be a secret in the wrong place."""
        self.append_builtin_config(self.config_jsonschema)
        self._fill_defaults()
        found = list(problems(self._config, self.config_jsonschema))
        # Discovery goes without a check, since it needs no key; it does need to know what streams there are.
        shaping = {name: self._config[name] for name in SHAPING if name in self._config}
        fatal = found if raise_errors else list(problems(shaping, self.config_jsonschema))
        if fatal:
            raise SettingsError("; ".join(fatal))
        for problem in found:
            self.logger.warning(problem)
        return found

    def _fill_defaults(self) -> None:
        for name, schema in self.config_jsonschema["properties"].items():
            if "default" in schema and self._config.get(name) is None:
                self._config[name] = copy.deepcopy(schema["default"])

    def discover_streams(self) -> Sequence[KlaviyoStream]:
        """Return every stream; nothing is requested, and no key is needed."""
        streams: list[KlaviyoStream] = [stream(self) for stream in STREAMS]
        streams += report_streams(self, [stream.name for stream in streams])
        streams += [stream(self) for stream in own_streams(self.config, [one.name for one in streams], self.started_at)]
        check_streams(self.config.get("stream_options"), [stream.name for stream in streams])
        return streams

    @property
    def catalog_dict(self) -> dict[str, Any]:
        """The catalog, with the members of lists of objects among what can be selected."""
        return with_list_members(super().catalog_dict)

    def setup_mapper(self) -> None:
        """Register the streams as selected: they take the catalog over first."""
        self.streams  # noqa: B018
        super().setup_mapper()

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over the state of an earlier run, or of another Klaviyo tap.

        Raises:
            BrokenStateError: It cannot be resumed.
        """
        known = {stream.name: stream.declared_replication_key for stream in self.klaviyo_streams()}
        super().load_state(loaded(state, known))

    # Command line

    @classmethod
    def cb_config(cls, *args: Any) -> cli.GivenConfig:  # type: ignore[override]
        """Read the settings; a file that cannot be read is named."""
        return cli.read_config(args[-1])

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Sync once, or until told to stop, and end with 1 where a stream failed."""
        super(Tap, cls).invoke(about=about, about_format=about_format)
        selected = cli.read_json(catalog, "catalog")

        def make(state: dict[str, Any] | None) -> TapKlaviyo:
            return cls(
                config=config.config,
                state=state,
                catalog=copy.deepcopy(selected),
                parse_env_config=config.parse_env,
            )

        tap = make(cli.read_json(state, "state"))
        tap.http  # noqa: B018 - a missing key is said before anything is written
        if tap.config.get("include_account_id"):
            tap.account_id  # noqa: B018 - it is part of every key: without it no stream can be read
        if tap.config.get("poll_interval_ms") is not None:
            poll(tap, make)
            return
        try:
            tap.sync_once()
        finally:
            tap.log_summary()
        if tap.failures:
            raise SystemExit(1)

    def take_over(self, earlier: TapKlaviyo) -> None:
        """Go on with the connection of an earlier tap, and without repeating its warnings."""
        self.http = earlier.http
        self._warned = earlier._warned

    # One sync

    def sync_once(self) -> None:
        """Sync all selected streams; however that ends, nothing reads any more afterwards."""
        try:
            self._start_background()
            self.sync_all()
        finally:
            for stream in self.klaviyo_streams():
                stream.close_reader()

    def _start_background(self) -> None:
        """Start all streams that Klaviyo's limits make slow: a sync lasts as long as its slowest, not as their sum."""
        if self.config["max_workers"] == 1:
            return
        for stream in self.klaviyo_streams():
            if stream.selected and stream.slow and stream.ABORT_AT_RECORD_COUNT is None:
                with contextlib.suppress(Exception):  # raised again when it is the stream's turn
                    stream.reader.start(stream.name)

    def write_state_soon(self) -> None:
        """Write a STATE, unless the last one is less than a second old."""
        if time.monotonic() - self._state_at >= _STATE_SECONDS:
            self.write_state()

    def write_state(self) -> None:
        """Write a STATE and hand everything over to the target."""
        # Not the SDK's writer, which keeps an unchanged state back: a target may forget one that records follow.
        self.message_writer.write_message(StateMessage(value=self.state))
        self.writer.flush()
        self._state_at = time.monotonic()

    def note_failure(self, stream: KlaviyoStream, error: Exception) -> None:
        """Log a stream's failure in one line and go on with the others, or end at once where none can be read."""
        if isinstance(error, PermissionDeniedError) and self.config.get("on_permission_denied") == "skip":
            self.logger.warning("%s: skipped: %s", stream.name, error)
            return
        self.failures.append(stream.name)
        self.logger.error("%s: %s", stream.name, cli.in_one_line(error))
        self.logger.debug("Traceback", exc_info=error)
        unreachable = isinstance(error, UnreachableError) and error.status is None and not self._answered
        testing = stream.ABORT_AT_RECORD_COUNT is not None  # the SDK's `--test` ends with 0 whatever happened
        if unreachable or testing or isinstance(error, UnauthorizedError):
            if not any(found.records for found in self._progress.values()):
                self._progress.clear()  # no table of zeros: `meltano config test` shows the last line
            raise SystemExit(1)  # no stream can be read

    @property
    def _answered(self) -> bool:
        return any(tally.received for tally in self._tallies.values())

    def progress(self, stream: KlaviyoStream) -> Progress:
        """Begin to show how far a stream is."""
        found = self._progress[stream.name] = Progress(stream.name, stream.reading, stream.tally)
        return found

    def log_summary(self) -> None:
        """Log what each stream of the sync came to."""
        rows = [(name, found.records, found.tally) for name, found in self._progress.items()]
        for line in summary(rows) if rows else ():
            self.logger.info(line)

    def end_stopped(self) -> None:
        """Write the state and end the process.

        Raises:
            StoppedByUser: Always.
        """
        self.write_state()
        raise StoppedByUser(_SIGNALLED + self._signal)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Ask the sync to end; the SDK's own handler writes STATE from inside the signal, in the middle of a line.

        The second signal ends the process as it stands: a target that takes nothing would hold it for ever.
        """
        self._signal = signum
        self.stopping.set()
        signal.signal(signum, signal.SIG_DFL)


def main() -> None:
    """Run the command line."""
    share_memory()
    cli.run(TapKlaviyo)


if __name__ == "__main__":
    main()
