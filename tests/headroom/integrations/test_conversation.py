"""A framework's conversation: what comes back stands at its place."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import MagicMock, Mock

import pytest

from headroom.integrations.conversation import Conversation, tool_names
from headroom.integrations.messages import Compression
from pipeline import ccr, markers
from tests.memory_store import MemoryStore

LOG = "\n".join(
    f"2026-01-02T03:{n // 60:02d}:{n % 60:02d}Z {'ERROR' if n % 41 == 0 else 'INFO'} svc order id={n * 17} took {n % 90} ms" for n in range(300)
)
PASTED = f"Which of these failed, and why?\n\n{LOG}"


def said(text: str, place: str | None) -> Conversation[str]:
    conversation: Conversation[str] = Conversation()
    conversation.user(text, place)
    conversation.call("c1", "bash", {"command": "cat app.log"})
    conversation.result("result", LOG.replace("svc", "web"), answers="c1")
    return conversation


def test_data_that_was_pasted_and_results_come_back_by_place() -> None:
    store = MemoryStore()
    news = said(PASTED, "question").shortened(Compression(store=store, elide=True))
    assert sorted(news) == ["question", "result"]
    assert news["question"].startswith("Which of these failed, and why?\n\n2026")
    assert ccr.retrieve(store, markers.handles(news["question"])[0]).text == PASTED


def test_a_text_without_a_place_and_a_short_one_stay() -> None:
    assert sorted(said(PASTED, None).shortened(Compression(store=MemoryStore(), elide=True))) == ["result"]
    assert sorted(said("Why?", "question").shortened(Compression(store=MemoryStore(), elide=True))) == ["result"]


def test_nothing_is_left_out_where_it_cannot_be_fetched() -> None:
    news = said(PASTED, "question").shortened(Compression(store=MemoryStore()))
    assert not any(markers.elides(text) for text in news.values())


DECLARED = [{"type": "function", "function": {"name": "a"}}, {"name": "b"}, {"functionDeclarations": [{"name": "c"}, {"name": "d"}]}]
ENDLESS: list[object] = [{"name": "a"}]
ENDLESS.append(ENDLESS)


@pytest.mark.parametrize(
    ("tools", "names"),
    [
        (None, []),
        (DECLARED, ["a", "b", "c", "d"]),
        ([SimpleNamespace(name="x"), SimpleNamespace(name=None, function=SimpleNamespace(name="y"))], ["x", "y"]),
        ((SimpleNamespace(name=None, function_declarations=[SimpleNamespace(name="z")]), *DECLARED), ["a", "b", "c", "d", "z"]),
        ([Mock(), DECLARED[0], MagicMock()], ["a"]),
        (ENDLESS, ["a"] * 5),
    ],
)
def test_tools_of_any_shape_and_of_none(tools: object, names: list[str]) -> None:
    assert tool_names(tools) == names
