"""How connections leave this machine."""

from __future__ import annotations

import pytest

from headroom_wrap.errors import UserError
from headroom_wrap.proxy import way_out
from headroom_wrap.proxy.way_out import WayOut


@pytest.mark.parametrize(
    ("base", "environ", "way"),
    [
        ("https://api.example", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://api.example", {"https_proxy": "http://p:1"}, "http://p:1"),
        ("https://api.example", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "api.example"}, ""),
        ("https://api.example:8443", {"HTTPS_PROXY": "http://p:1", "no_proxy": ".example"}, ""),
        ("https://api.example", {"HTTPS_PROXY": "http://p:1", "no_proxy": "*"}, ""),
        ("https://api.other", {"HTTPS_PROXY": "http://p:1", "no_proxy": ".example"}, "http://p:1"),
        ("http://api.example", {"HTTPS_PROXY": "http://p:1"}, ""),
        ("http://api.example", {"HTTP_PROXY": "http://p:1"}, ""),  # may be a request's header
        ("http://api.example", {"http_proxy": "http://p:1"}, "http://p:1"),
        ("https://api.example", {"ALL_PROXY": "http://q:2"}, "http://q:2"),
        ("http://127.0.0.1:8000", {"ALL_PROXY": "http://q:2"}, ""),
        ("http://[::1]:8000", {"ALL_PROXY": "http://q:2"}, ""),
        ("http://localhost:8000", {"ALL_PROXY": "http://q:2"}, ""),
        ("https://api.example", {"HTTPS_PROXY": "  "}, ""),
        ("https://api.example", {"HTTPS_PROXY": "127.0.0.1:3128"}, "http://127.0.0.1:3128"),
        ("https://api.example", {"https_proxy": "us%40er:pa%3Ass@p:3128/"}, "http://us%40er:pa%3Ass@p:3128/"),
        ("https://api.example", {"ALL_PROXY": "p"}, "http://p"),
        ("https://api.example", {"all_proxy": "[fd00::1]:3128"}, "http://[fd00::1]:3128"),
        ("https://api.example", {"HTTPS_PROXY": "HTTPS://p:1"}, "HTTPS://p:1"),
        ("http://api.example", {"http_proxy": "p:1"}, "http://p:1"),
        ("https://api.example", {"HTTPS_PROXY": "http://p:1", "ALL_PROXY": "socks5://q:2"}, "http://p:1"),
        ("https://api.example", {}, ""),
    ],
)
def test_the_proxy_is_the_one_that_the_client_alone_would_use(base: str, environ: dict[str, str], way: str) -> None:
    assert way_out.of_environment(environ).proxy(base) == way


def test_all_certificates_that_are_named_are_trusted_once() -> None:
    named = {"NODE_EXTRA_CA_CERTS": "/a", "SSL_CERT_FILE": "/b", "REQUESTS_CA_BUNDLE": "/b", "AWS_CA_BUNDLE": ""}
    assert way_out.of_environment(named) == WayOut(certificates=("/a", "/b"))


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "http_proxy"])
@pytest.mark.parametrize(
    "value", ["socks5://me:s3cret@q:2", "socks5h://s3cret", "http://", "p:s3cret", "http://[s3cret", "http://p:99999#s3cret", "a s3cret"]
)
def test_what_is_no_http_proxy_is_refused_at_start_by_name_and_without_what_is_secret_in_it(name: str, value: str) -> None:
    with pytest.raises(UserError) as refused:
        way_out.of_environment({name: value})
    assert name in refused.value.message
    assert "HTTPS_PROXY" in refused.value.hint
    assert "s3cret" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize(
    ("base", "exempt", "is_exempt"),
    [
        ("https://api.example", "api.example", True),
        ("https://api.example", "API.Example.", True),
        ("https://api.example", "other, api.example", True),
        ("https://api.example", "other api.example", True),
        ("https://api.example", "other,*", True),
        ("https://api.example", "*.example", True),
        ("https://api.example", ".api.example", True),
        ("https://api.example", "*api.example", False),
        ("https://my-api.example", "api.example", False),
        ("https://api.example", "api.example.com", False),
        ("https://api.example", "api.example:443", True),
        ("https://api.example:8443", "api.example:8443", True),
        ("https://api.example:8443", "api.example:443", False),
        ("https://api.example:8443", ".example:8443", True),
        ("https://me:s3cret@api.example:8443", "api.example", True),
        ("https://10.1.2.3", "10.0.0.0/8", True),
        ("https://10.1.2.3", "10.1.2.3/8", True),
        ("https://11.1.2.3", "10.0.0.0/8", False),
        ("https://10.1.2.3", "10.1.2.3", True),
        ("https://api.example", "10.0.0.0/8", False),
        ("https://[fd00::1]:8443", "fd00::1", True),
        ("https://[fd00::1]:8443", "[fd00:0::1]", True),
        ("https://[fd00::1]:8443", "[fd00::1]:8443", True),
        ("https://[fd00::1]", "[fd00::1]:8443", False),
        ("https://[fd00::1]", "fd00::/8", True),
        ("https://[fd00::1]", "10.0.0.0/8", False),
        ("https://api.example", "api.example:port,/,:,[,10.0.0.0/99,://,*.,.", False),
    ],
)
def test_who_is_reached_without_a_proxy(base: str, exempt: str, is_exempt: bool) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        assert way_out.of_environment({"HTTPS_PROXY": "http://p:1", name: exempt}).proxy(base) == ("" if is_exempt else "http://p:1")
