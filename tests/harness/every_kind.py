"""The marks that run a test for every kind, every kind and build, and every field."""

from __future__ import annotations

import pytest
from tests.harness.samples.sample import FieldCase
from tests.harness.samples.table import SAMPLES

every_kind = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)

every_kind_and_build = pytest.mark.parametrize(
    ("sample", "build"),
    [
        pytest.param(sample, build, id=f"{kind}-{build}" if sample.is_jitsu else kind)
        for kind, sample in SAMPLES.items()
        for build in ("A", "B" if sample.is_jitsu else None)
        if build
    ],
)
"""For the answers in which the builds of the console differ: about missing objects and existing ones."""

FIELDS = [
    pytest.param(sample, case, id=f"{kind}.{case.field}") for kind, sample in SAMPLES.items() for case in sample.cases
]

every_field = pytest.mark.parametrize(("sample", "case"), FIELDS)

every_field_that_drifts = pytest.mark.parametrize(
    ("sample", "case"), [field for field in FIELDS if isinstance(field.values[1], FieldCase) and field.values[1].drift]
)
