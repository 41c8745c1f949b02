from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress import KompressCompressor
from pipeline.compressors.kompress.core import BY_MODEL, Mode, kompress
from pipeline.compressors.kompress.plugged import plug, plugged, unplug
from pipeline.compressors.kompress.salience import KEPT, Salient, dropped
from pipeline.markers import IN_PLACE
from pipeline.policy import Policy
from tests.pipeline.compressors.kompress import test_compressor
from tests.pipeline.compressors.kompress.stand_in import Overlap
from tests.pipeline.compressors.kompress.test_core import document, stand_in

__all__ = ["stand_in"]  # a fixture for every test here


class Zs:
    """Words with a z say much; counts how often it is asked."""

    def __init__(self, *, silent: bool = False) -> None:
        self.asked = 0
        self.silent = silent

    def score_words(self, words: Sequence[str]) -> list[int] | None:
        self.asked += 1
        return None if self.silent else [900 if "z" in word else 100 for word in words]


@pytest.fixture
def zs() -> Iterator[Zs]:
    model = Zs()
    plug("zs", model)
    yield model
    unplug("zs")


def test_a_prior_decides_between_equals_and_no_more() -> None:
    sentences = ["The lizard is zany.", "The parser is here.", "The cat is asleep.", ""]
    alone = Overlap().scores(sentences, "Where is the parser?")
    scores = Salient(Overlap(), Zs()).scores(sentences, "Where is the parser?")
    assert scores[0] > scores[2]
    assert scores[1] == max(scores)
    assert all(abs(a - b) <= 1000 for a, b in zip(alone, scores, strict=True))


def test_one_text_is_judged_once_for_several_questions() -> None:
    model = Zs()
    scorer = Salient(Overlap(), model)
    scorer.scores(["One lizard.", "Two."], "lizard?")
    scorer.scores(["One lizard.", "Two."], "two?")
    assert model.asked == 1


def test_without_an_answer_the_embedded_model_decides_alone() -> None:
    text = document(14)
    query = "Which value must MAX_ROUTER_3 be larger than, so that --max-router may be set?"
    silent = Zs(silent=True)
    assert kompress(text, query, words=silent) == kompress(text, query)
    assert kompress(text, target=0.5, words=silent) == kompress(text, target=0.5)
    assert silent.asked == 2


def test_words_go_for_a_budget_alone_and_never_what_turns_the_sense() -> None:
    text = document(14)
    result = kompress(text, target=0.8, words=Zs())
    assert (result.mode, result.level) == (Mode.BUDGET, BY_MODEL)
    assert "a model takes for filler" in result.summary
    for kept in ("must never ", "--max-router", "unless", "148", "MAX_ROUTER_3", "/etc/router/3.conf", "not", "https://example.org/router/3"):
        assert kept in result.text
    assert result.text.count("are named") < text.count("are named")
    assert kompress(text, words=Zs()) == kompress(text)


@settings(max_examples=60)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["the", "not", "lizard", "file,", "X", '"as', 'is"', "`the", "file`", "3", "a", "runs", "unless", "é"]),
            min_size=1,
            max_size=12,
        )
    ),
    st.integers(0, 300),
)
def test_only_plain_words_go_and_the_rest_stays_in_order(units: list[list[str]], room: int) -> None:
    found = dropped([" ".join(words) for words in units], [True] * len(units), Zs(), room)
    assert found is not None
    for words, said in zip(units, found, strict=True):
        left = iter(words)
        stays = said.split(" ") if said else []
        assert all(word in left for word in stays)  # in their order
        for word in words:
            if word in KEPT or not word.isascii() or not word.isalpha() or not word.islower() or "z" in word:
                assert stays.count(word) == words.count(word)


def test_no_more_goes_than_must() -> None:
    assert dropped(["the plain words stay"], [True], Zs(), 20) == ["the plain words stay"]
    assert dropped(["the plain words stay"], [True], Zs(), 17) == ["plain words stay"]
    ratio = len(kompress(document(14), target=0.9, words=Zs()).text) / len(document(14))
    assert 0.8 < ratio <= 0.93


def test_units_that_may_not_change_do_not() -> None:
    assert dropped(["the plain words go"], [False], Zs(), 0) == ["the plain words go"]


def test_the_policy_names_the_model(zs: Zs) -> None:
    content = test_compressor.Content(test_compressor.TEXT, test_compressor.ASKED, test_compressor.FETCH)
    rewrite = KompressCompressor().compress(content, Policy(kompress_model="zs"))
    assert zs.asked == 1
    assert rewrite is not None
    original = [" ".join(content.text[a:b].split()) for a, b in rewrite.spans]
    shown = IN_PLACE.sub("", " ".join(rewrite.text.split()))
    kept = [sentence for n, sentence in enumerate(original, 1) if not any(g.first <= n <= g.last for g in rewrite.gaps)]
    assert all(sentence in shown for sentence in kept)  # whole sentences, whatever a model of words says
    assert KompressCompressor().compress(content, Policy(kompress_model="another")) == KompressCompressor().compress(content, Policy())
    assert zs.asked == 1
    assert plugged("another") is None
