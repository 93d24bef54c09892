"""Settings from the environment, as `kopf run` and the chart give them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from jitops.runtime.settings import Settings

Read = Callable[[Mapping[str, str]], Settings]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Return a function that reads the settings of an environment."""

    def read(environment: Mapping[str, str]) -> Settings:
        for name in [name for name in os.environ if name.startswith("JITOPS_")]:
            monkeypatch.delenv(name)
        for name, text in environment.items():
            monkeypatch.setenv(name, text)
        return Settings.from_environment()

    return read


def test_defaults(read: Read) -> None:
    """An empty environment, or one with empty values, changes nothing."""
    defaults = read({})
    assert read({"JITOPS_NAMESPACES": "", "JITOPS_WORKERS": ""}) == defaults
    assert (defaults.namespaces, defaults.namespaced, defaults.workers) == ((), False, 32)


def test_everything_can_be_set(read: Read) -> None:
    """Each kind of value is read from its text."""
    settings = read(
        {
            "JITOPS_KUBECONFIG": " some/where ",
            "JITOPS_NAMESPACES": "a, b,",
            "JITOPS_CLUSTER_ID": "prod",
            "JITOPS_WORKERS": "8",
            "JITOPS_RESYNC_PERIOD": "1h30m",
            "JITOPS_SLOW_RETRY": "30s",
            "JITOPS_SECRETS_WATCH": "False",
            "JITOPS_LEADER_ELECTION": "no",
            "JITOPS_PROBES_PORT": "0",
            "JITOPS_METRICS_PORT": "9999",
            "JITOPS_LOG_LEVEL": "DEBUG",
            "JITOPS_LOG_FORMAT": "json",
            "UNRELATED": "x",
        }
    )
    assert settings == Settings(
        kubeconfig=Path("some/where"),
        namespaces=("a", "b"),
        cluster_id="prod",
        workers=8,
        resync_period=timedelta(minutes=90),
        slow_retry=timedelta(seconds=30),
        secrets_watch=False,
        leader_election=False,
        probes_port=None,
        metrics_port=9999,
        log_level="debug",
        log_format="json",
    )
    assert settings.namespaced


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("WORKERS", "many"),
        ("WORKERS", "0"),
        ("RESYNC_PERIOD", "soon"),
        ("SECRETS_WATCH", "perhaps"),
        ("PROBES_PORT", "http"),
        ("METRICS_PORT", "-1"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_mistake_names_the_variable(read: Read, name: str, text: str) -> None:
    """The message names the variable and its value, in one line."""
    with pytest.raises(ValueError, match=f"^JITOPS_{name}='{text}' can't be read: write [^\n]*$"):
        read({f"JITOPS_{name}": text})
