"""How an outline is printed: the kept lines as they were, and a marker of the language in the place of each run.

A marker is as cheap as it can be, because a file has up to a hundred of them: ``// ⋯120-159`` where statements stood, ``... # ⋯120-159`` in
Python, where a body must not be empty, but ``# ⋯120-159`` where only comments stood, and ``⋯120-159`` within a comment. What it means is said
once, in the footer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline.compressors.code.cut import Run
from pipeline.compressors.code.languages import Language
from pipeline.compressors.code.outline import Style

SIGN = "⋯"
_NOUNS = {Style.STATEMENTS: "stretch of code", Style.LINE_COMMENT: "comment", Style.TEXT: "comment", Style.TABLE: "table"}
_PLURALS = {"stretch of code": "stretches of code", "comment": "comments", "table": "tables"}


def marker(run: Run, bare: Sequence[str], language: Language, head: int = 0) -> str:
    """What stands in the place of a run.

    Args:
        run: the run.
        bare: the lines of the file.
        language: the file's.
        head: lines that stand above the file in the text and do not count.
    """
    statement = run.statement(bare, language)
    line = bare[run.first if statement is None else statement]
    first, last = run.first + 1 - head, run.last + 1 - head
    numbers = f"{SIGN}{first}-{last}"
    indent = line[: len(line) - len(line.lstrip())].rstrip("\r\n\f\v")
    if run.style is Style.TEXT:
        return indent + numbers
    if run.style is Style.STATEMENTS and language.indented and statement is not None:
        return f"{indent}... {language.line_comment} {numbers}"
    return f"{indent}{language.line_comment} {numbers}"


def render(lines: Sequence[str], bare: Sequence[str], runs: Sequence[Run], language: Language, head: int = 0) -> list[str]:
    """``lines`` with a marker in the place of every run, indented as in ``bare``."""
    kept: list[str] = []
    done = 0
    for run in runs:
        kept += lines[done : run.first]
        kept.append(marker(run, bare, language, head))
        done = run.last + 1
    kept += lines[done:]
    return kept


def summary(runs: Sequence[Run], whole: Sequence[str]) -> str:
    """What the marker means, what was left out by kind, and which of the names asked for are whole."""
    counts = Counter(_NOUNS[run.style] for run in runs)
    kinds = ", ".join(f"{n} {kind if n == 1 else _PLURALS[kind]}" for kind, n in sorted(counts.items(), key=lambda c: (-c[1], c[0])))
    named = f", {', '.join(whole)} whole" if whole else ""
    return f"{SIGN}a-b = lines a to b: {kinds}{named}"
