"""What a person is told when something cannot be done."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend. Printed once, without a traceback, by ``cli.__main__``.

    Args:
        message: what is wrong, one sentence.
        hint: what to do about it, one sentence.
        status: exit status.
    """

    def __init__(self, message: str, hint: str = "", status: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status
