"""When one command is another in a form that works: heads of commands, families of programs, what a command is for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from headroom_wrap.learn.findings import OnPath, PathExists, Premise, Script
from headroom_wrap.learn.miners.line import Line, basename
from headroom_wrap.learn.miners.trail import Step, Trail, clean

_FAMILIES = tuple(
    frozenset(names.split())
    for names in (
        "python python2 python3 py pypy3",
        "pip pip3 uv pipx",
        "node nodejs bun deno",
        "npm pnpm yarn bun",
        "npx pnpx bunx",
        "rg grep ag ack egrep",
        "fd fdfind find",
        "bat batcat cat",
        "docker-compose docker podman",
        "make gmake",
        "gradle gradlew",
        "mvn mvnw",
        "vim vi nvim",
        "pytest py.test",
        "shasum sha1sum sha256sum",
        "md5 md5sum",
        "jest vitest mocha ava",
        "eslint biome",
        "black ruff yapf autopep8",
        "just make task",
        "poetry uv pdm hatch pipenv",
    )
)
RUNNERS = frozenset(
    ("uv run", "poetry run", "pipenv run", "pdm run", "hatch run", "bundle exec", "npx", "pnpm exec", "pnpm", "yarn", "bunx", "npm exec", "mise exec")
)
MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun"})
TASK_RUNNERS = frozenset("npm pnpm yarn bun make gmake just task rake gradle gradlew mvn mvnw invoke inv nox tox mage".split())
_INTERPRETERS = frozenset("python python2 python3 py node nodejs ruby perl Rscript php bash sh zsh deno bun tsx ts-node".split())
# Names of programs by what they are for, and names that projects and programs give their tasks. ``build`` is a task; no program's name says as much.
_TOOLS = {
    "test": "jest vitest mocha ava pytest py.test unittest tox nox rspec phpunit ctest nextest nose2".split(),
    "lint": "eslint ruff flake8 pylint clippy rubocop biome vet shellcheck spotless checkstyle detekt".split(),
    "types": "tsc mypy pyright vue-tsc".split(),
    "build": "webpack rollup".split(),
    "format": "prettier black".split(),
}
_TASKS = {
    "test": "test tests testing spec specs check runtest eunit".split(),
    "lint": "lint linter lints analyze analyse credo".split(),
    "types": "typecheck type-check types typing check-types typecheck:ci".split(),
    "build": "build compile bundle dist assemble package".split(),
    "format": "format fmt formatter".split(),
}
_TOOL = {word: purpose for purpose, words in _TOOLS.items() for word in words}
_PURPOSE = {**{word: purpose for purpose, words in _TASKS.items() for word in words}, **_TOOL}
_SUBCOMMANDS = frozenset(
    "git npm pnpm yarn bun cargo go docker kubectl uv poetry pip pip3 pdm hatch make just task mvn gradle gradlew rails bundle dotnet "
    "terraform gh helm "
    "composer php deno swift flutter dart mix stack cabal zig bazel ninja rake".split()
)
_NEUTRAL = frozenset("all run build unit the app project code src source task full only once check do".split())  # in the name of a task
# What makes a task another one: where it is done, or to what.
_SELECTING = frozenset(
    "e2e integration int smoke perf load staging stage prod production dev development preview local remote docs doc debug release nightly "
    "watch".split()
)
_STAGES = frozenset("test testing qa uat demo sandbox".split())  # of what is not a task
_EXTENSION = re.compile(r"(?<=\w)\.(?:py|sh|R|jl|rb|js|ts|mjs|pl|ps1|bat|cmd)\Z")
_RUN = frozenset({"run", "all", "do", "the"})
_SEPARATED = re.compile(r"[-_]")
_TOKEN = re.compile(r"[A-Z]?[a-z0-9]{2,}|[A-Z0-9]{3,}|[a-z0-9]{3,}")
_SUBCOMMAND = re.compile(r"[a-z][a-z0-9]*(?:[_:-][a-z0-9]+){0,4}\Z")
_MOST_WORDS = 8  # of a command that a lesson tells whole
_LONGEST = 110  # characters of it
# What these are given are files and words, whatever they are called: ``mkdir build`` builds nothing.
OF_FILES = frozenset(
    "mkdir touch cp mv ln rm rmdir tar zip unzip chmod chown stat file wc du diff cmp test source code open vim nano kill pkill pgrep which type "
    "man echo printf basename dirname realpath readlink md5sum sha1sum sha256sum sort uniq".split()
)
_INSTALLED = re.compile(
    r"(?:~|/usr|/opt|/Applications|/snap|/nix|/home/[^/\s]{1,40}|/Users/[^/\s]{1,40})/(?:[\w.@+-]{1,60}/){0,8}s?bin/[\w.+-]{1,60}\Z"
)
_CALL = re.compile(r"(?:^|[.:;]|\s)([a-z]{3,20})\(\);?\Z")
_SPECIAL = re.compile(r"[\s()$&;|<>\"`\\]")
_DIGITS = re.compile(r"\d+")
_VERSION = re.compile(r"[\d.]{0,8}\Z")


def workings(trail: Trail, step: Step) -> Iterator[tuple[Step, Line]]:
    """The command lines that worked soon after a step, as long as nothing in between may have made the difference."""
    for later in trail.after(step):
        if trail.changed(step, later):
            return
        if later.worked and later.line and not later.line.guarded:
            yield later, later.line


def heads(wrong: tuple[str, ...], right: tuple[str, ...], least: int = 1) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Two commands without the words that they end in alike, ``least`` words of the wrong one kept; and how many words were alike."""
    alike = 0
    while alike < min(len(wrong), len(right)) and wrong[-1 - alike] == right[-1 - alike]:
        alike += 1
    while alike and (
        len(wrong) - alike < least or len(right) == alike or wrong[len(wrong) - alike - 1] == "-m" or right[len(right) - alike - 1] == "-m"
    ):
        alike -= 1
    return wrong[: len(wrong) - alike], right[: len(right) - alike], alike


def related(program: str, head: tuple[str, ...]) -> bool:
    """Whether a head such as ``python3``, ``uv run pytest`` or ``.venv/bin/python -m pytest`` is another way to run a program."""
    name = basename(program)
    if not head or head == (program,):
        return False
    if name in {basename(head[0]), basename(head[-1])}:
        return True
    if len(head) >= 2 and head[-2:] == ("-m", name):
        return True
    other = basename(head[0])
    if any(name in family and (other in family or (len(head) > 1 and basename(head[-1]) in family)) for family in _FAMILIES):
        return True
    longer, shorter = (other, name) if len(other) > len(name) else (name, other)
    return len(shorter) > 1 and longer.startswith(shorter) and bool(_VERSION.match(longer[len(shorter) :].lstrip("-")))


@lru_cache(maxsize=1024)
def head(words: tuple[str, ...]) -> tuple[str, ...]:
    """What a command is called by, without its arguments: ``npm run build``, ``uv run pytest``, ``python manage.py test``, ``git push``."""
    taken = 1
    for runner in (words[:2], words[:1]):
        if " ".join((basename(runner[0]), *runner[1:])) in RUNNERS and len(words) > len(runner) and basename(runner[0]) not in MANAGERS:
            return (*runner, *head(words[len(runner) :]))
    name = basename(words[0])
    if _VERSION.sub("", name) in _INTERPRETERS and len(words) > 1:
        if words[1] == "-m" and len(words) > 2:
            return words[:3]
        if not words[1].startswith("-"):
            task = words[2:3] if words[1].endswith(("manage.py", "console", "artisan")) else ()
            return (*words[:2], *task)
        return words[:1]
    if len(words) > 2 and words[1] in ("run", "exec") and name not in MANAGERS and name not in _TOOL and words[2][:1] not in ("", "-", "."):
        return (*words[:2], *head(words[2:]))  # it runs another program, or a task
    if name in _TOOL and words[1:2] == ("run",):
        return words[:2]  # without it some watch for ever
    if name in _SUBCOMMANDS and len(words) > 1 and _is_task(words[1]):
        taken = 2
        if words[1] in ("run", "exec", "compose", "run-script", "tool", "xtask", "nextest", "task") and len(words) > 2 and _is_task(words[2]):
            taken = 3
    return words[:taken]


@lru_cache(maxsize=1024)
def called(words: tuple[str, ...], folders: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """What a command is called by where its program need not be known: its head, with the subcommand of any other program.

    A subcommand is a bare word right after the program, or after options that hold their values: ``dbt run``, ``terraform -chdir=x plan``.
    One that is the name of a folder is an argument.
    """
    taken = head(words)
    if len(taken) > 1 or _VERSION.sub("", basename(words[0])) in _INTERPRETERS:
        return taken
    name, rest = basename(words[0]), words[1:]
    while rest[:1] and rest[0].startswith("-") and "=" in rest[0]:
        rest = rest[1:]
    asked = rest[:1] and names_purpose(rest[0]) and name not in _TOOL and name not in OF_FILES  # whatever folder is called so
    return (*taken, rest[0]) if rest and (asked or is_subcommand(rest[0], folders)) else taken


def is_subcommand(word: str, folders: frozenset[str]) -> bool:
    """Whether a word may be one: bare, and no folder's name."""
    return _SUBCOMMAND.match(word) is not None and word not in folders


def typed(words: tuple[str, ...]) -> str:
    """A command as a person would type it, with quotes where the shell needs them."""
    return " ".join(f"'{word}'" if _SPECIAL.search(word) and "'" not in word else word for word in words)


def forms(words: tuple[str, ...], folders: frozenset[str]) -> tuple[str, ...]:
    """A command as it was run, if that is short, with its subcommand, and its program alone: which of them a lesson is about, more sessions show."""
    whole = clean(typed(words))
    short = len(words) <= _MOST_WORDS and len(whole) <= _LONGEST
    name = head(words)
    alone = name[:1] if len(name) == 2 and " ".join(name) not in RUNNERS and _VERSION.sub("", basename(name[0])) not in _INTERPRETERS else name
    asked = called(words, folders)
    place = words[: len(asked) + 1] if "/" in "".join(words[len(asked) : len(asked) + 1]) else asked  # what is run stands at a path: `go run ./cmd/x`
    general = (clean(" ".join(part)) for part in (place, asked, name, alone))
    return tuple(dict.fromkeys((*((whole,) if short else ()), *general)))


def is_tool(program: str) -> bool:
    """Whether a program is made for one purpose: ``eslint``, not ``make``."""
    return basename(program) in _TOOL


def names_purpose(task: str) -> bool:
    """Whether a task's name says what it is for, and no more: ``lint``, not ``lint:docs``."""
    return task.lower() in _PURPOSE


def purpose(words: tuple[str, ...], folders: frozenset[str] = frozenset()) -> str:
    """What a command is for: ``test``, ``lint``, ``types``, ``build``, ``format``, or ``""``.

    A program's own name says so only of programs made for it, a task's or a script's name of any: ``bundle exec brakeman`` bundles nothing.
    """
    name = called(words, folders)
    for place in range(len(name) - 1, -1, -1):
        word = _EXTENSION.sub("", basename(name[place])).lower()
        found = _PURPOSE.get(word) or _PURPOSE.get(word.split(":")[0]) or ("/" in name[place] and _purpose_of_script(word))
        if found and (word in _TOOL or "/" in name[place] or (place and not _runs(name[: place + 1]))):
            if word == "check" and place and basename(name[place - 1]) in _TOOL:
                continue  # what it checks its program says
            return found
        if word.endswith("lint"):
            return "lint"
    return _purpose_of_call(words)


def _purpose_of_script(name: str) -> str:
    """That of a script which is called after what it runs: ``run-tests``, ``all_tests``; ``test-data`` is called after something else."""
    first, _, last = _SEPARATED.sub(" ", name).partition(" ")
    words = {first, last}
    return next((_PURPOSE[word] for word in (first, last) if word in _PURPOSE and words - {word} <= _RUN), "")


def _runs(name: tuple[str, ...]) -> bool:
    """Whether words are no more than what runs another program: ``bundle exec``, ``npm``."""
    return " ".join((basename(name[0]), *name[1:])) in RUNNERS


def _purpose_of_call(words: tuple[str, ...]) -> str:
    """That of a program which is told what to do by an option: ``Rscript -e 'devtools::test()'``, ``cmake --build out``."""
    if words[:2] == ("cmake", "--build"):
        return _PURPOSE.get(words[words.index("--target") + 1], "") if "--target" in words[:-1] else "build"
    if words[:2] == ("pre-commit", "run"):
        return "" if {"-a", "--all-files"}.isdisjoint(words) else "lint"
    found = _CALL.search(words[-1]) if len(words) > 2 and words[-2] in ("-e", "-c", "--eval") and len(words[-1]) < _LONGEST else None
    return _PURPOSE.get(found[1], "") if found else ""


def akin(one: str, other: str) -> bool:
    """Whether two names of tasks are for the same: ``tests`` and ``test:unit``, ``typecheck`` and ``tsc``."""
    a, b = _PURPOSE.get(one.lower()), _PURPOSE.get(other.lower())
    if a and b:
        return a == b
    tokens, others = _tokens(one), _tokens(other)
    left = [t for t in tokens if not any(_alike(t, o) for o in others)]
    right = [o for o in others if not any(_alike(t, o) for t in tokens)]
    # `deploy` is not what `deploy-staging` was to do, nor is `test` all of `test:e2e`: what is left over may only say what goes without saying.
    return len(left) < len(tokens) and _NEUTRAL.issuperset(left) and (_NEUTRAL | {"test"}).issuperset(right)


def resemble(one: str, other: str) -> bool:
    """Whether two names of tasks have a word in common, or the same purpose, and are not one name with other numbers."""
    if _DIGITS.sub("", one) == _DIGITS.sub("", other) or of_another_kind(one, other):
        return False
    a, b = _PURPOSE.get(one.lower()), _PURPOSE.get(other.lower())
    tokens, others = _tokens(one), _tokens(other)
    return bool(a and a == b) or any(_alike(token, o) for token in tokens for o in others)


def task_of_like(one: str, other: str) -> bool:
    """Whether two names of tasks may be for the same: neither says what it is for, or only one does, and they are no names of files or versions."""
    a, b = _PURPOSE.get(one.lower()), _PURPOSE.get(other.lower())
    if (a and b) or of_another_kind(one, other) or other.startswith(("clean", "help", "list")):
        return False
    return all(_SUBCOMMAND.match(name) for name in (one, other))


def of_another_kind(one: str, other: str) -> bool:
    """Whether two names are the same but for what makes the one another thing: ``deploy`` and ``deploy-staging``, ``app_test`` and ``app_dev``."""
    tokens, others = set(_tokens(one)), set(_tokens(other))
    left, right = tokens - others, others - tokens
    if left and right:
        return (_SELECTING | _STAGES).issuperset(left | right)
    # `smoke` says as much as `e2e:smoke`; `deploy` does not say as much as `deploy-staging`.
    return bool(tokens and others) and not _SELECTING.isdisjoint(left | right) and _SELECTING.isdisjoint(tokens & others)


def premises(trail: Trail, step: Step, words: tuple[str, ...]) -> tuple[Premise, ...] | None:
    """What must be on disk for a command to work: its program, its script. None if that is neither in the project nor installed."""
    found: list[Premise] = []
    program = words[0]
    if "/" in program:
        place = trail.relative(program, _cwd(trail, step))
        if place is None and not _INSTALLED.match(program):
            return None
        found.append(OnPath(program) if place is None else PathExists(place))
    else:
        found.append(OnPath(program))
    folder = trail.folder(step)
    task = words[2] if words[1:2] in (("run",), ("run-script",)) and len(words) > 2 else words[1] if len(words) > 1 else ""
    if folder is not None and task and _is_task(task):
        if basename(program) in MANAGERS and (words[1] in ("run", "run-script") or task in ("test", "start", "build", "lint")):
            found.append(Script("package.json" if folder == "." else f"{folder}/package.json", task))
        elif basename(program) in ("make", "gmake"):
            found.append(Script("Makefile" if folder == "." else f"{folder}/Makefile", task))
    return tuple(found)


def of_environment(trail: Trail, step: Step, activate: str, program: str) -> str | None:
    """A program by its path in the virtual environment that was made active for it: it works in a new shell too. None outside of the project.

    Whether it is there is for a premise to check: environments keep their programs beside the script that makes them active.
    """
    place = trail.relative(activate, _cwd(trail, step))
    return f"{posixpath.dirname(place)}/{clean(program)}" if place and "/" in place and "/" not in program else None


def _tokens(name: str) -> list[str]:
    """The words of a task's name, those of ``integrationTest`` too."""
    return [token.lower() for token in _TOKEN.findall(name) if len(token) > 2][:20]


def _alike(one: str, other: str) -> bool:
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer == shorter or (len(shorter) > 3 and (longer.startswith(shorter) or longer.endswith(shorter)))


def _cwd(trail: Trail, step: Step) -> str:
    folder = trail.folder(step)
    return trail.project if folder in (None, ".") else f"{trail.project}/{folder}"


def _is_task(word: str) -> bool:
    return bool(word) and not word.startswith("-") and "/" not in word and "=" not in word and len(word) <= 60
