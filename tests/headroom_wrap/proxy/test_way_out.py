"""How connections leave this machine."""

from __future__ import annotations

import pytest

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
        ("https://api.example", {}, ""),
    ],
)
def test_the_proxy_is_the_one_that_the_client_alone_would_use(base: str, environ: dict[str, str], way: str) -> None:
    assert way_out.of_environment(environ).proxy(base) == way


def test_all_certificates_that_are_named_are_trusted_once() -> None:
    named = {"NODE_EXTRA_CA_CERTS": "/a", "SSL_CERT_FILE": "/b", "REQUESTS_CA_BUNDLE": "/b", "AWS_CA_BUNDLE": ""}
    assert way_out.of_environment(named) == WayOut(certificates=("/a", "/b"))
