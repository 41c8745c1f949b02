"""The screen that agent and panel share, without any terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.supervisor.screen import InputFilter, OutputFilter, Screen, make_filters
from headroom_wrap.supervisor.tty import Window

SIZE = Window(24, 80, 800, 480)


class Figures:
    """A panel whose text a test sets."""

    def __init__(self, rows: int = 3) -> None:
        self.rows = rows
        self.text = b"saved 0"
        self.shown: tuple[bytes, int] | None = None

    def panel_rows(self, rows: int, cols: int) -> int:
        return self.rows if rows >= 14 else 0

    def lines(self, cols: int, panel_rows: int) -> Sequence[bytes] | None:
        if self.shown == (self.text, panel_rows):
            return None
        self.shown = (self.text, panel_rows)
        return [b"%s row %d" % (self.text, row) for row in range(panel_rows)]

    def wrote(self, now: float) -> None:
        pass

    def typed(self) -> None:
        pass


class Terminal:
    def __init__(self, size: Window) -> None:
        self.screen = pyte.Screen(size.cols, size.rows)
        self.stream = pyte.ByteStream(self.screen)

    def write(self, data: bytes) -> None:
        self.stream.feed(data)

    def row(self, number: int) -> str:
        return self.screen.display[number - 1].rstrip()


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_without_a_panel_not_one_byte_changes_or_is_ours(pieces: list[bytes]) -> None:
    screen = Screen(Figures(0), SIZE, 0.0)
    assert screen.start() == b""
    for n, piece in enumerate(pieces):
        assert screen.output(piece, float(n)) == piece
        assert screen.input(piece) == piece
    assert screen.due() is None
    assert screen.resize(Window(40, 100), 20.0) == b""
    assert (screen.flush_input(), screen.replies(), screen.park(), screen.unpark(30.0), screen.repair()) == (b"",) * 5
    assert screen.finish() == b""
    assert screen.child_window == Window(40, 100)


def test_the_agent_sees_a_shorter_terminal_and_the_user_the_panel_below() -> None:
    view, terminal = Figures(), Terminal(SIZE)
    screen = Screen(view, SIZE, 0.0)
    assert screen.child_window == Window(21, 80, 800, 420)
    terminal.write(screen.start())
    terminal.write(screen.output(b"hello\r\n" * 40, 0.0))
    assert screen.due() is not None
    terminal.write(screen.paint(1.0))
    assert [terminal.row(row) for row in (20, 21, 22, 23, 24)] == ["hello", "", "saved 0 row 0", "saved 0 row 1", "saved 0 row 2"]
    assert screen.due() is None
    screen.repaint.want(5.0)
    assert screen.paint(5.0) == b""  # nothing has changed
    view.text = b"saved 7"
    screen.repaint.want(6.0)
    terminal.write(screen.paint(6.0))
    assert terminal.row(23) == "saved 7 row 1"
    terminal.write(screen.finish())
    assert [terminal.row(row) for row in (20, 22, 23, 24)] == ["hello", "", "", ""]


def test_it_does_not_paint_into_a_sequence_or_a_frame() -> None:
    view = Figures()
    screen = Screen(view, SIZE, 0.0)
    screen.start()
    for opened, closed in ((b"\x1b]0;ti", b"tle\x07"), (b"\x1b[?2026h", b"\x1b[?2026l")):
        screen.output(opened, 1.0)
        view.text += b"0"
        screen.repaint.urgent(1.0)
        assert screen.paint(1.1) == b""
        due = screen.due()
        assert due is not None
        assert due > 1.1
        screen.output(closed, 1.2)
        assert view.text in screen.paint(2.0)
        assert screen.due() is None


def test_a_stop_gives_the_terminal_back_and_a_continuation_takes_it_again() -> None:
    terminal = Terminal(SIZE)
    screen = Screen(Figures(), SIZE, 0.0)
    terminal.write(screen.start() + screen.output(b"\x1b[?2004hworking", 0.0) + screen.paint(1.0))
    parked = screen.park()
    assert b"\x1b[?2004l" in parked
    terminal.write(parked)
    assert terminal.screen.margins is None or (terminal.screen.margins.top, terminal.screen.margins.bottom) == (0, 23)
    again = screen.unpark(2.0)
    assert b"\x1b[?2004h" in again
    terminal.write(again)
    assert screen.due() is not None
    terminal.write(screen.paint(3.0))
    assert terminal.row(24) == "saved 0 row 2"


def test_a_change_of_size() -> None:
    screen = Screen(Figures(), SIZE, 0.0)
    screen.start()
    assert screen.must_hold(Window(9, 80))  # a panel to take away
    assert screen.ask_cursor() == b"\x1b[6n"
    assert screen.input(b"a\x1b[5;1Rb") == b"ab"
    assert screen.take_cursor() == (5, 1)
    assert screen.take_cursor() is None
    screen.resize(Window(9, 80), 1.0, (5, 1))
    assert screen.child_window == Window(9, 80)
    assert not screen.must_hold(Window(10, 80))
    assert screen.must_hold(Window(30, 80))
    screen.resize(Window(30, 80), 2.0)
    assert screen.child_window == Window(27, 80)


def test_an_answer_that_comes_late_is_still_ours() -> None:
    screen = Screen(Figures(), SIZE, 0.0)
    screen.start()
    screen.ask_cursor()
    screen.resize(Window(30, 80), 1.0, None)
    assert screen.input(b"x\x1b[7;1Ry") == b"xy"
    assert screen.input(b"\x1b[1;2R") == b"\x1b[1;2R"  # and this is a key


class Broken:
    """Filters that fail."""

    dirty = covered = alternate = repaints = False

    def repair(self) -> bytes:
        return b""

    def start(self, cursor: object = None) -> bytes:
        return b""

    def feed(self, data: bytes) -> bytes:
        raise ValueError("feed")

    def flush(self) -> bytes:
        return b""


def test_a_failing_filter_costs_the_panel_and_not_a_byte() -> None:
    errors: list[Exception] = []
    broken = Broken()
    screen = Screen(Figures(), SIZE, 0.0, make_filters=lambda *_: (broken, broken), on_error=errors.append)
    screen.start()
    assert screen.input(b"key") == b"key"
    assert screen.output(b"precious", 1.0).endswith(b"precious")
    assert screen.output(b"more", 1.0) == b"more"
    assert screen.child_window == SIZE
    assert screen.due() is None
    assert screen.finish() == b""
    assert [str(error) for error in errors] == ["feed", "feed"]


def test_a_failing_view_is_reported_once() -> None:
    class Failing(Figures):
        def lines(self, cols: int, panel_rows: int) -> Sequence[bytes] | None:
            raise ValueError("view")

    errors: list[Exception] = []
    screen = Screen(Failing(), SIZE, 0.0, on_error=errors.append)
    screen.start()
    for now in (1.0, 2.0, 3.0):
        screen.repaint.want(now)
        screen.paint(now)
    assert [str(error) for error in errors] == ["view"]


@pytest.mark.slow
@settings(max_examples=40)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([b"text ", b"\r\n", b"\x1b[2J", b"\x1b[H", b"\x1b[r", b"\x1b[999;1H", b"\x1b[5A", b"\x1b[?2026h", b"\x1b[?2026l"]),
            st.tuples(st.integers(10, 40), st.integers(30, 100)),
        ),
        max_size=25,
    )
)
def test_whatever_comes_the_last_rows_are_the_panels(steps: list[object]) -> None:
    size, now = SIZE, 0.0
    screen, terminal = Screen(Figures(), size, now), Terminal(size)
    terminal.write(screen.start())
    for step in steps:
        now += 0.6
        if isinstance(step, bytes):
            terminal.write(screen.output(step, now))
        else:
            size = Window(*step)
            terminal.screen.resize(size.rows, size.cols)
            terminal.screen.set_margins()
            terminal.write(screen.resize(size, now, (terminal.screen.cursor.y + 1, terminal.screen.cursor.x + 1)))
        screen.repaint.want(now)
        terminal.write(screen.paint(now))
    terminal.write(screen.output(b"\x1b[?2026l\x1b[H", now))
    terminal.write(screen.paint(now + 2))
    for row in range(screen.panel):
        assert terminal.row(size.rows - screen.panel + 1 + row) == f"saved 0 row {row}"


class Full:
    """A page of one word."""

    key = b"\x1c"

    def __init__(self) -> None:
        self.pressed: list[str] = []

    def opened(self) -> None:
        self.pressed.append("opened")

    def page(self, cols: int, rows: int) -> Sequence[bytes]:
        return [b"page %d %d" % (cols, rows)]

    def press(self, key: str) -> bool:
        self.pressed.append(key)
        return key != "q"


def test_the_key_opens_the_page_and_the_output_waits_behind_it() -> None:
    full = Full()
    screen = Screen(Figures(), SIZE, 0.0, full=full)
    terminal = Terminal(SIZE)
    terminal.write(screen.start((1, 1)) + screen.output(b"agent\r\n", 1.0) + screen.paint(2.0))
    assert screen.input(b"a\x1cb") == b"ab"
    assert screen.due() is not None
    opened = screen.paint(3.0)
    assert b"page 80 21" in opened
    assert screen.covered
    assert screen.output(b"behind", 3.1) == b""
    assert screen.input(b"j\x1b[Ax") == b""
    assert screen.input(b"\x1b[?62;4c") == b"\x1b[?62;4c"
    assert full.pressed == ["opened", "j", "up", "x"]
    screen.input(b"q")
    closed = screen.paint(4.0)
    assert closed.index(b"\x1b[?1049l") < closed.index(b"behind")
    assert not screen.covered


CAUSES: dict[str, Callable[[Screen], bytes]] = {
    "finish": Screen.finish,
    "park": Screen.park,
    "resize": lambda screen: screen.resize(Window(40, 90), 2.0, (3, 1)),
    "too small": lambda screen: screen.resize(Window(9, 90), 2.0, (3, 1)),
    "ask": Screen.ask_cursor,
}


@pytest.mark.parametrize("cause", CAUSES)
def test_what_takes_the_panel_takes_the_page_and_loses_nothing(cause: str) -> None:
    screen = Screen(Figures(), SIZE, 0.0, full=Full())
    screen.start((1, 1))
    screen.input(b"\x1c")
    screen.paint(1.0)
    screen.output(b"behind", 1.0)
    assert b"1049l" in screen.repair()
    written = CAUSES[cause](screen)
    assert written.index(b"\x1b[?1049l") < written.index(b"behind")


def failing_filters(rows: int, cols: int, panel: int, key: bytes, on_key: Callable[[], None]) -> tuple[OutputFilter, InputFilter]:
    """The real ones, but output that says `bad` fails."""
    out, keys = make_filters(rows, cols, panel, key, on_key)
    feed = out.feed

    def picky(data: bytes) -> bytes:
        if b"bad" in data:
            raise ValueError("bad")
        return feed(data)

    out.feed = picky  # type: ignore[method-assign]
    return out, keys


@pytest.mark.parametrize("cause", ["close", *CAUSES])
def test_a_filter_that_fails_at_what_the_page_held_costs_neither_that_nor_the_screen(cause: str) -> None:
    errors: list[Exception] = []
    screen = Screen(Figures(), SIZE, 0.0, full=Full(), make_filters=failing_filters, on_error=errors.append)
    screen.start((1, 1))
    screen.input(b"\x1c")
    screen.paint(1.0)
    screen.output(b"precious", 1.0)
    screen.output(b" and bad", 1.0)
    screen.input(b"q")
    written = CAUSES[cause](screen) if cause in CAUSES else screen.paint(2.0)
    back = written.index(b"precious and bad")
    for undo in (b"\x1b[?7h", b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[r"):
        assert undo in written[:back]
    assert [str(error) for error in errors] == ["bad"]
    assert not screen.covered
    assert screen.output(b"on", 3.0) == b"on"


def test_an_agent_that_floods_the_page_waits() -> None:
    screen = Screen(Figures(), SIZE, 0.0, full=Full())
    screen.start((1, 1))
    screen.input(b"\x1c")
    screen.paint(1.0)
    for _ in range(65):
        screen.output(b"x" * 65536, 1.0)
    assert screen.full
    screen.input(b"\x1c")
    assert len(screen.paint(2.0)) > 65 * 65536
    assert not screen.full


def test_a_frame_of_the_agents_puts_the_page_off() -> None:
    screen = Screen(Figures(), SIZE, 0.0, full=Full())
    screen.start((1, 1))
    screen.output(b"\x1b[?2026hframe", 1.0)
    screen.input(b"\x1c")
    assert b"page" not in screen.paint(1.1)
    screen.output(b"\x1b[?2026l", 1.2)
    assert b"page" in screen.paint(1.3)


def test_a_frame_that_never_ends_does_not_keep_the_page_away() -> None:
    screen = Screen(Figures(), SIZE, 0.0, full=Full())
    screen.start((1, 1))
    screen.output(b"\x1b[?2026hframe", 1.0)
    screen.input(b"\x1c")
    written = b""
    now = 1.1
    while not screen.covered:
        due = screen.due()
        assert due is not None
        now = max(now, due)
        assert now < 4.0
        written += screen.paint(now)
    assert b"page" in written


def test_a_page_that_fails_at_a_key_is_closed() -> None:
    class Failing(Full):
        def press(self, key: str) -> bool:
            raise ValueError(key)

    errors: list[Exception] = []
    screen = Screen(Figures(), SIZE, 0.0, full=Failing(), on_error=errors.append)
    screen.start((1, 1))
    screen.input(b"\x1c")
    screen.paint(1.0)
    screen.input(b"j")
    assert b"\x1b[?1049l" in screen.paint(2.0)
    assert [str(error) for error in errors] == ["j"]


def test_without_a_panel_the_key_is_the_agents() -> None:
    small = Screen(Figures(), Window(10, 80), 0.0, full=Full())
    assert small.input(b"\x1c") == b"\x1c"
    assert small.due() is None


def test_a_failing_page_costs_the_panel_and_not_a_byte() -> None:
    class Failing(Full):
        def page(self, cols: int, rows: int) -> Sequence[bytes]:
            raise ValueError("page")

    errors: list[Exception] = []
    screen = Screen(Figures(), SIZE, 0.0, full=Failing(), on_error=errors.append)
    screen.start((1, 1))
    screen.input(b"\x1c")
    assert b"\x1b[?1049l" in screen.paint(1.0)
    assert screen.output(b"on", 2.0) == b"on"
    assert [str(error) for error in errors] == ["page"]
