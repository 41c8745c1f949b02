"""Whom a judge can be: the user's own agent in print mode with its tools off, in an empty folder, or an API that the user has a key for."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headroom_wrap.learn.judge import Ask, JudgeError

_PATIENCE_S = 180
_MOST_TOKENS = 4096
_MOST_BYTES = 1 << 20

# Each reads the question from its standard input, and prints the answer. Neither keeps the session: it would be learned from.
_COMMANDS: Mapping[str, tuple[str, ...]] = {
    "claude": ("-p", "--tools", "", "--strict-mcp-config", "--setting-sources", "user", "--no-session-persistence", "--output-format", "text"),
    # Codex has no switch for all of its tools: it has none that run commands or reach out, and may not write.
    "codex": (
        "exec", "--sandbox", "read-only", "--skip-git-repo-check", "--ephemeral", "-c", "mcp_servers={}", "-c", 'web_search="disabled"',
        "--disable", "shell_tool", "--disable", "unified_exec", "-",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Api:
    """One that answers to a key: where, for which model, with which headers, and where in the answer the text is."""

    key: str
    base: str
    default: str
    path: str
    model: str
    headers: Callable[[str], Mapping[str, str]]
    limit: str
    text: Callable[[Any], str]


_APIS = (
    _Api(
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        "https://api.anthropic.com",
        "/v1/messages",
        "claude-haiku-4-5",
        lambda key: {"x-api-key": key, "anthropic-version": "2023-06-01"},
        "max_tokens",
        lambda said: "".join(part.get("text", "") for part in said["content"]),
    ),
    _Api(
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "https://api.openai.com/v1",
        "/chat/completions",
        "gpt-5-mini",
        lambda key: {"authorization": f"Bearer {key}"},
        "max_completion_tokens",
        lambda said: said["choices"][0]["message"]["content"] or "",
    ),
)


def find(environ: Mapping[str, str], agent: str = "") -> tuple[str, Ask] | None:
    """A judge and its name: an agent that is installed, the wanted one first, or else an API for which there is a key; None if there is neither."""
    for name in sorted(_COMMANDS, key=lambda n: (n != agent, n)):
        program = shutil.which(name, path=environ.get("PATH", ""))
        if program is not None:
            return name, _agent(name, program, environ)
    for api in _APIS:
        if environ.get(api.key):
            return f"the API of {api.key}", _api(api, environ)
    return None


def _agent(name: str, program: str, environ: Mapping[str, str]) -> Ask:
    def ask(question: str) -> str:
        with tempfile.TemporaryDirectory(prefix="headroom-judge-") as empty:  # no instructions, settings or hooks of a project
            command = [program, *_COMMANDS[name]]
            try:
                done = subprocess.run(
                    command, input=question.encode(), cwd=empty, env=dict(environ), capture_output=True, timeout=_PATIENCE_S, check=False
                )
            except subprocess.TimeoutExpired:
                raise JudgeError(f"{name} gave no opinion within {_PATIENCE_S} seconds.") from None
            except OSError as error:
                raise JudgeError(f"{name} cannot be asked: {error.strerror}.") from None
        if done.returncode:
            raise JudgeError(f"{name} cannot be asked: it ended with status {done.returncode}.")
        return done.stdout.decode("utf-8", "replace")

    return ask


def _api(api: _Api, environ: Mapping[str, str]) -> Ask:
    base = (environ.get(api.base) or api.default).rstrip("/")

    def ask(question: str) -> str:
        body = {"model": api.model, api.limit: _MOST_TOKENS, "messages": [{"role": "user", "content": question}]}
        headers = {"content-type": "application/json", **api.headers(environ[api.key])}
        try:
            request = urllib.request.Request(base + api.path, json.dumps(body).encode(), headers)  # noqa: S310 - the user's own address
            with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310
                said = json.loads(answer.read(_MOST_BYTES))
            return api.text(said)
        except urllib.error.HTTPError as error:
            raise JudgeError(f"{base} gave no opinion: status {error.code}.") from None
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise JudgeError(f"{base} gave no opinion: {type(error).__name__}.") from None

    return ask
