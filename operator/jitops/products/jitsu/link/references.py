"""The references of a link: its ends and its functions, as written in the spec and as resolved."""

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
    """One end of a link."""

    path: str
    """The path of the reference in the spec."""
    type: str
    """The console's type of the object."""
    kind: str
    """The kind of the resource that manages such objects."""
    ref: RemoteRef


def link_claims(resource: Resource) -> frozenset[str]:
    """Return the claims on the pair of a link, as written and as resolved; none for syncs that may be parallel."""
    status, spec = resource.status, resource.spec
    if spec.get("allowParallel"):
        return frozenset()
    recorded = {"type": status.get("linkType"), **status, **(status.get("intent") or {})}
    resolved = [recorded.get(name) for name in ("type", "fromId", "toId")]
    refs = [f"{path} {resource.key.namespace} {ref}" for path, kind, ref in _refs(spec) if kind != "JitsuFunction"]
    return frozenset({claim(*refs), *([claim(*map(str, resolved))] if all(resolved) else [])})


def link_uses(resource: Resource) -> frozenset[str]:
    """Return the ids of the objects that a link uses: its resolved ends, and references by id."""
    refs = [ref for _, _, ref in _refs(resource.spec) if isinstance(ref, dict)]
    named = [resource.status.get("fromId"), resource.status.get("toId"), *(ref.get("external") for ref in refs)]
    return frozenset(id_ for id_ in named if isinstance(id_, str))


def claim(*parts: str) -> str:
    """Return a claim as one string."""
    return "\0".join(parts)


def _refs(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield path, kind and reference of each reference of a spec as written, which may be invalid."""
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
    """Return the start and the end of a link, as the spec has them."""
    source, end = spec.from_, End("to.destinationRef", "destination", "JitsuDestination", spec.to.destination_ref)
    if source.service_ref is not None:
        return End("from.serviceRef", "service", "JitsuService", source.service_ref), end
    return End("from.streamRef", "stream", "JitsuStream", source.stream_ref or RemoteRef()), end


def id_of(desired: Want, path: str, ref: RemoteRef) -> str:
    """Return the id of a referenced object; empty while deleting, when references are not resolved."""
    return ref.external or desired.inputs.get(path, "")


def pair_of(desired: Want) -> tuple[str, str, str]:
    """Return the type of the link, and the ids of its start and end."""
    start, end = ends_of(desired.spec)
    kind = "sync" if desired.spec.is_sync else "push"
    return kind, id_of(desired, start.path, start.ref), id_of(desired, end.path, end.ref)


def functions_of(desired: Want) -> list[JSON]:
    """Return the functions of the link as the console has them, in the same order."""
    return [
        {
            "functionId": f"udf.{id_of(desired, f'functions[{index}].functionRef', each.function_ref)}",
            **({} if each.options is None else {"functionOptions": normal(each.options)}),
        }
        for index, each in enumerate(desired.spec.functions or ())
    ]
