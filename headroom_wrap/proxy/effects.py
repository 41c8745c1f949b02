"""What our presence does to a request's size, for its receipt: what was left out, our tools, originals that were fetched back. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from headroom_wrap.ledger.calibration import Grown
from headroom_wrap.ledger.receipts import Effect
from headroom_wrap.proxy.prepared import Prepared, rewritten
from pipeline import tokens
from pipeline.dialects.api import Transcript
from pipeline.store.api import Decision
from pipeline.transcript import ItemKind, ToolCall

PING = "ping"
"""Why nothing was read of a request of our own, which keeps a conversation in the provider's cache."""
_REMEMBERED = 256
_BESIDE = 0.2  # characters for each token that is counted: about a twentieth of it
_ANSWER = frozenset({ItemKind.ASSISTANT_TEXT, ItemKind.TOOL_CALL, ItemKind.OTHER})
_NAME = "headroom_retrieve"


def effect(prepared: Prepared) -> Effect:
    """What we did to a request, in o200k tokens."""
    if prepared.untouched == PING:
        return Effect(extra_turn=True)
    new, old, alone = retrievals(prepared.transcript) if prepared.transcript is not None else (0, 0, False)
    compressors: Counter[str] = Counter()
    for decision in rewritten((*prepared.known, *prepared.fresh)):
        compressors[decision.compressor] += _removed(decision)
    return Effect(
        removed_new=sum(_removed(d) for d in rewritten((*prepared.fresh, *prepared.sent_again))),
        removed_old=sum(_removed(d) for d in rewritten(prepared.sent_before)),
        schema=prepared.declared,
        retrieved_new=new,
        retrieved_old=old,
        extra_turn=alone,
        compressors=tuple(sorted(compressors.items())),
    )


def grown(prepared: Prepared, session: str, keys: Sequence[str], model: str) -> Grown:
    """By what a request has grown since the answer before it.

    Args:
        prepared: the request.
        session: whose it is.
        keys: the lineage of its transcript.
        model: which one answered.
    """
    items = prepared.transcript.items if prepared.transcript is not None else ()
    turn = prepared.transcript.turn if prepared.transcript is not None else 0
    before = turn
    while before and items[before - 1].kind in _ANSWER:
        before -= 1
    whole = {d.key: d.tokens_before for d in prepared.fresh if d.text is None and d.tokens_before}
    places = {prepared.firsts.get(key, key): count for key, count in whole.items()}
    counted = beside = 0
    for item, key in zip(items[turn:], keys[turn:], strict=True):
        counted += places.get(key, 0)
        beside += 0 if key in places else len(item.text)
    plain = all(item.kind is not ItemKind.OTHER for item in items[before:])
    touched = bool(prepared.known[len(prepared.sent_before) :]) or any(d.text is not None for d in prepared.fresh)
    return Grown(session, keys, model, before, counted, plain and not touched and beside < _BESIDE * counted)


def retrievals(transcript: Transcript) -> tuple[int, int, bool]:
    """Tokens of originals fetched back and first sent now, of those sent before, and whether the request answers nothing but retrievals."""
    new = old = 0
    alone = False
    others = False
    for index, item in enumerate(transcript.items):
        unanswered = index >= transcript.turn
        if item.kind is ItemKind.TOOL_RESULT and _retrieves(item.call):
            count = _estimated(item.text)
            new, old = (new + count, old) if unanswered else (new, old + count)
            alone |= unanswered
        elif unanswered and item.kind in (ItemKind.TOOL_RESULT, ItemKind.USER_TEXT):
            others = True
    return new, old, alone and not others


def _retrieves(call: ToolCall | None) -> bool:
    """Whether a call fetches an original: by our tool, by our command, or by a script of Codex's that calls the tool."""
    if call is None:
        return False
    script = call.arguments.get("input") if call.name == "exec" else None
    return call.name.endswith(_NAME) or "headroom show " in call.command or (isinstance(script, str) and f"{_NAME}(" in script)


def _removed(decision: Decision) -> int:
    return decision.tokens_before - decision.tokens_after


# The same texts come back with every request of a conversation; without the vocabulary this is an estimate anyway.
_estimated = lru_cache(maxsize=_REMEMBERED)(tokens.estimate)
