"""Which calls print tables: with titles, as the programs do that list things, or nothing but rows."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import lru_cache

from pipeline.command import pipelines, shows
from pipeline.compressors.listing.entries import program
from pipeline.shell import name, opened
from pipeline.transcript import ToolCall

_TABLES = frozenset("kubectl oc docker podman nerdctl ps dpkg helm systemctl ss netstat lsof lsblk df top free pip apt crictl virsh gh".split())
_ROWS = frozenset("ps df netstat ss lsof lsblk free top mount findmnt lsmod who w last vmstat iostat pidstat mpstat arp".split())  # and no more
_MANAGERS = _TABLES | frozenset(
    "snap flatpak conda mamba brew gem pipx nmcli loginctl lxc multipass aws gcloud az doctl flyctl argocd zfs zpool".split()
)
_VERBS = frozenset("list ls get ps images top stats events history".split())  # of managers, which also print other things
_OTHERS = frozenset("logs log exec describe inspect attach build pull push apply api cp cat debug wait watch rollout diff show view".split())
_FEW = 3  # words before which a verb stands, the values of options among them
_ARGUMENT = 400  # characters
_FILTERS = frozenset("grep egrep fgrep rg ag ack tail head awk gawk mawk sed sort uniq cut column tr cat less more tee nl".split())


def tabulates(call: ToolCall | None) -> bool:
    """Whether the program that a call runs prints tables, among other things."""
    if call is None:
        return False
    return program(call) in _TABLES or any(word in _TABLES for word in _words(call.name))


def prints_rows(call: ToolCall | None) -> bool:
    """Whether a call prints rows of one table and nothing else; what filters, sorts or cuts them may stand behind it.

    Of two tables in a row the second would be counted in the columns of the first.
    """
    if call is None:
        return False
    if call.command:
        return _prints_rows(call.command, call.name)
    return _lists([*_words(call.name), *(word for value in call.arguments.values() if isinstance(value, str) for word in value[:_ARGUMENT].split())])


def _words(tool: str) -> list[str]:
    return tool.lower().replace("-", "_").split("_")


@lru_cache(maxsize=64)  # asked several times for every block
def _prints_rows(command: str, tool: str) -> bool:
    found: list[str] = []
    for commands in pipelines(command):
        first = opened(commands[0])
        if not first or not shows(shlex.join(first)).program:
            continue  # cd, export
        if not _lists(first) and not _lists([*_words(tool), *first]):  # of a tool named kubectl the command may be `get pods`
            return False
        if any(name(later) not in _FILTERS for later in commands[1:]):
            return False
        if found and first != found:
            return False
        found = first
    return bool(found)


def _lists(words: Sequence[str]) -> bool:
    """Whether a command is one that lists things in rows."""
    own = name(words)
    if own in _ROWS:
        return True
    arguments = words[1:]
    if own in ("dpkg", "dpkg-query"):
        short = "l" if own == "dpkg" else "lW"
        return any(a in ("--list", "--show") or (a[:1] == "-" != a[1:2] and not set(short).isdisjoint(a)) for a in arguments)
    if "--" in arguments:  # kubectl exec web -- ps aux
        return _lists(arguments[arguments.index("--") + 1 :])
    if own not in _MANAGERS:
        return False
    plain = [a for a in arguments if not a.startswith("-")]
    for word in plain[:_FEW]:
        if word in _OTHERS:
            return False
        if word in _VERBS or word.startswith("list-"):
            return True
    return own == "systemctl" and not plain
