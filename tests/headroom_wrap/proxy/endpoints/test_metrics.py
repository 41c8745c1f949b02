from __future__ import annotations

import pytest

from headroom_wrap.events import Began, Trouble
from headroom_wrap.proxy.endpoints import metrics
from headroom_wrap.proxy.endpoints.tally import Tally
from pipeline.store.api import Receipt
from pipeline.usage import Usage
from tests.headroom_wrap.proxy.endpoints.client import client

HOSTILE = 'a"b\\c\nd\ud800é'


def tally():
    made = Tally(clock=lambda: 1000.0)
    made.hear(Began("m", "/", True, new_reasons={"compressed": 2}))
    made.hear(Trouble("store", "x"))
    made.enter(
        Receipt(
            "id",
            "s",
            0.0,
            "a",
            HOSTILE,
            "/p",
            Usage(input=1, cache_read=2),
            0.25,
            0.5,
            ttfb_ms=30,
            added_ms=3,
            compressors=(("log", 9), ("diff", -4)),
        )
    )
    made.answer("/stats", 200)
    return made


def test_it_reads_as_prometheus_does():
    parser = pytest.importorskip("prometheus_client.parser")
    families = {f.name: f for f in parser.text_string_to_metric_families(metrics.text(tally(), 123))}
    samples = {(s.name, tuple(sorted(s.labels.items()))): s.value for f in families.values() for s in f.samples}
    assert all(f.documentation for f in families.values())
    assert families["headroom_added_seconds"].type == "histogram"
    assert families["headroom_requests"].type == "counter"
    assert families["headroom_resident_memory_bytes"].type == "gauge"
    assert samples["headroom_requests_total", ()] == 1
    assert samples["headroom_start_time_seconds", ()] == 1000
    assert samples["headroom_tokens_total", (("class", "cache_read"),)] == 2
    assert samples["headroom_removed_tokens_total", (("compressor", "log"),)] == 9
    assert samples["headroom_removed_tokens_total", (("compressor", "diff"),)] == 0
    assert samples["headroom_responses_total", (("model", HOSTILE.replace("\ud800", "?")),)] == 1
    assert samples["headroom_added_seconds_bucket", (("le", "0.004"),)] == 1
    assert samples["headroom_added_seconds_bucket", (("le", "0.002"),)] == 0
    assert samples["headroom_added_seconds_bucket", (("le", "+Inf"),)] == samples["headroom_added_seconds_count", ()] == 1
    assert samples["headroom_endpoint_answers_total", (("endpoint", "/stats"), ("status", "200"))] == 1


def test_every_metric_says_what_it_is():
    lines = metrics.text(tally(), 1).splitlines()
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert names == [line.split()[2] for line in lines if line.startswith("# HELP")]
    assert len(names) == len(set(names))
    assert all(
        n.endswith("_total") for n, line in zip(names, (li for li in lines if li.startswith("# TYPE")), strict=True) if line.endswith("counter")
    )


async def test_it_is_served():
    async with client() as c:
        reply = await c.get("/metrics")
        again = await c.get("/metrics")
    assert reply.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    assert b'headroom_endpoint_answers_total{endpoint="/metrics",status="200"} 1\n' in again.message.body
