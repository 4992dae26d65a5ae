"""Requests for an OAuth token: within the slots and the retries, outside of any quota."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tap_klaviyo.http.counters import Tally
from tap_klaviyo.http.errors import FailedTryError
from tap_klaviyo.http.grants import final
from tap_klaviyo.http.responses import failed_try
from tap_klaviyo.http.retry import Tries

if TYPE_CHECKING:
    import threading

    from tap_klaviyo.http.clock import ServerClock
    from tap_klaviyo.http.origin import Origin
    from tap_klaviyo.http.redact import Secret
    from tap_klaviyo.http.request import Response
    from tap_klaviyo.http.settings import HttpSettings
    from tap_klaviyo.http.transport import Transport
    from tap_klaviyo.http.waiting import Patience

_PATH = "/oauth/token"
_LABEL = f"POST {_PATH}"


class TokenEndpoint:
    """Klaviyo's token endpoint, for one thread that needs a token; `stop` ends its waits with `StoppedError`."""

    def __init__(  # noqa: PLR0913 - what the client's requests share
        self,
        settings: HttpSettings,
        origin: Origin,
        *,
        transport: Transport,
        patience: Patience,
        slots: threading.BoundedSemaphore,
        clock: ServerClock,
        stop: threading.Event | None,
    ) -> None:
        self._settings = settings
        self._origin = origin
        self._transport = transport
        self._patience = patience
        self._slots = slots
        self._clock = clock
        self._stop = stop

    def post(self, form: bytes, basic: Secret) -> Response:
        """The response to a form, with the client's id and secret in base64."""
        tally = Tally()
        tries = Tries(
            self._settings.policy,
            label=_LABEL,
            host=self._origin.host,
            tally=tally,
            pause=None,
            rest=self.rest,
            now=self._clock.now,
        )
        headers = self._settings.headers(
            {
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded",
                "Authorization": f"Basic {basic.reveal()}",
            }
        )
        exchange = partial(
            self._transport.exchange,
            "POST",
            self._origin.url(_PATH),
            headers=headers,
            body=form,
            label=_LABEL,
            tally=tally,
        )
        while True:
            try:
                with self._patience.held(self._slots, _LABEL, self._stop):
                    answer = self._patience.apart(exchange, _LABEL, self._stop)
                self._clock.note(answer.headers)
                failure = None if final(answer) else failed_try(answer, self._clock.now())
            except FailedTryError as error:
                failure = error
            if failure is None:
                return answer
            tries.failed(failure)

    def rest(self, seconds: float) -> None:
        """Wait for so long, or until there is a reason to stop."""
        self._patience.rest(seconds, _LABEL, self._stop)
