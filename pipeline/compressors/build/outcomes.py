"""Lines that report that all is well: a test that passed, a file that was compiled, a package that was fetched.

Known by the place of the word, not by the word alone: ``test errors::parse ... ok`` is a test that passed, ``error: ok was expected`` is not.
"""

from __future__ import annotations

import re

PASSED, SKIPPED, STARTED, PROGRESS = "passed", "skipped", "started", "progress"

_LINE = 1000  # what is read of a line
_TAIL, _LONG_TAIL = 100, 320  # … and of its end; the longer one holds the reason why a test was skipped
_TICK = "✓✔√☑✅"
_TIME = r"(?:\s{1,4}\(?[<~]?\d{1,6}(?:[.,:]\d{1,6}){0,2} ?(?:µs|us|ms|s|sec|seconds|secs|m)?\)?)?"
_PERCENT = r"(?:\s{1,40}\[\s{0,3}\d{1,3}%\])?"

# What a line starts with, blanks left off.
_STARTS = (
    (
        PASSED,
        (
            rf"[{_TICK}] ?\S",  # mocha, jest, vitest, node
            r"PASS(?:ED)?[:\s]\s?\S",  # jest, pytest -rA
            r"ok {1,3}\d{1,6}\b(?!.{0,400}# (?:SKIP|TODO))",  # TAP
            r"ok\s{1,3}\S+\s{1,3}(?:\(cached\)|\d)",  # go, of a package
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
            r"(?:\S{0,100}/)?(?:g?cc|g\+\+|c\+\+|clang(?:\+\+)?|ar|ranlib|javac|rustc|ld|libtool:)(?:-\d{1,2})? (?:.{0,300} )?-{0,2}\w",
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

# Trouble said in so many words takes the promise of a progress line back. Passed tests may be named after any trouble.
_TROUBLE = re.compile(r"(?:error|fatal|failed|failure|warning|cannot|denied|refused)(?![\w./-])", re.IGNORECASE)
_NOT_ALL_WELL = re.compile(r"[1-9]\d{0,6} (?:failed|failing|failures?)|Failures: [1-9]")


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
    """Whether what stands before ``at`` says that an outcome follows: dots, a test's id, a dash, a tab."""
    before = text[max(0, at - _LINE) : at + 1]
    return before.rstrip(" *").endswith(("..", "\t", " -")) or "::" in before


def _if_well(label: str | None, text: str) -> str:
    """The label, unless the line tells of trouble all the same."""
    if label != PROGRESS:
        return label if label is not None and not ("ail" in text and _NOT_ALL_WELL.search(text)) else ""
    return label if _TROUBLE.search(text) is None else ""
