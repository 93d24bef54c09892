"""`jitops import`: read, write, and say in a sentence why that was not possible."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jitops.api.base import InvalidSpec
from jitops.core import errors
from jitops.importing.reading import read_jitsu
from jitops.importing.writing import as_yaml, write

if TYPE_CHECKING:
    from pathlib import Path


class CannotImport(Exception):
    """The reason, for people; `refused` where it is in what was asked."""

    def __init__(self, message: str, *, refused: bool) -> None:
        super().__init__(message)
        self.refused = refused


def import_workspace(url: str, slug: str, api_key: str, folder: Path | None) -> str:
    """Write the manifests of a workspace into a folder, and return what to tell; without one, return them."""
    if not api_key:
        raise CannotImport("there is no API key: set JITSU_APIKEY, or name a file with --api-key-file", refused=True)
    try:
        manifests = asyncio.run(read_jitsu(url, slug, api_key))
    except (InvalidSpec, errors.JitopsError) as error:
        refused = isinstance(error, InvalidSpec | errors.SpecInvalid)
        raise CannotImport(str(error), refused=refused) from None
    if folder is None:
        return as_yaml(manifests)
    try:
        paths = write(manifests, folder)
    except OSError as error:
        raise CannotImport(f"{error.filename or folder}: {error.strerror}", refused=True) from None
    return f"wrote {len(manifests)} manifests to {folder}: {', '.join(path.name for path in paths)}\n"
