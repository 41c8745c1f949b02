"""Where a line's header ends."""

from __future__ import annotations

import pytest

from pipeline.compressors.log.header import header_end, message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2024-03-05T01:00:00.000Z ERROR db is lost", " ERROR db is lost"),
        ("[Sun Dec 04 04:51:18 2005] [error] state 6", " 2005] [error] state 6"),
        ("Mar  5 01:00:00 host sshd[812]: closed by 10.0.0.1", " host sshd: closed by 10.0.0.1"),
        ("Mar  5 01:00:00 host sshd[813]: closed [twice]", " host sshd: closed [twice]"),
        ("1742277256921 up", " up"),
        ("- 1118552811 2005-06-11-22.06.51.501364 R30 data TLB error", " R30 data TLB error"),
        ("no time at all: 5 errors", "no time at all: 5 errors"),
        ("12:00:01 id=4384245209", " id=4384245209"),
        ("12:00:01 id=a1742277256 share=0.1742277256", " id=a1742277256 share=0.1742277256"),
        ("[2025-12-25 12:51:01,575: INFO/Main] up", ",575: INFO/Main] up"),
        ("", ""),
    ],
)
def test_what_a_line_says(line: str, said: str):
    assert message(line) == said


def test_a_time_far_from_the_start_belongs_to_the_message():
    assert header_end("x" * 120 + " 10:00:00 y") == 0
