"""``compress``: a message list in, a smaller one out. The same pipeline as the proxy's, without a provider's cache to mind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headroom._stores import default_store
from pipeline import cache_aligner, ccr, tokens
from pipeline.compressors.api import Content
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.api import Messages, Transcript, Unreadable
from pipeline.dialects.bedrock_converse import BedrockConverse
from pipeline.dialects.gemini import Gemini
from pipeline.dialects.openai_chat import OpenAIChat
from pipeline.dialects.openai_responses import OpenAIResponses
from pipeline.outcome import LEAST_CHARS, Reason
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.router import route
from pipeline.store.api import Decision, Store
from pipeline.transcript import ItemKind

_NO_TEXT = frozenset({"id", "tool_use_id", "tool_call_id", "type", "role"})
_SEALED = frozenset(
    {"data", "signature", "thoughtSignature", "thought_signature", "encrypted_content"}
)  # bytes, whose tokens nobody tells by their length
_LINKS = frozenset({"url", "image_url", "file_data", "file_url"})
_FREE = frozenset({"input", "args", "response"})  # below it the fields are a tool's own


@dataclass(frozen=True, slots=True)
class BlockResult:
    """What became of one tool result, or of one long text of the user's.

    Args:
        index: which tool result it is, or which long text of the user's, counted from 0.
        reason: why it is as it is, e.g. ``compressed`` or ``too small``.
        compressor: which one compressed it, ``""`` if none.
        handle: the original's handle, ``""`` if it was not compressed.
        tokens_before, tokens_after: o200k tokens; 0 where they were not counted.
        source: whose text it is: ``tool`` or ``user``.
    """

    index: int
    reason: str
    compressor: str
    handle: str
    tokens_before: int
    tokens_after: int
    source: str = "tool"


@dataclass(frozen=True, slots=True)
class CompressResult:
    """A message list after compression.

    Args:
        messages: the messages, ready to be sent; those in which nothing was compressed are the very objects that came in.
        tokens_before, tokens_after: o200k tokens of all text in the messages, not of images and other data; of texts of over 32,768 characters
            by samples (to about 2 %).
        blocks: one entry for every tool result, and after them one for every text of the user's that is long enough to hold pasted data.
        handles: of the originals of all that was rewritten, in order, each once.
    """

    messages: list[dict[str, Any]]
    tokens_before: int
    tokens_after: int
    blocks: tuple[BlockResult, ...]
    handles: tuple[str, ...]

    @property
    def tokens_saved(self) -> int:
        """How many tokens are not sent."""
        return self.tokens_before - self.tokens_after

    @property
    def savings_ratio(self) -> float:
        """The share of the tokens that is not sent, 0 to 1."""
        return self.tokens_saved / self.tokens_before if self.tokens_before else 0.0


def compress(
    messages: Sequence[Mapping[str, Any]],
    *,
    model: str = "",
    profile: str = "balanced",
    query: str | None = None,
    frozen_message_count: int = 0,
    store: Store | None = None,
    **options: Any,
) -> CompressResult:
    """Make the tool results of a conversation smaller, and bulk data that a user pasted.

    The user's words, tool calls and the model's answers stay as they are, and so do system prompts, but that lists of tool schemas which stand in
    one as text are written down shorter (``schemas_in_prompts=False`` prevents it).

    What becomes of a block depends on what stands before it alone, so a growing conversation keeps its beginning byte for byte.

    Args:
        messages: of Anthropic's Messages, OpenAI's Chat Completions or Responses (input items), Gemini (contents), or Bedrock's Converse.
            They are not changed.
        model: the model they are for.
        profile: ``lossless``, ``balanced`` or ``aggressive``.
        query: what is looked for; by default the last user text before each tool result.
        frozen_message_count: so many messages at the beginning were sent before and stay as they are.
        store: where originals are kept; by default the user's own store.
        options: further fields of ``pipeline.policy.Policy``.

    Raises:
        ValueError: no such profile, or messages of an unknown shape, that are not JSON for one.
        TypeError: no such option.
        pipeline.store.api.StoreError: the originals cannot be kept; nothing was changed.
    """
    policy = Policy(**{"profile": Profile(profile), "schemas_in_prompts": True, **options})
    given = [m if isinstance(m, dict) else dict(m) for m in messages]
    dialect, field = _dialect(given)
    try:
        body = _body(model, field, given)
        transcript = dialect.read(body, policy)
    except (Unreadable, TypeError, RecursionError) as error:
        raise ValueError(f"These messages cannot be read: {error}") from None
    sent = len(dialect.read(_body(model, field, given[:frozen_message_count]), policy).items) if frozen_message_count else 0
    # Whether the model will be offered a tool is not said in messages: that nothing may be left out, ``elide=False`` says.
    decisions = _decide(replace(transcript, turn=sent, tools=True), policy, query, store)
    forms = {index: d.text for index, d in decisions.items() if d.text is not None}
    written = json.loads(dialect.write(body, transcript, forms))[field]
    result = [original if _same(original, new) else new for original, new in zip(given, written, strict=True)]
    blocks = _report(transcript, decisions, sent)
    rewritten = [d for _, d in sorted(decisions.items()) if d.text is not None]
    removed = sum(d.tokens_before - d.tokens_after for d in rewritten)
    counted = {transcript.items[i].written: d.tokens_before for i, d in decisions.items() if d.tokens_before}
    before = _tokens_of(given, counted, tokens.about)
    handles = tuple(dict.fromkeys(d.handle for d in rewritten))
    return CompressResult(result, before, before - removed, blocks, handles)


def compress_text(text: str, query: str = "", *, profile: str = "balanced", store: Store | None = None) -> str:
    """Make one text smaller, as the result of a tool that was asked ``query``. Where nothing is to be gained the text itself comes back.

    Raises:
        pipeline.store.api.StoreError: the original cannot be kept.
    """
    outcome = route(Content(text, Query(query)), (), Policy(profile=Profile(profile)))
    if outcome.text is None or outcome.rewrite is None:
        return text
    kept = store if store is not None else default_store()
    handle = kept.put_original(text, unit=outcome.rewrite.unit, spans=outcome.rewrite.spans, label="headroom_compress")
    return outcome.text if handle == outcome.handle else ccr.render(outcome.rewrite, handle)


def _dialect(messages: list[dict[str, Any]]) -> tuple[Messages, str]:
    """The dialect that the messages are written in, and the name of their list in a request."""
    if any("parts" in m for m in messages):
        return Gemini(), "contents"
    if any(str(m.get("type", "")) not in ("", "message") for m in messages) or any(_has_part(m, ("input_text", "output_text")) for m in messages):
        return OpenAIResponses(), "input"
    if any(m.get("role") in ("tool", "function", "system", "developer") or "tool_calls" in m for m in messages):
        return OpenAIChat(), "messages"
    if any(_has_union(m) for m in messages):
        return BedrockConverse(), "messages"
    return Anthropic(), "messages"


def _has_union(message: Mapping[str, Any]) -> bool:
    """Whether its parts are named by their only member, as Converse has it, and not by a type."""
    content = message.get("content")
    return isinstance(content, list) and any(
        isinstance(part, Mapping) and "type" not in part and ("toolUse" in part or "toolResult" in part) for part in content
    )


def _has_part(message: Mapping[str, Any], types: tuple[str, ...]) -> bool:
    content = message.get("content")
    return isinstance(content, list) and any(isinstance(part, Mapping) and part.get("type") in types for part in content)


def _body(model: str, field: str, messages: list[dict[str, Any]]) -> bytes:
    return json.dumps({"model": model, field: messages}, ensure_ascii=True).encode("ascii")


def _same(original: Mapping[str, Any], new: dict[str, Any]) -> bool:
    """Whether a message says what it said. As JSON: a tuple or a number for a key, or NaN, is no reason to give back another object."""
    return original == new or json.dumps(original) == json.dumps(new)


def _decide(transcript: Transcript, policy: Policy, query: str | None, store: Store | None) -> dict[int, Decision]:
    keys = cache_aligner.lineage(transcript.items)
    alignment = cache_aligner.align(transcript, keys, {}, policy)
    job = alignment.job
    if job is None:
        return {}
    if query is not None:
        tasks = (replace(t, content=replace(t.content, query=Query.of(query, t.content.call))) for t in job.tasks)
        job = replace(job, tasks=tuple(tasks))
    outcomes = list(cache_aligner.run(job))
    if all(o.text is None for o in outcomes):
        return {t.index: _undecided(t.key, o.reason) for t, o in zip(job.tasks, outcomes, strict=True)}
    return cache_aligner.settle(_Originals(store if store is not None else default_store()), alignment, outcomes)


def _undecided(key: str, reason: Reason) -> Decision:
    return Decision(key, None, reason.value)


def _report(transcript: Transcript, decisions: Mapping[int, Decision], sent: int) -> tuple[BlockResult, ...]:
    results = [i for i, item in enumerate(transcript.items) if item.kind is ItemKind.TOOL_RESULT]
    texts = [i for i in cache_aligner.blocks(transcript) if transcript.items[i].kind is ItemKind.USER_TEXT]
    small = {i for i, item in enumerate(transcript.items) if len(item.written) < LEAST_CHARS}
    undecided = {i: Reason.TOO_SMALL if i in small else Reason.HISTORY if i < sent else Reason.UNKNOWN for i in (*results, *texts)}
    return tuple(
        _block(n, decisions.get(i) or _undecided("", undecided[i]), source)
        for source, places in (("tool", results), ("user", texts))
        for n, i in enumerate(places)
    )


def _block(number: int, d: Decision, source: str) -> BlockResult:
    return BlockResult(number, d.reason, d.compressor, d.handle, d.tokens_before, d.tokens_after, source)


def _tokens_of(messages: object, counted: Mapping[str, int], count: Callable[[str], int]) -> int:
    """The tokens of all text in messages.

    Args:
        messages: JSON values.
        counted: those of blocks; one that is no text among the others, but a value with texts in it, is counted as the JSON that it is.
        count: counts the rest.
    """
    texts = list(_texts(messages))
    values = [block for block in counted.keys() - set(texts) if block[:1] in ("{", "[")]
    within = sum(count(text) for block in values for text in _texts(json.loads(block)))
    return sum(counted.get(text) or count(text) for text in texts) + sum(counted[block] for block in values) - within


def _texts(messages: object) -> Iterator[str]:
    """What a model reads of messages as text."""
    waiting = [(messages, False)]
    while waiting:
        value, free = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            waiting += [(said, free or name in _FREE) for name, said in value.items() if free or _is_read(name, said, value)]
        elif isinstance(value, (list, tuple)):
            waiting += [(one, free) for one in value]


def _is_read(name: object, said: object, part: Mapping[str, Any]) -> bool:
    """Whether a field of a message's part is something to read, at any depth."""
    if name in _SEALED:
        return part.get("type") == "text"  # https://platform.claude.com/docs/en/build-with-claude/citations: a document may be plain text
    return name not in _NO_TEXT and not (name in _LINKS and isinstance(said, str) and said.startswith("data:"))


class _Originals:
    """A store in which decisions are not kept: for an application the function itself is the record."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put_original(self, text: str, *, unit: str = "line", spans: Sequence[tuple[int, int]] = (), label: str = "") -> str:
        return self._store.put_original(text, unit=unit, spans=spans, label=label)

    def freeze(self, decisions: Sequence[Decision]) -> dict[str, Decision]:
        return {d.key: d for d in decisions}
