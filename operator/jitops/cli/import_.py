"""`jitops import`: manifests for objects that exist already."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jitops.cli.options import grouped
from jitops.cli.terminal import FAILED, REFUSED, command_app, fail, line
from jitops.importing.command import CannotImport, import_organization, import_workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

app = command_app()

Output = Annotated[
    Path | None, typer.Option("-o", "--output", file_okay=False, help="The folder to write to. Default: stdout.")
]


@app.callback()
def import_() -> None:
    """Write manifests for objects that exist already.

    Applying them changes nothing at the products; from then on they are managed.
    """


@app.command("jitsu")
def import_jitsu(
    *,
    workspace: Annotated[str, typer.Option(help="The id or slug of the workspace.")],
    url: Annotated[str, typer.Option(help="The address of the console.")] = "https://use.jitsu.com",
    api_key_file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file with <key id>:<secret>. Default: $JITSU_APIKEY."),
    ] = None,
    output: Output = None,
) -> None:
    """Write manifests for the objects of a Jitsu workspace.

    Each says `adopt: Match`, so that applying them changes nothing in the workspace. For each object with masked values
    a Secret is written in which the values must be filled in. Objects that can't be imported are listed on stderr.
    """
    key = api_key_file.read_text(encoding="utf-8") if api_key_file else os.environ.get("JITSU_APIKEY", "")
    try:
        _print(*import_workspace(url, workspace, key.strip(), output))
    except CannotImport as error:
        fail(line(error), code=REFUSED if error.refused else FAILED)


@dataclass(frozen=True, kw_only=True)
class Organization:
    """The options that say which organization is read, and by which user."""

    organization: Annotated[str, typer.Option(help="The id of the organization.")]
    region: Annotated[str | None, typer.Option(help="Its region: NA, EMEA or APAC.")] = None
    host: Annotated[str | None, typer.Option(help="The address of its REST services, instead of a region.")] = None
    email: Annotated[
        str,
        typer.Option(envvar="JITTERBIT_EMAIL", help="A user without two-factor authentication and single sign-on."),
    ] = ""
    password_file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file with the password. Default: $JITTERBIT_PASSWORD."),
    ] = None

    @property
    def place(self) -> dict[str, str]:
        """Return the region or the host, as the spec of an organization names it."""
        return {name: value for name, value in (("region", self.region), ("host", self.host)) if value}

    def password(self) -> str:
        """Return the password from its file or the environment; an empty string if there is none."""
        if self.password_file:
            return self.password_file.read_text(encoding="utf-8").rstrip("\r\n")
        return os.environ.get("JITTERBIT_PASSWORD", "").rstrip("\r\n")


@app.command("jitterbit")
@grouped
def import_jitterbit(*, options: Organization, output: Output = None) -> None:
    """Write manifests for the connectors of a Harmony organization.

    Each says `adopt: Match`, so that applying them changes nothing in the organization. The command logs in once; five
    refused logins lock an account. Neither the password nor any key is written.
    """
    try:
        _print(*import_organization(options.place, options.organization, options.email, options.password(), output))
    except CannotImport as error:
        fail(line(error), code=REFUSED if error.refused else FAILED)


def _print(text: str, notes: Iterable[str]) -> None:
    """Print the manifests to stdout, and to stderr what could not be imported."""
    typer.echo(text, nl=False)
    for note in notes:
        typer.echo(note, err=True)
