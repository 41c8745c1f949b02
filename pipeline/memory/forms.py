"""Forms: what a compressor made of a content in one transcript, for the same content in another.

A form is kept under a hash of everything that the compressors' answer depends on but the question. It stands for another question only where it
hides nothing that this one asks about (``asked``). What refers to other blocks of its transcript is no form.

The router is not bypassed: a form stands in the place of the compressors, so that what else the router minds (references to what stands above,
edits, retrievals, the size) goes on as ever, and the outcome is the one that the compressors would have led to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import metadata
from typing import Any

from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.compressors.files import is_reference
from pipeline.compressors.references import NAME as REFERENCES
from pipeline.memory.asked import Asked, hides, touches
from pipeline.outcome import Outcome, Reason
from pipeline.policy import Policy
from pipeline.store.api import Decision
from pipeline.transcript import ToolCall

PREFIX = "form:"
LEAST_CHARS = 2_000  # a shorter content is compressed in less time than its form is looked up
_LAYOUT = 1
_KEY_DIGITS = 32
_MOST_SPANS = 20_000
_MOST_RETRIEVALS = 2  # more change nothing
_SHELL_TOOLS = frozenset("bash shell exec exec_command local_shell run_shell_command run_terminal_cmd run_in_terminal powershell".split())
_SEGMENTS = "segments"
_TO_THE_QUESTION = frozenset({"kompress", _SEGMENTS})  # what weighs every sentence against the question, and what may have it for a part
_LARGE = 0.5  # of the tokens: a smaller form is not looked at for why it is as large as it is


@dataclass(frozen=True, slots=True)
class Form:
    """What a compressor made of a content.

    Args:
        name: of the compressor.
        rewrite: what it returned.
        asked: what the question was about.
        newlines: how many line breaks the content ended in: some agents cut them off.
        specific: it may be as large as it is for its question's sake, so that another question would do with less.
    """

    name: str
    rewrite: Rewrite
    asked: Asked
    newlines: int
    specific: bool


class Recalled:
    """A form in the place of the compressors: it recognises its content and nothing else.

    Args:
        form: what it answers.
        text: the content.
    """

    def __init__(self, form: Form, text: str) -> None:
        self.name = form.name
        self.rewrite = form.rewrite
        self._text = text

    def recognise(self, content: Content) -> float:
        """Whether it is the content; a part of it, which the router may ask about, is another one."""
        return 1.0 if content.text == self._text else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The form."""
        return self.rewrite


def key_of(content: Content, policy: Policy, retrievals: int = 0) -> str:
    """The key that a content's form has, ``""`` for one that none is kept of."""
    if len(content.text) < LEAST_CHARS:
        return ""
    text = content.text.rstrip("\n")
    told: list[object] = [
        *(_LAYOUT, _version()),
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        *(content.is_error, min(retrievals, _MOST_RETRIEVALS)),
        _call(content.call, policy.workspace),
        *(policy.profile.value, policy.floor_tokens, policy.elide, policy.preserve_json, policy.kompress_model, sorted(policy.disabled)),
    ]
    if gentler := _gentler(content.call, policy):
        told.append(gentler)
    canonical = json.dumps(told, sort_keys=True, default=str)
    return PREFIX + hashlib.sha256(canonical.encode()).hexdigest()[:_KEY_DIGITS]


def kept(key: str, content: Content, outcome: Outcome) -> Decision | None:
    """The form in an outcome as it goes on record, None where there is none that holds elsewhere."""
    rewrite = outcome.rewrite
    if not key or rewrite is None or outcome.text is None or outcome.compressor.startswith(REFERENCES) or len(rewrite.spans) > _MOST_SPANS:
        return None
    name = outcome.compressor.removesuffix(f"+{rewrite.also}") if rewrite.also else outcome.compressor
    asked = Asked.of(content.query)
    body = {
        "name": name,
        "text": rewrite.text,
        "total": rewrite.total,
        "gaps": [(g.first, g.last) for g in rewrite.gaps],
        "summary": rewrite.summary,
        "unit": rewrite.unit,
        "spans": rewrite.spans,
        "also": rewrite.also,
        "question": asked.question,
        "steered": asked.steered,
        "newlines": _newlines(content.text),
        "specific": outcome.tokens_after > _LARGE * outcome.tokens_before and (asked.by_kind or touches(content)),
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Decision(key, text, outcome.reason.value, outcome.compressor, outcome.handle, outcome.tokens_before, outcome.tokens_after)


def read(decision: Decision) -> Form | None:
    """The form that is on record, None if what is there is none."""
    try:
        body: Mapping[str, Any] = json.loads(decision.text or "")
        rewrite = Rewrite(
            text=body["text"],
            total=body["total"],
            gaps=tuple(Gap(first, last) for first, last in body["gaps"]),
            summary=body["summary"],
            unit=body["unit"],
            spans=tuple((start, end) for start, end in body["spans"]),
            also=body["also"],
        )
        asked = Asked(body["question"], tuple(body["steered"]))
        return Form(body["name"], rewrite, asked, body["newlines"], body["specific"])
    except (ValueError, KeyError, TypeError):  # of a version that wrote others
        return None


def fitting(form: Form, content: Content, policy: Policy) -> Recalled | None:
    """The form for a content whose key it has, None if it does not do for the question that is asked now."""
    rewrite = _ending_alike(form, content.text)
    if rewrite is None:
        return None
    if Asked.of(content.query).question != form.asked.question:
        if policy.lossy and form.specific:
            return None
        if rewrite.gaps and not _TO_THE_QUESTION.isdisjoint((form.name, rewrite.also)):
            return None
        if rewrite.gaps and hides(rewrite, content, form.asked):
            return None
    return Recalled(replace(form, rewrite=rewrite), content.text)


def alone(recalled: Recalled, policy: Policy) -> Policy:
    """The policy under which the router does not take the content apart, which the form already is the answer to."""
    return replace(policy, disabled=(policy.disabled | {_SEGMENTS}) - {recalled.name})


def said(outcome: Outcome, recalled: Recalled) -> Outcome:
    """An outcome of the router that says so where it is the form itself."""
    return replace(outcome, reason=Reason.RECALLED) if outcome.rewrite is recalled.rewrite else outcome


def _ending_alike(form: Form, content: str) -> Rewrite | None:
    """The form's rewrite for the same content with as many line breaks at its end as it has here; None if that cannot be told."""
    rewrite, newlines = form.rewrite, _newlines(content)
    more = newlines - form.newlines
    if not more:
        return rewrite
    text = rewrite.text + "\n" * more if more > 0 else rewrite.text.removesuffix("\n" * -more)
    if len(text) != len(rewrite.text) + more:
        return None
    if rewrite.unit != "line" or rewrite.spans:
        return replace(rewrite, text=text)
    lines = content.count("\n") + 1 - newlines
    if rewrite.total not in (lines, lines + form.newlines) or any(g.last > lines for g in rewrite.gaps):
        return None
    total = lines if rewrite.total == lines else lines + newlines  # some count the empty line at the end, most do not
    return replace(rewrite, text=text, total=total)


def _newlines(text: str) -> int:
    return len(text) - len(text.rstrip("\n"))


def _call(call: ToolCall | None, workspace: str) -> list[object]:
    """What of a call matters to compressors, the same for all agents where that is known."""
    if call is None:
        return []
    foreign = is_reference(call.path, workspace) if call.path else False
    if call.command and call.name.lower() in _SHELL_TOOLS:
        return [call.kind.value, call.command, foreign]
    arguments = {k: _within(v, workspace) if isinstance(v, str) else v for k, v in call.arguments.items()}
    return [call.kind.value, call.name, arguments, foreign]


def _gentler(call: ToolCall | None, policy: Policy) -> list[tuple[str, int]]:
    """Which compressors are to be gentler with what such a call returns."""
    return sorted((name, int(step)) for (name, kind), step in policy.gentler.items() if call is not None and kind is call.kind)


def _within(value: str, workspace: str) -> str:
    """A path in the workspace as it is called from there: of two worktrees it is the same."""
    top = workspace.rstrip("/") + "/"
    return "./" + value[len(top) :] if workspace and value.startswith(top) else value


@lru_cache(maxsize=1)
def _version() -> str:
    """Of this installation: another one's compressors may answer otherwise."""
    try:
        return metadata.version("headroom-ai")
    except metadata.PackageNotFoundError:  # run from its sources
        return ""
