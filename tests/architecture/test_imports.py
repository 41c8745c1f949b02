"""Imports go one way (ARCHITECTURE: the house), one file reads the environment, and what is heavy is not loaded by ``import headroom``."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("headroom", "headroom_wrap", "adapters", "pipeline")
ALLOWED = {
    "headroom_wrap": {"headroom_wrap", "adapters", "headroom", "pipeline"},
    "headroom": {"headroom", "pipeline"},
    "adapters": {"adapters"},
    "pipeline": {"pipeline"},
}
# Within the pipeline a module may import only from its own level or from below.
LEVELS = (("pipeline.cache_aligner",), ("pipeline.router",), ("pipeline.compressors",), ("pipeline.tokens", "pipeline.query", "pipeline.transcript"))


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the direction"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize(("name", "path"), list(modules()), ids=lambda v: v if isinstance(v, str) else "")
def test_directions(name: str, path: Path) -> None:
    package = name.split(".", maxsplit=1)[0]
    ours = {i for i in imported(path) if i.split(".")[0] in PACKAGES}
    assert {i.split(".")[0] for i in ours} <= ALLOWED[package]
    level = next((n for n, names in enumerate(LEVELS) if name.startswith(names)), None)
    if level is not None:
        above = tuple(n for names in LEVELS[:level] for n in names)
        assert not [i for i in ours if above and i.startswith(above)]


def test_the_check_can_fail() -> None:
    assert len(list(modules())) > 40
    assert "pipeline.compressors.api.Content" in imported(ROOT / "pipeline" / "router.py")


def test_only_config_reads_the_environment() -> None:
    readers = []
    for name, path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in ("environ", "environb", "getenv")
                and isinstance(node.value, ast.Name)
                and node.value.id == "os"
            ):
                readers.append(name)
    assert set(readers) == {"headroom_wrap.config"}


@pytest.mark.slow
@pytest.mark.parametrize("module", ["headroom", "headroom_wrap.cli.__main__", "headroom_wrap.mcp.server", "pipeline.router"])
def test_light_imports(module: str) -> None:
    heavy = "{'aiohttp', 'rich', 'tiktoken', 'hypothesis', 'numpy', 'watchdog', 'psutil'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.slow
def test_the_proxy_leaves_compressors_to_its_worker() -> None:
    code = (
        "import sys, headroom_wrap.proxy.server; print(sorted(m for m in sys.modules if m.startswith('pipeline.compressors.') and m.count('.') > 2))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
