"""Everything at once: applied in any order it becomes Ready, deleted in any order it ends, links first."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import yaml
from tests.harness.cluster.place import Manifest, Place
from tests.harness.waiting import until

pytestmark = pytest.mark.cluster

ORDERS: dict[str, Callable[[list[Manifest]], list[Manifest]]] = {
    "as written": lambda manifests: manifests,
    "reversed": lambda manifests: manifests[::-1],
    "shuffled": lambda manifests: random.Random(1).sample(manifests, len(manifests)),  # noqa: S311 - the same each time
}
LIMIT = "180s"
MANAGED = "jitsustreams,jitsufunctions,jitsudestinations,jitsuservices,jitsulinks,connectors"
LINK, USED = (
    "jitsulink/website-to-warehouse",
    (
        "jitsustream/website",
        "jitsudestination/warehouse",
        "jitsufunction/anonymize",
    ),
)
"""The link of the examples, and what it needs."""


def examples(place: Place) -> list[Manifest]:
    """Read all examples; the sandbox is never late, so that nobody waits a minute for a name that was just deleted."""
    manifests: list[Manifest] = list(yaml.safe_load_all(place.all_text()))
    organization = next(one for one in manifests if one["kind"] == "JitterbitOrganization")
    organization["spec"]["settleSeconds"] = 0
    return manifests


def deletions(place: Place) -> list[str]:
    """Name what was deleted at Jitsu, by id, in the order in which it went."""
    done = [one for one in place.products.requests("jitsu", "DELETE") if one.status == 200]
    return [one.query.get("id") or one.path.rpartition("/")[2] for one in done]


def held(place: Place) -> int:
    """Count what the products hold, of whatever type."""
    return sum(map(len, place.products.held().values())) + len(place.products.connectors())


def test_any_order(place: Place) -> None:
    """One `kubectl apply -f` and one `kubectl delete -f` are enough, whatever stands first in the file."""
    place.operator()
    for name, order in ORDERS.items():
        text = yaml.safe_dump_all(order(examples(place)))
        place("apply", "-f", "-", stdin=text)
        place.wait_ready()
        assert held(place) == len(place.items(MANAGED)), name
        link, *used = (place.get(what)["status"]["id"] for what in (LINK, *USED))
        place.products.forget()
        place("delete", "-f", "-", f"--timeout={LIMIT}", stdin=text)
        assert place.products.empty(), name
        gone = deletions(place)
        assert gone.index(link) < min(gone.index(one) for one in used), name
        until(lambda: not place.items("jitops,secrets"), "nothing is left")
