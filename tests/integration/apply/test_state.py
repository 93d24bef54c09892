"""The state of `jitops apply`: how it is made and recognised, what is never touched, and what a failing disk costs."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.harness.command_line import Remote, Result, Site

from jitops.local.folder import StateFolder

MARKER = "jitops-state"


def applied(site: Site, *options: str) -> Result:
    """Apply without creating a state."""
    return site.run("apply", "-f", str(site.manifests), "--state", str(site.state), *options)


def contents(path: Path) -> dict[str, tuple[int, bytes]]:
    """Return everything below a folder, with modes."""
    found = [path, *path.rglob("*")]
    return {str(one): (one.stat().st_mode, one.read_bytes() if one.is_file() else b"") for one in found}


@pytest.mark.parametrize("there", ["missing", "empty", "interrupted"])
def test_a_state_is_created_on_request(site: Site, remote: Remote, there: str) -> None:
    """Without --init a missing or empty folder is refused, with how to create it; --init needs an identity."""
    if there != "missing":
        site.state.mkdir()
    if there == "interrupted":
        (site.state / "lock").touch()
        (site.state / "cluster-id").write_text("mine\n")
    remote.forget_requests()
    result = applied(site, "--cluster-id", "mine")
    assert result.code == 2
    assert "holds no state of jitops" in result.err
    assert "create a new state with --init and --cluster-id" in result.err
    for wrong in ((), ("--cluster-id", ""), ("--cluster-id", "a b")):
        result = applied(site, "--init", *wrong)
        assert (result.code, len(result.lines)) == (2, 1)
        assert "--cluster-id: " in result.err
    assert remote.requests() == []
    assert not (site.state / MARKER).exists()
    assert applied(site, "--init", "--cluster-id", "mine").code == 0
    assert (site.state / "cluster-id").read_text() == "mine\n"
    assert (site.state / MARKER).read_text().startswith("jitops state 1\n")


def test_a_state_keeps_its_identity(site: Site) -> None:
    """An existing state needs neither option, accepts its own identity, and refuses another one."""
    site.apply()
    before = contents(site.state)
    result = applied(site, "--cluster-id", "other")
    assert (result.code, len(result.lines)) == (2, 1)
    assert "is the state of 'site', and not of 'other'" in result.err
    assert contents(site.state) == before
    for options in ((), ("--init",), ("--cluster-id", "site"), ("--init", "--cluster-id", "site")):
        assert applied(site, *options).code == 0


def test_a_lost_identity_is_not_replaced(site: Site, remote: Remote) -> None:
    """Without its identity a state is refused: with another one everything would be created a second time."""
    site.apply()
    remote.forget_requests()
    for lose in (lambda file: file.write_text(""), Path.unlink):
        lose(site.state / "cluster-id")
        for options in ((), ("--init", "--cluster-id", "site")):
            result = applied(site, *options)
            assert (result.code, len(result.lines)) == (2, 1)
            assert "cluster-id is lost: restore it" in result.err
    assert remote.requests() == []


def test_a_state_without_marker_is_marked(site: Site, remote: Remote) -> None:
    """A state made before there were markers is recognised by cluster-id and objects/, and used as before."""
    site.apply()
    (site.state / MARKER).unlink()
    remote.forget_requests()
    assert applied(site).code == 0
    assert remote.writes() == []
    assert (site.state / MARKER).exists()


def test_a_newer_state_is_refused(site: Site) -> None:
    """A state of a later format is left alone."""
    site.apply()
    (site.state / MARKER).write_text("jitops state 2\n")
    result = applied(site)
    assert (result.code, len(result.lines)) == (2, 1)
    assert "of format 2" in result.err


def thesis(path: Path) -> None:
    """Write somebody's text."""
    (path / "thesis.txt").write_text("mine")


def locked_project(path: Path) -> None:
    """Make a project with a lock file and outputs of its own."""
    (path / "lock").touch()
    (path / "outputs/default/model").mkdir(parents=True)
    (path / "outputs/default/model/weights").write_text("precious")


def other_marker(path: Path) -> None:
    """Write a file that only has the marker's name."""
    (path / MARKER).write_text("notes about jitops")


def filled_lock(path: Path) -> None:
    """Write a lock file that is not jitops'."""
    (path / "lock").write_text("flake")


def only_objects(path: Path) -> None:
    """Make a folder of objects, as Git does."""
    (path / "objects/pack").mkdir(parents=True)


@pytest.mark.parametrize("fill", [thesis, locked_project, other_marker, filled_lock, only_objects])
def test_the_folders_of_others_are_never_touched(site: Site, remote: Remote, fill: Callable[[Path], None]) -> None:
    """A folder that is no state is refused by every command, and nothing in it changes, its mode included."""
    site.state.mkdir(mode=0o755)
    fill(site.state)
    before = contents(site.state)
    remote.forget_requests()
    for result in (site.apply(), applied(site), site.destroy("--yes")):
        assert (result.code, len(result.lines)) == (2, 1)
        assert "is not a state of jitops, and was not touched" in result.err
    assert contents(site.state) == before
    assert remote.requests() == []


def test_a_file_is_no_state(site: Site) -> None:
    """A file in the place of the folder is refused."""
    site.state.write_text("mine")
    result = site.apply()
    assert (result.code, len(result.lines)) == (2, 1)
    assert site.state.read_text() == "mine"


STRAYS = (
    "notes.txt",
    "outputs/notes.txt",
    "outputs/default/notes.txt",
    "outputs/default/theirs/key",
    "outputs/default/shop-jitsustream/copy",
    "objects/notes.txt",
    "objects/default/notes.txt",
    "objects/default/JitsuStream/shop.json.orig",
    "objects/default/JitsuStream/copy.json",
    "objects/default/Theirs/x.json",
)


@pytest.mark.parametrize("name", STRAYS)
def test_a_stray_file_is_named_and_left(site: Site, remote: Remote, name: str) -> None:
    """A file that jitops did not write is named in a warning and stays, whatever is applied or deleted."""
    site.apply()
    stray = site.state / name
    stray.parent.mkdir(exist_ok=True)
    shutil.copy(site.state / "objects/default/JitsuStream/shop.json", stray)
    before = stray.read_bytes()
    named = stray.parent if stray.parent.name == "theirs" else stray
    for result in (site.apply(), site.destroy("--yes"), site.destroy("--yes")):
        assert result.code == 0
        assert result.lines == [f"jitops: warning: {named} was not written by jitops, and is left as it is"] or (
            # What was an output's folder is a stray one when the output is deleted.
            name.endswith("/copy") and result.lines[0].startswith(f"jitops: warning: {stray.parent} was not")
        )
        assert stray.read_bytes() == before
    assert (remote.streams(), remote.connectors()) == ({}, [])


def test_what_a_killed_process_left_is_removed(site: Site) -> None:
    """Half-written files of jitops go, and files of others with similar names stay."""
    site.apply()
    left = [site.state / place / ".new-a1b2c3d4" for place in (".", "objects/default", "outputs/default/crm-connector")]
    for file in left:
        file.write_text("half")
    (site.state / ".new-year").write_text("resolutions")
    (site.state / ".new-folders1").mkdir()
    assert site.apply().code == 0
    assert not [file for file in left if file.exists()]
    assert (site.state / ".new-year").exists()


def test_one_run_at_a_time(site: Site) -> None:
    """A second run on the same state refuses, in a line."""
    with StateFolder.open(site.state, init=True, cluster_id=site.cluster_id):
        result = site.apply()
    assert (result.code, len(result.lines)) == (1, 1)
    assert "another jitops uses" in result.err


def test_a_damaged_object_is_named(site: Site, remote: Remote) -> None:
    """A document that can't be read as one is refused, and nothing is done."""
    site.apply()
    (damaged,) = site.state.rglob("shop.json")
    remote.forget_requests()
    for text in ("{", "[]", "{}", '{"kind": "JitsuStream", "metadata": 1}'):
        damaged.write_text(text)
        result = site.apply()
        assert (result.code, len(result.lines)) == (2, 1)
        assert "shop.json is damaged" in result.err
    assert remote.requests() == []


@pytest.mark.parametrize("name", ["objects", "outputs"])
def test_a_state_that_can_not_be_written(site: Site, remote: Remote, name: str) -> None:
    """When a write fails, early or late, the run ends with a line, and the next one goes on where it stopped."""
    with StateFolder.open(site.state, init=True, cluster_id=site.cluster_id):
        (site.state / name).touch()
    result = site.apply()
    assert result.code == 1
    assert "can't be written: " in result.lines[-1]
    (site.state / name).unlink()
    assert site.apply().code == 0
    assert (len(remote.streams()), len(remote.connectors())) == (1, 1)


@pytest.mark.parametrize("writes", [0, 1, 4, 7, 10, 13, 16])
def test_a_full_disk(site: Site, remote: Remote, monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
    """With no space left after some writes a run ends with one line and code 1; with space again nothing is lost."""
    left = iter(range(writes))

    def sync(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode) and next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", sync)
        result = site.apply()
    assert result.code == 1
    assert "No space left on device" in result.lines[-1]
    assert "Traceback" not in result.err
    assert not list(site.state.rglob(".new-*"))
    assert site.apply().code == 0
    assert (len(remote.streams()), len(remote.connectors())) == (1, 1)
    assert [site.output("shop-jitsustream")["id"]] == list(remote.streams())
    assert site.output("crm-connector")["secret"]


def test_a_limit_of_the_system(site: Site, remote: Remote) -> None:
    """A write that the system itself refuses ends the run with one line and code 1, and the state stays whole."""
    site.apply()
    before = contents(site.state)
    remote.forget_requests()
    site.write("more.yaml", site.stream("more"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        result = site.apply()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (result.code, "can't be written: File too large" in result.lines[-1]) == (1, True)
    assert contents(site.state) == before
    assert remote.writes() == []


def test_a_read_only_state(site: Site, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state on a read-only file system is one line and code 1, before anything is asked of a product."""
    site.apply()
    remote.forget_requests()
    opened = os.open

    def refuse(path: str, flags: int, *rest: int) -> int:
        if str(path).startswith(str(site.state)) and flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return opened(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse)
    result = site.apply()
    assert (result.code, len(result.lines)) == (1, 1)
    assert "can't be used as state: Read-only file system" in result.err
    assert remote.requests() == []
