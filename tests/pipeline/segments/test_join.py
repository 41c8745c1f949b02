from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import ccr, markers
from pipeline.compressors.api import Compressor, Content, Gap, Rewrite
from pipeline.compressors.log import LogCompressor
from pipeline.compressors.search import SearchCompressor
from pipeline.compressors.smart_crusher import SmartCrusher
from pipeline.policy import Policy
from pipeline.query import Query
from pipeline.segments import compress_segments
from pipeline.segments.join import shifted
from pipeline.tool_calls import describe
from tests.memory_store import MemoryStore

AMONG: tuple[Compressor, ...] = (SmartCrusher(), SearchCompressor(), LogCompressor())
LOG = [f"2025-03-01 {m // 60:02}:{m % 60:02}:07 INFO worker took job {m * 7 % 100} of the queue" for m in range(400)]
JSON = json.dumps([{"id": i, "name": f"item {i}", "state": "open", "score": i * 1.5} for i in range(200)], indent=2).split("\n")
HITS = [f"src/module_{n // 40}.py:{n % 40 + 1}:    value = compute({n})" for n in range(400)]
PROSE = ["This is what a person wrote, a sentence of it on each line.", "", "It goes on for a while, and says nothing that a table would say."]


def block(lines: list[str], command: str = "", query: str = "") -> Content:
    call = describe("1", "Bash", {"command": command}, {}) if command else None
    return Content("\n".join(lines), Query.of(query, call), call)


def parts(lines: list[str], rewrite: Rewrite) -> None:
    """Every gap has its marker, and every line of the original stands where it stood or in a gap."""
    assert [(int(m[1]), int(m[2] or m[1])) for m in markers.IN_PLACE.finditer(rewrite.text)] == [(g.first, g.last) for g in rewrite.gaps]
    ends = [0, *(g.last for g in rewrite.gaps)]
    assert all(end < g.first <= g.last for end, g in zip(ends, rewrite.gaps, strict=False))
    assert ends[-1] <= rewrite.total <= len(lines)


def test_two_commands() -> None:
    lines = ["## logs", *LOG, "## hits", *HITS]
    rewrite = compress_segments(
        block(lines, "echo '## logs'; cat app.log; echo '## hits'; grep -rn compute src"), Policy(), AMONG, keep=lambda c: False
    )
    assert rewrite is not None
    assert (rewrite.unit, rewrite.spans, rewrite.total) == ("line", (), 802)
    parts(lines, rewrite)
    shown = rewrite.text.split("\n")
    assert shown[0] == "## logs"
    assert "## hits" in shown
    assert min(g.first for g in rewrite.gaps) <= 401 < 402 < max(g.last for g in rewrite.gaps)
    assert not any(g.first <= 402 <= g.last for g in rewrite.gaps)
    assert re.search(r"2-401: .*402-", rewrite.summary) or "2-401: " in rewrite.summary
    assert "403-802: " in rewrite.summary


def test_retrieval_numbers_are_right() -> None:
    lines = ["## logs", *LOG, "## hits", *HITS]
    content = block(lines, "echo '## logs'; cat app.log; echo '## hits'; grep -rn compute src")
    rewrite = compress_segments(content, Policy(), AMONG, keep=lambda c: False)
    assert rewrite is not None
    store = MemoryStore()
    handle = store.put_original(content.text, unit=rewrite.unit, spans=rewrite.spans)
    for gap in rewrite.gaps:
        got = ccr.retrieve(store, handle, f"{gap.first}-{gap.last}").text
        assert got == "\n".join(f"{n}\t{lines[n - 1]}" for n in range(gap.first, gap.last + 1))


def test_records_are_all_there() -> None:
    """JSON within other output: its records are no lines, so none is left out."""
    lines = [*LOG, *JSON]
    rewrite = compress_segments(block(lines, "kubectl logs web; curl -s http://localhost/items"), Policy(), AMONG)
    assert rewrite is not None
    assert all(g.last <= 400 for g in rewrite.gaps)
    parts(lines, rewrite)
    table = rewrite.text[rewrite.text.index("#table") :]
    assert all(re.search(rf"(?m)^{i}\b.*\b{i}$|\b{i}\t|^{i}\b", table) for i in (0, 7, 123, 199))


def test_files_stay() -> None:
    lines = ["== a ==", *LOG, "== b ==", *LOG]
    command = "echo '== a =='; cat src/a.txt; echo '== b =='; journalctl -u b"
    rewrite = compress_segments(block(lines, command), Policy(), AMONG)
    assert rewrite is not None
    assert all(g.first > 402 for g in rewrite.gaps)
    assert rewrite.text.startswith("\n".join(lines[:402]))


def test_a_file_that_may_be_anywhere_stays() -> None:
    lines = [*PROSE, *LOG, *PROSE]
    assert compress_segments(block(lines, "cat notes.txt; ./a; ./b; ./c"), Policy(), AMONG) is None
    assert compress_segments(block(lines, "./a; ./b; ./c; ./d"), Policy(), AMONG) is not None or LogCompressor().recognise(block(lines)) >= 0.8


@pytest.mark.parametrize("lines", [LOG, JSON, HITS, PROSE, [""], ["== a ==", *PROSE, "== b ==", *PROSE]])
def test_nothing_to_do(lines: list[str]) -> None:
    assert compress_segments(block(lines), Policy(), AMONG) is None


def test_lossless_leaves_nothing_out() -> None:
    rewrite = compress_segments(block([*PROSE * 20, *JSON, *PROSE]), Policy(elide=False), AMONG)
    assert rewrite is not None
    assert rewrite.gaps == ()
    assert rewrite.text.startswith("\n".join(PROSE * 20) + "\n")
    assert rewrite.text.endswith("#end\n" + "\n".join(PROSE))


def test_what_was_asked_for_is_kept() -> None:
    lines = ["## one", *LOG[:200], "2025-03-01 09:09:09 INFO worker took job x-4711-y", *LOG[200:], "## two", *HITS]
    rewrite = compress_segments(block(lines, "echo '## one'; ./a; echo '## two'; ./b", "what about x-4711-y?"), Policy(), AMONG)
    assert rewrite is not None
    assert "x-4711-y" in rewrite.text


# --- shifting


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n[… 2-5]\nb", "a\n[… 12-15]\nb"),
        ("a\n[… 2-5: 4 INFO, file lines 2-5]\nb", "a\n[… 12-15: 4 INFO, file lines 2-5]\nb"),
        ("def f():\n    ⋯2-5\nb", "def f():\n    ⋯12-15\nb"),
    ],
)
def test_shifted(text: str, expected: str) -> None:
    moved = shifted(Rewrite(text, 6, (Gap(2, 5),)), "a\nb\nc\nd\ne\nb", 10)
    assert moved is not None
    assert moved.text == expected
    assert moved.gaps == (Gap(12, 15),)


@pytest.mark.parametrize(
    ("rewrite", "original"),
    [
        (Rewrite("a\n[… 2-5]", 5, (Gap(2, 5),)), "a\n[… 2-5]\nb\nc\nd"),
        (Rewrite("a\n[… 2-5]", 5, (Gap(2, 4),)), "a\nb\nc\nd\ne"),
        (Rewrite("a", 5, (Gap(2, 5),)), "a\nb\nc\nd\ne"),
        (Rewrite("a\n[… 2-5]", 5, (Gap(2, 5),), unit="record"), "a\nb\nc\nd\ne"),
    ],
)
def test_what_cannot_be_shifted(rewrite: Rewrite, original: str) -> None:
    assert shifted(rewrite, original, 10) is None


# --- properties


class Halver:
    """Leaves out every line that begins with ``-``."""

    name = "halver"

    def recognise(self, content: Content) -> float:
        return 0.5

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        out: list[str] = []
        gaps: list[Gap] = []
        for n, line in enumerate(content.lines, 1):
            if not line.startswith("-"):
                out.append(line)
            elif gaps and gaps[-1].last == n - 1:
                gaps[-1] = Gap(gaps[-1].first, n)
                out[-1] = markers.gap(gaps[-1].first, n)
            else:
                gaps.append(Gap(n, n))
                out.append(markers.gap(n, n))
        return Rewrite("\n".join(out), len(content.lines), tuple(gaps), "checked") if gaps else None


PARTS = st.lists(st.lists(st.sampled_from(["kept " * 12, "-out " * 12, "", "-[… 3-4]", "kept ⋯17"]), max_size=60), min_size=1, max_size=5)


@settings(max_examples=200)
@given(PARTS)
def test_joined_lines_are_a_partition(pieces: list[list[str]]) -> None:
    lines: list[str] = []
    for n, piece in enumerate(pieces):
        lines += [f"=== part {n} ===", *piece]
    command = "; ".join(f"echo '=== part {n} ==='; run{n}" for n in range(len(pieces)))
    rewrite = compress_segments(block(lines, command), Policy(), (Halver(),))
    if rewrite is None:
        return
    left = {n for g in rewrite.gaps for n in range(g.first, g.last + 1)}
    assert all(lines[n - 1].startswith("-") for n in left)
    rebuilt: list[str] = []
    shown = iter(rewrite.text.split("\n"))
    n = 1
    while n <= len(lines):
        gap = next((g for g in rewrite.gaps if g.first == n), None)
        if gap is None:
            rebuilt.append(lines[n - 1])
            assert next(shown) == lines[n - 1]
            n += 1
        else:
            assert next(shown) == markers.gap(gap.first, gap.last)
            n = gap.last + 1
    assert next(shown, None) is None


@settings(max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(["LOG", "JSON", "HITS", "=== a ===", "=== b ===", "---", ""]), st.text(max_size=40)), max_size=8))
def test_any_mixture_is_harmless(pieces: list[str]) -> None:
    known = {"LOG": LOG[:60], "JSON": JSON[:300], "HITS": HITS[:60]}
    lines = [line for piece in pieces for line in known.get(piece, piece.split("\n"))] or [""]
    content = block(lines, "./a; echo ---; ./b")
    rewrite = compress_segments(content, Policy(), AMONG)
    if rewrite is not None:
        assert len(rewrite.text) < len(content.text)
        parts(lines, rewrite)
        assert rewrite == compress_segments(block(lines, "./a; echo ---; ./b"), Policy(), AMONG)
