"""Whether a text is the output of a build or a test run: by its content first; the call only adds to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.command import shows
from pipeline.compressors.api import Content
from pipeline.compressors.build import outcomes
from pipeline.compressors.build.diagnostics import Diagnostic, diagnostics
from pipeline.compressors.build.pytest_run import is_section
from pipeline.compressors.log.shapes import matched_lines
from pipeline.markers import carries_marker
from pipeline.transcript import ToolCall, ToolKind

_HEAD, _TAIL, _WINDOWS, _WINDOW = 30, 30, 8, 12
_LINE = 500
_LEAST = 6
_COMMAND = 1000
_SERIOUS, _SERIOUS_SHARE = 3, 0.3
_TIME_OF_DAY = re.compile(r"\d\d:[0-5]\d:[0-6]\d(?!\d)")
_LEAST_CALM, _CALM_SHARE = 10, 0.6
_PLAIN_SHARE = 0.4  # so many lines of what was fetched must be a tool's own
_WORDS, _WORDS_SHARE = 8, 0.8  # a line that begins a sentence has so many words, most of them of letters only
_SENTENCES = 0.01  # of the lines, and one: tools say a sentence, too

# Lines that only a test runner, a compiler's driver, a package manager or a build tool prints.
_SIGNS = (
    r"Ran \d+ tests? in |FAILED \((?:failures|errors)=",  # unittest
    r"={3,} (?:test session starts|FAILURES|ERRORS|short test summary info) ={3,}|\d+ (?:passed|failed)[^\n]{0,100} in \d+\.\d+s",  # pytest
    r"test result: (?:ok|FAILED)\. \d|running \d+ tests?$|error: (?:could not compile|aborting due to)",  # cargo
    r"Test Suites: |Test Files {1,3}\d|Tests: {1,12}\d+ |\d+ (?:passing|failing)(?: \(|$)",  # jest, vitest, mocha
    r"TAP version \d|1\.\.\d+$|[#ℹ] (?:pass|fail) \d+$",  # TAP, node
    r"--- (?:FAIL|PASS): |FAIL\t\S|ok {1,3}\t\S+\t",  # go
    r"\d+% tests passed|\[={4,}\] (?:Running )?\d+ tests? from ",  # ctest, GoogleTest
    r"✖ \d+ problems?|Found \d+ errors?(?:[. ]|$)|\d+ errors?(?: generated\.|$)|Success: no issues found|All checks passed!|Your code has been rated",
    r"(?:\[INFO\] )?BUILD (?:SUCCESS|FAILURE|FAILED|SUCCESSFUL)|\[ERROR\] Failed to execute goal|FAILURE: Build failed|> Task :",  # Maven, Gradle
    r"(?:g?make|ninja)(?:\[\d+\])?: (?:\*\*\* |Entering directory|build stopped)|collect2: error",
    r"-- (?:Configuring (?:done|incomplete)|Build files have been written)|CMake Error|configure: error",
    r"npm (?:ERR!|error) |npm warn deprecated |added \d+ packages",
    r"Successfully installed |Requirement already satisfied: |ERROR: (?:Could not|Failed|No matching|Cannot)",  # pip
    r"error: (?:subprocess-exited-with-error|metadata-generation-failed|externally-managed)",
    r"Plan: \d+ to add|Apply complete!|Terraform (?:will perform|used the selected)",
)
_SIGN = re.compile("|".join(_SIGNS))
_MARKUP = re.compile(r" {0,3}(?:```|~~~|</?[A-Za-z!]|\.\. [\w-]{1,40}::|\|.{0,300}\|\s{0,4}$)|.{0,200}\]\(\S")  # of a page, whatever it shows
_PROGRAMS = frozenset(
    """pytest py.test tox nox unittest jest mocha vitest ava tap cargo rustc go tsc eslint prettier stylelint biome gcc g++ cc c++ clang clang++ javac
    mvn mvnw gradle gradlew ant sbt make gmake cmake ninja ctest meson bazel npm npx pnpm yarn bun deno pip pip3 uv poetry mypy pyright ruff flake8
    pylint pyflakes black isort rspec rake bundle phpunit composer dotnet msbuild swift xcodebuild zig terraform tofu docker webpack vite rollup
    turbo nx playwright cypress golangci-lint staticcheck hadolint shellcheck rubocop phpstan tflint ansible-playbook""".split()
)
_MODULES = "pytest|unittest|mypy|pip|ruff|flake8|pylint|build|tox|nox|compileall"
_RUN_BY = re.compile(rf"\b(?:python[\d.]*|py|coverage run) -m (?:{_MODULES})\b|\bnode (?:\S+ ){{0,3}}--test\b|\bsetup\.py\b")


def confidence(content: Content) -> float:
    """How sure it is that the content is a build's output."""
    call = content.call
    if len(content.text) < 200 or carries_marker(content.text):
        return 0.0
    fetched = call is not None and call.kind is ToolKind.FETCH
    if call is not None and (call.kind in (ToolKind.SEARCH, ToolKind.LIST, ToolKind.EDIT) or (fetched and not call.command)):
        return 0.0
    start = content.text[:100].lstrip().lower()
    if start.startswith(("diff --git ", "<!doctype", "<html", "<?xml", "{\n", "[\n", '{"', '[{"')):
        return 0.0
    sample = _sample(content.lines)
    filled = [line for line in sample if line.strip()]
    if len(filled) < _LEAST:
        return 0.0
    signs = sum(map(_is_sign, filled))
    timed = _timed(sample)
    building = is_build(call) and not fetched
    if not signs and not building and all(timed):  # a log, and it is surer of it
        return 0.0
    found = diagnostics(sample, timed)
    if fetched and not _plainly(sample, found):
        return 0.0
    serious = sum(one.kind != "message" for one in found)
    told = sum(one.end - one.start for one in found)
    if not signs and not building:
        if serious >= _SERIOUS and told >= _SERIOUS_SHARE * len(filled):
            return 0.93
        return 0.7 if _calm(filled) else 0.0
    calm = sum(map(_is_calm, filled))
    share = (told + calm) / len(filled)
    if signs >= 2 or (signs and (building or share > 0.2)):
        return 0.96 if share > 0.03 or signs > 2 or building else 0.8
    if serious >= _SERIOUS and told >= _SERIOUS_SHARE * len(filled):
        return 0.93
    if building and (signs or serious or share >= 0.08):
        return 0.88 if share >= 0.3 else 0.8
    return 0.7 if _calm(filled) else 0.0


def _timed(lines: Sequence[str]) -> list[bool]:
    """In which lines a time of day is the first to have a colon: no diagnostic begins there, as its file would stand before that."""
    return [(colon := line.find(":")) >= 2 and _TIME_OF_DAY.match(line, colon - 2) is not None for line in lines]


def _is_sign(line: str) -> bool:
    return _SIGN.match(line.lstrip()) is not None or (line.startswith("===") and is_section(line))


def _plainly(lines: Sequence[str], found: Sequence[Diagnostic]) -> bool:
    """Whether what was fetched is a tool's output and nothing else (the console of a CI job), not a page in which some of it stands."""
    told = bytearray(len(lines))
    for one in found:
        told[one.start : one.end] = b"\x01" * (one.end - one.start)
    filled = [(line, bool(of_one)) for line, of_one in zip(lines, told, strict=True) if line.strip()]
    others = [line for line, of_one in filled if not of_one and not _is_sign(line) and not _is_calm(line)]
    if len(others) > (1 - _PLAIN_SHARE) * len(filled) or any(_MARKUP.match(line) for line in others):
        return False
    return sum(map(_is_sentence, others)) <= 1 + _SENTENCES * len(filled)


def _is_sentence(line: str) -> bool:
    words = line.split()
    return line[:1].isupper() and len(words) >= _WORDS and sum(word.strip("\"'(),.:;!?").isalpha() for word in words) >= _WORDS_SHARE * len(words)


def _is_calm(line: str) -> bool:
    return line[:1] not in "#>" and outcomes.quiet(line) != ""


def _calm(lines: Sequence[str]) -> bool:
    """Whether ten lines and most of all report that all is well; the look ends with the line that decides against it."""
    calm = len(lines)
    least = max(_LEAST_CALM, _CALM_SHARE * len(lines))
    for line in lines:
        if calm < least:
            return False
        calm -= not _is_calm(line)
    return calm >= least


def is_build(call: ToolCall | None) -> bool:
    """Whether a call runs a build or test program."""
    if call is None or not call.command:
        return False
    command = call.command[:_COMMAND]
    if shows(command).program in _PROGRAMS or _RUN_BY.search(command) is not None:
        return True
    return any(word.rsplit("/", 1)[-1] in _PROGRAMS for word in command.split())


def _sample(lines: Sequence[str]) -> list[str]:
    """The first and last lines and some windows between, in order; each window of adjacent lines."""
    if len(lines) <= _HEAD + _TAIL + _WINDOWS * _WINDOW:
        chosen = list(lines)
    else:
        middle = len(lines) - _HEAD - _TAIL
        chosen = list(lines[:_HEAD])
        for window in range(_WINDOWS):
            at = _HEAD + window * middle // _WINDOWS
            chosen += lines[at : at + _WINDOW]
        chosen += lines[-_TAIL:]
    return matched_lines([line[:_LINE] for line in chosen])
