"""Configuration as programs print it (``kubectl get -o yaml``, ``helm template``, ``docker compose config``): blocks like others are counted.

A block is a YAML document, an item of a list, an entry of a mapping, or a section of INI or TOML. Blocks with the same keys are of one kind.
Of each kind the first two and the last are kept, what the question names, what has a rare value and what tells an error; the others become
a marker with their names, their count and how often each common value occurs among them. Files of the workspace are not for this compressor.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.compressors.severity import ERROR, severity
from pipeline.markers import carries_marker, gap
from pipeline.policy import Policy, Profile
from pipeline.query import Query, entity_pattern
from pipeline.transcript import ToolKind

_SAMPLE = 400
_LINE = 2000  # of a longer line only so much is looked at
_LEAST_LINES = 30
_LEAST_BLOCKS = 4  # of one kind
_LEAST_RUN = 8  # lines; a shorter run is hardly longer than its marker
_SAVES = 0.9  # of the characters at most
_COMMON = 0.6  # a value that so many blocks of a kind have is the usual one …
_RARE = 0.1  # … and one that at most so many have is worth a look
_FEW = 8  # values may be usual together …
_TOGETHER = 0.8  # … if so many blocks have one of them
_NAMED = 3  # words of the question: each must be in a block for it to be asked for, but no more than so many
_SUMMARY = "each with the keys of a block shown, its values differ; none with a rare value where few are usual, or an error-like line of its own"
_NOTE = 480
_DEEP = " " * 9  # so far in no block begins
_COUNTED = 4  # values at most are counted in a marker

_KEY = re.compile(
    r"(?P<indent> {0,200})(?P<dash>(?:- {1,4}){0,4})(?P<key>[\w.$/@~*+-]{1,200}|\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'):(?: (?P<value>.*))?$"
)
_ITEM = re.compile(r"(?P<indent> {0,200})- (?P<value>.*)$")
_JSON = re.compile(r"\s{0,99}(?:\{|\[\s)")
_SECTION = re.compile(r"\[{1,2}[^\[\]\n]{1,200}\]{1,2}\s{0,9}(?:[#;].{0,200})?$")
_ASSIGNMENT = re.compile(r"\s{0,40}(?P<key>[\w.$/@\"'*+-]{1,200})\s{0,40}[=:]\s{0,40}(?P<value>.*)$")
_COMMENT = re.compile(r"\s{0,200}[#;]")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a configuration.

    Args:
        start: index of its first line.
        end: index after its last line.
        values: its values by key; the n-th value of the same key at the same depth has a key of its own.
        name: what it is called.
        keys: its keys, whatever their order and number: what makes its kind.
    """

    start: int
    end: int
    values: dict[str, str] = field(default_factory=dict)
    name: str = ""
    keys: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return self.end - self.start


class ConfigCompressor:
    """Configuration that a program printed: blocks that are like others are counted."""

    name = "config"
    surest = 0.88

    def recognise(self, content: Content) -> float:
        """0.88 for YAML, 0.8 for INI and TOML that a program printed and that consists of blocks, else 0."""
        if content.call is not None and content.call.kind not in (ToolKind.SHELL, ToolKind.MCP, ToolKind.OTHER, ToolKind.FETCH):
            return 0.0
        lines = [line.rstrip("\r")[:_LINE] for line in content.text[: _SAMPLE * 200].split("\n")[:_SAMPLE]]
        if len(lines) < _LEAST_LINES or carries_marker(content.text):
            return 0.0
        return 0.88 if _JSON.match(content.text) is None and _is_yaml(lines) else 0.8 if _is_sections(lines) else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The configuration without the blocks that are like others, or None where there are none or too few."""
        sure = self.recognise(content)
        if not policy.lossy or not sure:
            return None
        lines = content.lines
        total = len(lines) - (lines[-1] == "")
        plain = [line.rstrip("\r")[:_LINE] for line in lines]
        blocks = [_described(plain, block) for block in (_yaml_blocks(plain) if sure > 0.85 else _sections(plain))]
        kinds: dict[frozenset[str], list[Block]] = {}
        for block in blocks:
            kinds.setdefault(block.keys, []).append(block)
        shown = set[int]()
        for alike in kinds.values():
            shown |= _shown(plain, alike, content.query, policy)
        out: list[str] = []
        gaps: list[Gap] = []
        at = 0
        for run in _runs(blocks, shown):
            first, last = run[0].start, run[-1].end
            marker = gap(first + 1, last, _note(run, kinds))
            if last - first < _LEAST_RUN or sum(map(len, lines[first:last])) < 2 * len(marker):
                continue
            out += lines[at:first]
            out.append(marker)
            gaps.append(Gap(first + 1, last))
            at = last
        text = "\n".join(out + lines[at:])
        if not gaps or len(text) > _SAVES * len(content.text):
            return None
        return Rewrite(text, total, tuple(gaps), _SUMMARY)


def _is_yaml(lines: Sequence[str]) -> bool:
    """Nested keys, one space behind their colons (a report such as ``kubectl describe`` aligns its values)."""
    keys = [m for m in map(_KEY.match, lines) if m is not None]
    filled = [line for line in lines if line.strip()]
    known = len(keys) + sum(1 for line in filled if line in ("---", "...") or _ITEM.match(line) or _COMMENT.match(line))
    nested = sum(1 for m in keys if m["indent"] or m["dash"])
    aligned = sum(1 for m in keys if (m["value"] or "").startswith(" "))
    return len(keys) >= 0.5 * len(filled) and known >= 0.85 * len(filled) and nested >= 0.25 * len(keys) and aligned <= 0.1 * len(keys)


def _is_sections(lines: Sequence[str]) -> bool:
    filled = [line for line in lines if line.strip()]
    sections = sum(1 for line in filled if _SECTION.match(line))
    others = [line for line in filled if not _SECTION.match(line)]
    known = sum(1 for line in others if (_ASSIGNMENT.match(line) and "=" in line) or _COMMENT.match(line))
    return sections >= _LEAST_BLOCKS and bool(others) and known >= 0.9 * len(others) and len(others) >= sections


def _yaml_blocks(lines: Sequence[str]) -> list[Block]:
    """Documents if there are several, else the outermost list or mapping that has several items or entries with keys in them."""
    documents = [i for i, line in enumerate(lines) if line.startswith("---") and (len(line) == 3 or line[3] == " ")]
    if len(documents) >= _LEAST_BLOCKS:
        ends = [*documents[1:], len(lines) - (lines[-1] == "")]
        return [Block(a, b) for a, b in zip(documents, ends, strict=True)]
    starts: dict[tuple[int, bool], list[int]] = {}
    for i, line in enumerate(lines):
        if line.startswith(_DEEP):
            continue
        indent = len(line) - len(line.lstrip(" "))
        item = line.startswith("- ", indent)
        if item or (line.endswith(":") and _KEY.match(line)):
            starts.setdefault((indent, item), []).append(i)
    for (indent, item), found in sorted(starts.items(), key=lambda s: (s[0][0], not s[0][1])):
        if len(found) >= _LEAST_BLOCKS:
            blocks = list(_nested(lines, found, indent, item))
            if sum(map(len, blocks)) >= 0.6 * len(lines):
                return blocks
    return []


def _nested(lines: Sequence[str], starts: Sequence[int], indent: int, item: bool) -> Iterator[Block]:
    """The blocks that begin at ``starts``: each goes on while its lines are indented further, or are empty."""
    inner = indent + 1
    for start, limit in zip(starts, [*starts[1:], len(lines)], strict=True):
        end = start + 1
        while end < limit and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip(" ")) >= inner):
            end += 1
        if end - start > 1:
            yield Block(start, end)


def _sections(lines: Sequence[str]) -> list[Block]:
    starts = [i for i, line in enumerate(lines) if _SECTION.match(line)]
    return [Block(a, b) for a, b in zip(starts, [*starts[1:], len(lines) - (lines[-1] == "")], strict=True)]


def _described(lines: Sequence[str], block: Block) -> Block:
    """A block with its keys and values."""
    values: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for i in range(block.start, block.end):
        line = lines[i]
        key, value = _entry(line)
        if i == block.start:
            key, value = ("---" if line.startswith("---") else "first", line)
        seen[key] += 1
        values[f"{key}\0{seen[key]}"] = value
    first = lines[block.start].strip(" -:[]")
    named = next((v for k, v in values.items() if v and k.split("\0")[0].strip(" -:=") in ("name", "Name", "id")), "")
    return Block(block.start, block.end, values, named or first, frozenset(seen))


def _entry(line: str) -> tuple[str, str]:
    """A line's key, with all that stands before it, and its value."""
    for mark in (": ", "=", "- "):
        key, found, value = line.partition(mark)
        if found:
            return key + mark, value.strip()
    return line, ""


def _shown(lines: Sequence[str], alike: Sequence[Block], query: Query, policy: Policy) -> set[int]:
    """The starts of the blocks of one kind that are kept."""
    kept = {b.start for b in (alike if len(alike) < _LEAST_BLOCKS else (*alike[:2], alike[-1]))}
    if len(kept) == len(alike):
        return kept
    rare = _rare(alike)
    exemplar = _exemplar(lines, alike)
    named = entity_pattern((*query.entities, *query.quoted, *query.numbers))
    words = [] if policy.profile is Profile.AGGRESSIVE else [w for w in query.words if not all(_has(lines, b, w) for b in alike[:3])]
    for block in alike:
        own = [line for line in lines[block.start : block.end] if line not in exemplar]
        if (
            any(block.values.get(key) in values for key, values in rare.items())
            or any(severity(line) == ERROR for line in own)
            or (named is not None and any(named.search(line) for line in lines[block.start : block.end]))
            or any(w in line.lower() for w in words[:_NAMED] for line in own)
        ):
            kept.add(block.start)
    return kept


def _exemplar(lines: Sequence[str], alike: Sequence[Block]) -> set[str]:
    """The lines that the first block shows for all of its kind; not trouble of its own, which another one may have as well."""
    found = set(lines[alike[0].start : alike[0].end])
    troubled = {line for line in found if severity(line) == ERROR}
    times = Counter(line for block in alike for line in set(lines[block.start : block.end]) & troubled) if troubled else Counter[str]()
    return found - {line for line in troubled if 2 * times[line] <= len(alike)}


def _has(lines: Sequence[str], block: Block, word: str) -> bool:
    return any(word in line.lower() for line in lines[block.start : block.end])


def _rare(alike: Sequence[Block]) -> dict[str, set[str | None]]:
    """By key the values, or the lack of one, that hardly any block of a kind has."""
    counts: dict[str, Counter[str | None]] = {}
    for block in alike:
        for key, value in block.values.items():
            counts.setdefault(key, Counter())[value] += 1
    found: dict[str, set[str | None]] = {}
    for key, counted in counts.items():
        counted[None] = len(alike) - sum(counted.values())
        rare = _exceptions(counted, len(alike))
        if rare:
            found[key] = rare
    return found


def _exceptions(counts: Counter[str | None], total: int) -> set[str | None]:
    """The rare values of a key: beside one that most blocks have, or beside a few that most have together.

    Of the latter none is usual by itself, so what is rare is measured by the commonest, not by all.
    """
    most = max(counts.values())
    if most >= _COMMON * total:
        return {value for value, times in counts.items() if 0 < times <= max(1, _RARE * total)}
    usual = [times for times in counts.values() if times > max(1, _RARE * most)]
    if len(usual) > _FEW or sum(usual) < _TOGETHER * total:
        return set()
    return {value for value, times in counts.items() if 0 < times <= max(1, _RARE * most)}


def _runs(blocks: Sequence[Block], shown: set[int]) -> Iterator[list[Block]]:
    """Blocks that are not shown and stand behind each other without a line between them."""
    run: list[Block] = []
    for block in blocks:
        if block.start in shown or (run and run[-1].end != block.start):
            if run:
                yield run
            run = []
        if block.start not in shown:
            run.append(block)
    if run:
        yield run


def _note(run: Sequence[Block], kinds: dict[frozenset[str], list[Block]]) -> str:
    """What was left out: how many blocks like which, their names, and how often each common value that differs among them occurs."""
    parts: list[str] = []
    by_kind: dict[frozenset[str], list[Block]] = {}
    for block in run:
        by_kind.setdefault(block.keys, []).append(block)
    for keys, blocks in by_kind.items():
        like = kinds[keys][0]
        parts.append(f"{len(blocks)} like {like.start + 1}-{like.end}: {_names(blocks, _NOTE // len(by_kind) // 2)}{_counts(blocks, like)}")
    return re.sub(r"[\]\s]+", " ", "; ".join(parts))[:_NOTE].strip()


def _names(blocks: Sequence[Block], room: int) -> str:
    """The names of blocks, all if there is room."""
    names = [b.name[:60] for b in blocks]
    if len(" ".join(names)) <= room:
        return " ".join(names)
    few = max(1, room // (2 + max(map(len, names))) - 1)
    return f"{' '.join(names[:few])} … {names[-1]}"


def _counts(blocks: Sequence[Block], like: Block) -> str:
    """The values of keys with few values of which not all are as in the block that they are like."""
    said: list[str] = []
    for key, value in like.values.items():
        counts: dict[str, int] = {}
        for block in blocks:
            found = block.values.get(key, "-")
            counts[found] = counts.get(found, 0) + 1
            if len(counts) > _COUNTED:
                break
        if len(counts) > _COUNTED or counts.keys() == {value} or len(blocks) < 2 * len(counts):
            continue
        name = key.split("\0")[0].strip(" -:=")
        said.append(f", {name} " + " ".join(f"{v[:30]} {n}" for v, n in sorted(counts.items(), key=lambda c: (-c[1], c[0]))))
    return "".join(said[:6])
