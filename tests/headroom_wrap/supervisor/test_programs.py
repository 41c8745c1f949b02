"""The program behind npm's starter, found where npm puts it and nowhere else."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from types import MappingProxyType

import pytest

from adapters.copilot import Copilot
from headroom_wrap.config import Surroundings
from headroom_wrap.supervisor import programs


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.39"))


def install(root: Path, *, nested: bool, names: tuple[str, ...] = ("linux-x64",)) -> Path:
    """npm's layout: the starter, linked on the PATH, and the platform packages beside its package or inside it. Gives the PATH."""
    modules = root / "lib" / "node_modules"
    starter = modules / "@github" / "copilot"
    starter.mkdir(parents=True)
    (starter / "npm-loader.js").write_text("#!/usr/bin/env node\n")
    (starter / "npm-loader.js").chmod(0o755)
    (starter / "package.json").write_text(json.dumps({"version": "1.0.0"}))
    for name in names:
        package = (starter / "node_modules" if nested else modules) / "@github" / f"copilot-{name}"
        package.mkdir(parents=True)
        (package / "package.json").write_text(json.dumps({"version": "1.0.102", "bin": {f"copilot-{name}": "copilot"}}))
        (package / "copilot").write_text("program")
        (package / "copilot").chmod(0o755)
    (root / "bin").mkdir()
    (root / "bin" / "copilot").symlink_to(starter / "npm-loader.js")
    return root / "bin"


def find(path: Path) -> tuple[str, str]:
    found = programs.find(Copilot(), Surroundings(MappingProxyType({"PATH": str(path)}), path, path))
    return found.path, found.version


@pytest.mark.parametrize("nested", [False, True], ids=["hoisted", "nested"])
def test_the_program_is_found(tmp_path: Path, nested: bool) -> None:
    path, version = find(install(tmp_path, nested=nested))
    assert path.endswith("/@github/copilot-linux-x64/copilot")
    assert version == "1.0.102"


@pytest.mark.parametrize(("libc", "wanted"), [("glibc", "linux-x64"), ("", "linuxmusl-x64")])
def test_the_c_library_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, libc: str, wanted: str) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, ""))
    path, _ = find(install(tmp_path, nested=False, names=("linux-x64", "linuxmusl-x64")))
    assert f"copilot-{wanted}/" in path


def test_another_machines_package_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    on_path = install(tmp_path, nested=False)
    assert find(on_path) == (str(on_path / "copilot"), "1.0.0")


@pytest.mark.parametrize("told", ["{", "[]", '{"bin": 1}', '{"bin": {}}', '{"bin": {"a": "missing"}}'])
def test_a_package_that_says_nothing_of_use(tmp_path: Path, told: str) -> None:
    on_path = install(tmp_path, nested=False)
    (tmp_path / "lib" / "node_modules" / "@github" / "copilot-linux-x64" / "package.json").write_text(told)
    assert find(on_path)[0] == str(on_path / "copilot")


def test_a_program_that_is_no_script_is_run_itself(tmp_path: Path) -> None:
    on_path = install(tmp_path, nested=False)
    (on_path / "copilot").unlink()
    (on_path / "copilot").write_text("program")
    (on_path / "copilot").chmod(0o755)
    assert find(on_path)[0] == str(on_path / "copilot")
