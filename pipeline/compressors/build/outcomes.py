"""Lines that report that all is well: a test that passed, a file that was compiled, a package that was fetched.

Known by the place of the word, not by the word alone: ``test errors::parse ... ok`` is a test that passed, ``error: ok was expected`` is not.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.compressors.severity import NEITHER, severity

PASSED, SKIPPED, STARTED, PROGRESS = "passed", "skipped", "started", "progress"

_LINE = 1000  # what is read of a line
_TAIL, _LONG_TAIL = 100, 320  # … and of its end; the longer one holds the reason why a test was skipped
_TICK = "✓✔√☑✅"
_TIME = r"(?:\s{1,4}\(?[<~]?\d{1,6}(?:[.,:]\d{1,6}){0,2} ?(?:µs|us|ms|s|sec|seconds|secs|m)?\)?)?"
_PERCENT = r"(?:\s{1,40}\[\s{0,3}\d{1,3}%\])?"
# Of a compiler: an option, or a file that it reads or makes. Its version has neither, nor has what is said of it.
_ARGUMENTS = r"(?= (?:.{0,300} )?-{1,2}\w| .{0,300}\.(?:c|cc|cpp|cxx|m|mm|s|S|rs|java|f90|o|lo|obj|a|so)\b)"

# What a line starts with, blanks left off.
_STARTS = (
    (
        PASSED,
        (
            rf"[{_TICK}] ?\S",  # mocha, jest, vitest, node
            r"PASS(?:ED)?[:\s]\s?\S",  # jest, pytest -rA
            r"ok {1,3}\d{1,6}\b(?!.{0,400}# (?:SKIP|TODO))",  # TAP
            r"ok\s{1,3}\S+\s{1,3}(?:\(cached\)|\d)(?!.{0,200}\scoverage: )",  # go, of a package
            r"--- PASS: ",  # go
            r"\[ {0,7}(?:OK|PASSED) {0,7}\] (?!\d+ tests?\.)",  # GoogleTest
            r"\[gw\d{1,3}\] \[ {0,3}\d{1,3}%\] PASSED ",  # pytest-xdist
            r"\[(?:INFO)\] Tests run: \d+, Failures: 0, Errors: 0, .{0,100}(?:--|-) in ",  # Maven, of a class
        ),
    ),
    (
        SKIPPED,
        (
            r"SKIP(?:PED)?\b[:\s]\s?\S|XFAIL ",
            r"--- SKIP: |\?\s{1,6}\S+\s{1,3}\[no test files\]",
            r"[○↓⊘] \S",
            r"ok {1,3}\d{1,6}\b.{0,400}# (?:SKIP|TODO)",
            r"\[ {0,7}(?:SKIPPED|DISABLED) {0,7}\] (?!\d+ tests?)",
            r"\[gw\d{1,3}\] \[ {0,3}\d{1,3}%\] (?:SKIPPED|XFAIL) ",
        ),
    ),
    (
        STARTED,
        (
            r"=== (?:RUN|PAUSE|CONT|NAME) ",
            r"\[ {0,3}RUN {0,7}\] |\[-{4,12}\] \d{1,6} tests? from ",
            r"Start {1,6}\d{1,5}: ",  # ctest
            r"# Subtest: |RUNS |\[INFO\] Running \S+$",
        ),
    ),
    (
        PROGRESS,
        (
            r"(?:\[ {0,3}\d{1,6}(?:/\d{1,6}|%)\]|\(\d{1,6}/\d{1,6}\)) {0,3}(?!Test )\S",  # ninja, CMake, apt
            r"(?:Compiling|Checking|Fresh|Dirty|Locking|Updating|Adding|Documenting) \S",  # cargo
            r"(?:Downloading|Downloaded|Fetching|Fetched|Pulling|Pushing|Receiving|Resolving|Collecting|Obtaining|Using cached) \S",
            r"(?:Building|Preparing|Installing|Extracting|Unpacking|Selecting|Setting up|Processing|Generating|Linking|Archiving|Copying) \S",
            r"(?:Verifying|Transforming|Transpiling|Bundling|Emitting|Refreshing) \S",
            r"(?:Get|Hit|Ign):\d{1,5} ",
            r"Requirement already satisfied: |go: (?:downloading|finding|extracting) |(?:\[INFO\] )?Download(?:ing|ed) from ",
            r"make(?:\[\d{1,3}\])?: (?:Entering|Leaving) directory |npm (?:http|timing|verb|verbose|sill|silly|info) ",
            r"-- (?:Looking for|Performing Test|Check|Detecting|Found|Installing|Up-to-date)\b",
            r"checking (?:for|whether|if|how|that|the) .{1,200}\.\.\. ",
            r"(?:CC|CXX|LD|AR|AS|GEN|CCLD|CXXLD|HOSTCC|HOSTLD|LINK|COPY|INSTALL|DEPMOD) {1,6}\S+$",
            rf"(?:\S{{0,100}}/)?(?:g?cc|g\+\+|c\+\+|clang(?:\+\+)?|ar|ranlib|javac|rustc|ld|libtool:)(?:-\d{{1,2}})?{_ARGUMENTS}",
            r"\S{1,200}: (?:Refreshing state|Still (?:creating|destroying|modifying|reading)|Reading|Creating|Destroying|Modifying)\.\.\.",
            r"\S{1,200}: (?:Read|Creation|Destruction|Modifications?) complete after ",
            r"[0-9a-f]{12}: (?:Pull|Wait|Already|Download|Verif|Extract|Push|Mounted|Layer|Prepar)",
            r"> Task \S{1,200}(?: (?:UP-TO-DATE|NO-SOURCE|FROM-CACHE|SKIPPED))?$",
        ),
    ),
)
# What it ends with. ``_marked`` says what must stand before it.
_DONE = re.compile(rf"[.\s*](?:ok|OK|PASS(?:ED)?|[Pp]ass(?:ed)?|[{_TICK}]){_TIME}{_PERCENT}$")
_NOT_DONE = re.compile(rf"[.\s*](?:ignored|[Ss]kipped|SKIP(?:PED)?|XFAIL|expected failure|Not Run)(?:[ ,(].{{0,200}}?)?{_TIME}{_PERCENT}$")
_ANSWERED = re.compile(r" \(known after apply\)$|(?: :|\.{3}) (?:yes|no|done|found|none needed)$")
_ANSWERS = ("(known after apply)", "yes", "no", "done", "found", "none needed")
_STARTING = re.compile("|".join(f"(?P<{label}>{'|'.join(patterns)})" for label, patterns in _STARTS))
_ENDING_CHARACTERS = frozenset("kKsScdDL]);Rnoey" + _TICK + "0123456789")

_DOTS = re.compile(
    rf"[.sSxXpPR]{{3,400}}(?:{_PERCENT}|\s{{1,40}}\[ {{0,5}}\d{{1,6}}/\d{{1,6}}\])$|\S{{1,300}}\.\w{{1,4}} [.sSxXpPR]{{1,300}}{_PERCENT}$"
)
_DOTS_ENDING = frozenset(".sSxXpPR]")

# What takes the promise of a progress line back: all that is error-like or warning-like, and what no vocabulary of logs has to have.
_TROUBLE = re.compile(
    r"\b(?:undefined|unresolved|unsupported|incompatible|wrong|nothing|none found|killed by|gave up|giving up|expected .{1,80}(?:got|found|but)"
    r"|(?:does|did|do|is|are|was|were|will|could|must|may) ?not\b|not (?:allowed|supported|installed|signed|enough|recogni[sz]ed)"
    r"|(?:do|does|did|is|are|was|were|wo)n't|too (?:old|new|many|large|big|long|short|small)|signal [1-9]|[1-9]\d* exit status"
    r"|(?:http|get|head|put|post) [45]\d\d)\b"
)
_SENTENCE = re.compile(r": (?:(?:[A-Za-z']+ ){3,}[A-Za-z]|line \d)")  # what goes on so after a colon says more than that it goes on
_NOT_ALL_WELL = re.compile(r"[1-9]\d{0,6} (?:failed|failing|failures?)|Failures: [1-9]")
_AROUND = "()[]{}<>\"'`‘’“”,.:;!?"  # a word
# Bare words that are names, or a question: in them trouble is no trouble.
_NAMED = re.compile(
    r"\S{1,80} (?=v\d)|(?:satisfied:|--[a-z-]{1,30}) \S{1,80}|(?<=Installing collected packages: ).*"
    r"|^(?:checking|-- (?:Looking|Performing|Check|Detecting)) .{0,300}(?:\.{3}| -)(?: not found$)?"
    r"|^.* (?:\(known after apply\)|(?:(?<=\.{3} )|(?<= : ))(?:yes|no|found|none needed))$"
)
# An error that says so before it says anything of an outcome; the time may stand before it.
_LED = re.compile(
    r"(?:\W?[\d:.,TZ/+-]{4,30}\W? ){0,2}\W?"
    r"(?:(?i:error|fatal|critical|panic|failed|failure)\W?:|(?:ERROR|FATAL|CRITICAL|PANIC|FAIL(?:ED|URE)?)(?![\w.-]))"
)


def quiet(line: str) -> str:
    """What kind of good news a line is: one of the labels of this module, ``""`` if it is none."""
    text = line[:_LINE].strip()
    if not text:
        return ""
    start = _STARTING.match(text)
    if start is not None:
        return _if_well(start.lastgroup, text)
    if text[-1] in _ENDING_CHARACTERS:
        ended = _ended(line.rstrip() if len(line) > _LINE else text)
        if ended:
            return _if_well(ended, text)
    return PROGRESS if text[-1] in _DOTS_ENDING and _DOTS.match(text) and not text.isalpha() else ""


def _ended(text: str) -> str:
    """The label by what a line ends with."""
    tail = text[-_TAIL:]
    # What each pattern finds contains one of these words: written out, as a loop over them would take five times as long.
    if "ok" in tail or "OK" in tail or "PASS" in tail or "ass" in tail or not tail.isascii():
        done = _DONE.search(tail)
        if done is not None and _marked(text, len(text) - len(tail) + done.start()):
            return PASSED
    if "kipped" in text or "SKIP" in text or "ignored" in text or "XFAIL" in text or "expected failure" in text or "Not Run" in text:
        tail = text[-_LONG_TAIL:]
        left = _NOT_DONE.search(tail)
        if left is not None and _marked(text, len(text) - len(tail) + left.start()):
            return SKIPPED
    return PROGRESS if tail.endswith(_ANSWERS) and _ANSWERED.search(tail) else ""


def _marked(text: str, at: int) -> bool:
    """Whether what stands before ``at`` says that an outcome follows: dots, a dash, a tab, or a test's id and nothing else."""
    before = text[max(0, at - _LINE) : at + 1].rstrip(" *")
    if before.endswith(("..", "\t", " -")):
        return _LED.match(text) is None
    named = text[:_LINE].split(None, 1)[0]
    if "::" not in named or named.endswith(":"):
        return False
    after = text.index(named) + len(named)
    return after >= at or not text[after:at].strip(" *") or ("[" in named and before.endswith("]"))  # values of its parameters may have blanks


def _if_well(label: str | None, text: str) -> str:
    """The label, unless the line tells of trouble all the same. Passed tests may be named after any."""
    if label != PROGRESS:
        return label if label is not None and not ("ail" in text and _NOT_ALL_WELL.search(text)) else ""
    if _troubled(_said(text)) and _troubled(_said(_NAMED.sub("", text))):
        return ""
    return label


def _said(text: str) -> str:
    """A line without its names: files, options, versions, and other words that have more than letters. They may be called after any trouble."""
    words = [(word, word.strip(_AROUND).replace("'", "")) for word in text.split()]
    return " ".join([word if bare.isalpha() or bare.isdecimal() else "*:" if word[-1] == ":" else "*" for word, bare in words])


@lru_cache(maxsize=4096)  # lines that differ in names only say the same
def _troubled(said: str) -> bool:
    return severity(said) != NEITHER or _TROUBLE.search(said.lower()) is not None or _SENTENCE.search(said) is not None
