"""Which commands only look: after them everything is as it was. Of any other nobody knows what it did."""

from __future__ import annotations

from headroom_wrap.learn.miners.line import Line, basename
from pipeline.transcript import ToolKind

_ASKING = frozenset({"-h", "-l", "-T", "-N", "--version", "--dry-run", "-check", "--check", "--tasks", "--collect-only"})
_ASKING_FOR = ("--help", "--list", "--show", "--print")
_KINDS = (ToolKind.READ, ToolKind.SEARCH, ToolKind.LIST, ToolKind.FETCH)
_PROGRAMS = frozenset(
    "ls cat head tail find fd fdfind grep egrep rg ag ack tree wc du df stat file which whereis type command echo printf pwd date env printenv uname "
    "whoami id hostname ps pgrep jq yq sort uniq cut tr diff cmp man sleep true test realpath readlink basename dirname md5sum sha256sum nproc free "
    "pytest py.test jest vitest mocha mypy pyright tsc eslint flake8 pylint shellcheck".split()
)
# What is asked of a program that has more to do than to answer.
_VERBS = frozenset(
    "status log diff show blame branch remote ls-files rev-parse describe ls list get info version help inspect tasks targets tree view doctor "
    "explain why outdated search query routes config test tests lint check typecheck validate plan preview logs ps history whoami env".split()
)
_MENDING = frozenset({"--fix", "--write", "-w", "-i", "--in-place", "--apply", "--update", "-u", "--save", "--snapshot-update"})
# They change the shell that later commands may run in.
_OF_THE_SHELL = frozenset({"cd", "pushd", "popd", "export", "unset", "source", ".", "alias", "set", "eval", "ulimit", "umask"})


def asks(word: str) -> bool:
    """Whether an option makes a command tell something instead of doing it."""
    return word in _ASKING or word.startswith(_ASKING_FOR)


def looks(kind: ToolKind, line: Line) -> bool:
    """Whether a command line changes nothing that a later command may find.

    Args:
        kind: what the command shows.
        line: the command taken apart.
    """
    if line.writes:
        return False
    if any(words[0] in _OF_THE_SHELL for words in line.commands):
        return False
    return kind in _KINDS or all(_looks(words) for words in line.commands)


def _looks(words: tuple[str, ...]) -> bool:
    if any(map(asks, words[1:])):
        return True
    if not _MENDING.isdisjoint(words[1:]):
        return False
    return basename(words[0]) in _PROGRAMS or any(not _VERBS.isdisjoint((word.split(":", 1)[0], word.rpartition(":")[2])) for word in words[1:4])
