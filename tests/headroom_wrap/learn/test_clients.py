from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.learn.clients import passwords


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in passwords(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mysql -px -e 'select 1'; redis-cli -a y", ["x", "y"]),
        ("mysql -p shop", []),
        ("mysql shop && ssh -pgeheim", []),
        ("redis-cli -a -h box", []),
        ("redis-cli -a", []),
        ("'/usr/bin/unzip' -P 'a b' z.zip", ["'a b'"]),
        ("podman login -u ada -p x box.test", ["x"]),
        ("podman run -p 80 box", []),
        ("smbclient -Uada%x", ["x"]),
        ("smbclient -U ada%x", ["x"]),
        ("cat mysql.log -px", []),
        ("mysql" * 20 + " -px", []),
    ],
)
def test_where_passwords_stand(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@settings(max_examples=100)
@given(st.text(st.sampled_from("mysql -pa'\";&|\n"), max_size=60))
def test_any_text_is_taken(text: str) -> None:
    places = list(passwords(text))
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places)
