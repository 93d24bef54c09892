"""Logs as text or as JSON lines with stable keys: time, level, logger, message, and error where there is one.

The law is that nothing secret is logged at all; the filter at the end is a second fence, for what libraries may say.
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
SECRET = re.compile(
    r"(?P<kept>\b(?:authorization|bearer|basic|password|apikey|api_key|token|secret)\b[\"']?\s*[:=]?\s+?[\"']?)"
    r"(?P<value>[^\s\"',;]{8,})",
    re.IGNORECASE,
)
QUIET = {"kopf.objects": logging.WARNING, "asyncio": logging.WARNING, "httpx": logging.WARNING}
"""Who talks too much at the level of the rest: kopf reports each event of each object as a success."""


class Redaction(logging.Filter):
    """Takes out what looks like credentials."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the message where something has to go; never hold a record back."""
        message = record.getMessage()
        cleaned = SECRET.sub(r"\g<kept>[redacted]", message)
        if cleaned != message:
            record.msg, record.args = cleaned, None
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(level: str, style: LogFormat, stream: TextIO | None = None) -> None:
    """Send everything to standard error (or a stream), in one form."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else logging.Formatter(TEXT))
    handler.addFilter(Redaction())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)
