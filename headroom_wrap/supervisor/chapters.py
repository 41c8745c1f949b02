"""The chapters of the page that tells a session: its history in, lines of styled text out. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from headroom_wrap.events import Block, Finished
from headroom_wrap.ledger.shares import hit
from headroom_wrap.supervisor.compare import KEPT, LEFT_OUT, UNTOLD, Compared
from headroom_wrap.supervisor.history import History
from headroom_wrap.supervisor.instructions import Change
from headroom_wrap.terminal.page import BAD, GOOD, PLAIN, QUIET, STRONG, Line, Span, cut
from headroom_wrap.terminal.panel import count, money, percent
from pipeline.outcome import REWRITTEN

Chapter = Callable[[History], list[Line]]


def blocks(history: History) -> list[Line]:
    """A line for each block that was looked at, the newest first."""
    if not history.blocks:
        return [_words("No tool result has been looked at yet.")]
    return [(Span(f"{_clock(at.time)}  ", QUIET), *block_line(at.block)) for at in history.blocks]


def block_line(block: Block) -> Line:
    """What became of a block."""
    if block.reason in REWRITTEN:
        share = 1 - block.after / block.before if block.before else 0.0
        size = f"{count(block.before):>6} → {count(block.after):<6}"
        return Span(size), Span(f"{percent(-share):>5}  ", GOOD), Span(f"{block.compressor[:18]:<18}  "), Span(block.label)
    size = f"{count(block.before) if block.before else '':>6}   {'':6}"
    return Span(size, QUIET), Span(f"{'':5}  "), Span(f"{'as it came':<18}  ", QUIET), Span(block.label), Span(f"  ({block.reason})", QUIET)


def requests(history: History) -> list[Line]:
    """A line for each response, the newest first."""
    if not history.requests:
        return [_words("No response has been charged for yet.")]
    head = (Span(f"{'':8}  {'prompt':>7} {'cached':>7} {'left out':>9} {'answer':>7} {'cost':>8} {'saved':>8}  model", QUIET),)
    return [head, *(_request(answered.time, answered.finished) for answered in history.requests)]


def _request(at: float, told: Finished) -> Line:
    usage = told.usage
    cached = hit(usage.cache_read / usage.prompt) if usage.prompt else ""
    sums = f"{count(usage.prompt):>7} {cached:>7} {count(told.removed):>9} {count(usage.output):>7} "
    saved = None if told.cost is None or told.cost_without is None else told.cost_without - told.cost
    style = PLAIN if not saved else GOOD if saved > 0 else BAD
    price = Span(f"{money(told.cost) if told.cost is not None else '?':>8} ")
    missed = Span("  cache missed", BAD) if told.miss else Span("")
    return (
        Span(f"{_clock(at)}  ", QUIET),
        Span(sums),
        price,
        Span(f"{money(saved) if saved is not None else '?':>8}  ", style),
        Span(told.model, QUIET),
        missed,
    )


def cache(history: History) -> list[Line]:
    """How the provider's cache served, and why it did not where it did not."""
    read = sum(answered.finished.usage.cache_read for answered in history.requests)
    prompt = sum(answered.finished.usage.prompt for answered in history.requests)
    if not prompt:
        return [_words("Nothing has been read from the provider's cache yet.")]
    # Of a long session the first ones are forgotten.
    whose = f"the last {len(history.requests)} prompts'" if len(history.requests) == history.requests.maxlen else "the prompts'"
    share = f"{hit(read / prompt)} of {whose} tokens were read from the provider's cache ({count(read)} of {count(prompt)})."
    lines: list[Line] = [_words(share), ()]
    if not history.misses:
        return [*lines, _words("No request read less than the one before it had left there.")]
    lines.append(_words("Requests that read less than the one before them had left there:"))
    lines += [_missed(missed.time, missed.finished) for missed in history.misses]
    return lines


def _missed(at: float, told: Finished) -> Line:
    again = f"{count(told.again):>6} tokens again" if told.again else f"{count(told.usage.cache_read):>6} of {count(told.usage.prompt)} read"
    price = f", {money(told.again_cost)} more" if told.again_cost > 0 else ""
    return Span(f"{_clock(at)}  ", QUIET), Span(f"{again + price:<28}  "), Span(told.miss)


def files(history: History) -> list[Line]:
    """The agent's instruction files, the heaviest first; what stands in two of them; what changed since the session began."""
    known = history.instructions
    beside = [file for file in known.files if not file.always]
    if not history.files and not beside and not known.changes:
        return [_words("No instruction file of the agent's is known.")]
    lines: list[Line] = []
    if history.files:
        heaviest = sorted(history.files, key=lambda file: (-file[1], file[0]))
        lines.append(_words("These stand in every request:"))
        lines += [(Span(f"{count(tokens):>7}  "), Span(path)) for path, tokens in heaviest]
        lines.append((Span(f"{count(sum(tokens for _, tokens in heaviest)):>7}  tokens in all", STRONG),))
    if beside:
        lines += [(), _words("These are read where the agent works beside them:")]
        lines += [(Span(f"{count(file.tokens):>7}  ", QUIET), Span(file.path)) for file in beside]
    if known.duplicates:
        lines += [(), _words("These stand twice:")]
        lines += [(Span(f"{count(twice.tokens):>7}  ", BAD), Span(f"in {twice.first} and {twice.second}")) for twice in known.duplicates]
    if known.changes:
        lines += [(), _words("Changed since the session began:")]
        lines += [(Span(f"{_clock(change.time)}  ", QUIET), Span(_changed(change))) for change in reversed(known.changes)]
    return lines


def _changed(change: Change) -> str:
    """A change of an instruction file in words."""
    if change.after is None:
        return f"{change.path} is gone: {change.who.value}"
    if change.before is None:
        return f"{change.path} is new, {count(change.after)} tokens: {change.who.value}"
    return f"{change.path} {count(change.before)} → {count(change.after)} tokens: {change.who.value}"


def processes(history: History) -> list[Line]:
    """The agent and what it started, the largest first, when this chapter was turned to."""
    if history.running is None:
        return [_words("The agent's processes are being looked at.")]
    head = (Span(f"{'memory':>8} {'CPU s':>8}  {'pid':>7}  command", QUIET),)
    lines = [(Span(f"{_bytes(p.memory):>8} {p.cpu:>8.1f}  "), Span(f"{p.pid:>7}  ", QUIET), Span(p.command)) for p in history.running]
    memory, cpu = sum(p.memory for p in history.running), sum(p.cpu for p in history.running)
    return [head, *lines, (Span(f"{_bytes(memory):>8} {cpu:>8.1f}  in all", STRONG),)]


def _bytes(size: int) -> str:
    return f"{size / (1 << 20):,.0f} MB"


def notices(history: History) -> list[Line]:
    """What went wrong."""
    if not history.notices:
        return [_words("Nothing has gone wrong.")]
    return [(Span(f"{_clock(notice.time)}  ", QUIET), Span(notice.trouble.message)) for notice in history.notices]


CHAPTERS: tuple[tuple[str, Chapter], ...] = (
    ("blocks", blocks),
    ("requests", requests),
    ("cache", cache),
    ("files", files),
    ("notices", notices),
    ("processes", processes),
)
FOLDED = (cache, notices)
"""Chapters of sentences, which go on in the next line."""
_LEAST_ROOM, _MOST_ROWS = 20, 20  # cells of a row, and rows of one line


def comparison(lines: Sequence[Compared]) -> list[Line]:
    """A block's original against what was sent."""
    styles = {KEPT: PLAIN, LEFT_OUT: QUIET, UNTOLD: QUIET}
    return [(Span(f"{line.mark} ", GOOD if line.mark not in styles else QUIET), Span(line.text, styles.get(line.mark, GOOD))) for line in lines]


def folded(lines: Sequence[Line], width: int) -> list[Line]:
    """Lines that are too long are told on several, where each is one span after the first; of a very long one it is told how much more it is."""
    found: list[Line] = []
    for line in lines:
        text = line[-1].text if line else ""
        lead = line[:-1]
        indent = sum(len(span.text) for span in lead)
        room = max(width - indent, _LEAST_ROOM)
        if len(text) <= room and text.isascii() and "\t" not in text:
            found.append(line)
            continue
        rows, more = cut(text, room, _MOST_ROWS)
        for row in rows:
            found.append((*lead, line[-1]._replace(text=row)))
            lead = (Span(" " * indent),)
        if more:
            found.append((*lead, Span(f"… {more:,} more character{'' if more == 1 else 's'}", QUIET)))
    return found


def _words(text: str) -> Line:
    return (Span(text),)


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))
