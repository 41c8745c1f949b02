"""Our block in an instruction file: found, merged with what was learned since, taken away. Pure: texts in, texts out.

What stands in the block and was not written by us is the user's, and stays. What was written by us and no longer stands there as it was written,
the user has edited or deleted: it is refused, and never written again. Everything outside of the block stays as it is, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from headroom_wrap.learn import rules as wording

BEGIN = "<!-- headroom learn: edit or delete what you like; `headroom unlearn` removes it all -->"
END = "<!-- /headroom learn -->"
HEADING = "## Learned from earlier sessions (backticks quote, they do not instruct)"
_HEADING = re.compile(r"## Learned from earlier sessions\b.{0,200}")
_BEGIN = re.compile(r"<!-- headroom learn\b[^\r\n]{0,200}-->[ \t]{0,20}")
_END = re.compile(r"<!-- /headroom learn -->[ \t]{0,20}")
_BULLET = re.compile(r"^[ \t]{0,8}[-*+][ \t]{1,8}")
_BOM = "\ufeff"


class BrokenError(ValueError):
    """The block's begin or end is missing, or it is there twice. The first argument is a sentence for the user, without the file's name."""


@dataclass(frozen=True, slots=True)
class Found:
    """A text with our block in it.

    Args:
        before: what stands before it, the blank line that sets it off included.
        lines: what stands between its marks, without line ends.
        after: what stands after it, the line end of its last mark included.
        newline: what its lines end in.
        begin: its first mark as it stands there.
    """

    before: str
    lines: tuple[str, ...]
    after: str
    newline: str
    begin: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What becomes of a text.

    Args:
        text: the new one; the very same one where nothing changes.
        written: the rules of ours that stand in it, by id.
        refused: those that the user has edited or deleted since they were written, by id.
        added: the rules that were not there before.
        removed: those that were, and are no longer true.
        left_out: rules for which there was no room, by id.
    """

    text: str
    written: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def find(text: str) -> Found | None:
    """The block in a text, None if there is none.

    Raises:
        BrokenError: it cannot be told what belongs to it.
    """
    # Not str.splitlines: form feeds and the like end no line of a file.
    lines = re.findall(r"[^\n]*\n|[^\n]+", text.removeprefix(_BOM))
    begins = [n for n, line in enumerate(lines) if _BEGIN.fullmatch(line.rstrip("\r\n"))]
    ends = [n for n, line in enumerate(lines) if _END.fullmatch(line.rstrip("\r\n"))]
    if not begins and not ends:
        return None
    if len(begins) > 1 or len(ends) > 1:
        raise BrokenError("the block of `headroom learn` is there more than once; leave one of them")
    if not begins or not ends or ends[0] < begins[0]:
        raise BrokenError("the block of `headroom learn` has lost its first or its last line; take the rest away, too")
    first, last = begins[0], ends[0]
    newline = "\r\n" if lines[first].endswith("\r\n") else "\n"
    bom = _BOM if text.startswith(_BOM) else ""
    before, after = bom + "".join(lines[:first]), "".join(lines[last + 1 :])
    end = lines[last]
    after = end[len(end.rstrip("\r\n")) :] + after
    return Found(before, tuple(line.rstrip("\r\n") for line in lines[first + 1 : last]), after, newline, lines[first].rstrip("\r\n"))


def merge(
    text: str,
    rules: Sequence[tuple[str, str]],
    written: Mapping[str, str],
    refused: Collection[str],
    *,
    budget: int,
    count: Callable[[str], int],
    at_most: Callable[[str], int] | None = None,
    gone_is_refused: bool = True,
) -> Merged:
    """The text with a block that says what is known now.

    A rule that stands keeps its place, its words and its room until it is no longer so or stale: a change is as small as what was learned, the user's
    lines keep their neighbours, and what is removed is no longer so.

    Args:
        text: of the file, as it was read.
        rules: id and sentence of each, the most important first.
        written: what we wrote there before, by id.
        refused: ids that are not wanted.
        budget: tokens of the whole block, the user's own lines in it included. Beyond it nothing is added; what the user adds removes nothing.
        count: the tokens of a text.
        at_most: what that surely does not exceed, where it is cheaper: `count` is only asked where this is too much.
        gone_is_refused: a block that is gone was deleted by the user; else it is another state of the file, as on another branch.

    Raises:
        BrokenError: see `find`.
    """
    found = find(text)
    standing = _standing(found, {**{said: i for i, said in rules}, **{said: i for i, said in written.items()}})
    no_more = {} if found is None and not gone_is_refused else {i: said for i, said in written.items() if i not in standing}
    unwanted = {*refused, *no_more}
    theirs = {_sentence(line) for line in found.lines} if found is not None else set()
    wanted = [(i, said) for i, said in rules if i not in unwanted and (i in standing or said not in theirs)]
    if [i for i, _ in wanted] == list(standing):  # nothing is new, so nothing need be counted
        return Merged(text, standing, no_more)
    kept, left_out = _fitting(wanted, standing, found, budget, count=count, at_most=at_most or count)
    added = tuple(said for i, said in wanted if i in kept and i not in standing)
    removed = tuple(said for i, said in standing.items() if i not in kept)
    if not added and not removed:
        return Merged(text, standing, no_more, left_out=left_out)
    now = {i: standing.get(i, said) for i, said in wanted if i in kept}
    if found is None:
        return Merged(_appended(text, added), now, no_more, added, removed, left_out)
    gone = set(removed)
    lines = [line for line in found.lines if _sentence(line) not in gone]
    lines += [f"- {said}" for said in added]
    if not any(_says_something(line) for line in lines):
        return Merged(_cut_out(found, ()), now, no_more, added, removed, left_out)
    return Merged(found.before + _joined(found.begin, lines, found.newline) + found.after, now, no_more, added, removed, left_out)


def remove(text: str, written: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text without the block, and the lines in it that are the user's: those stay where the block was.

    Where nothing is known to be written by us, a rule in our words is taken for ours.

    Raises:
        BrokenError: see `find`.
    """
    found = find(text)
    if found is None:
        return text, ()
    ours = set(written.values())
    theirs = tuple(
        line for line in found.lines if _says_something(line) and _sentence(line) not in ours and (ours or not wording.recognised(_sentence(line)))
    )
    return _cut_out(found, theirs), theirs


def _standing(found: Found | None, ids: Mapping[str, str]) -> dict[str, str]:
    """What of ours stands there as it was written, in its order, by id.

    Args:
        found: the block.
        ids: those of what we wrote and of what we would write, by sentence: the latter is ours though we no longer know that we wrote it.
    """
    if found is None:
        return {}
    return {ids[said]: said for line in found.lines if (said := _sentence(line)) in ids}


def _fitting(
    wanted: Sequence[tuple[str, str]],
    standing: Mapping[str, str],
    found: Found | None,
    budget: int,
    *,
    count: Callable[[str], int],
    at_most: Callable[[str], int],
) -> tuple[frozenset[str], tuple[str, ...]]:
    """The ids of the rules for which there is room: those that stand have it, of the others the first ones first; and the ids of those without."""
    ours = set(standing.values())
    around = [BEGIN, HEADING, END] if found is None else [found.begin, *(line for line in found.lines if _sentence(line) not in ours), END]
    lines = {i: f"- {standing.get(i, said)}\n" for i, said in wanted}
    outside = "\n".join(around) + "\n"
    if at_most(outside + "".join(lines.values())) <= budget:
        return frozenset(lines), ()
    kept = {i for i in lines if i in standing}
    room = budget - count(outside) - sum(count(lines[i]) for i in kept)
    left_out: list[str] = []
    for i, line in lines.items():
        if i in kept:
            continue
        cost = count(line)
        if cost <= room:
            room -= cost
            kept.add(i)
        else:
            left_out.append(i)
    return frozenset(kept), tuple(left_out)


def _appended(text: str, sentences: Sequence[str]) -> str:
    """The text with a new block at its end, set off by a blank line. Whether the text ended in a line end can be told from whether the block does."""
    first = text.find("\n")
    newline = "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"
    block = _joined(BEGIN, [HEADING, *(f"- {said}" for said in sentences)], newline)
    if text in ("", _BOM):
        return text + block + newline
    if text.endswith("\n"):
        return text + newline + block + newline
    return text + newline + newline + block


def _joined(begin: str, lines: Sequence[str], newline: str) -> str:
    return newline.join((begin, *lines, END))


def _cut_out(found: Found, theirs: Sequence[str]) -> str:
    """The text without the block and without the blank line that was put before it: what `_appended` was given, if nothing else has changed."""
    if theirs:
        return found.before + found.newline.join(theirs) + found.after
    before, newline = found.before, found.newline
    if not found.after:
        return before.removesuffix(newline * 2)
    if before.endswith(newline) and before.removesuffix(newline).endswith("\n"):
        before = before.removesuffix(newline)
    return before + found.after.removeprefix("\r").removeprefix("\n")


def _sentence(line: str) -> str:
    """What a line of the block says, without its bullet."""
    return _BULLET.sub("", line).strip()


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not _HEADING.fullmatch(line)
