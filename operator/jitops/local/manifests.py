"""Reading of manifests, as strict as `kubectl apply`: each fault is reported with its place and the cure."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

from jitops.api.meta import API_VERSION, MANAGED_BY, MANAGER
from jitops.api.schema.model import InvalidSpec, Model, Problem, rejection, validate_spec
from jitops.api.schema.strings import DataKey, NamespaceName, ObjectName
from jitops.core.kube import JSON, Key
from jitops.kinds import KINDS
from jitops.local.documents import key_of
from jitops.local.foreign import foreign_kind
from jitops.local.reading import documents
from jitops.local.sources import STDIN, Sources


class ManifestsRefused(Exception):
    """The manifests can't be applied; one line for each fault: file, document, field and cure."""

    def __init__(self, faults: tuple[str, ...], skipped: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
        self.skipped = skipped


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object as the user wrote it, and its place."""

    key: Key
    body: Mapping[str, JSON] = field(repr=False)
    place: str

    @property
    def spec(self) -> Mapping[str, JSON]:
        """The spec as written."""
        spec: Mapping[str, JSON] = self.body.get("spec") or {}
        return spec


@dataclass(frozen=True, slots=True)
class Loaded:
    """The manifests of all sources, and one line for whatever was skipped."""

    manifests: Sequence[Manifest]
    skipped: Sequence[str]


def load(*sources: str | Path, state: Path | None = None) -> Loaded:
    """Return all manifests of files, of folders and those below them except the `state`, and of standard input (`-`).

    Raises ManifestsRefused with all faults, and if there is no resource of jitops at all: a folder
    that is empty by mistake must not pass for one that was emptied on purpose.
    """
    loaded = read(*sources, state=state)
    if not any(one.key.kind in SPECS for one in loaded.manifests):
        raise ManifestsRefused((_nothing(sources),), tuple(loaded.skipped))
    return loaded


def read(*sources: str | Path, state: Path | None = None) -> Loaded:
    """Return all manifests, as `load` does, if there are any.

    Kustomizations and resources of other API groups are skipped. Raises ManifestsRefused with all faults.
    """
    found = Sources([str(source) for source in sources], state)
    manifests: list[Manifest] = []
    foreign: Counter[str] = Counter()
    for file in found.files():
        for place, document in documents(file, found.faults):
            if what := foreign_kind(document, file.name):
                foreign[f"skipped: {file.name}: {what}"] += 1
            else:
                manifests.extend(_accepted(place, document, found.faults))
    faults = [*found.faults, *_twice(manifests)]
    skipped = [*found.skipped, *(f"{what}, {count} of them" if count > 1 else what for what, count in foreign.items())]
    if faults:
        raise ManifestsRefused(tuple(faults), tuple(skipped))
    return Loaded(manifests, skipped)


def _nothing(sources: Sequence[str | Path]) -> str:
    named = ", ".join("standard input" if source == STDIN else str(source) for source in sources)
    return (
        f"{named}: no manifest of jitops ({API_VERSION}) is there, and nothing was done; correct -f, or delete"
        " everything of a state with `jitops destroy`"
    )


def _base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True).decode()
    except ValueError:
        cure = "must be text in UTF-8, written in base64; or write it as it is under stringData"
        raise rejection((None, cure)) from None
    return value


def _not_managed(labels: dict[str, str]) -> dict[str, str]:
    if labels.get(MANAGED_BY) == MANAGER:
        raise rejection((None, f"must leave out {MANAGED_BY}: {MANAGER}, which marks the objects that jitops wrote"))
    return labels


class _Metadata(Model):
    """The metadata of a manifest."""

    name: ObjectName
    namespace: NamespaceName | None = None
    labels: Annotated[dict[str, str], AfterValidator(_not_managed)] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    # Set by the server only; ignored, as it is part of what `kubectl get -o yaml` exports.
    uid: JsonValue = None
    resource_version: JsonValue = None
    generation: JsonValue = None
    creation_timestamp: JsonValue = None
    managed_fields: JsonValue = None


class _Document(Model):
    api_version: str
    kind: str
    metadata: _Metadata


class _Secret(_Document):
    data: dict[DataKey, Annotated[str, AfterValidator(_base64)]] = Field(default_factory=dict)
    string_data: dict[DataKey, str] = Field(default_factory=dict)
    type: str = "Opaque"
    immutable: bool = False


class _ConfigMap(_Document):
    data: dict[DataKey, str] = Field(default_factory=dict)
    binary_data: dict[DataKey, str] = Field(default_factory=dict)
    immutable: bool = False


class _Namespace(_Document):
    spec: JsonValue = None
    status: JsonValue = None


class _Custom(_Document):
    spec: JsonValue = None
    status: JsonValue = None


_ENVELOPES: dict[tuple[str, str], type[_Document]] = {
    **{(API_VERSION, info.kind): _Custom for info in KINDS},
    ("v1", "Secret"): _Secret,
    ("v1", "ConfigMap"): _ConfigMap,
    ("v1", "Namespace"): _Namespace,
}
SPECS = {info.kind: info.spec for info in KINDS}


def _accepted(place: str, document: object, faults: list[str]) -> Iterator[Manifest]:
    """Yield the manifest in a document, or add its faults."""
    if not isinstance(document, Mapping):
        faults.append(f"{place}: is not an object; write a manifest with apiVersion, kind and metadata")
        return
    kind, version = document.get("kind"), document.get("apiVersion")
    envelope = _ENVELOPES.get((str(version), str(kind)))
    if envelope is None:
        faults.append(f"{place}: {_unknown(kind, version)}")
        return
    metadata = document.get("metadata")
    named = f"{place} ({kind} {metadata.get('name')})" if isinstance(metadata, Mapping) else f"{place} ({kind})"
    problems = list(_problems(envelope, document))
    faults.extend(f"{named}: {problem}" for problem in problems)
    if not problems:
        yield Manifest(key_of(document), document, named)


def _problems(envelope: type[_Document], document: Mapping[str, JSON]) -> Iterator[Problem]:
    try:
        validate_spec(envelope, document)
    except InvalidSpec as error:
        yield from (Problem(problem.field.removeprefix("spec."), problem.message) for problem in error.problems)
    if envelope is _Custom:
        spec = document.get("spec")
        try:
            validate_spec(SPECS[document["kind"]], {} if spec is None else spec)
        except InvalidSpec as error:
            yield from error.problems


def _unknown(kind: object, version: object) -> str:
    known = ", ".join(info.kind for info in KINDS)
    what = f"kind {kind} of {version} is not one" if kind and version else "it has no kind and apiVersion"
    return (
        f"{what} that jitops applies: these are {known} ({API_VERSION}), and Secret, ConfigMap, Namespace (v1);"
        " correct it, or move it to another folder"
    )


def _twice(manifests: list[Manifest]) -> Iterator[str]:
    first: dict[Key, str] = {}
    for manifest in manifests:
        if manifest.key in first:
            yield f"{manifest.place}: {manifest.key} is in {first[manifest.key]} already; remove one of the two"
        first.setdefault(manifest.key, manifest.place)
