"""The command line of `jitops import`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jitops.cli.terminal import FAILED, HELP_NAMES, REFUSED, fail, line

if TYPE_CHECKING:
    from collections.abc import Iterable

import_app = typer.Typer(
    help="Write manifests for what exists already, to be taken over without a change.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=HELP_NAMES,
)


@import_app.command("jitsu")
def import_jitsu(
    *,
    workspace: Annotated[str, typer.Option(help="The workspace, by its id or slug.")],
    url: Annotated[str, typer.Option(help="The console's address.")] = "https://use.jitsu.com",
    api_key_file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file with <key id>:<secret>. Default: JITSU_APIKEY."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", file_okay=False, help="The folder to write to. Default: stdout.")
    ] = None,
) -> None:
    """Write manifests for a Jitsu workspace; with `adopt: Match` in each, applying them changes nothing there.

    What the console masks becomes a Secret with a place for each value. What can't be taken over is told on stderr.
    """
    from jitops.importing.command import CannotImport, import_workspace  # noqa: PLC0415 - only for this command

    key = api_key_file.read_text(encoding="utf-8") if api_key_file else os.environ.get("JITSU_APIKEY", "")
    try:
        _tell(*import_workspace(url, workspace, key.strip(), output))
    except CannotImport as error:
        fail(line(error), code=REFUSED if error.refused else FAILED)


@import_app.command("jitterbit")
def import_jitterbit(  # noqa: PLR0913 - where to find it, and who asks
    *,
    organization: Annotated[str, typer.Option(help="The organization, by its id.")],
    region: Annotated[str | None, typer.Option(help="Its region: NA, EMEA or APAC.")] = None,
    host: Annotated[str | None, typer.Option(help="The address of its REST services, instead of a region.")] = None,
    email: Annotated[
        str, typer.Option(envvar="JITTERBIT_EMAIL", help="A user without second factor and single sign-on.")
    ] = "",
    password_file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file with the password. Default: JITTERBIT_PASSWORD."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", file_okay=False, help="The folder to write to. Default: stdout.")
    ] = None,
) -> None:
    """Write manifests for a Harmony organization's connectors; with `adopt: Match`, applying them changes nothing.

    It logs in once; five refused log-ins lock an account. Neither the password nor any key is written.
    """
    from jitops.importing.command import CannotImport, import_organization  # noqa: PLC0415 - only for this command

    where = {name: value for name, value in (("region", region), ("host", host)) if value}
    file = password_file.read_text(encoding="utf-8") if password_file else os.environ.get("JITTERBIT_PASSWORD", "")
    try:
        _tell(*import_organization(where, organization, email, file.rstrip("\r\n"), output))
    except CannotImport as error:
        fail(line(error), code=REFUSED if error.refused else FAILED)


def _tell(text: str, notes: Iterable[str]) -> None:
    """Print what programs read, and beside it what was left out."""
    typer.echo(text, nl=False)
    for note in notes:
        typer.echo(note, err=True)
