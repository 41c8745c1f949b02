"""The panel's lines: a snapshot in, bytes for each row out. Money first, then the cache, then what happened last.

Colours are the terminal's own sixteen, so that a light theme and a dark one both keep them readable; without colour
the words and signs say the same.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from headroom_wrap.ledger.shares import hit

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from headroom_wrap.terminal.snapshot import Snapshot

LEAST_ROWS, ROWS_FOR_THREE, LEAST_COLS = 14, 20, 30
"""Below the first and the last no panel is shown; from the second on it has three rows instead of one."""
_POOR_TERMINALS = frozenset(("", "dumb", "unknown"))
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe0f\ufeff]+")
_LABEL_WIDTH = 10
_LEAST_PROSE = 12
"""Cells below which the start of a prose field says nothing."""
_SEPARATOR = " · "
_ALARM, _GOOD, _BAD, _QUIET, _STRONG = "bold red", "green", "red", "dim", "bold"


class Field(NamedTuple):
    """A piece of a row; the ones with the highest rank go first when a row is too narrow."""

    text: str
    style: str = ""
    rank: int = 0
    prose: bool = False
    """Still of use when its end is cut off."""


class Row(NamedTuple):
    """A label and what follows it."""

    label: str
    fields: list[Field]


def panel_rows_for(rows: int, cols: int, term: str, *, enabled: bool = True) -> int:
    """Tell how many rows the panel has on a terminal: 0, 1 or 3."""
    if not enabled or term in _POOR_TERMINALS or rows < LEAST_ROWS or cols < LEAST_COLS:
        return 0
    return 3 if rows >= ROWS_FOR_THREE else 1


def render(snapshot: Snapshot, cols: int, panel_rows: int, *, color: bool = True) -> list[bytes]:
    """Render the panel: `panel_rows` lines of at most cols - 1 cells, which begin and end with default attributes."""
    if panel_rows <= 0:
        return []
    width = max(cols - 1, 1)
    if panel_rows == 1:
        rows = [_only_row(snapshot)]
    else:
        rows = [_money_row(snapshot), _cache_row(snapshot), _last_row(snapshot)]
        rows = (rows + [Row("", [])] * panel_rows)[:panel_rows]
    return list(_encode(tuple((label, tuple(fields)) for label, fields in rows), width, color))


def money(value: float) -> str:
    """Write dollars: cents from ten cents on, a tenth of a cent below."""
    sign = "-" if value < 0 else ""
    value = abs(value)
    return f"{sign}${value:,.2f}" if value >= 0.095 or not value else f"{sign}${value:.3f}"


def count(value: int) -> str:
    """Write a count in three digits: 812, 12.3k, 1.2M."""
    size = abs(value)
    if size < 1000:
        return str(value)
    for limit, unit in ((999_950, 1000), (999_950_000, 1_000_000), (0, 1_000_000_000)):
        if size < limit or not limit:
            scaled = value / unit
            text = f"{scaled:.0f}" if abs(scaled) >= 99.95 else f"{scaled:.1f}"
            return text + {1000: "k", 1_000_000: "M", 1_000_000_000: "G"}[unit]
    return str(value)


def countdown(seconds: int) -> str:
    """Write the time to the cache's expiry in coarse steps, so that the panel is rarely painted for it."""
    if seconds <= 0:
        return "expired"
    if seconds <= 30:
        return "expires now"
    if seconds <= 60:
        return "expires in 1 min"
    minutes = -(-seconds // 60)
    if minutes > 5:
        minutes = -(-minutes // 5) * 5
    return f"expires in {minutes} min"


def percent(share: float) -> str:
    """Write a share as a whole percentage, one decimal where it is small."""
    value = share * 100
    return f"{value:.0f}%" if abs(value) >= 9.95 or not value else f"{value:.1f}%"


# Rows


def _only_row(snapshot: Snapshot) -> Row:
    if snapshot.alarm:
        return Row("headroom", [*_alarm(snapshot), *_bill(snapshot)])
    last = Field(snapshot.last, _QUIET, 4, prose=True)
    return Row("headroom", [*_bill(snapshot), *_tokens(snapshot), *_cache(snapshot), last])


def _money_row(snapshot: Snapshot) -> Row:
    return Row("headroom", [*_bill(snapshot), *_tokens(snapshot), Field(_requests(snapshot), _QUIET, 3)])


def _cache_row(snapshot: Snapshot) -> Row:
    files = [f"{path.rsplit('/', 1)[-1]} {count(tokens)}" for path, tokens in snapshot.instruction_files]
    more = f" +{len(files) - 2}" if len(files) > 2 else ""
    listed = f"{', '.join(files[:2])}{more} tokens" if files else ""
    return Row("cache", [*_cache(snapshot, labelled=True), Field(listed, "", 3), Field(snapshot.agent, _QUIET, 4), Field(snapshot.hint, _QUIET, 2)])


def _last_row(snapshot: Snapshot) -> Row:
    if snapshot.alarm:
        return Row("alarm", _alarm(snapshot))
    reason = f"left alone: {snapshot.top_reason}" if snapshot.top_reason else ""
    last = Field(snapshot.last or "nothing yet", "" if snapshot.last else _QUIET, prose=True)
    return Row("last", [last, Field(reason, _QUIET, 1, prose=True)])


def _alarm(snapshot: Snapshot) -> list[Field]:
    return [Field(f"! {snapshot.alarm}", _ALARM), Field(snapshot.alarm_detail, "", 1, prose=True)]


def _bill(snapshot: Snapshot) -> list[Field]:
    bill, without = snapshot.bill, snapshot.bill_without
    if bill is None:
        return [Field("no bill yet", _QUIET, 2)]
    fields = [Field(f"bill {money(bill)}", _STRONG)]
    if without is None:
        return fields
    share = snapshot.share_saved
    part = f" ({percent(abs(share))})" if share else ""
    if money(without) == money(bill):
        return [*fields, Field("nothing saved yet", _QUIET)]
    verdict = f"saved {money(without - bill)}{part}" if without > bill else f"LOST {money(bill - without)}{part}"
    return [*fields, Field(verdict, _GOOD if without > bill else _BAD), Field(f"without us {money(without)}", "", 1)]


def _tokens(snapshot: Snapshot) -> list[Field]:
    if not snapshot.saved_tokens:
        return []
    word = "less" if snapshot.saved_tokens > 0 else "MORE"
    return [Field(f"{count(abs(snapshot.saved_tokens))} tokens {word}", "", 2)]


def _requests(snapshot: Snapshot) -> str:
    if not snapshot.requests:
        return ""
    plural = "" if snapshot.requests == 1 else "s"
    text = f"{count(snapshot.requests)} request{plural}"
    return f"{text}, {count(snapshot.blocks_compressed)} compressed" if snapshot.blocks_compressed else text


def _cache(snapshot: Snapshot, *, labelled: bool = False) -> list[Field]:
    if snapshot.cache_hit is None:
        return [Field("nothing cached yet", _QUIET, 3)]
    share = hit(snapshot.cache_hit)
    fields = [Field(f"{share} hit" if labelled else f"cache {share}", "", 1)]
    left = snapshot.cache_expires_in_s
    if left is not None:
        fields.append(Field(countdown(left), _BAD if left <= 60 else "", 1 if labelled else 3))
    return fields


# Bytes


@lru_cache(maxsize=8)
def _encode(rows: tuple[tuple[str, tuple[Field, ...]], ...], width: int, color: bool) -> tuple[bytes, ...]:
    return tuple(_encode_row(label, fields, width, color=color) for label, fields in rows)


def _encode_row(label: str, row: tuple[Field, ...], width: int, *, color: bool) -> bytes:
    fields = [field._replace(text=_UNPRINTABLE.sub(" ", field.text[:1000]).strip()) for field in row]
    return _bytes(_fit(label, [field for field in fields if field.text], width), color=color)


def encode(spans: Iterable[tuple[str, str]], width: int, *, color: bool) -> bytes:
    """Encode (text, style) pairs as a row of at most `width` cells, which begins and ends with default attributes."""
    from rich.text import Text

    text = Text(end="")
    for piece, style in spans:
        text.append(piece, style=style)
    text.truncate(width, overflow="ellipsis")
    return _bytes(text, color=color)


def _bytes(text: Text, *, color: bool) -> bytes:
    if not color:
        return text.plain.encode("utf-8", "replace")
    console = _console()
    stream = console.file
    assert isinstance(stream, io.StringIO)
    stream.seek(0)
    stream.truncate()
    console.print(text, end="", soft_wrap=True)
    return stream.getvalue().encode("utf-8", "replace")


def _fit(label: str, fields: list[Field], width: int) -> Text:
    """Assemble a row of at most `width` cells: the least important fields go, and prose loses its end first."""
    text = _assemble(label, fields)
    while fields and text.cell_len > width:
        last = max(range(len(fields)), key=lambda index: (fields[index].rank, index))
        room = _cells(fields[last].text) - (text.cell_len - width)
        if room >= (_LEAST_PROSE if fields[last].prose else 1) and (fields[last].prose or len(fields) == 1):
            fields[last] = fields[last]._replace(text=_shorten(fields[last].text, room))
        else:
            del fields[last]
        text = _assemble(label, fields)
    text.truncate(width, overflow="ellipsis")
    return text


def _assemble(label: str, fields: list[Field]) -> Text:
    from rich.text import Text

    text = Text(label.ljust(_LABEL_WIDTH) if label else "", end="")
    if label:
        text.stylize(_QUIET, 0, len(label))
    for index, field in enumerate(fields):
        if index:
            text.append(_SEPARATOR, style=_QUIET)
        text.append(field.text, style=field.style)
    return text


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _shorten(text: str, cells: int) -> str:
    from rich.text import Text

    short = Text(text)
    short.truncate(cells, overflow="ellipsis")
    return short.plain


@lru_cache(maxsize=1)
def _console() -> Console:
    from rich.console import Console

    # One console is kept: making one for each frame costs more than the frame.
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system="standard",
        width=10_000,
        height=3,
        emoji=False,
        markup=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
