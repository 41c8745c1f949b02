"""What the APIs' wires have in common unless they say otherwise; see ``retrieval.api.Wire``."""

from __future__ import annotations

from collections.abc import Sequence

from headroom_wrap.proxy.retrieval import bodies
from headroom_wrap.proxy.retrieval.api import Form
from pipeline.transcript import Span


class CommonWire:
    """Tools stand in a list of that name, results are elements by themselves, and the server keeps nothing."""

    joins = False

    def tools(self, body: bytes) -> bytes:
        """See ``Wire.tools``."""
        raw = bodies.at(body, bodies.top(body).get("tools"))
        return raw if raw.strip(b"[] \t\r\n") else b""

    def with_tool(self, body: bytes, declaration: bytes) -> bytes:
        """See ``Wire.with_tool``."""
        return bodies.with_element(body, bodies.top(body), "tools", declaration)

    def reads(self, content_type: str) -> bool:
        """See ``Wire.reads``."""
        return content_type.startswith(("text/event-stream", "application/json"))

    def form(self, target: str, content_type: str) -> Form:
        """See ``Wire.form``."""
        return Form.EVENTS if "event-stream" in content_type else Form.WHOLE

    def message(self, results: Sequence[bytes]) -> tuple[bytes, ...]:
        """See ``Wire.message``."""
        return tuple(results)

    def ahead(self, body: bytes, message: Span, results: Sequence[bytes]) -> tuple[Span, bytes] | None:
        """See ``Wire.ahead``."""
        return None

    def marked(self, body: bytes, turn: Sequence[Span], elements: Sequence[bytes]) -> Sequence[bytes]:
        """See ``Wire.marked``."""
        return elements

    def previous(self, body: bytes) -> str:
        """See ``Wire.previous``."""
        return ""

    def going_on(self, body: bytes, response: str, results: Sequence[bytes]) -> bytes:
        """See ``Wire.going_on``."""
        return body

    def kept(self, body: bytes) -> bool:
        """See ``Wire.kept``."""
        return False
