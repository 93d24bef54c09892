"""The client of an organization's adapter: a service of the user that publishes Custom APIs in API Manager.

The adapter implements the contract in `published/api-adapter.yaml`. The contract is defined by jitops: Jitterbit has no
public API for this (docs/reference/jitterbit.md section 4.1). One conditional listing per organization serves all its
Custom APIs.
"""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING

from jitops.core.contract.snapshot import Snapshot
from jitops.core.errors import (
    AlreadyOwned,
    DependencyNotReady,
    JitopsError,
    NotYet,
    Overtaken,
    PermissionDenied,
    SpecInvalid,
    Unavailable,
)
from jitops.products.jitterbit.api_rows import ApiRow
from jitops.remote.exchange import Answer, AnswerLost, segment
from jitops.remote.redaction import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.clock import Clock
    from jitops.core.kube import JSON
    from jitops.remote.client import Http

NOT_MODIFIED, NO_CONTENT, PRECONDITION_FAILED = 304, 204, 412
FAILURES = 500
LONGEST_DETAIL = 200
LONGEST_WAIT = 300.0
LONGEST_PATIENCE = 2
"""How often a call may fail in a row before the message blames the adapter."""
RETRY_DELETION = 5.0
BROKEN_CONTRACT = "; if this continues, the adapter does not follow the contract of `jitops adapter-contract`"


def contract() -> str:
    """Return the contract as an OpenAPI document in YAML."""
    return (files("jitops.products.jitterbit") / "published" / "api-adapter.yaml").read_text(encoding="utf-8")


class Missing(JitopsError):
    """The API does not exist at the adapter."""


# A thing that API Manager lacks (422) is added there, which no listing shows. So unlike other rejections it is retried.
BY_STATUS: Mapping[int, tuple[type[JitopsError], str]] = {
    400: (SpecInvalid, "the adapter rejects the Custom API"),
    401: (PermissionDenied, "the adapter rejects the token: correct adapterToken in the Secret of the organization"),
    403: (PermissionDenied, "the adapter does not permit this with the token (adapterToken in the Secret)"),
    404: (Missing, "the API does not exist at the adapter"),
    405: (SpecInvalid, "the adapter does not speak the contract at spec.apiAdapter.baseUrl of the organization"),
    409: (AlreadyOwned, "the adapter reports a conflict with another API"),
    415: (SpecInvalid, "the adapter does not speak the contract at spec.apiAdapter.baseUrl of the organization"),
    422: (DependencyNotReady, "API Manager does not have what the Custom API needs"),
}


def classify_contract(answer: Answer) -> JitopsError | None:
    """Return the error of an answer; None for a success."""
    if answer.succeeded:
        if answer.status in {NOT_MODIFIED, NO_CONTENT} or isinstance(answer.json, dict):
            return None
        return AnswerLost("the adapter's answer is cut off, or does not follow the contract")
    if answer.status == PRECONDITION_FAILED:
        return Overtaken("someone changed the API at the adapter at the same time", after=1.0)
    if answer.status >= FAILURES:
        return Unavailable(f"the adapter failed with HTTP {answer.status}{_detail(answer)}")
    kind, sentence = BY_STATUS.get(answer.status, (None, ""))
    return kind(f"{sentence} (HTTP {answer.status}){_detail(answer)}") if kind else None


def _detail(answer: Answer) -> str:
    body = answer.json if isinstance(answer.json, dict) else {}
    detail = body.get("detail") or body.get("title")
    return f": {shorten(detail, LONGEST_DETAIL)}" if isinstance(detail, str) and detail else ""


class ApiContract:
    """The calls of the contract for one organization.

    Without an adapter, `http` is the reason why there is none: calls raise it, and the listing is empty.
    """

    def __init__(self, http: Http | DependencyNotReady, organization: str, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._path = f"/v1/organizations/{segment(organization)}/apis"
        self._etag = ""
        self._failures: Counter[tuple[str, ...]] = Counter()
        """How often in a row a call found another state than the listing, by key, method and verb."""
        self.apis: Snapshot[ApiRow] = Snapshot(self._list, clock)

    def require(self) -> Http:
        """Return the HTTP client of the adapter; DependencyNotReady if there is no adapter."""
        if isinstance(self._http, DependencyNotReady):
            raise DependencyNotReady(str(self._http))
        return self._http

    async def get(self, key: str) -> ApiRow:
        """Return one API; NotYet if it no longer exists."""
        return await self._exchange("GET", key)

    async def put(self, key: str, configuration: Mapping[str, JSON], revision: str | None) -> ApiRow:
        """Write the draft of a new API (without a revision), or of the API if it still has this revision."""
        condition = {"if-none-match": "*"} if revision is None else _if_match(revision)
        return await self._exchange("PUT", key, headers=condition, body=configuration)

    async def publish(self, row: ApiRow) -> ApiRow:
        """Make the draft live, if the API still has the revision of the row."""
        return await self._exchange("POST", row.key, "/publish", headers=_if_match(row.revision))

    async def unpublish(self, row: ApiRow) -> ApiRow:
        """Make the API no longer live, if it still has the revision of the row."""
        return await self._exchange("POST", row.key, "/unpublish", headers=_if_match(row.revision))

    async def delete(self, key: str) -> None:
        """Delete an API.

        A 404 may come from an ingress, so it is believed only if a new listing does not have the API either.
        """
        try:
            await self._request("DELETE", f"/{segment(key)}", who=f"api {key}")
        except Missing:
            self._etag = ""
            if key in (await self.apis.get(self._clock.monotonic())).rows:
                raise NotYet(
                    "the adapter lists the API, but answers 404", after=RETRY_DELETION, deleting=True
                ) from None
        self.apis.record(key, None)

    def close(self) -> None:
        """Close the connection."""
        if not isinstance(self._http, DependencyNotReady):
            self._http.close()

    async def _exchange(
        self, method: str, key: str, verb: str = "", *, headers: Mapping[str, str] | None = None, body: JSON = None
    ) -> ApiRow:
        try:
            answer = await self._request(method, f"/{segment(key)}{verb}", who=f"api {key}", headers=headers, body=body)
        except Missing:
            self.apis.record(key, None)
            deleted = NotYet("the API was deleted at the adapter while it was being changed", after=1.0)
            raise self._with_backoff(deleted, key, method, verb) from None
        except Overtaken as overtaken:
            raise self._with_backoff(overtaken, key, method, verb) from None
        del self._failures[key, method, verb]
        row = ApiRow.parse(answer.json)
        if row.key != key:
            raise AnswerLost("the adapter's answer is about another API")
        self.apis.record(key, row)
        return row

    def _with_backoff(self, error: NotYet, *call: str) -> NotYet:
        """Return the error with a longer wait each time, and read the whole listing again before the next attempt."""
        self._etag = ""
        self._failures[call] += 1
        failures = self._failures[call]
        hint = BROKEN_CONTRACT if failures > LONGEST_PATIENCE else ""
        return type(error)(f"{error}{hint}", after=min(2.0 ** min(failures - 1, 10), LONGEST_WAIT))

    async def _list(self) -> Mapping[str, ApiRow] | None:
        if isinstance(self._http, DependencyNotReady):
            return {}
        headers = {"if-none-match": self._etag} if self._etag else {}
        try:
            answer = await self._request("GET", "", who="list apis", headers=headers)
        except Missing as missing:
            raise DependencyNotReady(
                f"the adapter has no list of Custom APIs for this organization: {missing}"
            ) from None
        if answer.status == NOT_MODIFIED:
            if not headers:
                raise AnswerLost("the adapter answers 304 to a request without a condition")
            return None
        listed = answer.json.get("apis")
        if not isinstance(listed, list):
            raise AnswerLost("the adapter's answer is not a list")
        rows = {row.key: row for row in map(ApiRow.parse, listed)}
        self._etag = answer.headers.get("etag", "")
        return rows

    async def _request(
        self, method: str, path: str, *, who: str, headers: Mapping[str, str] | None = None, body: JSON = None
    ) -> Answer:
        return await self.require().request(method, self._path + path, who=who, headers=headers, body=body)


def _if_match(revision: str) -> dict[str, str]:
    return {"if-match": f'"{revision}"'}
