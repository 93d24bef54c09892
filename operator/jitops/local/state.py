"""What makes a folder a state of jitops: a marker file, and in states made before there were markers, their contents.

A folder that is not a state is never touched: a mistyped path must neither change the mode of somebody's folder, nor
add files to it, nor remove any.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jitops.core.errors import JitopsError
from jitops.local.atomic import is_unfinished, replace_file

if TYPE_CHECKING:
    from pathlib import Path

MARKER, IDENTITY, LOCK, OBJECTS, OUTPUTS = "jitops-state", "cluster-id", "lock", "objects", "outputs"
OWN = frozenset({MARKER, IDENTITY, LOCK, OBJECTS, OUTPUTS})
"""The names in the top folder that are made by jitops."""
TITLE, FORMAT = "jitops state", "1"
EXPLAINED = f"""{TITLE} {FORMAT}
This folder records which objects jitops created, with their credentials and keys in clear text.
Keep it, keep it private, and change nothing in it by hand.
"""
ALLOWED_IDENTITY = re.compile(r"[!-~]{1,253}")
HOW_TO_CREATE = "create a new state with --init and --cluster-id"


class FolderUnusable(JitopsError):
    """The folder can't be used as state; the message says why, and the cure."""


class FolderBusy(FolderUnusable):
    """Another process uses the folder."""


class FolderBroken(FolderUnusable):
    """A read or write failed: all writes before it are kept, and none follows."""


def is_state(path: Path) -> bool:
    """Return whether a folder is a state of jitops: marked as one, or made before there were markers."""
    return _format(path) is not None or ((path / IDENTITY).is_file() and (path / OBJECTS).is_dir())


def require_usable(path: Path, cluster_id: str | None, *, init: bool) -> None:
    """Raise FolderUnusable unless the folder is a state of this identity, or one may be made there."""
    if is_state(path):
        _require_readable(path, cluster_id)
    elif not _is_unused(path):
        raise FolderUnusable(
            f"{path} is not a state of jitops, and was not touched: name another folder with --state, or"
            f" {HOW_TO_CREATE} in an empty or a new folder"
        )
    elif not init:
        raise FolderUnusable(
            f"{path} holds no state of jitops: name the folder of an existing one with --state, or {HOW_TO_CREATE}"
        )
    else:
        _require_identity(path, cluster_id)


def initialize(path: Path, cluster_id: str | None) -> None:
    """Write the identity and then the marker, as far as they are missing."""
    # The marker last: a folder without one is a new state, whenever the process was killed.
    if not (path / IDENTITY).exists():
        replace_file(path / IDENTITY, f"{cluster_id}\n")
    if not (path / MARKER).exists():
        replace_file(path / MARKER, EXPLAINED)


def identity(path: Path) -> str:
    """Return the identity of a state; raises FolderUnusable if it is lost."""
    try:
        kept = (path / IDENTITY).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        kept = ""
    if not kept:
        # A new one would create every object a second time.
        raise FolderUnusable(f"{path / IDENTITY} is lost: restore it; it holds the --cluster-id of this state")
    return kept


def _format(path: Path) -> str | None:
    """Return the format that the marker names; None without a marker."""
    try:
        title = (path / MARKER).read_text(encoding="utf-8").partition("\n")[0]
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, UnicodeDecodeError):
        return None
    return title.removeprefix(TITLE).strip() if title.startswith(TITLE) else None


def _is_unused(path: Path) -> bool:
    """Return whether nothing is there, or only what an interrupted `--init` left."""
    if not path.exists():
        return True
    return path.is_dir() and all(_is_remnant(one) for one in path.iterdir())


def _is_remnant(file: Path) -> bool:
    empty_lock = file.name == LOCK and file.is_file() and file.stat().st_size == 0
    return empty_lock or is_unfinished(file) or (file.name == IDENTITY and file.is_file())


def _require_readable(path: Path, cluster_id: str | None) -> None:
    written = _format(path)
    if written not in (None, FORMAT):
        raise FolderUnusable(f"{path} is a state of format {written}, which this jitops can't read: use a newer one")
    _require_same(path, cluster_id)


def _require_same(path: Path, cluster_id: str | None) -> None:
    kept = identity(path)
    if cluster_id not in (None, kept):
        raise FolderUnusable(
            f"--cluster-id: {path} is the state of {kept!r}, and not of {cluster_id!r}; leave the option out, or name"
            " the other state with --state"
        )


def _require_identity(path: Path, cluster_id: str | None) -> None:
    if cluster_id is None:
        raise FolderUnusable(
            "--cluster-id: is required for a new state; it marks the objects that are created, and finds them again if"
            " the state is lost: choose a name such as production, and keep it in Git"
        )
    if not ALLOWED_IDENTITY.fullmatch(cluster_id):
        raise FolderUnusable("--cluster-id: must be 1 to 253 letters, digits or signs of ASCII, without spaces")
    if (path / IDENTITY).exists():
        _require_same(path, cluster_id)
