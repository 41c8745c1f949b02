"""What English words are like: how common, which share a stem, which mean much the same. The table is built by ``scripts/kompress/words``."""

from __future__ import annotations

import lzma
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

DATA = Path(__file__).with_name("data")
RAREST = 60  # of a word that the table does not have

STOP_WORDS = frozenset(
    """a about after again all also although am among an and any anybody anyone anything are aren't as at be because been before being between
    both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each either else ever every for from
    further get gets give given gives got had has hasn't have haven't having he her here hers him his how however i i'd i'll i'm i've if in
    into is isn't it it's its itself just let like made make makes many may me might more most much must my name named neither no nor not of
    off often on once only or other our out over own please say said says see shall she should show so some someone something such take tell
    than that that's the their them then there these they thing things this those through to too under until up upon us use used uses using
    very want was wasn't way we were weren't what what's when where whether which while who who's whom whose why will with within without
    won't would you your""".split()
)

# Longest first; what remains must have three letters or more. Crude, but the same on both sides of a comparison.
_SUFFIXES = tuple(
    """izations ization ational ations iveness fulness ments ation ators ities ingly ously ments ating ation ators ators ables ness ment ator
    able ible ated ates ance ence ious ical ally ings ions ists isms edly ier ing ion ive ize ise ist ism ity ous ful ers ors ate ant ent ed
    es er or ly al ic s""".split()
)
_BY_LAST = {last: tuple(sorted({s for s in _SUFFIXES if s[-1] == last}, key=lambda s: (-len(s), s))) for last in sorted({s[-1] for s in _SUFFIXES})}
_LONGEST_WORD = 40  # beyond it is no English word, and stems of such things are of no use


@lru_cache(maxsize=1 << 14)
def stem(word: str) -> str:
    """A lower-case word without its endings: at most two suffixes, a doubled consonant, a final e; y and i count as one letter."""
    if len(word) > _LONGEST_WORD or not word.isalpha():
        return word
    shared = _IRREGULAR.get(word)
    if shared is not None:
        return shared
    if word.endswith(("ies", "ied")) and len(word) > 4:
        word = word[:-3] + "y"
    for first in (True, False):
        for suffix in _BY_LAST.get(word[-1], ()):
            # The s of “horses” and “released” that another suffix uncovers is the word's own.
            if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not (suffix == "s" and (word[-2] in "su" or not first)):
                word = word[: -len(suffix)]
                break
        else:
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    if len(word) > 3 and word[-1] == "e":
        word = word[:-1]
    return word[:-1] + "i" if word[-1] == "y" and len(word) > 2 else word


def _forms(table: str) -> dict[str, str]:
    """Every form of an irregular word -> its first form."""
    return {form: line.split()[0] for line in table.splitlines() for form in line.split()}


# Forms that no suffix rule joins. The first of a line is the stem of all.
_IRREGULAR = _forms(
    """arise arose arisen arises arising
beat beaten beats beating
become became becomes becoming
begin began begun begins beginning beginnings
bite bit bitten
bear bore borne
break broke broken breaks breaking
bring brought brings bringing
build built builds building buildings
buy bought buys buying
catch caught catches catching
choose chose chosen choosing choice choices
child children
come came comes coming
cost costs costing costly
deal dealt deals
die died dies dying dead death deaths
draw drew drawn draws drawing drawings
drink drank drunk drinks drinking
drive drove driven drives driving driver drivers
eat ate eaten eats eating
fall fell fallen falls falling
feed fed feeds feeding
feel felt feels feeling
fight fought fights fighting fighter fighters
find found finds finding
fly flew flown flies flying flight flights
foot feet
forget forgot forgotten
freeze froze frozen
go went gone goes going
grow grew grown grows growing growth
hold held holds holding
keep kept keeps keeping
know knew known knows knowing knowledge
lay laid lays laying
lead led leads leading leader leaders leadership
leave left leaves leaving
lend lent lends
lose lost loses losing loss losses
man men
mean meant means meaning
meet met meets meeting meetings
mouse mice
pay paid pays paying payment payments
person people persons
ride rode ridden rides riding rider
rise rose risen rises rising
run ran runs running runner runners
sell sold sells selling sale sales
send sent sends sending sender
shoot shot shoots shooting
sing sang sung sings singing singer singers song songs
sink sank sunk
sit sat sits sitting
sleep slept sleeps sleeping
speak spoke spoken speaks speaking speaker speech
spend spent spends spending
stand stood stands standing
steal stole stolen theft
swim swam swum swims swimming
teach taught teaches teaching teacher teachers
think thought thinks thinking thoughts
tooth teeth
wear wore worn wears wearing
win won wins winning winner winners
woman women
write wrote written writes writing writer writers
choose chosen chose choice
high height higher highest
long length longer longest lengths
wide width wider widest
deep depth deeper deepest
strong strength stronger strongest
weigh weight weighs weighed weights
heavy heavier heaviest
large larger largest
big bigger biggest
good better best
bad worse worst
old older oldest
young younger youngest youth
marry married marries marriage
bury buried buries burial
apply applied applies application applications
invade invaded invades invasion invaders
explode exploded explosion explosions explosive
destroy destroyed destroys destruction
decide decided decides decision decisions
describe described describes description
divide divided divides division divisions
expand expanded expands expansion
explain explained explains explanation
produce produced produces producing production producer producers
include included includes including inclusion
defeat defeated defeats
permit permitted permission permissions
receive received receives reception recipient
reduce reduced reduces reduction
retain retained retains retention
sign signed signs signature signatures
succeed succeeded succeeds success successful successfully succession
threat threaten threatened threats threatening
vary varied varies variation variations variety various variable
live lived lives living life
cook cooked cooks cooking
repeat repeated repeats repetition
analyse analyze analysis analyses analyzed analysed
city cities
country countries
hero heroes
crisis crises
basis bases
index indices indexes
matrix matrices
memory memories
config configuration configure configured configures configuring configurations
dir directory directories
doc docs document documents documentation documented
repo repository repositories
init initialize initialise initialized initialization
auth authentication authenticate authenticated authenticates
env environment environments
param parameter parameters params
arg argument arguments args
exec execute executes executed execution
sync synchronize synchronise synchronized synchronization
async asynchronous asynchronously
db database databases
lib library libraries
max maximum maximal
min minimum minimal
info information
temp temporary
admin administrator administrators administration
app apps application applications"""
)


# The first form of an irregular word -> every form.
_IRREGULAR_FORMS: dict[str, list[str]] = {}
for _form, _first in _IRREGULAR.items():
    _IRREGULAR_FORMS.setdefault(_first, []).append(_form)

BEGINNING = 3  # letters of a word that ``beginnings`` compares


def beginnings(stems: Iterable[str]) -> set[str]:
    """The first three characters of every word that has one of these stems, and of few others: of most words no stem need be looked for.

    A stem has the first three letters of its word, but for ``y`` at its end, unless the word is irregular.
    """
    found: set[str] = set()
    for stemmed in stems:
        found.add(stemmed[: BEGINNING - 1] + "y" if len(stemmed) == BEGINNING and stemmed[-1] == "i" else stemmed[:BEGINNING])
        for form in (stemmed, *_IRREGULAR_FORMS.get(stemmed, ())):
            found.add((form + "'s")[:BEGINNING])
            found.add(form[:BEGINNING])
    return found


@cache
def _commonness() -> dict[str, int]:
    words = lzma.decompress((DATA / "words.xz").read_bytes()).decode().split("\n")
    return dict(zip(words, range(1, len(words) + 1), strict=True))


def rarity(word: str) -> int:
    """How rare a lower-case word is in English: 0 (the commonest) to 60; a unit is a quarter of a bit of information."""
    rank = _commonness().get(word)
    # 4·log2, in whole numbers, so that no processor rounds otherwise.
    return RAREST if rank is None else min((rank**4).bit_length() - 1, RAREST)


def load() -> None:
    """Read the data now (about 15 ms) and not at the first question."""
    _commonness()
    _groups()


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    """The lines of ``related.txt``: words that stand for each other, or, before a colon, words for kinds of what stands behind it."""
    related: dict[str, dict[str, None]] = {}
    for line in (DATA / "related.txt").read_text("utf-8").splitlines():
        kinds, colon, members = line.rpartition(":")
        stems = dict.fromkeys(stem(word) for word in members.split())
        for one in dict.fromkeys(stem(word) for word in kinds.split()) if colon else stems:
            related.setdefault(one, {}).update(stems)
    return {one: tuple(other for other in others if other != one) for one, others in related.items()}


def related(stemmed: str) -> tuple[str, ...]:
    """Stems that may stand for this one in an answer: ``founder`` for ``found``, ``population`` for ``inhabit``."""
    return _groups().get(stemmed, ())
