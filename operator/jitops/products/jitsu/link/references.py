"""What a link refers to: its ends and its functions, from the spec as written and as resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from jitops.core.contract.desired import Desired
from jitops.products.jitsu.link.spec import JitsuLinkSpec, RemoteRef
from jitops.products.jitsu.wire import normal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jitops.core.kube import JSON, Resource

Want = Desired[JitsuLinkSpec]


class End(NamedTuple):
    """One end of a link: where the spec names it, and what stands for it."""

    path: str
    type: str
    kind: str
    ref: RemoteRef


def link_claims(resource: Resource) -> frozenset[str]:
    """Name the pair of a link, as written and as it was resolved; syncs that may be parallel claim none."""
    status, spec = resource.status, resource.spec
    if spec.get("allowParallel"):
        return frozenset()
    told = {"type": status.get("linkType"), **status, **(status.get("intent") or {})}
    resolved = [told.get(name) for name in ("type", "fromId", "toId")]
    refs = [f"{path} {resource.key.namespace} {ref}" for path, kind, ref in _refs(spec) if kind != "JitsuFunction"]
    return frozenset({claim(*refs), *([claim(*map(str, resolved))] if all(resolved) else [])})


def link_uses(resource: Resource) -> frozenset[str]:
    """Give the ids of what a link needs: its ends as they were resolved, and what it names by id."""
    refs = [ref for _, _, ref in _refs(resource.spec) if isinstance(ref, dict)]
    named = [resource.status.get("fromId"), resource.status.get("toId"), *(ref.get("external") for ref in refs)]
    return frozenset(id_ for id_ in named if isinstance(id_, str))


def claim(*parts: str) -> str:
    """Write what is claimed as one string."""
    return "\0".join(parts)


def _refs(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Walk over the references of a spec as written, which may be invalid: path, kind, reference."""
    source, target, functions = (spec.get(name) for name in ("from", "to", "functions"))
    if isinstance(source, dict):
        yield "from.streamRef", "JitsuStream", source.get("streamRef")
        yield "from.serviceRef", "JitsuService", source.get("serviceRef")
    if isinstance(target, dict):
        yield "to.destinationRef", "JitsuDestination", target.get("destinationRef")
    for index, function in enumerate(functions if isinstance(functions, list) else ()):
        if isinstance(function, dict):
            yield f"functions[{index}].functionRef", "JitsuFunction", function.get("functionRef")


def ends_of(spec: JitsuLinkSpec) -> tuple[End, End]:
    """Give both ends as the spec has them."""
    source, end = spec.from_, End("to.destinationRef", "destination", "JitsuDestination", spec.to.destination_ref)
    if source.service_ref is not None:
        return End("from.serviceRef", "service", "JitsuService", source.service_ref), end
    return End("from.streamRef", "stream", "JitsuStream", source.stream_ref or RemoteRef()), end


def id_of(desired: Want, path: str, ref: RemoteRef) -> str:
    """Give the id of what is referred to; empty while deleting, when nothing is resolved."""
    return ref.external or desired.inputs.get(path, "")


def pair_of(desired: Want) -> tuple[str, str, str]:
    """Say how the link links, and give the ids of its ends."""
    start, end = ends_of(desired.spec)
    kind = "sync" if desired.spec.is_sync else "push"
    return kind, id_of(desired, start.path, start.ref), id_of(desired, end.path, end.ref)


def functions_of(desired: Want) -> list[JSON]:
    """Write the pipeline as the console has it, order and all."""
    return [
        {
            "functionId": f"udf.{id_of(desired, f'functions[{index}].functionRef', each.function_ref)}",
            **({} if each.options is None else {"functionOptions": normal(each.options)}),
        }
        for index, each in enumerate(desired.spec.functions or ())
    ]
