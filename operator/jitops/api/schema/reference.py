"""References to other objects: markers on the fields of a spec, and one walker that reads them for every kind.

A kind declares what it refers to on the field itself: `Annotated[RemoteRef, RefersTo("JitsuStream")]`. A model that is
a reference wherever it is used carries the marker itself, as `SecretKeyRef` does. `find_references` then reads a spec
as the user wrote it. It runs on every event of the watch, before anything is validated, so it never fails: what has
the wrong type is skipped here, and `validate_spec` reports it. References in maps of models are not supported: no kind
has such a map.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, TypeGuard, Union, get_args, get_origin

from jitops.api.schema.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class RefersTo:
    """Marks a field, or a model, whose value names an object in the namespace of the resource by its `name`."""

    kind: str
    """The kind of the object."""
    kind_field: str | None = None
    """The field of the reference that says the kind, where users choose it; `kind` is then the default."""
    keyed: bool = False
    """Whether one value of a Secret or ConfigMap is meant, the one under the reference's `key`."""
    path_field: str | None = None
    """For a reference in the items of a list: the field of the item that names it. Its path is then
    `<list>.<value of that field>` in place of `<list>[<index>].<field>`."""


@dataclass(frozen=True, slots=True)
class UsesConnection:
    """Marks the field of a spec that names the connection, which may be in another namespace."""

    kind: str
    """The kind of the connection, such as JitsuWorkspace."""


class ReferenceModel(Model):
    """The base of models that are references wherever they are used."""

    refers_to: ClassVar[RefersTo]


Reference = tuple[str, str, str, str | None]
"""Path, kind, name and key of a reference that a spec has.

The path says where the spec has it, such as `functions[1].functionRef`. The key is that of one value in a Secret or
ConfigMap; None: the object itself is meant. A plain tuple, as many are made on every event.
"""


class ConnectionField(NamedTuple):
    """The field of a spec that names the connection, and the connection's kind."""

    name: str
    kind: str


def find_references(model: type[Model], spec: Mapping[str, Any]) -> list[Reference]:
    """Return the references of a spec as written, but for the connection; skip parts that are not valid."""
    found: list[Reference] = []
    _collect(_places(model), spec, "", "", found)
    return found


@cache
def connection_field(model: type[Model]) -> ConnectionField:
    """Return the field that is marked as the connection; raise LookupError if there is none."""
    for info in model.model_fields.values():
        for marker in info.metadata:
            if isinstance(marker, UsesConnection):
                return ConnectionField(str(info.validation_alias), marker.kind)
    raise LookupError(f"no field of {model.__name__} is marked with UsesConnection")


class _Place(NamedTuple):
    """Where a spec may have a reference, or a list of items with references."""

    parents: tuple[str, ...]
    """The maps around the field, from the spec (or the item of a list) inwards."""
    field: str
    path: str
    """`parents` and `field`, joined by dots."""
    marker: RefersTo | None
    """How to read the reference; None: the field is a list."""
    items: tuple[_Place, ...]
    """The places in each item of the list."""


@cache
def _places(model: type[Model]) -> tuple[_Place, ...]:
    """Return where specs of a model may have references."""
    return tuple(_places_below(model, ()))


def _places_below(model: type[Model], parents: tuple[str, ...]) -> Iterator[_Place]:
    for info in model.model_fields.values():
        field = str(info.validation_alias)
        path = ".".join((*parents, field))
        inner, markers = _unwrap(info.annotation, tuple(info.metadata))
        if get_origin(inner) is list:
            item, _ = _unwrap(get_args(inner)[0])
            if _is_model(item) and _places(item):
                yield _Place(parents, field, path, None, _places(item))
        elif _is_model(inner):
            marker = next((each for each in markers if isinstance(each, RefersTo)), None)
            if marker is None and issubclass(inner, ReferenceModel):
                marker = inner.refers_to
            if marker is None:
                yield from _places_below(inner, (*parents, field))
            else:
                yield _Place(parents, field, path, marker, ())


def _unwrap(annotation: object, markers: tuple[object, ...] = ()) -> tuple[Any, tuple[object, ...]]:
    """Return the type inside `Annotated[…]` and `… | None`, with the markers that were around it."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *more = get_args(annotation)
            markers = (*markers, *more)
        elif origin in (Union, UnionType):
            annotation = next(each for each in get_args(annotation) if each is not NoneType)
        else:
            return annotation, markers


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Model)


def _collect(places: tuple[_Place, ...], holder: Mapping[str, Any], stem: str, at: str, found: list[Reference]) -> None:
    """Add the references of a spec, or of the item `at` of the list whose path is `stem`, to `found`."""
    for parents, field, path, marker, items in places:
        inner: Any = holder
        for parent in parents:
            inner = inner.get(parent)
            if not isinstance(inner, dict):
                break
        else:
            value = inner.get(field)
            if marker is None:
                _collect_items(items, value, f"{stem}{at}{path}", found)
            elif isinstance(value, dict):
                suffix = f"{at}{path}" if marker.path_field is None else _suffix(inner.get(marker.path_field))
                if suffix is not None:
                    _read(marker, value, f"{stem}{suffix}", found)


def _collect_items(places: tuple[_Place, ...], value: object, path: str, found: list[Reference]) -> None:
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                _collect(places, item, path, f"[{index}].", found)


def _suffix(name: object) -> str | None:
    return f".{name}" if isinstance(name, str) else None


def _read(marker: RefersTo, value: Mapping[str, Any], path: str, found: list[Reference]) -> None:
    name, key = value.get("name"), value.get("key") if marker.keyed else None
    if not _is_text(name) or (marker.keyed and not _is_text(key)):
        return
    chosen = value.get(marker.kind_field) if marker.kind_field else None
    found.append((path, chosen if _is_text(chosen) else marker.kind, name, key))


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != ""
