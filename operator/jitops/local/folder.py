"""The folder that holds a local store: one file per object, each replaced atomically.

```
cluster-id                                  the identity of this store at the remotes
lock                                        held by the one process that uses the folder
objects/<namespace>/<kind>/<name>.json      every object: the truth, Secrets included
outputs/<namespace>/<secret>/<key>          the values of the Secrets that jitops wrote, for people and scripts
outputs/<namespace>/<name>_configmap/<key>  the same of the ConfigMaps
```

The process may be killed at any instruction: each file in `objects` is complete, and `outputs` is rebuilt from them.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jitops.core.errors import JitopsError
from jitops.core.kube import JSON, Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PRIVATE = 0o700
UNFINISHED = ".new-"
"""The prefix of a file that is being written."""
CLUSTER_SCOPED = "_cluster"
"""In the place of the namespace for objects without one; no namespace can have this name."""


class FolderUnusable(JitopsError):
    """The folder can't be used as state; the message says why, and the cure."""


class FolderBusy(FolderUnusable):
    """Another process uses the folder."""


class FolderBroken(FolderUnusable):
    """A write failed: all writes before it are kept, and none follows."""


class StateFolder:
    """A folder that no other process can open at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failure: FolderBroken | None = None
        """The failure of a write; the pass must stop then."""
        self._objects = path / "objects"
        self._outputs = path / "outputs"

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[StateFolder]:
        """Open the folder for this process alone, and create it if missing; raise FolderUnusable or FolderBusy."""
        path = path.absolute()
        try:
            _prepare(path)
            lock = os.fdopen(os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600), "w")
        except OSError as error:
            raise FolderUnusable(f"{path} can't be used as state: {error.strerror or error}") from None
        with lock:
            _lock(lock.fileno(), path)
            yield cls(path)

    def identity(self, chosen: str | None = None) -> str:
        """Return the cluster identity, and save it: the one chosen, else the one saved before, else a new one."""
        file = self.path / "cluster-id"
        kept = file.read_text(encoding="utf-8").strip() if file.exists() else ""
        identity = chosen or kept or str(uuid.uuid4())
        if identity != kept:
            self._write(file, identity + "\n")
        return identity

    def documents(self) -> Iterator[Mapping[str, JSON]]:
        """Yield the documents of all objects; raise FolderUnusable if one is damaged."""
        # Of a process that was killed while it wrote.
        for leftover in self.path.rglob(f"{UNFINISHED}*"):
            leftover.unlink()
        for file in sorted(self._objects.glob("*/*/*.json")):
            try:
                document = json.loads(file.read_text(encoding="utf-8"))
                yield {**document, "metadata": {**document["metadata"]}}
            except (ValueError, KeyError, TypeError):
                raise FolderUnusable(f"{file} is damaged: restore it from a copy of the state") from None

    def save(self, key: Key, document: Mapping[str, JSON]) -> None:
        """Write an object's document."""
        self._write(self._file(key), json.dumps(document, indent=1, sort_keys=True))

    def delete(self, key: Key) -> None:
        """Remove an object's document."""
        with self._recording_failure():
            self._file(key).unlink(missing_ok=True)

    def publish(self, output: Key, values: Mapping[str, str]) -> None:
        """Write an output's values as files, and remove those of values that it no longer has."""
        folder = self._output(output)
        found = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
        with self._recording_failure():
            for name in found - values.keys():
                (folder / name).unlink()
        for name, value in values.items():
            file = folder / name
            if not file.exists() or file.read_bytes() != value.encode():
                self._write(file, value)

    def withdraw(self, output: Key) -> None:
        """Remove an output's files."""
        shutil.rmtree(self._output(output), ignore_errors=True)

    def withdraw_others(self, outputs: Iterable[Key]) -> None:
        """Remove the files of all outputs except those named."""
        kept = {self._output(key) for key in outputs}
        for folder in self._outputs.glob("*/*"):
            if folder not in kept:
                shutil.rmtree(folder)

    def _output(self, key: Key) -> Path:
        """Return an output's folder."""
        # No object's name contains an underscore, so the two kinds can't collide.
        return self._outputs / key.namespace / (key.name if key.kind == "Secret" else f"{key.name}_configmap")

    def _file(self, key: Key) -> Path:
        return self._objects / (key.namespace or CLUSTER_SCOPED) / key.kind / f"{key.name}.json"

    def _write(self, file: Path, text: str) -> None:
        with self._recording_failure():
            _make_folders(file.parent, self.path)
            _replace(file, text)

    @contextmanager
    def _recording_failure(self) -> Iterator[None]:
        """Raise FolderBroken for a failed write, and remember it."""
        # The reconciler handles an exception as any other error of one resource; the pass must see it, and stop.
        try:
            yield
        except OSError as error:
            self.failure = FolderBroken(f"{error.filename or self.path} can't be written: {error.strerror}")
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

    def withdraw(self, output: Key) -> None:
        """Do nothing."""

    def withdraw_others(self, outputs: Iterable[Key]) -> None:
        """Do nothing."""


def _prepare(path: Path) -> None:
    """Create the folder, or raise FolderUnusable if it has other contents."""
    path.mkdir(parents=True, exist_ok=True)
    # A mistyped path must not change the mode of somebody's folder, nor add files to it.
    if any(path.iterdir()) and not (path / "lock").exists():
        raise FolderUnusable(f"{path} holds other files: name an empty or a new folder with --state")
    path.chmod(PRIVATE)


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderBusy(f"another jitops uses {path}: wait until it has ended") from None


def _make_folders(path: Path, top: Path) -> None:
    """Create a folder and those above it up to the top one, all private whatever the umask."""
    if not path.is_dir() and path != top:
        _make_folders(path.parent, top)
        path.mkdir(mode=PRIVATE)
        _sync(path.parent)


def _replace(file: Path, text: str) -> None:
    """Replace a file atomically: a reader sees the old content or the new one, both complete."""
    descriptor, unfinished = tempfile.mkstemp(prefix=UNFINISHED, dir=file.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    Path(unfinished).replace(file)
    _sync(file.parent)


def _sync(folder: Path) -> None:
    """Flush a folder, so that the names in it survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
