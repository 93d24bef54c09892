"""Progress of a pass: a live table on a terminal, else one line for each change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from jitops.api.reasons import ConditionType, Reason
from jitops.core.status.conditions import find
from jitops.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from jitops.core.kube import JSON, Key, Resource

STYLES = {"True": "green", "False": "red", "Unknown": "yellow", "Deleting": "magenta"}
ORDER = [info.kind for info in KINDS]
WIDTH = 120
"""The width of a table that is not shown on a terminal."""
WAITING = "Waiting"
"""The reason shown for a resource that was not checked yet."""


@dataclass(frozen=True, slots=True)
class Row:
    """One resource as it is shown."""

    key: Key
    ready: str
    """A condition's status, or Deleting."""
    remote_id: str
    reason: str
    message: str

    def sentence(self) -> str:
        """Return the row as one line."""
        state = {"True": "ready", "Deleting": "being deleted"}.get(self.ready, "not ready")
        if self.ready == "True":
            return f"{self.key}: {state}, remote id {self.remote_id}"
        return ": ".join(filter(None, (f"{self.key}", state, self.reason, self.message)))


def row_of(resource: Resource) -> Row:
    """Return the row of a resource; conditions of an earlier generation are ignored."""
    ready = _current(resource, ConditionType.READY)
    synced = _current(resource, ConditionType.SYNCED)
    why = synced if synced.get("reason") == Reason.RECONCILE_PAUSED else ready
    if resource.deleting and why.get("reason") == Reason.AVAILABLE:
        why = {}
    return Row(
        key=resource.key,
        ready="Deleting" if resource.deleting else str(ready.get("status") or "Unknown"),
        remote_id=str(resource.status.get("id") or ""),
        reason=str(why.get("reason") or WAITING),
        message=str(why.get("message") or ""),
    )


def in_order(resources: Iterable[Resource]) -> list[Resource]:
    """Return the resources sorted by kind, connections before their users, and by name."""
    return sorted(resources, key=lambda one: (ORDER.index(one.key.kind), one.key))


def _current(resource: Resource, kind: str) -> Mapping[str, JSON]:
    condition = find(resource.status, kind)
    return condition if condition.get("observedGeneration") == resource.generation else {}


def table(rows: Sequence[Row]) -> Table:
    """Return the rows as a table."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("KIND", "NAME", "READY", "REMOTE ID", "REASON"):
        grid.add_column(name, overflow="fold")
    for row in rows:
        name = f"{row.key.namespace}/{row.key.name}"
        ready = Text(row.ready, style=STYLES.get(row.ready, ""))
        grid.add_row(row.key.kind, name, ready, Text(row.remote_id), row.reason)
    return grid


class Progress(Protocol):
    """Shows the resources while they change."""

    def show(self, rows: Sequence[Row]) -> None:
        """Show the current rows."""


class LiveProgress:
    """A table that is drawn again in its place."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)
        self._shown: tuple[Row, ...] = ()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._live.stop()

    def show(self, rows: Sequence[Row]) -> None:
        """Draw the table again if anything in it changed."""
        if tuple(rows) != self._shown:
            self._shown = tuple(rows)
            self._live.update(table(rows), refresh=True)


class PlainProgress:
    """Lines, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[Key, Row] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        pass

    def show(self, rows: Sequence[Row]) -> None:
        """Print what changed since the last call."""
        current = {row.key: row for row in rows}
        for key, row in current.items():
            if row != self._shown.get(key) and row.reason != WAITING:
                print_line(self._console, row.sentence())
        for key in self._shown.keys() - current.keys():
            print_line(self._console, f"{key}: deleted")
        self._shown = current


def console() -> Console:
    """Return the standard output; if it is no terminal, lines may be long."""
    opened = Console()
    return opened if opened.is_terminal else Console(width=WIDTH)


def progress(console: Console) -> LiveProgress | PlainProgress:
    """Return the kind of progress that fits the output."""
    return LiveProgress(console) if console.is_terminal else PlainProgress(console)


def print_line(console: Console, line: str) -> None:
    """Print one line unchanged: not wrapped, and without markup."""
    console.print(line, soft_wrap=True, markup=False, highlight=False, emoji=False)
