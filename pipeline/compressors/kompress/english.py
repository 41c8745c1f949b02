"""What is known of English: words that hold sentences together, and abbreviations whose full stop ends none."""

from __future__ import annotations

FUNCTION_WORDS = frozenset(
    """the of to a an is in and that for it as with be are this on by or not from if which at you can was will when have but its has may must
    should would could been were they their there these those such than then also any all only no into so does we he she his her our your
    more other some each about after before between under over through because while where who how what""".split()
)

# Followed by a name or a figure, so the sentence goes on whatever comes next.
TITLES = frozenset(
    "mr mrs ms dr prof st gen col sgt capt lt cmdr adm rev hon sen rep gov pres messrs mt ft e.g eg i.e ie viz cf vs v al resp approx ca".split()
)
# Abbreviations only before a figure: “no. 5”, but “the answer is no.”
BEFORE_FIGURES = frozenset(
    """no nos p pp vol vols fig figs eq eqs sec sect ch chap art para pt ver rev ed tab
    jan feb mar apr jun jul aug sep sept oct nov dec""".split()
)
# The sentence goes on unless the next word is one that sentences begin with.
UNDECIDED = frozenset("etc inc ltd co corp jr sr u.s u.k u.n d.c a.m p.m ph.d b.a m.a bros dept univ est assn mfg op misc esp incl excl".split())

SENTENCE_STARTERS = frozenset(
    """the a an this that these those it its he she they we you i in on at by for from with when if while after before since although though
    however but and or so then there here as his her their our your one two some many most all no not other another each both also because
    during under over until once where what who why how to use see note""".split()
)

# Words that point back: a sentence that begins with one is hardly understood without the sentence before it.
ANAPHORA = frozenset(
    "this that these those it its they them their he she his her him such both another however therefore thus hence otherwise".split()
)
