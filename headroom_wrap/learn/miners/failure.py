"""What a failed command's own output says about why it failed: only what neither luck nor time changes has a name here."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from headroom_wrap.learn.miners.line import Line, basename
from headroom_wrap.learn.miners.patterns import Patterns, patterns

_LOOKED_AT = 2000  # characters of each end of an output


class Cause(str, enum.Enum):
    """Why a command failed."""

    NO_PROGRAM = "no_program"
    NO_MODULE = "no_module"
    NO_TASK = "no_task"
    NO_TESTS = "no_tests"
    NO_PROJECT = "no_project"  # the folder has no manifest of the kind that the program needs
    NO_FILE = "no_file"  # a file that was named as an argument
    BAD_OPTION = "bad_option"
    NO_VARIABLE = "no_variable"


@dataclass(frozen=True, slots=True)
class Failure:
    """A cause, and the name of what was missing or not understood (``""`` for NO_TESTS and NO_PROJECT).

    ``loose``: no known message says so, only words of absence beside the name. Once seen, that may be a chance.
    """

    cause: Cause
    name: str = ""
    loose: bool = False


_NAME = r"([\w.+/@:-]{1,120})"
_OPTION = r"[`'\"‘]?(--?[\w][\w-]{0,60})"
_NO_PROGRAM = patterns(
    rf"(?:^|[ :]){_NAME}: (?:command )?not found",
    rf"command not found: {_NAME}",
    rf"executable file not found in \$PATH: {_NAME}",
    rf"exec: \"{_NAME}\": executable file not found",
    rf"^(?:/usr/bin/)?env: [‘'\"]?{_NAME}[’'\"]?: No such file or directory",
    rf"^(?:[\w/]{{0,20}}sh: )?(?:line \d{{1,5}}: |\d{{1,5}}: )?{_NAME}: No such file or directory$",
    rf"(?:^|The term )'{_NAME}' is not recognized as",
    rf"spawn {_NAME} ENOENT",
    rf"Unknown command: {_NAME}",
    rf"error: Failed to spawn: `{_NAME}`",
    flags=re.MULTILINE,
)
_NO_MODULE = re.compile(r"No module named ['\"]?([\w.]{1,100})|cannot load such file -- ([\w./-]{1,100})")
_NO_TASK = patterns(
    rf"[Mm]issing script:? [\"'`]?{_NAME}",
    rf"[Cc]ommand \"{_NAME}\" (?:not found|is not defined)",
    rf"Couldn't find a script named \"{_NAME}\"",
    rf"No rule to make target [`'‘]{_NAME}['’]\.(?!\S)",
    rf"no such (?:sub)?command: [`'\"]?{_NAME}",
    rf"(?:unrecognized|unknown) (?:sub)?command [`'\"]{_NAME}[`'\"]",
    rf"No such command [`'\"]{_NAME}",
    rf"does not contain recipes? [`'\"]{_NAME}",
    rf"[Tt]ask [`'\"]{_NAME}[`'\"] (?:not found|does not exist)",
    rf"(?:git: )?[`'\"]{_NAME}[`'\"] is not a (?:git|docker) command",
    rf"The requested command {_NAME} does not exist",
    rf"Script not found \"{_NAME}\"",
)
_NO_TESTS = re.compile(r"no tests ran in|\bRan 0 tests in|No tests found, exiting|No test files found|collected 0 items\s")
_NO_PROJECT = re.compile(
    r"ENOENT[^\n]{0,300}package\.json|Could not read package\.json|Couldn't find a package\.json|No package\.json (?:was )?found"
    r"|ERR_PNPM_NO_IMPORTER_MANIFEST"
    r"|could not find `?Cargo\.toml|go\.mod file not found|cannot find main module|no makefile found|could not find a pyproject\.toml|no POM"
    r"|does not contain a Gradle build|no configuration file provided: not found|Could not locate Gemfile|[Nn]o justfile found|No configuration files"
)
_NO_FILE = patterns(
    r"can't open file '([^'\n]{1,300})'",
    r"file or directory not found: (\S{1,300})",
    r"Cannot find module '(/[^'\n]{1,300})'",
    r"(?:^|\n|: )(?:cannot (?:access|open|stat) )?['‘`]?([\w./@+-]{1,300})['’`]?: No such file or directory",
)
_BAD_OPTION = patterns(
    rf"unrecogni[sz]ed (?:arguments?|options?|flags?|command[- ]line options?):? {_OPTION}",
    rf"(?:[Uu]nknown|[Uu]nexpected|[Ii]nvalid|[Ii]llegal) (?:arguments?|options?|flags?|switch):? {_OPTION}",
    rf"[Nn]o such option:? {_OPTION}",
    r"(?:invalid|illegal|unknown|unrecognized) option -- [`'\"‘]?(\w)",
    r"unknown shorthand flag: '(\w)'",
    rf"flag provided but not defined: {_OPTION}",
    rf"bad (?:option|flag):? {_OPTION}",
)
_VARIABLE = r"([A-Z][A-Z0-9_]{2,60})"
_UNSET = r"(?:is not set|is unset|not set|must be (?:set|provided|defined)|is required|is undefined|is missing|unbound variable|parameter not set)"
_FILE = re.compile(r"^(?:\.{0,2}/(?!/)|~)|/[^/:]{0,80}\.(?!\d)[a-z]\w{0,3}(?:::|\Z)")  # a path, not the name of a task
_NO_VARIABLE = patterns(
    rf"KeyError: '{_VARIABLE}'",
    rf"\b{_VARIABLE}\b['\"`]?(?: environment)?(?: variable)?:? {_UNSET}",
    rf"key not found: [\"']{_VARIABLE}[\"']",
    rf"^{_VARIABLE}\n\s{{1,8}}[Ff]ield required",
    rf"[Cc]ould not resolve placeholder '{_VARIABLE}'",
    rf"(?:[Ee]nvironment variable|env var) ['\"`$]?{_VARIABLE}['\"`]? {_UNSET}",
    rf"(?:[Mm]issing|[Rr]equired|[Uu]nset|[Uu]ndefined) (?:environment variable|env var)s?:? ['\"`$]?{_VARIABLE}",
    rf"either define the environment variable {_VARIABLE}",
    flags=re.MULTILINE,
)
# A part of what each group of patterns looks for: most outputs have none of it, and looking for a part costs a hundredth.
_SAYS_PROGRAM = ("not found", "No such file", "not recognized", "ENOENT", "Unknown command", "Failed to spawn")
_SAYS_OPTION = ("option", "argument", "flag", "switch")
_SAYS_TASK = ("script", "ommand", "No rule", "recipe", "ask ", "Script")
_SAYS_FILE = ("No such file", "not found:", "can't open", "Cannot find module")
_SAYS_PROJECT = (
    "package.json",
    "MANIFEST",
    "Cargo.toml",
    "go.mod",
    "main module",
    "file found",
    "pyproject",
    "no POM",
    "Gradle",
    "ration file",  # of docker compose, terraform
    "Gemfile",
)
_SAYS_MODULE = ("No module named", "cannot load such file")
_SAYS_TESTS = ("no tests ran", "Ran 0 tests", "No test", "collected 0")
# In whatever words a program says that it does not know what it was told: the name stands beside them.
_ABSENCE = re.compile(
    r"not (?:be )?(?:found|recogni[sz]ed|declared|defined|located|known|available|an? (?:valid|known|recogni[sz]ed)|part of|registered)"
    r"|(?:do(?:es)?|did)(?:n't| not) (?:exist|know|recogni[sz]e|match|contain|have|define)|no such|unknown|unrecogni[sz]ed|undefined"
    r"|cannot (?:find|locate)|could(?:n't| not) (?:find|locate)|can't find|unable to (?:find|locate)|invalid|is ambiguous|isn't (?:an? |in )"
    r"|\bno (?:rule|target|task|preset|environment|profile|recipe|job|session|scheme|configuration|workspace|script|step)s? ",
    re.IGNORECASE,
)
_OPTION_ABSENCE = re.compile(
    r"(?:unknown|unrecogni[sz]ed|invalid|illegal|unexpected|unsupported|no such)(?: ['\w]{1,20})? ?(?:option|argument|flag|switch|parameter|key)s?\b"
    r"|(?:find|have|know|recogni[sz]e) (?:an? |the |such |any )?(?:option|argument|flag|switch|parameter)"
    r"|(?:option|argument|flag|switch|parameter)s? [^\n]{0,60}(?:not (?:be )?(?:recogni[sz]ed|supported|known|allowed|valid|an? )"
    r"|does not exist|is unknown|was removed)"
    r"|not an? (?:\w{1,12} )?(?:option|argument|flag|switch|parameter)\b",
    re.IGNORECASE,
)
_BARE_OPTION = re.compile(
    r"(?:[Uu]nknown|[Uu]nrecogni[sz]ed|[Ii]nvalid|[Uu]nexpected) (?:option|argument|flag|switch|parameter):? [`'\"]([\w][\w-]{1,60})[`'\"]"
)
_QUOTED = re.compile(r"[`'\"][^`'\"\s]{2,80}[`'\"]|‘[^’\s]{2,80}’")
_WORDLIKE = re.compile(r"[\w/-]")
_BESIDE = 160  # characters between words of absence and the name that they are about
_MOST_PLACES = 12  # that are looked at in one output
_SAYS_VARIABLE = (
    "KeyError",
    "key not found",
    "placeholder",
    "ield required",
    "nvironment",
    "env var",
    " set",
    " required",
    " un",
    " missing",
    " must be",
)


def cause(line: Line, output: str) -> Failure | None:
    """Why a command line failed, as far as ``output`` says so; only what it names and the line itself has counts."""
    text = _ends(output)
    if _has(text, _SAYS_PROGRAM) and (found := _named(_NO_PROGRAM, text, {basename(c[0]) for c in line.commands} | {c[0] for c in line.commands})):
        return Failure(Cause.NO_PROGRAM, found)
    words = line.words
    if not words:
        return None
    if _has(text, _SAYS_OPTION) and (found := _named(_BAD_OPTION, text, _options(words))):
        return Failure(Cause.BAD_OPTION, found if found.startswith("-") else f"-{found}")
    if _has(text, _SAYS_TASK) and (found := _named(_NO_TASK, text, set(words[1:]) | ({"test"} if words[1:2] in (("t",), ("tst",)) else set()))):
        return Failure(Cause.NO_TASK, found)
    if _has(text, _SAYS_PROJECT) and _NO_PROJECT.search(text):
        return Failure(Cause.NO_PROJECT)
    if _has(text, _SAYS_FILE) and (
        found := next((m[1] for p in _NO_FILE for m in p.finditer(text) if any(_same_file(m[1], w) for w in words[1:])), "")
    ):
        return Failure(Cause.NO_FILE, next(w for w in words[1:] if _same_file(found, w)))
    if _has(text, _SAYS_MODULE) and (module := _NO_MODULE.search(text)):
        return Failure(Cause.NO_MODULE, module[1] or module[2])
    if _has(text, _SAYS_VARIABLE) and (variable := next((m[1] for p in _NO_VARIABLE if (m := p.search(text))), "")):
        return Failure(Cause.NO_VARIABLE, variable)
    if _has(text, _SAYS_TESTS) and _NO_TESTS.search(text):
        return Failure(Cause.NO_TESTS)
    return _loosely(words, text)


def says(output: str, name: str) -> bool:
    """Whether an output names something, as a word of its own."""
    return len(name) > 2 and name in output and re.search(rf"(?<![\w-])(?<!\w:){re.escape(name)}(?![\w-]|:\w)", _ends(output)) is not None


def says_absent(output: str, name: str) -> bool:
    """Whether an output names something beside words that say that it is not there."""
    return _beside(_ABSENCE, _ends(output), (name,)) != ""


def _loosely(words: tuple[str, ...], text: str) -> Failure | None:
    options = tuple(w.split("=", 1)[0] for w in words[1:20] if w.startswith("-") and len(w) > 2)
    if options and _has(text, _SAYS_OPTION) and (option := _beside(_OPTION_ABSENCE, text, options) or _bare(text, options)):
        return Failure(Cause.BAD_OPTION, option, loose=True)
    tasks = tuple(w for w in words[1:20] if len(w) > 2 and not w.startswith("-") and not _FILE.search(w))
    if tasks and "No such file" not in text and (task := _beside(_ABSENCE, text, tasks)):
        return Failure(Cause.NO_TASK, task, loose=True)
    return None


def _bare(text: str, options: tuple[str, ...]) -> str:
    """The one of the options that is said to be unknown without its hyphens, in quotes."""
    said = {found[1] for found in _BARE_OPTION.finditer(text)}
    return next((option for option in options if option.startswith("--") and option[2:] in said), "")


def _beside(phrase: re.Pattern[str], text: str, names: tuple[str, ...]) -> str:
    """The one of ``names`` that stands nearest to the phrase: in its line or in the three after it, with no other name in quotes between."""
    near = [(distance, name) for name in names if name in text and (distance := _distance(phrase, text, name)) >= 0]
    return min(near)[1] if near else ""


def _distance(phrase: re.Pattern[str], text: str, name: str) -> int:
    """How many characters stand between a name, as a word of its own, and the phrase; -1 if they are not near one another."""
    distances = []
    place = -1
    for _ in range(_MOST_PLACES):
        place = text.find(name, place + 1)
        if place < 0:
            break
        end = place + len(name)
        if _WORDLIKE.match(text, end) or (place and _WORDLIKE.match(text, place - 1)):
            continue
        before = "\n".join(text[max(place - _BESIDE, 0) : place].split("\n")[-4:])
        window = before + name + text[end : end + _BESIDE].split("\n", 1)[0]
        for found in phrase.finditer(window):
            first, last = sorted((found.end(), len(before))) if found.start() < len(before) else (len(before) + len(name) + 1, found.start())
            if not _QUOTED.search(window, first, last):
                distances.append(max(last - first, 0))
    return min(distances, default=-1)


def _has(text: str, parts: tuple[str, ...]) -> bool:
    return any(part in text for part in parts)


def _ends(output: str) -> str:
    return output if len(output) <= 2 * _LOOKED_AT else f"{output[:_LOOKED_AT]}\n{output[-_LOOKED_AT:]}"


def _named(patterns: Patterns, text: str, names: set[str]) -> str:
    """The first of ``names`` that one of the patterns finds named."""
    return next((m[1] for p in patterns for m in p.finditer(text) if m[1] in names), "")


def _options(words: tuple[str, ...]) -> set[str]:
    """The options in words, also as the names that messages give them: ``x`` for the ``x`` in ``-ax``."""
    found = {w.split("=", 1)[0] for w in words[1:] if w.startswith("-")}
    return found | {letter for w in found if not w.startswith("--") for letter in w[1:]}


def _same_file(named: str, word: str) -> bool:
    """Whether a message's name of a file is that of an argument; messages often make it absolute."""
    return not word.startswith("-") and len(word) > 2 and (named == word or named.endswith("/" + word.removeprefix("./")))
