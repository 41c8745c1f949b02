"""What stays of a text of which nothing is asked: tokens, answers, and the facts and words that must not go."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline import tokens
from pipeline.compressors.kompress.core import kompress
from pipeline.compressors.kompress.words import DEEPEST, dropped_at
from scripts.kompress.cases import asked, jsonl

LONGEST = 60_000  # characters of a document
_WORD = re.compile(r"\w+")
_FACTS = {
    "numbers": re.compile(r"(?<![\w.])\d[\d.,]*\d|\b\d\b"),
    "identifiers": re.compile(r"\b(?:\w+_\w+|[a-z]+[A-Z]\w+|[A-Z]{2,}\w*)\b"),
    "paths": re.compile(r"(?<!\w)(?:~|\.{1,2})?/[\w.+-]+(?:/[\w.+-]+)+"),
    # U+2010 is what formatters of manual pages divide words with: what stands before one is no address.
    "addresses": re.compile(r"https?://[^\s)>\]\"'`,‐]+(?!‐)(?=[\s)>\]\"'`,]|$)"),
}
_TURNING = re.compile(
    r"\b(?:not|no|never|none|nor|cannot|without|unless|except|only|must|shall|should|may|might|can|could|will|would|need|\w+n['’]t)\b", re.IGNORECASE
)


def lines(data: Path) -> Iterator[str]:
    """A line of figures for every kind of document that there is, in percent of what the documents have."""
    for name in ("peps", "man", "readme", "changelog", "swebench", "agent_obs", "gsm8k"):
        path = data / f"{name}.jsonl"
        if path.exists():
            yield f"  {name}: {_kept(str(row.get('text') or row.get('problem') or row['question'])[:LONGEST] for row in jsonl(path))}"
    if (data / "xquad.jsonl").exists():
        yield f"  xquad: {_answered(data / 'xquad.jsonl')}"


def _kept(texts: Iterable[str]) -> str:
    there: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for text in texts:
        said = kompress(text).text
        there["tokens"] += tokens.count(text)
        kept["tokens"] += tokens.count(said)
        flat = " ".join(said.split())
        for kind, pattern in _FACTS.items():
            facts = dict.fromkeys(match[0].rstrip(".,;:") for match in pattern.finditer(text))
            there[kind] += len(facts)
            kept[kind] += sum(fact in flat for fact in facts)
        words = Counter(map(str.lower, _TURNING.findall(text)))
        there["negations and modals"] += words.total()
        kept["negations and modals"] += (words & Counter(map(str.lower, _TURNING.findall(said)))).total()
    return ", ".join(f"{kind} {100 * kept[kind] / count:.2f}" for kind, count in there.items() if count)


def _answered(path: Path) -> str:
    """Answers whose words follow each other in the text still, those left aside that may go."""
    articles: dict[str, list[str]] = {}
    questions: dict[str, list[list[str]]] = {}
    for one in asked(path):
        articles.setdefault(one.group, []).append(one.passage)
        questions.setdefault(one.group, []).extend([text for _, text in answers] for _, answers in one.questions)
    before = after = found = total = 0
    for name, passages in articles.items():
        text = "\n\n".join(passages)
        said = kompress(text).text
        before, after = before + tokens.count(text), after + tokens.count(said)
        flat = _flat(said)
        found += sum(any(_flat(answer) in flat for answer in answers) for answers in questions[name])
        total += len(questions[name])
    return f"tokens {100 * after / before:.2f}, answers {100 * found / total:.2f} of {total}"


def _flat(text: str) -> str:
    return f" {' '.join(word for word in _WORD.findall(text.lower()) if word not in dropped_at(DEEPEST))} "
