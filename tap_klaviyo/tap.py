"""The tap: settings in, streams out."""

from __future__ import annotations

import contextlib
import copy
import threading
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import click
from singer_sdk import Tap

from tap_klaviyo import cli
from tap_klaviyo.config.environment import from_environment
from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.config.schema import CONFIG_JSONSCHEMA
from tap_klaviyo.config.settings import Settings
from tap_klaviyo.config.validation import problems, warnings
from tap_klaviyo.config.values import fill_defaults, plain, typed
from tap_klaviyo.memory import freeze_imports, share_heap
from tap_klaviyo.polling import Waits, poll
from tap_klaviyo.streams import suggest
from tap_klaviyo.streams.base import BaseStream
from tap_klaviyo.streams.registry import opened
from tap_klaviyo.streams.trial import tried
from tap_klaviyo.sync.catalog import checked, what_is_not_read, with_list_members, with_replication_methods
from tap_klaviyo.sync.clock import Clock
from tap_klaviyo.sync.connection import check
from tap_klaviyo.sync.endings import exit_code
from tap_klaviyo.sync.output import Output
from tap_klaviyo.sync.session import Session
from tap_klaviyo.sync.state import taken_over
from tap_klaviyo.sync.stream_maps import mapper_of
from tap_klaviyo.sync.turns import longest_waiting_first
from tap_klaviyo.sync.watchdog import hearing
from tap_klaviyo.sync.writer import LineWriter, line_writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_klaviyo.sync.stopping import Stopping


class TapKlaviyo(Tap):
    """Moves a Klaviyo account into any warehouse: profiles, events, campaigns, flows, lists, segments, reports."""

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
        self.stopping: Stopping = earlier.stopping if earlier else cli.stopping()
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
        fill_defaults(self._config, self.config_jsonschema)
        found = list(problems(self._config, self.config_jsonschema))
        if found:
            raise SettingsError("; ".join(found))
        for warning in warnings(Settings.of(self._config), self.started_at):
            self.logger.warning(warning)
        return []

    def discover_streams(self) -> Sequence[BaseStream]:
        """Return every stream; nothing is requested, and no key is needed."""
        self.session = self._open_session()
        return opened(self, self.session)

    def _open_session(self) -> Session:
        output = Output(lambda: line_writer(self.message_writer), lambda: self.state, self.stopping)
        return Session.begin(Settings.of(self.config), Clock(self.started_at), self.stopping, output, self._earlier)

    def klaviyo_streams(self) -> Iterator[BaseStream]:
        """Yield the streams as what they are."""
        for stream in self.streams.values():
            if isinstance(stream, BaseStream):  # pragma: no branch - the SDK's type allows others, there are none
                yield stream

    @property
    def catalog_dict(self) -> dict[str, Any]:
        """The catalog, with the members of lists of objects among what can be selected."""
        return with_list_members(super().catalog_dict if self.input_catalog else self.catalog.to_dict())

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
    def get_singer_command(cls) -> click.Command:
        """Return the command line."""
        return cli.explained(super().get_singer_command(), suggest.option(cls, lambda tap: opened(tap, tap.session)))

    @classmethod
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:  # noqa: ARG003, FBT001
        """Write the catalog; settings that a sync would refuse are refused."""
        if value:
            given = ctx.params["config"]
            tap = cls(config=given.config, parse_env_config=given.parse_env)
            check(tap.session.settings)
            tap.run_discovery()
            ctx.exit()

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:  # noqa: ARG003
        """Write the schemas of the selected streams, or try each of them and say what came of it."""
        if value != cli.NO_TEST:
            given, catalog = ctx.params["config"], cli.read_json(ctx.params.get("catalog"), "catalog")
            tap = cls(config=given.config, catalog=catalog, parse_env_config=given.parse_env)
            done = cli.write_schemas(tap) if value == cli.TEST_SCHEMAS else tried(tap, tap.session, click.echo)
            ctx.exit(0 if done else 1)

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
            read = {"config": config.config, "parse_env_config": config.parse_env, "catalog": copy.deepcopy(selected)}
            return cls(**read, state=state, earlier=earlier)

        tap = make(cli.read_json(state, "state"))
        session, interval = tap.session, tap.session.settings.poll_interval_ms
        session.sources.http  # noqa: B018 - a missing key is said before anything is written
        with session.output.ended_when_told():
            session.account.columns()  # if the account's id is part of every key, no stream can be read without it
        if interval is not None:
            waits = Waits.of(session.settings, interval)
            poll(tap, waits, lambda earlier, state: make(state, earlier))  # until the process ends
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
        longest_waiting_first(self.streams, self.state.get("bookmarks", {}))
        try:
            with self.session.output.ended_when_told():
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
        self.session.board.log_summary(self.state, exit_code(failed=bool(self.failures)))

    def hang_up(self) -> None:
        """Close the connection."""
        self.session.sources.http.close()

    def end_if_told(self) -> None:
        """Write the state and end the process, if it was told to end."""
        self.session.output.end_if_told()

    def _setup_signal_handlers(self) -> None:
        """Replace the SDK's handler, which writes STATE from inside the signal, in the middle of a line."""
        if threading.current_thread() is threading.main_thread():
            self.stopping.listen()


def run(stopping: Stopping) -> None:
    """Run the command line, whose signals are heard already."""
    freeze_imports()
    cli.run(TapKlaviyo, stopping)


def main() -> None:
    """Run the command line."""
    share_heap()
    with hearing() as stopping:
        run(stopping)


if __name__ == "__main__":
    main()
