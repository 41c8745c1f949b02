"""The certificates that are trusted."""

from __future__ import annotations

import ssl

from headroom_wrap.proxy import certificates

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


def test_certificates_stand_beside_the_systems(tmp_path, monkeypatch) -> None:
    extra, system = tmp_path / "extra.pem", tmp_path / "system.pem"
    extra.write_text(GATEWAY)
    alone = ssl.create_default_context().cert_store_stats()["x509_ca"]
    warned: list[str] = []
    context = certificates.tls((str(extra),), warned.append)
    assert isinstance(context, ssl.SSLContext)
    assert context.cert_store_stats()["x509_ca"] == alone + 1
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert warned == []
    # A variable that takes the system's place in OpenSSL adds to it here.
    system.write_text(GATEWAY)
    monkeypatch.setenv("SSL_CERT_FILE", str(system))
    context = certificates.tls((str(system),), warned.append)
    assert isinstance(context, ssl.SSLContext)
    assert context.cert_store_stats()["x509_ca"] >= alone + 1


def test_certificates_that_cannot_be_read_are_named_and_left_out(tmp_path) -> None:
    (tmp_path / "none.pem").write_text("no certificate")
    warned: list[str] = []
    context = certificates.tls((str(tmp_path / "none.pem"), str(tmp_path / "missing.pem")), warned.append)
    assert isinstance(context, ssl.SSLContext)
    assert ["none.pem" in warned[0], "missing.pem" in warned[1]] == [True, True]
