from __future__ import annotations

import logging

from headroom_wrap.events import Began, Ready, Trouble
from headroom_wrap.proxy.notices import Notices


def test_it_says_that_it_serves_and_each_trouble_once_in_a_while(capsys, caplog):
    now = [0.0]
    notices = Notices("Headroom listens", lambda: now[0])
    notices(Ready())
    notices(Began("m", "/secret/path", understood=True))
    with caplog.at_level(logging.WARNING, "headroom"):
        for second, message in [(0, "a"), (1, "a"), (2, "b"), (301, "a")]:
            now[0] = second
            notices(Trouble("store", message))
    assert capsys.readouterr().out == "Headroom listens\n"
    assert [r.getMessage() for r in caplog.records] == ["a", "b", "a"]


def test_without_a_greeting_nothing_is_printed(capsys):
    Notices("")(Ready())
    assert capsys.readouterr().out == ""
