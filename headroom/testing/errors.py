"""The errors of an API, before they take its form on the wire."""

from __future__ import annotations


class ApiError(Exception):
    """A refusal. Each provider writes it in its own form.

    Args:
        status: HTTP status.
        type: e.g. ``invalid_request_error``.
        message: for a person.
        retry_after: seconds, for the ``retry-after`` header.
        code: what OpenAI names beside the type, e.g. ``previous_response_not_found``.
        param: the field of the request that is wrong, where the API names it.
    """

    def __init__(
        self,
        status: int,
        type: str,  # noqa: A002
        message: str,
        retry_after: float | None = None,
        *,
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(status, type, message)
        self.status = status
        self.type = type
        self.message = message
        self.retry_after = retry_after
        self.code = code
        self.param = param

    def __str__(self) -> str:
        return f"{self.status} {self.type}: {self.message}"


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """A 400 with the given message."""
    return ApiError(400, "invalid_request_error", message, param=param, code=code)
