"""The two commands of `jitops import`: read and write, and report a failure as one sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jitops.api.schema.model import InvalidSpec
from jitops.core import errors
from jitops.importing.reading import read_jitsu, read_jitterbit
from jitops.importing.writing import as_yaml, write

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from pathlib import Path

    from jitops.importing.manifests import Imported


class CannotImport(Exception):
    """Why the import failed, for people. `refused`: the request itself is wrong."""

    def __init__(self, message: str, *, refused: bool) -> None:
        super().__init__(message)
        self.refused = refused


Result = tuple[str, Sequence[str]]
"""The text to print, and a sentence for each thing that was left out."""


def import_workspace(url: str, slug: str, api_key: str, folder: Path | None) -> Result:
    """Write the manifests of a workspace into a folder and return a summary; without a folder, return the manifests.

    Raises CannotImport.
    """
    if not api_key:
        raise CannotImport("there is no API key: set JITSU_APIKEY, or name a file with --api-key-file", refused=True)
    return _written(_read(read_jitsu(url, slug, api_key)), folder)


def import_organization(
    where: Mapping[str, str], organization: str, email: str, password: str, folder: Path | None
) -> Result:
    """Do the same for the connectors of an organization; `where` is its region or its host."""
    if not email:
        raise CannotImport("there is no account: set JITTERBIT_EMAIL, or name one with --email", refused=True)
    if not password:
        raise CannotImport(
            "there is no password: set JITTERBIT_PASSWORD, or name a file with --password-file", refused=True
        )
    return _written(_read(read_jitterbit(where, organization, email, password)), folder)


def _read(reading: Coroutine[Any, Any, Imported]) -> Imported:
    try:
        return asyncio.run(reading)
    except (InvalidSpec, errors.JitopsError) as error:
        refused = isinstance(error, InvalidSpec | errors.SpecInvalid)
        raise CannotImport(str(error), refused=refused) from None


def _written(imported: Imported, folder: Path | None) -> Result:
    if folder is None:
        return as_yaml(imported), imported.notes
    try:
        paths = write(imported, folder)
    except OSError as error:
        raise CannotImport(f"{error.filename or folder}: {error.strerror}", refused=True) from None
    names = ", ".join(path.name for path in paths)
    return f"wrote {len(imported.manifests)} manifests to {folder}: {names}\n", imported.notes
