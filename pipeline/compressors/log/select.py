"""Which lines of a log are kept. Rules add lines and never take any away; what no rule names is left out."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

from pipeline.compressors.asked import hits_of
from pipeline.compressors.kompress.lexicon import STOP_WORDS as ENGLISH_STOP_WORDS
from pipeline.compressors.log import durations, named, outlying
from pipeline.compressors.log.header import message
from pipeline.compressors.log.shapes import Shapes
from pipeline.compressors.log.traces import Events, is_cause
from pipeline.compressors.severity import ERROR
from pipeline.query import STOP_WORDS, Query, stem

_WORD = re.compile(r"[^\W\d_]{3,}")
_SHORT = 3  # letters: names of things in a log (job, pod, dns) are as short as that
# Beside the words that say nothing by themselves, words of that length that say something, but of no thing.
_NO_NAMES = (
    STOP_WORDS
    | ENGLISH_STOP_WORDS
    | frozenset(
        """add ago aim ask bad big bug buy day due end far fix hot lag log lot low man met new non odd old one per put ran red run saw set six
        sum ten top try two via win won yes yet""".split()
    )
)
# Both look behind their first character, so that the search skips to it.
_ADDRESS = re.compile(r"\.(?<=\d\.)\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w.])")  # but for what stands before its first dot
_SMALL = re.compile(r"\d(?<![\w.:-]\d)\d{0,3}(?![\w.:-])")
_OCTET = 3  # digits
_VALUES_SEEN = 2000  # lines of a shape whose values are compared: a second value turns up early or hardly ever


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of what is kept.

    Args:
        whole_errors: an error shape of up to so many lines is kept whole; of a larger one the first and last.
        values: so many lines more of a larger error shape, each with an address or small number not yet shown; 0: nor other words.
        whole_warnings: the same for warnings, but for those that say what one before them says.
        plain_named: lines that no rule names are shown until this share of the characters is, where the log has what the question names.
        plain: the same where only the question's intent is known.
        plain_unknown: the same where nothing is.
        asked: most lines of the shapes that share words with the question.
        asked_share: or this share of all lines, where that is more. Never more than a quarter.
        spread: longest run left out without a sample of it.
        trouble: where trouble is asked for, most error-like lines in a run left out: in a mass of one error single lines may be wanted, and
            what they cost is the run that they are fetched with. Lines that say what a line shown says do not count.
        slow: share of the characters for slow lines, where slowness is asked for.
        pairs: the same for pairs of lines that tell a duration.
        far: the same for lines with a number far above those of others.
        fold: print a header that consecutive kept lines share once, where that saves this share of the characters shown; 1: never, lines that are
            shown stand as they came.
    """

    whole_errors: int = 3
    values: int = 1
    whole_warnings: int = 2
    plain_named: float = 0.02
    plain: float = 0.06
    plain_unknown: float = 0.20
    asked: int = 40
    asked_share: float = 0.10
    spread: int = 96
    trouble: int = 8
    slow: float = 0.15
    pairs: float = 0.04
    far: float = 0.06
    fold: float = 1.0


BALANCED = Limits()
AGGRESSIVE = Limits(
    whole_errors=1,
    values=0,
    whole_warnings=1,
    plain_named=0.02,
    plain=0.04,
    plain_unknown=0.12,
    spread=128,
    trouble=24,
    pairs=0.02,
    fold=0.0,
)

_LAST = 3
_RARE = 2  # lines of a shape that is rare
_FEW_WORDS = 12  # in a merged shape with so few words a word that occurs once is rare, and one of an error may be the error
_RARE_SHARE = 0.4  # where "rare" names more of the text than this, nothing stands out
_ENTITY_LINES, _ENTITY_SHARE = 60, 0.3
_TELLING = 0.5  # words that so large a share of the lines has tell nothing
_MASKS_READ = 50
_ASKED_MOST = 0.25  # of the lines of a short log: of more the question's words tell nothing apart
_SINGLE = 4  # lines at each end of the shapes that share one word with the question
_PAUSES = 6
_END = 24  # characters of a line's end
_SAMPLES = 200  # most samples in a log, however long


class Selection:
    """The lines kept so far.

    Args:
        shapes: the grouped log.
        events: its events of several lines.
        query: what was asked.
        limits: how much of what.
    """

    def __init__(self, shapes: Shapes, events: Events, query: Query, limits: Limits) -> None:
        self.shapes = shapes
        self.events = events
        self.query = query
        self.limits = limits
        self.kept = bytearray(len(shapes.lines))
        self.chars = sum(map(len, shapes.lines)) + len(shapes.lines)
        self._moments = named.moments(query, shapes.lines)
        self._guessed: list[int] = []  # kept for words of the question
        self._told: set[tuple[int, ...]] = set()
        self._frames: set[tuple[str, ...]] = set()
        self._times: Counter[int] = Counter()

    def run(self) -> bytearray:
        """Apply all rules; 1 for every line that is kept."""
        share = self._outstanding()
        self._slow()
        self._ends()
        self._plain(share)
        self._spread()
        return self.kept

    def outstanding(self) -> bytearray:
        """Apply only the rules for what is asked for and what is trouble: no samples. Where trouble is asked for, all error-like lines."""
        self._outstanding()
        if self.query.slowness:
            self._slow()
        if self.query.severity:
            self._keep(i for i, severity in enumerate(self.shapes.severities) if severity == ERROR)
        return self.kept

    def _outstanding(self) -> float:
        """Apply those rules; the share for plain lines: the better it is known what is wanted, the less there is to guess."""
        query = self.query
        by_name = self._entities()
        known = self._asked() or query.severity or query.rarity or query.slowness
        self._trouble()
        if query.rarity:
            self._rare()
        return self.limits.plain_named if by_name else self.limits.plain if known else self.limits.plain_unknown

    def _keep(self, lines: Iterable[int], told: bool = False) -> None:
        """Keep lines; with ``told``, and of records, also their event: its first line, and all that hangs on it if no equal one is shown yet."""
        for i in lines:
            self.kept[i] = 1
            if told or self.events.records:
                self._tell(self.events.head_of[i])

    def _tell(self, head: int) -> None:
        self.kept[head] = 1
        end = self.events.detail.get(head)
        self._times[head] += 1
        if end is None or self._times[head] > 2:  # once as it is new or not, once as a repeat: a third time adds nothing, and an event may be long
            return
        signature = tuple(self.shapes.mask_of[head + 1 : end])
        if signature not in self._told:
            self._told.add(signature)
            for i in self.events.shown(head, self.shapes.lines, self._frames):
                self.kept[i] = 1
        else:  # the causes of a repeat are lines that carry its own values
            for i in range(head + 1, end):
                if is_cause(self.shapes.lines[i]):
                    self.kept[i] = 1

    def _entities(self) -> bool:
        """Every line that names something the question names, unless that names everything."""
        most = max(_ENTITY_LINES, int(_ENTITY_SHARE * len(self.kept)))
        found = hits_of(self.shapes.lines, named.entities(self.query), most)
        found += [moment.lines for moment in self._moments if moment.lines]
        plain = named.values(self.shapes, (*self.query.words, *self._short_words()))
        for hits in (*found, *([i for i in hits if not self.events.frame[i]] for hits in plain)):
            self._keep(hits, told=True)
        return bool(found)

    def _asked(self) -> bool:
        """Lines of the shapes with most words in common with the question."""
        shapes = self.shapes
        asked = {*self.query.stems, *self._short_words()}
        if not asked:
            return False
        scores = [len(self._stems_in(s, asked)) for s in range(len(shapes.masks_in))]
        if self.query.severity:  # trouble in a line about what was asked for outranks the same line without it
            scores = [n + bool(n and shapes.severities[shapes.members[s][0]]) for s, n in enumerate(scores)]
        best = max(scores)
        if best == 0:
            return False
        lines = sorted(i for s, score in enumerate(scores) if score == best for i in shapes.members[s])
        if len(lines) >= _TELLING * len(self.kept):
            return False
        if best == 1:
            lines = self._apart(lines[:_SINGLE] + lines[-_SINGLE:])
        count = len(self.kept)
        most = max(min(self.limits.asked, int(_ASKED_MOST * count)), int(self.limits.asked_share * count))
        self._guessed = _evenly(lines, most)
        self._keep(self._guessed, told=True)
        return True

    def _short_words(self) -> list[str]:
        """Words of the question that may be a name although they are short."""
        return sorted(word for word in self.query.all_words if len(word) == _SHORT and word.isalpha() and word not in _NO_NAMES)

    def _stems_in(self, shape: int, asked: set[str]) -> set[str]:
        """Which of the stems asked for a shape has."""
        found: set[str] = set()
        starts = tuple({word[:4] for word in asked})  # no stem is shorter, but for names
        for mask in self.shapes.masks_in[shape][:_MASKS_READ]:
            text = self.shapes.masks[mask][:2000].lower()
            if any(start in text for start in starts):
                found.update(stem(w) for w in _WORD.findall(text) if w.startswith(starts))
        return found & asked

    def _trouble(self) -> None:
        """Of every shape its error-like and its warning-like lines: all if few, else first, last and some with other values.

        When an error came last tells whether it lasts; of warnings that tells too little for a line that says the same again.
        """
        lines: dict[tuple[int, int], list[int]] = {}
        for i, bad in enumerate(self.shapes.severities):
            if bad:
                lines.setdefault((bad, self.shapes.shape_of[i]), []).append(i)
        for (bad, _), members in lines.items():
            whole = self.limits.whole_errors if bad == ERROR else self.limits.whole_warnings
            few = members if len(members) <= whole else [members[0], *self._from_moment(members), members[-1]]
            self._keep(few if bad == ERROR else self._apart(few), told=True)
            if bad == ERROR and self.limits.values and len(members) > whole:
                self._keep(self._other_words(members) or self._other_values(members), told=True)

    def _from_moment(self, members: Sequence[int]) -> list[int]:
        """Of ascending lines the first from the time of day on that the question names, if it names one and there is such a line."""
        if not self._moments:
            return []
        at = bisect_left(members, self._moments[0].start)
        return list(members[at : at + 1])

    def _apart(self, lines: Sequence[int]) -> list[int]:
        """The lines that say something which none of those before them says."""
        said: dict[str, int] = {}
        for i in lines:
            said.setdefault(message(self.shapes.lines[i]), i)
        return list(said.values())

    def _other_words(self, members: Sequence[int]) -> list[int]:
        """The first line with each word of those in which the lines differ, where these are so few that they may be what went wrong."""
        first: dict[int, int] = {}
        for i in members:
            first.setdefault(self.shapes.mask_of[i], i)
        return list(first.values()) if 1 < len(first) <= _FEW_WORDS else []

    def _other_values(self, members: Sequence[int]) -> list[int]:
        """The first lines with an address, or else a last small number, that the first line does not have."""
        seen: set[str] = set()
        found: list[int] = []
        for i in members[:_VALUES_SEEN]:
            value = _telling_value(self.shapes.lines[i][:1000])
            if value and value not in seen:
                if seen:
                    found.append(i)
                    if len(found) == self.limits.values:
                        break
                seen.add(value)
        return found

    def _rare(self) -> None:
        """Every line of a rare shape that says something of its own, and of a merged shape with few words those with a word that occurs once."""
        shapes = self.shapes
        lines = [i for group in shapes.members if len(group) <= _RARE for i in group]
        once = Counter(shapes.mask_of)
        few = [1 < len(group) <= _FEW_WORDS for group in shapes.masks_in]
        lines += [i for i, s in enumerate(shapes.shape_of) if few[s] and len(shapes.members[s]) > _RARE and once[shapes.mask_of[i]] == 1]
        lines = [i for i in sorted(lines) if self.events.records or self.events.head_of[i] == i]
        if sum(len(shapes.lines[i]) for i in lines) <= _RARE_SHARE * self.chars:
            self._keep(self._apart(lines), told=True)

    def _slow(self) -> None:
        slow = durations.slow(self.shapes, asked=self.query.slowness)
        self._keep(slow.outliers)
        lines, limits = self.shapes.lines, self.limits
        if outlying.asked(self.query):
            self._keep(durations.within(outlying.outlying(lines, self.shapes.members), lines, limits.far * self.chars))
        if not self.query.slowness:
            return
        self._keep(durations.within(slow.long, lines, limits.slow * self.chars))
        # A time that nothing names as one is a decimal number, or any number where no time is printed at all.
        untimed = [self.shapes.members[s] for s in slow.untimed]
        far = outlying.outlying(lines, untimed, decimal=True) or ([] if slow.printed else outlying.outlying(lines, untimed))
        self._keep(durations.within(far, lines, limits.far * self.chars))
        clocks = [durations.clock(line) for line in lines]
        if not slow.printed and not far:
            both = [i for pair in durations.pairs(self.shapes, clocks) for i in pair]
            self._keep(durations.within(both, lines, limits.pairs * self.chars))
        self._keep(durations.pauses(clocks, _PAUSES))

    def _ends(self) -> None:
        self.kept[0] = 1
        self._keep(range(max(0, len(self.kept) - _LAST), len(self.kept)))
        for moment in self._moments:  # with the last line before it: so that is where the log comes to it
            self._keep((max(0, moment.start - 1), moment.start))

    def _plain(self, share: float) -> None:
        """The first line of the rarest shapes that are not shown yet, as far as the share goes. Continuation lines do not count."""
        members = self.shapes.members
        events = self.events
        heads = [s for s, g in enumerate(members) if (events.records or events.head_of[g[0]] == g[0]) and self.shapes.sample[s].strip()]
        spent = sum(len(line) + 1 for line in compress(self.shapes.lines, self.kept))
        guessed = sum(len(self.shapes.lines[i]) + 1 for i in self._guessed)  # what words of the question pick leaves a little for the rest
        budget = max(share * self.chars - spent, self.limits.plain_named * self.chars - (spent - guessed))
        after = {s: found[0] for s in heads if (found := self._from_moment(members[s]))}
        for s in sorted(heads, key=lambda s: (len(members[s]), s not in after, members[s][0])):
            if any(self.kept[i] for i in members[s][:_VALUES_SEEN]):
                continue
            first = after.get(s, members[s][0])
            budget -= len(self.shapes.lines[first]) + 1
            if budget < 0:
                break
            self._keep((first,))

    def _spread(self) -> None:
        """A sample of every long run that would be left out, and of every long mass of trouble where that is asked for."""
        step = max(self.limits.spread, len(self.kept) // _SAMPLES)
        most = max(self.limits.trouble, len(self.kept) // _SAMPLES)
        bad = self._unsaid_errors(most) if self.query.severity else ()
        run = mass = 0
        for i, kept in enumerate(self.kept):
            if kept:
                run = mass = 0
                continue
            run += 1
            mass += i in bad
            if run > step or mass > most:
                head = self.events.head_of[i]
                sample = head if i - head < run else i  # a line within a stack trace is a poor sample
                self._keep((sample,))
                run = i - sample
                mass = 0

    def _unsaid_errors(self, most: int) -> set[int]:
        """Error-like lines left out that say what no line shown says; none where there are too few for a mass."""
        bad = [i for i, severity in enumerate(self.shapes.severities) if severity == ERROR]
        left = [i for i in bad if not self.kept[i]]
        if len(left) <= most:
            return set()
        lines = self.shapes.lines
        said = {message(lines[i]) for i in bad if self.kept[i]}
        # Lines that say the same end alike, unless the process that says it is named as late as that: most need no closer look.
        end = min(_END, *map(len, said)) if said else 0
        ends = {text[-end:] for text in said}
        unsaid = {i for i in left if end and lines[i][-end:] not in ends and "]:" not in lines[i][-end:]}
        return unsaid | {i for i in left if i not in unsaid and message(lines[i]) not in said}


def _telling_value(line: str) -> str:
    """The first address of a line, or else its last small number, or nothing."""
    for rest in _ADDRESS.finditer(line):
        before = line[max(0, rest.start() - _OCTET - 1) : rest.start()]
        border = before.rstrip("0123456789")
        octet = before[len(border) :]
        if len(octet) <= _OCTET and not (border[-1:].isalnum() or border[-1:] in ("_", ".")):
            return octet + rest[0]
    small = _SMALL.search(line[::-1])  # from the end: several times faster than to find all
    return small[0][::-1] if small is not None else ""


def _evenly(lines: list[int], most: int) -> list[int]:
    """Up to ``most`` lines, evenly over all, the first and the last among them."""
    if len(lines) <= most:
        return lines
    return [lines[round(k * (len(lines) - 1) / (most - 1))] for k in range(most)]
