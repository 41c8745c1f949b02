"""Whether a command for a POSIX shell may be run by another shell. Pure.

It may if it changes nothing of the shell that it is given to, and reads nothing of it that a child has not. That is found by reading it: what is
not understood is taken for what may not. Of the names of programs none can be ruled out, so those that change a shell are listed: builtins of bash
and zsh, and functions of which tools consist because a program could not do what they do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BUILTINS = (
    ". alias autoload bg bind bindkey cd chdir compdef complete compopt declare dirs disable disown emulate enable eval exec exit export fc fg"
    " float function functions getln getopts hash history integer jobs let local logout mapfile popd private pushd pushln read readarray"
    " readonly rehash return sched set setopt shift shopt source suspend trap ttyctl type typeset ulimit umask unalias unfunction unhash unlimit"
    " unset unsetopt vared wait whence where zle zmodload zparseopts zstyle"
)
_FUNCTIONS = (
    "activate asdf autojump chruby conda deactivate direnv fnm goenv gvm j jenv mamba micromamba mise mkvirtualenv ml module nodenv nvm nvs"
    " pyenv rbenv rvm sdk spack workon z zi"
)
_STATEFUL = frozenset((*_BUILTINS.split(), *_FUNCTIONS.split()))
# Arguments with which a harmless one is none: a variable to print into, a job of the shell's.
_STATEFUL_WITH = {"printf": "-v", "print": "-", "kill": "%"}
_BEFORE_COMMANDS = frozenset({"if", "then", "elif", "else", "while", "until", "do", "{", "!", "time"})
_RUNNING_OTHERS = frozenset({"command", "builtin", "noglob", "nocorrect", "-"})
_AFTER_COMMANDS = frozenset({"}", "fi", "done"})
_UNREAD = frozenset({"case", "select", "coproc", "repeat", "foreach"})
# Variables that are exported wherever they are set. Any other may be the shell's own, which a child has not.
_EXPORTED = re.compile(r"HOME|PATH|PWD|OLDPWD|USER|LOGNAME|SHELL|TMPDIR|LANG|LC_[A-Z]{1,20}|TERM|EDITOR|XDG_[A-Z_]{1,20}|[0-9@*#$-]")

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[|\+?=)")
_DOLLAR = r"""
    (?P<sum>\$\(\([\d\s+*/%-]*\)\)) | (?P<list>\$\((?!\())
  | \$\{\#?(?P<braced>[A-Za-z_]\w*|[0-9@*])(?:(?::?[-+?]|:(?=\d)|[#%/,^])[^{}$`"'\\\n]*)?\} | \$(?P<named>[A-Za-z_]\w*|[0-9@*#$?-]) | (?P<odd>[$`])
"""
_OUTSIDE = re.compile(
    r"""
    (?P<space>[ \t]+(?:\\\n[ \t]*)*) | (?P<newline>\n) | (?P<here><<-?(?!<))
  | (?P<redirect>&>>?|\d+(?=[<>])|<<<|<>|<&|>>|>&|>\||[<>](?!\()) | (?P<process>[<>]\()
  | (?P<separator>&&|\|\||\|&|;(?![;&])|\|) | (?P<open>\(\(?) | (?P<close>\)) | (?P<quote>") | '(?P<single>[^']*)' | \\(?P<escaped>[^\n])
  | (?P<comment>\#[^\n]*) | (?P<plain>[^\s;&|()<>"'`$\\#]+) |"""
    + _DOLLAR,
    re.VERBOSE,
)
_END = re.compile(r"""[ \t]*(?:'([^'\n]+)'|"([^"$`\\\n]+)"|\\?([\w.-]+))(?=[\s;|&)<>]|\Z)""")
_TABS = r"\t*"
_EXPANDING = re.compile(r"[$`]")
_NAME = re.compile(r"[\w.+:][\w.+@%:,-]*|\[\[?")
_INSIDE = re.compile(r"""(?P<quote>") | (?P<plain>[^"\\$`]+) | \\(?P<escaped>[\s\S]) |""" + _DOLLAR, re.VERBOSE)


class _Unclear(Exception):
    """It is not understood, or is understood to need the shell that it was given to."""


@dataclass(slots=True)
class _Place:
    """Where in a list of commands the reader is.

    Args:
        closer: what ends the list.
        start: a command may stand here.
        assigned: assignments stand before it.
        name: of the command whose arguments these are.
        word: what of a word was read, None between words. What is expanded stands in it as NUL.
        lead: what it begins with, as far as that is neither quoted nor expanded.
        quoted: something in it is.
        target: it is not of the command, but what follows a redirection.
    """

    closer: str = ""
    start: bool = True
    assigned: bool = False
    name: str = ""
    word: str | None = None
    lead: str = ""
    quoted: bool = False
    target: bool = False


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.here = _Place()
        self.outer: list[_Place] = []
        self.inside = False  # double quotes
        self.loops: set[str] = set()  # their variables
        self.ran = False  # some command, so that the status is its own
        self.expands = len(text)  # documents follow in which there may be expansions
        self.documents: list[tuple[bool, str]] = []  # that begin in the next line: whether they are indented, and how they end

    def read(self) -> None:
        """Raises ``_Unclear``."""
        while self.at < len(self.text):
            match = (_INSIDE if self.inside else _OUTSIDE).match(self.text, self.at)
            if match is None or match.lastgroup is None:
                raise _Unclear
            self.at = match.end()
            self._token(match.lastgroup, match[match.lastgroup])
        self._word_ends()
        self._command_ends()
        if self.outer or self.inside or self.documents:
            raise _Unclear
        if _EXPANDING.search(self.text, self.expands):
            raise _Unclear  # in a document or after it: which is not worth telling

    def _token(self, kind: str, said: str) -> None:
        here = self.here
        if kind in ("plain", "escaped", "single"):
            self._piece(said, quoted=kind != "plain" or self.inside)
        elif kind == "quote":
            self._piece("", quoted=True)
            self.inside = not self.inside
        elif kind in ("sum", "braced", "named"):
            self._expansion(kind, said)
        elif kind in ("list", "process"):
            self._piece("\0", quoted=True)
            self._opens('"' if self.inside else "")
        elif kind == "comment" and here.word is not None:
            self.at += 1 - len(said)
            self._piece("#", quoted=False)
        elif kind in ("odd", "here"):
            self._odd(kind, said)
        else:
            self._word_ends()
            self._between(kind, said)

    def _piece(self, said: str, *, quoted: bool) -> None:
        """A piece of a word."""
        here = self.here
        here.word = (here.word or "") + said
        here.quoted |= quoted
        if not here.quoted:
            here.lead = here.word

    def _expansion(self, kind: str, said: str) -> None:
        self._piece("\0", quoted=True)
        known = kind == "sum" or said in self.loops or _EXPORTED.fullmatch(said) or (said == "?" and self.ran)
        if not known:
            raise _Unclear

    def _odd(self, kind: str, said: str) -> None:
        if kind == "odd":
            following = self.text[self.at : self.at + 1]
            if said == "`" or following in ("{", "'", "!", "(", "[", "\\"):
                raise _Unclear
            self._piece("$", quoted=True)
            return
        self._word_ends()
        end = _END.match(self.text, self.at)
        if end is None or self.outer:
            raise _Unclear
        expands = end[3] is not None and self.text[end.start(3) - 1] != "\\"
        self.documents.append((said == "<<-", end[1] or end[2] or end[3]))
        self.at = end.end()
        if expands:
            self.expands = min(self.expands, self.at)

    def _opens(self, closer: str) -> None:
        """A list of commands in parentheses."""
        self.outer.append(self.here)
        self.here = _Place(closer=")" + closer)
        self.inside = False

    def _between(self, kind: str, said: str) -> None:
        """What stands between words."""
        here = self.here
        if kind == "redirect":
            here.target |= not said.isdigit()
        elif kind == "open":
            if said == "((" or not here.start or here.assigned:
                raise _Unclear  # arithmetic, a function's definition, a list of values
            here.start = False
            self._opens("")
        elif kind == "close":
            self._command_ends()
            if not self.outer:
                raise _Unclear
            self.inside = here.closer.endswith('"')
            self.here = self.outer.pop()
        elif kind in ("separator", "newline"):
            self._command_ends()
            if kind == "newline":
                self._documents_follow()

    def _documents_follow(self) -> None:
        for indented, end in self.documents:
            line = re.compile(rf"^{_TABS if indented else ''}{re.escape(end)}$\n?", re.MULTILINE).search(self.text, self.at)
            if line is None:
                raise _Unclear
            self.at = line.end()
        self.documents.clear()

    def _word_ends(self) -> None:
        here, word = self.here, self.here.word
        if word is None:
            return
        quoted, lead = here.quoted, here.lead
        here.word, here.lead, here.quoted = None, "", False
        if here.target:
            here.target = False
        elif not here.start:
            self._argument(word)
        elif _ASSIGNMENT.match(lead):
            here.assigned = True
        elif word in _RUNNING_OTHERS or (not quoted and word in _BEFORE_COMMANDS):
            here.name = word
        elif not quoted and word == "for":
            here.start, here.name = False, word
        elif not quoted and word in _AFTER_COMMANDS:
            here.start, here.name = False, ""
        else:
            self._command(word)

    def _argument(self, word: str) -> None:
        name = self.here.name
        if name == "for":
            self.loops.add(word)
            self.here.name = ""
        elif name in _STATEFUL_WITH and word.startswith(_STATEFUL_WITH[name]):
            raise _Unclear

    def _command(self, word: str) -> None:
        here = self.here
        if here.name in ("time", "command") and word == "-p":
            return
        if "/" in word:
            clear = not word.endswith(("/", ".."))  # what is a folder some shells enter
        else:
            clear = _NAME.fullmatch(word) is not None and word not in _STATEFUL and word not in _UNREAD and word.strip(".") != ""
        if not clear:
            raise _Unclear
        here.start, here.name = False, word

    def _command_ends(self) -> None:
        here = self.here
        if here.target or (here.assigned and here.start):
            raise _Unclear
        self.ran |= not here.start
        here.start, here.assigned, here.name = True, False, ""


def apart(command: str) -> bool:
    """Whether another shell may run a command instead of the one that it is given to."""
    reader = _Reader(command)
    try:
        reader.read()
    except _Unclear:
        return False
    return reader.ran
