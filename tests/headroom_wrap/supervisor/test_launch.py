from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import pytest

from adapters.claude import Claude
from adapters.plan import LaunchPlan
from headroom_wrap.config import Surroundings
from headroom_wrap.errors import UserError
from headroom_wrap.supervisor import launch, programs


def plan(**fields: object) -> LaunchPlan:
    return LaunchPlan("claude", ("claude",), "https://u", **fields)  # type: ignore[arg-type]


def test_files_are_private(tmp_path: Path) -> None:
    launch.write_files(plan(files={tmp_path / "a.json": "{}"}), tmp_path)
    assert (tmp_path / "a.json").read_text() == "{}"
    assert oct((tmp_path / "a.json").stat().st_mode)[-3:] == "600"


def test_files_elsewhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not in"):
        launch.write_files(plan(files={Path("/tmp/x"): ""}), tmp_path)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        launch.write_files(plan(files={tmp_path / "no" / "a": ""}), tmp_path / "no")


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match=f"Port {taken.getsockname()[1]}"):
            launch.bind(taken.getsockname()[1])


def test_a_free_port_waits_for_the_agent() -> None:
    with launch.bind(0) as listener:
        socket.create_connection(listener.getsockname(), timeout=60).close()


def test_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "headroom").write_text("")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    env = launch.environment(plan(env={"A": "2"}), {"A": "1", "B": "1", "PATH": "/nowhere"})
    assert env == {"A": "2", "B": "1", "PATH": f"/nowhere:{tmp_path}"}
    assert launch.environment(plan(routed=False), {"PATH": "/nowhere"})["PATH"] == "/nowhere"


def test_the_agents_headroom_is_this_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours, others = tmp_path / "ours", tmp_path / "others"
    for place in (ours, others):
        place.mkdir()
        (place / "headroom").write_text(f"#!/bin/sh\necho {place.name} $*\n")
        (place / "headroom").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(ours / "python"))
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "headroom").symlink_to(ours / "headroom")
    for path, expected in (("/nowhere", {"PATH": f"/nowhere:{ours}"}), (str(ours), {}), (f"{tmp_path}/linked:{others}", {})):
        assert launch.with_own_command(plan(env={"A": "1"}), {"PATH": path}, tmp_path) == plan(env={"A": "1", **expected})
    found = launch.with_own_command(plan(env={"A": "1"}), {"PATH": f"{others}:{ours}"}, tmp_path)
    assert found.env == {"A": "1", "PATH": f"{tmp_path}/bin:{others}:{ours}"}
    assert not (tmp_path / "bin").exists(), "it is told before it is done"
    launch.write_files(found, tmp_path)
    done = subprocess.run(["/bin/sh", "-c", "headroom show 'a b'"], env=found.env, capture_output=True, text=True, check=True)
    assert done.stdout == "ours show a b\n"
    assert [oct(p.stat().st_mode)[-3:] for p in (tmp_path / "bin", tmp_path / "bin" / "headroom")] == ["700", "700"]
    with pytest.raises(UserError, match="cannot be written"):
        launch.write_files(found, tmp_path)


def test_configuration_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "d").mkdir()
    (tmp_path / "b").write_bytes(b"\xff")
    assert launch.read_files([tmp_path / "a", tmp_path / "missing", tmp_path / "a" / "below"]) == {tmp_path / "a": "x"}
    for bad in ("d", "b"):
        with pytest.raises(UserError):
            launch.read_files([tmp_path / bad])


def around(path: Path) -> Surroundings:
    return Surroundings(MappingProxyType({"PATH": str(path)}), path, path)


def test_a_missing_program_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no claude on the PATH") as caught:
        programs.find(Claude(), around(tmp_path))
    assert caught.value.status == 127
    assert "npm install" in caught.value.hint


def test_versions_are_told_without_running(tmp_path: Path) -> None:
    package = tmp_path / "lib" / "node_modules" / "claude-code"
    (package / "bin").mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": "2.1.197"}))
    program = package / "bin" / "claude.exe"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "claude").symlink_to(program)
    found = programs.find(Claude(), around(tmp_path))
    assert found.version == "2.1.197"
    native = tmp_path / "versions" / "2.1.50"
    native.parent.mkdir()
    native.write_text("")
    assert programs.version(native) == "2.1.50"
    assert programs.version(tmp_path / "versions" / "other") == ""
