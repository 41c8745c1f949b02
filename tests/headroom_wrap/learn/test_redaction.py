from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.learn.redaction import REDACTED, redacted

KEY = "sk-ant-" + "api03-" + "Ab3" * 10


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"ANTHROPIC_API_KEY={KEY} claude", KEY),
        ("curl -H 'Authorization: Bearer abcdefghijk' x", "abcdefghijk"),
        ("gh" + "p_" + "a1B2" * 9, "a1B2a1B2"),
        ("aws --key " + "AKIA" + "ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP"),
        ("psql postgres://ada:lovelace@db/x", "lovelace"),
        ("mysql --password=geheim", "geheim"),
        ("mysql --password geheim", "geheim"),
        ("login -u ada:lovelace", "lovelace"),
        ('{"client_secret": "xyzzy"}', "xyzzy"),
        ("eyJ" + "hbGciOiJI.eyJzdWIiOiIx.SflKxwRJSM", "SflKxwRJSM"),
        ("deploy 4f9c2a7e1b8d3c6f5a0e9b7d2c4f8a1e", "4f9c2a7e1b8d3c6f"),
        ("-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE\n", "MIIE"),
        ("mysql -u root -pHunter22 shop", "Hunter22"),
        ("docker compose exec db mysqldump -pgeheim shop", "geheim"),
        ("redis-cli -a hunter2 ping", "hunter2"),
        ("gpg --batch --passphrase x1 -d a.gpg", "x1"),
        ("7z x a.7z -pgeheim -y", "geheim"),
        ("/usr/bin/unzip -P geheim a.zip", "geheim"),
        ("ldapsearch -x -D cn=admin -w geheim", "geheim"),
        ("openssl rsa -in a.pem -passin pass:geheim", "geheim"),
        ("openssl enc -d -pass pass:geheim", "geheim"),
        ("keytool -list -storepass changeit", "changeit"),
        ("sshpass -p geheim ssh box", "geheim"),
        ("mongosh -u ada -p 'a b c' shop", "a b c"),
        ("docker login -u ada -p geheim registry.test", "geheim"),
        ("DB_PW=geheim make", "geheim"),
        ("ROOTPW=geheim make", "geheim"),
        ("export PGPASSWORD=geheim", "geheim"),
        ("curl -u ada:lovelace x", "lovelace"),
        ("curl -U ada:lovelace x", "lovelace"),
        ("curl -H 'Authorization: geheim' x", "geheim"),
        ("curl -H 'X-Api-Key: geheim' x", "geheim"),
        ("curl --cookie session=geheim x", "geheim"),
        ("curl -b 'session=geheim' x", "geheim"),
        ("tool --token=geheim", "geheim"),
        ("tool --api-key geheim", "geheim"),
        ("tool --clientSecret geheim", "geheim"),
        ("rsync a ada:lovelace@db.test/x", "lovelace"),
        ("smbclient -U ada%lovelace //box/x", "lovelace"),
        ("spring.datasource.password=geheim", "geheim"),
        ("gradle publish -PsigningKey=geheim", "geheim"),
        ("vault write x --secretId geheim", "geheim"),
        ("bw get x --session geheim42", "geheim42"),
        ("unzip -qP geheim a.zip", "geheim"),
        ("ldapsearch -xw geheim", "geheim"),
        ("sqlplus ada/geheim@shop", "geheim"),
        ("ssh-keygen -y -P geheim -f a", "geheim"),
    ],
)
def test_secrets_go(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redacted(text)
    assert REDACTED in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "pytest tests/login -k test_x", "npx tsc -p packages/login -p tsconfig.json", "docker run --name mongo -p 27017:27017 mongo",
        "pytest -q tests/headroom_wrap/learn/test_redaction.py", "python3 -m http.server 8000", "npm run token list", "src/authentication/token_store.py",
        "git log --author ada", "make test-integration-and-everything-else-too", "docker exec app_web_1 sh", "pip install tiktoken",
        "CI=1 pnpm test", "AUTH=$TOKEN make", "cargo test --package my-long-package-name-for-things", "mysql -p shop", "docker run -u 1000:1000 app",
        "mkdir -p build", "docker run -p 8080:80 app", "cargo test -p parser", "tar -xpf a.tar", "jest --passWithNoTests", "train --max-tokens 400",
        "ansible-playbook --vault-password-file .vault-pass", "docker login --password-stdin", "npm run auth:unit", "cargo test auth::token::parse",
        "src/auth/token.py:12", "pip install token==1.2", "tool --auth-type basic", "ansible --private-key ~/.ssh/id", "npm install react:npm@latest",
        "sort --key 2", "apt-key --key dev.asc", "tmux --session main", "exit --code 17", "deploy --access read",
        "docker pull app:1.25@sha256:ab", "go test ./bypass=x", "unzip a.zip -d out", "redis-cli ping", "ssh -p 2222 box", "zip -r a.zip b; cc -P x",
    ],
)  # fmt: skip
def test_commands_stay(text: str) -> None:
    assert redacted(text) == text


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_any_text_is_taken_and_once_is_enough(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once


def test_hostile_texts_take_no_time() -> None:
    for text in (
        "a" * 5_000_000,
        "token=" * 1000,
        "://" * 2000,
        "-" * 100_000,
        "eyJ." * 5000,
        "mysql -p'" * 1000,
        "zip " * 2000,
        "a:b@" * 2000,
        '"' * 5000,
    ):
        assert len(redacted(text)) <= 8192
