"""The commands that this distribution adds to `jitops`, by entry points: `demo`, `sandbox` and `sandbox replay`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError
from typer.models import OptionInfo
from yaml import YAMLError

from jitops.cli.options import grouped
from jitops.cli.terminal import FAILED, REFUSED, command_app, fail, line
from jitops.local.progress import console
from jitops_sandbox import SeedError
from jitops_sandbox import demo as demos
from jitops_sandbox import replay as replaying
from jitops_sandbox.controlplane import ControlPlaneUnavailable
from jitops_sandbox.server import ADAPTER_PORT, GATEWAY_PORT, JITSU_PORT, JITTERBIT_PORT, serve

demo_app = command_app()
sandbox_app = command_app()

Build = Literal["A", "B"]


def _port(text: str) -> OptionInfo:
    option: OptionInfo = typer.Option(min=0, max=65535, help=f"{text}; 0: any free port.")
    return option


def _file(text: str) -> OptionInfo:
    option: OptionInfo = typer.Option(exists=True, dir_okay=False, help=text)
    return option


@demo_app.command()
def demo(
    *,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Use a real Kubernetes API server, which is built on first use.")
    ] = False,
) -> None:
    """Show both products being managed, step by step.

    Resources are created, repaired and deleted, and every step is checked.
    """
    try:
        (demos.run_on_cluster if cluster else demos.run_locally)(console())
    except demos.DemoFailed as error:
        fail(f"the demo failed: {error}")
    except ControlPlaneUnavailable as error:
        fail(str(error))


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The options of a sandbox."""

    jitsu_port: Annotated[int, _port("The port of Jitsu")] = JITSU_PORT
    jitterbit_port: Annotated[int, _port("The port of Harmony")] = JITTERBIT_PORT
    adapter_port: Annotated[int, _port("The port of the adapter for Custom APIs")] = ADAPTER_PORT
    gateway_port: Annotated[int, _port("The port at which published Custom APIs are called")] = GATEWAY_PORT
    build: Annotated[Build, typer.Option(help="The known build of the Jitsu console to imitate.")] = "A"
    minute_seconds: Annotated[
        float, typer.Option(min=0.001, help="The seconds that a minute of Jitsu's rate limit takes.")
    ] = 60
    seed: Annotated[Path | None, _file("A YAML file with the objects that exist at the start.")] = None
    faults: Annotated[Path | None, _file("A YAML file with the faults that occur from the start.")] = None


@sandbox_app.callback(invoke_without_command=True)
@grouped
def sandbox(context: typer.Context, *, stage: Stage) -> None:
    """Serve stand-ins of both products on this machine.

    They run until SIGINT or SIGTERM. When they are ready, one line of JSON has their addresses and credentials.
    """
    if context.invoked_subcommand is not None:
        return
    try:
        serve(**asdict(stage))
    except SeedError as error:
        fail(line(error), code=REFUSED)
    except ValidationError as error:
        faulty = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        fail(f"{stage.faults}: {faulty}", code=REFUSED)
    except (YAMLError, UnicodeError) as error:
        fail(f"{stage.faults} is not valid YAML: {line(error)}", code=REFUSED)
    except OSError as error:
        fail(f"the sandbox can't listen: {error.strerror or error}")


@sandbox_app.command()
def replay(
    recording: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The recorded exchanges, JSON lines.")],
    *,
    url: Annotated[str | None, typer.Option(help="A running sandbox. Default: one is started for the replay.")] = None,
    seed: Annotated[Path | None, _file("The seed. Default: that of the recording.")] = None,
    prefix: Annotated[
        list[str] | None,
        typer.Option(help="Compare only rows whose names start with this; may be repeated. Default: all."),
    ] = None,
    build: Annotated[Build, typer.Option(help="The build of the console to start.")] = "A",
) -> None:
    """Send a recording to a sandbox and compare the answers.

    It prints how many answers matched, and each difference. The exit code is 1 if any answer differs.
    """
    try:
        matched = replaying.run(recording, base_url=url, seed=seed, prefixes=prefix or (), build=build)
    except SeedError as error:
        fail(line(error), code=REFUSED)
    except (ValueError, KeyError) as error:
        fail(f"{recording} is not a recording: {line(error)}", code=REFUSED)
    except replaying.NoSandbox as error:
        fail(f"the sandbox does not answer: {line(error)}")
    if not matched:
        raise typer.Exit(FAILED)
