"""The checks of a link's `data` (docs/reference/jitsu.md section 5).

The options are checked under `?strict=true`, the schedule of a sync always.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jitops_sandbox.jitsu import published, zod
from jitops_sandbox.jitsu.errors import ApiError

if TYPE_CHECKING:
    from jitops_sandbox.jitsu.context import Context

FIELDS: tuple[tuple[str, int, int], ...] = (
    (r"[,*\d/-]+", 0, 59),
    (r"[,*\d/-]+", 0, 59),
    (r"[,*\d/-]+", 0, 23),
    (r"[?,*\dL/-]+", 1, 31),
    (r"[,*\d/-]+", 1, 12),
    (r"[?,*\dL#/-]+", 0, 7),
)
"""Second, minute, hour, day, month, weekday: the permitted characters, the smallest and the greatest number."""

NAMES = re.compile(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)\b", re.IGNORECASE)


def check(context: Context, given: dict[str, Any]) -> None:
    """Raise if a link's data is invalid; valid data is stored verbatim, with extra keys."""
    data = given.get("data")
    if context.call.query.get("strict") == "true":
        _check_options(context, given, data)
    if given["type"] == "sync" and isinstance(data, dict):
        _check_schedule(data)


def _check_options(context: Context, given: dict[str, Any], data: object) -> None:
    if given["type"] == "sync":
        kind, what = "sync", "sync options"
    elif given["type"] == "push":
        target = context.state.table(context.workspace, "destination")[given["toId"]]
        kind = str(target.config.get("destinationType"))
        what = f"connection options for {kind}"
    else:
        return
    issues = zod.parse(published.link_options(kind), data if data is not None else {}).issues
    if issues:
        listed = json.dumps(issues, indent=2, ensure_ascii=False)
        raise ApiError(f"Invalid {what}: {listed}", status=400, zodError={"issues": issues, "name": "ZodError"})


def _check_schedule(data: dict[str, Any]) -> None:
    schedule, timezone = data.get("schedule"), data.get("timezone")
    fault = _cron_fault(str(schedule)) if schedule else None
    if fault is None and timezone and not _is_timezone(str(timezone)):
        fault = f"Invalid timezone {timezone}"
    if fault is not None:
        raise ApiError(f'Invalid cron schedule "{schedule}": {fault}', status=400)


def _cron_fault(schedule: str) -> str | None:
    """Return the fault of a cron line, if any; leading fields may be missing, as in the console's parser."""
    words = NAMES.sub("1", schedule).split()
    if len(words) > len(FIELDS):
        return "Invalid cron expression"
    for word, (allowed, least, greatest) in zip(words, FIELDS[len(FIELDS) - len(words) :], strict=True):
        if not re.fullmatch(allowed, word):
            return f"Invalid characters, got value: {word}"
        for number in re.findall(r"(?<!/)\b\d+", word):
            if not least <= int(number) <= greatest:
                return f"Constraint error, got value {number} expected range {least}-{greatest}"
    return None


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
