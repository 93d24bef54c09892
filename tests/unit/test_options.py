"""The options of `jitops run` are the settings, under the same names."""

from __future__ import annotations

import inspect
from dataclasses import fields

import pytest
import typer.main

from jitops.cli.app import app, run
from jitops.cli.options import settings_from
from jitops.runtime.settings import Settings

BY_ENVIRONMENT_ALONE = {"lease_name"}
ONE_OF_SEVERAL = {"--namespace": "--namespaces"}


def test_each_setting_is_an_option() -> None:
    """What can be set by the environment can be set by an option of the same name."""
    assert set(inspect.signature(run).parameters) == {field.name for field in fields(Settings)} - BY_ENVIRONMENT_ALONE


def test_flags_are_named_like_their_variables() -> None:
    """Whoever knows the flag knows the variable; a flag that may be given again stands for one of several."""
    command = typer.main.get_command(app).commands["run"]  # type: ignore[attr-defined]
    for option in command.params:
        flag = next(name for name in option.opts if name.startswith("--"))
        name = ONE_OF_SEVERAL.get(flag, flag).removeprefix("--").replace("-", "_").upper()
        if name != "HELP":
            assert f"[env: JITOPS_{name}]" in option.help


def test_options_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not given leaves the environment's value, or the default; namespaces may come as typer gives them."""
    monkeypatch.setenv("JITOPS_RESYNC_PERIOD", "3m")
    monkeypatch.setenv("JITOPS_WORKERS", "7")
    monkeypatch.setenv("JITOPS_NAMESPACES", "x")
    assert settings_from(workers=5, namespaces=["a", "b"], metrics_port=0, log_level=None) == Settings.from_environment(
        {"JITOPS_RESYNC_PERIOD": "3m", "JITOPS_WORKERS": "5", "JITOPS_NAMESPACES": "a,b", "JITOPS_METRICS_PORT": "0"}
    )
    assert settings_from(namespaces=[]).namespaces == ("x",)
