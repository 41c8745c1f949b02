"""A search that found nothing, and the same search that did: in another folder, or with an option that looks where tools by default do not.

Claim: such things stand in the other folder, or are found with the option only. Refuted by a hit in the first folder; a folder of tests or
examples has them by the way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation, PathExists
from headroom_wrap.learn.miners.line import basename
from headroom_wrap.learn.miners.paths import aside, place
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from pipeline.transcript import ToolKind

_NOTHING = re.compile(
    r"\s*(?:No (?:matches|files|results|match)(?: were)? found\.?|Found 0 \w+|0 (?:matches|results)[^\n]{0,60}|\(?[^\n]{0,40}no output\)?)?\s*\Z",
    re.IGNORECASE,
)
_OPENING = frozenset({"--hidden", "--no-ignore", "--no-ignore-vcs", "-u", "-uu", "-uuu", "-a", "--text", "--follow"})
_SHOWING = frozenset({"-n", "-H", "-N", "-l", "-c", "--line-number", "--no-heading", "-r", "-R", "-rn"})  # how hits are told, not which
_PROGRAMS = frozenset({"rg", "grep", "egrep", "ag", "ack", "fd", "fdfind"})


def hits(step: Step) -> bool:
    """Whether a search found something."""
    return step.worked and not _NOTHING.match(step.use.result[:300])


def query(trail: Trail, step: Step) -> tuple[str, str, tuple[str, ...]] | None:
    """What a search looked for, the one folder it looked in, its options; None if it is no plain search in the project."""
    use = step.use
    if not use.command:
        pattern = use.arguments.get("pattern") or use.arguments.get("query")
        if use.kind is not ToolKind.SEARCH or not isinstance(pattern, str) or not pattern:
            return None
        folder = place(trail, step, use.path or ".")
        return (pattern, folder, ()) if folder else None
    if not step.line or not step.line.words or basename(step.line.program) not in _PROGRAMS:
        return None
    words = step.line.words[1:]
    plain = [w for w in words if not w.startswith("-")]
    folder = place(trail, step, plain[1] if len(plain) == 2 else ".") if 1 <= len(plain) <= 2 else None
    return (plain[0], folder, tuple(w for w in words if w.startswith("-"))) if folder else None


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each search in vain, the same pattern that was found soon after, with nothing written in between."""
    for step in trail.steps:
        if step.use.refused or step.use.timed_out or step.failure or not _NOTHING.match(step.use.result[:300]):
            continue
        asked = query(trail, step)
        if asked:
            yield from _found(trail, step, *asked)


def _found(trail: Trail, step: Step, pattern: str, folder: str, options: tuple[str, ...]) -> Iterator[Observation]:
    for later in trail.after(step, 6):
        if trail.changed(step, later):
            return
        again = query(trail, later)
        if not again or again[0] != pattern or not hits(later):
            continue
        _, there, others = again
        added = [o for o in others if o not in options]
        opening = [o for o in added if o in _OPENING]
        lesson, slots, refuted = None, {}, ""
        if there == folder and len(opening) == 1 and _SHOWING.issuperset(o for o in added if o not in _OPENING):
            lesson, slots, refuted = Lesson.SEARCH_OPTION, {"folder": folder, "option": clean(opening[0])}, ""
        elif _apart(folder, there) and not (aside(f"{there}/") and not aside(f"{folder}/")):
            lesson, slots, refuted = Lesson.SEARCH_IN_FOLDER, {"wrong": folder, "right": there}, f"hits:{folder}"
        if lesson:
            yield Observation(
                kind=Kind.SEARCH,
                subject=folder,
                lesson=lesson,
                slots=slots,
                evidence=trail.evidence(step),
                premise=(PathExists(folder), PathExists(slots.get("right", folder))),
                refuted_by=(refuted,) if refuted else (),
                wasted_tokens=cost(step),
            )
        return


def _apart(one: str, other: str) -> bool:
    """Whether neither folder contains the other: looking wider is no lesson."""
    if "." in (one, other) or one == other:
        return False
    return not (one + "/").startswith(other + "/") and not (other + "/").startswith(one + "/")
