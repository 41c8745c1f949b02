"""Lines that say whose output follows: what the command line itself echoes, ``==> file <==``, ``+ command``, ``=== title ===``.

What the command echoes is certain: the text is known from the call. The rest is a guess from the look of the lines, and marked as one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pipeline.command import pipelines

_MAX_LINE = 500  # longer lines are no separators
_MAX_CAPTURE = 200
_MAX_ECHOES = 30
_LEAST_LITERAL = 3

_VARIABLE = re.compile(r"\$\{[^}\n]{1,80}\}|\$\([^)\n]{1,120}\)|`[^`\n]{1,120}`|\$\w{1,60}|\$[@#?]")
_FORMAT = re.compile(r"%[-+0-9.]{0,8}[sdiq]")
_RULE = re.compile(r"([=\-#*>~_+])\1")
_LOOPS = frozenset({"for", "while", "until", "select"})
_OPENERS = frozenset({"do", "then", "else", "{"})
_TRACED = re.compile(r"(?:\bset|sh) -[a-zA-Z]{0,5}x")

_HEAD = re.compile(r"==> (.{1,300}) <==")
_TRACE = re.compile(r"\+{1,3} ([\w./$\"'-]{1,120}(?: .{0,400})?)")
_TITLE = re.compile(r"([=\-#*~+>]{2,6}) (\S(?:.{0,158}\S)?) ([=\-#*~+<]{2,6})")
_CAPTURED = (" stdout", " stderr", " call", " setup", " teardown")  # test runners head what a test printed this way
_FILE = re.compile(r"[\w@.+-]{0,80}(?:/[\w@.+-]{1,80}){1,20}|[\w@+-]{1,80}(?:\.[\w-]{1,20}){0,4}\.[A-Za-z]\w{0,7}")
_DIFFERENCE = ("@@ ", "- ", "? ", "--- ", "-\t")


@dataclass(frozen=True, slots=True)
class Separator:
    """A line that says whose output follows.

    Args:
        index: which line, from 0.
        hint: the command line whose output follows, ``""`` if unknown.
    """

    index: int
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Separators:
    """What separates the parts of a block.

    Args:
        found: the separators, ascending.
        before: the command line whose output stands before the first.
        sure: they are known from the call, not from how they look.
    """

    found: tuple[Separator, ...] = ()
    before: str = ""
    sure: bool = False


@dataclass(frozen=True, slots=True)
class _Loop:
    """``for variable in values``; no values where they cannot be known."""

    variable: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Echo:
    """A line that the command prints between others.

    Args:
        pattern: what it prints; the first group is what stands for ``variable``.
        variable: the variable in it, ``""`` if there is none or more than one.
        loop: the loop that repeats it, if any.
        commands: the commands after it.
    """

    pattern: str
    variable: str
    loop: _Loop | None
    commands: list[str]


def separators(lines: Sequence[str], command: str) -> Separators:
    """The separators of a block; none where it is not sure that lines which look like some are any.

    Args:
        lines: the block's lines.
        command: the command line that the block is the result of, ``""`` if unknown.
    """
    if command:
        known = _echoed(lines, command)
        if known.found:
            return known
        if _TRACED.search(command):
            return Separators(tuple(_matching(lines, _TRACE)), sure=True)
    headed = [s for s in _matching(lines, _HEAD) if s.index == 0 or not lines[s.index - 1].strip()]
    if len(headed) > 1:
        return Separators(
            tuple(Separator(s.index, f"cat {shlex.quote(s.hint)}") for s in headed), sure=bool(re.search(r"\b(?:head|tail)\b", command))
        )
    titles = _titled(lines)
    if titles:
        return Separators(tuple(titles))
    traced = _matching(lines, _TRACE)
    if len(traced) > 1 and not any(line.startswith(_DIFFERENCE) for line in lines):
        return Separators(tuple(traced))
    return Separators()


def _matching(lines: Sequence[str], pattern: re.Pattern[str]) -> list[Separator]:
    found = []
    for index, line in enumerate(lines):
        if len(line) <= _MAX_LINE and (match := pattern.fullmatch(line.rstrip("\r"))):
            found.append(Separator(index, match[1]))
    return found


def _titled(lines: Sequence[str]) -> list[Separator]:
    """Lines such as ``=== title ===``: of one style, each title once, two at least."""
    styles: dict[tuple[str, str], list[Separator]] = {}
    for index, line in enumerate(lines):
        if line[:2] in {"==", "--", "##", "**", "~~", "++", ">>"} and len(line) <= _MAX_LINE and (match := _TITLE.fullmatch(line.rstrip("\r"))):
            if len(set(match[1])) > 1 or len(set(match[3])) > 1 or match[2].endswith(_CAPTURED):
                continue
            hint = f"cat {shlex.quote(match[2])}" if _FILE.fullmatch(match[2]) else match[2]
            styles.setdefault((match[1], match[3]), []).append(Separator(index, hint))
    good = [found for found in styles.values() if len(found) > 1 and len({s.hint for s in found}) == len(found)]
    return good[0] if len(good) == 1 else []


# --- what the command itself echoes


def _echoed(lines: Sequence[str], command: str) -> Separators:
    """The lines that the command's own ``echo`` and ``printf`` printed, where it is certain which they are."""
    before, echoes = _echoes(command)
    if not echoes:
        return Separators()
    patterns = {echo.pattern: re.compile(echo.pattern) for echo in echoes[:_MAX_ECHOES]}
    where: dict[str, list[tuple[int, re.Match[str]]]] = {pattern: [] for pattern in patterns}
    for index, line in enumerate(lines):
        if line and len(line) <= _MAX_LINE:
            for text, pattern in patterns.items():
                if match := pattern.fullmatch(line.rstrip("\r")):
                    where[text].append((index, match))
    found: list[Separator] = []
    last = -1
    for echo in echoes[:_MAX_ECHOES]:
        places = where[echo.pattern]
        if echo.loop is not None:
            found += [Separator(index, _filled(echo, match)) for index, match in places if index > last and _possible(echo, match)]
            continue
        if len(places) != sum(e.pattern == echo.pattern for e in echoes):
            continue  # the text stands there more or less often than it was echoed
        later = [place for place in places if place[0] > last]
        if not later:
            return Separators()  # not in the order of the commands
        last, match = later[0]
        found.append(Separator(last, _filled(echo, match)))
    distinct = {s.index: s for s in found}
    return Separators(tuple(distinct[i] for i in sorted(distinct)), before, sure=True)


def _echoes(command: str) -> tuple[str, list[_Echo]]:
    """The commands before the first echo, and the echoes with the commands after each."""
    before: list[str] = []
    echoes: list[_Echo] = []
    loops: list[_Loop] = []
    for stages in pipelines(command):
        words = stages[0]
        while words and words[0] in _OPENERS:
            words = words[1:]
        if not words:
            continue
        if words[0] in _LOOPS:
            loops.append(_loop(words))
            continue
        if words[0] == "done":
            del loops[-1:]
            continue
        if len(stages) == 1 and words[0] in {"echo", "printf"}:
            echo = _echo(words, loops[-1] if loops else None)
            if echo is not None:
                echoes.append(echo)
            continue
        text = " | ".join(shlex.join(stage) for stage in (words, *stages[1:]))
        (echoes[-1].commands if echoes else before).append(text)
    return "; ".join(before), echoes


def _loop(words: Sequence[str]) -> _Loop:
    """The loop that a line begins."""
    if words[0] != "for" or len(words) < 4 or words[2] != "in" or any(c in word for word in words[3:] for c in "$`{("):
        return _Loop()
    return _Loop(words[1], tuple(words[3:]))


def _possible(echo: _Echo, match: re.Match[str]) -> bool:
    """Whether the variable of a loop can have been what stands in a line."""
    loop = echo.loop
    if loop is None or not loop.values or echo.variable.strip("${}") != loop.variable:
        return True
    return any(fnmatchcase(match[1].strip(), value) for value in loop.values)


def _echo(words: Sequence[str], loop: _Loop | None) -> _Echo | None:
    """What an echo prints, as a pattern; None where it is not one line that can be told from others."""
    arguments = [w for w in words[1:] if not re.fullmatch(r"-[neE]{1,3}", w)]
    text = " ".join(arguments)
    if words[0] == "printf" and arguments:
        rest = iter(arguments[1:])
        text = _FORMAT.sub(lambda _: next(rest, "$x"), arguments[0])
    printed = [line.strip() for line in text.replace("\\n", "\n").replace("\\t", "\t").split("\n") if line.strip()]
    if len(printed) != 1 or len(printed[0]) > _MAX_LINE:
        return None
    line = printed[0]
    found = list(_VARIABLE.finditer(line))
    literal = _VARIABLE.sub("", line)
    if len(literal.replace(" ", "")) < _LEAST_LITERAL or (found and not _RULE.search(literal)):
        return None
    pattern = re.escape(line)
    if found:  # from the first variable to the last it may be anything: one stretch, so that matching stays linear
        pattern = rf"{re.escape(line[: found[0].start()])}(.{{0,{_MAX_CAPTURE}}}){re.escape(line[found[-1].end() :])}"
    return _Echo(rf"\s{{0,20}}{pattern}\s{{0,20}}", found[0][0] if len(found) == 1 else "", loop, [])


def _filled(echo: _Echo, match: re.Match[str]) -> str:
    """The commands after an echo, with what the echo shows in the place of its variable."""
    text = "; ".join(echo.commands)
    if not echo.variable:
        return text
    name = echo.variable.strip("${}")
    value = shlex.quote(match[1].strip())
    for form in (f"'${name}'", f"'${{{name}}}'", f"${{{name}}}", f"${name}"):
        text = text.replace(form, value)
    return text
