"""The words for what sessions teach: observations of one session, outcomes that may speak against them, findings of many sessions.

``miners.mine(session)`` gives a `Mined` for each session; ``evidence.findings(mined, now)`` weighs those of many sessions. Everything here is a
value that goes to disk as JSON and back (`encode`, `decode`), so that a session need be read only once.
Slots hold text from transcripts. They are data, neither quoted, nor bounded for display, nor redacted: whoever renders them does that.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec


class Kind(str, enum.Enum):
    """What went wrong, or what was learned."""

    COMMAND = "command"
    PATH = "path"
    LARGE_FILE = "large_file"
    SEARCH = "search"
    EDIT = "edit"
    REFUSAL = "refusal"
    HANG = "hang"
    LOOP = "loop"
    CORRECTION = "correction"
    RETRIEVAL = "retrieval"  # for the policy of compression, never for an agent
    FACT = "fact"


class Lesson(str, enum.Enum):
    """The template of a rule. `SLOTS` says what it is filled with."""

    USE_PROGRAM = "use_program"  # ``wrong`` is not installed, ``right`` is
    USE_ENVIRONMENT = "use_environment"  # ``wrong`` lacks the project's modules, ``right`` has them
    USE_TASK = "use_task"  # there is no such script, target or subcommand as ``wrong``; it is ``right``
    RUN_IN_FOLDER = "run_in_folder"  # ``command`` works in ``folder``, relative to the project
    ADD_OPTION = "add_option"  # ``command`` needs ``option``
    REPLACE_OPTION = "replace_option"  # ``command`` does not know ``wrong``; ``right`` does it
    DROP_OPTION = "drop_option"  # ``command`` does not know ``option``, and works without
    SET_VARIABLE = "set_variable"  # ``command`` needs ``assignment``: ``NAME=value``, or ``NAME`` where the value may be a secret
    PATH_IS_AT = "path_is_at"  # there is no ``wrong``; it is ``right``. Relative to the project
    READ_RANGES = "read_ranges"  # ``path`` is too large to be read whole; line ranges worked
    SEARCH_FILE = "search_file"  # ``path`` is too large to be read whole; searching in it worked
    SEARCH_IN_FOLDER = "search_in_folder"  # what was looked for in ``wrong`` stands in ``right``
    SEARCH_OPTION = "search_option"  # searches in ``folder`` find it only with ``option``
    EDIT_INDENTATION = "edit_indentation"  # ``path`` is indented with ``indentation``: ``tabs`` or ``spaces``
    EDIT_LINE_ENDS = "edit_line_ends"  # ``path`` has lines that end in carriage return and line feed
    REREAD_BEFORE_EDIT = "reread_before_edit"  # edits of ``path`` fail to match until it is read again
    REFUSED = "refused"  # ``command`` is not allowed
    REFUSED_INSTEAD = "refused_instead"  # ``command`` is not allowed; ``instead`` is
    HANGS = "hangs"  # ``command`` does not come back
    HANGS_INSTEAD = "hangs_instead"  # ``command`` does not come back; ``instead`` does
    REPEATED = "repeated"  # ``call`` gave the same answer again and again
    PREFERS = "prefers"  # the user said: ``right``, not ``wrong``
    RETRIEVED = "retrieved"  # results of ``tool`` had to be brought back after elision
    TEST_COMMAND = "test_command"  # ``command`` runs the tests
    BUILD_COMMAND = "build_command"
    LINT_COMMAND = "lint_command"
    ENTRY_POINT = "entry_point"  # every session begins by reading ``path``


SLOTS: Mapping[Lesson, tuple[str, ...]] = MappingProxyType(
    {
        Lesson.USE_PROGRAM: ("wrong", "right"),
        Lesson.USE_ENVIRONMENT: ("wrong", "right"),
        Lesson.USE_TASK: ("wrong", "right"),
        Lesson.RUN_IN_FOLDER: ("command", "folder"),
        Lesson.ADD_OPTION: ("command", "option"),
        Lesson.REPLACE_OPTION: ("command", "wrong", "right"),
        Lesson.DROP_OPTION: ("command", "option"),
        Lesson.SET_VARIABLE: ("command", "assignment"),
        Lesson.PATH_IS_AT: ("wrong", "right"),
        Lesson.READ_RANGES: ("path",),
        Lesson.SEARCH_FILE: ("path",),
        Lesson.SEARCH_IN_FOLDER: ("wrong", "right"),
        Lesson.SEARCH_OPTION: ("folder", "option"),
        Lesson.EDIT_INDENTATION: ("path", "indentation"),
        Lesson.EDIT_LINE_ENDS: ("path",),
        Lesson.REREAD_BEFORE_EDIT: ("path",),
        Lesson.REFUSED: ("command",),
        Lesson.REFUSED_INSTEAD: ("command", "instead"),
        Lesson.HANGS: ("command",),
        Lesson.HANGS_INSTEAD: ("command", "instead"),
        Lesson.REPEATED: ("call",),
        Lesson.PREFERS: ("wrong", "right"),
        Lesson.RETRIEVED: ("tool",),
        Lesson.TEST_COMMAND: ("command",),
        Lesson.BUILD_COMMAND: ("command",),
        Lesson.LINT_COMMAND: ("command",),
        Lesson.ENTRY_POINT: ("path",),
    }
)


class PathExists(msgspec.Struct, tag=True, frozen=True):
    """There is such a file or folder, relative to the project."""

    path: str


class PathAbsent(msgspec.Struct, tag=True, frozen=True):
    """There is no such file or folder, relative to the project."""

    path: str


class LargerThan(msgspec.Struct, tag=True, frozen=True):
    """The file, relative to the project, has more bytes than this."""

    path: str
    size: int


class OnPath(msgspec.Struct, tag=True, frozen=True):
    """The program is found on PATH."""

    command: str


class NotOnPath(msgspec.Struct, tag=True, frozen=True):
    """The program is not found on PATH."""

    command: str


class Script(msgspec.Struct, tag=True, frozen=True):
    """The manifest, relative to the project, has a script of this name: ``scripts`` of a package.json, a target of a Makefile."""

    manifest: str
    name: str


Premise = PathExists | PathAbsent | LargerThan | OnPath | NotOnPath | Script


class Evidence(msgspec.Struct, frozen=True, order=True):
    """Where something was seen.

    Args:
        time: Unix time in seconds, 0 if unknown.
        project: absolute path of the folder that the session was started in.
        agent: the adapter's name.
        session: the agent's id of the session.
        where: the id of the tool call, or ``event N`` for what the user wrote.
    """

    time: float
    project: str
    agent: str
    session: str
    where: str


class Observation(msgspec.Struct, frozen=True):
    """What one session shows once.

    Args:
        kind: what went wrong.
        subject: what it is about: a program, a path.
        lesson: the template of the rule that would have helped.
        slots: what the template is filled with: exactly those of `SLOTS`.
        premise: what must be true on disk for the rule to be.
        evidence: where it was seen.
        firm: the failure is one that time and luck do not change, such as a program that is not installed: seen once may do.
        machine: it is true of the machine, not only of the project.
        refuted_by: keys of outcomes that would show it to be wrong, see `Outcome`.
        wasted_tokens: tokens of the calls that came to nothing, estimated.
    """

    kind: Kind
    subject: str
    lesson: Lesson
    slots: dict[str, str]
    evidence: Evidence
    premise: tuple[Premise, ...] = ()
    firm: bool = False
    machine: bool = False
    refuted_by: tuple[str, ...] = ()
    wasted_tokens: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """What turned out in one session, as a key that observations may name: ``runs:python3``, ``missing:python``, ``exists:src/a.py``."""

    key: str
    evidence: Evidence


class Mined(msgspec.Struct, frozen=True):
    """All that one session (or part of one, or a subagent's conversation) shows. ``key`` tells it from others: mined again, it replaces."""

    key: str
    observations: tuple[Observation, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


class Finding(msgspec.Struct, frozen=True):
    """What is sure enough to be told, over all sessions.

    Args:
        kind: what went wrong.
        subject: what it is about.
        lesson: the template of the rule.
        slots: what it is filled with: exactly those of `SLOTS`.
        premise: what must be true on disk, checked by the caller before the rule is written.
        evidence: where it was seen, oldest first.
        contradicted: what spoke against it, oldest first.
        wasted_tokens: in all the sessions that made the mistake, estimated.
        project: absolute path of the project it is true of, ``""`` for the whole machine.
        weight: how much it is worth telling, for ranking only: more sessions, more waste and later ones weigh more.
    """

    kind: Kind
    subject: str
    lesson: Lesson
    slots: dict[str, str]
    premise: tuple[Premise, ...]
    evidence: tuple[Evidence, ...]
    contradicted: tuple[Evidence, ...] = ()
    wasted_tokens: int = 0
    project: str = ""
    weight: float = 0.0

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits, the same for the same lesson for ever, whatever the evidence."""
        return identity(self.kind, self.subject, self.lesson, self.slots)

    @property
    def sessions(self) -> int:
        """In how many sessions it was seen."""
        return len({(e.agent, e.session) for e in self.evidence})

    @property
    def projects(self) -> int:
        """In how many projects it was seen."""
        return len({e.project for e in self.evidence})

    @property
    def for_agents(self) -> bool:
        """Whether it is a rule for an agent; else it feeds the policy."""
        return self.kind is not Kind.RETRIEVAL


def identity(kind: Kind, subject: str, lesson: Lesson, slots: Mapping[str, str]) -> str:
    """The id of a lesson: see `Finding.id`."""
    parts = [kind.value, subject, lesson.value, *(part for slot in sorted(slots.items()) for part in slot)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def encode(mined: Mined) -> bytes:
    """One line of JSON, without the line's end."""
    return msgspec.json.encode(mined)


def decode(line: bytes) -> Mined | None:
    """What `encode` wrote; None if it is no such line."""
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def distinct(mined: Iterable[Mined]) -> tuple[Mined, ...]:
    """The last of each key, in the order of first sight."""
    return tuple({one.key: one for one in mined}.values())


_DECODER = msgspec.json.Decoder(Mined)
