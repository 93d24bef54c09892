"""The proof, in one command, with a table at its end that tells how it went.

The image is built, the chart installed from it on a real API server, the end-to-end suite passes with the chart's
rights and nothing more, and the chart is upgraded, fails over, and is uninstalled.
`make proof` needs root, buildah and debootstrap; `make proof ARGS=--quick` neither: it leaves out image and suite.
`ARGS=--without-suite` leaves out the suite alone, which `make test` runs too, from the virtual environment.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent / "e2e"
CORE = ("test_chart.py", "test_rights.py", "test_replicas.py")
IMAGE = "test_image.py"
STEPS = (
    ("image build", "test_image *", "built on a bare Debian from hashed lists; nobody, no shell, read-only root"),
    ("install", "test_chart test_installed*", "helm install --wait, restricted pods, its own ServiceAccount"),
    ("install", "test_chart test_the_health*", ""),
    ("upgrade", "test_chart test_an_upgrade*", "from the chart before: definitions grow, nothing is written anew"),
    ("fail-over", "test_chart test_fail_over*", "the leader is killed or frozen, another one takes over"),
    ("fail-over", "test_replicas *", ""),
    (
        "uninstall",
        "test_chart *",
        "the hook stops the operator and releases; nothing remote is deleted, all is found again",
    ),
    ("least rights", "test_rights *", "each right of the chart is used, and none is missing, in four variants"),
    ("suite", "*", "the other end-to-end tests, no request of theirs refused"),
)
"""Step, the tests that are it (module and name; the first that fits counts), and what it shows."""


class Case(NamedTuple):
    """One test that was run."""

    step: str
    seconds: float
    passed: bool


def main() -> None:
    """Run the tests, print the table, and end as they did."""
    arguments = sys.argv[1:]
    where = [str(HERE / name) for name in _chosen(arguments)]
    image = [] if "--quick" in arguments else ["--image"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", *where, *image, f"--junitxml={report}"]
        code = subprocess.run(command, check=False).returncode  # noqa: S603 - pytest
        cases = list(_cases(report)) if report.exists() else []
    sys.stdout.write("\n".join(table(cases)) + "\n")
    sys.exit(code)


def _chosen(arguments: list[str]) -> list[str]:
    if "--quick" in arguments:
        return list(CORE)
    return [*CORE, IMAGE] if "--without-suite" in arguments else ["."]


def _cases(report: Path) -> Iterator[Case]:
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - what pytest has just written
        name = f"{case.attrib['classname'].rpartition('.')[2]} {case.attrib['name']}"
        step = next(step for step, pattern, _ in STEPS if fnmatch(name, pattern))
        passed = case.find("failure") is None and case.find("error") is None
        yield Case(step, float(case.attrib["time"]), passed)


def table(cases: list[Case]) -> list[str]:
    """Tell of each step what it shows, and how it went."""
    shows = {step: words for step, _, words in reversed(STEPS) if words}
    rows = [("STEP", "RESULT", "TESTS", "SECONDS", "SHOWS")]
    for step in dict.fromkeys(step for step, _, _ in STEPS):
        mine = [case for case in cases if case.step == step]
        result = "not run" if not mine else "passed" if all(case.passed for case in mine) else "FAILED"
        rows.append((step, result, str(len(mine)), f"{sum(case.seconds for case in mine):.0f}", shows[step]))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["", *("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)]


if __name__ == "__main__":
    main()
