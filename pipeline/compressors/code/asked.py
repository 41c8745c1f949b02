"""Which definitions and which rows of a file the question names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pipeline.compressors.code.languages import BY_EXTENSION
from pipeline.compressors.code.outline import Definition, Outline
from pipeline.query import Query, stem

_BUDGET = 0.35  # of the file's lines for what the question names but loosely
_MOST_NAMES = 100
_LOOSE_NAMES = 30  # compared part by part with every definition
_CALLEE_ROWS = 12
_CALLEE_OVERLOADS = 2
_NAME = re.compile(r"[A-Za-z_$][\w$]{0,99}(?:(?:\.|::|->|#)~?[A-Za-z_$][\w$]{0,99}){0,5}\(?")
_TOKEN = re.compile(r"[^\s`'\"(),;]{1,500}")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_SEPARATOR = re.compile(r"\.|::|->|#")
_SHAPED = re.compile(r"[a-z0-9][A-Z]|.[_$].|^_|[A-Z]{2,}[a-z]|\d$")
_CALLED = re.compile(r"([A-Za-z_$][\w$]{0,99})(?:::<[^<>()\n]{0,60}>)?\s{0,2}\(")
_FILE_SUFFIXES = frozenset(BY_EXTENSION) | frozenset("md txt json yaml yml toml cfg ini html css sh rb php kt cs xml".split())


@lru_cache(maxsize=1 << 12)  # names are made of few words
def _root(word: str) -> str:
    """A stem that is the same for ``parse`` and ``parsed``."""
    return stem(word).rstrip("e")


_OF_CODE = frozenset(  # words of questions about any code
    _root(word)
    for word in """work fix bug function method class module code test implement implementation explain understand change add remove update
    call return value type variable argument parameter definition where called support handle""".split()
)
_EXACT, _CLOSE, _LOOSE = 3, 2, 1


@dataclass(frozen=True, slots=True)
class Names:
    """What a question names.

    Args:
        exact: names, each with what it was qualified by (``""`` if nothing), in order.
        phrases: quoted texts that are no names.
        stems: of the plain words; what the names consist of is none.
    """

    exact: tuple[tuple[str, str], ...] = ()
    phrases: tuple[str, ...] = ()
    stems: frozenset[str] = frozenset()


@dataclass(slots=True)
class Asked:
    """What stays whole.

    Args:
        definitions: in the order in which they were chosen.
        unknown: names and phrases that are no definition of the file: the rows that hold them stay, and what these open.
        known: names of definitions that the question names exactly, in order: the statements that hold them stay.
        whole: those of ``known`` of which every definition stays.
    """

    definitions: list[Definition] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)


def names_of(query: Query) -> Names:
    """The names, phrases and words of a question. Paths and file names are left aside."""
    exact: dict[tuple[str, str], None] = {}
    phrases: list[str] = []
    for quoted in query.quoted:
        match = _NAME.fullmatch(quoted.removesuffix(")"))
        if match is not None and not _is_file(quoted):
            exact[_qualified(match[0])] = None
        elif not _is_file(quoted) and len(quoted) >= 4:
            phrases.append(quoted)
    plain = _TOKEN.sub(_without_path, query.text)
    for text in (plain, _TOKEN.sub(_without_path, query.call)):
        for match in _NAME.finditer(text):
            name = match[0]
            own, owner = _qualified(name)
            if len(own) >= 3 and (owner or name.endswith("(") or _SHAPED.search(own)):
                exact[own, owner] = None
    names = tuple(exact)[:_MOST_NAMES]
    within = {_root(part) for name, owner in names for part in (*parts(name), *parts(owner), name.lower())}
    return Names(names, tuple(phrases[:_MOST_NAMES]), frozenset(map(_root, Query(plain).words)) - within - _OF_CODE)


def choose(outline: Outline, names: Names, lines: Sequence[str]) -> Asked:
    """The definitions that stay whole: all that are named exactly, small ones that they call, and others that are named loosely, the best
    and shortest first, as long as they are no more than 35 % of the lines.
    """
    asked = Asked()
    by_name: dict[str, list[Definition]] = defaultdict(list)
    for definition in outline.definitions:
        if definition.name:
            by_name[definition.name].append(definition)
    scored = _exact(by_name, names, asked)
    scored += _loosely(by_name, names, {name for name, _ in names.exact})
    budget = sum(map(bool, map(str.strip, lines))) * _BUDGET if scored else 0
    candidates: list[tuple[int, int, int, Definition]] = []
    taken: dict[tuple[int, int], None] = {}
    holding: dict[int, list[Definition]] = defaultdict(list)
    for score, definition in scored:
        if score == _EXACT and not (definition.container and _size(definition) > budget):
            _take(definition, taken, asked)
        elif definition.container:
            holding[score].append(definition)
        else:
            candidates.append((-score, _size(definition), definition.first, definition))
    for score, containers in holding.items():
        candidates += [(-score, _size(d), d.first, d) for d in _members(outline, containers)]
    for callee in _callees([d for d in asked.definitions if not d.container], by_name, lines):
        _take(callee, taken, asked)
    spent = 0
    for _, size, _, definition in sorted(candidates, key=lambda c: c[:3]):
        if spent + size > budget:
            continue
        if _take(definition, taken, asked):
            spent += size
    asked.whole = [name for name in dict.fromkeys(asked.known) if all((d.first, d.last) in taken for d in by_name[name])]
    return asked


def _exact(by_name: dict[str, list[Definition]], names: Names, asked: Asked) -> list[tuple[int, Definition]]:
    """The definitions that are named exactly; what is named and is no definition is noted."""
    scored: list[tuple[int, Definition]] = []
    for name, owner in (*((phrase, "") for phrase in names.phrases), *names.exact):
        found = by_name.get(name, [])
        own = [d for d in found if owner and d.owner == owner]
        scored += [(_EXACT, d) for d in own or found]
        if found:
            asked.known.append(name)
        elif owner and owner in by_name:
            scored += [(_EXACT, d) for d in by_name[owner]]
            asked.known.append(owner)
            asked.unknown.append(name)
        else:
            asked.unknown.append(name)
    return scored


def _loosely(by_name: dict[str, list[Definition]], names: Names, exact: set[str]) -> list[tuple[int, Definition]]:
    """The definitions that share the parts of their names with what is named, or half of them with its words."""
    several = [p for name, _ in names.exact[:_LOOSE_NAMES] if len(p := parts(name)) > 1]
    scored: list[tuple[int, Definition]] = []
    for name, found in by_name.items() if several or names.stems else ():
        if name in exact:
            continue
        own = parts(name)
        if not own:
            continue
        if any(p <= own or (len(own) > 1 and own <= p) for p in several):
            scored += [(_CLOSE, d) for d in found]
        elif names.stems and 2 * sum([_root(part) in names.stems for part in own]) >= len(own):
            scored += [(_LOOSE, d) for d in found if not d.container]
    return scored


def _members(outline: Outline, containers: Sequence[Definition]) -> Iterator[Definition]:
    """The definitions that lie within any of some containers, each once."""
    waiting = sorted(containers, key=lambda d: d.first)
    begun = 0
    reach = -1  # the last row of those that have begun: what ends no later lies within one of them
    for definition in outline.definitions:
        while begun < len(waiting) and waiting[begun].first < definition.first:
            reach = max(reach, waiting[begun].last)
            begun += 1
        if definition.last <= reach and not definition.container:
            yield definition


def _callees(callers: Sequence[Definition], by_name: dict[str, list[Definition]], lines: Sequence[str]) -> Iterator[Definition]:
    """Small definitions of the file that are called by others."""
    called: dict[str, None] = {}
    for caller in callers:
        for line in lines[caller.first : caller.last + 1]:
            called.update(dict.fromkeys(_CALLED.findall(line)))
    for name in called:
        found = by_name.get(name, [])
        if len(found) <= _CALLEE_OVERLOADS:
            yield from (d for d in found if not d.container and _size(d) <= _CALLEE_ROWS)


def _take(definition: Definition, taken: dict[tuple[int, int], None], asked: Asked) -> bool:
    key = (definition.first, definition.last)
    if key in taken:
        return False
    taken[key] = None
    asked.definitions.append(definition)
    return True


def parts(name: str) -> frozenset[str]:
    """The words that a name is made of, lower case."""
    return frozenset(part.lower() for part in _PART.findall(name))


def _size(definition: Definition) -> int:
    return definition.last - definition.first + 1


def _qualified(name: str) -> tuple[str, str]:
    """A name and what it is qualified by: ``Gson.toJson(`` gives ``toJson``, ``Gson``."""
    pieces = [p for p in _SEPARATOR.split(name.rstrip("(")) if p]
    return pieces[-1].lstrip("~"), pieces[-2] if len(pieces) > 1 else ""


def _without_path(match: re.Match[str]) -> str:
    return " " if _is_file(match[0]) else match[0]


def _is_file(token: str) -> bool:
    if "/" in token or "\\" in token:
        return True
    stem_, dot, suffix = token.rstrip(".:?!").rpartition(".")
    return bool(stem_ and dot) and suffix.lower() in _FILE_SUFFIXES
