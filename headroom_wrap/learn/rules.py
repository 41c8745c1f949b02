"""Findings as sentences: one template for each lesson, filled with quoted values and nothing else.

A template is all that an agent is ever told in our words. What transcripts add stands between backticks, of the shape that its slot asks for:
the name of a program is no sentence. What a rule recommends is none of the things that a person should decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from headroom_wrap.learn.findings import SLOTS, Finding, Lesson
from headroom_wrap.learn.quote import quoted
from headroom_wrap.learn.redaction import tells_secret

TEMPLATES: Mapping[Lesson, str] = MappingProxyType(
    {
        Lesson.USE_PROGRAM: "{wrong} is not installed here; use {right}.",
        Lesson.USE_ENVIRONMENT: "{wrong} lacks this project's modules; use {right}.",
        Lesson.USE_TASK: "There is no {wrong}; use {right}.",
        Lesson.RUN_IN_FOLDER: "Run {command} in the folder {folder}.",
        Lesson.ADD_OPTION: "{command} needs {option}.",
        Lesson.REPLACE_OPTION: "{command} does not know {wrong}; use {right}.",
        Lesson.DROP_OPTION: "{command} does not know {option}; leave it out.",
        Lesson.SET_VARIABLE: "{command} needs {assignment} in its environment.",
        Lesson.PATH_IS_AT: "There is no {wrong}; it is {right}.",
        Lesson.READ_RANGES: "{path} is too large to be read whole; read ranges of lines.",
        Lesson.SEARCH_FILE: "{path} is too large to be read whole; search in it.",
        Lesson.SEARCH_IN_FOLDER: "What is looked for in {wrong} stands in {right}.",
        Lesson.SEARCH_OPTION: "Searches in {folder} need {option}.",
        Lesson.EDIT_INDENTATION: "{path} is indented with {indentation}.",
        Lesson.EDIT_LINE_ENDS: "The lines of {path} end in CR LF.",
        Lesson.REREAD_BEFORE_EDIT: "Read {path} again before editing it.",
        Lesson.REFUSED: "{command} is not allowed here.",
        Lesson.REFUSED_INSTEAD: "{command} is not allowed here; use {instead}.",
        Lesson.HANGS: "{command} does not end by itself.",
        Lesson.HANGS_INSTEAD: "{command} does not end by itself; use {instead}.",
        Lesson.REPEATED: "Asking {call} again gives the same answer.",
        Lesson.PREFERS: "The user wants {right}, not {wrong}.",
        Lesson.TEST_COMMAND: "The tests: {command}.",
        Lesson.BUILD_COMMAND: "The build: {command}.",
        Lesson.LINT_COMMAND: "The linter: {command}.",
        Lesson.ENTRY_POINT: "Begin with {path}.",
    }
)

_PROGRAM = re.compile(
    r"(?:(?:\.|source) [\w./~-]{1,80} && )?"  # an environment made active
    r"[\w~./][\w./+~-]{0,80}(?: -{1,2}[\w][\w.=-]{0,40}){0,2}(?: [\w./+:@=-]{1,60}){0,4}"
)
_PATH = re.compile(r"[^\s'\"$;|&<>*?()\\]{1,120}(?: [^\s'\"$;|&<>*?()\\]{1,60}){0,2}")
_OPTION = re.compile(r"-{1,2}[A-Za-z0-9][^\s]{0,60}(?: (?:[^\s']{1,60}|'[^'\s]{1,40}(?: [^'\s]{1,30}){0,3}'))?")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}(?:=[^\s]{0,80})?")
_COMMAND = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]{0,40}=[^\s]{0,60} ){0,3}[\w./~][^\s]{0,100}(?: [^\s]{1,100}){0,12}")
_PREFERENCE = re.compile(r"[^\s$;|&<>()]{1,60}(?: [^\s$;|&<>()]{1,40}){0,3}")
_INDENTATION = re.compile(r"tabs|spaces")
_SHAPES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "command": _COMMAND, "instead": _COMMAND, "call": _COMMAND, "option": _OPTION, "assignment": _ASSIGNMENT, "folder": _PATH, "path": _PATH,
        "indentation": _INDENTATION,
    }
)  # fmt: skip
_WRONG_AND_RIGHT: Mapping[Lesson, re.Pattern[str]] = MappingProxyType(
    {
        Lesson.USE_PROGRAM: _PROGRAM,
        Lesson.USE_ENVIRONMENT: _PROGRAM,
        Lesson.USE_TASK: _COMMAND,
        Lesson.REPLACE_OPTION: _OPTION,
        Lesson.PATH_IS_AT: _PATH,
        Lesson.SEARCH_IN_FOLDER: _PATH,
        Lesson.PREFERS: _PREFERENCE,
    }
)
# Slots whose content is told of, not recommended.
_TOLD_OF = frozenset(
    {
        (Lesson.REFUSED, "command"), (Lesson.REFUSED_INSTEAD, "command"), (Lesson.HANGS, "command"), (Lesson.HANGS_INSTEAD, "command"),
        (Lesson.REPEATED, "call"), (Lesson.DROP_OPTION, "option"),
    }
)  # fmt: skip

# A transcript shows that it worked, not that a person would want it again without being asked.
_RISKY = re.compile(
    r"(?i)(?:^|[\s;&|(])(?:sudo|su|doas|rm|dd|mkfs[.\w]{0,8}|shred|crontab)\s|(?:^|[;&|(]\s{0,8})(?:eval|exec)\s"
    r"|(?:^|\s)--?(?:force(?!-?(?:exit|colou?r))\S{0,30}|no-verify|no-gpg-sign|hard|yolo|insecure|allow-root|break-system-packages|dangerously\S{0,60}"
    r"|no-sandbox|no-check-certificate|trusted-host\S{0,60}|delete\S{0,20}|purge|allow-all\S{0,20}|privileged)(?=\s|=|$)"
    r"|\bchmod\s+(?:-R\s+)?[0-7]?777|\bgit\s+(?:push|reset|clean|checkout|restore|stash|rebase)\b"
    r"|\b(?:curl|wget)\b.{0,200}\||https?://|(?:^|[\s;&|(])base64(?=\s|$)|/dev/tcp|>\s{0,2}/(?:etc|dev)/"
    r"|\b(?:GIT_SSL_NO_VERIFY|NODE_TLS_REJECT_UNAUTHORIZED|PYTHONHTTPSVERIFY|LD_PRELOAD|PIP_BREAK_SYSTEM_PACKAGES|HUSKY)\b"
)

_BEFORE_PATH = r"(?:^|[\s=:,;@'\"({\[<>|&])(?:file://)?|(?:^|\s)-[A-Za-z]"  # where an absolute path begins
_SPAN = re.compile(r"`[^`]{1,200}`")
_OUTSIDE = re.compile(r"[A-Za-z ,;:.'()-]{0,200}")
_LONGEST_WORDING = 1.5  # times the template's own, so that a budget of tokens is one of rules too


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence for an agent.

    Args:
        id: of the finding.
        text: the sentence, in one line, without a bullet.
        finding: what it rests on.
    """

    id: str
    text: str
    finding: Finding

    @property
    def spans(self) -> tuple[str, ...]:
        """What is quoted in it, backticks included."""
        return tuple(_SPAN.findall(self.text))


def rule_of(finding: Finding, home: Path | None = None) -> Rule | None:
    """The rule of a finding; None if it is not one for agents, if a value does not fit its slot, or if any may be a secret: half a command is wrong.

    Args:
        finding: what was found.
        home: the user's, shown as ``~``.
    """
    template = TEMPLATES.get(finding.lesson)
    if template is None or not finding.for_agents or set(finding.slots) != set(SLOTS[finding.lesson]):
        return None
    if any(map(tells_secret, _together(finding.slots))):
        return None
    values: dict[str, str] = {}
    for slot, value in finding.slots.items():
        filled = _filled(finding.lesson, slot, _at_home(value, home))
        if filled is None:
            return None
        values[slot] = filled
    return Rule(finding.id, template.format(**values), finding)


def rules_of(findings: Iterable[Finding], home: Path | None = None) -> tuple[Rule, ...]:
    """The rules of all findings, the weightiest first, none twice."""
    best = sorted(findings, key=lambda f: (-f.weight, -f.sessions, -f.wasted_tokens, f.id))
    found = [rule for finding in best if (rule := rule_of(finding, home)) is not None]
    by_text = {rule.text: rule for rule in reversed(found)}
    return tuple(rule for rule in found if by_text[rule.text] is rule)


def reworded(rule: Rule, text: str) -> Rule | None:
    """The rule in other words; None unless they quote exactly what it quotes and are as short and as plain."""
    if len(text) > _LONGEST_WORDING * len(rule.text) or sorted(_SPAN.findall(text)) != sorted(rule.spans):
        return None
    outside = _SPAN.sub(" ", text)
    if not _OUTSIDE.fullmatch(outside) or not text[:1].isprintable() or not text[:1].strip(" -'(),.:;"):
        return None
    return Rule(rule.id, text, rule.finding)


def recognised(line: str) -> bool:
    """Whether a line is a rule in the words of a template, whatever it quotes."""
    spans = "\0".join(_SPAN.split(line))
    return spans in _FORMS


def _filled(lesson: Lesson, slot: str, value: str) -> str | None:
    shape = _WRONG_AND_RIGHT.get(lesson) if slot in ("wrong", "right") else _SHAPES.get(slot)
    if shape is None or not shape.fullmatch(value) or _recommends_risk(lesson, slot, value):
        return None
    if slot == "indentation":
        return value
    return quoted(value)


def _together(slots: Mapping[str, str]) -> Iterator[str]:
    """The values of a rule as they stand in a command: whether `-phunter2` is a secret depends on what it is an option of."""
    yield from slots.values()
    command = slots.get("command")
    if command is not None:
        yield from (f"{command} {value}" for slot, value in slots.items() if slot != "command")


def _recommends_risk(lesson: Lesson, slot: str, value: str) -> bool:
    return slot != "wrong" and (lesson, slot) not in _TOLD_OF and _RISKY.search(value) is not None


def _at_home(value: str, home: Path | None) -> str:
    """A path below the user's home without the user's name in it. Another path may have the home's as a part: it stays."""
    if home is None or home == Path("/"):
        return value
    return re.sub(rf"({_BEFORE_PATH}){re.escape(str(home))}(?=/)", r"\1~", value)


def _form(template: str) -> str:
    return re.sub(r"\{[a-z]+\}", "\0", template)


_FORMS = frozenset(_form(template.replace("{indentation}", indentation)) for template in TEMPLATES.values() for indentation in ("tabs", "spaces"))
