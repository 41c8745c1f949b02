"""What the tests run inside their outer PTY: one agent under the supervisor, ended as `headroom wrap` ends."""

from __future__ import annotations

import argparse
import os
import sys

from headroom_wrap.supervisor import plain, relay
from headroom_wrap.supervisor.status import ExecError, Exit, leave


class Panel:
    """A panel of constant height whose rows say how often it was asked."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.shown: tuple[int, int] | None = None

    def panel_rows(self, rows: int, cols: int) -> int:
        return self.rows if rows >= 14 else 0

    def lines(self, cols: int, panel_rows: int) -> list[bytes] | None:
        if self.shown == (cols, panel_rows):
            return None
        self.shown = (cols, panel_rows)
        return [b"panel row %d of %d" % (row + 1, panel_rows) for row in range(panel_rows)]

    def wrote(self, now: float) -> None:
        pass

    def typed(self) -> None:
        pass


class Full:
    """A page that names the last key, closed by q."""

    key = b"\x1c"

    def __init__(self) -> None:
        self.last = "nothing"

    def opened(self) -> None:
        pass

    def page(self, cols: int, rows: int) -> list[bytes]:
        return [b"page of %d rows, typed: %s." % (rows, self.last.encode())]

    def press(self, key: str) -> bool:
        self.last = key
        return key != "q"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--panel", type=int, default=0)
    parser.add_argument("--grace", type=float, default=0.5)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--say-pid", action="store_true")
    parser.add_argument("argv", nargs="+")
    options = parser.parse_args()
    if options.say_pid:
        print(f"pid={os.getpid()}.", flush=True)
    try:
        if options.plain:
            end = plain.run(options.argv, os.environ, cwd=None, sources={})
        else:
            end = relay.run(options.argv, os.environ, cwd=None, view=Panel(options.panel), full=Full(), sources={}, grace=options.grace)
    except ExecError as error:
        print(error, file=sys.stderr)
        end = Exit(error.returncode)
    leave(end)


if __name__ == "__main__":
    main()
