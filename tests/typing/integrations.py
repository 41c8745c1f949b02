"""What a type checker makes of the integrations. Never run: mypy reads it."""

from __future__ import annotations

from typing import Any

from headroom import headroom_retrieve, retriever, tools, with_headroom


class Client:
    """Anybody's client."""

    def create(self) -> int:
        return 1


client: Client = with_headroom(Client(), profile="lossless", elide=False, fail_open=False)
number: int = with_headroom(client).create()
declared: list[dict[str, Any]] = tools("openai-chat", strict=True)
text: str = headroom_retrieve("3f9a2c7b", lines="5-9")
again: str = retriever()("3f9a2c7b")
