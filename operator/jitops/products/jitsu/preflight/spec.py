"""What is tried at the console before it is written."""

from typing import Literal

Validation = Literal["Off", "Warn", "Enforce"]
