"""The options of `jitops run` are the settings, under the same names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import typer
from typer.core import TyperOption
from typer.main import get_command

from jitops.cli.options import grouped
from jitops.cli.run import app
from jitops.runtime.settings import Settings

ENVIRONMENT_ONLY = {"lease_name"}
ONE_OF_SEVERAL = {"--namespace": "--namespaces"}

Read = Callable[..., Settings]


@pytest.fixture
def read() -> Read:
    """Return a function that reads settings from the arguments of a command that has all of them."""

    def read(*arguments: str) -> Settings:
        found = []

        @grouped
        def command(*, settings: Settings) -> None:
            found.append(settings)

        program = typer.Typer(add_completion=False)
        program.command()(command)
        get_command(program).main(list(arguments), standalone_mode=False)
        return found[0]

    return read


def test_each_setting_is_an_option() -> None:
    """Every setting is an option, except the ones that only the environment sets."""
    assert {one.name for one in get_command(app).params} == set(Settings.model_fields) - ENVIRONMENT_ONLY


def test_flags_are_named_like_their_variables() -> None:
    """A flag has the name of its variable, in the singular where it is repeated; its help names the variable."""
    for option in get_command(app).params:
        flag = next(name for name in option.opts if name.startswith("--"))
        name = ONE_OF_SEVERAL.get(flag, flag).removeprefix("--").replace("-", "_").upper()
        assert isinstance(option, TyperOption)
        assert f"[env: JITOPS_{name}]" in str(option.help)


def test_options_win_over_the_environment(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting without its option has the value of the environment, else the default."""
    monkeypatch.setenv("JITOPS_RESYNC_PERIOD", "3m")
    monkeypatch.setenv("JITOPS_WORKERS", "7")
    monkeypatch.setenv("JITOPS_NAMESPACES", "x")
    settings = read("--workers", "5", "-n", "a", "--namespace", "b", "--metrics-port", "0", "--no-secrets-watch")
    monkeypatch.setenv("JITOPS_WORKERS", "5")
    monkeypatch.setenv("JITOPS_NAMESPACES", "a,b")
    monkeypatch.setenv("JITOPS_METRICS_PORT", "0")
    monkeypatch.setenv("JITOPS_SECRETS_WATCH", "false")
    assert settings == Settings.from_environment()
    assert (settings.workers, settings.namespaces, settings.metrics_port) == (5, ("a", "b"), None)


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--workers", "0", "write 1 or more"),
        ("--workers", "many", "write a whole number"),
        ("--resync-period", "5x", "write a duration such as 90s, 10m or 1h30m, or 0"),
        ("--metrics-port", "65536", "write 65535 or less"),
        ("--log-format", "xml", "write 'text' or 'json'"),
    ],
)
def test_a_mistake_names_the_option(read: Read, option: str, value: str, reason: str) -> None:
    """A value that cannot be read is reported with the option and with what to write."""
    with pytest.raises(typer.BadParameter) as error:
        read(option, value)
    assert error.value.format_message() == f"Invalid value for {option!r}: {reason}"
