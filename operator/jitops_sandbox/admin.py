"""The admin prefix `/_sandbox`, on all addresses: for manual trials and for tests in another process.

| call | what it does |
|------|--------------|
| `GET /_sandbox/faults` | lists the active faults, and how often each was applied |
| `POST /_sandbox/faults` | adds the fault in the JSON body (`faults.Fault`), or a list of them |
| `DELETE /_sandbox/faults[?id=N]` | removes one fault, or all |
| `GET /_sandbox/requests[?all=true]` | counts the requests by product, method and path, or lists them all |
| `DELETE /_sandbox/requests` | forgets them |
| `GET /_sandbox/state` | shows the objects of both products as their clients see them, without secrets |
| `PUT /_sandbox/state` | `{"mode": "normal" or "maintenance" or "database-down"}` for Jitsu |
| `DELETE /_sandbox/state` | empties both products; users, keys, workspaces and organizations stay |
| `PATCH /_sandbox/objects/{id}` | changes fields of a Jitsu object behind the operator's back |
| `POST /_sandbox/connectors` | publishes a connector of the Builder, as a person does: organization, name, version |
| `DELETE /_sandbox/objects/{id}` | deletes a Jitsu object, a connector or a Custom API behind the operator's back |

Requests to it are not recorded, and no fault applies to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import unquote

from pydantic import TypeAdapter, ValidationError

from jitops_sandbox.answers import Answer, Call, answer, decoded
from jitops_sandbox.faults import Fault
from jitops_sandbox.jitsu.console import Mode

if TYPE_CHECKING:
    from jitops_sandbox.faults import Faults
    from jitops_sandbox.jitsu.console import Console
    from jitops_sandbox.jitterbit.harmony import Harmony
    from jitops_sandbox.record import RequestLog

PREFIX = "/_sandbox/"


class Admin:
    """Answers the calls of the table above."""

    def __init__(self, faults: Faults, requests: RequestLog, jitsu: Console, jitterbit: Harmony) -> None:
        self._faults = faults
        self._requests = requests
        self._jitsu = jitsu
        self._jitterbit = jitterbit

    def respond(self, call: Call) -> Answer:
        """Answer one request under the prefix."""
        what, _, rest = call.path.removeprefix(PREFIX).partition("/")
        handler = {
            "faults": self._on_faults,
            "requests": self._on_requests,
            "state": self._on_state,
            "objects": self._on_objects,
            "connectors": self._on_connectors,
        }.get(what)
        if handler is None:
            return _unknown(call)
        try:
            return handler(call, unquote(rest))
        except ValidationError as error:
            issues = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
            return answer({"error": "; ".join(issues)}, 400)
        except ValueError as error:
            return answer({"error": str(error)}, 400)
        except KeyError as error:
            return answer({"error": f"there is no {error}"}, 404)

    def _on_faults(self, call: Call, _rest: str) -> Answer:
        if call.method == "GET":
            return answer({"faults": self._faults.listed()})
        if call.method == "POST":
            given = decoded(call.body)
            added = TypeAdapter(list[Fault]).validate_python(given if isinstance(given, list) else [given])
            return answer({"ids": [self._faults.add(fault) for fault in added]})
        if call.method == "DELETE":
            number = call.query.get("id")
            return answer({"cleared": self._faults.clear(int(number) if number else None)})
        return _unknown(call)

    def _on_requests(self, call: Call, _rest: str) -> Answer:
        if call.method == "GET":
            shown: dict[str, Any] = {"total": len(self._requests), "counts": self._requests.counts()}
            if call.query.get("all") == "true":
                shown["requests"] = [request.as_json() for request in self._requests]
            return answer(shown)
        if call.method == "DELETE":
            self._requests.clear()
            return answer({"cleared": True})
        return _unknown(call)

    def _on_state(self, call: Call, _rest: str) -> Answer:
        if call.method == "DELETE":
            self._jitsu.reset()
            self._jitterbit.reset()
        elif call.method == "PUT":
            mode = decoded(call.body)["mode"]
            if mode not in get_args(Mode):
                message = f"mode: write one of {', '.join(get_args(Mode))}"
                raise ValueError(message)
            self._jitsu.mode = mode
        elif call.method != "GET":
            return _unknown(call)
        return answer({"jitsu": self._jitsu.summary(), "jitterbit": self._jitterbit.summary()})

    def _on_connectors(self, call: Call, _rest: str) -> Answer:
        if call.method != "POST":
            return _unknown(call)
        given = decoded(call.body)
        row = self._jitterbit.publish_in_builder(*(str(given[name]) for name in ("organization", "name", "version")))
        return answer({"published": row.id})

    def _on_objects(self, call: Call, object_id: str) -> Answer:
        if call.method == "PATCH":
            self._jitsu.change(object_id, **decoded(call.body))
        elif call.method == "DELETE" and object_id in self._jitsu.state.objects:
            self._jitsu.remove(object_id)
        elif call.method == "DELETE" and any(api.key == object_id for api in self._jitterbit.apis.all()):
            self._jitterbit.apis.remove(self._jitterbit.apis.get(object_id))
        elif call.method == "DELETE":
            self._jitterbit.remove(object_id)
        else:
            return _unknown(call)
        return answer({"changed": object_id})


def _unknown(call: Call) -> Answer:
    return answer({"error": f"the sandbox has no {call.method} {call.path}"}, 404)
