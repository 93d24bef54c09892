"""Replay of a recording against a sandbox: every answer is compared (docs/reference/jitsu.md section 11)."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import urlencode

import httpx

from jitops_sandbox import seed as seed_file
from jitops_sandbox.comparison import Bindings, Comparison
from jitops_sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from jitops_sandbox.answers import JSON
    from jitops_sandbox.jitsu.context import Build
    from jitops_sandbox.seed import Seed

PLACEHOLDER = re.compile(r"<([A-Z]+)_(?:KEY_)?ID(:SECRET)?>")
SIZED = re.compile(r"<(\d+) bytes>")
MINUTE_TRIES = 61
THROTTLED = 429
TIMEOUT = 30.0


class NoSandbox(Exception):
    """Nothing answers at the address, or it is no sandbox."""


@dataclass
class Report:
    """The result of a replay: how many rows matched, and the differences of the others, by name."""

    matched: int = 0
    total: int = 0
    differences: dict[str, list[str]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return the lines to print."""
        details = [f"{name}: {difference}" for name, found in self.differences.items() for difference in found]
        return [f"matched {self.matched} of {self.total}", *details]


async def replay(recording: Path, base_url: str, seed: Seed, prefixes: Sequence[str] = ()) -> Report:
    """Send all rows of a recording in order; compare those whose name begins with a prefix, or all."""
    content = await asyncio.to_thread(recording.read_text, encoding="utf-8")
    rows = [json.loads(line) for line in content.splitlines() if line.strip()]
    try:
        async with httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT) as client:
            return await _Replay(client, seed, rows, tuple(prefixes)).run()
    except httpx.HTTPError as error:
        raise NoSandbox(f"{error}") from None


def run(  # noqa: PLR0913 - one parameter for each option of the command
    recording: Path,
    *,
    base_url: str | None = None,
    seed: Path | None = None,
    prefixes: Sequence[str] = (),
    build: Build = "A",
    out: TextIO | None = None,
) -> bool:
    """Replay against a running sandbox, or a new one; print the report, and return whether all rows matched."""
    content = seed_file.load(seed) if seed else seed_file.shipped("recorded")

    async def replayed() -> Report:
        if base_url is not None:
            return await replay(recording, base_url, content, prefixes)
        async with Sandbox.start(seed=content, build=build) as sandbox:
            return await replay(recording, sandbox.jitsu_url, content, prefixes)

    report = asyncio.run(replayed())
    (out or sys.stdout).writelines(f"{line}\n" for line in report.lines())
    return report.matched == report.total


class _Replay:
    """One replay; its bindings grow from row to row."""

    def __init__(
        self, client: httpx.AsyncClient, seed: Seed, rows: Iterable[dict[str, Any]], prefixes: tuple[str, ...]
    ) -> None:
        self._client = client
        self._rows = list(rows)
        self._prefixes = prefixes
        self._bindings = Bindings()
        self._keys = {key.name.upper(): f"{key.id}:{key.secret}" for key in seed.jitsu.keys}
        self._token = next(iter(seed.jitsu.service_tokens), "")
        self._named: dict[str, dict[str, Any]] = {}

    async def run(self) -> Report:
        """Send all rows and return the report."""
        report = Report()
        for row in self._rows:
            if "control" in row:
                await self._control(row)
                continue
            self._named[row["name"]] = row
            live = await self._answered(row)
            differences = self._compared(row, live)
            if self._prefixes and not row["name"].startswith(self._prefixes):
                continue
            report.total += 1
            if differences:
                report.differences.setdefault(row["name"], []).extend(differences)
            else:
                report.matched += 1
        return report

    async def _control(self, row: dict[str, Any]) -> None:
        if row["control"] == "repeat":
            for _ in range(row["times"]):
                await self._send(self._named[row["name"]])
        elif row["control"] == "mode":
            (await self._client.put("/_sandbox/state", json={"mode": row["mode"]})).raise_for_status()
        elif row["control"] == "reset":
            (await self._client.delete("/_sandbox/state")).raise_for_status()

    async def _answered(self, row: dict[str, Any]) -> httpx.Response:
        """Send a row and return the answer."""
        # A recorded 429 depends on the moment within the minute: the row is sent until it is throttled again.
        live = await self._send(row)
        for _ in range(MINUTE_TRIES - 1):
            if row["response"]["status"] != THROTTLED or live.status_code == THROTTLED:
                break
            live = await self._send(row)
        return live

    async def _send(self, row: dict[str, Any]) -> httpx.Response:
        given = row["request"]
        body = self._body(row)
        self._bindings.remember([given["path"].split("/"), given["query"], given["body"], _inner(given["body"])])
        path = self._bindings.translate(given["path"])
        query = urlencode({name: self._bindings.translate(value) for name, value in given["query"].items()})
        url = self._client.base_url.copy_with(raw_path=f"{path}?{query}".rstrip("?").encode())
        headers = {name: self._credential(value) for name, value in given["headers"].items()}
        return await self._client.request(given["method"], url, headers=headers, content=body)

    def _body(self, row: dict[str, Any]) -> bytes | None:
        given = row["request"]["body"]
        if given is None:
            return None
        sized = SIZED.fullmatch(given) if isinstance(given, str) else None
        if sized:
            return _padded(row, int(sized[1]))
        translated = self._bindings.translate(given)
        return translated.encode() if isinstance(translated, str) else json.dumps(translated).encode()

    def _credential(self, value: str) -> str:
        """Return a header with the placeholder of the recording replaced by a key of the seed."""
        value = value.replace("<CONSOLE_RAW_AUTH_TOKEN>", self._token)
        placeholder = PLACEHOLDER.search(value)
        if placeholder is None:
            return value
        key = self._keys.get(placeholder[1], "nosuchkey:secret-not-real")
        return value.replace(placeholder[0], key if placeholder[2] else key.partition(":")[0])

    def _compared(self, row: dict[str, Any], live: httpx.Response) -> list[str]:
        given, recorded = row["request"], row["response"]
        key_made = given["method"] == "POST" and given["path"] == "/api/user/keys"
        comparison = Comparison(self._bindings, key_made=key_made)
        if recorded["status"] != live.status_code:
            comparison.differences.append(f"status: recorded {recorded['status']}, live {live.status_code}")
        comparison.headers(recorded["headers"], live.headers)
        comparison.body(recorded["body"], _content(live))
        return comparison.differences


def _content(live: httpx.Response) -> JSON:
    """Return a live body as the recorder stored it: as JSON if it is JSON, else as text; None if it is empty."""
    if not live.content:
        return None
    try:
        return live.json()
    except ValueError:
        return live.text


def _inner(body: object) -> object:
    """Return the JSON in a body that was recorded as text."""
    if not isinstance(body, str):
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None


def _padded(row: dict[str, Any], length: int) -> bytes:
    """Return valid JSON of a length in bytes: a link's `data`, or a function's `code` under the answered id."""
    path = row["request"]["path"]
    answered = row["response"]["body"]
    object_id = answered["id"] if isinstance(answered, dict) and "id" in answered else "padded"
    if path.endswith("/link"):
        body: dict[str, Any] = {"fromId": "a", "toId": "b", "data": {"padding": ""}}
        inner, name = body["data"], "padding"
    else:
        workspace = path.split("/")[2]
        body = {"id": object_id, "type": "function", "workspaceId": workspace, "name": object_id, "code": ""}
        inner, name = body, "code"
    inner[name] = "x" * (length - len(json.dumps(body)))
    return json.dumps(body).encode()
