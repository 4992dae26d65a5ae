"""What a document says that the generator cannot place."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 200


class DocumentError(ValueError):
    """A document is not what the generator can read: one line that names the place in it and the fact."""

    def __init__(self, place: str, fact: object) -> None:
        line = " ".join(f"{place}: {fact}".split())
        super().__init__(line if len(line) <= _LONGEST else f"{line[:_LONGEST]}...")


@contextmanager
def placing(place: str) -> Iterator[None]:
    """Turn whatever reading a misshapen part of a document raises into one ``DocumentError`` that names ``place``.

    The generator reads facts out of trees that are not its own, and each of its lookups may meet a missing key, another
    type, or a reference to nothing or to itself: what these raise is told here, once, and not at every lookup.
    """
    try:
        yield
    except DocumentError:
        raise
    except KeyError as error:
        raise DocumentError(place, f"{error.args[0]!r} is missing") from None
    except RecursionError:
        raise DocumentError(place, "a schema that refers to itself") from None
    except (TypeError, AttributeError, LookupError, ValueError) as error:
        raise DocumentError(place, f"has another form than expected ({error})") from None
