"""The documentation names only paths, modules, links, sections, commands and options that exist."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from tests.harness.pages import PAGES, SOURCES, prose, unknown
from tests.harness.repository import EXAMPLES, OPERATOR, ROOT

from jitops.api.reasons import Reason
from jitops.cli.app import main
from jitops.kinds import KINDS
from jitops.local.manifests import load, read
from jitops.runtime.settings import Settings, variable
from jitops_sandbox.demo.examples import folder

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


@every_page
def test_pages_name_paths_that_exist(page: Path) -> None:
    """A path or module that a page names is in the repository."""
    assert unknown(page.read_text(encoding="utf-8"), page) == []


def test_code_names_paths_that_exist() -> None:
    """A path or module that a docstring or comment names is in the repository."""
    stale = {str(source.relative_to(ROOT)): found for source in SOURCES if (found := unknown(prose(source), source))}
    assert stale == {}


@pytest.mark.parametrize(
    "text", ["docs/nothing.md", "`core/nothing.py`", "`nothing.py`", "`core.nothing`", "`core.kube.nothing`"]
)
def test_a_stale_name_is_found(text: str) -> None:
    """A path or module that is not there is found, in backticks or below a folder of the repository."""
    assert unknown(text, ROOT / "README.md") != []


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.*?) *$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_links_resolve(page: Path) -> None:
    """A link within the repository leads to a file, and its anchor to a heading."""
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        found = page if not path else page.parent / path
        if "://" not in target and (not found.exists() or (anchor and anchor not in anchors(found))):
            dead.append(target)
    assert dead == []


CITATION = re.compile(r"(docs/reference/\w+\.md)(?:,? sections? | )?((?:\d+(?:\.\d+)?(?:, | and | to )?)*)")


@pytest.mark.parametrize("folder", ["operator", "tests", "benchmarks"])
def test_cited_sections_exist(folder: str) -> None:
    """A citation of a reference page names a page and sections that exist."""
    dead = set()
    for source in (ROOT / folder).rglob("*.py"):
        text = re.sub(r"\s+#?\s*", " ", source.read_text(encoding="utf-8"))
        for page, sections in CITATION.findall(text):
            found = (ROOT / page).read_text(encoding="utf-8") if (ROOT / page).is_file() else ""
            numbers = set(re.findall(r"^#+ (\d+(?:\.\d+)?)\.? ", found, flags=re.MULTILINE))
            dead |= {(source.name, page, cited) for cited in re.findall(r"\d+(?:\.\d+)?", sections)} - {
                (source.name, page, number) for number in numbers
            }
            dead |= set() if found else {(source.name, page, "")}
    assert dead == set()


def test_every_reason_is_explained_once() -> None:
    """The page on operations has one row for each reason that a condition can have, but for those of success."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if re.match(r"\| `[A-Z]", line)]
    explained = [name for row in rows for name in re.findall(r"`(\w+)`", row) if name in set(Reason)]
    good = {"Available", "Updating", "Published", "Verified", "Acknowledged"}
    conditions = [Reason.DRIFT_DETECTED]  # the condition of this name has a row, too
    assert sorted(explained) == sorted([*(set(Reason) - good), *conditions])


OTHERS = {"--server-side", "--prune", "--strict", "--cascade", "--json", "--field", "--timeout", "--build", "--image"}
"""Options of kubectl, helm, jitsu-cli and the tests that pages name alone."""


def run_help(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    """Return what a command prints for --help."""
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    return capsys.readouterr().out


@pytest.fixture
def options(capsys: pytest.CaptureFixture[str]) -> dict[str, set[str]]:
    """Return the options of each command that the command line has."""
    found: dict[str, set[str]] = {}
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        command = waiting.pop()
        text = run_help(capsys, *command)
        found[" ".join(command)] = set(re.findall(r"--[a-z][a-z-]+", text))
        commands = text.partition("Commands:")[2]
        waiting += [(*command, name) for name in re.findall(r"^  ([a-z][a-z-]+)", commands, flags=re.MULTILINE)]
    return found


def wrong_commands(text: str, options: dict[str, set[str]]) -> list[str]:
    """Return the lines that call a command of jitops, or name an option, that does not exist."""
    text = text.replace("\\\n", " ")
    code = [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]
    known = set(OTHERS).union(*options.values())
    wrong = [one for one in code if one.startswith("--") and re.split("[ =]", one)[0] not in known]
    for line in (line for block in code for line in block.splitlines()):
        match = re.match(r"(?:\$ )?(?:[A-Z_]+=.+ )?jitops +([a-z][^#|>]*)", line)
        if match:
            words = match[1].split()
            command = max((name for name in options if words[: len(name.split())] == name.split()), key=len)
            used = {word.partition("=")[0] for word in words if word.startswith("--")}
            wrong += [line] if not command or not used <= options[command] else []
    return wrong


@every_page
def test_commands_and_options_exist(page: Path, options: dict[str, set[str]]) -> None:
    """A page names only commands of jitops that exist, with options that they have."""
    assert wrong_commands(page.read_text(encoding="utf-8"), options) == []


@pytest.mark.parametrize(
    "text",
    [
        "`jitops aply -f x`",
        "`jitops run --lease-name x`",
        "`--lease-name`",
        "```console\nA=b jitops import jitsu --space x\n```",
    ],
)
def test_a_wrong_command_is_found(text: str, options: dict[str, set[str]]) -> None:
    """A misspelt command, and an option of another command, are found."""
    assert wrong_commands(text, options) != []


@every_page
def test_variables_exist(page: Path) -> None:
    """A variable of the environment that a page names sets a setting."""
    named = set(re.findall(r"\bJITOPS_[A-Z_]+\b", page.read_text(encoding="utf-8")))
    assert named <= {variable(name) for name in Settings.model_fields}


def test_every_kind_has_an_example() -> None:
    """The examples, which the demo and `tests/e2e/test_order.py` apply, hold each kind and are accepted as they are."""
    assert folder().resolve() == EXAMPLES
    assert {info.kind for info in KINDS} <= {manifest.key.kind for manifest in load(folder()).manifests}


def test_the_architecture_names_every_module_of_the_engine() -> None:
    """The page draws the engine as it is: each module below core/ is named, and none that was removed."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    drawn = re.split(r"\n### ", text.partition("### The engine")[2])[0]
    modules = {path.stem for path in (OPERATOR / "jitops/core").rglob("*.py")} - {"__init__"}
    assert {module for module in modules if not re.search(rf"\b{module}\b", drawn)} == set()
    listed = {name for row in re.findall(r"^\| (`.*?) \|", drawn, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert listed <= modules


def test_the_readme_lists_every_kind() -> None:
    """The table of kinds in the README has one row for each."""
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(rows) == sorted(info.kind for info in KINDS)


@every_page
def test_manifests_in_pages_are_accepted(page: Path, tmp_path: Path) -> None:
    """A complete manifest on a page is accepted by the rules of its kind."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```yaml\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    for number, block in enumerate(map(dedent, blocks)):
        documents = [one for one in yaml.safe_load_all(block) if isinstance(one, dict)]
        if documents and all(one.get("apiVersion") in {"v1", "jitops.dev/v1alpha1"} for one in documents):
            (tmp_path / f"{number}.yaml").write_text(block, encoding="utf-8")
            assert read(tmp_path / f"{number}.yaml")
