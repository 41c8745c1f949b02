from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headroom.testing.seal import opened, sealed, sign


@given(st.text())
def test_what_was_sealed_can_be_opened(content):
    assert opened(sealed(content)) == content


@given(st.text(max_size=20), st.data())
def test_a_changed_character_breaks_it(content, data):
    token = sealed(content)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != token[at]))
    assert opened(token[:at] + other + token[at + 1 :]) is None
    assert opened(token[:at]) is None
    assert opened("é" + token) is None


def test_signatures_differ():
    assert sign("a") == sign("a") != sign("b")
    assert sign("\ud800")
