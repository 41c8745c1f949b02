"""What is measured of a start is what it says."""

from __future__ import annotations

import pytest

from benchmarks import startup

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("what", ["a session's proxy serves", "headroom proxy serves", "headroom proxy is ready"])
def test_a_proxy_is_measured_until_its_moment(what, monkeypatch):
    asked = []
    is_ready = startup._is_ready

    def asking(port):
        asked.append(is_ready(port))
        return asked[-1]

    monkeypatch.setattr(startup, "_is_ready", asking)
    wall, cpu, weight = startup.MEASURED[what]()
    assert 0 < cpu
    assert 0 < wall
    assert weight > 1 << 20
    assert asked[-1:] == [True] * (what == "headroom proxy is ready")
