"""What a block was asked for: entities, content words and intent, taken from the text that stands before the block.

Three things are kept apart, because mixing them costs recall: *entities* (ids, paths, names: a line with one is wanted), *stems* of content
words (they rank), and *intent* words (error, unusual, slow): those say what kind of line is wanted and must never be matched as content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.forks import cached_property
from pipeline.transcript import ToolCall

_QUOTED = re.compile(r"`([^`\n]{2,120})`|\"([^\"\n]{2,120})\"|(?<![A-Za-z0-9])'([^'\n]{2,120})'(?![A-Za-z])|“([^”\n]{2,120})”")
_TOKEN = re.compile(r"[^\s,;()\[\]{}<>\"'`“”]+")
_WORD = re.compile(r"[^\W\d_]{4,}")
_CAMEL = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2,}[a-z]")
_EXTENSION = re.compile(r"^[\w.+-]+\.[A-Za-z][A-Za-z0-9]{0,7}$")
_PORT = re.compile(r":\d{2,5}$")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_TRAILING = ".,:;!?…"
_LEADING = re.compile(r"(?:[,:;!?…]|\.{2,}(?!/)|\.(?![A-Za-z_./]))+")  # a dot stays that begins a name or a path: .env, ./a, ../b
_DOTTED = re.compile(r"\.[A-Za-z_][\w.-]+")
_OF_A_KIND = re.compile(r"\s{1,3}(?:files|extensions?)\b")  # .py files: no name
_HYPHENED = re.compile(r"[A-Za-z]\w{0,60}(?:-\w{1,60}){1,8}")  # api-gateway
_LEAST_HYPHENED = 6
_MAX_TEXT = 6_000  # a pasted file is no question: its head and tail are
_MAX_ARGUMENTS = 4_000

STOP_WORDS = frozenset(
    """about above after again against all also and any are because been before being below between both but can cannot could did does doing
    done down during each else ever every few find for from further get give given had has have having here how into its itself just know let
    like list look main make many may me might more most much must need nor not now off once only or other our out over own please same see
    shall she should show some such take tell than that the their them then there these they thing things this those through too under until
    use used using very want was way were what when where which while who why will with within would you your file files line lines exactly
    answer question say says said anything something everything anyone someone here there tool result output text content data code
    give look check continue going first last next""".split()
)
_SEVERITY = frozenset(
    """error errors fail fails failed failing failure failures alert alerts warning warnings warn problem problems issue issues wrong crash
    crashes crashed crashing broken break exception exceptions fatal critical panic unhealthy misbehave misbehaved misbehaving bug bugs
    trouble incident outage down degraded refused rejected denied abort aborted unexpected invalid traceback""".split()
)
_RARITY = frozenset(
    """unusual rare rarely anomaly anomalies anomalous odd oddly oneoff one-off suspicious strange weird unexpected outlier outliers
    uncommon peculiar abnormal irregular""".split()
)
_SLOWNESS = frozenset(
    "slow slower slowest slowness latency latencies delay delays delayed duration stuck timeout timeouts hang hangs long longest lag".split()
)
_INTENT = _SEVERITY | _RARITY | _SLOWNESS
# Of a word with hyphens that is plain English: parts that stand in no name, how the first begins or the last ends.
_JOINING = frozenset("and or to of in on off up out over by for per the a an at as is it no not so too be do than with only".split())
_DESCRIBING = frozenset(
    """long short high low well fast slow hard far best newly real full half first second third one two three non re multi single double self semi
    so built""".split()
)
_DESCRIBED = frozenset(
    """based side like wide safe free aware level party friendly specific sensitive oriented related ready time term only style sized off down
    readable dependent independent compatible proof""".split()
)
_SUFFIXES = ("ations", "ation", "ments", "ment", "ities", "ings", "ing", "edly", "ied", "ies", "ers", "ed", "es", "er", "ly", "s")


def stem(word: str) -> str:
    """A word without its commonest English suffix, lower case: crude, but the same on both sides of a comparison."""
    word = word.lower()
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


@dataclass(frozen=True)
class Query:
    """What was asked, from the text before a block.

    Args:
        text: the last user text before the block.
        call: the call's own arguments as one text; they name what the agent looks for.
    """

    text: str = ""
    call: str = ""

    @classmethod
    def of(cls, user_text: str, call: ToolCall | None) -> Query:
        """The query for the result of ``call``, asked by ``user_text``."""
        if len(user_text) > _MAX_TEXT:
            user_text = user_text[: _MAX_TEXT // 2] + "\n" + user_text[-_MAX_TEXT // 2 :]
        return cls(user_text, "" if call is None else _argument_text(call.arguments))

    @cached_property
    def quoted(self) -> tuple[str, ...]:
        """Phrases in quotes or back-ticks in the user's text, in order."""
        found = (next(g for g in m.groups() if g is not None).strip() for m in _QUOTED.finditer(self.text))
        return tuple(dict.fromkeys(q for q in found if len(q) >= 2))

    @cached_property
    def entities(self) -> tuple[str, ...]:
        """Things named exactly, in order: words with a digit (4 characters or more), ``_``, camelCase, a file extension, ``/``, ``::``, ``:port``,
        ``@``, a dot before them (``.env``), or hyphens that plain English does not have; and quoted phrases without a blank.

        A path that begins with ``./`` is named with and without it: the tools that print paths are of two minds.
        """
        named = [q for q in self.quoted if " " not in q]
        for match in _TOKEN.finditer(self.text):
            token = match[0].rstrip(_TRAILING).rstrip("*")
            token = token[begun.end() :] if (begun := _LEADING.match(token)) else token
            if _is_entity(token) and not (_DOTTED.fullmatch(token) and _OF_A_KIND.match(self.text, match.end())):
                named.append(token)
                if token.startswith("./") and _is_entity(token[2:]):
                    named.append(token[2:])
        return tuple(dict.fromkeys(n for n in named if n.lower() not in _INTENT))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Content words of the user's text in order, lower case: four letters or more, no stop words, no intent words."""
        found = (m[0].lower() for m in _WORD.finditer(self.text))
        return tuple(dict.fromkeys(w for w in found if w not in STOP_WORDS and w not in _INTENT))

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """Stems of ``words``."""
        return tuple(dict.fromkeys(stem(w) for w in self.words))

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Numbers in the user's text, as written."""
        return tuple(dict.fromkeys(_NUMBER.findall(self.text)))

    @cached_property
    def trouble(self) -> tuple[str, ...]:
        """The words by which the user's text asks for trouble, in order, lower case."""
        found = (m[0].lower() for m in _WORD.finditer(self.text))
        return tuple(dict.fromkeys(w for w in found if w in _SEVERITY))

    @cached_property
    def severity(self) -> bool:
        """Trouble is asked for."""
        return self._has(_SEVERITY)

    @cached_property
    def rarity(self) -> bool:
        """The unusual is asked for."""
        return self._has(_RARITY)

    @cached_property
    def slowness(self) -> bool:
        """Slow things are asked for."""
        return self._has(_SLOWNESS)

    @cached_property
    def all_words(self) -> frozenset[str]:
        """Every word of the user's text, lower case, nothing left out."""
        return frozenset(re.findall(r"[\w-]+", self.text.lower()))

    def _has(self, intent: frozenset[str]) -> bool:
        return not intent.isdisjoint(self.all_words)


def entity_pattern(entities: tuple[str, ...]) -> re.Pattern[str] | None:
    """A pattern that finds any of the entities as a whole: ``1.2.3.4`` is not found in ``1.2.3.40``. None if there are none.

    Entities are tried longest first. Case is ignored only where an entity has no upper-case letter.
    """
    if not entities:
        return None
    alternatives = []
    for entity in sorted(set(entities), key=lambda e: (-len(e), e)):
        left = r"(?<![A-Za-z0-9_])" if entity[:1].isalnum() or entity[:1] == "_" else ""
        right = r"(?![A-Za-z0-9_])" if entity[-1:].isalnum() or entity[-1:] == "_" else ""
        if entity[-1:].isdigit():
            right += r"(?!\.\d)"
        flag = "(?i:" if entity == entity.lower() else "(?:"
        alternatives.append(f"{left}{flag}{re.escape(entity)}){right}")
    return re.compile("|".join(alternatives))


def _is_entity(token: str) -> bool:
    if len(token) < 3 or len(token) > 200:
        return False
    if any(c.isdigit() for c in token):
        return len(token) >= 4
    return (
        "_" in token.strip("_")
        or "/" in token.strip("/")
        or "::" in token
        or "@" in token
        or _CAMEL.search(token) is not None
        or _EXTENSION.match(token) is not None
        or _PORT.search(token) is not None
        or _DOTTED.fullmatch(token) is not None
        or _is_hyphened_name(token)
    )


def _is_hyphened_name(token: str) -> bool:
    """Whether a word with hyphens is a name: ``aardvark-dns``, not ``end-to-end``, ``read-only``, ``long-running`` or ``user-defined``."""
    if len(token) < _LEAST_HYPHENED or not _HYPHENED.fullmatch(token):
        return False
    parts = token.lower().split("-")
    first, last = parts[0], parts[-1]
    if not _JOINING.isdisjoint(parts) or (len(parts) == 2 and len(first) < 2):
        return False
    return not (first in _DESCRIBING or last in _DESCRIBED or (last.endswith("ed") and len(last) > 4))


def _argument_text(arguments: object) -> str:
    """Every string in a call's arguments, in order, until there are enough. Not recursive: a model may nest deeper than the stack."""
    found: list[str] = []
    length = 0
    waiting: list[tuple[object, str]] = [(arguments, "")]  # each with what stands between it and its neighbours
    while waiting and length < _MAX_ARGUMENTS:
        value, between = waiting.pop()
        if isinstance(value, str) and value:
            found += [between, value] if found else [value]
            length += len(value)
        elif isinstance(value, (Mapping, list, tuple)):
            held, own = (value.values(), "\n") if isinstance(value, Mapping) else (value, " ")
            waiting += reversed([(v, own if n else between) for n, v in enumerate(held)])
    return "".join(found)[:_MAX_ARGUMENTS]
