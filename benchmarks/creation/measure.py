"""What one run cost: time and requests from the audit log, CPU and memory from the operator's process."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

CREATOR = "bench-creator"
"""The user agent of whoever makes the streams; what it asks is not the operator's."""


@dataclass(frozen=True)
class Usage:
    """A process's CPU seconds so far, and its memory's peak in MiB."""

    cpu: float
    peak: float

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Read it from the process table."""
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        ticks = int(fields[11]) + int(fields[12])
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
        return cls(ticks / os.sysconf("SC_CLK_TCK"), int(peak) / 1024)


@dataclass
class Audit:
    """The operator's requests of one namespace's streams, and when the first and last mattered.

    Events and Leases are counted, but a stream is done without them.
    """

    requests: Counter[str] = field(default_factory=Counter)
    started: datetime | None = None
    ended: datetime | None = None

    @classmethod
    def read(cls, path: Path, since: int, namespace: str) -> Audit:
        """Read what was logged after the byte `since`."""
        audit = cls()
        with path.open("rb") as log:
            log.seek(since)
            for line in log:
                audit._take(json.loads(line), namespace)
        return audit

    @property
    def seconds(self) -> float:
        """From the first stream's creation to the operator's last write."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else float("nan")

    def _take(self, entry: dict[str, object], namespace: str) -> None:
        where = entry.get("objectRef")
        if entry.get("stage") != "ResponseComplete" or not isinstance(where, dict):
            return
        if where.get("namespace") != namespace or "kube-controller" in str(entry.get("userAgent")):
            return
        if str(entry.get("userAgent")) == CREATOR:
            received = datetime.fromisoformat(str(entry["requestReceivedTimestamp"]))
            self.started = min(self.started or received, received)
            return
        resource = "/".join(filter(None, (where.get("resource"), where.get("subresource"))))
        self.requests[f"{entry['verb']} {resource}"] += 1
        if entry["verb"] not in {"get", "list", "watch"} and where.get("resource") not in {"events", "leases"}:
            ended = datetime.fromisoformat(str(entry["stageTimestamp"]))
            self.ended = max(self.ended or ended, ended)
