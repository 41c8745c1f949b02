"""The user's screen as the agent and the panel share it: the filters of `headroom_wrap.terminal`, and when to paint.

No I/O: bytes and times in, bytes and times out. Without a panel it writes nothing, and changes nothing but titles, where that is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from headroom_wrap.supervisor.page import HELD, FullView, Page
from headroom_wrap.supervisor.repaint import Repaint
from headroom_wrap.supervisor.tty import Window
from headroom_wrap.terminal.title import TitleRewriter

Position = tuple[int, int]  # row and column, from 1


class View(Protocol):
    """What the panel shows. It must not block."""

    def panel_rows(self, rows: int, cols: int) -> int:
        """How many bottom rows of such a terminal are the panel's; 0: no panel, and no byte of ours."""

    def lines(self, cols: int, panel_rows: int) -> Sequence[bytes] | None:
        """The rows of the panel, each at most cols-1 cells wide. None: they are as at the last call."""

    def wrote(self, now: float) -> None:
        """The agent has written something; `now` is in seconds."""

    def typed(self) -> None:
        """The user has typed something."""


class OutputFilter(Protocol):
    """Agent to terminal: see headroom_wrap.terminal.filter."""

    @property
    def dirty(self) -> bool: ...
    @property
    def alternate(self) -> bool: ...
    @property
    def covered(self) -> bool: ...
    @property
    def repaints(self) -> bool: ...
    def cover(self, *, overdue: bool = False) -> bytes | None: ...
    def show(self, lines: Sequence[bytes]) -> bytes: ...
    def uncover(self) -> bytes: ...
    def repair(self) -> bytes: ...
    def start(self, cursor: Position | None = None) -> bytes: ...
    def feed(self, data: bytes) -> bytes: ...
    def draw(self, lines: Sequence[bytes], *, overdue: bool = False) -> bytes | None: ...
    def resize(self, rows: int, cols: int, panel_rows: int, cursor: Position | None = None) -> bytes: ...
    def ask_position(self) -> bytes: ...
    def resume(self) -> bytes: ...
    def finish(self) -> bytes: ...
    def take_replies(self) -> bytes: ...


class InputFilter(Protocol):
    """Terminal to agent: see headroom_wrap.terminal.inputs."""

    def feed(self, data: bytes) -> bytes: ...
    def flush(self) -> bytes: ...
    def take_position(self) -> Position | None: ...


MakeFilters = Callable[[int, int, int, bytes, Callable[[], None]], tuple[OutputFilter, InputFilter]]


def make_filters(rows: int, cols: int, panel_rows: int, key: bytes, on_key: Callable[[], None]) -> tuple[OutputFilter, InputFilter]:
    """The filters for a terminal of this size, as each session with a panel uses them; `on_key` is called when `key` is pressed."""
    # Imported here because a session without a panel never needs them.
    from headroom_wrap.terminal.filter import OutputFilter
    from headroom_wrap.terminal.inputs import InputFilter

    out = OutputFilter(rows, cols, panel_rows)
    return out, InputFilter(out, key or None, on_key)


class Screen:
    """The state of the sharing. `panel` is the number of rows that are ours; with 0 everything passes as it is."""

    def __init__(
        self,
        view: View,
        size: Window,
        now: float,
        *,
        full: FullView | None = None,
        title: TitleRewriter | None = None,
        make_filters: MakeFilters = make_filters,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        self.size = size
        self._view = view
        self._page = Page(full)
        self._title = title
        self._make_filters = make_filters
        self._on_error = on_error
        self._filters: tuple[OutputFilter, InputFilter] | None = None
        self._broken = self._deaf = False
        self._lines: Sequence[bytes] | None = None
        self._undrawn = False
        self._modes_again = b""
        self._asked = False
        self.repaint = Repaint(now)
        self.panel = self._panel_rows(size)
        if self.panel:
            self._filters = self._new_filters(size, self.panel)

    def _new_filters(self, size: Window, panel: int) -> tuple[OutputFilter, InputFilter]:
        return self._make_filters(size.rows, size.cols, panel, self._page.key, self._toggle)

    def _toggle(self) -> None:
        if self.panel:
            self._page.toggle()

    def _panel_rows(self, size: Window) -> int:
        if self._broken or not size.rows or not size.cols:
            return 0
        rows = self._view.panel_rows(size.rows, size.cols)
        return rows if rows < size.rows else 0

    @property
    def filtering(self) -> bool:
        """Whether the streams go through the filters; once begun this stays, for what they know of the screen."""
        return self._filters is not None

    @property
    def covered(self) -> bool:
        """Whether a page lies over the agent's screen, and what the agent writes is held."""
        return self._filters is not None and self._filters[0].covered

    @property
    def full(self) -> bool:
        """Whether so much is held that the agent must wait."""
        return self._page.size >= HELD

    @property
    def child_window(self) -> Window:
        """The terminal as the agent is to see it."""
        # An agent on the alternate screen paints it anew when its size changes back, and so what the page has covered.
        hidden = 1 if self._filters is not None and self._filters[0].repaints else 0
        return self.size.shortened(max(self.size.rows - self.panel - hidden, 1))

    # The streams

    def start(self, cursor: Position | None = None) -> bytes:
        """Make room and set the margins, before the agent's first byte; `cursor` is where the terminal says that it is."""
        self._asked = False  # an answer that comes later is still ours
        return self._fail_open(lambda out: out.start(cursor)) if self.panel else b""

    def output(self, data: bytes, now: float) -> bytes:
        """From the agent to the terminal."""
        if self._filters is None:
            return data if self._title is None else self._title.feed(data)
        self._view.wrote(now)
        if self.covered:
            self._page.hold(data)
            return b""
        self.repaint.output(now)
        written = self._fail_open(lambda out: out.feed(data), instead=data)
        if self._filters is not None and self._filters[0].dirty:
            self._undrawn = True
            self.repaint.urgent(now)
        return written

    def input(self, data: bytes) -> bytes:
        """From the terminal to the agent."""
        if self._filters is None or self._deaf:
            return data
        try:
            if self.covered and self._page.wanted:
                data = self._page.input(data)
            elif not data.startswith(b"\x1b"):  # what the terminal says by itself begins so; and some keys, which may go uncounted
                self._view.typed()
            return self._filters[1].feed(data)
        except Exception as error:  # see _fail_open; the output is not concerned
            self._deaf = True
            self._page.wanted = False
            self._report(error)
            return data

    def flush_input(self) -> bytes:
        """What the input filter held for the rest of a sequence that did not come (the Escape key)."""
        if self._filters is None:
            return b""
        return (self._page.flush_input() if self.covered else b"") + self._filters[1].flush()

    def replies(self) -> bytes:
        """Answers of ours to questions of the agent to its terminal."""
        return b"" if self._filters is None else self._filters[0].take_replies()

    # The panel

    def due(self) -> float | None:
        """When `paint` is worth calling."""
        if not self.panel:
            return None
        if self._page.wanted != self.covered or (self.covered and self._page.stale):
            return self.repaint.prompt()
        return self.repaint.due()

    def paint(self, now: float) -> bytes:
        """The panel and the page, if they have changed and the agent's output is at a point that allows it."""
        page = self._paint_page(now)
        if self._page.wanted != self.covered:
            return page  # where the page must wait, the panel must too
        if not self._undrawn:
            lines = self._ask_view()
            if lines is None:
                self.repaint.painted(now)
                return page
            self._lines, self._undrawn = lines, True
        return page + self._draw(now)

    # The page

    def _paint_page(self, now: float) -> bytes:
        if not self._page.wanted:
            return self.uncover()
        opened = b""
        if not self.covered:
            opened = self._fail_open(lambda out: out.cover(overdue=self.repaint.overdue(now)) or b"")
            if not self.covered:
                self.repaint.unsafe(now)
                return opened
            self._page.opened()
        return opened + self._fail_open(lambda out: out.show(self._page.lines(self.size.cols, self.size.rows - self.panel)))

    def uncover(self) -> bytes:
        """Take the page away, and pass on what the agent has written behind it."""
        if not self.covered:
            return b""
        lifted = self._fail_open(lambda out: out.uncover())
        held = self._page.release()
        return lifted + self._fail_open(lambda out: out.feed(held), instead=held)

    def _ask_view(self) -> Sequence[bytes] | None:
        if self._broken:
            return None
        try:
            return self._view.lines(self.size.cols, self.panel)
        except Exception as error:  # see _fail_open; the rows go blank, and away with the next change of size
            self._broken = True
            self._report(error)
            return [b""] * self.panel

    def _draw(self, now: float) -> bytes:
        lines = self._lines
        if lines is None:
            return b""
        unsafe = False

        def draw(out: OutputFilter) -> bytes:
            nonlocal unsafe
            drawn = out.draw(lines, overdue=self.repaint.overdue(now))
            unsafe = drawn is None
            return drawn or b""

        written = self._fail_open(draw)
        if unsafe:
            self.repaint.unsafe(now)
        else:
            self._undrawn = False
            self.repaint.painted(now)
        return written

    # Changes of size

    def must_hold(self, size: Window) -> bool:
        """Whether a change to this size moves a panel, so that the cursor's place must be known first (`ask_cursor`)."""
        return bool(self.panel or self._panel_rows(size))

    def ask_cursor(self) -> bytes:
        """A question to the terminal; `input` takes the answer, `take_cursor` gives it."""
        if self._filters is None:
            if self._broken:
                return b""
            self._filters = self._new_filters(self.size, 0)
        self._asked = True
        written = self.uncover()
        return written + self._fail_open(lambda out: out.ask_position())

    def take_cursor(self) -> Position | None:
        """The answer, once."""
        return None if self._filters is None else self._filters[1].take_position()

    def resize(self, size: Window, now: float, cursor: Position | None = None) -> bytes:
        """The terminal has another size, and its cursor is at `cursor`: what to write before the agent is told."""
        self.size = size
        before = self.uncover()
        self.panel = self._panel_rows(size)
        if self._filters is None:
            return before
        written = before + self._fail_open(lambda out: out.resize(size.rows, size.cols, self.panel, cursor))
        if self._asked and cursor is None and self._filters is not None:
            self._filters[0].ask_position()  # not asked again: a late answer is still ours, and no key for the agent
        self._asked = False
        if self.panel:
            lines = self._ask_view()
            self._lines, self._undrawn = (self._lines if lines is None else lines), True
            self.repaint.urgent(now)
        return written

    # Stops and ends

    def park(self) -> bytes:
        """The agent has stopped: leave a terminal that its shell can use."""
        if not self.panel:
            return b""

        before = self.uncover()

        def leave(out: OutputFilter) -> bytes:
            self._modes_again = out.resume()
            return out.finish()

        return before + self._fail_open(leave)

    def unpark(self, now: float) -> bytes:
        """The agent is about to be continued."""
        modes, self._modes_again = self._modes_again, b""
        if not self.panel:
            return modes
        self._undrawn = self._lines is not None
        self.repaint.urgent(now)
        return self._fail_open(lambda out: out.start() + modes)

    def finish(self) -> bytes:
        """The agent has ended: undo what it left on, give the rows back, its last line and the cursor in their place."""
        if self._title is not None:
            return self._title.flush()
        return self.uncover() + self._fail_open(lambda out: out.finish()) if self.panel else b""

    def repair(self) -> bytes:
        """What clears the panel if we are killed: for the guardian."""
        return self._filters[0].repair() if self.panel and self._filters is not None else b""

    def _fail_open(self, work: Callable[[OutputFilter], bytes], *, instead: bytes = b"") -> bytes:
        """`work`; if it fails the panel is off from here on, and the agent's bytes go on as they came.

        An hour of somebody's work runs behind this: an error in a decoration must not end it.
        """
        if self._filters is None:
            return instead
        try:
            return work(self._filters[0])
        except Exception as error:
            repair = self.repair()
            self._broken = True
            self._filters = None
            self.panel = 0
            self._report(error)
            return repair + self._page.release() + instead

    def _report(self, error: Exception) -> None:
        if self._on_error is not None:
            self._on_error(error)
