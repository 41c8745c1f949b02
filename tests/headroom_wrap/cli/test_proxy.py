"""``headroom proxy``: what it refuses, what the proxy is told, and the process as it runs."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from headroom.testing import AnthropicProvider, Script, text
from headroom_wrap.cli.proxy import kept_token, proxy_config
from headroom_wrap.config import Config, Surroundings
from headroom_wrap.errors import UserError
from headroom_wrap.proxy.vendors import Vendor

DEADLINE = 20


def told(tmp_path: Path, *, with_token: bool = True, environ: dict[str, str] | None = None, **settings: Any) -> Any:
    around = Surroundings(MappingProxyType(environ or {}), tmp_path, tmp_path)
    return proxy_config(Config(state=tmp_path / "state", surroundings=around, **settings), with_token=with_token)


def test_by_default_it_is_for_this_machine_with_a_token_and_the_public_addresses(tmp_path: Path) -> None:
    config = told(tmp_path)
    assert (config.host, config.port, config.standing, config.public) == ("127.0.0.1", 8787, True, True)
    assert (config.upstream, config.vendors) == ("", {})
    assert config.secret == kept_token(tmp_path / "state")
    assert config.greeting.format(port=8787) == f"Headroom listens on http://127.0.0.1:8787; as a base URL: http://127.0.0.1:8787/{config.secret}"
    assert config.retrieve == "proxy"
    assert config.policy.elide is False  # nothing is left out where the tool cannot be offered


def test_one_address_for_all_and_one_vendors_own(tmp_path: Path) -> None:
    config = told(tmp_path, upstream="https://gw.example", upstreams={"openai": "http://vllm:8000/v1"})
    assert config.vendors == {**{v.value: "https://gw.example" for v in Vendor}, "openai": "http://vllm:8000/v1"}
    assert (config.upstream, config.public) == ("https://gw.example", False)


def test_clients_that_fetch_by_themselves_have_more_left_out(tmp_path: Path) -> None:
    assert told(tmp_path, retrieve="client").policy.elide
    assert not told(tmp_path, retrieve="off").policy.elide


def test_the_way_out_is_the_environments(tmp_path: Path) -> None:
    config = told(tmp_path, environ={"HTTPS_PROXY": "http://p:1", "SSL_CERT_FILE": "/ca.pem"})
    assert (config.way_out.proxy("https://api.example"), config.way_out.certificates) == ("http://p:1", ("/ca.pem",))


@pytest.mark.parametrize(
    ("settings", "with_token", "said"),
    [
        ({"proxy_host": "0.0.0.0"}, False, "Without a token"),
        ({"proxy_host": "::"}, False, "Without a token"),
        ({"proxy_host": "10.0.0.7"}, False, "Without a token"),
        ({"proxy_token": "short"}, True, "16 characters"),
        ({"proxy_token": "with/slash-and-more-characters"}, True, "letters"),
        ({"upstream": "http://localhost:8787/v1"}, True, "this proxy itself"),
        ({"upstreams": {"openai": "http://127.0.0.1:8787"}}, True, "this proxy itself"),
    ],
)
def test_what_would_not_be_safe_is_refused(tmp_path: Path, settings: dict[str, Any], with_token: bool, said: str) -> None:
    with pytest.raises(UserError, match=said):
        told(tmp_path, with_token=with_token, **settings)


def test_without_a_token_only_if_asked_and_here(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        config = told(tmp_path, with_token=False, proxy_host=host)
        assert (config.secret, config.greeting.endswith("without a token")) == ("", True)
    assert told(tmp_path, proxy_host="0.0.0.0").secret
    assert told(tmp_path, proxy_token="a-token-of-my-own").secret == "a-token-of-my-own"


def test_the_token_is_made_once_and_for_its_owners_eyes(tmp_path: Path) -> None:
    first = kept_token(tmp_path)
    path = tmp_path / "proxy-token"
    assert len(first) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert kept_token(tmp_path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"\xff\n")
    with pytest.raises(UserError, match="proxy-token"):
        kept_token(tmp_path)


def headroom(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "HEADROOM_STATE": str(home / "state")}
    command = [sys.executable, "-m", "headroom_wrap.cli", "proxy", *arguments]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_it_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    with AnthropicProvider(Script([text("pong")])) as provider:
        process = headroom(tmp_path, "--port", "0", "--upstream", provider.url)
        try:
            assert process.stdout is not None
            base = process.stdout.readline().strip().rpartition(" ")[2]
            body = json.dumps({"model": "claude-sonnet-4-6", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}).encode()
            headers = {"content-type": "application/json", "x-api-key": "k", "anthropic-version": "2023-06-01"}
            with urllib.request.urlopen(urllib.request.Request(base + "/v1/messages", body, headers), timeout=DEADLINE) as answer:
                assert json.load(answer)["content"][0]["text"] == "pong"
            with urllib.request.urlopen(base + "/livez", timeout=DEADLINE) as answer:
                assert answer.status == 200
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(base.rpartition("/")[0] + "/livez", timeout=DEADLINE)
            assert refused.value.code == 401
            refused.value.close()
        finally:
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert base.rpartition("/")[2] not in err
    shown = headroom(tmp_path, "--show-token").communicate(timeout=DEADLINE)[0]
    assert shown.strip() == base.rpartition("/")[2]


@pytest.mark.slow
def test_what_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    out, err = headroom(tmp_path, "--host", "0.0.0.0", "--no-token").communicate(timeout=DEADLINE)
    assert (out, len(err.splitlines())) == ("", 1)
    assert "Without a token" in err
