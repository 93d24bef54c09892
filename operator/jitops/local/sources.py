"""The files of manifests that `-f` names: files, folders with all below them, and standard input."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from jitops.local.state import is_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STDIN = "-"
SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of manifests, and its name in messages."""

    name: str
    path: Path | None
    """None: standard input."""

    def text(self) -> str:
        """Return its text; raises OSError, or UnicodeDecodeError if it is not text in UTF-8."""
        return (sys.stdin.buffer.read() if self.path is None else self.path.read_bytes()).decode("utf-8")


@dataclass(slots=True)
class Sources:
    """Finds the files of all sources, each file once, however many ways lead to it."""

    names: Sequence[str]
    state: Path | None = None
    """The state in use, which is no manifest where it is among them."""
    faults: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def files(self) -> Iterator[ManifestFile]:
        """Yield the files; symbolic links are followed, and hidden files and folders ignored, as Git's own is."""
        for source in self.names:
            try:
                yield from self._of(source)
            except OSError as error:
                self._refuse(error)

    def _of(self, source: str) -> Iterator[ManifestFile]:
        if source == STDIN:
            if self._is_new(STDIN):
                yield ManifestFile("standard input", None)
        elif not Path(source).exists():
            self.faults.append(f"{source}: there is no such file or folder; name the one that holds your manifests")
        elif Path(source).is_dir():
            yield from self._below(Path(source))
        elif self._is_new(os.path.realpath(source)):
            yield ManifestFile(self._shown(Path(source), Path(source).parent), Path(source))

    def _below(self, source: Path) -> Iterator[ManifestFile]:
        for folder, below, names in os.walk(source, onerror=self._refuse, followlinks=True):
            here = Path(folder)
            if not self._is_manifest_folder(here):
                below.clear()
                continue
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in sorted(names):
                wanted = name.endswith(SUFFIXES) and not name.startswith(".")
                if wanted and self._is_new(os.path.realpath(here / name)):
                    yield ManifestFile(self._shown(here / name, source), here / name)

    def _is_manifest_folder(self, folder: Path) -> bool:
        """Return whether a folder is read: for the first time, which ends loops of links, and if it is no state."""
        if self.state is not None and os.path.realpath(folder) == os.path.realpath(self.state):
            return False
        if is_state(folder):
            self.skipped.append(f"skipped: {folder}: is a state of jitops, and holds no manifests")
            return False
        return self._is_new(os.path.realpath(folder))

    def _is_new(self, place: str) -> bool:
        new = place not in self._seen
        self._seen.add(place)
        return new

    def _refuse(self, error: OSError) -> None:
        # What can't be seen would look like what was removed.
        self.faults.append(f"{error.filename}: can't be read ({error.strerror}); permit it, or name another folder")

    def _shown(self, file: Path, source: Path) -> str:
        """Return the name of a file in messages: below its source, or in full if there are several sources."""
        return str(file if len(self.names) > 1 else file.relative_to(source))
