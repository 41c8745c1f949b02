"""ContentRouter: one block in, what becomes of it and why out. Pure, but for the log line when a compressor fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from pipeline import ccr, markers, tokens, tool_calls
from pipeline.command import shows
from pipeline.compressors.api import Compressor, Content, Rewrite, SeenBlocks
from pipeline.compressors.files import is_reference
from pipeline.compressors.references import SpanIndex, refer
from pipeline.compressors.registry import compressors, ranking
from pipeline.gain import exact, gain
from pipeline.outcome import LEAST_CHARS, Outcome, Reason
from pipeline.policy import GENTLE_FLOORS, Policy, Profile
from pipeline.query import Query
from pipeline.segments import Part, by_line, combine, compress_segments, pasted, restored, within
from pipeline.tokens import Sampled
from pipeline.transcript import ToolCall, ToolKind

log = logging.getLogger(__name__)

_T = TypeVar("_T")

REFERENCES = "references"
SEGMENTS = "segments"
COMBINED = "references+"  # before the name of the compressor whose lines stand between the references
SCHEMAS = "schemas"
PASTED = "pasted"
_LOSS_FREE_OF_FILES = frozenset({"padding"})  # what may touch a file that the agent may edit
_OF_FILES = frozenset({"padding", "code"})  # likewise, in ``aggressive``
_LEAST_GAIN = 40  # tokens: less does not pay for the attention that a marker takes
_SURE_GAIN = 200  # tokens that pay for a marker and for a retrieval now and then, however large the block
_LOSSLESS_SHARE = 0.95  # of the original's tokens at most
_LOSSY_SHARE = 0.90  # likewise; a tenth pays for a retrieval now and then
_DISTINCT = 0.9
_NEAR = 1.15  # rewrites that differ by no more than what samples may be wrong by
_GOOD = 0.5  # of the tokens: then the block is of one piece, and is not taken apart
_LOSS_FREE_FLOOR = 0.25  # of the floor: below the floor nothing is left out, but what stands above is named and what is loss-free is done
_SMALL_SHARE = 0.75  # of the tokens of such a block at most: it is read at a glance
_DATA = frozenset({"smart_crusher", "log", "build", "search", "table", "diff", "html"})  # what knows what is plainly data
_OF_DATA = _DATA | {"repeats", "padding"}
_PLAINLY = 0.8  # as sure as that a compressor must be
_PASTED_FLOORS = 5  # a text of a user's is looked into from so many floors on

DATA_SUFFIXES = (".log", ".out", ".err", ".jsonl", ".ndjson", ".csv", ".tsv", ".har", ".trace")
_JSON_DATA_CHARS = 8000  # a JSON file of this size is data; a smaller one may be a configuration that is edited
_JSON_CONFIG = (
    "package.json",
    "composer.json",
    "tsconfig",
    "jsconfig",
    "settings.json",
    "launch.json",
    "tasks.json",
    "manifest.json",
    ".config.",
    "angular.json",
    "project.json",
    "nx.json",
    "turbo.json",
    "openapi",
    "swagger",
)
_FOOT = 1000  # characters at the end of a block, where its footer stands
_JSON_EDITED = frozenset({"locales", "_locales", "locale", "i18n", "translations", "lang"})  # folders of texts that people write


def route(
    content: Content,
    seen: SeenBlocks,
    policy: Policy,
    *,
    index: SpanIndex | None = None,
    retrievals: int = 0,
    among: tuple[Compressor, ...] | None = None,
) -> Outcome:
    """What becomes of a block.

    Args:
        content: the block.
        seen: the blocks before it, as the model sees them.
        policy: what may be done.
        index: the same blocks as references are looked for in; by default it is made from ``seen``.
        retrievals: how often the agent asked for what had been left out of results of this tool kind before.
        among: the compressors to choose from; by default all that are registered.
    """
    refused = _refusal(content, seen, policy)
    if refused is not None:
        return Outcome(refused)
    counted = tokens.sampled(content.text)
    before = counted.tokens
    if before < policy.floor_tokens * _LOSS_FREE_FLOOR:
        return Outcome(Reason.TOO_SMALL, tokens_before=before, tokens_after=before)
    small = before < policy.floor_tokens
    policy = replace(policy, profile=Profile.LOSSLESS) if small else _gentler(policy, before, retrievals)
    candidates: list[Outcome] = []
    errors = False
    references: Rewrite | None = None
    if REFERENCES not in policy.disabled and (seen or _repeats_itself(content.lines)):
        references, errors = _attempt(REFERENCES, lambda: refer(content, seen if index is None else index, policy))
        candidates += _worth(references, REFERENCES, content.text, counted)
    editable = _editable(content, policy)
    only_reads = editable and content.call is not None and content.call.kind is ToolKind.READ
    recognised = False
    made: list[tuple[str, Rewrite]] = []  # worth it alone or not
    usable = tuple(c for c in (compressors() if among is None else among) if c.name not in policy.disabled)
    whole = usable
    if editable:
        whole = tuple(c for c in usable if c.name in (_OF_FILES if policy.profile is Profile.AGGRESSIVE else _LOSS_FREE_OF_FILES))
    for _, compressor in ranking(content, whole):
        recognised = True
        rewrite, failed = _attempt(compressor.name, lambda c=compressor: c.compress(content, policy))  # type: ignore[misc]
        errors |= failed
        made += [(compressor.name, rewrite)] if rewrite is not None else []
        found = _worth(rewrite, compressor.name, content.text, counted)
        candidates += found
        if found:
            break
    if not only_reads and SEGMENTS not in policy.disabled and not any(c.tokens_after <= before * _GOOD for c in candidates):
        rewrite, failed = _attempt(SEGMENTS, lambda: compress_segments(content, policy, usable, keep=lambda part: _editable(part, policy)))
        errors |= failed
        made += [(SEGMENTS, rewrite)] if rewrite is not None else []
        candidates += _worth(rewrite, SEGMENTS, content.text, counted)
    candidates += _with_references(content, references, made, counted)
    best = _smallest(candidates)
    if best is not None and not (small and _too_little(best)):
        return best
    reason = (
        Reason.ERROR if errors else Reason.TOO_SMALL if small else Reason.PROTECTED if editable else Reason.NO_GAIN if recognised else Reason.UNKNOWN
    )
    return Outcome(reason, tokens_before=before, tokens_after=before)


def route_prompt(content: Content, policy: Policy) -> Outcome:
    """What becomes of a system text whose application asked for it: tool schemas in it may be said in fewer words, and nothing else."""
    counted = tokens.sampled(content.text)
    before = counted.tokens
    schemas = next((c for c in compressors() if c.name == SCHEMAS), None)
    if schemas is None or before < policy.floor_tokens or SCHEMAS in policy.disabled or not schemas.recognise(content):
        return Outcome(Reason.UNKNOWN, tokens_before=before, tokens_after=before)
    rewrite, _ = _attempt(SCHEMAS, lambda: schemas.compress(content, replace(policy, profile=Profile.LOSSLESS)))
    if rewrite is not None and rewrite.gaps:
        rewrite = None
    found = _worth(rewrite, SCHEMAS, content.text, counted)
    return found[0] if found else Outcome(Reason.NO_GAIN, tokens_before=before, tokens_after=before)


def route_pasted(content: Content, policy: Policy) -> Outcome:
    """What becomes of a user's text: data that was pasted into it is compressed part by part, every other line stays as it is.

    Args:
        content: the text. Without a question of its own it is asked what the person says beside the data.
        policy: what may be done.
    """
    if PASTED in policy.disabled:
        return Outcome(Reason.OFF)
    if markers.carries_marker(content.text):
        return Outcome(Reason.MARKED)
    counted = tokens.sampled(content.text)
    before = counted.tokens
    if before < _PASTED_FLOORS * policy.floor_tokens:
        return Outcome(Reason.TOO_SMALL, tokens_before=before, tokens_after=before)
    found, errors = _attempt(PASTED, lambda: pasted(content.text, _plainly))
    if found is None or not found.parts:
        return Outcome(Reason.ERROR if errors else Reason.WORDS, tokens_before=before, tokens_after=before)
    asked = content if content.query.text else replace(content, query=Query.of(found.said, None))
    made = _parts(asked, found.parts, policy)
    rewrite, _ = _attempt(PASTED, lambda: within(asked, [(part, outcome.rewrite) for part, outcome in made if outcome.rewrite is not None]))
    names = dict.fromkeys(name for _, outcome in made for name in outcome.compressor.split("+"))
    worth = _worth(rewrite, "+".join([PASTED, *names]), content.text, counted)
    return worth[0] if worth else Outcome(Reason.NO_GAIN, tokens_before=before, tokens_after=before)


def _parts(content: Content, parts: Sequence[Part], policy: Policy) -> list[tuple[Part, Outcome]]:
    """The parts of a user's text that become another text, and what becomes of them."""
    policy = replace(policy, disabled=policy.disabled | {REFERENCES})  # they would count the part's lines, not the text's
    usable = tuple(c for c in compressors() if c.name in _OF_DATA)
    made = []
    for part in parts:
        if (outcome := _part(content, part, policy, usable, alone=len(parts) == 1)) is not None:
            made.append((part, outcome))
        else:  # a form of the whole would not have shown what is to stay
            smaller = [(one, _part(content, one, policy, usable, alone=False)) for one in part.between()] if part.kept else []
            made += [(one, outcome) for one, outcome in smaller if outcome is not None]
    return made


def _part(content: Content, part: Part, policy: Policy, among: tuple[Compressor, ...], *, alone: bool) -> Outcome | None:
    """What becomes of a part of a user's text, None if it stays as it is."""
    call = ToolCall("", "page", ToolKind.FETCH, {"url": part.address}) if part.address else None
    own = replace(content, text="\n".join(content.lines[part.first - 1 : part.last]), call=call)
    outcome = route(own, (), policy, among=among)
    if outcome.rewrite is not None and not alone and not by_line(outcome.rewrite):
        outcome = route(own, (), replace(policy, elide=False), among=among)
    made = outcome.rewrite
    if made is None or outcome.tokens_before < policy.floor_tokens:
        return None
    rewrite, _ = _attempt(PASTED, lambda: restored(made, own.lines, [n - part.first + 1 for n in part.kept]))
    return None if rewrite is None else replace(outcome, rewrite=rewrite)


def _plainly(lines: Sequence[str]) -> str:
    """The kind of data that lines surely are, by the compressor that knows it; ``""`` if none is sure, or source code is as likely."""
    content = Content("\n".join(lines))
    best = next(ranking(content, tuple(c for c in compressors() if c.name in _DATA or c.name == "code")), None)
    return best[1].name if best is not None and best[0] >= _PLAINLY and best[1].name in _DATA else ""


def _refusal(content: Content, seen: SeenBlocks, policy: Policy) -> Reason | None:
    """Why a block is not even looked at, or None."""
    call = content.call
    if len(content.text) < LEAST_CHARS:
        return Reason.TOO_SMALL
    if call is not None and (call.name in policy.exclude_tools or call.name.rsplit("__", 1)[-1] in policy.exclude_tools):
        return Reason.EXCLUDED
    if call is not None and call.kind is ToolKind.EDIT:
        return Reason.PROTECTED
    if markers.carries_marker(content.text):
        return Reason.MARKED
    if any(s.elided and s.original == content.text for s in seen) and not any(s.text == content.text for s in seen):
        return Reason.MARKED  # asked for again after it was elided: now it is wanted whole
    return Reason.MARKED if _stands_elided(content.text, seen) else None


def _stands_elided(text: str, seen: SeenBlocks) -> bool:
    """Whether an earlier block came to us as what had been made of this text before, so that it is decided on as it was then."""
    ends = [s.text[-_FOOT:] for s in seen if s.text == s.original]
    named = [handle for end in ends if markers.elides(end) for handle in markers.handles(end)]
    if not named:
        return False
    handle = ccr.handle_of(text)
    return any(one.startswith(handle) for one in named)


def _gentler(policy: Policy, before: int, retrievals: int) -> Policy:
    """The policy after the agent showed that it needed what was left out."""
    if retrievals == 0 or policy.profile is Profile.LOSSLESS:
        return policy
    if retrievals == 1 and before >= GENTLE_FLOORS * policy.floor_tokens:
        return replace(policy, profile=Profile.BALANCED)
    return replace(policy, profile=Profile.LOSSLESS)


def _with_references(content: Content, references: Rewrite | None, made: list[tuple[str, Rewrite]], before: Sampled) -> list[Outcome]:
    """What the compressors made of the block with references in it, where that is possible and worth it."""
    if references is None:
        return []
    found: list[Outcome] = []
    for name, own in made:
        rewrite, _ = _attempt(COMBINED, lambda own=own: combine(content.lines, references, own))  # type: ignore[misc]
        found += _worth(rewrite, COMBINED + name, content.text, before)
    return found


def _too_little(outcome: Outcome) -> bool:
    """Whether what became of a block below the floor is no gain, or leaves out what does not stand above."""
    rewrite = outcome.rewrite
    lossy = rewrite is not None and bool(rewrite.gaps) and outcome.compressor != REFERENCES
    return lossy or outcome.tokens_after > _SMALL_SHARE * outcome.tokens_before


def _repeats_itself(lines: list[str]) -> bool:
    """Whether so many lines stand more than once that a span of them may: a look that costs next to nothing."""
    return len(set(lines)) < _DISTINCT * len(lines)


def _editable(content: Content, policy: Policy) -> bool:
    """Whether the block is a file that the agent may edit: then it stays as it is but for references and, in ``aggressive``, an outline.
    Of one that holds such a file among other output, only parts that surely are something else may change.
    """
    call = content.call
    if call is None:
        return False
    files: tuple[str, ...] = shows(call.command).files if call.command else (call.path,) if call.kind is ToolKind.READ else ()
    return any(not (is_data(replace(call, path=file), content.text) or is_reference(file, policy.workspace)) for file in files)


def is_data(call: ToolCall, text: str) -> bool:
    """Whether a file that was read is data (a log, a table, a big JSON document), which nobody edits by exact match."""
    path = "/" + call.path.lower().replace("\\", "/")
    if path.endswith(DATA_SUFFIXES) or "/var/log/" in path or ".log." in path.rsplit("/", 1)[-1]:
        return True
    folders, _, name = path.rpartition("/")
    if name.endswith(".json"):
        edited = any(part in name for part in _JSON_CONFIG) or not _JSON_EDITED.isdisjoint(folders.split("/"))
        return len(text) >= _JSON_DATA_CHARS and not edited and not tool_calls.ranged(call)
    return False


def _attempt(name: str, call: Callable[[], _T | None]) -> tuple[_T | None, bool]:
    """The one place that fails open: whatever a compressor raises, the original is sent."""
    try:
        return call(), False
    except Exception:
        log.exception("compressor %s failed; the original is sent", name)
        return None, True


def _worth(rewrite: Rewrite | None, name: str, original: str, before: Sampled) -> list[Outcome]:
    """The outcome if a rewrite, footer included, saves enough; else nothing."""
    if rewrite is None:
        return []
    handle = ccr.handle_of(original)
    text = ccr.render(rewrite, handle)
    if _size(text) >= _size(original):
        return []
    share = _LOSSY_SHARE if rewrite.gaps else _LOSSLESS_SHARE
    found = gain(original, text, before)
    if _pays(found.saved - found.within, before.most, share) != _pays(found.saved + found.within, before.least, share):
        found = exact(original, text)  # what samples say does not decide
    counted = found.before.tokens
    if not _pays(found.saved, counted, share):
        return []
    name = f"{name}+{rewrite.also}" if rewrite.also else name
    return [Outcome(Reason.COMPRESSED, text, rewrite, name, handle, counted, max(0, round(counted - found.saved)))]


def _size(text: str) -> int:
    """Its bytes in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _pays(saved: float, before: float, share: float) -> bool:
    """Whether so many tokens fewer are worth it."""
    return saved >= (_LEAST_GAIN if before - saved <= before * share else _SURE_GAIN)


def _smallest(candidates: Sequence[Outcome]) -> Outcome | None:
    """The one with the fewest tokens, the first of equals; those whose samples leave that open are counted."""
    least = min((o.tokens_after for o in candidates), default=0)
    near = [o for o in candidates if o.tokens_after <= least * _NEAR]
    if len(near) < 2:
        return near[0] if near else None
    counted = [replace(o, tokens_after=tokens.count(o.text or "")) for o in near]
    return min(counted, key=lambda o: o.tokens_after)
