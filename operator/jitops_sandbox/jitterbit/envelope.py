"""The envelope of the Cloud RESTful Service: `{status, operation, …}` (docs/reference/jitterbit.md section 2.9).

Of its error codes only `VALIDATE_TFA_LOGIN_EMAIL` is known. The others here begin with `ASSUMED_`, so that no code
relies on them.
"""

from __future__ import annotations

from jitops_sandbox.answers import Answer, answer
from jitops_sandbox.jitterbit.switches import STATUS, Refusal, Switches

FAILED = 400


class RefusedError(Exception):
    """A failure in the envelope, answered in the way of a switch."""

    def __init__(self, operation: str, code: str, message: str, how: Refusal) -> None:
        super().__init__(message)
        self.operation = operation
        self.code = code
        self.message = message
        self.how = how

    def as_answer(self, switches: Switches) -> Answer:
        """Return the answer that the client receives."""
        status = STATUS[self.how]
        if status >= FAILED and switches.html_errors:
            page = f"<html><head><title>Error</title></head><body><h1>HTTP {status}</h1></body></html>"
            return Answer(status, page.encode(), content_type="text/html;charset=utf-8")
        body = {"operation": self.operation, "errorCode": self.code, "errorMessage": self.message}
        return answer({"status": False, **body}, status)


def done(operation: str, status: int = 200, **fields: object) -> Answer:
    """Return the answer of a success."""
    return answer({"status": True, "operation": operation, **fields}, status)
