"""Logs as text or as JSON lines with stable keys: time, level, logger, message, and error if there is one.

No code of jitops logs a secret. Text that looks like credentials is removed all the same: libraries may log some.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

from typing_extensions import override

from jitops.runtime.settings import LogFormat

TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
CREDENTIALS = re.compile(
    r"""(\b(?:authorization|password|api[-_]?key|token|secret)["']?\s*[:=]\s*["']?(?:(?:bearer|basic)\s+)?|\bbearer\s+)
        [^\s"',;]{8,}""",
    re.IGNORECASE | re.VERBOSE,
)
QUIET = {"kopf.objects": logging.WARNING, "asyncio": logging.WARNING, "httpx": logging.WARNING}
"""Loggers that are too verbose at the common level: kopf reports each event of each object as a success."""


class TextLines(logging.Formatter):
    """Formats records as text."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class JsonLines(logging.Formatter):
    """Formats records as JSON objects, one a line."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = redacted(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def redacted(text: str) -> str:
    """Return the text without anything that looks like credentials."""
    return CREDENTIALS.sub(r"\1[redacted]", text)


def configure(level: str, style: LogFormat, stream: TextIO | None = None) -> None:
    """Send all logs to standard error (or a stream), in one format."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else TextLines(TEXT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    quieten()


def quieten() -> None:
    """Set the levels of verbose loggers. `kopf run` configures everything else itself."""
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)
