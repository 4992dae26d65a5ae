"""The tap: settings in, streams out."""

from __future__ import annotations

import contextlib
import copy
import signal
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from singer_sdk import Tap

from tap_klaviyo import cli
from tap_klaviyo.config.environment import from_environment
from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.config.schema import CONFIG_JSONSCHEMA
from tap_klaviyo.config.settings import Settings
from tap_klaviyo.config.stream_options import check_streams
from tap_klaviyo.config.validation import problems, warnings
from tap_klaviyo.config.values import plain, typed
from tap_klaviyo.memory import share_memory
from tap_klaviyo.polling import Waits, poll
from tap_klaviyo.streams.base import BaseStream
from tap_klaviyo.streams.registry import every_stream
from tap_klaviyo.sync.account import Account
from tap_klaviyo.sync.board import Board
from tap_klaviyo.sync.catalog import checked, what_is_not_read, with_list_members, with_replication_methods
from tap_klaviyo.sync.clock import Clock
from tap_klaviyo.sync.failures import Failures
from tap_klaviyo.sync.output import Output
from tap_klaviyo.sync.parents import ParentIds
from tap_klaviyo.sync.session import Session
from tap_klaviyo.sync.sources import Sources
from tap_klaviyo.sync.state import taken_over
from tap_klaviyo.sync.stopping import Stopping
from tap_klaviyo.sync.stream_maps import mapper_of
from tap_klaviyo.sync.writer import LineWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType


class TapKlaviyo(Tap):
    """Reads Klaviyo."""

    name = "tap-klaviyo"
    package_name = "singer-tap-klaviyo"
    config_jsonschema = CONFIG_JSONSCHEMA
    message_writer_class = LineWriter

    def __init__(
        self,
        *,
        config: Any = None,
        catalog: Any = None,
        parse_env_config: bool = False,
        earlier: TapKlaviyo | None = None,
        now: datetime | None = None,
        **kwargs: Any,
    ) -> None:
        """Make a tap whose sync begins ``now``; one that comes after an ``earlier`` one goes on with its connection."""
        self.started_at = now or datetime.now(UTC)
        self.stopping = Stopping()
        self._earlier = earlier.session.sources if earlier else None
        self.append_builtin_config(self.config_jsonschema)
        config = typed(plain(config or {}), self.config_jsonschema)
        if parse_env_config:
            config |= from_environment(self._env_var_prefix, self.config_jsonschema)
        if isinstance(catalog, dict):
            catalog = with_replication_methods(checked(catalog))
        super().__init__(config=config, catalog=catalog, **kwargs)
        if isinstance(catalog, dict):
            selected = [name for name, stream in self.streams.items() if stream.selected]
            for warning in what_is_not_read(catalog, [*self.streams], selected):
                self.logger.warning(warning)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:  # noqa: ARG002 - discovery checks them too
        """Replace the SDK's check, which quotes the bad value: that may be a secret in the wrong place."""
        self._fill_defaults()
        found = list(problems(self._config, self.config_jsonschema))
        if found:
            raise SettingsError("; ".join(found))
        for warning in warnings(Settings.of(self._config), self.started_at):
            self.logger.warning(warning)
        return []

    def _fill_defaults(self) -> None:
        for name, schema in self.config_jsonschema["properties"].items():
            if "default" in schema and self._config.get(name) is None:
                self._config[name] = copy.deepcopy(schema["default"])

    def discover_streams(self) -> Sequence[BaseStream]:
        """Return every stream; nothing is requested, and no key is needed."""
        self.session = self._open_session()
        streams = every_stream(self, self.session)
        check_streams(self.session.settings.stream_options, [stream.name for stream in streams])
        for stream in streams:
            listing = stream.listing()
            if listing is not None:
                self.session.parent_ids.register(stream.name, listing)
        return streams

    def _open_session(self) -> Session:
        settings = Settings.of(self.config)
        sources = Sources(settings, self.stopping, self._earlier)
        board = Board(settings.report_file, goes_on=settings.poll_interval_ms is not None)
        return Session(
            settings=settings,
            clock=Clock(self.started_at),
            stopping=self.stopping,
            sources=sources,
            output=Output(lambda: self.writer, lambda: self.state, self.stopping),
            parent_ids=ParentIds(),
            account=Account(sources, in_records=settings.include_account_id),
            board=board,
            failures=Failures(sources, board, skips_denied=settings.on_permission_denied == "skip"),
        )

    def klaviyo_streams(self) -> Iterator[BaseStream]:
        """Yield the streams as what they are."""
        for stream in self.streams.values():
            if isinstance(stream, BaseStream):
                yield stream

    @property
    def writer(self) -> LineWriter:
        """The owner of stdout."""
        writer = self.message_writer
        if not isinstance(writer, LineWriter):
            msg = "another message writer was put in place"
            raise TypeError(msg)
        return writer

    @property
    def catalog_dict(self) -> dict[str, Any]:
        """The catalog, with the members of lists of objects among what can be selected."""
        return with_list_members(super().catalog_dict)

    def setup_mapper(self) -> None:
        """Make the stream maps; the streams take the catalog over first."""
        streams = self.streams
        self.mapper = mapper_of(self.config, self.catalog, streams, self.logger)

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over the state of an earlier run, or of another Klaviyo tap.

        Raises:
            BrokenStateError: It cannot be resumed.
        """
        known = {stream.name: stream.declared_replication_key for stream in self.klaviyo_streams()}
        super().load_state(taken_over(state, known, self.session.sources.warn_once))

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

        def make(state: dict[str, Any] | None, earlier: TapKlaviyo | None = None) -> TapKlaviyo:
            return cls(
                config=config.config,
                state=state,
                catalog=copy.deepcopy(selected),
                parse_env_config=config.parse_env,
                earlier=earlier,
            )

        tap = make(cli.read_json(state, "state"))
        session, interval = tap.session, tap.session.settings.poll_interval_ms
        session.sources.http  # noqa: B018 - a missing key is said before anything is written
        session.account.columns()  # if the account's id is part of every key, no stream can be read without it
        if interval is not None:
            waits = Waits.of(session.settings, interval)
            poll(tap, waits, lambda earlier, state: make(state, earlier))
            return
        try:
            tap.sync_once()
        finally:
            tap.log_summary()
        if tap.failures:
            raise SystemExit(1)

    # One sync

    def sync_once(self) -> None:
        """Sync all selected streams; however that ends, nothing reads any more afterwards."""
        self.session.board.expect({name: stream.selected for name, stream in self.streams.items()})
        try:
            self._start_background()
            self.sync_all()
        finally:
            for stream in self.klaviyo_streams():
                stream.beginning.close()

    def _start_background(self) -> None:
        """Start all streams that Klaviyo's limits make slow: a sync lasts as long as its slowest, not as their sum."""
        if self.session.settings.max_workers == 1:
            return
        for stream in self.klaviyo_streams():
            if stream.selected and stream.endpoint.limits.slow and stream.ABORT_AT_RECORD_COUNT is None:
                with contextlib.suppress(Exception):  # raised again when it is the stream's turn
                    stream.beginning.start()

    @property
    def failures(self) -> list[str]:
        """The streams that failed."""
        return self.session.failures.streams

    def log_summary(self) -> None:
        """Log what each stream of the sync came to."""
        code = self.stopping.exit_code if self.stopping.is_set() else int(bool(self.failures))
        self.session.board.log_summary(self.state, code)

    def hang_up(self) -> None:
        """Close the connection."""
        self.session.sources.http.close()

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Ask the sync to end; the SDK's own handler writes STATE from inside the signal, in the middle of a line.

        The second signal ends the process as it stands: a target that takes nothing would hold it for ever.
        """
        self.stopping.by(signum)
        signal.signal(signum, signal.SIG_DFL)


def main() -> None:
    """Run the command line."""
    share_memory()
    cli.run(TapKlaviyo)


if __name__ == "__main__":
    main()
