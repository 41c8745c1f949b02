"""The code compressor: an outline of a file that was read whole, with what was asked for in full."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.compressors.code.asked import Asked, choose, names_of
from pipeline.compressors.code.comments import remarks, wanted
from pipeline.compressors.code.cut import Cut, Run, joined
from pipeline.compressors.code.guard import errors, plain
from pipeline.compressors.code.languages import Language, installed, parse
from pipeline.compressors.code.numbering import Numbered, strip
from pipeline.compressors.code.outline import outline
from pipeline.compressors.code.reading import language_of
from pipeline.compressors.code.render import SIGN, render, summary
from pipeline.compressors.files import is_reference
from pipeline.markers import carries_marker
from pipeline.policy import Policy, Profile

LEAST_CHARS = 5000  # about 1,500 tokens: of smaller files agents need nearly everything
MOST_CHARS = 1_000_000
LONGEST_LINE = 5000  # longer ones are generated or minified
_MOST_NAMED = 3
_WORTH = 0.93  # of the characters; above, the loss of lines buys next to nothing


class CodeCompressor:
    """Python, JavaScript, TypeScript, Go, Rust, Java, C and C++: bodies, comments and tables are left out by line range."""

    name = "code"

    def recognise(self, content: Content) -> float:
        """0.97 for a file that was read whole and is code by its name, 0.6 for text without a call that looks like code, else 0."""
        if not _fits(content):
            return 0.0
        language = language_of(content)
        if language is None or not installed(language):
            return 0.0
        return 0.6 if content.call is None else 0.97

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The outline. In ``aggressive`` of every file that was read whole; in ``balanced`` of reference reading only; otherwise None."""
        if not policy.lossy or not _fits(content):
            return None
        if policy.profile is not Profile.AGGRESSIVE and (content.call is None or not is_reference(content.call.path, policy.workspace)):
            return None
        language = language_of(content)
        if language is None:
            return None
        numbered = strip(content.lines)
        if numbered is None:
            return None
        return _compress(content, numbered, language, policy)


def _fits(content: Content) -> bool:
    text = content.text
    return (
        LEAST_CHARS <= len(text) <= MOST_CHARS
        and not content.is_error
        and SIGN not in text
        and "\0" not in text
        and not carries_marker(text)
        and max(map(len, content.lines)) <= LONGEST_LINE
    )


def _compress(content: Content, numbered: Numbered, language: Language, policy: Policy) -> Rewrite | None:
    bare = numbered.bare
    source = (content.text if bare is content.lines else "\n".join(bare)).encode("utf-8", "surrogatepass")
    tree = parse(source, language)
    if tree is None:
        return None
    found = outline(tree.root_node, source, bare, language)
    found.comments = joined(found.comments)
    asked = choose(found, names_of(content.query), bare)
    said = remarks(found.comments, bare, language)
    sentences = wanted(said, content, policy)
    tried: list[Run] = []
    for nested, callers in ((True, True), (True, False), (False, False)):
        cut = Cut(bare, found, said, language, nested=nested)
        cut.protect(asked, found)
        cut.quote(sentences)
        cut.mention(asked, tree, callers=callers)
        runs = list(cut.runs())
        if not runs:
            return None
        if runs != tried and (plain(tree, bare, runs, language) or _parses(bare, runs, language, errors(tree, language))):
            return _rewrite(content, numbered, runs, language, asked)
        tried = runs
    return None


def _parses(bare: Sequence[str], runs: Sequence[Run], language: Language, before: int) -> bool:
    """Whether the result has no more errors than the original."""
    result = parse("\n".join(render(bare, bare, runs, language)).encode("utf-8", "surrogatepass"), language)
    return result is not None and errors(result, language) <= before


def _rewrite(content: Content, numbered: Numbered, runs: Sequence[Run], language: Language, asked: Asked) -> Rewrite | None:
    lines = content.lines
    text = "\n".join(render(lines, numbered.bare, runs, language, numbered.head))
    if len(text) > len(content.text) * _WORTH:
        return None
    head, tail = numbered.head, numbered.tail
    total = len(lines) - head - tail
    if not tail and lines[-1] == "":
        total -= 1
    gaps = tuple(Gap(run.first + 1 - head, run.last + 1 - head) for run in runs)
    return Rewrite(text, total, gaps, summary(runs, asked.whole[:_MOST_NAMED]), spans=_spans(lines, head, total) if head else ())


def _spans(lines: Sequence[str], head: int, total: int) -> tuple[tuple[int, int], ...]:
    """Where the lines of the file stand in the text, where a tool printed lines of its own above: their numbers are the file's."""
    spans = []
    at = sum(len(line) + 1 for line in lines[:head])
    for line in lines[head : head + total]:
        spans.append((at, at + len(line)))
        at += len(line) + 1
    return tuple(spans)
