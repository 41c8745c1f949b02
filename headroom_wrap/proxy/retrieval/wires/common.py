"""What the APIs' wires have in common unless they say otherwise; see ``retrieval.api.Wire``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headroom_wrap.proxy.retrieval import bodies
from headroom_wrap.proxy.retrieval.api import Asked, Form
from pipeline.transcript import Span


class CommonWire:
    """Tools stand in a list of that name, results are elements by themselves, and the server keeps nothing."""

    joins = False

    def asked(self, body: bytes, target: str) -> Asked:
        """See ``Wire.asked``."""
        fields = self.members(body)
        return Asked(self.tools(body, fields), self.fits(body, fields, target), self.previous(body, fields), self.kept(body, fields))

    def members(self, body: bytes) -> Mapping[str, Span]:
        """Where the request's members stand, which are found once for all that is asked of them. Raises ``Malformed`` or ``KeyError``."""
        return bodies.top(body)

    def tools(self, body: bytes, fields: Mapping[str, Span]) -> bytes:
        """See ``Asked.tools``."""
        raw = bodies.at(body, fields.get("tools"))
        return raw if raw.strip(b"[] \t\r\n") else b""

    def fits(self, body: bytes, fields: Mapping[str, Span], target: str) -> bool:
        """See ``Asked.fits``."""
        return True

    def previous(self, body: bytes, fields: Mapping[str, Span]) -> str:
        """See ``Asked.previous``."""
        return ""

    def kept(self, body: bytes, fields: Mapping[str, Span]) -> bool:
        """See ``Asked.kept``."""
        return False

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

    def going_on(self, body: bytes, response: str, results: Sequence[bytes]) -> bytes:
        """See ``Wire.going_on``."""
        return body
