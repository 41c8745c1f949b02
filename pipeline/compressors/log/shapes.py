"""Line shapes: what is left of a line when its numbers, ids, times, paths and addresses are masked.

Three levels, each on the distinct results of the one before, so that the cost follows the number of shapes and not of lines:

1. digits become 0 and runs of 0 become one, over the whole text at once;
2. every token with a digit, e-mail address and absolute path becomes ``*``;
3. shapes of equal length and severity that differ in one word, with enough different words there, become one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import mul

from pipeline.compressors.severity import NEITHER, Verdict, deciding_places, judge_all

_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_ONLY_DIGITS = bytes(c if chr(c) in "0123456789\n" else ord(" ") for c in range(256))
_ZEROS = re.compile(rb"00+")
_ANSI = re.compile(r"\x1b\[[0-9;:?]{0,40}[ -/]{0,4}[@-~]")
_NUMBERED = re.compile(r"^ {0,8}\d{1,7}(?:→|\t)", re.MULTILINE)  # line numbers that a read tool adds

_MAIL_HOST = re.compile(r"@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_MAIL_NAME = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}\Z")
_MAIL_BEFORE = 65  # characters that tell whether a name stands before an ``@``
_PATH = re.compile(r"/(?<![\w/.@~*-]/)[\w.+@%~:-]+(?:/[\w.+@%~:-]*)+")  # looks behind the slash, so that the search skips to it
_FROM_DIGIT = re.compile(r"0[^\s\"'`()\[\]{}<>=,;|]*")  # what stands in a token from its first digit on: a search skips to that
_MANY = re.compile(r"\*(?:[ ,;|]{1,3}\*){2,}")  # a list of values, however long

_MERGE_AT = 4
_MERGE_TROUBLE_AT = 8  # at 4, distinct errors that differ in one word (privileged, illegal, trap) become one
_PASSES = 3
_MOST_WORDS = 400_000  # over all shapes; beyond, level 3 costs more than it finds
_MAX_WORDS = 120
_Size = tuple[int, int]  # a kind and a number of words: only shapes that agree in these become one
_PLACES = [pow(3, 1000 + 7 * at, (1 << 61) - 1) for at in range(_MAX_WORDS)]  # scattered, and the same in every process


@dataclass(frozen=True)
class Shapes:
    """The lines of a log, grouped.

    Args:
        lines: the lines as matched: without colours, carriage returns and line numbers.
        mask_of: line index -> index in ``masks``.
        masks: level 2 shapes.
        shape_of: line index -> shape (level 3).
        members: shape -> its line indices, ascending.
        masks_in: shape -> the masks merged into it, in order of first sight.
        sample: shape -> its first mask's text.
        severities: line index -> 2, 1, 0.
        levels: line index -> level name or ``""``.
    """

    lines: list[str]
    mask_of: list[int]
    masks: list[str]
    shape_of: list[int]
    members: list[list[int]]
    masks_in: list[list[int]]
    sample: list[str]
    severities: list[int]
    levels: list[str]


def matched_lines(lines: Sequence[str]) -> list[str]:
    """Lines as they are compared: without ANSI colours, carriage returns at the end, and numbers added by a read tool."""
    text = "\n".join(lines)
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "\r" in text:
        text = "\n".join(line.rstrip("\r") for line in text.split("\n"))
    sample = lines[:: max(1, len(lines) // 50)]
    if sum(_NUMBERED.match(line) is not None for line in sample) > 0.9 * len(sample):
        text = _NUMBERED.sub("", text)
    return text.split("\n")


def mine(plain: list[str], quiet: Sequence[bool]) -> Shapes:
    """Group lines by shape and judge them.

    Args:
        plain: lines as ``matched_lines`` gives them, at least one.
        quiet: line index -> whether it is to be judged harmless whatever it says (a stack frame names error handlers).
    """
    raw = "\n".join(plain).encode("utf-8", "surrogatepass")
    rough, forms = _rough(raw)
    mask_of_rough, masks = _distinct(_mask(b"\n".join(forms).decode("utf-8", "surrogatepass")))
    mask_of = [mask_of_rough[r] for r in rough]
    severities, levels = _judge(plain, raw, quiet, rough, [masks[m].replace("*", "0") for m in mask_of_rough])
    first = _first_lines(mask_of, len(masks))
    shape_of_mask = _merge(masks, [(severities[i], levels[i]) for i in first])
    shape_of = [shape_of_mask[m] for m in mask_of]
    count = max(shape_of_mask) + 1
    members: list[list[int]] = [[] for _ in range(count)]
    for i, shape in enumerate(shape_of):
        members[shape].append(i)
    masks_in: list[list[int]] = [[] for _ in range(count)]
    for mask, shape in enumerate(shape_of_mask):
        masks_in[shape].append(mask)
    sample = [masks[group[0]] for group in masks_in]
    return Shapes(plain, mask_of, masks, shape_of, members, masks_in, sample, severities, levels)


def _rough(raw: bytes) -> tuple[list[int], list[bytes]]:
    """Level 1: of each line which shape it has, and the shapes in order of first sight."""
    sized = raw.translate(_DIGITS).split(b"\n")  # numbers of one size look alike; few of these are distinct
    distinct = list(dict.fromkeys(sized))
    index: dict[bytes, int] = {}
    shape = {s: index.setdefault(z, len(index)) for s, z in zip(distinct, _ZEROS.sub(b"0", b"\n".join(distinct)).split(b"\n"), strict=True)}
    return [shape[s] for s in sized], list(index)


def _mask(text: str) -> list[str]:
    """Level 2 over all distinct level 1 shapes at once; no pattern crosses a line."""
    if "@" in text:
        text = _without_mails(text)
    text = _PATH.sub("*", text)
    text = _FROM_DIGIT.sub("*", _FROM_DIGIT.sub("0", text)[::-1])[::-1]  # what stands before a token's digit is what stands after it backwards
    return _MANY.sub("*", text).split("\n")


def _without_mails(text: str) -> str:
    """E-mail addresses as ``*``. They are looked for from their ``@`` on, as names may begin anywhere."""
    parts: list[str] = []
    done = 0
    for host in _MAIL_HOST.finditer(text):
        at = host.start()
        name = _MAIL_NAME.search(text[max(done, at - _MAIL_BEFORE) : at])
        if name is not None:
            parts += [text[done : at - len(name[0])], "*"]
            done = host.end()
    return "".join([*parts, text[done:]])


def _distinct(texts: list[str]) -> tuple[list[int], list[str]]:
    index: dict[str, int] = {}
    return [index.setdefault(t, len(index)) for t in texts], list(index)


def _first_lines(groups: list[int], count: int) -> list[int]:
    first = [-1] * count
    for i, group in enumerate(groups):
        if first[group] < 0:
            first[group] = i
    return first


def _judge(lines: list[str], raw: bytes, quiet: Sequence[bool], rough: list[int], forms: list[str]) -> tuple[list[int], list[str]]:
    """Severity and level of every line: once a level 1 shape, or once for each set of numbers where numbers decide.

    Args:
        lines: the lines.
        raw: the same as one text.
        quiet: which of them are harmless whatever they say.
        rough: line -> level 1 shape.
        forms: level 1 shape -> level 2 shape, with 0 for what is masked.
    """
    loud = [i for i, hushed in enumerate(quiet) if not hushed]
    counts = Counter(rough)
    repeated = [i for i in _first_lines([rough[i] for i in loud], len(counts)) if i >= 0]
    repeated = [loud[i] for i in repeated if counts[rough[loud[i]]] > 1]
    at = {rough[i]: places for i, places in zip(repeated, deciding_places([lines[i] for i in repeated]), strict=True) if places}
    numbers = raw.translate(_ONLY_DIGITS).split(b"\n") if at else []
    group: dict[tuple[object, ...], int] = {}  # shape and the numbers that decide -> which of the lines that are judged is one of it
    asked: list[int] = []
    of = [-1] * len(lines)  # line -> its group
    for i in loud:
        shape = rough[i]
        key: tuple[object, ...] = (shape,)
        if shape in at:
            own = numbers[i].split()
            key = (shape, *(own[n] for n in at[shape]))
        known = of[i] = group.setdefault(key, len(asked))
        if known == len(asked):
            asked.append(i)
    verdicts = [*judge_all([lines[i] for i in asked], [forms[rough[i]] for i in asked]), Verdict(NEITHER, "")]  # the last for those of no group
    severities = [v.severity for v in verdicts]
    levels = [v.level for v in verdicts]
    return [severities[g] for g in of], [levels[g] for g in of]


def _merge(masks: list[str], verdicts: list[tuple[int, str]]) -> list[int]:
    """Level 3: mask -> shape. Shapes are numbered in order of first sight."""
    shape_of = list(range(len(masks)))
    if len(masks) < _MERGE_AT or sum(mask.count(" ") for mask in masks) > _MOST_WORDS:
        return shape_of
    vocabulary: dict[str, int] = {"*": 0}
    words = [[vocabulary.setdefault(w, len(vocabulary)) for w in mask.split()[: _MAX_WORDS + 1]] for mask in masks]
    verdict_ids: dict[tuple[int, str], int] = {}
    kinds = [verdict_ids.setdefault(v, len(verdict_ids)) for v in verdicts]
    sizes = Counter((kind, len(row)) for kind, row in zip(kinds, words, strict=True))
    alike = {size for size, count in sizes.items() if count >= _MERGE_AT}
    for _ in range(_PASSES):
        if not alike:
            break
        alike = _merge_pass(words, kinds, [v[0] for v in verdicts], shape_of, alike)
    order: dict[int, int] = {}
    return [order.setdefault(s, len(order)) for s in shape_of]


def _merge_pass(words: list[list[int]], kinds: list[int], severities: list[int], shape_of: list[int], alike: set[_Size]) -> set[_Size]:
    """One pass of level 3 over the shapes still standing (those that are their own shape). Changes ``words`` and ``shape_of``.

    Args:
        words: shape -> its words.
        kinds: shape -> what only shapes that become one have in common.
        severities: shape -> how bad it is.
        shape_of: shape -> which shape it is one with.
        alike: of which kinds and numbers of words shapes may become one.

    Returns:
        Of which some did: only there another pass may find more.
    """
    standing = [s for s, row in enumerate(words) if shape_of[s] == s and 1 < len(row) <= _MAX_WORDS and (kinds[s], len(row)) in alike]
    large = sorted(_siblings(words, kinds, standing), key=lambda g: (-len(g[1]), g[1][0], g[0]))
    into: dict[int, int] = {}
    for at, group in large:
        free = [s for s in group if s not in into]
        if len(free) < (_MERGE_TROUBLE_AT if severities[group[0]] else _MERGE_AT):
            continue
        into.update(dict.fromkeys(free, free[0]))
        words[free[0]] = [*words[free[0]][:at], 0, *words[free[0]][at + 1 :]]
    if into:
        shape_of[:] = [into.get(shape, shape) for shape in shape_of]
    return {(kinds[s], len(words[s])) for s in into.values()}


def _siblings(words: list[list[int]], kinds: list[int], standing: list[int]) -> Iterator[tuple[int, list[int]]]:
    """Groups of shapes of one kind that differ in one word, each with the place of that word. A shape may be in several.

    Such shapes have the first or the second half of their words in common, which most have with no others: only the rest is looked at. What a
    half is without one of its words is known by a sum of word x place, from which the word's own term is taken away.
    """
    halves: dict[tuple[int, ...], list[int]] = {}
    for s in standing:
        row = words[s]
        middle = len(row) // 2
        halves.setdefault((kinds[s], len(row), 0, *row[:middle]), []).append(s)
        halves.setdefault((kinds[s], len(row), middle, *row[middle:]), []).append(s)
    for (_, length, shared, *_), members in halves.items():
        if len(members) < _MERGE_AT:
            continue
        start, end = (0, shared) if shared else (length // 2, length)
        groups: dict[tuple[int, int], list[int]] = {}
        for s in members:
            terms = list(map(mul, words[s][start:end], _PLACES))
            whole = sum(terms)
            for at, term in enumerate(terms, start):
                groups.setdefault((at, whole - term), []).append(s)
        yield from ((at, group) for (at, _), group in groups.items() if len(group) >= _MERGE_AT)
