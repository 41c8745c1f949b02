"""Prose in tool results: pages, documents outside the workspace, issues and comments, reports of commands."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.asked import names_of
from pipeline.compressors.files import extension, is_reference, whole_read
from pipeline.compressors.kompress import scorer as embedded
from pipeline.compressors.kompress.core import LEAST_ELIDED, RECALL, Mode, Result, Settings, compress
from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.plugged import plugged
from pipeline.compressors.kompress.prose import is_prose
from pipeline.compressors.kompress.segment import Unit, segment
from pipeline.compressors.kompress.select import Ranking
from pipeline.markers import carries_marker
from pipeline.policy import Policy, Profile
from pipeline.transcript import ToolCall, ToolKind

NAME = "kompress"
_QUESTIONS = ("prompt", "question", "query", "q", "topic")  # arguments in which an agent says what it wants of a text
_OF_LINES = frozenset({ToolKind.SEARCH, ToolKind.LIST, ToolKind.EDIT})
_INSTRUCTION_FILES = (
    "claude.md",
    "claude.local.md",
    "agents.md",
    "agents.override.md",
    "gemini.md",
    "skill.md",
    "copilot-instructions.md",
    ".cursorrules",
    ".windsurfrules",
    ".mdc",
    ".instructions.md",
    "memory.md",
)
_INSTRUCTION_FOLDERS = ("/.claude/", "/.cursor/", "/.codex/", "/.gemini/", "/.github/instructions/", "/skills/")
_INSTRUCTING_TOOLS = frozenset({"skill", "task", "agent", "activate_skill", "exitplanmode", "exit_plan_mode", "todowrite", "askuserquestion"})
_DOCUMENTS = frozenset({"", "md", "markdown", "mdx", "rst", "txt", "text", "adoc", "asciidoc", "org", "man", *"123456789"})
_MOST_NAMES = 20


class KompressCompressor:
    """Reflows prose and, where the text is what the question is about, leaves out the sentences that hardly answer it.

    In ``balanced`` every sentence that stays has all of its words; ``aggressive`` drops articles and the like. A file that the agent may
    edit, an instruction file and what a subagent reports stay as they are.
    """

    name = NAME
    surest = 0.2

    def recognise(self, content: Content) -> float:
        """0.2 for English prose, else 0: whoever knows a text by its form goes first."""
        call = content.call
        if content.is_error or carries_marker(content.text):
            return 0.0
        if call is not None and (
            call.kind in _OF_LINES or _instructs(call) or (call.kind is not ToolKind.FETCH and extension(call.path) not in _DOCUMENTS)
        ):
            return 0.0
        return 0.2 if is_prose(content.text) else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The prose without what says nothing and, by the question, without what is not asked; None where nothing may be left out."""
        if not policy.lossy or _may_be_edited(content.call, policy) or self.recognise(content) == 0:
            return None
        question = _question(content)
        deepest = 2 if policy.profile is Profile.AGGRESSIVE else 1
        names = tuple(names_of(content.query)[:_MOST_NAMES])
        mode = Mode.FOCUS if question else Mode.SAFE
        settings = Settings(mode, deepest=deepest, names=names)
        result = compress(content.text, question, settings, words=plugged(policy.kompress_model))
        return result.rewrite() if result.mode is not None else None


def focused(text: str, content: Content, policy: Policy, first: int = 1) -> Result | None:
    """What the question leaves of prose that another compressor found in a block; None where nothing of it may be left out.

    Args:
        text: the prose.
        content: the block.
        policy: what may be done.
        first: the number of its first sentence.
    """
    if len(text) < LEAST_ELIDED or not policy.lossy or NAME in policy.disabled or content.is_error or _may_be_edited(content.call, policy):
        return None
    question = _question(content)
    if not question or (content.call is not None and _instructs(content.call)) or not is_prose(text):
        return None
    settings = Settings(Mode.FOCUS, deepest=1, names=tuple(names_of(content.query)[:_MOST_NAMES]), first=first, gentler=False)
    result = compress(text, question, settings, words=plugged(policy.kompress_model))
    return result if result.mode is Mode.FOCUS and result.gaps else None


def asked_for(texts: Sequence[str], content: Content, policy: Policy) -> list[tuple[int, int, int]]:
    """Of pieces of prose that another compressor found in a block, the sentences that the question asks for, the most probable first.

    Args:
        texts: the pieces, in the order of the block.
        content: the block.
        policy: what may be done.

    Returns:
        For each sentence the number of its piece, from 0, and its offsets in it, without the blanks around it; none where the question
        does not seem to be about the pieces.
    """
    question = _question(content)
    if NAME in policy.disabled or not question or not texts:
        return []
    units: list[Unit] = []
    said: list[str] = []
    pieces: list[int] = []
    for number, text in enumerate(texts):
        own = segment(text)
        base = units[-1].paragraph + 1 if units else 0
        units += [unit._replace(paragraph=unit.paragraph + base) for unit in own]
        said += [text[unit.start : unit.end].strip() for unit in own]
        pieces += [number] * len(own)
    ranking = Ranking(units, said, question, embedded.load(), coverage=embedded.coverage, gate=embedded.COVERAGE_GATE)
    if not ranking.passes:
        return []
    probable = ranking.probable(embedded.threshold(RECALL))
    found = []
    for n in ranking.by_score():
        if n in probable and units[n].kind in (Kind.SENTENCE, Kind.ITEM):
            start = texts[pieces[n]].index(said[n], units[n].start)
            found.append((pieces[n], start, start + len(said[n])))
    return found


def _question(content: Content) -> str:
    """What is wanted of the text: what the call says, else what the user said."""
    arguments = content.call.arguments if content.call is not None else {}
    asked = next((value for key in _QUESTIONS if isinstance(value := arguments.get(key), str) and value.strip()), "")
    return asked or content.query.text


def _may_be_edited(call: ToolCall | None, policy: Policy) -> bool:
    if call is None or not (call.kind is ToolKind.READ or whole_read(call)):
        return False
    return not is_reference(call.path, policy.workspace)


def _instructs(call: ToolCall) -> bool:
    """Whether what a call returns tells the agent what to do: instruction files, skills, plans, and what subagents report."""
    if call.name.lower() in _INSTRUCTING_TOOLS:
        return True
    shown = (call.path or call.command).lower().replace("\\", "/")
    return any(name in shown for name in _INSTRUCTION_FILES) or any(folder in f"/{shown}" for folder in _INSTRUCTION_FOLDERS)
