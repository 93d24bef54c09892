"""The unknowns of Jitterbit's connector API and gateway, as switches (docs/reference/jitterbit.md, [UNK])."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Refusal = Literal["rejected_with_200", "bad_request", "unauthorized", "forbidden", "not_found", "conflict"]

Denial = Literal["unauthorized", "rejected_with_200"]
DENIED: Denial = "unauthorized"

STATUS: dict[Refusal, int] = {
    "rejected_with_200": 200,
    "bad_request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "conflict": 409,
    "not_found": 404,
}


@dataclass(frozen=True, slots=True)
class Switches:
    """One position of all switches; the defaults are the most likely readings of the documentation.

    * `duplicate_name`: a register call with an existing (name, version) creates a second row, or is refused
      with HTTP 200 and status false, or with 409 (2.5, name collisions).
    * `names`: a registration keeps its name as given, or in small letters and without spaces around it (2.5,
      case sensitivity and charset).
    * `versions_coexist`: another version of an existing name is another row, or counts as a duplicate (2.5).
    * `in_use_delete`: deleting the registration or the payload of a connector that a project uses is refused
      with HTTP 200 and status false, or with 409 (2.7).
    * `bad_token`: a call with an expired or unknown token is refused with 401, or with HTTP 200 and status
      false (2.3).
    * `bad_password`: a refused login, for whatever reason, is a 401, or HTTP 200 and status false (2.3).
    * `tfa_answer`: the demand for a code is a 401, or HTTP 200 and status false (2.3).
    * `foreign_organization`: a call for an organization that is not the user's is a 403, a 404, or HTTP 200
      and status false (2.9).
    * `empty_listing`: with no connectors `registeredConnectorList` is `[]`, null, or absent (2.6).
    * `listing_lag_seconds`: so long after a register or delete call the listing still shows the state before it
      (2.6, read-after-write consistency).
    * `register_has_id`: the answer to a register call has `id`, as in the vendor's current docs, or not, as in
      the vendor's older README (2.5).
    * `register_status`: success is a 200, or a 201 (2.5).
    * `ids`: ids are JSON strings, as documented, or numbers (2.5).
    * `missing_delete`: deleting a registration that does not exist is status true, status false, or a 404
      (2.7).
    * `missing_payload`: deleting a payload that was never uploaded is status true, or status false (2.7).
    * `validate_answer`: a wrong key or secret is status false, or a 401; or any is accepted with status true
      (2.8).
    * `login_has_status`: a login's success body has `status: true`, or no `status` at all (2.3).
    * `login_has_organizations`: a login's success body has `orgAttrs`, or not (2.3).
    * `session_timeout_seconds`: how long a token is valid; with `sliding_sessions` each call prolongs it (2.3).
    * `single_session`: a second login ends the token of the first, or not (2.3).
    * `lock_after`, `lock_seconds`: this number of refused logins locks the account for this time (documented: 5, 30
      minutes).
    * `absent_api`: the gateway answers a URL without a published API with 404 (from secondary sources only),
      403, or 401 (4.6).
    * `refused_call`: the gateway refuses a call without credentials with 403, as documented, or 401 (4.6, 4.9).
    * `html_errors`: every answer of 400 and above is an HTML page instead of the JSON envelope (2.9).
    """

    duplicate_name: Literal["accept", "rejected_with_200", "conflict"] = "accept"
    names: Literal["as_given", "normalised"] = "as_given"
    versions_coexist: bool = True
    in_use_delete: Literal["rejected_with_200", "conflict"] = "rejected_with_200"
    bad_token: Denial = DENIED
    bad_password: Denial = DENIED
    tfa_answer: Denial = DENIED
    foreign_organization: Literal["forbidden", "not_found", "rejected_with_200"] = "forbidden"
    empty_listing: Literal["list", "null", "absent"] = "list"
    listing_lag_seconds: float = 0.0
    register_has_id: bool = True
    register_status: Literal[200, 201] = 200
    ids: Literal["strings", "numbers"] = "strings"
    missing_delete: Literal["true", "false", "not_found"] = "true"
    missing_payload: Literal["true", "false"] = "true"
    validate_answer: Literal["status_false", "unauthorized", "always_true"] = "status_false"
    login_has_status: bool = True
    login_has_organizations: bool = True
    session_timeout_seconds: float = 14400.0
    sliding_sessions: bool = False
    single_session: bool = False
    lock_after: int = 5
    lock_seconds: float = 1800.0
    absent_api: Literal["not_found", "forbidden", "unauthorized"] = "not_found"
    refused_call: Literal["forbidden", "unauthorized"] = "forbidden"
    html_errors: bool = False
