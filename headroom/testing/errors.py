"""The API's errors."""

from __future__ import annotations


class ApiError(Exception):
    """A refusal as the API would answer it.

    Args:
        status: HTTP status.
        type: e.g. ``invalid_request_error``.
        message: for a person.
        retry_after: seconds, for the ``retry-after`` header.
    """

    def __init__(self, status: int, type: str, message: str, retry_after: float | None = None) -> None:  # noqa: A002
        super().__init__(status, type, message)
        self.status = status
        self.type = type
        self.message = message
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.status} {self.type}: {self.message}"

    def body(self, request_id: str) -> dict[str, object]:
        """The JSON of the error response."""
        error = {"type": self.type, "message": self.message}
        return {"type": "error", "error": error, "request_id": request_id}


def invalid(message: str) -> ApiError:
    """A 400 with the given message."""
    return ApiError(400, "invalid_request_error", message)
