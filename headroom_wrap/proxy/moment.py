"""How long what no request needs waits for the request to be on its way."""

from __future__ import annotations

MOMENT_S = 0.005
"""Seconds: enough to decide on a request and to send it on, and nothing that an eye sees."""
