"""The contract of an adapter for Custom APIs: the sandbox speaks it, as schemathesis reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from tests.harness.cluster.products import Products, running_products

from jitops.products.jitterbit.adapter_contract import contract

DOCUMENT = yaml.safe_load(contract())
CONFIG = schemathesis.Config.from_dict(
    # A precondition that does not hold is no fault of the request's form.
    {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "304", "404", "412"]}}}
)
schema = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)
WELL_FORMED = re.compile(DOCUMENT["components"]["parameters"]["Organization"]["schema"]["pattern"])


@pytest.fixture(scope="module")
def products() -> Iterator[Products]:
    """Serve the sandbox from another thread: schemathesis asks without an event loop."""
    with running_products() as running:
        yield running


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_sandbox_speaks_the_contract(case: schemathesis.Case[Any], products: Products) -> None:
    """What fits is answered as documented, what does not fit is refused as documented, whatever is sent."""
    organization = case.path_parameters.get("organization", "")
    if isinstance(organization, str) and WELL_FORMED.fullmatch(organization):
        case.path_parameters["organization"] = "100200"
    token = products.sandbox.credentials.adapter_token
    case.call_and_validate(base_url=products.sandbox.adapter_url, headers={"Authorization": f"Bearer {token}"})
