"""Files that are replaced atomically and survive a loss of power, readable by their owner only."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

PRIVATE = 0o700
UNFINISHED = ".new-"
"""The prefix of a file that is being written."""


def make_folders(path: Path, top: Path) -> None:
    """Create a folder and those above it up to the top one, all private whatever the umask."""
    if not path.is_dir() and path != top:
        make_folders(path.parent, top)
        path.mkdir(mode=PRIVATE)
        _sync(path.parent)


def replace_file(file: Path, text: str) -> None:
    """Replace a file atomically: a reader sees the old content or the new one, both complete."""
    descriptor, name = tempfile.mkstemp(prefix=UNFINISHED, dir=file.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
    except OSError:
        # On a full disk the rest of it would take the space that the next attempt needs.
        unfinished.unlink(missing_ok=True)
        raise
    _sync(file.parent)


def is_unfinished(file: Path) -> bool:
    """Return whether a process that was killed left this file behind while it wrote."""
    return re.fullmatch(rf"{re.escape(UNFINISHED)}\w{{8}}", file.name) is not None and file.is_file()


def _sync(folder: Path) -> None:
    """Flush a folder, so that the names in it survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
