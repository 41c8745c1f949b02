"""What tools answer in generated sessions: a project that is searched, read, edited, built and tested, and systems that are looked into."""

from __future__ import annotations

import difflib
import json
import random
from collections.abc import Callable
from typing import Any

from benchmarks.workloads import WORKLOADS
from benchmarks.workloads.exploration import exploration

Call = tuple[str, dict[str, Any], str]
"""A tool's name, its arguments, its result."""

_ROOT = "/home/dev/shop"
_READ_LINES = 2000
_LONGEST = 60_000  # characters; agents cut longer answers off or put them into files
_PARTS = 4  # a part is four files
_WORDS = (
    "the order is priced before it is booked so that a coupon which has expired in the meantime does not count and the customer sees what will be"
    " charged the ledger holds both and a nightly job compares them because refunds may arrive late and in another currency"
).split()
_PACKAGES = "attrs httpx click rich numpy pydantic starlette uvicorn sqlalchemy alembic redis celery jinja2 pyyaml orjson tenacity".split()


def sentences(rng: random.Random, words: int) -> str:
    """Prose of so many words."""
    made = []
    while words > 0:
        length = min(words, rng.randrange(6, 18))
        made.append(" ".join(rng.choice(_WORDS) for _ in range(length)).capitalize() + ".")
        words -= length
    return " ".join(made)


class Project:
    """A code base with what was changed in it so far, and the tools that agents work on it with.

    Args:
        seed: decides everything.
    """

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        reads = [pair for part in range(_PARTS) for pair in _pairs("exploration", 1000 * part + seed) if pair[0] == "Read"]
        self._files: dict[str, list[str]] = {
            arguments["file_path"]: [line.split("\t", 1)[1] for line in text.split("\n")] for _, arguments, text in reads
        }
        self._changed: dict[str, list[str]] = {}

    def coding(self) -> Call:
        """One call of an agent that writes code: reads and edits above all, then tests, searches, git."""
        tools: list[tuple[Callable[[], Call], int]] = [
            (self.read, 24),
            (self.read_range, 14),
            (self.edit, 22),
            (self.tests, 12),
            (self.grep, 8),
            (self.short, 8),
            (self.diff, 4),
            (self.listing, 3),
            (self.build, 4),
            (self.page, 1),
        ]
        return self._one_of(tools)

    def looking(self) -> Call:
        """One call of an agent that looks for something: logs, tables, JSON of services, searches, builds."""
        tools: list[tuple[Callable[[], Call], int]] = [
            (self.workload, 60),
            (self.log, 12),
            (self.tests, 8),
            (self.build, 6),
            (self.short, 8),
            (self.read_range, 4),
            (self.listing, 2),
        ]
        return self._one_of(tools)

    def talking(self) -> Call:
        """One call of an agent that mostly talks: short answers of tools."""
        return self._one_of([(self.short, 6), (self.read_range, 3), (self.edit, 2)])

    def _one_of(self, tools: list[tuple[Callable[[], Call], int]]) -> Call:
        return self._rng.choices([tool for tool, _ in tools], [weight for _, weight in tools])[0]()

    def workload(self) -> Call:
        """A call of one of the headline workloads, no longer than agents let an answer be."""
        while True:
            pairs = _pairs(self._rng.choice(sorted(WORKLOADS)), self._rng.randrange(40))
            if fitting := [pair for pair in pairs if len(pair[2]) < _LONGEST]:
                return self._rng.choice(fitting)

    def read(self) -> Call:
        """A whole file."""
        path = self._path()
        return "Read", {"file_path": path}, _numbered(self._files[path][:_READ_LINES], 1)

    def read_range(self) -> Call:
        """A part of a file."""
        path = self._path()
        first = self._rng.randrange(1, max(2, len(self._files[path]) - 80))
        size = self._rng.randrange(20, 80)
        arguments = {"file_path": path, "offset": first, "limit": size}
        return "Read", arguments, _numbered(self._files[path][first - 1 : first - 1 + size], first)

    def edit(self) -> Call:
        """A line is changed, for good."""
        path = self._path()
        lines = self._files[path]
        place = self._rng.choice([i for i, line in enumerate(lines) if line.strip()])
        old = lines[place]
        new = old.replace("total", "sum_total", 1) if "total" in old else f"{old}  # checked {self._rng.randrange(100)}"
        self._changed.setdefault(path, list(lines))
        lines[place] = new
        arguments = {"file_path": path, "old_string": old, "new_string": new}
        return "Edit", arguments, f"The file {path} has been updated successfully."

    def grep(self) -> Call:
        """Lines that hold a word."""
        word = self._rng.choice(["total", "store", "country", "raise", "amount", "log.warning"])
        hits = [f"{path}:{n}:{line}" for path, lines in self._files.items() for n, line in enumerate(lines, 1) if word in line]
        return "Grep", {"pattern": word, "path": _ROOT, "output_mode": "content", "-n": True}, "\n".join(hits[:250])

    def tests(self) -> Call:
        """pytest, with or without a failure."""
        names = [f"tests/test_{path.rsplit('/', 1)[-1][:-3]}.py::test_case_{n}" for path in self._files for n in range(24)]
        bad = set(self._rng.sample(names, self._rng.choice([0, 0, 1, 3])))
        lines = ["=" * 30 + " test session starts " + "=" * 30, f"collected {len(names)} items", ""]
        lines += [f"{name} {'FAILED' if name in bad else 'PASSED'} [{100 * (i + 1) // len(names):3}%]" for i, name in enumerate(names)]
        for name in sorted(bad):
            got = self._rng.randrange(100, 999)
            lines += [
                f"____ {name} ____",
                ">       assert entry.amount == 1200",
                f"E       assert {got} == 1200",
                f"{name.split('::')[0]}:31: AssertionError",
            ]
        lines += [f"FAILED {name} - assert" for name in sorted(bad)]
        lines.append(f"{len(bad)} failed, {len(names) - len(bad)} passed in {self._rng.uniform(1, 9):.2f}s")
        return "Bash", {"command": "python -m pytest -v tests 2>&1"}, "\n".join(lines)

    def build(self) -> Call:
        """An installation that succeeds."""
        lines = []
        for name in self._rng.sample(_PACKAGES, 12):
            version = f"{self._rng.randrange(9)}.{self._rng.randrange(30)}.{self._rng.randrange(9)}"
            lines += [f"Collecting {name}>={version}", f"  Downloading {name}-{version}-py3-none-any.whl.metadata ({self._rng.randrange(2, 90)} kB)"]
            lines += [f"Downloading {name}-{version}-py3-none-any.whl ({self._rng.randrange(20, 900)} kB)"]
            lines += [f"   {'━' * 40} {size}/{400} kB {self._rng.uniform(1, 9):.1f} MB/s eta 0:00:00" for size in range(100, 401, 100)]
        lines.append("Successfully installed " + " ".join(_PACKAGES))
        return "Bash", {"command": "pip install -r requirements.txt 2>&1"}, "\n".join(lines)

    def log(self) -> Call:
        """The end of a service's log."""
        service = self._rng.choice(["checkout", "payment", "mail", "search"])
        start = self._rng.randrange(10**6)
        lines = []
        for n in range(self._rng.randrange(120, 320)):
            level = self._rng.choices(["INFO", "DEBUG", "WARN", "ERROR"], [80, 14, 5, 1])[0]
            what = {"WARN": "slow query", "ERROR": "connection to upstream lost: timed out"}.get(level, "handled request")
            lines.append(
                f"2026-03-0{1 + n % 9}T12:{n // 60 % 60:02}:{n % 60:02}.{self._rng.randrange(1000):03}Z {level} {service}[{start % 997}]:"
                f" {what} id={start + n} took={self._rng.randrange(900)}ms"
            )
        return "Bash", {"command": f"tail -n {len(lines)} /var/log/{service}.log"}, "\n".join(lines)

    def diff(self) -> Call:
        """What was changed so far, in up to four files."""
        parts = []
        for path in sorted(self._changed)[-4:]:
            name = path.removeprefix(f"{_ROOT}/")
            parts += [f"diff --git a/{name} b/{name}"]
            parts += difflib.unified_diff(self._changed[path], self._files[path], f"a/{name}", f"b/{name}", lineterm="")
        return "Bash", {"command": "git diff"}, "\n".join(parts) or "(Bash completed with no output)"

    def listing(self) -> Call:
        """A long listing of the project."""
        rows = [
            f"-rw-r--r-- 1 dev dev {self._rng.randrange(200, 90000):6} Mar {n % 28 + 1:2} 09:{n % 60:02} {path}" for n, path in enumerate(self._files)
        ]
        rows += [f"-rw-r--r-- 1 dev dev {self._rng.randrange(200, 9000):6} Feb {n % 28 + 1:2} 10:{n % 60:02} assets/icon_{n}.svg" for n in range(60)]
        return "Bash", {"command": f"ls -la {_ROOT}"}, "\n".join(rows)

    def page(self) -> Call:
        """A page of documentation."""
        text = "\n\n".join(f"## {sentences(self._rng, 4)}\n\n{sentences(self._rng, self._rng.randrange(40, 140))}" for _ in range(12))
        return "WebFetch", {"url": "https://docs.example.com/pricing", "prompt": "How are coupons priced?"}, text

    def short(self) -> Call:
        """A few lines."""
        commands: dict[str, str] = {
            "git status --short": "\n".join(f" M {path.removeprefix(_ROOT + '/')}" for path in sorted(self._changed)[-6:]) or "nothing to commit",
            "python --version": "Python 3.12.4",
            "git log --oneline -5": "\n".join(f"{self._rng.getrandbits(28):07x} {sentences(self._rng, 6)}" for _ in range(5)),
            "wc -l shop/*.py": "\n".join(f"  {len(lines)} {path}" for path, lines in self._files.items()),
            "curl -s localhost:3004/health": json.dumps({"status": "ok", "uptime": self._rng.randrange(10**6), "version": "1.4.2"}),
        }
        command = self._rng.choice(sorted(commands))
        return "Bash", {"command": command}, commands[command]

    def _path(self) -> str:
        return self._rng.choice(sorted(self._files))


def _pairs(kind: str, seed: int) -> list[Call]:
    """The calls of a workload with their results."""
    messages = (exploration if kind == "exploration" else WORKLOADS[kind])(seed).messages
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    results: list[tuple[str, str]] = []
    for message in messages:
        for call in message.get("tool_calls", []):  # a workload may be in OpenAI's form
            calls[call["id"]] = call["function"]["name"], json.loads(call["function"]["arguments"])
        if message["role"] == "tool":
            results.append((message["tool_call_id"], message["content"]))
        for block in message["content"] if isinstance(message["content"], list) else []:
            if block["type"] == "tool_use":
                calls[block["id"]] = block["name"], block["input"]
            elif block["type"] == "tool_result":
                results.append((block["tool_use_id"], block["content"]))
    return [(*calls[number], text) for number, text in results]


def _numbered(lines: list[str], first: int) -> str:
    return "\n".join(f"{n}\t{line}" for n, line in enumerate(lines, first))
