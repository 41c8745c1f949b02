"""What holds for every compressor, on its own sample bent and broken in every way, and on input that is none of anybody's."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.cli.samples import SAMPLES
from pipeline import ccr
from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.registry import compressors
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.router import Outcome, Reason, route
from tests.memory_store import MemoryStore

EVERY = {c.name: c for c in compressors()}
NASTY = [
    "\x00",
    "\r\n",
    "\r",
    "\ufeff",
    "\x1b[31mred\x1b[0m",
    "\ud800",
    "é",
    "日本",
    "\u2028",
    "[… 3-9]",
    "{",
    '"',
    "|",
    ",",
    "\t",
    "-" * 90,
    "NaN",
    "1e400",
]


def bent(content: Content, random_: random.Random) -> Content:
    """The sample with lines dropped, doubled, swapped, cut, and nasty things put in."""
    lines = content.text.split("\n")
    for _ in range(random_.randrange(1, 8)):
        at = random_.randrange(len(lines))
        what = random_.randrange(5)
        if what == 0 and len(lines) > 1:
            del lines[at : at + random_.randrange(1, 20)]
            lines = lines or [""]
        elif what == 1:
            lines[at:at] = lines[at : at + random_.randrange(1, 20)]
        elif what == 2:
            cut = random_.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:cut] + random_.choice(NASTY) + lines[at][cut:]
        elif what == 3:
            lines[at] = lines[at][: random_.randrange(len(lines[at]) + 1)]
        else:
            random_.shuffle(lines)
    return replace(content, text="\n".join(lines)[: random_.choice([None, len(content.text) // 2])])


def assert_sound(rewrite: Rewrite, content: Content) -> None:
    """What a rewrite must be, whoever made it."""
    last = 0
    for gap in rewrite.gaps:
        assert last < gap.first <= gap.last <= rewrite.total, rewrite.gaps
        last = gap.last
    if rewrite.spans:
        assert len(rewrite.spans) >= last
        assert all(0 <= a <= b <= len(content.text) for a, b in rewrite.spans)
    elif rewrite.gaps:
        assert last <= len(content.lines)
    store = MemoryStore()
    handle = store.put_original(content.text, unit=rewrite.unit, spans=rewrite.spans)
    for gap in rewrite.gaps[:2]:
        assert ccr.retrieve(store, handle, f"{gap.first}-{gap.last}").shown == len(gap), "what a marker names can be had by its numbers"
    assert ccr.retrieve(store, handle).text == content.text


@pytest.mark.parametrize("name", sorted(EVERY))
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), profile=st.sampled_from(list(Profile)))
def test_bent_samples(name: str, seed: int, profile: Profile) -> None:
    content = bent(SAMPLES[name](), random.Random(seed))
    compressor = EVERY[name]
    assert 0 <= compressor.recognise(content) <= getattr(compressor, "surest", 1.0) <= 1
    rewrite = compressor.compress(content, Policy(profile=profile))
    if rewrite is not None:
        assert_sound(rewrite, content)
        assert profile is not Profile.LOSSLESS or not rewrite.gaps, "lossless leaves nothing out"
        assert compressor.compress(content, Policy(profile=profile)) == rewrite


@pytest.mark.parametrize("name", sorted(EVERY))
@settings(max_examples=25)
@given(text=st.text(st.characters(codec=None), max_size=400), asked=st.text(max_size=60))
def test_any_text(name: str, text: str, asked: str) -> None:
    content = Content(text, Query(asked))
    assert 0 <= EVERY[name].recognise(content) <= getattr(EVERY[name], "surest", 1.0)
    rewrite = EVERY[name].compress(content, Policy())
    if rewrite is not None:
        assert_sound(rewrite, content)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_nothing_is_elided_where_nothing_may_be(name: str) -> None:
    for policy in (Policy(elide=False), Policy(profile=Profile.LOSSLESS)):
        rewrite = EVERY[name].compress(SAMPLES[name](), policy)
        assert rewrite is None or not rewrite.gaps


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


BAD = {
    "invalid UTF-8": b"2026-01-02 \xff\xfe broken\n".decode("utf-8", "surrogateescape") * 400,
    "lone surrogates": "INFO \ud800 line\n" * 400,
    "NUL": "a\x00b\n" * 2000,
    "10 MB on one line": "x" * 10_000_000,
    "10 MB of words on one line": "word " * 2_000_000,
    "JSON 10,000 deep": nested(10_000),
    "JSON 10,000 deep in an object": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "truncated JSON": json.dumps([{"id": n, "name": f"n{n}"} for n in range(500)])[:-500],
    "duplicate keys": "[" + ",".join('{"a": 1, "a": 2, "b": "ccccccccccc"}' for _ in range(200)) + "]",
    "NaN": "[" + ",".join('{"a": NaN, "b": Infinity, "c": "dddddddd"}' for _ in range(200)) + "]",
    "large numbers": json.dumps([{"id": 2**60 + n, "f": "x" * 20} for n in range(200)]),
    "progress bars": "".join(f"\rDownloading {n}%" for n in range(3000)) + "\ndone\n",
    "ANSI": "\x1b[31mERROR\x1b[0m one\n\x1b[32mok\x1b[0m two\n" * 400,
    "CRLF": "2026-01-02T03:04:05Z INFO served\r\n" * 600,
    "BOM": "\ufeff" + json.dumps([{"id": n, "name": f"item {n}"} for n in range(300)]),
    "binary": bytes(range(256)).decode("latin-1") * 60,
    "open brackets": "[… 1:" * 20_000,
    "open quotes": '"a,' * 20_000,
    "open tags": "<!DOCTYPE html><html><body>" + "<div class='" * 20_000,
    "deep indentation": "\n".join(" " * (n % 3000) + "x" for n in range(1500)),
    "many blanks": (" " * 100_000 + "\n") * 20,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_input_costs_neither_an_exception_nor_the_session(name: str) -> None:
    content = Content(BAD[name])
    began = time.process_time()
    outcome = route(content, (), Policy(floor_tokens=10))
    assert outcome.reason is not Reason.ERROR
    # No promise of speed, but of shape: what is quadratic in these sizes takes hours.
    assert time.process_time() - began < 60
    assert_numbers_stand(outcome, content.text)


def assert_numbers_stand(outcome: Outcome, text: str) -> None:
    if outcome.text is None or outcome.rewrite is None:
        return
    assert_sound(outcome.rewrite, Content(text))
    assert "9007199254740992" not in outcome.text or "9007199254740992" in text


@pytest.mark.slow
def test_the_same_bytes_under_every_hash_seed() -> None:
    code = (
        "import hashlib; from headroom_wrap.cli.samples import SAMPLES; from pipeline.compressors.registry import compressors; from pipeline.policy import Policy; "
        "from pipeline.router import route; r = [repr(c.compress(SAMPLES[c.name](), Policy())) for c in compressors()]; "
        "r += [repr(route(s(), (), Policy())) for s in SAMPLES.values()]; print(hashlib.sha256(''.join(r).encode()).hexdigest())"
    )
    digests = set()
    for seed in ("0", "1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        digests.add(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True).stdout)
    assert len(digests) == 1


def test_the_interface_is_kept() -> None:
    assert all(isinstance(c, Compressor) for c in EVERY.values())
    assert len(EVERY) == len(compressors()), "no two of one name"


@pytest.mark.parametrize("sample", sorted(EVERY))
def test_nobody_is_surer_than_it_says(sample: str) -> None:
    content = SAMPLES[sample]()
    assert all(c.recognise(content) <= getattr(c, "surest", 1.0) for c in EVERY.values())
