"""The one place that cleans text before a person reads it."""

from __future__ import annotations

import base64
import logging
import re
import threading
import weakref
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

MASK = "***"
_LONGEST_CHAIN = 32
_SHORTEST = 4  # a shorter "secret" would blank out half of every line, and protects nothing

# In a URL the @ is percent-encoded, and what stands before it may be. The bound keeps a long line without any cheap.
_EMAIL = re.compile(
    r"(?:[^\s\"'`<>()\[\]{},;:@%&=?/\\]|%(?!22|27|28|2C|40)[0-9A-F]{2}){1,128}(?:@|%40)[\w-]+(?:\.[\w-]+)+",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"\bpk_[A-Za-z0-9_-]{4,}"  # a private key
    r"|\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)*"  # a JSON web token
    r"|(?<=Klaviyo-API-Key )[^\s'\",]+|(?<=Bearer )[^\s'\",]+|(?<=Basic )[^\s'\",]+"
    r"|(?<=refresh_token=)[^\s&'\"]+|(?<=access_token=)[^\s&'\"]+|(?<=client_secret=)[^\s&'\"]+"
)


class Secret:
    """A value that is shown to nobody; while it is alive, `clean` knows it wherever it turns up."""

    __slots__ = ("__weakref__", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        with _LOCK:
            _ALIVE.add(self)

    def reveal(self) -> str:
        """The value itself, for the wire only."""
        return self._value

    def spellings(self) -> set[str]:
        """The value as it may stand in a text: plain, in a URL, and in base64."""
        encoded = base64.b64encode(self._value.encode()).decode()
        return {self._value, quote(self._value, safe=""), encoded}

    def __repr__(self) -> str:
        return MASK

    def __reduce__(self) -> str:
        message = "a secret does not leave the process"
        raise TypeError(message)


# Weak, so that the tokens of an hourly renewal do not pile up in a process that runs for months.
_ALIVE: weakref.WeakSet[Secret] = weakref.WeakSet()
_LOCK = threading.Lock()


def clean(text: str) -> str:
    """The text without known secrets, and without whatever looks like a key, a token or an e-mail address."""
    with _LOCK:
        secrets = list(_ALIVE)
    spellings = {spelling for secret in secrets for spelling in secret.spellings() if len(spelling) >= _SHORTEST}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, MASK)
    return _EMAIL.sub(MASK, _TOKEN.sub(MASK, text))


def brief(text: str, length: int = 300) -> str:
    """The cleaned text as one line of at most so many characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


class RedactingFilter(logging.Filter):
    """Cleans each record that passes; put it on handlers, since a logger's own filters miss what its children log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the message, the traceback and the stack; every record passes."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # arguments that do not fit: logging itself reports those
            message = str(record.msg)
        if (cleaned := clean(message)) != message:
            record.msg, record.args = cleaned, ()
        if record.exc_info and record.exc_info[0]:
            text = _FORMATTER.formatException(record.exc_info)
            # Some formatters also write what led to the error where the error says that this is nobody's business.
            hidden = "".join(map(str, _chain(record.exc_info[1])))
            cleaned = clean(text)
            if cleaned != text or clean(hidden) != hidden:
                record.exc_info, record.exc_text = None, cleaned
        if record.stack_info:
            record.stack_info = clean(record.stack_info)
        return True


_FORMATTER = logging.Formatter()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(_LONGEST_CHAIN):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
