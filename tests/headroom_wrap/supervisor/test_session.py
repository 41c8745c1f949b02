"""A whole session around a program of ours that speaks to its base URL; the real agents are in tests/e2e."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from adapters.plan import LaunchPlan, PlanError, PlanRequest, Transcripts
from headroom_wrap import config
from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from headroom_wrap.memory.project import Project
from headroom_wrap.proxy.settings import ProxyConfig
from headroom_wrap.supervisor import session
from headroom_wrap.supervisor.journal import Journal

PROGRAM = """
import json, sys, urllib.request
body = json.dumps({"model": "claude-sonnet-4-6", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}).encode()
headers = {"content-type": "application/json", "x-api-key": "k", "anthropic-version": "2023-06-01"}
with urllib.request.urlopen(urllib.request.Request(sys.argv[1] + "/v1/messages", body, headers)) as answer:
    json.load(answer)
sys.exit(int(sys.argv[2]))
"""


class OneRequest:
    """An agent that makes one request and ends with a status of its own."""

    name = "one"
    programs: tuple[str, ...] = (sys.executable,)
    install = "-"
    tested: tuple[str, ...] = ()
    tool_kinds: Mapping[str, str] = {}
    instructions: tuple[str, ...] = ()

    def __init__(self, upstream: str, status: int = 0, error: PlanError | None = None) -> None:
        self.upstream, self.status, self.error = upstream, status, error
        self.request: PlanRequest | None = None

    def transcripts(self, environ: Mapping[str, str], home: Path) -> Transcripts | None:
        return None

    def reads(self, arguments: tuple[str, ...], environ: Mapping[str, str], home: Path, cwd: Path) -> list[Path]:
        return []

    def plan(self, request: PlanRequest) -> LaunchPlan:
        if self.error:
            raise self.error
        self.request = request
        files = {request.folder / "note": "x"}
        return LaunchPlan("one", (sys.executable, "-c", PROGRAM, request.proxy, str(self.status)), self.upstream, files=files)


@pytest.fixture
def settings(private_home: Path) -> Config:
    return config.load(config.surroundings(), {"panel": "off"})


def clean(settings: Config) -> bool:
    return not list((settings.state / "sessions").iterdir()) and not list((settings.state / "journal").iterdir())


@pytest.mark.slow
def test_from_start_to_end(settings: Config) -> None:
    from headroom.testing import AnthropicProvider, Script, text

    with AnthropicProvider(Script([text("hello")])) as provider:
        agent = OneRequest(provider.url, status=7)
        ended = session.run(agent, (), settings)
    assert ended.exit.code == 7
    assert ended.view.requests == 1
    assert ended.view.snapshot().bill is not None
    assert clean(settings)
    assert agent.request is not None
    with pytest.raises(OSError):  # the proxy has gone with the session
        urllib.request.urlopen(agent.request.proxy, timeout=60)


def test_a_plan_that_cannot_be_made_leaves_nothing(settings: Config) -> None:
    with pytest.raises(UserError, match="no such thing") as caught:
        session.run(OneRequest("", error=PlanError("There is no such thing.", "Do this.")), (), settings)
    assert caught.value.hint == "Do this."
    assert clean(settings)


class Edits(OneRequest):
    """An agent that talks to no model, for which a file of the user's is written."""

    def __init__(self, path: Path, started: Path) -> None:
        super().__init__("")
        self.path, self.started = path, started

    def plan(self, request: PlanRequest) -> LaunchPlan:
        return LaunchPlan("edits", ("touch", str(self.started)), "", edits={self.path: "ours"}, routed=False)


@pytest.fixture
def told(settings: Config, tmp_path: Path) -> Iterator[list[object]]:
    """What SIGTERM finds in the file, whether the agent was started, and whether all of ours is gone, at each SIGTERM that is not held."""
    (tmp_path / "f").write_text("before")
    found: list[object] = []
    handler = signal.signal(signal.SIGTERM, lambda *_: found.extend([(tmp_path / "f").read_text(), (tmp_path / "started").exists(), clean(settings)]))
    yield found
    signal.signal(signal.SIGTERM, handler)


def end_us(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_while_files_are_written_waits_until_they_are_put_back(
    settings: Config, tmp_path: Path, told: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = session._edit
    monkeypatch.setattr(session, "_edit", lambda *given: (edit(*given), end_us()))
    with pytest.raises(KeyboardInterrupt):
        session.run(Edits(tmp_path / "f", tmp_path / "started"), (), settings)
    assert told == ["before", False, True]


def test_a_signal_after_the_agent_waits_too(settings: Config, tmp_path: Path, told: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    agent = session._agent
    monkeypatch.setattr(session, "_agent", lambda *given: (agent(*given), end_us())[0])
    ended = session.run(Edits(tmp_path / "f", tmp_path / "started"), (), settings)
    assert ended.exit.returncode == 0
    assert told == ["before", True, True]


def test_a_signal_while_the_agent_is_started_is_the_agents(
    settings: Config, tmp_path: Path, told: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = session.plain.run
    monkeypatch.setattr(session.plain, "run", lambda argv, *given, **named: (end_us(), run(("sleep", "60"), *given, **named))[1])
    ended = session.run(Edits(tmp_path / "f", tmp_path / "started"), (), settings)
    assert ended.exit.signal == signal.SIGTERM
    assert told == []
    assert clean(settings)


def test_what_a_dead_session_left_and_cannot_be_put_back_stops_no_other(settings: Config, tmp_path: Path) -> None:
    journal, folder = Journal(settings.state), tmp_path / "was" / "folder"
    folder.mkdir(parents=True)
    (folder / "f").write_text("before")
    entry = journal.apply(journal.open_session(), {folder / "f": "ours"})
    journal.write(replace(entry, pid=2**22 + 1))
    (folder / "f").unlink()
    (folder / "f").mkdir()
    ended = session.run(Edits(tmp_path / "f", tmp_path / "started"), (), settings)
    assert ended.exit.returncode == 0
    (sentence,) = ended.left
    assert sentence.startswith(f"{folder / 'f'} could not be put back: Is a directory.")
    assert not (tmp_path / "f").exists()


def test_a_port_that_is_taken_leaves_nothing(private_home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = config.load(config.surroundings(), {"port": taken.getsockname()[1]})
        with pytest.raises(UserError, match="cannot be bound"):
            session.run(OneRequest("http://127.0.0.1:9"), (), settings)
    assert clean(settings)


def test_a_state_folder_that_cannot_be_written_is_named(private_home: Path) -> None:
    (private_home / "file").write_text("")
    with pytest.raises(UserError, match="state folder"):
        session.run(OneRequest(""), (), config.load(config.surroundings(), {"state": str(private_home / "file")}))


def test_preview_does_nothing(settings: Config) -> None:
    agent = OneRequest("http://127.0.0.1:9")
    assert session.preview(agent, (), settings).argv[3] == "http://127.0.0.1:PORT/SECRET"
    assert not settings.state.exists()


def test_the_agents_own_settings_say_how_the_upstream_is_reached(settings: Config) -> None:
    plan = LaunchPlan("one", (), "https://api.example", settled={"HTTPS_PROXY": "http://p:1", "NODE_EXTRA_CA_CERTS": "/ca.pem"})
    told = session._settings(OneRequest(""), plan, settings, "secret", None)
    assert (told.way_out.proxy("https://api.example"), told.way_out.certificates[0]) == ("http://p:1", "/ca.pem")


def test_through_its_own_shell_the_agent_gets_a_permission_and_no_tools(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = OneRequest("http://127.0.0.1:9")
    plan = session.preview(agent, (), replace(settings, wrap_retrieve="shell"))
    assert agent.request is not None
    assert (agent.request.mcp, agent.request.shell) == ((), ("headroom", "show"))
    told = session._settings(agent, plan, replace(settings, wrap_retrieve="shell", mcp=False), "secret", None)
    assert (told.retrieve, told.elide) == ("shell", True)
    told = session._settings(agent, plan, settings, "secret", None)
    assert (told.retrieve, told.elide) == ("", True)
    session.preview(agent, (), replace(settings, wrap_retrieve="shell", off=True))
    assert (agent.request.mcp, agent.request.shell) == ((), ())
    assert not plan.losses
    remembers = session._plan(
        agent, (), replace(settings, wrap_retrieve="shell"), "", settings.state, memory=Project("git-1", settings.state), subscription=False
    )
    assert any("cannot ask what was read" in loss for loss in remembers.losses)
    with pytest.raises(UserError, match="would not know the store"):
        session.preview(agent, (), replace(settings, wrap_retrieve="shell", store="redis://host/0"))
    monkeypatch.setenv("HEADROOM_STORE", "redis://host/0")
    session.preview(agent, (), config.load(config.surroundings(), {"wrap_retrieve": "shell"}))
    assert agent.request.shell == ("headroom", "show")


def test_what_earlier_sessions_showed_counts_unless_nothing_is_to_be_learned(settings: Config, tmp_path: Path) -> None:
    plan = LaunchPlan("one", (), "https://api.example")
    told = session._settings(OneRequest(""), plan, settings, "secret", None)
    assert (told.feedback, told.feedback_home) == ("", str(settings.surroundings.home))
    assert told.feedback_path == settings.surroundings.environ["PATH"]
    assert session._settings(OneRequest(""), plan, settings, "secret", Project("git-1", tmp_path)).feedback == "git-1"
    never = session._settings(OneRequest(""), plan, replace(settings, learn="off"), "secret", Project("git-1", tmp_path))
    assert (never.feedback, never.feedback_home) == ("", "")


@pytest.mark.slow
def test_the_command_line_in_a_pipe(private_home: Path) -> None:
    def headroom(*arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PATH": "/nowhere"}
        command = [sys.executable, "-m", "headroom_wrap.cli.__main__", *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)

    version = headroom("--version")
    assert version.stdout.startswith("headroom 0.")
    missing = headroom("wrap", "claude")
    assert missing.returncode == 127
    assert (
        missing.stderr
        == "headroom: There is no claude on the PATH. Install it (npm install -g @anthropic-ai/claude-code) or add its folder to PATH.\n"
    )
    unknown = headroom("wrap", "nobody")
    assert (unknown.returncode, unknown.stderr.split(".")[0]) == (2, "headroom: Headroom does not know an agent called 'nobody'")
    none = headroom("show", "00000000")
    assert none.returncode == 1
    assert "No original with handle 00000000" in none.stderr
    assert headroom("stats").stdout == "No session has been recorded yet. Run one with: headroom wrap claude\n"
    assert headroom("undo").stdout == "Nothing was left behind.\n"
    doctor = headroom("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "BAD" not in doctor.stdout
    (private_home / ".config" / "headroom").mkdir(parents=True)
    (private_home / ".config" / "headroom" / "config.toml").write_text("profile = ")
    bad = headroom("stats")
    assert bad.returncode == 2
    assert "config.toml are not TOML" in bad.stderr
    assert "Traceback" not in bad.stderr


@pytest.mark.slow
def test_the_demo_in_a_pipe(private_home: Path) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "headroom_wrap.cli.__main__", "demo"], env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "LedgerOutOfBalance: debit 1299.00 against" in done.stdout or "Invoice 48213 failed" in done.stdout
    assert "headroom_retrieve(" in done.stdout
    assert "Saved ~" in done.stderr
    assert json.dumps(str(private_home)) not in done.stdout


def children(words: str) -> list[psutil.Process]:
    """Our children that were started with these words."""
    return [p for p in psutil.Process().children() if words in " ".join(p.cmdline())]


@pytest.mark.slow
def test_a_proxy_that_dies_is_replaced(settings: Config) -> None:
    from headroom.testing import AnthropicProvider, Gate, Script, held, text

    gate = Gate()

    def kill(_: object) -> list[dict[str, object]]:
        try:
            children("headroom_wrap.proxy")[0].kill()
        finally:
            gate.release()
        return [text("never heard")]

    class Insistent(OneRequest):
        """An agent that asks once more when its first answer breaks off, and that reaches the model both times."""

        def plan(self, request: PlanRequest) -> LaunchPlan:
            plan = super().plan(request)
            again = "import subprocess, sys\nargv = [sys.executable, '-c', *sys.argv[1:]]\nsubprocess.run(argv, capture_output=True)\n"
            return replace(plan, argv=(sys.executable, "-c", again + "sys.exit(subprocess.run(argv).returncode)", *plan.argv[2:]))

    with AnthropicProvider(Script(kill, held([text("hello")], gate))) as provider:
        ended = session.run(Insistent(provider.url, status=7), (), settings)
        assert len(provider.requests) == 2
    assert ended.exit.code == 7
    assert ended.view.trouble is not None
    assert ended.view.trouble.message.startswith("Headroom's proxy was ended by SIGKILL and was started again")
    assert ended.view.snapshot().alarm == "PROXY"
    assert clean(settings)


@pytest.mark.slow
def test_a_proxy_that_cannot_live_is_given_up_with_a_sentence(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_settings", lambda *_: ProxyConfig(upstream="", state="", profile="no such profile"))

    class Patient(OneRequest):
        """An agent that waits until connections are refused."""

        def plan(self, request: PlanRequest) -> LaunchPlan:
            wait = (
                "import socket, sys\nwhile True:\n  with socket.socket() as s:\n    s.settimeout(5)\n"
                "    if s.connect_ex(('127.0.0.1', int(sys.argv[1]))): sys.exit(3)\n"
                "    try: s.recv(1)\n    except ConnectionError: pass\n"
            )
            plan = super().plan(request)
            return replace(plan, argv=(sys.executable, "-c", wait, str(urlsplit(request.proxy).port)))

    ended = session.run(Patient("http://127.0.0.1:9"), (), settings)
    assert ended.exit.code == 3
    assert ended.view.trouble is not None
    assert "ended with status 2 and cannot be kept running" in ended.view.trouble.message
    assert clean(settings)


@pytest.mark.slow
def test_a_folder_whose_name_is_not_utf8(settings: Config, tmp_path: Path) -> None:
    from headroom.testing import AnthropicProvider, Script, text

    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    here = replace(settings, surroundings=replace(settings.surroundings, cwd=folder))
    with AnthropicProvider(Script([text("hello")])) as provider:
        ended = session.run(OneRequest(provider.url), (), here)
    assert ended.exit.code == 0
    assert ended.view.snapshot().bill is not None
