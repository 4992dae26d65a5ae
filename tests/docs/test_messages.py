"""docs/messages.md has every line that the tap can say when something goes wrong, with its cause and what to do."""

from __future__ import annotations

import re
import textwrap

import pytest

from tools.messages.collect import SOURCE, Message, messages
from tools.messages.page import PAGE, SECTIONS, rows, section_of, written

KNOWN = rows(PAGE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found():
    """The messages of the source, which take a while to find."""
    return messages()


@pytest.fixture
def lines(found):
    return {message.text for message in found}


def test_the_page_has_the_messages_of_the_source(found):
    assert written(found, KNOWN) == PAGE.read_text(encoding="utf-8"), "run python -m tools.messages"


def test_every_message_has_a_cause_and_a_remedy(lines):
    assert [text for text in lines if not all(KNOWN.get(text, ("", "")))] == []


def test_messages_are_in_the_terms_of_the_field(lines):
    """Whoever reads them at night looks them up elsewhere: response, string, per, unknown, retry, full refresh."""
    unusual = re.compile(
        r"\banswers?\b|\btexts\b|half a char|\ba (minute|second|day|request)\b|no such|\b[Mm]end\b|anew"
    )
    assert [text for text in lines if unusual.search(text)] == []


@pytest.mark.parametrize(
    "line",
    [
        "the config file '<path>' does not exist; check the path given to --config",  # raised
        "the next link points to a page that was already read; run again later",  # with more arguments
        "page size <size> was rejected; retrying with <smaller>",  # logged, with arguments
        "…; retrying, up to <retry> times",  # logged, at a level that is computed
        "unknown setting '<name>'; …",  # yielded by a function that lists what is wrong
        "a value of '<column>' in Klaviyo's response does not match its type and was set to null",  # warned of once
        "records_path <records path> matches nothing in a response",  # handed on to what warns
        "unknown field '…'; …",  # handed to a method that raises
        "cursor_path is not a valid JSONPath; write one like $.links.next",  # handed on twice
        "setting auth_token is missing: set a private API key (in Klaviyo: Settings, API keys)",  # of a function
        "the metric '<shown>' was <gone> in earlier runs, which Klaviyo no longer lists",  # handed to a parameter
    ],
)
def test_each_way_to_say_something_is_seen(line, lines):
    assert line in lines


@pytest.fixture
def source(tmp_path):
    """A package that says one thing, in the way that a test gives."""

    def write(code):
        (tmp_path / "tap.py").write_text(textwrap.dedent(code), encoding="utf-8")
        return [message.text for message in messages(tmp_path)]

    return write


def test_a_new_error_is_a_new_message(source):
    found = source(
        """
        class OddError(Exception):
            pass

        def read(name: str, count: int) -> None:
            if count:
                message = f"the file '{name}' is odd: {count} times"
            else:
                message = "there is no file at all"
            raise OddError(message)
        """
    )
    assert found == ["the file '<name>' is odd: <count> times", "there is no file at all"]
    assert all(f"| `{line}` |  |  |" in written(messages_of(found), KNOWN) for line in found)


def messages_of(lines):
    return [Message("tap.py", line) for line in lines]


def test_a_new_warning_is_a_new_message(source):
    assert source(
        """
        def read(self, size: int) -> None:
            logger.warning("%s: page %d is odd", self.stream, size)
            logger.info("all is well with this page")
        """
    ) == ["page <size> is odd"]


def test_what_is_handed_to_a_function_that_raises_is_a_message_of_whoever_calls(source):
    assert source(
        """
        class OddError(Exception):
            pass

        class Entry:
            def fail(self, problem: str) -> None:
                message = f"{self.where}: {problem}"
                raise OddError(message)

            def refuse(self, field: str, why: str) -> None:
                self.fail(f"{field} {why}")

        def check(entry: Entry) -> None:
            entry.refuse("page_size", "is of no use here")
        """
    ) == ["page_size is of no use here"]


def test_a_reworded_message_keeps_its_row():
    before = "the config file '<path>' is nowhere to be found"
    after = "the config file '<path>' is nowhere to be seen"
    page = written(messages_of([after]), {before: ("Lost.", "Look for it.")})
    assert rows(page) == {after: ("Lost.", "Look for it.")}


def test_every_module_has_a_section(found):
    modules = [path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py")]
    saying = [module for module in modules if any(message.module == module for message in found)]
    assert {section_of(module) for module in saying} == {*SECTIONS}
