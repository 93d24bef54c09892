"""Logs have stable keys, and a second fence around secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jitops.runtime.settings import LogFormat
from jitops.runtime.telemetry import logs

Written = Callable[[LogFormat], io.StringIO]


@pytest.fixture
def written() -> Iterator[Written]:
    """Configure logging into a buffer, and undo that."""
    root = logging.getLogger()
    kept = (root.handlers[:], root.level, {name: logging.getLogger(name).level for name in logs.QUIET})

    def configure(style: LogFormat) -> io.StringIO:
        stream = io.StringIO()
        logs.configure("info", style, stream)
        return stream

    yield configure
    root.handlers[:] = kept[0]
    root.setLevel(kept[1])
    for name, level in kept[2].items():
        logging.getLogger(name).setLevel(level)


def test_json_lines_have_stable_keys(written: Written) -> None:
    """Each line is an object; an error comes with its traceback."""
    stream = written("json")
    logging.getLogger("a.b").info("said %s", "this")
    try:
        int("x")
    except ValueError:
        logging.getLogger("a.b").exception("failed")
    lines: list[dict[str, Any]] = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert lines[0].keys() == {"time", "level", "logger", "message"}
    assert (lines[0]["level"], lines[0]["logger"], lines[0]["message"]) == ("info", "a.b", "said this")
    assert "ValueError" in lines[1]["error"]


def test_text_is_one_line_a_record(written: Written) -> None:
    """The text form names level and logger, and leaves out what is below the level."""
    stream = written("text")
    logging.getLogger("a.b").warning("careful")
    logging.getLogger("a.b").debug("chatter")
    assert stream.getvalue().count("\n") == 1
    assert "WARNING a.b: careful" in stream.getvalue()


def test_kopf_does_not_report_each_event(written: Written) -> None:
    """At the level of the rest, kopf would tell of every event of every object as a success."""
    stream = written("text")
    logging.getLogger("kopf.objects").info("Handler 'resource_event' succeeded.")
    logging.getLogger("httpx").info("HTTP Request: GET …")
    assert not stream.getvalue()


@pytest.mark.parametrize(
    "message",
    [
        "Authorization: Bearer abcdefgh12345678",
        "headers {'authorization': 'Bearer abcdefgh12345678'}",
        "password=abcdefgh12345678",
        '{"apiKey": "key:abcdefgh12345678"}',
    ],
)
def test_what_looks_like_credentials_is_taken_out(written: Written, message: str) -> None:
    """No library's words carry a secret past the filter."""
    stream = written("json")
    logging.getLogger("x").info("sent %s", message)
    assert "abcdefgh12345678" not in stream.getvalue()
    assert "redacted" in stream.getvalue()


def test_plain_words_stay(written: Written) -> None:
    """A sentence about a Secret or a token is no secret."""
    stream = written("text")
    logging.getLogger("x").info("the Secret default/jitsu of spec.credentialsRef has no value under apiKey")
    assert "has no value under apiKey" in stream.getvalue()
