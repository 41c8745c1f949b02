from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import ccr
from pipeline.compressors import references
from pipeline.compressors.api import Content, Rewrite, Seen
from pipeline.compressors.padding import PaddingCompressor, with_told
from pipeline.compressors.references import LEAST_SPAN, SHORT_RANGE, SUMMARY, SpanIndex, refer
from pipeline.markers import FOOTER, IN_PLACE
from pipeline.policy import Policy, Profile
from pipeline.transcript import ToolCall, ToolKind

READ = ToolCall("1", "Read", ToolKind.READ, {"file_path": "src/a.py"}, path="src/a.py")
SHELL = ToolCall("2", "Bash", ToolKind.SHELL, {"command": "make"}, command="make")


def paragraph(name: str, lines: int = 20) -> list[str]:
    return [f"{name} is line {n} of a paragraph, and says {n * 7919 % 101}" for n in range(lines)]


def numbered(lines: Sequence[str], first: int = 1) -> list[str]:
    return [f"{n:>6}\t{line}" for n, line in enumerate(lines, first)]


def seen(ordinal: int, lines: Sequence[str], path: str = "src/a.py") -> Seen:
    text = "\n".join(lines)
    return Seen(ordinal, f"Read {path}", text, text, path)


def refer_lines(lines: Sequence[str], before: Sequence[Seen], call: ToolCall | None = READ) -> Rewrite | None:
    return refer(Content("\n".join(lines), call=call), before, Policy())


# --- a reader that knows nothing but what the model sees

_NOTE = re.compile(
    r"\[… (?P<a>\d+)(?:-(?P<b>\d+))?: (?:numbered (?P<n>\d+)(?:-\d+)?, )?(?:"
    r"(?:unchanged, )?as in (?P<all>all of )?result (?P<result>\d+)(?: \(.*\) above)?(?:, its lines? (?P<there>\d+)(?:-\d+)?)?"
    r"|again lines? (?P<again>\d+)(?:-\d+)?"
    r"|(?:the \d+ lines|line) (?P<from>\d+)(?:-(?P<to>\d+))? again(?:, \d+ times)?)\]"
)
_PRINTED = re.compile(r" *(\d+)\t(.*)")


def counts(lines: Sequence[str]) -> bool:
    """Whether the numbers before lines count on where nothing is left out: those of hits of a search do not, and are part of the lines."""
    on = total = 0
    before = None
    for line in with_told(lines):
        match = _PRINTED.match(line)
        if match is not None:
            total += 1
            on += before is None or int(match[1]) == before + 1
        before = None if match is None else int(match[1])
    return total > 0 and on * 2 >= total


def visible(text: str) -> dict[int, str]:
    """The lines of a block by the numbers by which a reader would call them."""
    found: dict[int, str] = {}
    lines = text.split("\n")
    if counts(lines):
        lines = with_told(lines)
        return {int(m[1]): m[2] for line in lines if (m := _PRINTED.match(line))}
    n = 1
    for line in lines:
        if marker := IN_PLACE.fullmatch(line):
            n = int(marker[2] or marker[1]) + 1
        elif not FOOTER.match(line):
            found[n] = line
            n += 1
    return found


def rebuild(text: str, results: dict[int, str], *, printed: bool = False) -> list[str]:
    """The original's lines, from the rewrite and from the results before it. Whether the tool prints numbers is for the reader to know."""
    out: list[str] = []
    for line in text.split("\n"):
        if not IN_PLACE.fullmatch(line):
            out.append(line)
            continue
        note = _NOTE.fullmatch(line)
        assert note, line
        first, last = int(note["a"]), int(note["b"] or note["a"])
        assert first == len(out) + 1, "the marker stands where the lines stood"
        if note["result"]:
            target = results[int(note["result"])]
            if note["all"]:
                out += target.split("\n")
            else:
                numbers = visible(target)
                here = int(note["n"] or first)
                there = int(note["there"] or here)
                bare = [numbers[there + k] for k in range(last - first + 1)]
                out += numbered(bare, here) if printed else bare
        elif note["again"]:
            out += [out[int(note["again"]) - 1 + k] for k in range(last - first + 1)]
        else:
            for _ in range(last - first + 1):
                out.append(out[-(int(note["to"] or note["from"]) - int(note["from"]) + 1)])
        assert len(out) == last
    return out


def read_through(blocks: Sequence[tuple[str, ToolCall | None]], bodies: list[str] | None = None) -> list[Seen]:
    """A transcript of results, each as it is sent; ``bodies`` gets the same without footers."""
    before: list[Seen] = []
    for ordinal, (text, call) in enumerate(blocks, 1):
        rewrite = refer(Content(text, call=call), before, Policy())
        sent = text if rewrite is None else ccr.render(rewrite, ccr.handle_of(text))
        if bodies is not None:
            bodies.append(text if rewrite is None else rewrite.text)
        before.append(Seen(ordinal, f"Read [src]/a{ordinal % 3}.py", sent, text, f"src/a{ordinal % 3}.py"))
    return before


# --- examples


def test_a_block_that_stands_above_is_one_line() -> None:
    lines = numbered(paragraph("alpha", 40))
    rewrite = refer_lines(lines, [seen(5, lines)])
    assert rewrite is not None
    assert rewrite.text == "[… 1-40: unchanged, as in all of result 5 (Read src/a.py) above]"
    assert (rewrite.total, rewrite.left_out, rewrite.summary, rewrite.unit) == (40, 40, SUMMARY, "line")


def test_what_stands_above_in_another_form_stands_there() -> None:
    text = "\n".join(paragraph("x"))
    folded = f"x, 20 times\n[headroom {'a' * 8}: nothing left out, words named once; as it was: headroom_retrieve {'a' * 8}]"
    above = Seen(3, "Bash: x", folded, text)
    rewrite = refer(Content(text, call=SHELL), [above], Policy())
    assert rewrite is not None
    assert rewrite.text == "[… 1-20: as in all of result 3 (Bash: x) above]"
    for other in (Seen(3, "Bash: x", folded, text, elided=True), Seen(3, "Bash: x", "[… 1-20: as in all of result 1 above]\n" + folded, text)):
        assert refer(Content(text, call=SHELL), [other], Policy()) is None


def test_the_newest_of_equals_is_named() -> None:
    lines = paragraph("alpha")
    rewrite = refer_lines(lines, [seen(1, lines), seen(4, lines)])
    assert rewrite is not None
    assert "result 4 " in rewrite.text


def test_another_file_is_not_called_unchanged() -> None:
    lines = paragraph("alpha")
    rewrite = refer_lines(lines, [seen(5, lines, "lib/b.py")])
    assert rewrite is not None
    assert rewrite.text == "[… 1-20: as in all of result 5 (Read lib/b.py) above]"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("/repo/src/a.py", "src/a.py", True), ("./a.py", "a.py", True), ("a.py", "aa.py", False), ("src\\a.py", "src/a.py", True), ("", "a.py", False)],
)
def test_paths_of_one_file(one: str, other: str, same: bool) -> None:
    lines = paragraph("alpha")
    call = ToolCall("1", "Read", ToolKind.READ, path=one)
    rewrite = refer_lines(lines, [seen(5, lines, other)], call)
    assert rewrite is not None
    assert ("unchanged" in rewrite.text) is same


def test_a_changed_file_shows_its_changes_and_speaks_in_its_own_numbers() -> None:
    old = paragraph("alpha", 60)
    new = [*old[:30], "an added line", "and another", *old[30:50], "changed", *old[51:]]
    rewrite = refer_lines(numbered(new), [seen(2, numbered(old))])
    assert rewrite is not None
    assert rewrite.text.split("\n") == [
        "[… 1-30: unchanged, as in result 2 (Read src/a.py) above]",
        "    31\tan added line",
        "    32\tand another",
        "[… 33-52: unchanged, as in result 2, its lines 31-50]",
        "    53\tchanged",
        "[… 54-62: unchanged, as in result 2, its lines 52-60]",
    ]
    assert rebuild(rewrite.text, {2: "\n".join(numbered(old))}, printed=True) == numbered(new)


def test_a_numbered_block_with_a_heading_says_which_numbers_it_means() -> None:
    old = paragraph("alpha", 60)
    block = ["Here is the file:", *numbered(old[9:50], 10), "<reminder>", "be careful", "</reminder>"]
    rewrite = refer_lines(block, [seen(1, old)], SHELL)
    assert rewrite is not None
    assert rewrite.text.split("\n") == [
        "Here is the file:",
        "[… 2-42: numbered 10-50, as in result 1 (Read src/a.py) above]",
        "<reminder>",
        "be careful",
        "</reminder>",
    ]


def test_a_plain_block_finds_the_numbered_one() -> None:
    old = paragraph("alpha", 60)
    rewrite = refer_lines(old[9:50], [seen(1, ["Heading", *numbered(old)])], SHELL)
    assert rewrite is not None
    assert rewrite.text == "[… 1-41: as in result 1 (Read src/a.py) above, its lines 10-50]"


def test_numbers_that_jump_cut_a_span() -> None:
    old = paragraph("alpha", 60)
    block = [*numbered(old[:20], 1), *numbered(old[20:40], 121)]
    rewrite = refer_lines(block, [seen(1, old)])
    assert rewrite is not None
    assert rewrite.text.split("\n") == [
        "[… 1-20: unchanged, as in result 1 (Read src/a.py) above]",
        "[… 21-40: numbered 121-140, unchanged, as in result 1, its lines 21-40]",
    ]


def test_what_was_left_out_above_is_no_target_and_what_stands_there_keeps_its_number() -> None:
    lines = [*paragraph("alpha"), *paragraph("beta"), *paragraph("gamma")]
    text = "\n".join([*lines[:20], "[… 21-40: 20 INFO]", *lines[40:], "[headroom 0123abcd: 20 of 60 lines left out; full text: …]"])
    before = Seen(3, "cat log", text, "\n".join(lines))
    rewrite = refer(Content("\n".join(["new", *lines]), call=SHELL), [before], Policy())
    assert rewrite is not None
    assert rewrite.text.split("\n") == [
        "new",
        "[… 2-21: as in result 3 (cat log) above, its lines 1-20]",
        *lines[20:40],
        "[… 42-61: as in result 3, its lines 41-60]",
    ]


def test_markers_of_code_and_reordered_text_do_not_mislead() -> None:
    lines = [*paragraph("alpha"), *paragraph("beta")]
    original = "\n".join(lines)
    text = "\n".join(["» " + lines[0], *lines[1:5], "# ⋯6-20", *lines[20:]])
    rewrite = refer(Content(original, call=SHELL), [Seen(1, "x", text, original)], Policy())
    assert rewrite is not None
    assert rewrite.text.split("\n") == [*lines[:20], "[… 21-40: as in result 1 (x) above]"]


def test_a_result_that_is_itself_a_reference_is_no_target() -> None:
    lines = paragraph("alpha", 40)
    sent = read_through([("\n".join(lines), None), ("\n".join(lines), None), ("\n".join([*lines, "end"]), None)])
    assert "result 1 " in sent[1].text
    assert "result 1 " in sent[2].text


def test_periods_within_a_block() -> None:
    trace = paragraph("frame", 16)
    block = ["start", *(trace * 63), *trace[:5], "end"]
    rewrite = refer_lines(block, [], SHELL)
    assert rewrite is not None
    assert rewrite.text.split("\n") == ["start", *trace, "[… 18-1009: the 16 lines 2-17 again, 62 times]", "[… 1010-1014: again lines 2-6]", "end"]
    assert rebuild(rewrite.text, {}) == block


def test_a_repeat_further_on_within_a_block() -> None:
    block = [*paragraph("alpha"), "between", *paragraph("alpha"), "end"]
    rewrite = refer_lines(block, [], SHELL)
    assert rewrite is not None
    assert rewrite.text.split("\n") == [*block[:21], "[… 22-41: again lines 1-20]", "end"]


def test_one_long_line_again() -> None:
    line = "x" * 5000
    rewrite = refer_lines(["a", line, line, line], [], SHELL)
    assert rewrite is not None
    assert rewrite.text.split("\n") == ["a", line, "[… 3-4: line 2 again, 2 times]"]
    rewrite = refer_lines(["b", line], [seen(1, ["0", line, "2"])], SHELL)
    assert rewrite is not None
    assert rewrite.text == "b\n[… 2: as in result 1 (Read src/a.py) above]"


@pytest.mark.parametrize("call", [READ, ToolCall("1", "Read", ToolKind.READ, path="a.log")])
def test_a_file_is_not_folded_into_itself(call: ToolCall) -> None:
    assert refer_lines(paragraph("alpha") * 5, [], call) is None
    assert refer_lines(numbered(paragraph("alpha") * 5), [], SHELL) is None


def test_short_spans_stay() -> None:
    lines = paragraph("alphabet", 9)
    assert len("\n".join(lines)) > LEAST_SPAN
    assert refer_lines(lines[:8], [seen(1, lines)]) is None
    assert refer_lines([*lines[:4], "new", *lines[4:]], [seen(1, lines)]) is None
    assert refer_lines(lines, [seen(1, lines)]) is not None


def test_output_is_referred_to_by_shorter_spans_than_files_and_changes() -> None:
    lines, new = paragraph("alphabet", 5), paragraph("gamma", 8)
    above = seen(1, ["first", *lines, *paragraph("beta")])
    rewrite = refer_lines([*new, *lines, "end"], [above], SHELL)
    assert rewrite is not None
    assert rewrite.text.split("\n") == [*new, "[… 9-13: as in result 1 (Read src/a.py) above, its lines 2-6]", "end"]
    assert refer_lines([*new, *lines, "end"], [above], READ) is None
    assert refer_lines(["@@ -1,9 +1,9 @@", *new, "@@ -41,9 +41,9 @@", *lines, "end"], [above], SHELL) is None


def test_a_span_of_blanks_has_fewer_tokens_than_a_marker() -> None:
    wide = [" " * 200 + name for name in "xyz"]
    assert refer_lines(["new", *wide, "end"], [seen(1, ["first", *wide, "last"])], SHELL) is None


def test_hits_of_a_search_are_lines_with_their_numbers() -> None:
    hits = [f"{n * 37}:    value_{n} = compute(config, name, {n * 7919 % 101}, deep=True)" for n in range(1, 30)]
    rewrite = refer_lines(["3: # config", *hits[4:20], "2000: return config"], [seen(1, hits)], SHELL)
    assert rewrite is not None
    assert rewrite.text.split("\n") == ["3: # config", "[… 2-17: as in result 1 (Read src/a.py) above, its lines 5-20]", "2000: return config"]
    other = [line.replace(":", "1:", 1) for line in hits]
    assert refer_lines(other, [seen(1, hits)], SHELL) is None, "with other numbers they are other hits"


def test_empty_lines_whose_numbers_were_left_out_are_counted() -> None:
    file = [line for n, line in enumerate(paragraph("alpha", 60)) for line in ([line, *[""] * (n % 4)])]
    text = "\n".join(["Here is the file:", *numbered(file)])
    shorter = PaddingCompressor().compress(Content(text), Policy())
    assert shorter is not None
    assert "\n\n" in shorter.text
    above = Seen(2, "Read src/a.py", ccr.render(shorter, "0123abcd"), text, "src/a.py")
    rewrite = refer_lines(["changed", *file[9:50]], [above])
    assert rewrite is not None
    assert rewrite.text == "changed\n[… 2-42: unchanged, as in result 2 (Read src/a.py) above, its lines 10-50]"
    assert rebuild(rewrite.text, {2: above.text}) == ["changed", *file[9:50]]


@pytest.mark.parametrize(
    ("call", "lines", "referred"),
    [
        (ToolCall("1", "Edit", ToolKind.EDIT, path="src/a.py"), 200, False),
        (ToolCall("1", "Read", ToolKind.READ, {"offset": 3}, path="src/a.py"), 60, False),
        (ToolCall("1", "Read", ToolKind.READ, {"offset": 3}, path="src/a.py"), 200, True),
        (ToolCall("1", "Read", ToolKind.READ, {}, path="src/a.py"), 60, True),
        (ToolCall("1", "mcp__headroom__headroom_retrieve", ToolKind.MCP, {"handle": "0123abcd"}), 200, False),
        (ToolCall("1", "Bash", ToolKind.SHELL, command="headroom show 0123abcd"), 200, False),
        (None, 60, True),
    ],
)
def test_what_was_asked_to_be_seen_stays(call: ToolCall | None, lines: int, referred: bool) -> None:
    block = paragraph("alpha", lines)
    assert (len("\n".join(block)) >= SHORT_RANGE) is (lines == 200)
    assert (refer_lines(block, [seen(1, block)], call) is not None) is referred


@pytest.mark.parametrize("policy", [Policy(profile=p, elide=e) for p in Profile for e in (True, False)])
def test_references_hide_nothing_and_need_no_leave(policy: Policy) -> None:
    block = paragraph("alpha")
    assert refer(Content("\n".join(block)), [seen(1, block)], policy) is not None


def test_they_can_be_turned_off() -> None:
    block = paragraph("alpha")
    assert refer(Content("\n".join(block)), [seen(1, block)], Policy(disabled=frozenset({"references"}))) is None


def test_a_block_with_our_footer_is_left_alone() -> None:
    block = [*paragraph("alpha"), "[headroom 0123abcd: 3 of 9 lines left out]"]
    assert refer_lines(block, [seen(1, block)]) is None


def test_lines_with_our_markers_are_neither_left_out_nor_named() -> None:
    block = [*paragraph("alpha"), "[… 5-9: something that someone pasted]", *paragraph("beta")]
    rewrite = refer_lines(block, [seen(1, block)])
    assert rewrite is not None
    assert rewrite.text.split("\n") == [
        "[… 1-20: unchanged, as in result 1 (Read src/a.py) above]",
        block[20],
        "[… 22-41: unchanged, as in result 1]",
    ]


@pytest.mark.parametrize("label", ["a]b[c", "x\ny\r\nz", "y" * 5000, "", "a ] " * 50, "\x1b]0;t\x07"])
def test_no_label_can_end_a_marker(label: str) -> None:
    block = paragraph("alpha")
    text = "\n".join(block)
    rewrite = refer(Content(text), [Seen(1, label, text, text)], Policy())
    assert rewrite is not None
    assert IN_PLACE.fullmatch(rewrite.text)
    assert len(rewrite.text) < 130


def test_nothing_above_nothing_done() -> None:
    assert refer_lines(paragraph("alpha"), []) is None
    assert refer(Content(""), [], Policy()) is None
    assert refer_lines(paragraph("alpha"), [seen(1, paragraph("beta"))]) is None


def test_many_places_of_a_common_start_do_not_hide_the_longest() -> None:
    common = ["", "}", ""]
    old = [*common, *paragraph("alpha")]
    noise = [common * 2] * 9
    before = [seen(1, old), *(seen(2 + i, [*n, *paragraph(f"n{i}")]) for i, n in enumerate(noise))]
    rewrite = refer_lines(["new", *old], before)
    assert rewrite is not None
    assert rewrite.text == "new\n[… 2-24: unchanged, as in result 1 (Read src/a.py) above, its lines 1-23]"


# --- properties


@st.composite
def results(draw: st.DrawFn) -> list[tuple[str, ToolCall | None]]:
    """Blocks of a transcript, made of paragraphs that come again, numbered or plain, whole or in part, changed here and there."""
    pool = [paragraph(f"p{i}", draw(st.integers(3, 30))) for i in range(4)] + [["", "", ""], ["}"], ["y" * 450]]
    found: list[tuple[str, ToolCall | None]] = []
    for index in range(draw(st.integers(1, 6))):
        lines = [line for i in draw(st.lists(st.integers(0, len(pool) - 1), min_size=1, max_size=6)) for line in pool[i]]
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, len(lines)))
            lines[at:at] = draw(st.sampled_from([["changed"], ["[… 3-9: pasted]"], ["⋯12"], ["one", "two"]]))
        bare = [x for x in lines if not x.startswith(("[…", "⋯"))]
        if draw(st.booleans()) and len(bare) > 2:  # two numbers count nothing
            lines = [*(["heading"] * draw(st.integers(0, 1))), *numbered(bare, draw(st.sampled_from([1, 1, 40])))]
        if draw(st.booleans()):
            lines.append("")
        found.append(("\n".join(lines), draw(st.sampled_from([None, READ, SHELL]))))
        if draw(st.integers(0, 3)) == 0:
            found.append(found[draw(st.integers(0, index))])
    return found


def _rebuildable(text: str) -> bool:
    """Without markers that were in the original: a reader cannot tell those from ours."""
    return not any(mark in text for mark in ("[… ", "⋯"))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(results())
def test_every_original_can_be_rebuilt_from_what_the_model_sees(blocks: list[tuple[str, ToolCall | None]]) -> None:
    blocks = [(text, call) for text, call in blocks if _rebuildable(text)]
    sent: dict[int, str] = {}
    bodies: list[str] = []
    for block, text in zip(read_through(blocks, bodies), bodies, strict=True):
        printed = counts(block.original.split("\n"))
        assert rebuild(text, sent, printed=printed) == block.original.split("\n")
        sent[block.ordinal] = block.text


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(results(), st.data())
def test_a_transcript_cut_short_begins_the_same(blocks: list[tuple[str, ToolCall | None]], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(blocks)))
    assert read_through(blocks[:cut]) == read_through(blocks)[:cut]


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(results())
def test_rewrites_keep_whole_lines_in_place_and_are_never_larger(blocks: list[tuple[str, ToolCall | None]]) -> None:
    before: list[Seen] = []
    for ordinal, (text, call) in enumerate(blocks, 1):
        rewrite = refer(Content(text, call=call), before, Policy())
        if rewrite is not None:
            assert len(rewrite.text) < len(text)
            lines = text.split("\n")
            assert rewrite.total == len(lines)
            kept: list[str] = []
            done = 0
            for g in rewrite.gaps:
                assert done < g.first <= g.last <= len(lines)
                kept += [*lines[done : g.first - 1], f"[… {g.first}"]
                done = g.last
            kept += lines[done:]
            got = rewrite.text.split("\n")
            assert len(got) == len(kept)
            assert all(a == b or (b.startswith("[… ") and IN_PLACE.fullmatch(a) and a.startswith(b)) for a, b in zip(got, kept, strict=True))
            text = ccr.render(rewrite, "0123abcd")
            assert refer(Content(text, call=call), before, Policy()) is None, "what was rewritten is not rewritten again"
        before.append(Seen(ordinal, "Read x", text, blocks[ordinal - 1][0]))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(results())
def test_an_index_that_is_kept_gives_the_same(blocks: list[tuple[str, ToolCall | None]]) -> None:
    index = SpanIndex()
    for position, block in enumerate(sent := read_through(blocks)):
        content = Content(block.original, call=blocks[position][1])
        assert refer(content, index, Policy()) == refer(content, sent[:position], Policy())
        index.add(block)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(results(), st.data())
def test_an_index_of_what_is_wanted_alone_gives_the_same(blocks: list[tuple[str, ToolCall | None]], data: st.DataObject) -> None:
    before = read_through(blocks)
    wanted = data.draw(st.lists(st.integers(0, len(blocks) - 1), min_size=1, max_size=3).map(sorted))
    index = SpanIndex(wanted=[blocks[n][0] for n in wanted])
    done = 0
    for n in wanted:
        for block in before[done:n]:
            index.add(block)
        done = max(done, n)
        content = Content(blocks[n][0], call=blocks[n][1])
        assert refer(content, index, Policy()) == refer(content, before[:n], Policy())


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(alphabet="ab1:\t→[… -⋯\n", max_size=60), max_size=5), st.text(max_size=600))
def test_any_text_is_borne(parts: list[str], other: str) -> None:
    text = "\n".join(parts * 12)
    before = [Seen(1, other[:50], text, text), Seen(2, "", other, text)]
    rewrite = refer(Content(text + "\n" + other * 2, call=SHELL), before, Policy())
    assert rewrite is None or len(rewrite.text) < len(text) + 2 * len(other)


@pytest.mark.parametrize(
    "text",
    [
        "a\n" * 20_000,
        "a\nb\n" * 10_000,
        "\n".join("\n" * 390 + str(i) for i in range(50)),
        "\n".join(f"{i}:" for i in range(20_000)),
        "\n".join("ab"[(i * i * 7 // 5) % 2] for i in range(20_000)),
        "x" * 1_000_000,
        "[… 1:" * 50_000,
    ],
)
def test_work_grows_with_the_text_and_no_faster(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    common = references._common

    def counting(lines: list[str], at: int, others: list[str], place: int, limit: int) -> int:
        nonlocal compared
        length = common(lines, at, others, place, limit)
        compared += length + 1
        return length

    monkeypatch.setattr(references, "_common", counting)
    changed = text.replace("1", "2") + "q"
    for before in ([], [Seen(1, "x", text, text)]):
        refer(Content(changed, call=SHELL), before, Policy())
    assert compared <= 40 * (changed.count("\n") + 1)


@pytest.mark.slow
def test_the_hash_seed_does_not_matter() -> None:
    program = (
        "from pipeline.compressors.references import refer\n"
        "from pipeline.compressors.api import Content, Seen\n"
        "from pipeline.policy import Policy\n"
        "ls = [f'line {i} of a text' for i in range(90)]\n"
        "a, b = '\\n'.join(ls[:70]), '\\n'.join(ls[20:] + ['x'] + ls[:60])\n"
        "print(refer(Content(b), [Seen(1, 'a', a, a), Seen(2, 'b', a, a)], Policy()))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "77")
    }
    assert len(outputs) == 1
    assert b"result" in outputs.pop()
