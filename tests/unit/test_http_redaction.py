"""The redactor: what it knows never leaves, in no spelling that a remote may use."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitops.remote.redaction import LONGEST_TEXT, Redactor

SECRET = 'pa"ss/w örd+1'


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_no_spelling_of_a_secret_survives(spelled: str) -> None:
    """A remote may repeat a value plain, in JSON, in a URL or in base64: each is masked."""
    cleaned = Redactor([SECRET]).clean(f"before {spelled} after")
    assert "***" in cleaned
    assert cleaned.startswith("before")
    assert cleaned.endswith("after")
    assert spelled.strip('"=') not in cleaned


@given(st.text(), st.text(min_size=4), st.text())
def test_nothing_known_is_left(before: str, secret: str, after: str) -> None:
    """Whatever stands around it, a known value is not in what comes out, unless it is part of the mask."""
    cleaned = Redactor([secret]).clean(before + secret + after)
    assert secret not in cleaned.replace("***", "")


def test_a_line_of_a_secret_is_masked() -> None:
    """Of a value of several lines a remote may repeat one."""
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END PRIVATE KEY-----\n"
    assert Redactor([key]).clean("unexpected MIIEvQIBADANBgkqhkiG in line 2") == "unexpected *** in line 2"


def test_a_json_value_is_hidden_whole() -> None:
    """Strings are masked wherever they stand, and not cut; all else is left alone."""
    long = "s" * 5_000
    hidden = Redactor().hide({"message": f"got {long}", "issues": [{"path": ["a", 1], "message": long}]}, [long])
    assert hidden == {"message": "got ***", "issues": [{"path": ["a", 1], "message": "***"}]}


def test_a_value_of_one_request_is_masked_too() -> None:
    """Values that only one request holds are given with it and not kept."""
    redactor = Redactor()
    assert redactor.clean("got plain-text-1", ["plain-text-1"]) == "got ***"
    assert redactor.clean("got plain-text-1") == "got plain-text-1"


def test_a_forgotten_value_is_masked_no_more() -> None:
    """A value that opens nothing any more can be forgotten."""
    redactor = Redactor(["old-token"])
    redactor.discard("old-token")
    assert redactor.clean("old-token") == "old-token"


def test_the_cut_never_leaves_half_a_secret() -> None:
    """Cleaning comes before cutting, so that no prefix of a secret stands at the end."""
    secret = "S" * 50
    cleaned = Redactor([secret]).clean("x" * (LONGEST_TEXT - 10) + secret)
    assert "S" not in cleaned
    assert len(cleaned) <= LONGEST_TEXT


def test_a_message_is_one_line_without_control_characters() -> None:
    """A remote's line breaks and escape sequences do not reach a terminal or a log."""
    assert Redactor().clean("a\r\nb\x1b[31mc\u2028d") == "a b [31mc d"


def test_too_short_values_are_left_alone() -> None:
    """Masking a value of three letters would make every sentence unreadable."""
    assert Redactor(["the"]).clean("the end") == "the end"


def test_the_redactor_shows_nothing_of_what_it_knows() -> None:
    """Its `repr` gives only a number."""
    assert repr(Redactor(["secret-1", "secret-2"])) == "<Redactor of 2 values>"
