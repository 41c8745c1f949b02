"""Which records matter: those that the query names, trouble, the rare, outliers, the ends."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from pipeline.compressors.parts import called
from pipeline.compressors.smart_crusher.table import SORT, STATE, STATUS, Table
from pipeline.compressors.smart_crusher.values import ABSENT
from pipeline.query import Query, entity_pattern, stem

ASKED = 140.0  # one of few that the query names
STRONG = 120.0  # a record of this priority was asked for
MINORITY = 125.0  # trouble is asked for and the record is in a state that few are in
NOTABLE = 60.0
_UP = frozenset(
    """most highest largest biggest max maximum top longest slowest heaviest latest newest last greatest peak busiest richest
    recent expensive heavy slow expire expires""".split()
)
_DOWN = frozenset("fewest lowest smallest least min minimum earliest oldest first shortest fastest cheapest lightest fast".split())
_ERROR_WORDS = ("crash", "segfault", "segmentation fault", "broken", "panic", "exception", "fatal", "traceback")  # even in a long text
_ERROR_CELL = re.compile(
    "|".join(_ERROR_WORDS)
    + "|error|warning|fail|refused|denied|timed?[ _-]?out|unhealthy|backoff|oomkilled|critical|abort|invalid|breaks|corrupt|regression|deadlock"
)
_UNIT = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?(?=\s*(?:%|[a-zA-Zµ]{1,3}\b|\(|\Z))")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?")
_OPAQUE = re.compile(r"[0-9a-f]{16,}|[A-Za-z0-9+/=_-]{40,}|(?=\S*\d)(?=\S*[a-z])(?=\S*[A-Z])[\w=+/-]{15,}")
_NOT_MEASURE = re.compile(r"(?:^|[._])(?:\w*id|number|line|index|port|timestamp|date|year|\w*_at|zip|pid|uid)$", re.IGNORECASE)
_TROUBLED = re.compile(r"(?i)error|fail|fatal|exception|crash|denied|reject|timed?[_-]?out|dropped|vulnerab|disput|conflict")
_WELL = frozenset(
    (ABSENT, None, False, b"0", b"0.0", ("[]",), ("{}",), "", "0", "false", "none", "no")
)  # what says in such a column that there is none
_EPOCH = 1e8  # numbers from here on are times of day …
_ERA = 2.0  # … if none is so many times the middle one; others are durations in small units
_CLOCK = re.compile(r"time$", re.IGNORECASE)  # says a time of day, or how long it took
_DURATION = re.compile(r"(?i)time$|duration|latency|elapsed|took|delay|seconds|millis|(?:^|[._])m?s$")
_SEGMENT = re.compile(r"[,;:?!\n]+|\.\s|\s(?:and|or)\s")
_NAMES = 2.0  # the weight of a term that names something: three words in a row, an id, a quoted phrase, a kind of trouble
_FEW = 0.03
_USUAL = 0.6  # of the rows: a value that so many have is the usual one …
_SELDOM = 0.05  # … and one that at most so many have is rare beside it
_STATES = 8  # that may be usual together …
_BESIDE = 0.1  # … of the rows of the commonest of them: a state that no more have is rare …
_TOGETHER = 0.1  # … if all such states are in no more than so many rows
_TIES = 6
_PLACES = 12  # of a list
_MOST_TROUBLED = 0.3  # of the rows: a word of trouble that more have tells nothing
_SHORT = 80  # characters: a cell that is a state or a message, not a text
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")  # of IPAddress: IP, Address
_ISSUES = re.compile(r"(?i)\bissues?\b")  # of a tracker: no trouble by themselves
_CAPITALISED = re.compile(r"(?<![.!?]\s)(?<!\A)\b[A-Z][A-Za-z0-9+.#-]{2,}")


@dataclass
class Ranking:
    """What a table's records are worth.

    Args:
        priority: by row.
        identity: columns that tell one record from another, best first.
        status: columns to count by, best first.
        asked: columns that the query names.
        told: trouble is asked for, and a state tells which records are meant.
    """

    priority: list[float]
    identity: list[str] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    told: bool = False


def rank(table: Table, query: Query) -> Ranking:
    """The ranking of a table's rows for a query."""
    count = table.count
    ranking = Ranking([0.0] * count)
    priority = ranking.priority
    seen = {p: c for p, c in table.columns.items() if p not in table.same}
    ranking.identity = _identity(table, seen)
    ranking.asked = _asked(list(seen), query)
    trouble = query.severity and Query(_ISSUES.sub(" ", query.text)).severity
    _raise(priority, [0], 55)
    _raise(priority, [count - 1], 50)
    _by_query(priority, table, query)
    for path in ranking.identity:
        _raise(priority, called(seen[path], query, _named(count)), ASKED)
    minority = False
    exceptions: list[int] = []
    known = {**seen, **_places(table)}
    shapes = {p: Counter(c) for p, c in known.items()}
    for path, column in known.items():
        shape = shapes[path]
        if len(shape) <= max(6, count // 10):
            status = STATUS.search(path) is not None
            if path in seen and len(shape) > 1 and (status or len(shape) <= 6) and all(_short(v) for v in shape):
                ranking.status.append(path)
            if status and SORT.search(path):
                status = any(type(v) is str and _ERROR_CELL.search(v.lower()) for v in shape)  # a kind tells only where one is trouble
            if rare := _rare(shape, count):
                _raise(priority, [i for i, v in enumerate(column) if v in rare], (130 if trouble or query.rarity else 70) if status else 30)
            tells = STATE.search(path) is not None and _minority(priority, column, shape, MINORITY if trouble or query.rarity else 40)
            minority |= tells
            if not rare and status and (rare := _exceptional(shape, count)):
                rows = [i for i, v in enumerate(column) if v in rare]
                exceptions += rows
                _raise(priority, rows if tells and trouble else [], 130)
        if _TROUBLED.search(path.rpartition(".")[2]):
            _troubled(priority, column, MINORITY if trouble else 65)
        if len(shape) > 2:
            _extremes(priority, path, column, ranking.asked, query)
    ranking.told = trouble and minority
    # Where one state tells which records are meant, what is rare of another does not: of alerts that fire few are mere hints.
    _raise(priority, exceptions, 130 if query.rarity or (trouble and not minority) else 70)
    for path, column in known.items():
        # Where a state tells, words do not: rules of alerts are all about errors.
        _errors(priority, shapes[path], column, asked=trouble and not minority)
    ranking.status.sort(
        key=lambda p: (
            STATE.search(p) is None,
            STATUS.search(p) is None,
            p not in ranking.asked,
            any(type(v) is bytes for v in shapes[p]),  # a word says more of a record than a number
            p.count("."),
            len(shapes[p]),
        )
    )
    return ranking


def _places(table: Table) -> dict[str, list[object]]:
    """Of lists that are as long in every record, what stands in each place: a column, if without a name."""
    found: dict[str, list[object]] = {}
    for path, inner in table.lists.items():
        size = table.sizes[path][0]
        if 1 < size <= _PLACES and table.sizes[path].count(size) == table.count:
            columns = {"": table.values[path]} if inner is None else inner.columns
            for name, column in columns.items():
                found.update((f"{path}[{at}].{name}", column[at::size]) for at in range(size))
    return found


def _short(value: object) -> bool:
    return type(value) not in {str, tuple} or (type(value) is str and len(value) <= 24)


def _raise(priority: list[float], rows: Sequence[int], to: float) -> None:
    for row in rows:
        priority[row] = max(priority[row], to)


def _by_query(priority: list[float], table: Table, query: Query) -> None:
    """Scores rows by the query's terms, weighted by how few rows hold them."""
    terms = _terms(query)
    if not terms:
        return
    rows = _row_texts(table)
    lowered = [text.lower() for text in rows]
    everything = "\n".join(lowered)
    scores = [0.0] * table.count
    for make, needle, weight in terms:
        if needle not in everything:
            continue
        pattern = make()
        hits = [i for i, text in enumerate(lowered) if needle in text and pattern.search(rows[i])]
        if hits and len(hits) <= table.count * 0.5:
            gain = weight * math.log(1 + table.count / len(hits))
            for i in hits:
                scores[i] += gain
            if weight >= _NAMES and len(hits) <= _named(table.count):
                _raise(priority, hits, STRONG + 1)
    best = max(scores)
    if best <= 0:
        return
    # One record that fits is asked for; a word that a tenth of them hold only says what the list is about.
    close = sum(1 for score in scores if score >= 0.8 * best)
    top = ASKED if best >= 3 and close <= max(4, 0.05 * table.count) else 90.0
    for i, score in enumerate(scores):
        if score:
            priority[i] = max(priority[i], top * score / best)


def _named(count: int) -> int:
    """How many of so many rows a name may name."""
    return max(3, int(_FEW * count))


def _terms(query: Query) -> list[tuple[Callable[[], re.Pattern[str]], str, float]]:
    """Patterns yet to be compiled, a lower-case text without which the pattern cannot match, and weights."""
    exact = dict.fromkeys(query.quoted, 4.0)
    for entity in query.entities:
        exact.setdefault(entity, 3.0)
    for number in query.numbers:
        exact.setdefault(number, 1.5)
    for name in _CAPITALISED.findall(query.text[:2000]):
        exact.setdefault(name, 1.5)
    terms: list[tuple[Callable[[], re.Pattern[str]], str, float]] = []
    for text, weight in list(exact.items())[:40]:
        terms.append((partial(_exactly, text), text.lower(), weight))
    for phrase in _phrases(query.text):
        terms.append((partial(re.compile, rf"(?i)(?<!\w){re.escape(phrase)}(?!\w)"), phrase.lower(), float(phrase.count(" "))))
    words = dict.fromkeys(query.stems[:40], 1.0)
    for word in query.trouble[:20]:  # of records those few are meant that have it
        words.setdefault(stem(word), _NAMES)
    for word, weight in words.items():
        terms.append((partial(re.compile, rf"(?i)(?<![A-Za-z]){re.escape(word)}"), word, weight))
    return terms


def _exactly(text: str) -> re.Pattern[str]:
    pattern = entity_pattern((text,))
    assert pattern is not None
    return pattern


def _phrases(text: str) -> list[str]:
    """Two to four words of the query that stand next to each other: ``Test issue 4`` is more than its words."""
    found: dict[str, None] = {}
    for segment in _SEGMENT.split(text[:2000]):
        words = segment.split()
        for size in (4, 3, 2):
            for i in range(len(words) - size + 1):
                if any(len(w) > 3 or w.isdigit() for w in words[i : i + size]):
                    found[" ".join(words[i : i + size])] = None
    return list(found)[:80]


def _row_texts(table: Table) -> list[str]:
    """What is searched in each row: everything but constants and what follows from other columns."""
    parts: list[list[str]] = [[] for _ in range(table.count)]
    for path, column in table.columns.items():
        if path in table.same or path in table.derived:
            continue
        for row, value in enumerate(column):
            if type(value) is str:
                parts[row].append(value)
            elif type(value) is bytes:
                parts[row].append(value.decode())
            elif type(value) is tuple:
                parts[row].append(value[0])
    for path, inner in [*table.lists.items(), *table.linked.items()]:
        items = table.values[path] if inner is None else _row_texts(inner)
        at = 0
        for row, size in enumerate(table.sizes[path]):
            if size > 0:
                parts[row] += [str(v) if type(v) is not bytes else v.decode() for v in items[at : at + size]]
                at += size
    return ["\n".join(p) for p in parts]


def _asked(paths: list[str], query: Query) -> list[str]:
    """Columns that the query names: by all words of their last key, or by one that few columns have."""
    said = {stem(w) for w in query.all_words if len(w) > 2}
    if not said:
        return []
    words = {p: [stem(w) for w in _WORDS.findall(p.rsplit(".", 1)[-1])] for p in paths}
    spread = Counter(w for ws in words.values() for w in set(ws))
    found = []
    for path, ws in words.items():
        named = [w for w in ws if w in said or any(w[:size] in said for size in range(4, len(w)))]
        if named and (len(named) == len(ws) or any(spread[w] <= max(1, 0.12 * len(paths)) for w in named)):
            found.append(path)
    return found


def _rare(shape: Counter[object], count: int) -> set[object]:
    """Values of a column of few values that stand in next to no row, where one value is usual."""
    if len(shape) < 2 or shape.most_common(1)[0][1] < _USUAL * count:
        return set()
    return {v for v, n in shape.items() if n <= max(2, _SELDOM * count) and v is not ABSENT and v is not None}


def _exceptional(shape: Counter[object], count: int) -> set[object]:
    """Rare states beside a few that are usual together, as orders are paid, sent and delivered.

    None of those is usual by itself, so what is rare is measured by the commonest, not by all.
    """
    most = max(1, _BESIDE * shape.most_common(1)[0][1])
    usual = sum(1 for n in shape.values() if n > most)
    rare = {v for v, n in shape.items() if n <= most and v is not ABSENT and v is not None}
    return rare if 0 < usual <= _STATES and sum(shape[v] for v in rare) <= _TOGETHER * count else set()


def _minority(priority: list[float], column: list[object], shape: Counter[object], to: float) -> bool:
    """States of at most a quarter of the rows, where one state is usual: of alerts those that fire, of pods those that wait."""
    count = len(column)
    if shape.most_common(1)[0][1] < 0.5 * count:
        return False
    few = {v for v, n in shape.items() if n <= 0.25 * count and v is not ABSENT and v is not None}
    if few:
        _raise(priority, [i for i, v in enumerate(column) if v in few], to)
    return bool(few)


def _troubled(priority: list[float], column: list[object], to: float) -> None:
    """Rows that have something in a column of trouble (``errorCount``, ``failure_message``) that is empty for most."""
    rows = [i for i, v in enumerate(column) if v not in _WELL]
    if len(rows) <= 0.25 * len(column):
        _raise(priority, rows, to)


def _errors(priority: list[float], shape: Counter[object], column: list[object], *, asked: bool) -> None:
    short: set[object] = set()
    long: set[object] = set()
    for value in shape:
        if type(value) is not str:
            continue
        if len(value) <= _SHORT:
            if _ERROR_CELL.search(value.lower()):
                short.add(value)
        else:
            text = value.lower()
            if any(word in text for word in _ERROR_WORDS):  # seven searches in C are faster than one alternation
                long.add(value)
    rows = [i for i, v in enumerate(column) if v in short] if short else []
    if len(rows) <= _MOST_TROUBLED * len(column):
        _raise(priority, rows, STRONG + 1 if asked else 65)
    rows = [i for i, v in enumerate(column) if v in long] if long else []
    if len(rows) <= _MOST_TROUBLED * len(column):
        _raise(priority, rows, NOTABLE)


def _extremes(priority: list[float], path: str, column: list[object], asked: list[str], query: Query) -> None:
    """Largest, smallest and far-off values of numeric and time columns."""
    words = query.all_words
    up, down = not words.isdisjoint(_UP) or query.slowness, not words.isdisjoint(_DOWN)
    named = path in asked
    lasting = query.slowness and _DURATION.search(path) is not None
    if not named and not lasting and _NOT_MEASURE.search(path) is not None:
        return
    values = numbers(column, times=named)
    if len(values) < 5:
        return
    ordered = sorted(values)
    if ordered[0][0] == ordered[-1][0]:
        return
    if not named and _CLOCK.search(path) is not None and _EPOCH <= ordered[len(ordered) // 2][0] > ordered[-1][0] / _ERA:
        return
    if lasting:
        # Where half of the requests are slow none is an outlier: the slowest first, as far as the budget goes.
        least = max(ordered[len(ordered) // 2][0], ordered[-1][0] / 2)
        slowest = [o for o in reversed(ordered) if o[0] >= least]
        for i, (_, row) in enumerate(slowest):
            _raise(priority, [row], 128 - 30 * i / len(slowest))
    top, bottom = _ends(ordered[::-1], 3), _ends(ordered, 2)
    if named and (up or down):
        _raise(priority, top if up else bottom, 80)
        _raise(priority, top if up else [], 150)
        _raise(priority, bottom if down else [], 150)
    elif up or down:
        _raise(priority, top[:1] if up else bottom[:1], 95)
    else:
        _raise(priority, top[:1], 45)
        _raise(priority, bottom[:1], 20)
    _outliers(priority, ordered, strong=query.slowness or query.severity)


def _ends(ordered: list[tuple[float, int]], count: int) -> list[int]:
    """The rows of the first values, and of a few more that are equal to the first."""
    equal = next((i for i, (v, _) in enumerate(ordered) if v != ordered[0][0]), len(ordered))
    return [row for _, row in ordered[: max(count, min(equal, _TIES))]]


def _outliers(priority: list[float], ordered: list[tuple[float, int]], *, strong: bool) -> None:
    """Values far off the median, or beyond a gap that splits a column of two kinds of values."""
    count = len(ordered)
    middle = ordered[count // 2][0]
    deviations = sorted(abs(v - middle) for v, _ in ordered)
    spread = deviations[count // 2]
    if spread <= 0:
        return
    far = [r for v, r in ordered if abs(v - middle) > 8 * spread]
    if far and len(far) <= 0.2 * count:
        _raise(priority, far[-max(12, count // 20) :], 90 if strong else 40)


def numbers(column: list[object], *, times: bool = False) -> list[tuple[float, int]]:
    """``(value, row)`` where a cell is a number, a number with a unit, or, with ``times``, an ISO time."""
    found: list[tuple[float, int]] = []
    for row, value in enumerate(column):
        if type(value) is bytes:
            number = float(value)
        elif type(value) is str and len(value) <= 40:
            if times and (match := _TIME.match(value)) is not None:
                number = float("".join(c for c in match[0][:19] if c.isdecimal()).ljust(14, "0"))  # of "²" isdigit is true, and it is no number
            elif (match := _UNIT.match(value)) is not None:
                number = float(match[0])
            else:
                continue
        else:
            continue
        if math.isfinite(number):
            found.append((number, row))
    return found


def _identity(table: Table, seen: dict[str, list[object]]) -> list[str]:
    """Up to two columns that name a record: mostly different, short, for reading."""
    found: list[tuple[float, int, str]] = []
    for order, (path, column) in enumerate(seen.items()):
        if path in table.derived or path.count(".") > 1:
            continue
        present = [v for v in column if type(v) in {str, bytes} and v]
        if len(present) < 0.6 * len(column):
            continue
        distinct = len(set(present)) / len(present)
        size = sum(map(len, present)) / len(present)  # type: ignore[arg-type]
        if distinct < 0.6 or size > 90:
            continue
        texts = [v for v in present if type(v) is str and not v.isdigit()]
        if not texts:
            if re.search(r"(?:^|[._])(?:id|number|line)$", path):
                found.append((1.0, order, path))
            continue
        if any(_OPAQUE.fullmatch(t) or _TIME.match(t) or "://" in t for t in texts[:5]):
            continue
        named = re.search(r"(?i)(?:name|title|path|login|key\)?|filename|id|summary|subject|value\))$", path) is not None
        found.append(((3.0 if named else 2.0) - path.count("."), order, path))
    found.sort(key=lambda f: (-f[0], f[1]))
    texts_first = [p for s, _, p in found if s != 1.0][:1]
    return texts_first + [p for s, _, p in found if s == 1.0][:1]
