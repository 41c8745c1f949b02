"""Which other files an instruction file pulls in by `@path`, and from where an agent lets it.

As seen in the requests of Claude Code 2.1 and Gemini CLI 0.61. Both take all up to the next white space as the path,
a full stop or comma behind it too, and leave code alone, though they do not call the same things code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_NAMED = re.compile(r"(?<![^\s*])@((?:[^\s\\]|\\ |\\(?! )){1,1024})")
_NAMED_PLAINLY = re.compile(r"(?<!\S)@(\S{1,1024})")
_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
_LIST_ITEM = re.compile(r"[ \t]{0,100}(?:[-*+]|[0-9]{1,9}[.)])[ \t]")
_TICKS = re.compile(r"`+")
_COMMENT_ENDS = ("<!--", "-->")


@dataclass(frozen=True, slots=True)
class Imports:
    """How one agent takes imports.

    Args:
        hops: how many files deep it follows them.
        markdown: it sees comments, escaped spaces and code by indentation and tildes as Markdown does; else fences and spans of backticks only.
        approved: the user may let it leave the project, by a setting of the agent's own; else nothing outside is read.
    """

    hops: int
    markdown: bool
    approved: bool

    def find(self, text: str) -> tuple[str, ...]:
        """The paths that a text imports, as they are written there, each once."""
        found: dict[str, None] = {}
        for line in _prose(text, markdown=self.markdown):
            if "@" in line:
                found.update(dict.fromkeys(self._named(line)))
        return tuple(found)

    def _named(self, line: str) -> Iterator[str]:
        if not self.markdown:
            yield from (name for name in _NAMED_PLAINLY.findall(line) if name[0] in "./" or (name[0].isascii() and name[0].isalpha()))
            return
        for name in _NAMED.findall(line):
            path = name.partition("#")[0].rstrip("*").replace("\\ ", " ")
            if path.startswith("~/") or (path[:1] in tuple("/._-") and path != "/") or (path[:1].isascii() and path[:1].isalnum()):
                yield path

    def target(self, name: str, importer: Path, home: Path) -> Path:
        """The file that a path in `importer` means; no link in it is followed."""
        if self.markdown and name.startswith("~/"):
            return home / name[2:]
        return importer.parent / name


CLAUDE = Imports(hops=4, markdown=True, approved=True)
GEMINI = Imports(hops=5, markdown=False, approved=False)


def settings_file(environ: Mapping[str, str], home: Path) -> Path:
    """Where Claude Code keeps what the user has approved."""
    folder = environ.get("CLAUDE_CONFIG_DIR")
    return (Path(folder) if folder else home) / ".claude.json"


def is_approved(settings: bytes, cwd: Path) -> bool:
    """Whether that file says that a project's instructions may import from outside it."""
    try:
        known = json.loads(settings)
    except (ValueError, RecursionError):
        return False
    projects = known.get("projects") if isinstance(known, dict) else None
    if not isinstance(projects, dict):
        return False
    said = [projects.get(str(folder)) for folder in (cwd, *cwd.parents)]
    return any(isinstance(project, dict) and project.get("hasClaudeMdExternalIncludesApproved") is True for project in said)


def _prose(text: str, *, markdown: bool) -> Iterator[str]:
    """The lines of a text without its code and, in Markdown, its comments."""
    fence, in_comment, in_list, before_code = "", False, False, True
    for line in text.split("\n"):
        if fence:
            if _closes(line, fence):
                fence, before_code = "", True
            continue
        opening = None if in_comment else _FENCE.match(line)
        if opening is not None and (markdown or opening[1][0] == "`"):
            fence = opening[1]
            continue
        if markdown and not in_comment:
            in_list = _LIST_ITEM.match(line) is not None or (in_list and (not line.strip() or line[0] in " \t"))
            if before_code and not in_list and line.startswith(("    ", "\t")):
                continue
            before_code = not line.strip()
        line = _without_spans(line)
        if markdown and (in_comment or "<!--" in line):
            line, in_comment = _without_comments(line, in_comment)
        yield line


def _closes(line: str, fence: str) -> bool:
    found = _FENCE.match(line)
    return found is not None and found[1].startswith(fence) and not line[found.end() :].strip()


def _without_spans(line: str) -> str:
    """Leave out what stands between runs of as many backticks."""
    runs = list(_TICKS.finditer(line))
    if len(runs) < 2:
        return line
    later: dict[int, int] = {}
    pairs: list[int | None] = [None] * len(runs)
    for at in range(len(runs) - 1, -1, -1):
        length = len(runs[at][0])
        pairs[at] = later.get(length)
        later[length] = at
    kept, start, at = [], 0, 0
    while at < len(runs):
        pair = pairs[at]
        if pair is not None:
            kept.append(line[start : runs[at].start()])
            start, at = runs[pair].end(), pair
        at += 1
    # What stands before the code ends there, and what follows it does not begin a word.
    return "\t`".join([*kept, line[start:]])


def _without_comments(line: str, inside: bool) -> tuple[str, bool]:
    """Leave out comments; also say whether one goes on in the next line."""
    kept, at = [], 0
    while at <= len(line):
        end = line.find(_COMMENT_ENDS[inside], at)
        if not inside:
            kept.append(line[at : end if end >= 0 else len(line)])
        if end < 0:
            break
        at, inside = end + len(_COMMENT_ENDS[inside]), not inside
    return "\t".join(kept), inside
