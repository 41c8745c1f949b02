"""``open_store``: another store than the user's own, by its path or its URL, for whatever here takes a ``store``."""

from __future__ import annotations

from pipeline.store.opening import open_store

__all__ = ["open_store"]
