"""The messages of a compression request, read and written back without touching a byte that is not compressed. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from headroom._compress import _dialect, _report, _tokens_of
from headroom_wrap.proxy.endpoints.shapes import BlockAnswer, CompressAnswer, CompressSettings, Options
from pipeline import cache_aligner, tokens
from pipeline.cache_aligner import Job
from pipeline.dialects import json_spans
from pipeline.dialects.api import Messages, Transcript, Unreadable
from pipeline.dialects.json_spans import Malformed
from pipeline.policy import EMBEDDED, Policy
from pipeline.query import Query
from pipeline.store.api import Decision
from pipeline.transcript import Span

_NO_EFFECT = ("token_budget", "config")
_MOST_DIGITS = 300  # a number of more is none that anything is counted in


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages to compress.

    Args:
        dialect: that they are written in.
        head: what stands before them in ``body``.
        body: a request of the dialect that holds nothing else.
        transcript: what was read; its ``turn`` is the first item that may be rewritten.
        keys: the lineage of every item.
        values: the messages, decoded.
        policy: what may be done.
        query: what is looked for, None: what the messages themselves say.
        ignored: members of the request that have no effect.
    """

    dialect: Messages
    head: bytes
    body: bytes
    transcript: Transcript
    keys: tuple[str, ...]
    values: list[dict[str, Any]]
    policy: Policy
    query: str | None
    ignored: tuple[str, ...]

    @property
    def wanted(self) -> list[str]:
        """The keys of the blocks on which there may be a decision on record."""
        return [self.keys[i] for i in cache_aligner.blocks(self.transcript) if i >= self.transcript.turn]

    def aligned(self, on_record: Mapping[str, Decision]) -> cache_aligner.Alignment:
        """The messages held against the decisions on record.

        What stays as it is is not recorded: it may be asked for otherwise. A block is recorded under its lineage alone, as these options are
        nobody else's.
        """
        alignment = cache_aligner.align(self.transcript, self.keys, on_record, self.policy)
        job = alignment.job
        if job is not None:
            tasks = tuple(replace(t, block=t.key, content=self._asked(t)) for t in job.tasks)
            job = Job(job.policy, job.before, tasks)
        return replace(alignment, history=(), job=job)

    def answer(self, decided: Mapping[int, Decision]) -> CompressAnswer:
        """The messages after decisions, by item index."""
        rewritten = [d for _, d in sorted(decided.items()) if d.text is not None]
        forms = {i: d.text for i, d in decided.items() if d.text is not None}
        written = self.dialect.write(self.body, self.transcript, forms) if forms else self.body
        counted = {self.transcript.items[i].text: d.tokens_before for i, d in decided.items() if d.tokens_before}
        before = _tokens_of(self.values, counted, tokens.estimate)
        saved = sum(d.tokens_before - d.tokens_after for d in rewritten)
        before = max(before, saved)  # what was estimated may be less than what was counted
        handles = tuple(dict.fromkeys(d.handle for d in rewritten))
        return CompressAnswer(
            messages=msgspec.Raw(written[len(self.head) : -1]),
            tokens_before=before,
            tokens_after=before - saved,
            tokens_saved=saved,
            savings_ratio=saved / before if before else 0.0,
            compression_ratio=(before - saved) / before if before else 1.0,
            blocks=tuple(
                BlockAnswer(b.index, b.reason, b.compressor, b.handle, b.tokens_before, b.tokens_after, b.source)
                for b in _report(self.transcript, decided, self.transcript.turn)
            ),
            handles=handles,
            transforms_applied=tuple(dict.fromkeys(d.compressor for d in rewritten)),
            ccr_hashes=handles,
            ignored=self.ignored,
        )

    def _asked(self, task: cache_aligner.Task) -> Any:
        content = task.content
        return content if self.query is None else replace(content, query=Query.of(self.query, content.call))


def read(body: bytes, policy: Policy) -> Conversation:
    """The conversation in the body of a request.

    Args:
        body: of ``POST /v1/compress``.
        policy: what may be done unless the request says otherwise.

    Raises:
        ValueError: there is none in it; the message says why.
    """
    raw, settings = _members(body)
    values = _decoded(raw)
    dialect, field = _dialect(values)
    policy = _policy(policy, settings)
    head = json.dumps({"model": settings.model or "", field: 0}).encode("ascii")[:-2]
    whole = head + raw + b"}"
    try:
        transcript = dialect.read(whole, policy)
        sent = _items(dialect, head, whole, settings.frozen_message_count or 0, policy)
    except (Unreadable, Malformed, TypeError, RecursionError) as error:
        raise ValueError(f"These messages cannot be read: {error}.") from None
    transcript = replace(transcript, turn=sent, tools=True)  # whether anything is left out is in the policy
    ignored = tuple(name for name in _NO_EFFECT if getattr(settings, name) is not None)
    keys = cache_aligner.lineage(transcript.items, _salt(policy, settings))
    return Conversation(dialect, head, whole, transcript, keys, values, policy, settings.query, ignored)


def _members(body: bytes) -> tuple[bytes, CompressSettings]:
    """The bytes of the messages, and what else is said."""
    try:
        found = json_spans.members(body, json_spans.whole(body))
        rest = {name: _plain(body[span.start : span.end], parse_float=_number) for name, span in found.items() if name != "messages"}
    except (Malformed, RecursionError) as error:
        raise ValueError(f"The body is no JSON object: {error}.") from None
    if "messages" not in found:
        raise ValueError("The body has no messages. Send {“messages”: […]}.")
    try:
        settings = msgspec.convert(rest, CompressSettings)
    except msgspec.ValidationError as error:
        raise ValueError(f"{error}.") from None
    span = found["messages"]
    return body[span.start : span.end], settings


def _decoded(raw: bytes) -> list[dict[str, Any]]:
    values = _plain(raw)
    if not isinstance(values, list) or not all(isinstance(v, dict) for v in values):
        raise ValueError("The messages must be a list of objects.")
    return values


def _plain(data: bytes, parse_float: Callable[[str], float] | None = None) -> Any:
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_constant, parse_float=parse_float, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The body is no JSON: {error}.") from None


def _integer(digits: str) -> float:
    """Python reads no long ones, and JSON knows no bounds. What is read is only looked at: the bytes themselves go back."""
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def _number(digits: str) -> float:
    """A number with a point or an exponent; JSON has one kind of number, so 3.0 is an integer."""
    value = float(digits)
    return int(value) if value.is_integer() else value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _policy(policy: Policy, settings: CompressSettings) -> Policy:
    said = settings.options or Options()
    changes = {name: value for name in Options.__struct_fields__ if (value := getattr(said, name)) is not None}
    for name in ("exclude_tools", "disabled"):
        if name in changes:
            changes[name] = frozenset(changes[name])
    # As in the library: who calls an endpoint of ours owns the prompt. An agent's is never touched.
    return replace(policy, **{"schemas_in_prompts": True, "profile": settings.profile or policy.profile, **changes})


def _items(dialect: Messages, head: bytes, whole: bytes, messages: int, policy: Policy) -> int:
    """How many items stand in the first so many messages."""
    if not messages:
        return 0
    spans: Sequence[Span] = json_spans.elements(whole, Span(len(head), len(whole) - 1))
    first = b",".join(whole[s.start : s.end] for s in spans[:messages])
    return len(dialect.read(head + b"[" + first + b"]}", policy).items)


def _salt(policy: Policy, settings: CompressSettings) -> str:
    """Where the lineage begins: the same messages under other options are decided on anew, and what is decided here is no agent's."""
    said = [
        "compress",
        policy.profile.value,
        policy.floor_tokens,
        sorted(policy.exclude_tools),
        sorted(policy.disabled),
        sorted((name, kind.value) for name, kind in policy.tool_kinds.items()),
        policy.workspace,
        policy.schemas_in_prompts,
        policy.preserve_json,
        policy.elide,
        settings.query,
        settings.frozen_message_count or 0,
        *([policy.kompress_model] if policy.kompress_model != EMBEDDED else []),
    ]
    return hashlib.sha256(json.dumps(said).encode("ascii")).hexdigest()[:32]
