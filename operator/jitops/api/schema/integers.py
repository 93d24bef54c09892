"""Types of whole numbers, read as the API server reads them."""

from typing import Annotated

from pydantic import BeforeValidator, Field


def read_whole(value: object) -> object:
    """Return 5 for 5.0: JSON makes no difference between them, and the API server accepts both."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(read_whole)
"""Marks a whole number. It must be the last marker: pydantic wraps markers from left to right, so that the last one
sees the value first."""

LARGEST = 9_007_199_254_740_991
"""The largest number. The Jitsu console is JavaScript, which would return a larger one changed."""

Count = Annotated[int, Field(ge=0, le=LARGEST), WHOLE]
"""A whole number, zero or more."""
