"""The folder that holds a local store: one file per object, each replaced atomically.

```
jitops-state                                the marker: without it no folder is touched
cluster-id                                  the identity of this store at the remotes
lock                                        held by the one process that uses the folder
objects/<namespace>/<kind>/<name>.json      every object: the truth, Secrets included
outputs/<namespace>/<secret>/<key>          the values of the Secrets that jitops wrote, for people and scripts
outputs/<namespace>/<name>_configmap/<key>  the same of the ConfigMaps
```

The process may be killed at any instruction: each file in `objects` is complete, and `outputs` is rebuilt from them.
Files of others are named in `strays` and left alone.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from jitops.core.kube import JSON, Key
from jitops.kinds import KINDS
from jitops.local.atomic import PRIVATE, is_unfinished, make_folders, replace_file
from jitops.local.documents import key_of
from jitops.local.state import (
    LOCK,
    OBJECTS,
    OUTPUTS,
    OWN,
    FolderBroken,
    FolderBusy,
    FolderUnusable,
    identity,
    initialize,
    require_usable,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

CLUSTER_SCOPED = "_cluster"
"""In the place of the namespace for objects without one; no namespace can have this name."""
KEPT_KINDS = frozenset({"Secret", "ConfigMap", "Namespace", *(info.kind for info in KINDS)})


class StateFolder:
    """A folder that no other process can open at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.identity = identity(path)
        """The cluster identity, which marks the objects that are created from this state."""
        self.failure: FolderBroken | None = None
        """The failure of a write; the pass must stop then."""
        self.strays: list[Path] = []
        """The files and folders of others, as found when the objects were read."""
        self._objects = path / OBJECTS
        self._outputs = path / OUTPUTS

    @classmethod
    @contextmanager
    def open(cls, path: Path, *, init: bool = False, cluster_id: str | None = None) -> Iterator[StateFolder]:
        """Open a state for this process alone; with `init`, create it if nothing is there.

        A new state takes `cluster_id`, and another one must have the same. Raises FolderUnusable, without having
        touched anything, if the folder is not such a state; FolderBusy; FolderBroken if it can't be read or written.
        """
        path = path.absolute()
        with _readable(path):
            require_usable(path, cluster_id, init=init)
            lock = _opened_lock(path)
        with lock:
            with _readable(path):
                _lock(lock.fileno(), path)
                # Once more: another process may have made a state here in the meantime.
                require_usable(path, cluster_id, init=init)
                initialize(path, cluster_id)
                folder = cls(path)
            yield folder

    def documents(self) -> Iterator[Mapping[str, JSON]]:
        """Yield the documents of all objects; raise FolderUnusable if one is damaged or can't be read."""
        self._clean()
        self.strays = [one for one in _entries(self.path) if one.name not in OWN and not one.name.startswith(".")]
        for file in self._object_files():
            document = _read(file)
            # A copy made by hand must not take the place of the object whose name is in it.
            if self._file(key_of(document)) == file:
                yield document
            else:
                self.strays.append(file)

    def save(self, key: Key, document: Mapping[str, JSON]) -> None:
        """Write an object's document."""
        self._write(self._file(key), json.dumps(document, indent=1, sort_keys=True))

    def delete(self, key: Key) -> None:
        """Remove an object's document."""
        with self._recording_failure():
            self._file(key).unlink(missing_ok=True)

    def publish(self, output: Key, values: Mapping[str, str]) -> None:
        """Write an output's values as files."""
        folder = self._output(output)
        for name, value in values.items():
            file = folder / name
            if not file.is_file() or file.read_bytes() != value.encode():
                self._write(file, value)

    def withdraw(self, output: Key, names: Iterable[str]) -> None:
        """Remove the files of some of an output's values, and its folder if nothing else is in it."""
        folder = self._output(output)
        with self._recording_failure():
            for name in names:
                (folder / name).unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()

    def find_strays(self, outputs: Mapping[Key, Collection[str]]) -> None:
        """Add to `strays` everything in the folder of the outputs that is no value of any output."""
        values = {self._output(key): names for key, names in outputs.items()}
        for namespace in self._subfolders(self._outputs):
            for folder in self._subfolders(namespace):
                if folder in values:
                    self.strays += [one for one in _entries(folder) if one.name not in values[folder]]
                elif _entries(folder):
                    self.strays.append(folder)

    def _object_files(self) -> Iterator[Path]:
        for namespace in self._subfolders(self._objects):
            for kind in self._subfolders(namespace):
                files = _entries(kind)
                regular = [one for one in files if kind.name in KEPT_KINDS and one.suffix == ".json" and one.is_file()]
                self.strays += [one for one in files if one not in regular]
                yield from regular

    def _subfolders(self, path: Path) -> list[Path]:
        """Return the folders in a folder; other files in it are strays."""
        found = _entries(path)
        self.strays += [one for one in found if not one.is_dir()]
        return [one for one in found if one.is_dir()]

    def _clean(self) -> None:
        """Remove what a process that was killed while it wrote has left."""
        unfinished = [self.path.glob("*"), self._objects.rglob("*"), self._outputs.rglob("*")]
        with self._recording_failure():
            for file in [one for found in unfinished for one in found if is_unfinished(one)]:
                file.unlink()

    def _output(self, key: Key) -> Path:
        """Return an output's folder."""
        # No object's name contains an underscore, so the two kinds can't collide.
        return self._outputs / key.namespace / (key.name if key.kind == "Secret" else f"{key.name}_configmap")

    def _file(self, key: Key) -> Path:
        return self._objects / (key.namespace or CLUSTER_SCOPED) / key.kind / f"{key.name}.json"

    def _write(self, file: Path, text: str) -> None:
        with self._recording_failure():
            make_folders(file.parent, self.path)
            replace_file(file, text)

    @contextmanager
    def _recording_failure(self) -> Iterator[None]:
        """Raise FolderBroken for a failed write, remember it, and refuse every later one."""
        # The reconciler handles an exception as any other error of one resource; the pass must see it, and stop.
        if self.failure is not None:
            raise self.failure
        try:
            yield
        except OSError as error:
            self.failure = FolderBroken(
                f"{error.filename or self.path} can't be written: {error.strerror}; what was written before is kept:"
                " make room or permit it, and run the same command again"
            )
            raise self.failure from None


class NoFolder:
    """Stores nothing: for a store in memory alone, as the tests of the core use it."""

    def documents(self) -> Iterator[Mapping[str, JSON]]:
        """Return nothing."""
        return iter(())

    def save(self, key: Key, document: Mapping[str, JSON]) -> None:
        """Do nothing."""

    def delete(self, key: Key) -> None:
        """Do nothing."""

    def publish(self, output: Key, values: Mapping[str, str]) -> None:
        """Do nothing."""

    def withdraw(self, output: Key, names: Iterable[str]) -> None:
        """Do nothing."""

    def find_strays(self, outputs: Mapping[Key, Collection[str]]) -> None:
        """Do nothing."""


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raise FolderBroken where the system refuses the folder."""
    try:
        yield
    except OSError as error:
        raise FolderBroken(f"{path} can't be used as state: {error.strerror or error}") from None


def _opened_lock(path: Path) -> TextIO:
    path.mkdir(parents=True, exist_ok=True)
    if path.stat().st_mode & 0o777 != PRIVATE:
        path.chmod(PRIVATE)
    return os.fdopen(os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o600), "w")


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderBusy(f"another jitops uses {path}: wait until it has ended") from None


def _entries(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else []


def _read(file: Path) -> dict[str, JSON]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        key_of(document)
    except OSError as error:
        raise FolderBroken(f"{file} can't be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FolderUnusable(f"{file} is damaged: restore it from a copy of the state") from None
    return {**document, "metadata": {**document["metadata"]}}
