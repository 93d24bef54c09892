"""
The control plane as a Go program, whose first build compiles two thousand Go packages.

Kubernetes is published as source, not as a package for Python. Every failure is a `ControlPlaneUnavailable` with one
sentence that names the missing part.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from jitops_sandbox.controlplane.goprogram import GoProgram, GoProgramUnavailable, to_stderr

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCES = Path(__file__).parent / "server"
"""The Go module, a part of this package."""

EXPECTATION = "5 to 10 minutes on two cores, 2 GB of memory and 3 GB of disk for Go's own caches"


class ControlPlaneUnavailable(Exception):
    """The control plane can't be built, started or reached on this machine; the message says why, in a sentence."""


def control_plane_binary(report: Callable[[str], None] = to_stderr) -> Path:
    """Return the path of the control plane's program; build it first if these sources were never built here."""
    try:
        return control_plane_program().binary(report)
    except GoProgramUnavailable as error:
        raise ControlPlaneUnavailable(str(error)) from None


def control_plane_program() -> GoProgram:
    """Return the description of the build."""
    return GoProgram(
        name="control-plane",
        sources=SOURCES,
        link_flags=_link_flags(),
        what=f"etcd and the Kubernetes API server {kubernetes_version()} from source",
        expectation=EXPECTATION,
        packages=2200,
    )


def kubernetes_version() -> str:
    """Return the version that `go.mod` pins; the server reports the same."""
    pinned = re.search(r"^\s*k8s\.io/kubernetes (v\S+)$", (SOURCES / "go.mod").read_text(), re.MULTILINE)
    if pinned is None:
        raise ControlPlaneUnavailable(f"{SOURCES / 'go.mod'} pins no version of k8s.io/kubernetes.")
    return pinned[1]


def _link_flags() -> tuple[str, ...]:
    """Return the linker flags: no debug symbols, and the version for discovery, as the official build sets it."""
    version = kubernetes_version()
    major, minor, _ = version.removeprefix("v").split(".", 2)
    named = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    modules = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return ("-s", "-w", *(f"-X {module}.{key}={value}" for module in modules for key, value in named.items()))
