"""What the library raises besides Python's own exceptions."""

from __future__ import annotations


class HeadroomError(Exception):
    """A request could not be made smaller, and the integration was told to say so (``fail_open=False``). ``__cause__`` is why; nothing was sent."""
