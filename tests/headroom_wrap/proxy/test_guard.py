from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from headroom_wrap.proxy.guard import Guard


def called(host, **more):
    return CIMultiDict({**({} if host is None else {"Host": host}), **{name.replace("_", "-"): value for name, value in more.items()}})


@pytest.mark.parametrize("host", ["127.0.0.1:99", "localhost:99", "LOCALHOST:99", "[::1]:99", "127.8.9.1:99", "headroom.localhost:99"])
def test_loopback_names_with_our_port_are_ours(host):
    assert Guard("s", 99).admit("/s/v1?x=1", called(host)) == "/v1?x=1"


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
    assert Guard("s", 99).admit("/s/v1", called(host)) is None


def test_port_80_may_be_left_out():
    assert Guard("s", 80).admit("/s/", called("127.0.0.1")) == "/"
    assert Guard("s", 80).admit("/s/", called("[::1]")) == "/"


@pytest.mark.parametrize("target", ["/s", "s/x", "//s/x", "/S/x", "/sx/x", "/s?x", "*", "", "http://127.0.0.1:99/s/x", "/%73/x", "/\udcff/x"])
def test_other_paths_are_not(target):
    assert Guard("s", 99).admit(target, called("127.0.0.1:99")) is None


def test_without_a_secret_every_path_is_served():
    assert Guard("", 99).admit("/v1/x?y", called("127.0.0.1:99")) == "/v1/x?y"
    assert Guard("", 99).admit("http://127.0.0.1/x", called("127.0.0.1:99")) is None


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_raises(target, host):
    admitted = Guard("secret", 99).admit(target, called(host))
    assert admitted is None or target.startswith("/secret/")


@pytest.mark.parametrize(("token", "admitted"), [("s3cret", True), ("s3cre", False), ("S3CRET", False), ("", False), ("\udcff", False)])
def test_the_secret_may_stand_in_a_header(token, admitted):
    guard = Guard("s3cret", 99)
    assert guard.admit("/v1/x?y", called("localhost:99", x_headroom_token=token)) == ("/v1/x?y" if admitted else None)


@pytest.mark.parametrize(
    ("target", "authorization", "admitted"),
    [
        ("/stats?x=1", "Bearer s3cret", True),
        ("/stats", "bearer  s3cret ", True),
        ("/stats", "Bearer s3cre", False),
        ("/stats", "Basic s3cret", False),
        ("/stats", "", False),
        ("/v1/messages", "Bearer s3cret", False),  # there it is the upstream's
    ],
)
def test_where_we_answer_it_may_be_a_bearer_token(target, authorization, admitted):
    guard = Guard("s3cret", 99, ours=lambda path: path == "/stats")
    assert guard.admit(target, called("localhost:99", Authorization=authorization)) == (target if admitted else None)
    assert Guard("s3cret", 99).admit(target, called("localhost:99", Authorization=authorization)) is None


def test_in_the_path_it_is_taken_off_whatever_the_header_says():
    assert Guard("s", 99).admit("/s/v1", called("localhost:99", x_headroom_token="s")) == "/v1"
    assert Guard("s", 99).admit("/s/v1", called("localhost:99", x_headroom_token="no")) == "/v1"


@pytest.mark.parametrize("more", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}])
def test_without_a_secret_web_pages_are_kept_out(more):
    assert Guard("", 99).admit("/v1/x", called("127.0.0.1:99", **more)) is None
    assert Guard("s", 99).admit("/s/v1/x", called("127.0.0.1:99", **more)) == "/v1/x"  # it cannot know the secret


def test_names_that_were_allowed():
    guard = Guard("s", 99, ["Proxy.Example", "other.example:8443"], remote=True)
    for host in (
        "proxy.example",
        "PROXY.example:1",
        "proxy.example.:443",
        "other.example:8443",
        "127.0.0.1:1",
        "localhost",
        "10.0.0.7:99",
        "[::1]:5",
    ):
        assert guard.admit("/s/", called(host)) == "/", host
    for host in ("other.example", "other.example:1", "evil.example:99", None, "", ":99", "proxy.example.evil"):
        assert guard.admit("/s/", called(host)) is None, host
    assert Guard("s", 99, ["proxy.example"]).admit("/s/", called("127.0.0.1:98")) is None
