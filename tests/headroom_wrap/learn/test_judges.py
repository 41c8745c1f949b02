from __future__ import annotations

import sys
from pathlib import Path

import pytest

from headroom.testing import AnthropicProvider, OpenAIProvider, Script, server_error, text
from headroom_wrap.learn import judges
from headroom_wrap.learn.judge import JudgeError
from headroom_wrap.learn.judges import find


def program(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!{sys.executable}\nimport os, sys\n{body}\n")
    (folder / name).chmod(0o755)


def test_nobody(tmp_path: Path) -> None:
    assert find({"PATH": str(tmp_path)}) is None
    assert find({}) is None


def test_an_agent_in_an_empty_folder(tmp_path: Path) -> None:
    program(tmp_path, "claude", "print(os.listdir('.'), sys.stdin.read(), sys.argv[sys.argv.index('--tools') + 1] == '')")
    program(tmp_path, "codex", "print(sys.argv[1:4])")
    environ = {"PATH": str(tmp_path), "ANTHROPIC_API_KEY": "k"}
    found, other = find(environ), find(environ, "codex")
    assert found is not None
    assert other is not None
    assert (found[0], found[1]("What?")) == ("claude", "[] What? True\n")
    assert (other[0], other[1]("What?")) == ("codex", "['exec', '--sandbox', 'read-only']\n")


@pytest.mark.parametrize(("body", "why"), [("sys.exit(3)", "status 3"), ("import time; time.sleep(60)", "within 0.2 seconds")])
def test_an_agent_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, why: str) -> None:
    monkeypatch.setattr(judges, "_PATIENCE_S", 0.2 if "sleep" in body else 60)
    program(tmp_path, "claude", body)
    found = find({"PATH": str(tmp_path)})
    assert found is not None
    with pytest.raises(JudgeError, match=why):
        found[1]("What?")


def test_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "claude").write_text("#!/no/such/interpreter\n")
    (tmp_path / "claude").chmod(0o755)
    found = find({"PATH": str(tmp_path)})
    assert found is not None
    with pytest.raises(JudgeError, match="cannot be asked"):
        found[1]("What?")


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name", "path"), [(AnthropicProvider, "ANTHROPIC", ""), (OpenAIProvider, "OPENAI", "/v1")])
def test_an_api(kind, name: str, path: str) -> None:
    with kind(Script([text("Fine.")], server_error())) as provider:
        found = find({f"{name}_API_KEY": "k-1", f"{name}_BASE_URL": provider.url + path})
        assert found is not None
        assert found[0] == f"the API of {name}_API_KEY"
        assert found[1]("What?") == "Fine."
        with pytest.raises(JudgeError, match="status 5"):
            found[1]("What?")
        assert "What?" in str(provider.requests[0].body)
    with pytest.raises(JudgeError, match="gave no opinion"):
        found[1]("What?")
