"""Configurations of Custom APIs: what a spec becomes, and what the contract and OpenAPI say of it."""

from __future__ import annotations

import pytest
import schemathesis
import yaml
from jsonschema import Draft202012Validator
from tests.harness.cases.case import Case
from tests.harness.cases.custom_apis import CUSTOM_APIS, SERVICE, api

from jitops.api.schema.model import validate_spec
from jitops.products.jitterbit.adapter_contract import contract
from jitops.products.jitterbit.api_rows import ApiRow, canonical
from jitops.products.jitterbit.custom_api.documents import openapi
from jitops.products.jitterbit.custom_api.spec import CustomAPISpec
from jitops.products.jitterbit.custom_api.wire import configuration_of, fingerprint, service_url
from jitops.remote.exchange import AnswerLost

ACCEPTED = [case for case in CUSTOM_APIS if case.field is None and case.old is None]
every_accepted = pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
COMPONENTS = yaml.safe_load(contract())["components"]
CONFIGURATION = Draft202012Validator({"$ref": "#/components/schemas/Configuration", "components": COMPONENTS})


def parsed(**more: object) -> CustomAPISpec:
    """Read a spec."""
    return validate_spec(CustomAPISpec, api(**more))


@every_accepted
def test_every_spec_is_a_configuration_of_the_contract(case: Case) -> None:
    """What we send for a spec that is fine is what the contract lets an adapter expect, and reads back the same."""
    configuration = configuration_of(validate_spec(CustomAPISpec, case.spec), "crm")
    CONFIGURATION.validate(configuration)
    assert canonical(configuration) == configuration


@every_accepted
def test_every_spec_has_an_openapi_document(case: Case) -> None:
    """The document of any spec that is fine can be read by those who read OpenAPI."""
    spec = validate_spec(CustomAPISpec, case.spec)
    document = openapi(spec, configuration_of(spec, "crm"), service_url("https://a.example.com", spec))
    loaded = schemathesis.openapi.from_dict(document)
    loaded.validate()
    methods = {one.method for one in spec.services} - {"LOOKUP"}
    assert len(list(loaded.get_all_operations())) == len(methods)


def test_hash_is_that_of_what_a_person_enters() -> None:
    """The order of roles, profiles and services is nothing; a value and the state are."""
    other = {**SERVICE, "name": "write", "method": "PUT"}
    one = configuration_of(parsed(roles=["a", "b"], services=[SERVICE, other]), "crm")
    two = configuration_of(parsed(roles=["b", "a"], services=[other, SERVICE]), "crm")
    assert fingerprint(one, "Published") == fingerprint(two, "Published")
    assert fingerprint(one, "Published") != fingerprint(one, "Draft")
    assert fingerprint(one, "Published") != fingerprint({**one, "version": "1"}, "Published")


def test_row_does_not_need_what_it_does_not_know() -> None:
    """What an adapter leaves out is empty, and what it adds is not read."""
    row = ApiRow.parse(
        {"key": "a", "state": "published", "revision": "1", "published": {"name": "A", "new": 1}, "draft": {}, "x": 1}
    )
    assert row.draft is None
    assert row.configuration["name"] == "A"
    assert row.configuration["services"] == []


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"key": "a", "state": "live", "revision": "1"}, {"key": "a", "state": "draft", "revision": "1"}],
)
def test_what_is_no_row(body: object) -> None:
    """An answer that is none is an answer that was lost: nothing is concluded from it."""
    with pytest.raises(AnswerLost):
        ApiRow.parse(body)
