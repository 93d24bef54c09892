"""The adapter of JitsuFunction (docs/reference/jitsu.md sections 4 and 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from jitops.core.contract.adapter import compare
from jitops.core.contract.desired import Desired, Prepared
from jitops.core.contract.observation import Change, Observation
from jitops.core.errors import SpecInvalid
from jitops.products.jitsu.function.spec import CODE_IS_NO_DATE, NO_NUL, JitsuFunctionSpec
from jitops.products.jitsu.function.tests import mismatch, run_request
from jitops.products.jitsu.function.wire import FUNCTION, HASHED, FunctionRow, code_hash
from jitops.products.jitsu.objects import ObjectAdapter
from jitops.products.jitsu.preflight.console import run_preflight
from jitops.products.jitsu.wire import UNSET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jitops.core.kube import JSON

Want = Desired[JitsuFunctionSpec]
Request = Prepared[JitsuFunctionSpec, str]
"""The draft is the joined code."""
Found = Observation[FunctionRow]

CODE_FROM = "codeFrom"
CODE = frozenset({"code", CODE_FROM})
"""The paths of the code in the spec. One of them is always set, so the code is never removed."""


def _path(index: int) -> str:
    return f"{CODE_FROM}[{index}].configMapKeyRef"


class FunctionAdapter(ObjectAdapter[JitsuFunctionSpec, FunctionRow, str]):
    """The functions of one workspace."""

    object_type = FUNCTION

    @override
    def prepare(self, desired: Want, observation: Found | None) -> Request:
        """Join the code. While deleting, ConfigMaps are not read and the code is not needed."""
        spec = desired.spec
        if spec.code_from is None or not desired.inputs:
            return Prepared.of(desired, spec.code or "")
        code = "".join(desired.inputs[_path(index)] for index in range(len(spec.code_from)))
        if not code:
            raise SpecInvalid("spec.codeFrom: the keys have no code: put the code into their ConfigMaps")
        for rule in (CODE_IS_NO_DATE, NO_NUL):
            if not rule.check(code):
                raise SpecInvalid(f"spec.codeFrom: the code {rule.message}")
        return Prepared.of(desired, code)

    @override
    def fields(self, desired: Request) -> Mapping[str, JSON]:
        """Return the fields that the user set; the code under `code` or `codeFrom`, whichever is set."""
        spec = desired.spec
        given = {
            "name": spec.name or desired.key.name,
            _code_path(spec): desired.draft,
            "kind": spec.kind,
            "slug": spec.slug,
            "description": spec.description,
            "draft": spec.draft,
            "version": spec.version,
            "origin": spec.origin,
        }
        return {path: value for path, value in given.items() if value is not None}

    @override
    def diff(self, desired: Request, observation: Found) -> tuple[Change, ...]:
        """Compare the fields by path, and the code by its hash."""
        asked = {path: _shown(path, value) for path, value in self.fields(desired).items()}
        actual = {
            _code_path(desired.spec) if name == "code" else name: v for name, v in observation.remote.fields.items()
        }
        changes = compare(asked, actual, self.leftovers(desired, observation))
        is_generated = observation.owned and _is_new_code(desired)
        return tuple(replace(each, generated=is_generated) if each.path == CODE_FROM else each for each in changes)

    @override
    def leftovers(self, desired: Request, observation: Found) -> tuple[str, ...]:
        """Return the paths that jitops once sent, the user no longer sets, and the console still has."""
        removed = desired.applied - set(self.fields(desired)) - CODE
        return tuple(sorted(path for path in removed if path in observation.remote.fields))

    @override
    def body(self, desired: Request) -> Mapping[str, JSON]:
        """Return all fields that the user set."""
        return {_name(path): value for path, value in self.fields(desired).items()}

    @override
    def secrets(self, desired: Request) -> Iterable[str]:
        """Return none: an error answer may repeat the code, but messages have only its issues and first line."""
        return ()

    @override
    async def update(self, desired: Request, observation: Found, changes: tuple[Change, ...]) -> Found:
        """Write the fields that differ. The console merges them; `UNSET` removes a field, as null is an error."""
        fields = self.fields(desired)
        body: dict[str, Any] = {_name(change.path): fields.get(change.path, UNSET) for change in changes}
        await self._client.update(self.object_type.name, observation.id, body)
        return self._seen(observation.id)

    @override
    async def preflight(self, desired: Request) -> tuple[str, ...]:
        """Run the tests with the code that is about to be written, if the spec asks for that."""

        async def run_tests() -> Iterable[str]:
            function, tests = self.whole(desired), desired.spec.tests or ()
            runs = [(test, await self._client.preflight.function(run_request(function, test))) for test in tests]
            return [f"spec.tests[{test.name}]: {failure}" for test, run in runs if (failure := mismatch(test, run))]

        return await run_preflight(desired.spec.validation, run_tests)

    @override
    def facts(self, desired: Request, observation: Found) -> Mapping[str, JSON]:
        """Return the id of the workspace, and the hash of the code that the spec asks for."""
        return {**super().facts(desired, observation), "codeHash": code_hash(desired.draft)}


def _is_new_code(desired: Request) -> bool:
    """Return whether a ConfigMap changed, which changes no generation; if not, others changed the remote code."""
    last = desired.last_status.get("codeHash")
    return desired.spec.management.policy == "Managed" and last not in (None, code_hash(desired.draft))


def _code_path(spec: JitsuFunctionSpec) -> str:
    return "code" if spec.code_from is None else CODE_FROM


def _name(path: str) -> str:
    """Return the console's name of a field."""
    return "code" if path == CODE_FROM else path


def _shown(path: str, value: str) -> str:
    return code_hash(value) if _name(path) in HASHED else value
