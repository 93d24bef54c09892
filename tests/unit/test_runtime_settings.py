"""Settings from the environment, as `kopf run` and the chart give them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jitops.runtime.settings import Settings


def test_nothing_set_gives_the_defaults() -> None:
    """An empty environment, or one with empty values, changes nothing."""
    assert Settings.from_environment({}) == Settings.from_environment({"JITOPS_NAMESPACES": ""}) == Settings()
    assert not Settings().namespaced


def test_everything_can_be_set() -> None:
    """Each kind of value is read from its text."""
    settings = Settings.from_environment(
        {
            "JITOPS_KUBECONFIG": "some/where",
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
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, text: str) -> None:
    """The refusal names the variable and its value."""
    with pytest.raises(ValueError, match=f"JITOPS_{name}='{text}'"):
        Settings.from_environment({f"JITOPS_{name}": text})
