"""Logs as text or as JSON lines with stable keys: time, level, logger, message, and error where there is one.

The law is that nothing secret is logged at all; taking out what looks like credentials is a second fence, for what
libraries may say.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

from jitops.runtime.settings import LogFormat

TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
CREDENTIALS = re.compile(
    r"""(\b(?:authorization|password|api[-_]?key|token|secret)["']?\s*[:=]\s*["']?(?:(?:bearer|basic)\s+)?|\bbearer\s+)
        [^\s"',;]{8,}""",
    re.IGNORECASE | re.VERBOSE,
)
QUIET = {"kopf.objects": logging.WARNING, "asyncio": logging.WARNING, "httpx": logging.WARNING}
"""Who talks too much at the level of the rest: kopf reports each event of each object as a success."""


class TextLines(logging.Formatter):
    """Lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        return redacted(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
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
    """Take out what looks like credentials."""
    return CREDENTIALS.sub(r"\1[redacted]", text)


def configure(level: str, style: LogFormat, stream: TextIO | None = None) -> None:
    """Send everything to standard error (or a stream), in one form."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else TextLines(TEXT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    quieten()


def quieten() -> None:
    """Let nobody talk too much; all that `kopf run` needs, which sets the rest up itself."""
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)
