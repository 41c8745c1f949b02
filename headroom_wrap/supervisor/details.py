"""The page that the panel's key opens: which chapter of the session is read, how far it is scrolled, which block is looked into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from headroom_wrap.events import Block
from headroom_wrap.supervisor import chapters
from headroom_wrap.supervisor.compare import KEPT, LEFT_OUT, PUT_IN, UNTOLD, Comparison, compare
from headroom_wrap.supervisor.history import History
from headroom_wrap.terminal.page import QUIET, STRONG, Line, Page, Span, body_rows, render

_KEYS = "q back to the agent · ←→ chapter · ↑↓ move"


class Texts(NamedTuple):
    """A block as the tool returned it and as it was sent."""

    original: str
    sent: str


Read = Callable[[Block], "Texts | str"]
_WAYS: tuple[tuple[str, str], ...] = (
    ("both", KEPT + LEFT_OUT + PUT_IN + UNTOLD),
    ("sent", KEPT + PUT_IN),
    ("original", KEPT + LEFT_OUT + UNTOLD),
)


class Details:
    """The page's state. See `headroom_wrap.supervisor.page.FullView`.

    Args:
        history: what it tells.
        read: fetches a block's texts; a sentence says why they are not to be had.
        key: the control character that opens and closes it; empty for none.
        color: whether colours are welcome.
        looked: called when it is opened, and when another chapter is turned to.
    """

    def __init__(self, history: History, read: Read, *, key: bytes, color: bool, looked: Callable[[], None]) -> None:
        self._history, self._read, self._color, self._looked = history, read, color, looked
        self.key = key
        self._chapter = self._top = self._selected = 0
        self._inside: tuple[Block, Comparison | str] | None = None
        self._body: tuple[tuple[int, int], list[Line]] | None = None  # of a block, for a width and a way
        self._way = 0
        self._rows = 1
        self._back = 0
        self._length = 0

    def opened(self) -> None:
        """It is shown from now on."""
        self._inside = None
        self._top = self._selected = 0
        self._looked()

    def page(self, cols: int, rows: int) -> Sequence[bytes]:
        """Its lines."""
        self._rows = body_rows(rows)
        page = self._block_page(cols) if self._inside is not None else self._chapter_page(cols)
        self._length = len(page.body)
        self._top = max(min(self._top, self._length - self._rows), 0)
        return render(page, self._top, cols, rows, color=self._color)

    def press(self, key: str) -> bool:
        """Do what a key says; False: close the page."""
        if key in ("q", "escape", "ctrl-c") or (key == "backspace" and self._inside is not None):
            if self._inside is None:
                return False
            self._leave_block()
        elif self._inside is not None and key in ("o", "tab", "right", "left", "backtab"):
            self._way = (self._way + (-1 if key in ("left", "backtab") else 1)) % len(_WAYS)
        elif key in ("tab", "right", "left", "backtab"):
            self._turn_to(self._chapter + (-1 if key in ("left", "backtab") else 1))
        elif key.isdecimal() and 1 <= int(key) <= len(chapters.CHAPTERS) and self._inside is None:
            self._turn_to(int(key) - 1)
        elif key == "enter" and self._inside is None:
            self._look_into_block()
        else:
            self._move({"up": -1, "k": -1, "down": 1, "j": 1, "pageup": -self._rows, "b": -self._rows, "pagedown": self._rows, " ": self._rows}, key)
        return True

    def _turn_to(self, chapter: int) -> None:
        self._chapter = chapter % len(chapters.CHAPTERS)
        self._top = self._selected = 0
        self._looked()

    def _move(self, steps: dict[str, int], key: str) -> None:
        step = steps.get(key, {"home": -self._length, "g": -self._length, "end": self._length, "G": self._length}.get(key, 0))
        if self._selecting:
            self._selected = max(min(self._selected + step, len(self._history.blocks) - 1), 0)
            self._top = min(max(self._top, self._selected - self._rows + 1), self._selected)
        else:
            self._top = max(min(self._top + step, self._length - self._rows), 0)

    @property
    def _selecting(self) -> bool:
        return self._inside is None and self._chapter == 0 and bool(self._history.blocks)

    # Chapters

    def _chapter_page(self, cols: int) -> Page:
        names = [Span(f" {n + 1} {name} ", STRONG if n == self._chapter else QUIET) for n, (name, _) in enumerate(chapters.CHAPTERS)]
        # Without colour and weight the chapter that is open must be seen as well.
        names[self._chapter] = Span(f"[{names[self._chapter].text.strip()}]", STRONG)
        body = chapters.CHAPTERS[self._chapter][1](self._history)
        keys = f"{_KEYS} · enter look into it" if self._selecting else _KEYS
        if chapters.CHAPTERS[self._chapter][1] in chapters.FOLDED:
            body = chapters.folded(body, cols - 3)
        selected = self._selected if self._selecting else -1
        return Page((Span("headroom  ", QUIET), *names), body, (Span(keys, QUIET),), selected)

    # One block

    def _look_into_block(self) -> None:
        if not self._selecting:
            return
        block = self._history.blocks[self._selected].block
        texts = self._read(block) if block.handle else "It was sent as it came."
        self._inside = block, texts if isinstance(texts, str) else compare(texts.original, texts.sent)
        self._body = None
        self._top, self._back = 0, self._top

    def _leave_block(self) -> None:
        self._inside, self._top = None, self._back

    def _block_page(self, cols: int) -> Page:
        assert self._inside is not None
        block, told = self._inside
        title = (Span("headroom  ", QUIET), *chapters.block_line(block))
        if isinstance(told, str):
            return Page(title, chapters.folded([(Span(told),)], cols - 3), (Span("q back", QUIET),))
        way, marks = _WAYS[self._way]
        if self._body is None or self._body[0] != (cols, self._way):
            body = chapters.folded(chapters.comparison([line for line in told.lines if line.mark in marks]), cols - 3)
            self._body = (cols, self._way), body
        of = f"{told.left_out} of {told.left_out + told.kept} lines left out" if told.whole else "too much was sent to compare it all"
        return Page(title, self._body[1], (Span(f"q back · ↑↓ move · o both, sent or original (now: {way}) · {of}", QUIET),))
