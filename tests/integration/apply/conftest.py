"""Both products in a process of their own, and a user who applies a folder to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.harness.command_line import Remote, Site, served_sandbox


@pytest.fixture(scope="package")
def served() -> Iterator[Remote]:
    """Serve both products for all tests of this folder."""
    with served_sandbox() as remote:
        yield remote


@pytest.fixture
def remote(served: Remote) -> Remote:
    """Return both products, empty."""
    served.reset()
    return served


@pytest.fixture
def site(tmp_path: Path, remote: Remote, capsys: pytest.CaptureFixture[str]) -> Site:
    """Return a user's folders, with manifests for one object of each product."""
    site = Site(tmp_path, remote, capsys)
    site.write_all()
    return site
