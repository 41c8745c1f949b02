"""The instruction files that Headroom weighs are those that the real agents put in front of the model, imports and all."""

from __future__ import annotations

import json
import re
import select
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.instruction_files import READS
from headroom.testing import AnthropicProvider, GeminiProvider, Recorded, Script, text
from headroom_wrap.supervisor.instructions import Instructions
from headroom_wrap.supervisor.watcher import Watcher
from tests.e2e import gemini
from tests.e2e.conftest import Project

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

IMPORTING = """\
As in @plain.md and @with-stop.md. Then (@parenthesis.md), `@span.md`, x,@comma.md and me@mail.md.
- @./item.md
> @quote.md
~~~
@tildes.md
~~~
```
@fence.md
```

    @indented.md

Words <!-- @comment.md -->
**@bold.md** @part.md#of-it @with\\ space.md @noext @sub/far.md @c1.md
@../up.md @~/home.md @missing.md @link.md @ünïcode.md @.hidden.md [l](@inlink.md)
"""
NAMED = """plain with-stop parenthesis span comma mail item quote tildes fence indented comment bold part inlink ünïcode .hidden
c5 c6 c7""".split()


def write_tree(home: Path, project: Path, main: str) -> None:
    """Instruction files that each hold a word of their own, its path from the folder above the home and the project."""
    files = {project / f"{name}.md": "" for name in NAMED} | {project / f"c{n}.md": f"@c{n + 1}.md" for n in range(1, 5)}
    files |= {project / main: IMPORTING, project / "with space.md": "", project / "noext": "", project / "linked.md": "@plain.md"}
    files |= {project / "sub" / "far.md": f"@near.md @../{main}", project / "sub" / "near.md": "", project / "near.md": "not this"}
    files |= {project.parent / "up.md": "", home / "home.md": ""}
    for path, more in files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{more}\nWORD<{path.name if path.parent != project / 'sub' else 'sub/' + path.name}>\n")
    (project / "link.md").symlink_to("linked.md")


def weighed(agent: str, home: Path, project: Path) -> set[str]:
    """The files that Headroom says stand in every request: the words in them."""
    told: list[Instructions] = []
    watcher = Watcher(READS[agent], project, home, {}, show=told.append)
    end = time.monotonic() + 60
    while not told or not told[-1].files:
        assert time.monotonic() < end
        if select.select([watcher.fd], [], [], 1.0)[0]:
            watcher.ready()
    watcher.close()
    paths = [file.path for file in told[-1].files if file.always]
    places = [home / path[2:] if path.startswith("~/") else project / path for path in paths]
    return {word for place in places for word in words(place.read_text())}


def words(told: str) -> set[str]:
    return set(re.findall(r"WORD<([^>]+)>", told))


def requested(requests: list[Recorded]) -> set[str]:
    return {word for request in requests for word in words(json.dumps(request.body, ensure_ascii=False))}


@pytest.mark.parametrize("approved", [False, True])
def test_claude_code(make_project: Callable[[], Project], *, approved: bool) -> None:
    project = make_project()
    write_tree(project.home, project.path, "CLAUDE.md")
    (project.home / ".claude" / "CLAUDE.md").write_text("WORD<user's own>\n@more.md @~/other.md")
    (project.home / ".claude" / "more.md").write_text("WORD<user's more>")
    (project.home / "other.md").write_text("WORD<user's other>")
    state = json.loads((project.home / ".claude.json").read_text())
    state["projects"][str(project.path)]["hasClaudeMdExternalIncludesApproved"] = approved
    (project.home / ".claude.json").write_text(json.dumps(state))
    with AnthropicProvider(Script([text("done")])) as provider:
        ended = project.direct("-p", "hello", ANTHROPIC_BASE_URL=provider.url)
        assert ended.returncode == 0, ended.stderr
        seen = requested(provider.requests)
    assert seen >= {"CLAUDE.md", "plain.md", "linked.md", "c4.md", "user's own", "user's other"}
    assert {"up.md", "home.md"} <= seen if approved else {"up.md", "home.md"}.isdisjoint(seen)
    assert weighed("claude", project.home, project.path) == seen


def test_gemini_cli(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    user = gemini.make_user(tmp_path_factory)
    write_tree(user.home, user.path, "GEMINI.md")
    (user.home / ".gemini" / "GEMINI.md").write_text("WORD<user's own>\n@./more.md @../home.md")
    (user.home / ".gemini" / "more.md").write_text("WORD<user's more>")
    with GeminiProvider(Script([text("done")])) as provider:
        ended = user.direct("--yolo", "-o", "text", "-p", "hello", GOOGLE_GEMINI_BASE_URL=provider.url)
        assert ended.returncode == 0, ended.stderr
        seen = requested(provider.requests)
    assert seen >= {"GEMINI.md", "plain.md", "linked.md", "c5.md", "user's more"}
    assert weighed("gemini", user.home, user.path) == seen
