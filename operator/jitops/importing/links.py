"""Specs of links, from the console's own rows (docs/reference/jitsu.md section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitops.importing.checking import Unfit

Spec = dict[str, Any]
LinkRow = Mapping[str, Any]
End = tuple[str, str]
STARTS = {"push": "stream", "sync": "service"}
UDF = "udf."


class LinkReader:
    """Reads the links of one workspace.

    `known` has the names of the imported resources by type and id, `present` are all objects of the workspace.
    """

    def __init__(self, known: Mapping[End, str], present: frozenset[End], links: list[LinkRow]) -> None:
        self._known = known
        self._present = present
        self._pairs = [_pair(link) for link in links]
        self._taken: set[tuple[str, str, str]] = set()

    def read(self, link: LinkRow) -> tuple[str, Spec, list[str]]:
        """Return a name for a link, its spec, and a sentence for each part left out; raise Unfit if there is none."""
        pair, data = _pair(link), link.get("data")
        start, end = self._ends(pair)
        if not isinstance(data, dict):
            raise Unfit("it has no options at all, which breaks the console's export: save it once in the console")
        if pair[0] == "push" and pair in self._taken:
            raise Unfit("it is a duplicate of an older one between the same two: delete it in the console")
        self._taken.add(pair)
        data = dict(data)
        functions, dropped = self._functions(pair[0], data.pop("functions", None))
        parallel = pair[0] == "sync" and self._pairs.count(pair) > 1
        spec: Spec = {
            "from": {f"{start[0]}Ref": self._ref(start)},
            "to": {"destinationRef": self._ref(end)},
            **({"functions": functions} if functions else {}),
            **({"data": data} if data else {}),
            **({"allowParallel": True} if parallel else {}),
        }
        return "-".join(self._known.get(each, each[1]) for each in (start, end)), spec, dropped

    def _ends(self, pair: tuple[str, str, str]) -> tuple[End, End]:
        if pair[0] not in STARTS:
            raise Unfit("it is neither a push nor a sync")
        ends = (STARTS[pair[0]], pair[1]), ("destination", pair[2])
        missing = [f"{type_} {id_}" for type_, id_ in ends if (type_, id_) not in self._present]
        if missing:
            raise Unfit(f"the console has no {' and no '.join(missing)}: it leads nowhere, delete it in the console")
        return ends

    def _functions(self, type_: str, listed: object) -> tuple[list[Spec], list[str]]:
        """Return the references to a link's functions, or a sentence why they are left out."""
        if not listed:
            return [], []
        if type_ == "push" and isinstance(listed, list) and all(map(_is_plain, listed)):
            return [self._function(each) for each in listed], []
        return [], ["data.functions: there is more to it than references to functions of this workspace, with options"]

    def _function(self, each: LinkRow) -> Spec:
        options = each.get("functionOptions")
        ref = self._ref(("function", str(each["functionId"]).removeprefix(UDF)))
        return {"functionRef": ref, **({} if options is None else {"options": options})}

    def _ref(self, end: End) -> Spec:
        known = self._known.get(end)
        return {"name": known} if known else {"external": end[1]}


def _pair(link: LinkRow) -> tuple[str, str, str]:
    return str(link.get("type") or "push"), str(link.get("fromId")), str(link.get("toId"))


def _is_plain(each: object) -> bool:
    if not isinstance(each, dict) or not str(each.get("functionId")).startswith(UDF):
        return False
    return not each.keys() - {"functionId", "functionOptions"} and isinstance(each.get("functionOptions", {}), dict)
