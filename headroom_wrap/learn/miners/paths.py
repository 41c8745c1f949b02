"""A path that was guessed wrong, and where the file was found.

Claim: who looks for the one wants the other. Refuted where the one is there or the other is not; a file that was made, moved or deleted, that stands
for examples or tests, or whose name stands everywhere is another one.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation, PathAbsent, PathExists
from headroom_wrap.learn.miners.failure import Cause
from headroom_wrap.learn.miners.line import basename
from headroom_wrap.learn.miners.trail import Step, Trail, clean, cost
from pipeline.transcript import ToolKind

_MISSING = re.compile(r"does not exist|[Nn]o such file|[Ff]ile not found|ENOENT|not found: ")
# They are given names of files that need not be there.
_ASKING = frozenset(
    {"find", "fd", "fdfind", "rg", "grep", "egrep", "ag", "ack", "echo", "git", "curl", "wget"}
)  # they work on names of files that are not there
_PASSING = re.compile(
    r"\.(?:log|out|tmp|err|trace|dump)\Z|(?:^|/)(?:tmp|temp|logs?|build|dist|target|node_modules|coverage|\.[^/]{1,40})/"
    r"|(?:^|[/_.-])(?:19|20)\d\d[-_.]?[01]\d(?:[-_.]?[0-3]\d)?(?=[/_.T-]|\Z)"
    r"|(?:^|[/_.-])[0-9a-f]{16,64}(?=[/_.-]|\Z)"  # of one day, or of one content
    r"|(?:-lock\.(?:json|yaml)|\.lock|\.min\.\w{2,3}|\.snap|\.map)\Z"
)
# A header beside its source is another file; these are one another's.
_EXTENSIONS = tuple(
    frozenset(group.split())
    for group in (
        ".js .ts .jsx .tsx .mjs .cjs .mts .cts",
        ".md .rst .txt .mdx .adoc",
        ".yml .yaml .json .toml .json5",
        ".css .scss .sass .less",
        ".cc .cpp .cxx .c",
        ".h .hpp .hh",
    )
)
_ASIDE = frozenset(
    "tests test __tests__ spec specs fixtures fixture testdata test-data examples example samples sample demo demos mocks __mocks__ stubs legacy old "
    "archive archived backup backups deprecated third_party vendor vendored snapshots".split()
)
_OF_TESTS = re.compile(r"test|spec|fixture|mock|factor|example|sample|demo|helper|support|conftest", re.IGNORECASE)
_WHOLES = frozenset("packages apps services crates modules libs plugins projects cmd components features extensions tools".split())
_LOOKS = (ToolKind.READ, ToolKind.EDIT, ToolKind.LIST)
# Names that stand in many folders: found elsewhere, it is another file.
_COMMON = frozenset(
    "__init__.py __main__.py main.py index.ts index.js index.tsx index.jsx index.html mod.rs lib.rs main.rs main.go main.c doc.go "
    "package.json readme.md readme "
    "makefile dockerfile cargo.toml pyproject.toml setup.py conftest.py tsconfig.json .gitignore .env models.py views.py urls.py utils.py "
    "types.ts utils.ts "
    "config.py settings.py build.gradle pom.xml test.py tests.py page.tsx layout.tsx route.ts styles.css cmakelists.txt license changelog.md "
    "agents.md claude.md "
    "config.yaml config.yml config.json app.py cli.py base.py schema.prisma values.yaml chart.yaml main.tf variables.tf".split()
)


# Folders that stand in every part of a project: a common name in one of them is no more one file than the name alone.
_COMMON_FOLDERS = frozenset("src lib app apps test tests spec internal pkg cmd main java python components pages config include public docs".split())


def missing(step: Step) -> str:
    """The path that a step looked for in vain, as written; ``""`` if it is none, or several."""
    if step.line and step.line.words:
        if step.failure and step.failure.cause is Cause.NO_FILE:
            return step.failure.name
        return ""
    return step.use.path if step.failed and not step.use.command and step.use.kind in _LOOKS and _MISSING.search(step.use.result[:2000]) else ""


def present(step: Step) -> tuple[str, ...]:
    """The paths that a step has shown to be there, as written."""
    if not step.worked or (step.changes and not isinstance(step.use.arguments.get("old_string"), str)):
        return ()  # what it wrote was perhaps not there before
    if step.line:
        if step.line.writes or not step.line.words or basename(step.line.program) in _ASKING:
            return ()
        return tuple(w for w in step.line.words[1:] if not w.startswith("-") and ("/" in w or "." in w))
    return (step.use.path,) if step.use.path and step.use.kind in _LOOKS else ()


def place(trail: Trail, step: Step, path: str) -> str | None:
    """A step's path relative to the project."""
    folder = trail.folder(step)
    return trail.relative(path, posixpath.join(trail.project, folder)) if folder is not None else None


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each file that was not there, the file of the same name that was read soon after."""
    handled: set[str] = set()  # moved, deleted or read before in this session: no guess
    for step in trail.steps:
        handled.update(_handled(trail, step))
        wrong = place(trail, step, path) if (path := missing(step)) else None
        if not wrong or wrong == "." or wrong in handled or passing(wrong):
            continue
        right = _found(trail, step, wrong)
        if right:
            yield Observation(
                kind=Kind.PATH,
                subject=wrong,
                lesson=Lesson.PATH_IS_AT,
                slots={"wrong": wrong, "right": right},
                evidence=trail.evidence(step),
                premise=(PathAbsent(wrong), PathExists(right)),
                firm=True,
                refuted_by=(f"exists:{wrong}", f"absent:{right}"),
                wasted_tokens=cost(step),
            )


def _another_part(path: str) -> bool:
    """Whether a file stands among examples or what tests work on, and is named like any other: what was looked for is rather not there."""
    return not _OF_TESTS.search(posixpath.basename(path)) and aside(path)


def aside(path: str) -> bool:
    """Whether a path leads among tests, their data, examples, or what others made or nobody uses any more."""
    return not _ASIDE.isdisjoint(path.lower().split("/")[:-1])


def passing(path: str) -> bool:
    """Whether a file is of the kind that comes and goes: logs, what a build makes, what is hidden."""
    return bool(_PASSING.search(path))


def _handled(trail: Trail, step: Step) -> Iterator[str]:
    words = step.line.words[1:40] if step.line and step.changes else present(step)
    for word in words:
        if there := place(trail, step, word):
            yield there


def _found(trail: Trail, step: Step, wrong: str) -> str:
    candidates: dict[str, None] = {}
    for later in trail.after(step):
        if trail.changed(step, later):
            break
        if step.line and later.line and step.line.words == later.line.words:
            return ""  # the same words: it was the folder, not the path
        for path in present(later):
            there = place(trail, later, path)
            if there == wrong:
                return ""
            if there and not passing(there) and _same(wrong, there) and not _made(trail, step, later, there):
                candidates[clean(there)] = None
    return next(iter(candidates)) if len(candidates) == 1 else ""  # of several, none is known to be the one that was meant


def _made(trail: Trail, step: Step, later: Step, path: str) -> bool:
    """Whether a command in between, that did more than look, has told of the file: then it has made it."""
    name = posixpath.basename(path)
    return any(one.stirs and name in one.use.result for one in trail.steps[step.index + 1 : later.index])


def beside(one: str, other: str) -> bool:
    """Whether two folders are parts of one whole, as ``packages/web`` and ``packages/admin``: each has its own files and tasks."""
    return _beside(one.split("/"), other.split("/"))


def _beside(one: list[str], other: list[str]) -> bool:
    apart = [place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b]
    if len(one) != len(other) or len(one) < 2 or len(apart) != 1 or one[0] != other[0]:
        return False
    place = apart[0]
    return (place == 1 or one[place - 1] in _WHOLES) and not one[place].startswith(other[place][:4])


def _same(wrong: str, right: str) -> bool:
    """Whether a file is the one that was looked for: of the same name elsewhere, or beside it with another extension."""
    if _beside(wrong.split("/")[:-1], right.split("/")[:-1]) or (_another_part(right) and not _another_part(wrong)):
        return False
    a, b = posixpath.basename(wrong), posixpath.basename(right)
    if a == b:
        one, other = (posixpath.basename(posixpath.dirname(path)) for path in (wrong, right))
        return a.lower() not in _COMMON or (one == other != "" and one.lower() not in _COMMON_FOLDERS)
    (stem, extension), (other, another) = posixpath.splitext(a), posixpath.splitext(b)
    if extension == another and stem.lower() not in _COMMON_FOLDERS and len(stem) > 3 and stem in right.split("/")[:-1]:
        return True  # a module became a folder
    if stem == other and len(extension) > 2 and posixpath.dirname(wrong) == posixpath.dirname(right) and another.startswith(extension):
        return True
    alike = any(extension in group and another in group for group in _EXTENSIONS)
    return stem == other and alike and posixpath.dirname(wrong) == posixpath.dirname(right)
