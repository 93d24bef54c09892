"""The console's pipeline, in the order of the real one (docs/reference/jitsu.md sections 1 to 3, 7).

Trailing slash, body size, JSON; route, method; caller; maintenance; budget; then the handler, then the entity tag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from jitops_sandbox.answers import Answer, Call, answer, decoded, text
from jitops_sandbox.jitsu import configs, links, published, routes
from jitops_sandbox.jitsu.auth import authenticate, database_down
from jitops_sandbox.jitsu.context import Build, Context
from jitops_sandbox.jitsu.errors import ApiError, ConsoleError, PlainError, UnexpectedError
from jitops_sandbox.jitsu.etags import etag, fresh
from jitops_sandbox.jitsu.pages import PAGES
from jitops_sandbox.jitsu.ratelimit import Limiter, ThrottledError
from jitops_sandbox.jitsu.state import State
from jitops_sandbox.jitsu.zod import UNDEFINED

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops_sandbox.answers import JSON
    from jitops_sandbox.jitsu.auth import Caller
    from jitops_sandbox.seed import JitsuSeed

Mode = Literal["normal", "maintenance", "database-down"]
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SCHEMAS = "/api/schema/destination/"
OK = 200
NOT_MODIFIED = 304


class Console:
    """The stand-in of the Jitsu console, with methods for changes behind the operator's back."""

    name = "jitsu"

    def __init__(self, seed: JitsuSeed, clock: Clock, build: Build = "A", minute: float = 60.0) -> None:
        self.state = State(seed, clock)
        self.limiter = Limiter(clock, minute)
        self.build = build
        self.mode: Mode = "normal"

    def objects(self, kind: str, workspace: str | None = None) -> list[dict[str, Any]]:
        """Return the live objects of a type as clients see them, of one workspace (id or slug) or of all."""
        wanted = self.state.workspace(workspace) if workspace else None
        return [
            configs.shown(stored, self.state)
            for stored in self.state.objects.values()
            if stored.type == kind and not stored.deleted and (wanted is None or stored.workspace == wanted.id)
        ]

    def stored(self, object_id: str) -> dict[str, Any]:
        """Return an object's config as stored, with the hashes of its keys; also of a deleted object."""
        return dict(self.state.objects[object_id].config)

    def change(self, object_id: str, **fields: JSON) -> None:
        """Change fields of an object behind the operator's back; a field set to None is removed."""
        stored = self.state.objects[object_id]
        changed = {**stored.config, **fields}
        self.state.replace(stored, {key: value for key, value in changed.items() if value is not None})

    def remove(self, object_id: str) -> None:
        """Delete an object behind the operator's back; its id can't be used again, as at the real console."""
        self.state.delete(self.state.objects[object_id])

    def reset(self) -> None:
        """Remove all objects and reset the budgets; users, keys and workspaces remain."""
        self.state.clear()
        self.limiter.clear()
        self.mode = "normal"

    def summary(self) -> dict[str, Any]:
        """Return the objects of the console, without secrets, for the admin prefix."""
        objects: dict[str, list[dict[str, Any]]] = {}
        for stored in self.state.objects.values():
            if not stored.deleted:
                objects.setdefault(stored.type, []).append(configs.shown(stored, self.state))
        burnt = [stored.id for stored in self.state.objects.values() if stored.deleted]
        live = [links.shown(link) for link in self.state.links.values() if not link.deleted]
        return {"mode": self.mode, "build": self.build, "objects": objects, "links": live, "burnt": burnt}

    def respond(self, call: Call) -> Answer:
        """Answer one request."""
        early = _before_routing(call)
        if early is not None:
            return early
        unlocked = self._without_caller(call)
        if unlocked is not None:
            return _tagged(call, unlocked)
        found = routes.find(call.path)
        if found is None:
            return _tagged(call, answer({"error": f"API route not found: {call.target}"}, 404))
        return self._routed(call, *found)

    def _routed(self, call: Call, route: routes.Route, path: dict[str, str]) -> Answer:
        if len(call.body) > route.megabytes * routes.MEGABYTE:
            return text(f"Body exceeded {route.megabytes}mb limit", 413)
        try:
            body = _body(call)
        except ValueError:
            return text("Invalid JSON", 400)
        if call.method not in route.handlers:
            return _tagged(call, answer({"error": f"{call.method} method not supported"}, 405))
        headers: dict[str, str] = {}
        try:
            caller = authenticate(self.state, call, database=self.mode != "database-down")
            self._maintained(call)
            headers = self._metered(call, route, caller)
            context = Context(self.state, self.build, call, caller, path, _parsed(call, body))
            reply = self._handled(route, context)
        except ConsoleError as refusal:
            reply = refusal.as_answer()
        reply.headers.update(headers)
        return _tagged(call, reply)

    def _handled(self, route: routes.Route, context: Context) -> Answer:
        if self.mode == "database-down":
            raise database_down("configurationObject.findMany()")
        return route.handlers[context.call.method](context)

    def _maintained(self, call: Call) -> None:
        if self.mode == "maintenance" and call.method in WRITES:
            message = "Jitsu is in maintenance mode; modifications are temporarily disabled."
            raise PlainError(503, {"error": "maintenance", "message": message})

    def _metered(self, call: Call, route: routes.Route, caller: Caller) -> dict[str, str]:
        """Count the request in the key's budget and return its headers; service tokens have no budget."""
        if caller.key is None:
            return {}
        limit, minutes = route.budgets.get(call.method, (None, 1.0))
        bucket = call.method if limit is None else f"{call.method} {'/'.join(route.pattern)}"
        budget = self.limiter.check(caller.key, bucket, limit, minutes)
        if not budget.allowed:
            raise ThrottledError(budget)
        return budget.headers()

    def _without_caller(self, call: Call) -> Answer | None:
        """Return the answer of a route that requires no credentials; None for any other."""
        if call.method != "GET":
            return None
        if call.path in PAGES:
            return PAGES[call.path]()
        if call.path == "/api/healthcheck":
            return self._health()
        if call.path.startswith(SCHEMAS):
            return _schema(call.path.removeprefix(SCHEMAS))
        return None

    def _health(self) -> Answer:
        if self.mode == "database-down":
            return answer({"status": "error", "prisma": {"status": "error"}, "postgres": {"status": "error"}}, 503)
        fine = {"status": "ok", "ms": 5}
        return answer({"status": "ok", "prisma": fine, "postgres": fine})


def _schema(kind: str) -> Answer:
    """Return the schema of a destination type; an unknown one is an error of the server (section 1)."""
    found = published.destination_as_published(kind)
    return UnexpectedError(f"Unknown destination type {kind}").as_answer() if found is None else answer(found)


def _before_routing(call: Call) -> Answer | None:
    if len(call.path) > 1 and call.path.endswith("/"):
        target = call.path.rstrip("/") + call.target[len(call.path) :]
        redirect = text(target, 308)
        redirect.headers.update({"location": target, "Refresh": f"0;url={target}"})
        return redirect
    return None


def _body(call: Call) -> JSON:
    """Return the body as the console's framework does: decoded if its content type is JSON, else as text."""
    if not call.body:
        return UNDEFINED
    kind = call.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return decoded(call.body)
    return call.body.decode("utf-8", "replace")


def _parsed(call: Call, body: JSON) -> JSON:
    """Return JSON sent as text decoded; a body that is false in JavaScript counts as none."""
    if not isinstance(body, str):
        return UNDEFINED if body in (None, 0, False) else body
    if not body:
        return UNDEFINED
    try:
        return decoded(body.encode())
    except ValueError as error:
        raise ApiError(f"Body {call.method} {call.target} is not a JSON object: {error}", body=body) from None


def _tagged(call: Call, reply: Answer) -> Answer:
    """Return the answer with its tag, or a 304 without body if the client has the same."""
    # The request was counted before: at the console a 304 costs as much as any other answer.
    tag = reply.headers.get("ETag") or etag(reply.body)
    reply.headers["ETag"] = tag
    if call.method == "GET" and reply.status == OK and fresh(call.headers.get("If-None-Match"), tag):
        return Answer(NOT_MODIFIED, content_type=None, headers=reply.headers)
    return reply
