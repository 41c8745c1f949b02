"""A whole session on a terminal whose agent leaves processes behind: one in its session, one detached."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from pathlib import Path

import psutil
import pytest

from headroom.testing import AnthropicProvider, Script, text
from tests.e2e.screen import Screen

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from headroom_wrap import config
from headroom_wrap.cli.receipt import session_receipt
from headroom_wrap.supervisor import session
from tests.headroom_wrap.supervisor import test_watched_session as watched
if __name__ == "__main__":
    watched.PROGRAM += "subprocess.Popen(['sleep', '301'])\\ntime.sleep(0.5)"
    watched.PROGRAM = "import time\\n" + watched.PROGRAM
    settings = config.load(config.surroundings(), {"panel": "off"})
    ended = session.run(watched.Reader(sys.argv[1]), (), settings)
    print(session_receipt(ended, settings) + "all" + " told")
"""


@pytest.mark.slow
def test_what_stays_in_the_agents_session_is_ended(private_home: Path, tmp_path: Path) -> None:
    tmux = shutil.which("tmux")
    if tmux is None:
        pytest.skip("there is no tmux on this machine")
    (tmp_path / "program.py").write_text(PROGRAM)
    env = {"PATH": os.environ["PATH"], "HOME": str(private_home), "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    screen = Screen(tmux, tmp_path, env, tmp_path, columns=140, rows=40)
    try:
        with AnthropicProvider(Script([text("hello")])) as provider:
            screen.type(f"{sys.executable} program.py {provider.url}")
            screen.key("Enter")
            shown = screen.wait("all told")
    finally:
        screen.close()
    stays = re.search(r"still runs, detached from it: sleep 300 \(process (\d+),", shown)
    assert stays is not None, shown
    assert psutil.pid_exists(int(stays[1]))
    os.kill(int(stays[1]), signal.SIGKILL)
    assert "still runs, detached from it: sleep 301" not in shown
    # Who was faster, the terminal's hang-up or we, is not told from here: it is gone.
    assert left(private_home) == []


def left(home: Path) -> list[psutil.Process]:
    """What the agent left in its session and still runs."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        told = process.info
        if told["cmdline"] == ["sleep", "301"] and (told["environ"] or {}).get("HOME") == str(home) and told["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found
