"""JitsuFunction: a function of a workspace, its code inline or from ConfigMaps (reference/jitsu.md sections 4, 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jitops.core.contract.adapter import compare
from jitops.core.contract.desired import Input, Wanted
from jitops.core.contract.observation import Change, External
from jitops.core.errors import SpecInvalid
from jitops.core.kube import Key
from jitops.products.jitsu.function.spec import CODE_IS_NO_DATE, NO_NUL, JitsuFunctionSpec
from jitops.products.jitsu.function.tests import disappointment, run_of
from jitops.products.jitsu.function.wire import HASHED, FunctionRow, code_hash
from jitops.products.jitsu.objects import ObjectAdapter
from jitops.products.jitsu.preflight.trials import preflight
from jitops.products.jitsu.wire import UNSET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jitops.core.kube import JSON, Resource

Want = Wanted[JitsuFunctionSpec]
Found = External[FunctionRow]

CODE_FROM = "codeFrom"
CODE = frozenset({"code", CODE_FROM})
"""The spec's paths of the code: one of them is always set, so that it is never to be removed."""


def function_inputs(resource: Resource) -> Iterator[Input]:
    """Name the ConfigMaps' values that the code is joined from."""
    listed = resource.spec.get(CODE_FROM)
    for index, source in enumerate(listed if isinstance(listed, list) else ()):
        ref = source.get("configMapKeyRef") if isinstance(source, dict) else None
        if isinstance(ref, dict) and ref.get("name") and ref.get("key"):
            yield Input(_path(index), Key("ConfigMap", resource.key.namespace, ref["name"]), ref["key"])


def _path(index: int) -> str:
    return f"{CODE_FROM}[{index}].configMapKeyRef"


class FunctionAdapter(ObjectAdapter[JitsuFunctionSpec, FunctionRow]):
    """Functions of one workspace."""

    type = "function"

    def prepare(self, wanted: Want, external: Found | None) -> Want:  # noqa: ARG002 - the contract's
        """Join the code; of a function that is being deleted no ConfigMap is read, and it needs none."""
        spec = wanted.spec
        if spec.code_from is None or not wanted.inputs:
            return replace(wanted, prepared=spec.code or "")
        code = "".join(wanted.inputs[_path(index)] for index in range(len(spec.code_from)))
        if not code:
            raise SpecInvalid("spec.codeFrom: the keys hold no code: put it into their ConfigMaps")
        for rule in (CODE_IS_NO_DATE, NO_NUL):
            if not rule.check(code):
                raise SpecInvalid(f"spec.codeFrom: what the keys hold {rule.message}")
        return replace(wanted, prepared=code)

    def fields(self, wanted: Want) -> Mapping[str, JSON]:
        """Give the fields that the user set; the code under the name of the field that gives it."""
        spec = wanted.spec
        given = {
            "name": spec.name or wanted.key.name,
            _code_path(spec): wanted.prepared,
            "kind": spec.kind,
            "slug": spec.slug,
            "description": spec.description,
            "draft": spec.draft,
            "version": spec.version,
            "origin": spec.origin,
        }
        return {path: value for path, value in given.items() if value is not None}

    def diff(self, wanted: Want, external: Found) -> tuple[Change, ...]:
        """Compare the fields by path, code by its hash."""
        asked = {path: _shown(path, value) for path, value in self.fields(wanted).items()}
        actual = {_code_path(wanted.spec) if name == "code" else name: v for name, v in external.remote.fields.items()}
        changes = compare(asked, actual, self.leftovers(wanted, external))
        ours = external.ours and _moved(wanted)
        return tuple(replace(each, generated=ours) if each.path == CODE_FROM else each for each in changes)

    def leftovers(self, wanted: Want, external: Found) -> tuple[str, ...]:
        """Name the paths we once sent, the user no longer sets, and the console still holds."""
        gone = wanted.applied - set(self.fields(wanted)) - CODE
        return tuple(sorted(path for path in gone if path in external.remote.fields))

    def body(self, wanted: Want) -> Mapping[str, JSON]:
        """Write all that the user set."""
        return {_name(path): value for path, value in self.fields(wanted).items()}

    def secrets(self, wanted: Want) -> Iterable[str]:  # noqa: ARG002 - the contract's
        """Name none: of a refusal's body, which may repeat the code, only issues and first lines are told."""
        return ()

    async def update(self, wanted: Want, external: Found, changes: tuple[Change, ...]) -> Found:
        """PUT just what differs: the console merges, and the sentinel removes a field where null is an error."""
        fields = self.fields(wanted)
        body: dict[str, Any] = {_name(change.path): fields.get(change.path, UNSET) for change in changes}
        await self._client.update(self.type, external.id, body)
        return self._seen(external.id)

    async def preflight(self, wanted: Want) -> tuple[str, ...]:
        """Have the tests run on the code that is about to be written, if the spec asks for that."""

        async def trial() -> Iterable[str]:
            whole = self.whole(wanted)
            runs = [(test, await self._client.trials.function(run_of(whole, test))) for test in wanted.spec.tests or ()]
            return [f"spec.tests[{test.name}]: {wrong}" for test, run in runs if (wrong := disappointment(test, run))]

        return await preflight(wanted.spec.validation, trial)

    def facts(self, wanted: Want, external: Found) -> Mapping[str, JSON]:
        """Tell the workspace, and which code was asked for, by its hash."""
        return {**super().facts(wanted, external), "codeHash": code_hash(wanted.prepared)}


def _moved(wanted: Want) -> bool:
    """Tell a ConfigMap that changed, of which no generation speaks, from code that others changed at the remote."""
    asked_before = wanted.memory.get("codeHash")
    return wanted.spec.management.policy == "Managed" and asked_before not in (None, code_hash(wanted.prepared))


def _code_path(spec: JitsuFunctionSpec) -> str:
    return "code" if spec.code_from is None else CODE_FROM


def _name(path: str) -> str:
    """Give the console's name of a field."""
    return "code" if path == CODE_FROM else path


def _shown(path: str, value: str) -> str:
    return code_hash(value) if _name(path) in HASHED else value
