"""Questions with the text they are asked of and the units that answer them: what is trained on, calibrated with and evaluated."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.lexicon import STOP_WORDS
from pipeline.compressors.kompress.question import WORD
from pipeline.compressors.kompress.segment import segment

QUESTIONS = Path(__file__).with_name("questions")
CLOZE_WORDS = 3
LONGEST = 24_000  # characters of a document that are asked of
# What a developer looks for and a word is not: flags, paths, numbers, identifiers.
_FACT = re.compile(r"(?<![\w-])--?[a-z][\w-]{2,}|/[\w.-]+/[\w./-]+|\b\d[\d.,]*\d\b|\b[a-z]+_\w+\b|\b[A-Z]+_\w+\b|\b[a-z]+[A-Z]\w+")


@dataclass(frozen=True)
class Text:
    """A text in the units that are kept or left out. Blank units, which nobody asks for, are part of what stands before them."""

    text: str

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        return tuple((unit.start, unit.end) for unit in segment(self.text) if unit.kind is not Kind.BLANK)

    @cached_property
    def chosen_from(self) -> frozenset[int]:
        """Units that are sentences or headings. Code and tables are not: the compressor keeps them, or another one takes them."""
        kinds = [unit.kind for unit in segment(self.text) if unit.kind is not Kind.BLANK]
        return frozenset(i for i, kind in enumerate(kinds) if kind in (Kind.SENTENCE, Kind.ITEM, Kind.HEADING))

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        return tuple(self.text[start:end] for start, end in self.spans)

    def units(self, start: int, end: int) -> frozenset[int]:
        """The units that overlap ``[start, end)``."""
        return frozenset(i for i, (s, e) in enumerate(self.spans) if s < end and e > start)


@dataclass(frozen=True)
class Case:
    """A question.

    Args:
        group: the article or document it belongs to; splits and bootstraps are by group.
        answers: sets of units, one of which must be kept whole.
    """

    text: Text
    question: str
    answers: tuple[frozenset[int], ...]
    group: str

    @property
    def gold(self) -> frozenset[int]:
        """Every unit of an answer."""
        return frozenset(i for answer in self.answers for i in answer)


@dataclass(frozen=True)
class Asked:
    """A passage with its questions and their answers (offsets, text; offset -1: wherever it stands)."""

    group: str
    passage: str
    questions: tuple[tuple[str, tuple[tuple[int, str], ...]], ...]


def jsonl(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def asked(path: Path) -> list[Asked]:
    """Rows ``{"article", "context", "qas": [{"q", "answers": [[offset, text]]}]}``."""
    return [
        Asked(row["article"], row["context"], tuple((qa["q"], tuple((int(at), text) for at, text in qa["answers"])) for qa in row["qas"]))
        for row in map(json.loads, path.read_text("utf-8").splitlines())
    ]


def squad(path: Path) -> list[Asked]:
    """A file in the form of SQuAD v1.1."""
    return [
        Asked(
            article["title"],
            paragraph["context"],
            tuple((qa["question"], tuple((a["answer_start"], a["text"]) for a in qa["answers"])) for qa in paragraph["qas"]),
        )
        for article in json.loads(path.read_text("utf-8"))["data"]
        for paragraph in article["paragraphs"]
    ]


def written(path: Path) -> list[Asked]:
    """Our own texts: ``# title``, then sentences each with its questions: ``? question | answer``. A blank line ends a paragraph."""
    passages: list[Asked] = []
    title = ""
    sentences: list[str] = []
    questions: list[tuple[str, tuple[tuple[int, str], ...]]] = []

    def close() -> None:
        if sentences:
            passages.append(Asked(title, " ".join(sentences), tuple(questions)))
        sentences.clear()
        questions.clear()

    for line in [*path.read_text("utf-8").splitlines(), ""]:
        if line.startswith("# "):
            title = f"{path.stem}/{line[2:]}"
        elif line.startswith("? "):
            question, _, answer = line[2:].partition(" | ")
            at = " ".join(sentences).rfind(answer)
            if at < 0:
                raise ValueError(f"{path}: the answer {answer!r} does not stand before its question.")
            questions.append((question, ((at, answer),)))
        elif line:
            sentences.append(line)
        else:
            close()
    return passages


def by_article(passages: Iterable[Asked], longest: int = 40) -> Iterator[Case]:
    """Each question over all passages of its article (of long ones the neighbours of its own): what answers it is among much that is like it."""
    articles: dict[str, list[Asked]] = {}
    for one in passages:
        articles.setdefault(one.group, []).append(one)
    for rows in articles.values():
        for first in range(0, len(rows), longest):
            chunk = rows[first : first + longest]
            yield from _over(chunk, range(len(chunk)))


def in_haystack(passages: Sequence[Asked], others: int, seed: int, most: int = 10**9) -> Iterator[Case]:
    """Each question over its passage among ``others`` random ones of other articles."""
    chance = random.Random(seed)
    chosen = chance.sample(range(len(passages)), min(most, len(passages)))
    for i in chosen:
        pool = chance.sample(range(len(passages)), min(len(passages), others * 3 + 1))
        rest = [passages[j] for j in pool if j != i and passages[j].group != passages[i].group][:others]
        place = chance.randrange(len(rest) + 1)
        yield from _over([*rest[:place], passages[i], *rest[place:]], [place])


def _over(chunk: Sequence[Asked], asking: Iterable[int]) -> Iterator[Case]:
    starts, at = [], 0
    for one in chunk:
        starts.append(at)
        at += len(one.passage) + 2
    text = Text("\n\n".join(one.passage for one in chunk))
    for i in asking:
        for question, answers in chunk[i].questions:
            found = tuple(text.units(starts[i] + s, starts[i] + e) for s, e in _places(chunk[i].passage, answers))
            if found:
                yield Case(text, question, found, chunk[i].group)


def _places(passage: str, answers: Iterable[tuple[int, str]]) -> list[tuple[int, int]]:
    places = []
    for at, text in answers:
        if at >= 0:
            places.append((at, at + len(text)))
        else:
            places += [m.span() for m in re.finditer(re.escape(text), passage, re.IGNORECASE)]
    return places


def cloze(documents: Iterable[tuple[str, str]], seed: int, most: int, each: int = 8, *, facts: bool = True) -> list[Case]:
    """Keywords as agents send them: three words of a sentence, ``each`` times a document, ``most`` in all.

    With ``facts`` of a sentence that alone has some flag, path, number or identifier, and without that fact.
    """
    chance = random.Random(seed)
    cases = []
    for name, whole in documents:
        text = Text(whole[:LONGEST])
        targets = _facts(text) if facts else [("", i) for i in sorted(text.chosen_from)]
        for fact, unit in chance.sample(targets, min(each, len(targets))):
            sentence = text.sentences[unit]
            if words := _keywords(sentence.replace(fact, " ") if fact else sentence, chance):
                cases.append(Case(text, " ".join(words), (frozenset([unit]),), name))
    return chance.sample(cases, min(most, len(cases)))


def _facts(text: Text) -> list[tuple[str, int]]:
    """What stands once in a text and is looked for, and its unit."""
    places: dict[str, list[int]] = {}
    for i, sentence in enumerate(text.sentences):
        for fact in dict.fromkeys(_FACT.findall(sentence)):
            places.setdefault(fact, []).append(i)
    return [(fact, units[0]) for fact, units in places.items() if len(units) == 1 and units[0] in text.chosen_from and text.text.count(fact) == 1]


def _keywords(sentence: str, chance: random.Random) -> list[str]:
    words = list(dict.fromkeys(w for w in WORD.findall(sentence) if len(w) > 2 and w.isalpha() and w.lower() not in STOP_WORDS))
    return chance.sample(words, CLOZE_WORDS) if len(words) >= CLOZE_WORDS + 2 else []
