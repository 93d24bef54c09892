"""JitsuFunction: a function of a workspace, its code inline or from ConfigMaps.

The console's rules: docs/reference/jitsu.md sections 4 and 6.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from jitops.core.contract.adapter import compare
from jitops.core.contract.desired import Desired, Prepared
from jitops.core.contract.observation import Change, Observation
from jitops.core.errors import SpecInvalid
from jitops.products.jitsu.function.spec import CODE_IS_NO_DATE, NO_NUL, JitsuFunctionSpec
from jitops.products.jitsu.function.tests import disappointment, run_of
from jitops.products.jitsu.function.wire import FUNCTION, HASHED, FunctionRow, code_hash
from jitops.products.jitsu.objects import ObjectAdapter
from jitops.products.jitsu.preflight.trials import preflight
from jitops.products.jitsu.wire import UNSET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jitops.core.kube import JSON

Want = Desired[JitsuFunctionSpec]
Ready = Prepared[JitsuFunctionSpec, str]
"""The draft is the joined code."""
Found = Observation[FunctionRow]

CODE_FROM = "codeFrom"
CODE = frozenset({"code", CODE_FROM})
"""The spec's paths of the code: one of them is always set, so that it is never to be removed."""


def _path(index: int) -> str:
    return f"{CODE_FROM}[{index}].configMapKeyRef"


class FunctionAdapter(ObjectAdapter[JitsuFunctionSpec, FunctionRow, str]):
    """Functions of one workspace."""

    object_type = FUNCTION

    @override
    def prepare(self, desired: Want, observation: Found | None) -> Ready:
        """Join the code; of a function that is being deleted no ConfigMap is read, and it needs none."""
        spec = desired.spec
        if spec.code_from is None or not desired.inputs:
            return Prepared.of(desired, spec.code or "")
        code = "".join(desired.inputs[_path(index)] for index in range(len(spec.code_from)))
        if not code:
            raise SpecInvalid("spec.codeFrom: the keys hold no code: put it into their ConfigMaps")
        for rule in (CODE_IS_NO_DATE, NO_NUL):
            if not rule.check(code):
                raise SpecInvalid(f"spec.codeFrom: what the keys hold {rule.message}")
        return Prepared.of(desired, code)

    def fields(self, desired: Ready) -> Mapping[str, JSON]:
        """Give the fields that the user set; the code under the name of the field that gives it."""
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

    def diff(self, desired: Ready, observation: Found) -> tuple[Change, ...]:
        """Compare the fields by path, code by its hash."""
        asked = {path: _shown(path, value) for path, value in self.fields(desired).items()}
        actual = {
            _code_path(desired.spec) if name == "code" else name: v for name, v in observation.remote.fields.items()
        }
        changes = compare(asked, actual, self.leftovers(desired, observation))
        ours = observation.owned and _moved(desired)
        return tuple(replace(each, generated=ours) if each.path == CODE_FROM else each for each in changes)

    def leftovers(self, desired: Ready, observation: Found) -> tuple[str, ...]:
        """Name the paths we once sent, the user no longer sets, and the console still holds."""
        gone = desired.applied - set(self.fields(desired)) - CODE
        return tuple(sorted(path for path in gone if path in observation.remote.fields))

    def body(self, desired: Ready) -> Mapping[str, JSON]:
        """Write all that the user set."""
        return {_name(path): value for path, value in self.fields(desired).items()}

    @override
    def secrets(self, desired: Ready) -> Iterable[str]:
        """Name none: of a refusal's body, which may repeat the code, only issues and first lines are told."""
        return ()

    async def update(self, desired: Ready, observation: Found, changes: tuple[Change, ...]) -> Found:
        """PUT just what differs: the console merges, and the sentinel removes a field where null is an error."""
        fields = self.fields(desired)
        body: dict[str, Any] = {_name(change.path): fields.get(change.path, UNSET) for change in changes}
        await self._client.update(self.object_type.name, observation.id, body)
        return self._seen(observation.id)

    async def preflight(self, desired: Ready) -> tuple[str, ...]:
        """Have the tests run on the code that is about to be written, if the spec asks for that."""

        async def trial() -> Iterable[str]:
            whole = self.whole(desired)
            runs = [
                (test, await self._client.trials.function(run_of(whole, test))) for test in desired.spec.tests or ()
            ]
            return [f"spec.tests[{test.name}]: {wrong}" for test, run in runs if (wrong := disappointment(test, run))]

        return await preflight(desired.spec.validation, trial)

    def facts(self, desired: Ready, observation: Found) -> Mapping[str, JSON]:
        """Tell the workspace, and which code was asked for, by its hash."""
        return {**super().facts(desired, observation), "codeHash": code_hash(desired.draft)}


def _moved(desired: Ready) -> bool:
    """Tell a ConfigMap that changed, of which no generation speaks, from code that others changed at the remote."""
    asked_before = desired.last_status.get("codeHash")
    return desired.spec.management.policy == "Managed" and asked_before not in (None, code_hash(desired.draft))


def _code_path(spec: JitsuFunctionSpec) -> str:
    return "code" if spec.code_from is None else CODE_FROM


def _name(path: str) -> str:
    """Give the console's name of a field."""
    return "code" if path == CODE_FROM else path


def _shown(path: str, value: str) -> str:
    return code_hash(value) if _name(path) in HASHED else value
