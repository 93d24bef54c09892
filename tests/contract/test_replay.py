"""The sandbox's Jitsu answers the recorded exchanges as the real console did (docs/reference/jitsu.md section 11)."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from tests.harness.repository import RECORDING

from jitops_sandbox import Sandbox
from jitops_sandbox import seed as seed_file
from jitops_sandbox.replay import NoSandbox, Report, replay, run

ROWS = 303
SET_ASIDE = "export/"
"""The exports for the data plane, which the sandbox does not have."""
EXPORTS = 7


async def replayed(recording: Path, *prefixes: str) -> Report:
    """Replay a recording against a fresh sandbox of build A."""
    async with Sandbox.start(seed=seed_file.shipped("recorded"), build="A") as sandbox:
        return await replay(recording, sandbox.jitsu_url, sandbox.seed, prefixes)


async def test_the_recording_matches() -> None:
    """All rows but the exports match in build A, to the letter of the rules."""
    report = await replayed(RECORDING)
    assert [name for name in report.differences if not name.startswith(SET_ASIDE)] == []
    assert (report.matched, report.total) == (ROWS - EXPORTS, ROWS)


ROWS_BEFORE_DESTINATIONS = 84


def rewritten(tmp_path: Path, name: str, old: str, new: str) -> Path:
    """Copy the first rows of the recording with one row's answer changed."""
    rows = []
    for line in RECORDING.read_text(encoding="utf-8").splitlines()[:ROWS_BEFORE_DESTINATIONS]:
        row = json.loads(line)
        if row.get("name") == name and "response" in row:
            response = json.dumps(row["response"])
            assert old in response
            row["response"] = json.loads(response.replace(old, new))
        rows.append(json.dumps(row))
    changed = tmp_path / "changed.jsonl"
    changed.write_text("\n".join(rows), encoding="utf-8")
    return changed


@pytest.mark.parametrize(
    ("name", "old", "new", "where"),
    [
        ("stream/get minimal", "Minimal stream", "Another stream", "body.name"),
        ("stream/get minimal", '"status": 200', '"status": 201', "status"),
        ("stream/get minimal", '"domains": []', '"domains": ["a.b"]', "body.domains.length"),
        ("stream/get minimal", '"domains": [], ', "", "body.domains"),
        ("stream/get minimal", "X-RateLimit-Limit", "X-RateLimit-Limited", "x-ratelimit-limit"),
        ("stream/get full", "js-*001", "js-*002", "body.publicKeys.0.hint"),
        ("stream/create id with slash", "ETag", "NoTag", "etag"),
        ("stream/put missing", ', "stack"', ', "stacked"', "body.stack"),
        ("routing/trailing slash", '"location": "/api/', '"location": "/apis/', "location"),
    ],
)
async def test_a_difference_is_found(tmp_path: Path, name: str, old: str, new: str, where: str) -> None:
    """A recording that says otherwise does not match, and the report says where."""
    report = await replayed(rewritten(tmp_path, name, old, new), "stream/", "routing/")
    assert list(report.differences) == [name]
    assert any(one.startswith(f"{where}:") for one in report.differences[name])


async def test_what_is_bound_must_stay_the_same(tmp_path: Path) -> None:
    """A moment that the recording repeats must be repeated; another moment in its place is a difference."""
    changed = rewritten(tmp_path, "stream/roundtrip get", "05:19:44.390Z", "05:19:44.027Z")
    report = await replayed(changed, "stream/roundtrip")
    assert list(report.differences) == ["stream/roundtrip get"]


def test_the_command_prints_matched_total_and_differences(tmp_path: Path) -> None:
    """`run` starts a sandbox of its own, prints the report and tells whether all matched."""
    out = io.StringIO()
    assert run(RECORDING, prefixes=("auth/",), out=out)
    assert out.getvalue() == "matched 14 of 14\n"
    out = io.StringIO()
    changed = rewritten(tmp_path, "auth/service admin token", '"objects": []', '"objects": [1]')
    assert not run(changed, prefixes=("auth/",), out=out)
    first, second, *_ = out.getvalue().splitlines()
    assert first == "matched 13 of 14"
    assert second.startswith("auth/service admin token: body.objects")


def test_the_recording_names_no_machine() -> None:
    """The recording that is committed holds no path and no address but loopback."""
    content = RECORDING.read_text(encoding="utf-8")
    for planted in ("/home/", "/root/", "/tmp/", "/usr/", "/var/"):  # noqa: S108 - looked for, not used
        assert planted not in content


async def test_an_address_where_nothing_answers() -> None:
    """Whoever replays against an address where no sandbox is gets one error of ours, not the HTTP library's."""
    with pytest.raises(NoSandbox):
        await replay(RECORDING, "http://127.0.0.1:1", seed_file.shipped("recorded"))
