"""How connections leave this machine."""

from __future__ import annotations

import ssl

import pytest

from headroom_wrap.proxy import way_out
from headroom_wrap.proxy.way_out import WayOut

# Of a throw-away authority, without the extensions that strict checks ask for.
GATEWAY = """\
-----BEGIN CERTIFICATE-----
MIIBhDCCASugAwIBAgIUQuqsyMuxy/JMP11DqC8M03Yey3YwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMVGVzdCBHYXRld2F5MCAXDTI2MTEyMjIwMDk1NloYDzIxMjYx
MDI5MjAwOTU2WjAXMRUwEwYDVQQDDAxUZXN0IEdhdGV3YXkwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAASIpi++O/K1ZTcUisBFQm3aOtlMMQ+MHajKDyD/Z8tjRCmJ
Ke4ozabnsquLq5b7PulPGk7CP9b3Tr5BWhQknhLqo1MwUTAdBgNVHQ4EFgQUoIRB
ENQh97aJZA8PrEL/MGLBplwwHwYDVR0jBBgwFoAUoIRBENQh97aJZA8PrEL/MGLB
plwwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAQ2/0x+yatApZE
HXo7PIOBtYwZLo/dGqSNZNsVEplaUAIgDYs/Afm1XT6VA97befG4E2OgHcHaHWmp
zMZTWfeBHuo=
-----END CERTIFICATE-----
"""


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


def test_certificates_stand_beside_the_systems(tmp_path, monkeypatch) -> None:
    extra, system = tmp_path / "extra.pem", tmp_path / "system.pem"
    extra.write_text(GATEWAY)
    alone = ssl.create_default_context().cert_store_stats()["x509_ca"]
    warned: list[str] = []
    context = way_out.tls((str(extra),), warned.append)
    assert isinstance(context, ssl.SSLContext)
    assert context.cert_store_stats()["x509_ca"] == alone + 1
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert warned == []
    # A variable that takes the system's place in OpenSSL adds to it here.
    system.write_text(GATEWAY)
    monkeypatch.setenv("SSL_CERT_FILE", str(system))
    context = way_out.tls((str(system),), warned.append)
    assert isinstance(context, ssl.SSLContext)
    assert context.cert_store_stats()["x509_ca"] >= alone + 1


def test_certificates_that_cannot_be_read_are_named_and_left_out(tmp_path) -> None:
    (tmp_path / "none.pem").write_text("no certificate")
    warned: list[str] = []
    context = way_out.tls((str(tmp_path / "none.pem"), str(tmp_path / "missing.pem")), warned.append)
    assert isinstance(context, ssl.SSLContext)
    assert ["none.pem" in warned[0], "missing.pem" in warned[1]] == [True, True]
