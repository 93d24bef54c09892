"""The folder that holds a local store: one file per object, each replaced at once or not at all.

```
cluster-id                                  who we are, to the remotes
lock                                        held by the one process that works here
objects/<namespace>/<kind>/<name>.json      every object: the truth, Secrets included
outputs/<namespace>/<secret>/<key>          the values of the Secrets that we wrote, for people and scripts
outputs/<namespace>/<name>_configmap/<key>  the same of the ConfigMaps
```

The process may be killed at any instruction: what is in `objects` is whole, and `outputs` is made anew from it.
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
CLUSTER_SCOPED = "_cluster"
"""Stands for the namespace of what has none; no namespace can have this name."""


class FolderUnusable(JitopsError):
    """The folder can't serve as state; the message says why, and what to do."""


class FolderBusy(FolderUnusable):
    """Another process works in the folder."""


class FolderBroken(FolderUnusable):
    """A write failed: what was done before is kept, nothing after."""


class Folder:
    """A folder that is ours alone while it is open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failure: FolderBroken | None = None
        """Why a write failed: whoever drives the store must stop then."""
        self._objects = path / "objects"
        self._outputs = path / "outputs"

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Folder]:
        """Take the folder for this process, making it if need be."""
        path = path.absolute()
        try:
            _prepare(path)
            lock = os.fdopen(os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600), "w")
        except OSError as error:
            raise FolderUnusable(f"{path} can't be used as state: {error.strerror or error}") from None
        with lock:
            _take(lock.fileno(), path)
            yield cls(path)

    def identity(self, chosen: str | None = None) -> str:
        """Return the cluster identity: the one chosen, else the one kept here, else a new one; it is kept."""
        file = self.path / "cluster-id"
        kept = file.read_text(encoding="utf-8").strip() if file.exists() else ""
        identity = chosen or kept or str(uuid.uuid4())
        if identity != kept:
            self._write(file, identity + "\n")
        return identity

    def documents(self) -> Iterator[Mapping[str, JSON]]:
        """Read every object back."""
        for leftover in self.path.rglob(f"{UNFINISHED}*"):
            leftover.unlink()
        for file in sorted(self._objects.glob("*/*/*.json")):
            try:
                document = json.loads(file.read_text(encoding="utf-8"))
                yield {**document, "metadata": {**document["metadata"]}}
            except (ValueError, KeyError, TypeError):
                raise FolderUnusable(f"{file} is damaged: restore it from a copy of the state") from None

    def keep(self, key: Key, document: Mapping[str, JSON]) -> None:
        """Write an object down."""
        self._write(self._file(key), json.dumps(document, indent=1, sort_keys=True))

    def drop(self, key: Key) -> None:
        """Forget an object."""
        with self._telling():
            self._file(key).unlink(missing_ok=True)

    def publish(self, output: Key, values: Mapping[str, str]) -> None:
        """Lay an output's values out as files; those that it no longer has go."""
        folder = self._output(output)
        found = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
        with self._telling():
            for name in found - values.keys():
                (folder / name).unlink()
        for name, value in values.items():
            file = folder / name
            if not file.exists() or file.read_bytes() != value.encode():
                self._write(file, value)

    def withdraw(self, output: Key) -> None:
        """Take an output's files away."""
        shutil.rmtree(self._output(output), ignore_errors=True)

    def withdraw_others(self, outputs: Iterable[Key]) -> None:
        """Take the files of all outputs away but those named."""
        kept = {self._output(key) for key in outputs}
        for folder in self._outputs.glob("*/*"):
            if folder not in kept:
                shutil.rmtree(folder)

    def _output(self, key: Key) -> Path:
        """Name an output's folder; an underscore stands in no object's name."""
        return self._outputs / key.namespace / (key.name if key.kind == "Secret" else f"{key.name}_configmap")

    def _file(self, key: Key) -> Path:
        return self._objects / (key.namespace or CLUSTER_SCOPED) / key.kind / f"{key.name}.json"

    def _write(self, file: Path, text: str) -> None:
        with self._telling():
            _make_folders(file.parent, self.path)
            _replace(file, text)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Remember a failure, also for those who do not get to see it raised."""
        try:
            yield
        except OSError as error:
            self.failure = FolderBroken(f"{error.filename or self.path} can't be written: {error.strerror}")
            raise self.failure from None


class Nowhere:
    """A folder that is none: what it is given is kept by nobody, as the tests of the core want it."""

    def documents(self) -> Iterator[Mapping[str, JSON]]:
        """Give nothing back."""
        return iter(())

    def keep(self, key: Key, document: Mapping[str, JSON]) -> None:
        """Keep nothing."""

    def drop(self, key: Key) -> None:
        """Have nothing to forget."""

    def publish(self, output: Key, values: Mapping[str, str]) -> None:
        """Show nothing."""

    def withdraw(self, output: Key) -> None:
        """Have nothing to take away."""

    def withdraw_others(self, outputs: Iterable[Key]) -> None:
        """Have nothing to take away."""


def _prepare(path: Path) -> None:
    """Make the folder, or see that it is ours: nobody's files get in the way of a mistyped path."""
    path.mkdir(parents=True, exist_ok=True)
    if any(path.iterdir()) and not (path / "lock").exists():
        raise FolderUnusable(f"{path} holds other files: name an empty or a new folder with --state")
    path.chmod(PRIVATE)


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderBusy(f"another jitops works on {path}: wait until it has ended") from None


def _make_folders(path: Path, top: Path) -> None:
    """Make a folder below the top one, private at every step whatever the umask."""
    if not path.is_dir() and path != top:
        _make_folders(path.parent, top)
        path.mkdir(mode=PRIVATE)
        _sync(path.parent)


def _replace(file: Path, text: str) -> None:
    """Write beside the file and rename: whoever reads sees the old content or the new one, whole."""
    descriptor, unfinished = tempfile.mkstemp(prefix=UNFINISHED, dir=file.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    Path(unfinished).replace(file)
    _sync(file.parent)


def _sync(folder: Path) -> None:
    """Make sure that names outlive a loss of power too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
