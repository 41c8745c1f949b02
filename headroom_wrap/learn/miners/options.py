"""Options that a program does not know, and options that it cannot do without.

Claim: one option made the difference. Refuted where the command works as it failed; a verdict, a fault of the code or the world, anything but looks
in between, and options that hide or show more are other reasons why it may work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from headroom_wrap.learn.findings import Kind, Lesson, Observation
from headroom_wrap.learn.miners import credentials, faults
from headroom_wrap.learn.miners.answers import answers
from headroom_wrap.learn.miners.difference import LOUDNESS, Difference, Unit, difference, hides, tells
from headroom_wrap.learn.miners.failure import Cause, says, says_absent
from headroom_wrap.learn.miners.line import Line, basename
from headroom_wrap.learn.miners.looking import asks
from headroom_wrap.learn.miners.slips import slip
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from headroom_wrap.learn.miners.variables import dictates
from headroom_wrap.learn.miners.variants import (
    TASK_RUNNERS,
    called,
    forms,
    head,
    is_subcommand,
    names_purpose,
    of_another_kind,
    premises,
    typed,
    workings,
)
from headroom_wrap.learn.redaction import tells_secret
from pipeline.transcript import ToolKind

_NEEDED = re.compile(
    r"require|missing|must|externally[- ]managed|need(?:s|ed)?\b|use (?:the )?[`'\"]?--|try (?:the )?[`'\"]?--|re-?run with|retry this|specify"
    r"|pass(?:ing)? [`'\"]?--|with (?:the )?[`'\"]?--"
)
# What overrides a safeguard is never taught, however well it worked.
_RECKLESS = re.compile(
    r"--(?:.{0,40}force|no-verify|hard|yes|dangerously|skip|allow|unsafe|ignore|disable|insecure|no-check|privileged|overwrite|delete|prune"
    r"|root)|-f\Z"
)
# Rights over one kind of thing that a runtime gives only to those who ask; to run other programs, or all rights at once, is none of them.
_RIGHT = re.compile(r"--allow-(?:net|read|write|env|sys|import|hrtime|fs-read|fs-write|worker|wasi)")
_PLACES = frozenset("-w --workspace --filter -F --prefix -C --cwd --dir --project --package -p --directory".split())
_RESEMBLING = 0.5
_NEVER = frozenset({"git", "rm", "docker", "sudo", "npm-audit", "chmod", "curl"})
_THIRD_PARTY = re.compile(r"(?:^|/)(?:vendor|node_modules|\.?venv|env|\.[\w-]{1,40})/")  # where others' programs lie in a project


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each command that failed over an option or for want of one, what the same one that worked soon after had otherwise."""
    for step in trail.steps:
        line, use = step.line, step.use
        if step.failed and line and line.words and not (use.refused or use.timed_out or use.interrupted) and not _own(line):
            yield from _found(trail, step, line)


def _found(trail: Trail, step: Step, line: Line) -> tuple[Observation, ...]:
    unknown = step.failure is not None and step.failure.cause is Cause.BAD_OPTION
    for later, working in workings(trail, step):
        words = working.words
        if words[:1] != line.words[:1]:
            continue
        if words == line.words:
            return ()  # it works as it was: time, or the folder, made the difference
        added = [pair for pair in working.variables if pair not in line.variables]
        dictated = all(dictates(step, *pair) for pair in added) and len(working.variables) == len(line.variables) + len(added)
        same_place = trail.folder(later) == trail.folder(step) and working.activate == line.activate and dictated
        if not same_place or premises(trail, later, words) is None:
            continue
        found = difference(line.words, words)
        if found and len(found.gained) == 1 and asks(found.gained[0]):
            continue  # it was asked what there is
        if step.failure and unknown:
            told = (_rejected(trail, step, found, step.failure.name) if found else ()) or _letter(trail, step, line.words, words, step.failure.name)
        elif found and (step.failure is None or step.failure.cause is not Cause.NO_PROGRAM):
            told = _valued(trail, step, later, found) or _demanded(trail, step, later, found)
            told = told if not added or says(step.use.result, found.gained[0].split("=", 1)[0]) else ()
        else:
            continue
        if told and (tells_secret(typed(words)) or (not unknown and credentials.asked_for(step))):
            return ()  # who has it knows it; who has not needs a person
        if told or (found and not (found.lost and found.gained)):
            return told
    return ()


def _rejected(trail: Trail, step: Step, found: Difference, option: str) -> tuple[Observation, ...]:
    """The option that was not known is gone, or another stands in its place."""
    if not found.lost or found.lost[0].split("=", 1)[0] != option or (step.failure is None):
        return ()
    known = not step.failure.loose
    commands = (clean(" ".join(head(found.common))),) if known else _commands(trail, step, found.common)
    if not found.gained or found.gained[0] in LOUDNESS:
        slots = {"option": clean(option)}
        return tuple(_observation(trail, step, Lesson.DROP_OPTION, {"command": name, **slots}, found.common, firm=known) for name in commands)
    right = found.gained[0].split("=", 1)[0]
    if len(found.lost) == 1 and "=" not in found.lost[0] and "=" in found.gained[0]:
        right = found.gained[0]  # the value is what was meant
    slots, firm = {"wrong": clean(option), "right": clean(right)}, known and _resemble(option, right) and not slip(option, right)
    return tuple(_observation(trail, step, Lesson.REPLACE_OPTION, {"command": name, **slots}, found.common, firm=firm) for name in commands)


def _commands(trail: Trail, step: Step, common: tuple[str, ...]) -> tuple[str, ...]:
    """What of a command an option belongs to: the bare words before the first of its options, or fewer, as other sessions show."""
    words = step.line.words if step.line else common
    bare = next((n for n, word in enumerate(words) if n and not (names_purpose(word) or is_subcommand(word, trail.folders))), len(words))
    return tuple(dict.fromkeys(clean(" ".join(name)) for name in (words[:bare], called(common, trail.folders), head(common))))


def _letter(trail: Trail, step: Step, failed: tuple[str, ...], worked: tuple[str, ...], option: str) -> tuple[Observation, ...]:
    """One letter of several that stand together: ``grep -rP`` and ``grep -rE``, whatever they look for."""
    if len(failed) != len(worked) or failed[0] != worked[0]:
        return ()
    for one, other in zip(failed[1:], worked[1:], strict=True):
        if one != other:
            if len(option) != 2 or one[:1] != "-" or one[1:2] == "-" or len(one) != len(other) or one.replace(option[1], "", 1) == one:
                return ()
            apart = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
            if len(apart) != 1 or apart[0][0] != option[1]:
                return ()
            slots = {"command": clean(" ".join(called(failed[:1], trail.folders))), "wrong": clean(option), "right": clean(f"-{apart[0][1]}")}
            return (_observation(trail, step, Lesson.REPLACE_OPTION, slots, failed[:1], firm=False),)
    return ()


def _valued(trail: Trail, step: Step, later: Step, found: Difference) -> tuple[Observation, ...]:
    """The same option with another value, where the output says that there is none of the first: a preset, a device, a profile."""
    (name, value), (other, right) = _parted(found.lost), _parted(found.gained)
    if not value or not right or name != other or of_another_kind(value, right) or not trail.undisturbed(step, later):
        return ()
    absent = any(says_absent(step.use.result, part) for part in (value, *re.split("[=,]", value)[-1:]))
    if not absent or faults.passing(step, name):
        return ()
    slots = {"wrong": clean(typed(found.lost)), "right": clean(typed(found.gained))}
    return tuple(
        _observation(trail, step, Lesson.REPLACE_OPTION, {"command": command, **slots}, found.common, firm=False)
        for command in forms(found.common, trail.folders)
    )


def _demanded(trail: Trail, step: Step, later: Step, found: Difference) -> tuple[Observation, ...]:
    """One option more: one that the failed command's output named, or one without which it has nothing to show but that it failed."""
    name, value = _parted(found.gained)
    output = step.use.result
    if found.lost or not name or basename(found.common[0]) in _NEVER or step.use.kind is not ToolKind.SHELL:
        return ()  # a search that finds nothing has not failed
    if tells(name):
        return ()
    verdict = step.line is not None and answers(step.line.words)
    by_value = len(value) > 3 and says(output, value) and not verdict  # of a checker it names what was found
    by_name = len(name) > 3 and name.startswith("--") and name in output and _NEEDED.search(output) is not None
    by_name = by_name or (name.startswith("--no-") and name.count("-") > 3 and says(output.lower(), name[5:].replace("-", " ")))
    if name in _PLACES and step.failure and step.failure.cause in (Cause.NO_TASK, Cause.NO_PROJECT):
        by_value = bool(value)  # it is the task of one part of the project
    elif hides(name) and by_value:  # what is left out: a part of the work, or one demand that was named
        by_value = name.startswith("--ignore-") and not faults.of_code(step)
    if _RECKLESS.match(name) and not by_value and (name != "-f" or not value) and not (by_name and _RIGHT.fullmatch(name)):
        return ()
    if not (by_name or by_value) and (
        credentials.may_be(found.gained)
        or not _telling(name, value)
        or not trail.undisturbed(step, later, name, value)
        or faults.of_code(step)
        or faults.passing(step, name)
        or verdict
    ):
        return ()
    return tuple(
        _observation(trail, step, Lesson.ADD_OPTION, {"command": command, "option": clean(typed(found.gained))[:80]}, found.common, firm=False)
        for command in forms(found.common, trail.folders)
    )


def _telling(name: str, value: str) -> bool:
    """Whether an option that no output named may be what a command lacked: a long one, or one with a value."""
    return not hides(name) and (bool(value) or name.startswith("--") or len(name) > 2)


def _parted(unit: Unit) -> tuple[str, str]:
    """An option's name and its value."""
    if len(unit) == 2:
        return unit
    name, _, value = unit[0].partition("=") if unit else ("", "", "")
    return name, value


def _own(line: Line) -> bool:
    """Whether it is the project's own program: its options change as it is worked on, and are tried wrong on purpose."""
    name = head(line.words)
    if "/" in line.program and not _THIRD_PARTY.search(line.program) and basename(line.program) not in TASK_RUNNERS:
        return True
    return name[1:2] != ("-m",) and any(_FILE.search(w) and not _THIRD_PARTY.search(w) and not w.startswith("bin/") for w in name[1:])


_FILE = re.compile(r"\.\w{1,5}\Z|/")


def _resemble(one: str, other: str) -> bool:
    """Whether two options may be one under two names, as ``--colour`` and ``--color``: else the second was perhaps only the next thing to try."""
    return SequenceMatcher(None, one.strip("-"), other.strip("-"), autojunk=False).ratio() >= _RESEMBLING


def _observation(trail: Trail, step: Step, lesson: Lesson, slots: dict[str, str], common: tuple[str, ...], *, firm: bool) -> Observation:
    wrong = slots.get("wrong") or slots.get("option", "")
    text = step.line.text if step.line else ""
    return Observation(
        kind=Kind.COMMAND,
        subject=slots["command"],
        lesson=lesson,
        slots=slots,
        evidence=trail.evidence(step),
        premise=premises(trail, step, head(common)) or (),
        firm=firm,
        refuted_by=(*(() if lesson is Lesson.ADD_OPTION else (f"with:{slots['command']} {wrong}",)), f"works:{clean(text)[:160]}"),
        wasted_tokens=cost(step),
    )
