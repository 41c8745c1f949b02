"""What every session finds out again: how this project is tested, built and linted, and where reading it begins.

Claim: this command does it for the whole project. Refuted where there is no such task; a part, another day's number and a way round what failed are
not the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation, PathExists
from headroom_wrap.learn.miners import faults
from headroom_wrap.learn.miners.difference import LOUDNESS, difference, hides
from headroom_wrap.learn.miners.line import Line, basename
from headroom_wrap.learn.miners.paths import place
from headroom_wrap.learn.miners.trail import WINDOW, Step, Trail, clean
from headroom_wrap.learn.miners.variants import OF_FILES, called, head, is_subcommand, names_purpose, of_environment, premises, purpose, typed
from pipeline.transcript import ToolKind

_LESSONS = {"test": Lesson.TEST_COMMAND, "build": Lesson.BUILD_COMMAND, "lint": Lesson.LINT_COMMAND}
_RAN = re.compile(r"\b\d{1,6} (?:passed|failed|passing|failing|tests?|examples?)\b|^Tests?:? |^(?:ok|FAIL|PASS)\b|test result:", re.MULTILINE)
_ASKING = frozenset({"-N", "--show-only", "--help", "-h", "--version", "-V", "--collect-only", "--list", "--listTests", "--dry-run"})
# They test all of the project without being told what, so what they were told besides may be left off. Of other programs that is not known.
_WHOLE = frozenset("pytest py.test jest rspec phpunit manage.py".split())
# Their tasks are the project's own, or take all of it.
_TASKED = frozenset("npm pnpm yarn bun make gmake just task rake gradle gradlew mvn mvnw cargo mix swift stack cabal sbt lein".split())
_TOLD_WHAT = frozenset("eslint ruff prettier biome stylelint flake8 pylint tsc rollup webpack vitest mocha ava".split())
_QUALIFIERS = frozenset({"all", "ci", "run", "unit", "check", "prod", "production"})  # of a task's name, as in test:unit; others make it a part
_SESSIONS = frozenset({"tox", "nox"})  # they run what they are told to: tests or anything else
_NOT_OF_PROJECT = frozenset({"docker", "podman", "nerdctl", "buildah", "git", "pip", "pip3", "kubectl"})  # an image or a package is another thing
_CALL = re.compile(r"\w\(\);?\Z")  # of a function, for an interpreter
_PART = re.compile(
    r"\w::|/(?!\.\.\.\Z)(?!\Z)|\w\.\w{1,40}(?::\d{1,7})?\Z|\A-(?:k|t|run|m|g|p|pl|w|R|E|L|-filter\S{0,60}|-grep\S{0,60}|-testNamePattern\S{0,60}|-package\S{0,60})\Z"
)
# Without these it may be another command: it takes its settings, or all of the project, from elsewhere.
_SETTING = re.compile(
    r"\A(?:-[cCfwp]|-pl|--(?:config|rootdir|settings|prefix|filter|manifest-path|package|project|cwd|dir|workspace=|workspaces|features|profile)\S{0,80})\Z"
)
_EVERYTHING = frozenset({"//...", "::", "./..."})
_MOST_WORDS = 8
_TOTALS = 1000  # characters of an output's end in which runners of tests give their totals
_FIRST = 5  # tool uses with which a session begins
_KNOWN = re.compile(r"(?:^|/)(?:readme|agents|claude|gemini|contributing|changelog|license)[^/]{0,20}\Z|\.(?:lock|log)\Z|package-lock", re.IGNORECASE)


def mine(trail: Trail) -> Iterator[Observation]:
    """The commands that tested, built and linted the whole project, each once; the files that were read first."""
    told: set[tuple[Lesson, str]] = set()
    for step in trail.steps:
        line = step.line
        if not line or not line.words or line.variables or trail.folder(step) != "." or _ASKING.intersection(line.words):
            continue
        lesson = _lesson(step, _without_options(line.words), trail.folders)
        if lesson is None:
            continue
        if lesson is not Lesson.TEST_COMMAND and _got_round(trail, step, line):
            continue
        command = _whole(trail, step, line, lesson)
        if command and (lesson, command) not in told:
            told.add((lesson, command))
            needed = (PathExists(command.split(maxsplit=1)[0]),) if line.activate else premises(trail, step, head(line.words))
            if needed is not None:
                yield Observation(
                    Kind.FACT,
                    lesson.value,
                    lesson,
                    {"command": command},
                    trail.evidence(step),
                    needed,
                    refuted_by=(f"nodo:{clean(' '.join(head(line.words)))}",),
                )
    yield from _entry_points(trail)


def _entry_points(trail: Trail) -> Iterator[Observation]:
    """The files with which a session begins. A later part of one does not begin, and a subagent with what it was sent for."""
    told: set[str] = set()
    if trail.session.part or trail.session.subagent:
        return
    for step in trail.steps[:_FIRST]:
        if step.worked and step.use.kind is ToolKind.READ and step.use.path:
            path = place(trail, step, step.use.path)
            if path and path not in told and not _KNOWN.search(path):
                told.add(path)
                yield Observation(Kind.FACT, Lesson.ENTRY_POINT.value, Lesson.ENTRY_POINT, {"path": path}, trail.evidence(step), (PathExists(path),))


def _whole(trail: Trail, step: Step, line: Line, lesson: Lesson) -> str:
    """The command in a form that does it for the whole project; ``""`` where no such form was run."""
    name = head(line.words)
    if {basename(w) for w in name} & _NOT_OF_PROJECT:
        return ""
    rest = line.words[len(name) :]
    task = len(name) > 1 and basename(name[0]) in _TASKED and name[-1] not in _TOLD_WHAT
    if not (task or {basename(w) for w in name} & _WHOLE) or any(_SETTING.search(w) for w in rest):
        if basename(name[0]) not in _SESSIONS:
            rest = tuple(w for w in rest if w not in LOUDNESS)
        if len(name) + len(rest) > _MOST_WORDS or any(_is_part(w) for w in rest) or _numbered(rest):
            return ""
        if lesson is Lesson.TEST_COMMAND and _named(rest, trail.folders):
            return ""  # some of the tests, by their names
        name, rest = (*name, *rest), ()
    if line.activate:
        program = of_environment(trail, step, line.activate, line.program)
        if program is None:
            return ""
        name = (program, *name[1:])
    whole = [w for w in rest[:2] if w in ("./...", "--workspace", "--all")]
    return clean(typed((*name, *whole)))[:160] if basename(name[0]) not in ("npx", "bunx") or len(name) > 1 else ""


def _is_part(word: str) -> bool:
    """Whether an argument names a part of the project, or another task than the program's usual one."""
    return word not in _EVERYTHING and not _CALL.search(word) and (word.startswith("@") or _PART.search(word) is not None)


def _numbered(words: tuple[str, ...]) -> bool:
    """Whether one of a command's arguments is a number, and so of one day. The value of an option is none."""
    return any(w.isdigit() and not before.startswith("-") for before, w in zip(("", *words), words, strict=False))


def _named(words: tuple[str, ...], folders: frozenset[str]) -> bool:
    """Whether one of a command's arguments is a bare name, and so perhaps that of some tests. The value of an option is none."""
    after = zip(("", *words), words, strict=False)
    return any(is_subcommand(w, folders) and not names_purpose(w) and w not in _QUALIFIERS for before, w in after if not before.startswith("-"))


def _lesson(step: Step, words: tuple[str, ...], folders: frozenset[str]) -> Lesson | None:
    """What a command that did its work shows, if anything. Tests that fail show as well as tests that pass how they are run.

    It has to be a program that does something: ``ls test`` is no test, nor does ``mkdir build`` build.
    """
    lesson = _LESSONS.get(purpose(words, folders))
    if lesson is None or step.use.kind is not ToolKind.SHELL or basename(words[0]) in OF_FILES:
        return None
    name = called(words, folders)
    if lesson is Lesson.BUILD_COMMAND:
        if "-l" in words:  # its steps are listed
            return None
        for one in words[len(name) : len(name) + 1]:
            if is_subcommand(one, folders) and one not in _QUALIFIERS:  # ``zig build test`` does what its last word says
                lesson = Lesson.TEST_COMMAND if purpose(("make", one)) == "test" else None
    if lesson is None:
        return None
    if set(name[-1].split(":")[1:]) - _QUALIFIERS or name[:2] == ("cargo", "package"):
        return None
    if lesson is not Lesson.TEST_COMMAND:
        return lesson if step.worked else None
    if basename(name[0]) in _SESSIONS and len(words) > 1 and not any(w.startswith(("py", "test")) for w in words[1:]):
        return None
    # `make check` tests, `cargo check` does not: what is only called a check has to have shown that it does.
    return lesson if _ran(step) or (step.worked and name[-1] != "check") else None


def _without_options(words: tuple[str, ...]) -> tuple[str, ...]:
    """A command without the options, and what belongs to them, that stand before its task: ``make -C build check`` is ``make check``."""
    if basename(words[0]) in _TASKED and len(words) > 2 and words[1].startswith("-") and not words[-1].startswith("-"):
        return (words[0], words[-1])
    return words


def _got_round(trail: Trail, step: Step, line: Line) -> bool:
    """Whether the same failed before with less said, and only so it passes: some part of the project, or of what is asked of it, is left out."""
    for earlier in trail.steps[max(step.index - WINDOW, 0) : step.index]:
        if earlier.failed and earlier.line and earlier.line.words and not trail.changed(earlier, step):
            found = difference(earlier.line.words, line.words)
            if found and found.gained and not found.lost and (hides(found.gained[0]) or faults.of_code(earlier)):
                return True
    return False


def _ran(step: Step) -> bool:
    return step.failure is None and not step.use.refused and not step.use.timed_out and bool(_RAN.search(step.use.result[-_TOTALS:]))
