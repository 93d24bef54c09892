"""The field `validation`, by which users ask for a preflight."""

from typing import Literal

Validation = Literal["Off", "Warn", "Enforce"]
