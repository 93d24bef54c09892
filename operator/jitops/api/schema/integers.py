"""Whole numbers, as the API server understands them."""

from typing import Annotated

from pydantic import BeforeValidator, Field


def read_whole(value: object) -> object:
    """Take 5.0 for 5: JSON makes no difference, and the API server accepts both."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(read_whole)
"""Marks a whole number; it stands last, since pydantic reads markers from the inside out."""

LARGEST = 9_007_199_254_740_991
"""The Jitsu console is JavaScript: larger whole numbers would come back changed."""

Count = Annotated[int, Field(ge=0, le=LARGEST), WHOLE]
"""Zero or more."""
