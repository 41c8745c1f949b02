"""Options that a program does not know, and options that it cannot do without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from headroom_wrap.learn.findings import Kind, Lesson, Observation
from headroom_wrap.learn.miners.failure import Cause
from headroom_wrap.learn.miners.line import Line, basename
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variants import head, premises, workings

_NEEDED = re.compile(
    r"required|missing|must|externally[- ]managed|need(?:s|ed)?\b|use (?:the )?[`'\"]?--|try (?:the )?[`'\"]?--|re-?run with|specify"
    r"|pass(?:ing)? [`'\"]?--"
)
# What overrides a safeguard is never taught, however well it worked.
_RECKLESS = re.compile(
    r"--(?:.{0,40}force|no-verify|hard|yes|dangerously|skip|allow|unsafe|ignore|disable|insecure|no-check|privileged|overwrite|delete|prune"
    r"|root)|-f\Z"
)
_RESEMBLING = 0.5
_NEVER = frozenset({"git", "rm", "docker", "kubectl", "terraform", "sudo", "npm-audit", "chmod", "curl"})


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each command that failed over an option, the same one without it, with another, or with the one that its output asked for."""
    for step in trail.steps:
        if step.failed and step.line and step.line.words and not step.use.refused:
            found = _rejected(trail, step, step.line, step.failure.name) if step.failure and step.failure.cause is Cause.BAD_OPTION else None
            found = found or (_demanded(trail, step, step.line) if step.failure is None else None)
            if found:
                yield found


def _rejected(trail: Trail, step: Step, line: Line, option: str) -> Observation | None:
    if _own(line):
        return None
    place = next((i for i, w in enumerate(line.words) if i and (w == option or w.startswith(option + "="))), None)
    if place is None:
        return None
    before, after = line.words[:place], line.words[place + 1 :]
    for later, working in workings(trail, step):
        words = working.words
        if not words or words == line.words or trail.folder(later) != trail.folder(step) or premises(trail, later, words) is None:
            if words == line.words:
                return None
            continue
        command = clean(" ".join(head(line.words)))
        valued = after[:1] and not after[0].startswith("-") and "=" not in line.words[place]
        if words == (*before, *after) or (valued and words == (*before, *after[1:])):
            return _observation(trail, step, line, Lesson.DROP_OPTION, {"command": command, "option": clean(option)})
        if len(words) == len(line.words) and words[:place] == before and words[place + 1 :] == after and words[place].startswith("-"):
            slots = {"command": command, "wrong": clean(option), "right": clean(words[place].split("=", 1)[0])}
            return _observation(trail, step, line, Lesson.REPLACE_OPTION, slots)
    return None


def _demanded(trail: Trail, step: Step, line: Line) -> Observation | None:
    """One more option, which the failed command's output named."""
    if basename(line.program) in _NEVER or _own(line) or "--" not in step.use.result or not _NEEDED.search(step.use.result):
        return None
    for later, working in workings(trail, step):
        if working.words == line.words:
            return None
        extra = _one_more(line.words, working.words)
        name = extra.split("=", 1)[0]
        if (
            extra.startswith("--")
            and len(name) > 3
            and not _RECKLESS.match(name)
            and name in step.use.result
            and trail.folder(later) == trail.folder(step)
        ):
            slots = {"command": clean(" ".join(head(line.words))), "option": clean(extra[:80])}
            return _observation(trail, step, line, Lesson.ADD_OPTION, slots)
    return None


def _own(line: Line) -> bool:
    """Whether it is the project's own program: its options change as it is worked on, and are tried wrong on purpose."""
    called = head(line.words)
    return "/" in line.program or (called[1:2] != ("-m",) and any("." in w or "/" in w for w in called[1:]))


def _one_more(fewer: tuple[str, ...], more: tuple[str, ...]) -> str:
    """The one word that ``more`` has in excess of ``fewer``, ``""`` if that is not the difference."""
    if len(more) != len(fewer) + 1:
        return ""
    at = next((i for i, (a, b) in enumerate(zip(fewer, more, strict=False)) if a != b), len(fewer))
    return more[at] if more[at + 1 :] == fewer[at:] else ""


def _resemble(one: str, other: str) -> bool:
    """Whether two options may be one under two names, as ``--colour`` and ``--color``: else the second was perhaps only the next thing to try."""
    return SequenceMatcher(None, one.strip("-"), other.strip("-"), autojunk=False).ratio() >= _RESEMBLING


def _observation(trail: Trail, step: Step, line: Line, lesson: Lesson, slots: dict[str, str]) -> Observation:
    wrong = slots.get("wrong") or slots.get("option", "")
    needed = premises(trail, step, head(line.words)) or ()
    refuted = f"without:{slots['command']} {wrong}" if lesson is Lesson.ADD_OPTION else f"with:{slots['command']} {wrong}"
    return Observation(
        kind=Kind.COMMAND,
        subject=slots["command"],
        lesson=lesson,
        slots=slots,
        evidence=trail.evidence(step),
        premise=needed,
        firm=lesson is Lesson.DROP_OPTION or (lesson is Lesson.REPLACE_OPTION and _resemble(slots["wrong"], slots["right"])),
        refuted_by=(refuted, f"works:{clean(line.text)[:160]}"),
        wasted_tokens=cost(step),
    )
