"""The real Claude Code without our tools: what was left out comes back through its own shell, and its first request is that of a run without us."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from headroom.testing import AnthropicProvider, Recorded, Script, text, tool
from tests.e2e import scripts
from tests.e2e.conftest import Project
from tests.e2e.test_claude_print import assert_prefixes_stand, messages

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PRINT = ("-p", "Which invoice failed, and why?", "--allowedTools", "Read,Bash(cat:*)")
RUN = re.compile(r"\[headroom [0-9a-f]{8}: \d+ of \d+ lines left out[^\n]*; full text: run (headroom show [0-9a-f]{8} --lines (\d+)-\d+)\]")
READS = [text("First the log."), tool("Bash", command="cat app.log", description="Read the log")]


def runs_what_the_footer_says(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = RUN.search("\n".join(scripts.results(request)))
    return [tool("Bash", command=found[1] if found is not None else "echo nothing was left out", description="Show what was left out")]


def session(project: Project, provider: AnthropicProvider, *flags: str) -> list[Recorded]:
    wrapped = project.headroom("wrap", "claude", "--retrieve=shell", "--", *PRINT, *flags, ANTHROPIC_BASE_URL=provider.url)
    assert wrapped.returncode == 0, wrapped.stderr
    return messages(provider)


def test_what_was_left_out_comes_back_unasked_and_nothing_is_declared(make_project: Callable[[], Project]) -> None:
    alone, ours = make_project(), make_project()
    before = ours.users_files()
    script = [READS, [text("Invoice 48213.")]]
    with AnthropicProvider(Script(*script)) as provider:
        alone.direct(*PRINT, ANTHROPIC_BASE_URL=provider.url)
        direct = messages(provider)[0].body
    with AnthropicProvider(Script(READS, runs_what_the_footer_says, [text("Invoice 48213.")])) as provider:
        requests = session(ours, provider)
    first = requests[0].body
    assert first["tools"] == direct["tools"]
    assert len(requests) == 3
    there = [str(ours.path), str(ours.home)], [str(alone.path), str(alone.home)]
    assert _without_ids(first["system"], *there[0]) == _without_ids(direct["system"], *there[1])
    assert _without_ids(first["messages"], *there[0]) == _without_ids(direct["messages"], *there[1])
    assert_prefixes_stand(requests)
    log = (ours.path / "app.log").read_text().split("\n")
    shortened, fetched = scripts.results(requests[-1].body)
    found = RUN.search(shortened)
    assert found is not None
    line = log[int(found[2]) - 1]
    assert line not in shortened
    assert "headroom_retrieve" not in shortened
    assert fetched.startswith(f"{found[2]}\t{line}\n"), "without a prompt: nobody is there to be asked"
    assert ours.users_files() == before


def test_other_commands_are_asked_for_as_ever(project: Project) -> None:
    outside = [tool("Bash", command="headroom undo; touch /nowhere/x", description="Not what was allowed")]
    with AnthropicProvider(Script(READS, outside, [text("Done.")])) as provider:
        requests = session(project, provider)
    assert "require approval: headroom undo" in scripts.results(requests[-1].body)[1]


def test_a_conversation_without_a_shell_loses_nothing(project: Project) -> None:
    log = str(project.path / "app.log")
    script = Script([tool("Read", file_path=log)], [text("Done.")])
    with AnthropicProvider(script) as provider:
        requests = session(project, provider, "--disallowedTools", "Bash")
    assert "Bash" not in [t["name"] for t in requests[0].body["tools"]]
    result = scripts.results(requests[-1].body)[0]
    assert "left out" not in result
    assert len(result) > len((project.path / "app.log").read_text()) / 2


def _without_ids(value: Any, *mine: str) -> str:
    """A part of a request without what differs between any two runs: folders, ids, and the fingerprint of the version."""
    said = re.sub(r"cc_version=[^;]*|cch=\w+|-private-\S+", "", repr(value))
    for path in mine:
        said = said.replace(path.replace("/", "-"), "").replace(path, "")
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", said)
