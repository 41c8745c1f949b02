from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom_wrap.proxy.guard import Guard


@pytest.mark.parametrize("host", ["127.0.0.1:99", "localhost:99", "LOCALHOST:99", "[::1]:99", "127.8.9.1:99", "headroom.localhost:99"])
def test_loopback_names_with_our_port_are_ours(host):
    assert Guard("s", 99).admit("/s/v1?x=1", host) == "/v1?x=1"


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "127.0.0.1",
        "127.0.0.1:98",
        "[::1]",
        "localhost",
        "evil.example:99",
        "localhost.evil.example:99",
        "127.0.0.1.evil:99",
        "0.0.0.0:99",
        ":99",
    ],
)
def test_other_names_are_not(host):
    assert Guard("s", 99).admit("/s/v1", host) is None


def test_port_80_may_be_left_out():
    assert Guard("s", 80).admit("/s/", "127.0.0.1") == "/"
    assert Guard("s", 80).admit("/s/", "[::1]") == "/"


@pytest.mark.parametrize("target", ["/s", "s/x", "//s/x", "/S/x", "/sx/x", "/s?x", "*", "", "http://127.0.0.1:99/s/x", "/%73/x", "/\udcff/x"])
def test_other_paths_are_not(target):
    assert Guard("s", 99).admit(target, "127.0.0.1:99") is None


def test_without_a_secret_every_path_is_served():
    assert Guard("", 99).admit("/v1/x?y", "127.0.0.1:99") == "/v1/x?y"
    assert Guard("", 99).admit("http://127.0.0.1/x", "127.0.0.1:99") is None


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_raises(target, host):
    admitted = Guard("secret", 99).admit(target, host)
    assert admitted is None or target.startswith("/secret/")
