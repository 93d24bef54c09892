"""Prose that users and contributors read has none of the phrases that stop a reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.harness.pages import PAGES, SOURCES, prose
from tests.harness.repository import CRDS, EXAMPLES, OPERATOR, ROOT

FORBIDDEN = re.compile(
    r"\b(?:let|lets|letting) (?:it |them |all |everything |the resource )?go\b|\b(?:take|takes|taken|taking) \w* ?up\b"
    r"|\btold\b|\bours\b|\bthose that\b|\bwhat is\b",
    re.IGNORECASE,
)
"""Write instead: release or remove; find again or continue; reported or shown; jitops' or owned; the noun itself."""

STIFF = re.compile(
    r"\b(?:stands?|comes?|gone|lays?|bears?)\b(?!-)|\blook(?:s|ed)? at\b|\bwrit(?:es|ten) down\b", re.IGNORECASE
)
"""On pages besides: write is, exists, arrives; deleted; is in, has; check; write."""

WRITTEN = (
    *PAGES,
    ROOT / "helm/README.template.md",
    ROOT / "helm/jitops/values.yaml",
    ROOT / "helm/jitops/templates/NOTES.txt",
    ROOT / "helm/jitops/files/alerts.yaml",
    *sorted(EXAMPLES.rglob("*.yaml")),
)


def offenders(text: str, name: str, *phrases: re.Pattern[str]) -> list[str]:
    """Return each forbidden phrase of a text with its line."""
    lines = list(enumerate(re.sub(r"`[^`\n]*`", "", text).splitlines(), 1))
    patterns = phrases or (FORBIDDEN,)
    return [f"{name}:{at}: {match[0]}" for at, line in lines for each in patterns for match in each.finditer(line)]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_have_no_forbidden_phrase(page: Path) -> None:
    """Pages, examples and the chart's texts have none."""
    assert offenders(page.read_text(encoding="utf-8"), page.name, FORBIDDEN, STIFF) == []


def test_code_has_no_forbidden_phrase() -> None:
    """Docstrings and comments have none."""
    found = [one for source in SOURCES for one in offenders(prose(source), str(source.relative_to(OPERATOR)))]
    assert found == []


def test_crds_have_no_forbidden_phrase() -> None:
    """The descriptions that `kubectl explain` shows have none."""
    found = [
        one for file in sorted(CRDS.glob("*.yaml")) for one in offenders(file.read_text(encoding="utf-8"), file.name)
    ]
    assert found == []


@pytest.mark.parametrize(
    "sentence", ["It lets it go.", "It takes all up again.", "As told above.", "Keys of ours.", "What is written."]
)
def test_a_forbidden_phrase_is_found(sentence: str) -> None:
    """Each phrase is found in a sentence."""
    assert offenders(sentence, "page") != []
