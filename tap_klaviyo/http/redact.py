"""The one place that cleans text before a person reads it."""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
import weakref
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

MASK = "***"
_LONGEST_CHAIN = 32
_PIECE, _SHORTEST_PIECE = 12, 8  # characters of a part that is hidden too; half of a secret that is short
_HEX = re.compile(r"%[0-9A-F]{2}")
_URL_SAFE = str.maketrans("+/", "-_")
_SHORTEST = 4  # a shorter "secret" would blank out half of every line, and protects nothing

# In a URL the @ is percent-encoded, and what stands before it may be. The bound keeps a long line without any cheap.
_EMAIL = re.compile(
    r"(?:[^\s\"'`<>()\[\]{},;:@%&=?/\\]|%(?!22|27|28|2C|40)[0-9A-F]{2}){1,128}(?:@|%40)[\w-]+(?:\.[\w-]+)+",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"\bpk_[A-Za-z0-9_-]{4,}"  # a private key
    r"|\beyJ[A-Za-z0-9_*-]{8,}(?:\.[A-Za-z0-9_*-]+)*"  # a JSON web token, even if a part of it is masked already
    r"|(?<=Klaviyo-API-Key )[^\s'\",]+|(?<=Bearer )[^\s'\",]+|(?<=Basic )[^\s'\",]+"
    r"|(?<=refresh_token=)[^\s&'\"]+|(?<=access_token=)[^\s&'\"]+|(?<=client_secret=)[^\s&'\"]+"
)


class Secret:
    """A value that is shown to nobody; while it is alive, `clean` knows it wherever it turns up."""

    __slots__ = ("__weakref__", "_pieces", "_spellings", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._pieces: frozenset[str] | None = None
        self._spellings: frozenset[str] | None = None
        with _LOCK:
            _ALIVE.add(self)

    def reveal(self) -> str:
        """The value itself, for the wire only."""
        return self._value

    @property
    def spellings(self) -> frozenset[str]:
        """The value as it may stand in a text: plain, escaped, in a URL or a form, and in base64, padded or not."""
        if self._spellings is None:
            self._spellings = frozenset(self._spelled())
        return self._spellings

    def _spelled(self) -> set[str]:
        data = self._value.encode("utf-8", "surrogatepass")
        encoded = {base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()}
        for before in (1, 2):  # as part of a longer text, a user's name and a colon before it, say
            inner = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
            encoded |= {inner[4:-1], inner[4:-1].translate(_URL_SAFE)}
        percent = {quote(self._value, safe="", errors="replace"), quote_plus(self._value, errors="replace")}
        percent |= {_HEX.sub(lambda match: match[0].lower(), text) for text in percent}
        escaped = {json.dumps(self._value)[1:-1], repr(self._value)[1:-1]}
        return {self._value, *percent, *escaped, *encoded, *(text.rstrip("=") for text in encoded)}

    @property
    def pieces(self) -> frozenset[str]:
        """The shortest parts of the value, in any spelling, that give too much of it away."""
        if self._pieces is None:
            length = self._piece
            self._pieces = frozenset(
                text[begin : begin + length] for text in self.spellings for begin in range(len(text) - length + 1)
            )
        return self._pieces

    @property
    def _piece(self) -> int:
        return min(_PIECE, max(_SHORTEST_PIECE, len(self._value) // 2))

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
    with _LOCK:  # each round of polling holds the same key anew
        secrets = [*{secret.reveal(): secret for secret in _ALIVE}.values()]
    spellings = {spelling for secret in secrets for spelling in secret.spellings if len(spelling) >= _SHORTEST}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, MASK)
    for secret in secrets:
        text = _without_pieces(text, secret.pieces)
    return _EMAIL.sub(MASK, _TOKEN.sub(MASK, text))


def _without_pieces(text: str, pieces: frozenset[str]) -> str:
    """The text with each run of pieces masked: a library may have cut a secret, or wrapped it in a line."""
    length = len(next(iter(pieces), ""))
    if not length or len(text) < length:
        return text
    kept, end = [], 0
    begin = 0
    while begin <= len(text) - length:
        if text[begin : begin + length] not in pieces:
            begin += 1
            continue
        kept += [text[end:begin], MASK]
        end = begin + length
        while text[end - length + 1 : end + 1] in pieces and end < len(text):
            end += 1
        begin = end
    return "".join([*kept, text[end:]]) if kept else text


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
