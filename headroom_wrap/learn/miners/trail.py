"""A session as the miners walk it: its tool uses in order, each with its command line taken apart and what came of it."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from headroom_wrap.learn.findings import Evidence
from headroom_wrap.learn.miners.failure import Failure, cause
from headroom_wrap.learn.miners.line import Line, basename, parse
from headroom_wrap.learn.miners.looking import asks, looks
from headroom_wrap.learn.model import Session, ToolUse, UserText
from pipeline.transcript import ToolKind

WINDOW = 12  # tool uses within which a correction must follow its mistake: later ones are rarely about it

_TROUBLE = re.compile(
    r"not found|No such file|[Ee]rror\b|ERR!|Traceback|[Ff]atal|[Ff]ailed|FAILED|not recognized|[Uu]nknown|[Uu]nrecognized|[Ii]nvalid"
    r"|[Mm]issing|No module"
)
# Parts of what it looks for: most outputs have none, and looking for all of these costs a twentieth.
_TROUBLE_PARTS = "not found,No such file,rror,ERR!,Traceback,atal,ailed,FAILED,not recognized,nknown,nrecognized,nvalid,issing,No module".split(",")
_NO_PATH = frozenset("*?$`\n\r\0{}[]\\")
# What the user did meanwhile, or how things stand now: `I synced it`, `the server is up`, `once more please`.
_CHANGES_BY_USER = re.compile(
    r"\b(?:install|creat|add(?:ed)?\b|fix|set (?:it )?up|export|enabl|start(?:ed)?\b|generat|pull|merg|renam|mov(?:ed|ing)\b"
    r"|(?:I|we)(?:['’]ve| have)?(?: just| now| already){0,2} (?!said|asked|wanted|needed|expected|noticed|liked)"
    r"(?:\w{2,20}ed|put|made|ran|did|built|got)\b"
    r"|(?:is|are|was|were|'s|’s)(?: all)? (?:up|back|running|ready|there|off|on|gone|good|broken|available|working|down)\b"
    r"|(?:try|run) (?:it |that )?(?:again|once more)|once more|retry|restart|revert|works? (?:now|again)|all good)",
    re.IGNORECASE,
)
_CHANGING = frozenset(
    "mkdir touch cp mv ln rm rmdir unzip tar patch install rsync chmod chown apt apt-get brew dnf yum apk pacman snap pip pip3 pipx conda "
    "mamba gem cargo-install "
    "nvm pyenv asdf mise rbenv volta fnm corepack virtualenv git-lfs wget curl docker systemctl service cookiecutter degit alembic terraform "
    "cmake meson autoreconf bootstrap configure".split()
)
_GETTING = frozenset({"go", "flutter", "dart", "pub", "cabal", "conan", "nuget"})  # with others ``get`` shows
_CHANGING_VERBS = frozenset(
    "install add i ci init create new sync lock update upgrade get restore checkout switch pull merge stash clone reset rebase apply mv rm "
    "generate gen "
    "codegen migrate makemigrations build compile dist bootstrap setup vendor link tidy download venv up start restart revert cherry-pick am "
    "submodule worktree fmt format fix configure".split()
)


@dataclass(frozen=True, slots=True)
class Step:
    """One use of a tool.

    Args:
        index: its place among the steps.
        use: what was called and what came back.
        line: its command line taken apart, None where it is no shell command or too long to learn from.
        failure: why it failed, where that has a name.
        failed: it did not do what was asked.
        worked: it did, as far as can be told. Some steps did neither.
        changes: after it, files or programs may be there that were not.
        stirs: it did more than look, so nobody knows what is otherwise after it.
    """

    index: int
    use: ToolUse
    line: Line | None
    failure: Failure | None
    failed: bool
    worked: bool
    changes: bool
    stirs: bool


class Trail:
    """The steps of a session, with what miners ask about them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.project = posixpath.normpath(session.project) if session.project.startswith("/") else ""
        self.steps: list[Step] = []
        self.texts: list[tuple[int, UserText, str]] = []  # steps before it, what the user wrote, what names it in evidence
        self._before: list[int] = []  # how many changes stand before each step
        self._stirred: list[int] = []  # how many steps before each did more than look
        self._folders: frozenset[str] | None = None
        changes = stirred = 0
        for i, event in enumerate(session.events):
            if isinstance(event, ToolUse):
                step = _step(len(self.steps), event)
                self.steps.append(step)
                self._before.append(changes)
                self._stirred.append(stirred)
                changes += step.changes
                stirred += step.stirs
            elif isinstance(event, UserText):
                self.texts.append((len(self.steps), event, f"event {i}"))
                changes += bool(_CHANGES_BY_USER.search(event.text[:2000]))

    def after(self, step: Step, within: int = WINDOW) -> Iterator[Step]:
        """The steps that follow one, as many as may still be about it."""
        yield from self.steps[step.index + 1 : step.index + 1 + within]

    def changed(self, earlier: Step, later: Step) -> bool:
        """Whether anything between two steps may have made files or programs that were not there."""
        return self._before[later.index] > self._before[earlier.index] + earlier.changes

    def undisturbed(self, earlier: Step, later: Step, *named: str) -> bool:
        """Whether nothing stands between two steps that may have made a difference: nothing but looks, and no word of the user's.

        Args:
            earlier: the first of them.
            later: the second.
            named: what the second has and the first has not. A user who names one of them says no more than what helps.
        """
        if self.changed(earlier, later) or self._stirred[later.index] > self._stirred[earlier.index] + earlier.stirs:
            return False
        return all(any(name and name in text for name in named) for text in self.words(earlier.index + 1, later.index))

    def words(self, first: int, last: int) -> Iterator[str]:
        """What the user wrote after as many steps as from ``first`` to ``last``."""
        at = bisect_left(self.texts, first, key=itemgetter(0))
        while at < len(self.texts) and self.texts[at][0] <= last:
            yield self.texts[at][1].text
            at += 1

    def evidence(self, step: Step) -> Evidence:
        """Where a step stands."""
        return self.at(step.use.time, step.use.id)

    def at(self, time: float, where: str) -> Evidence:
        """A place in this session. What has no time of its own has that of the session's end."""
        s = self.session
        return Evidence(time or s.ended or s.started, clean(self.project), clean(s.agent), clean(s.id), clean(where)[:80])

    def folder(self, step: Step) -> str | None:
        """The folder that a step ran in, relative to the project (``.`` is the project); None if outside or unknown."""
        return self.relative((step.line.folder if step.line else "") or ".", step.use.cwd)

    @property
    def folders(self) -> frozenset[str]:
        """The names of folders below the project, as far as files in them were looked at: ``src`` is no subcommand where it is one."""
        if self._folders is None:
            named = {(step.use.path, step.use.cwd): None for step in self.steps if "/" in step.use.path}
            places = [path for path in (self.relative(*one) for one in named) if path]
            words = (word for step in self.steps if step.line for words in step.line.commands[:6] for word in words[1:20])
            self._folders = frozenset(path.split("/", 1)[0] for path in (*places, *words) if "/" in path)
        return self._folders

    def relative(self, path: str, cwd: str = "") -> str | None:
        """A path relative to the project; None if it is outside of it, cannot be told, or is no plain path."""
        if not self.project or not path or len(path) > 300 or path.startswith("~") or not _NO_PATH.isdisjoint(path):
            return None
        full = posixpath.normpath(posixpath.join(cwd if cwd.startswith("/") else self.project, path))
        if full == self.project:
            return "."
        prefix = self.project if self.project.endswith("/") else self.project + "/"
        return clean(full[len(prefix) :]) if full.startswith(prefix) else None


def clean(text: str) -> str:
    """Text that can be written as UTF-8: broken transcripts hold halves of surrogate pairs."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()


def cost(*steps: Step) -> int:
    """Tokens of calls that came to nothing, with what they cost to make, estimated."""
    return sum(s.use.tokens + (len(s.use.command) or 120) // 4 + 30 for s in steps)


def _step(index: int, use: ToolUse) -> Step:
    line = parse(use.command) if use.command else None
    told = use.failed is True or bool(use.exit_status) or use.refused or use.timed_out or use.interrupted
    known = not told and (use.failed is False or use.exit_status == 0)
    failure = None
    if line and not use.refused and (told or line.masked or not known) and (told or _troubled(use.result)):
        failure = cause(line, use.result)
    if failure and not told and (failure.loose or not (not known or (line is not None and line.masked))):
        failure = None
    failed = told or failure is not None
    worked = not failed and (known if line is None else known or use.failed is None)
    if worked and line and (line.masked or not known):
        worked = bool(use.result) and not _troubled(use.result)
    changes = not failed and _changes(use, line)
    return Step(index, use, line, failure, failed, worked, changes, changes or (not failed and line is not None and not looks(use.kind, line)))


def _troubled(text: str) -> bool:
    return any(part in text for part in _TROUBLE_PARTS) and _TROUBLE.search(text) is not None


def _changes(use: ToolUse, line: Line | None) -> bool:
    if not use.command:
        return use.kind in (ToolKind.EDIT, ToolKind.MCP)
    if line is None or line.writes or use.kind is ToolKind.EDIT:
        return True
    for words in line.commands:
        name = basename(words[0])
        if any(map(asks, words[1:])) or (words[1:2] == ("get",) and name not in _GETTING):
            continue
        if name in _CHANGING or (name == "sed" and any(w.startswith("-i") for w in words)):
            return True
        if any(w in _CHANGING_VERBS for w in words[1:4]):
            return True
    return False
