"""The image, the compose file and the fleet's page: what can be held against the program without a container engine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from headroom_wrap.cli.commands import _COMMANDS
from headroom_wrap.config import OPTIONS
from headroom_wrap.proxy.endpoints.metrics import text
from headroom_wrap.proxy.endpoints.tally import Tally
from tests.headroom_wrap.proxy.sdks.running import standing

ROOT = Path(__file__).parents[2]
VARIABLES = {option.env for option in OPTIONS}


def instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = (line.partition(" ") for line in joined.splitlines() if line and not line.startswith("#"))
    return [(name, rest) for name, _, rest in lines]


def test_the_image_runs_the_proxy_as_nobody_in_particular():
    found = instructions()
    last = dict(found)
    assert [name for name, _ in found].count("FROM") == 2
    user, group = last["USER"].split(":")
    assert int(user) > 0
    made = next(rest for name, rest in found if name == "RUN" and "useradd" in rest)
    assert f"groupadd --system --gid {group} headroom " in made
    assert f"useradd --system --uid {user} --gid headroom " in made
    assert json.loads(last["ENTRYPOINT"]) + json.loads(last["CMD"]) == ["headroom", "proxy"]
    assert "proxy" in _COMMANDS
    names = [name for name, _ in found]
    assert names.index("USER") < names.index("HEALTHCHECK") < names.index("CMD")
    settings = {name for name in re.findall(r"(\w+)=", last["ENV"]) if name.startswith("HEADROOM_")}
    assert settings == {"HEADROOM_STATE", "HEADROOM_PROXY_HOST", "HEADROOM_PROXY_PORT"} <= VARIABLES


def test_what_the_image_is_made_from_is_what_the_wheel_needs():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    assert all((ROOT / name).exists() for name in let_through)
    project = (ROOT / "pyproject.toml").read_text()
    packages = json.loads(re.search(r"targets\.wheel\]\npackages = (\[.*\])", project)[1])
    assert {*packages, "pyproject.toml", "README.md", "LICENSE"} == let_through


def test_the_image_installs_what_it_built():
    found = instructions()
    built, runs = (rest.partition(" ")[0] for name, rest in found if name == "FROM")
    assert built == runs, "wheels are of one Python"
    project = (ROOT / "pyproject.toml").read_text()
    oldest = re.search(r'requires-python = ">=3\.(\d+)"', project)[1]
    assert int(re.search(r"python:3\.(\d+)-", runs)[1]) >= int(oldest)
    extras = re.findall(r'"(?:/source|headroom-ai)\[([\w,]+)\]"', "".join(rest for name, rest in found if name == "RUN"))
    assert extras[0] == extras[1]
    declared = re.findall(r"^(\w+) = \[", project.partition("[project.optional-dependencies]")[2].partition("\n[")[0], re.MULTILINE)
    assert set(extras[0].split(",")) <= set(declared)


@pytest.mark.slow
def test_the_image_is_healthy_when_the_proxy_lives_and_only_then(tmp_path):
    check = json.loads(dict(instructions())["HEALTHCHECK"].partition("CMD ")[2])
    check[0] = sys.executable
    with standing(tmp_path) as proxy:
        port = proxy.origin.rpartition(":")[2]
        environ = {**os.environ, "HEADROOM_PROXY_PORT": port}
        assert subprocess.run(check, env=environ, check=False).returncode == 0
        proxy.end()
    assert subprocess.run(check, env=environ, check=False, stderr=subprocess.DEVNULL).returncode != 0


def test_the_compose_file_sets_what_there_is_to_set():
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    proxy = services["headroom"]
    assert set(proxy["environment"]) <= VARIABLES
    assert proxy["environment"]["HEADROOM_STORE"].startswith("postgresql://")
    assert all(port.startswith("127.0.0.1:") for port in proxy["ports"])
    assert "POSTGRES_PASSWORD" in services["postgres"]["environment"]


def test_the_page_names_nothing_that_there_is_not():
    page = (ROOT / "docs" / "fleet.md").read_text()
    assert set(re.findall(r"HEADROOM_\w+", page)) <= VARIABLES
    tally = Tally()
    tally.troubles.add("store")
    assert re.search(r"`(headroom_\w+_total\{kind=\"store\"\})`", page)[1] in text(tally, 0)
    assert {line.split()[1] for line in page.splitlines() if line.startswith("    headroom ")} <= set(_COMMANDS)
