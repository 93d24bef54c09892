"""The command line: `run`, `release`, `apply`, `import`, `demo`, `sandbox`, `crds`, `adapter-contract`, `version`.

Each command imports what it needs when it is called: nobody waits for kopf to read a version.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from pydantic import ValidationError
from typer.exceptions import TyperException
from yaml import YAMLError

import jitops
from jitops.cli import options
from jitops.cli.import_ import import_app
from jitops.cli.release import release
from jitops.cli.terminal import (
    FAILED,
    HELP_NAMES,
    INTERRUPTED,
    REFUSED,
    complain,
    fail,
    hint,
    line,
    tolerate_old_terminals,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    help="Manage Jitterbit Harmony and Jitsu as Kubernetes resources.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # its boxes cut the names of options short
    context_settings=HELP_NAMES,
)
sandbox_app = typer.Typer(invoke_without_command=True, rich_markup_mode=None, context_settings=HELP_NAMES)
app.add_typer(sandbox_app, name="sandbox")
app.add_typer(import_app, name="import")

app.command()(release)

Build = Literal["A", "B"]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit; what a person did wrong is told in a line, without a traceback."""
    tolerate_old_terminals()
    try:
        code = app(args=arguments, prog_name="jitops", standalone_mode=False)
    except TyperException as error:
        complain(line(error) + hint(error))
        code = error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `| head` went away: say nothing at the exit
        code = FAILED
    if code == INTERRUPTED:
        complain("interrupted")
    sys.exit(code or 0)


@app.command()
def run(  # noqa: PLR0913 - the settings of an operator
    *,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    namespaces: options.Namespaces = None,
    cluster_id: options.ClusterId = None,
    operator_namespace: options.OperatorNamespace = None,
    workers: options.Workers = None,
    resync_period: options.ResyncPeriod = None,
    slow_retry: options.SlowRetry = None,
    secrets_watch: options.SecretsWatch = None,
    leader_election: options.LeaderElection = None,
    probes_port: options.ProbesPort = None,
    metrics_port: options.MetricsPort = None,
    log_level: options.LogLevel = None,
    log_format: options.LogFormat = None,
) -> None:
    """Run the operator, in a cluster or with a kubeconfig, until SIGTERM."""
    given = locals()
    try:
        settings = options.settings_from(**given)
    except ValueError as error:
        fail(str(error), code=REFUSED)
    from jitops.runtime.app import run as run_operator  # noqa: PLC0415 - only for this command

    run_operator(settings)


@app.command()
def apply(
    *,
    filename: Annotated[Path, typer.Option("-f", "--filename", help="The folder (or file) of manifests.")],
    state: Annotated[Path, typer.Option(help="The folder that remembers what was made; keep it, and keep it safe.")],
    cluster_id: Annotated[
        str | None, typer.Option(help="What tells these objects from others'. Default: what the state says.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait until all is Ready.")] = 120,
) -> None:
    """Make Jitsu and Jitterbit as a folder of manifests says, with no cluster.

    What is no longer in the folder is deleted. Ids and keys are written to STATE/outputs. Exit code 0: all is Ready;
    1: something is not; 2: nothing was done, because the manifests can't be applied.
    """
    from jitops.local.apply import apply as make_so  # noqa: PLC0415 - only for this command
    from jitops.local.folder import FolderBroken, FolderBusy, FolderUnusable, StateFolder  # noqa: PLC0415
    from jitops.local.manifests import ManifestsRefused, load  # noqa: PLC0415
    from jitops.local.progress import console, print_line, progress  # noqa: PLC0415

    output = console()
    try:
        manifests = load(filename, skip=state.absolute())
        with StateFolder.open(state) as folder, progress(output) as shown:
            outcome = asyncio.run(make_so(manifests, folder, shown, cluster_id=cluster_id, timeout=timeout))
    except ManifestsRefused as error:
        fail(*error.faults, code=REFUSED)
    except FolderUnusable as error:
        fail(str(error), code=FAILED if isinstance(error, FolderBusy | FolderBroken) else REFUSED)
    if not outcome.complete:
        fail(*outcome.complaints())
    print_line(output, f"all is Ready: {len(outcome.rows)} resources")


@app.command()
def demo(
    *,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="On a real Kubernetes API server, built at the first use.")
    ] = False,
) -> None:
    """Show both products being managed: created, repaired, deleted; every step is checked."""
    from jitops.local.progress import console  # noqa: PLC0415
    from jitops_sandbox import demo as demos  # noqa: PLC0415 - only for this command
    from jitops_sandbox.controlplane import ControlPlaneUnavailable  # noqa: PLC0415

    try:
        (demos.run_on_cluster if cluster else demos.run_locally)(console())
    except demos.DemoFailed as error:
        fail(f"the demo failed: {error}")
    except ControlPlaneUnavailable as error:
        fail(str(error))


@sandbox_app.callback()
def sandbox(  # noqa: PLR0913 - what can be set about it
    context: typer.Context,
    *,
    jitsu_port: Annotated[int, options.port("Where Jitsu listens; 0: any free port.")] = 7710,
    jitterbit_port: Annotated[int, options.port("Where Harmony listens; 0: any.")] = 7720,
    adapter_port: Annotated[int, options.port("Where the adapter for Custom APIs listens; 0: any.")] = 7730,
    gateway_port: Annotated[int, options.port("Where published Custom APIs are called; 0: any.")] = 7740,
    build: Annotated[Build, typer.Option(help="Which of the two known builds of the Jitsu console.")] = "A",
    minute_seconds: Annotated[float, typer.Option(min=0.001, help="How long a minute of Jitsu's budget takes.")] = 60,
    seed: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What exists at the start, in YAML.")
    ] = None,
    faults: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Faults to begin with, in YAML.")
    ] = None,
) -> None:
    """Serve stand-ins of both products on this machine, until SIGINT or SIGTERM.

    When they are ready, one line of JSON tells their addresses and credentials.
    """
    if context.invoked_subcommand is not None:
        return
    from jitops_sandbox.seed import SeedError  # noqa: PLC0415 - only for this command
    from jitops_sandbox.server import serve  # noqa: PLC0415

    try:
        serve(
            jitsu_port=jitsu_port,
            jitterbit_port=jitterbit_port,
            adapter_port=adapter_port,
            gateway_port=gateway_port,
            build=build,
            minute_seconds=minute_seconds,
            seed=seed,
            faults=faults,
        )
    except SeedError as error:
        fail(line(error), code=REFUSED)
    except ValidationError as error:
        faulty = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        fail(f"{faults}: {faulty}", code=REFUSED)
    except (YAMLError, UnicodeError) as error:
        fail(f"{faults}: is no YAML: {line(error)}", code=REFUSED)
    except OSError as error:
        fail(f"the sandbox can't listen: {error.strerror or error}")


@sandbox_app.command()
def replay(
    recording: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Recorded exchanges, a JSON a line.")],
    *,
    url: Annotated[str | None, typer.Option(help="A running sandbox. Default: one is started for the replay.")] = None,
    seed: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Its seed. Default: the recorded one.")
    ] = None,
    prefix: Annotated[
        list[str] | None, typer.Option(help="Compare rows whose names begin so; may be given again. Default: all.")
    ] = None,
    build: Annotated[Build, typer.Option(help="The build to start.")] = "A",
) -> None:
    """Send a recording to a sandbox; print how many answers matched, and each difference.

    The exit code is 1 if any row differs.
    """
    from jitops_sandbox.replay import NoSandbox  # noqa: PLC0415 - only for this command
    from jitops_sandbox.replay import run as run_replay  # noqa: PLC0415
    from jitops_sandbox.seed import SeedError  # noqa: PLC0415 - only for this command

    try:
        matched = run_replay(recording, base_url=url, seed=seed, prefixes=prefix or (), build=build)
    except SeedError as error:
        fail(line(error), code=REFUSED)
    except (ValueError, KeyError) as error:
        fail(f"{recording} is no recording: {line(error)}", code=REFUSED)
    except NoSandbox as error:
        fail(f"the sandbox can't be asked: {line(error)}")
    if not matched:
        raise typer.Exit(FAILED)


@app.command()
def crds(
    *,
    write: Annotated[Path | None, typer.Option(file_okay=False, help="Write them into this folder.")] = None,
    check: Annotated[Path | None, typer.Option(file_okay=False, help="Say which files there are outdated.")] = None,
) -> None:
    """Print the CustomResourceDefinitions, as they follow from the models."""
    from jitops import crds as generator  # noqa: PLC0415 - only for this command

    if write and check:
        raise typer.BadParameter("take one of --write and --check, not both")
    if write:
        generator.write(write)
    elif check:
        outdated = generator.current(check)
        if outdated:
            fail(f"{check} is not what the models say: {', '.join(outdated)}; run `make crds`")
    else:
        typer.echo("---\n".join(generator.files().values()), nl=False)


@app.command("adapter-contract")
def adapter_contract() -> None:
    """Print the contract of an adapter for Custom APIs, as OpenAPI: it is jitops' own, and no API of Jitterbit's."""
    from jitops.products.jitterbit import adapter_contract as api_contract  # noqa: PLC0415 - only for this command

    typer.echo(api_contract.contract(), nl=False)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"jitops {jitops.__version__}")


if __name__ == "__main__":
    main()
