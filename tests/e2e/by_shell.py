"""What the end-to-end sessions share in which an agent gets back what was left out through its own shell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

FOOTER = re.compile(r"\[headroom ([0-9a-f]{8}): \d+ of \d+ lines left out[^\n]*; full text: run (headroom show [0-9a-f]{8} --lines (\d+)-\d+)\]")
_UNIQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d|\d{10}\.\d+|cc_version=[^;]*|cch=\w+|-private-\S+|project-?\d+")


def command(results: Sequence[str]) -> str:
    """What the first footer says to run. A model that was told nothing goes on, so that the test fails at once."""
    found = FOOTER.search("\n".join(results))
    return found[2] if found is not None else "echo nothing was left out"


def assert_came_back(shortened: str, fetched: str, show: Callable[[str], str]) -> None:
    """Assert that a line was left out and came back by the command, and that no tool of ours is named.

    Args:
        shortened: a result.
        fetched: of the command in its footer.
        show: the whole original by its handle.
    """
    found = FOOTER.search(shortened)
    assert found is not None, "nothing was left out"
    line = show(found[1]).split("\n")[int(found[3]) - 1]
    assert len(line) > 10
    assert line not in shortened
    assert f"{found[3]}\t{line}" in fetched, f"nobody is there to be asked: {fetched[:200]}"
    assert "headroom_retrieve" not in shortened


def plainly(value: object, *folders: object) -> str:
    """A part of a request without what differs between any two runs: the user's folders, ids, times."""
    said = repr(value)
    for folder in map(str, folders):
        said = said.replace(folder.replace("/", "-"), "").replace(folder, "")
    return _UNIQUE.sub("", said)
