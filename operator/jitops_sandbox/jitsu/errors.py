"""The two forms of the console's errors (docs/reference/jitsu.md section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitops_sandbox.answers import Answer, answer

if TYPE_CHECKING:
    from jitops_sandbox.answers import JSON

TRACE = "at Object.handle (sandbox)"
"""In place of the stack trace of real answers."""
INTERNAL_ERROR = 500


class ConsoleError(Exception):
    """An error of the console."""

    def as_answer(self) -> Answer:
        """Return the answer that the client receives."""
        raise NotImplementedError


class ApiError(ConsoleError):
    """An error that the console's authors expected: `{"message", …extra}`, and a `stack` if it is a 500."""

    def __init__(self, message: str, *, status: int = 500, **extra: JSON) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.extra = extra

    def as_answer(self) -> Answer:
        """Return the expected form."""
        body = {"message": self.message, **self.extra}
        if self.status == INTERNAL_ERROR:
            body["stack"] = f"Error: {self.message}\n    {TRACE}"
        return answer(body, self.status)


class UnexpectedError(ConsoleError):
    """An unexpected exception: `{"error", "details", "stackArray"}`, always 500."""

    def __init__(self, error: str, kind: str = "Error") -> None:
        super().__init__(error)
        self.error = error
        self.kind = kind

    def as_answer(self) -> Answer:
        """Return the unexpected form."""
        details = f"{self.kind}: {self.error}\n    {TRACE}"
        stack = [line.strip() for line in details.split("\n")]
        return answer({"error": self.error, "details": details, "stackArray": stack}, 500)


class PrismaError(UnexpectedError):
    """A failure of the database layer, with the call in its text."""

    def __init__(self, call: str, text: str) -> None:
        super().__init__(f"\nInvalid `prisma.{call}` invocation:\n\n\n{text}", "PrismaClientKnownRequestError")


class PlainError(ConsoleError):
    """An error whose body is a given JSON value and nothing else."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body.get("error", status)))
        self.status = status
        self.body = body

    def as_answer(self) -> Answer:
        """Return the body unchanged."""
        return answer(self.body, self.status)


def unique_constraint() -> PrismaError:
    """Return the error for an id that exists or ever existed, in any workspace and of any type (section 4, ids)."""
    return PrismaError("configurationObject.create()", "Unique constraint failed on the fields: (`id`)")


def type_error(text: str) -> UnexpectedError:
    """Return the error of JavaScript for a value that a handler did not expect."""
    return UnexpectedError(text, "TypeError")
