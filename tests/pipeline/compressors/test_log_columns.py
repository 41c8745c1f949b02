"""The loss-free form of a log: a decoder gives every text back, and what stands out can still be read in it."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Content
from pipeline.compressors.log import LogCompressor
from pipeline.compressors.log.columns import ROWS, encode, with_end
from pipeline.compressors.log.shapes import matched_lines, mine
from pipeline.policy import Policy, Profile
from pipeline.query import Query

LOSSLESS = Policy(profile=Profile.LOSSLESS)


class Slots:
    """A template as it is read: its text cut at slots and references, and what its slots held last."""

    def __init__(self, text: str, slot: str) -> None:
        self.parts = re.split(rf"({re.escape(slot)}|\{{\d{{1,3}}\}})", text)
        self.slot = slot
        self.count = self.parts.count(slot)
        self.last = [""] * self.count

    def fill(self, front: str, values: Sequence[str]) -> str:
        at = 0
        line = front
        for part in self.parts:
            if part == self.slot:
                self.last[at] = value_of(self.last[at], values[at])
                line += self.last[at]
                at += 1
            elif re.fullmatch(r"\{\d{1,3}\}", part):
                line += line.split(" ")[int(part[1:-1]) - 1]
            else:
                line += part
        return line


class Literal(Slots):
    """A template of a text in which ``{2}`` is text."""

    def __init__(self, text: str, slot: str) -> None:
        super().__init__("", slot)
        self.parts = re.split(f"({re.escape(slot)})", text)
        self.count = self.parts.count(slot)
        self.last = [""] * self.count

    def fill(self, front: str, values: Sequence[str]) -> str:
        for at, value in enumerate(values):
            self.last[at] = value_of(self.last[at], value)
        rest = iter(self.last)
        return front + "".join(next(rest) if part == self.slot else part for part in self.parts)


def value_of(before: str, written: str) -> str:
    if written == '"':
        return before
    if written.startswith("\\"):
        return written[1:]
    if written[:1] < "\x80" and not written[:1].isalnum():
        changed = with_end(before, written)
        assert changed is not None
        return changed
    return written


def decode(text: str, *, references: bool = True) -> list[str]:
    kind = Slots if references else Literal
    lines = text.split("\n")
    slot = re.search(r"values for (.) in", lines[0])[1]  # type: ignore[index]
    end = lines.index(ROWS)
    header = kind("", slot)
    templates: dict[str, tuple[bool, Slots]] = {}
    for line in lines[1:end]:
        if line.startswith("@ "):
            header = kind(line[2:], slot)
        else:
            name = re.match("[A-Z]+", line)[0]  # type: ignore[index]
            templates[name] = line[len(name)] == "@", kind(line[len(name) + 1 :], slot)
    out = []
    for row in lines[end + 1 :]:
        if row.startswith("\\"):
            out.append(row[1:])
        elif row.startswith("| "):
            *values, rest = row[2:].split(" ", header.count)
            out.append(header.fill("", values) + rest)
        else:
            name, *values = row.split(" ")
            under, template = templates[name]
            front = header.fill("", values[: header.count]) if under else ""
            out.append(template.fill(front, values[header.count :] if under else values))
    return out


def encoded(lines: list[str], apart: Sequence[int] | None = None, groups: Sequence[int] | None = None) -> str | None:
    if groups is None:
        groups = mine(matched_lines(lines), [False] * len(lines)).shape_of
    return encode(lines, groups, apart or [0] * len(lines))


def check(lines: list[str], apart: Sequence[int] | None = None, groups: Sequence[int] | None = None) -> str:
    text = encoded(lines, apart, groups)
    assert text is not None
    assert decode(text, references=not any(re.search(r"\{\d{1,3}\}", line) for line in lines)) == lines
    return text


def service_log(n: int = 300) -> list[str]:
    rng = random.Random(5)
    lines = []
    for i in range(n):
        stamp = f"2024-03-05T01:{i // 60 % 60:02}:{i % 60:02}.{i * 37 % 1000:03}Z"
        user = rng.choice(["anna", "bo", "chris", "dora", "emil"])
        lines.append(
            [
                f"{stamp} INFO  orders - order {rng.randrange(10**6)} of {user} accepted from 10.0.{i % 9}.{i % 250}:{rng.randrange(1000, 60000)}",
                f"{stamp} DEBUG cache  - key user:{user} found, mail to {user}@example.com later",
                f"{stamp} INFO  http   - GET /items/{i} 200 in {20 + i % 9} ms",
            ][rng.randrange(3)]
        )
    return lines


def test_rows_are_short_and_come_back():
    lines = service_log()
    text = check(lines)
    assert len(text) < 0.4 * sum(map(len, lines))


def test_the_form_is_the_one_described():
    lines = [
        f"2024-03-05 10:00:{s} INFO  order {n} for {u} ok, {u} told"
        for s, n, u in (("07", 1712, "anna"), ("09", 1718, "anna"), ("09", 1718, "berta"))
    ]
    lines += [line.replace(":00:", ":01:") for line in lines] + ["2024-03-05 10:02:00 ERROR down", "", "at the end"]
    text = encoded(lines, groups=[0] * 6 + [1, 2, 3])
    assert text is not None
    assert text.split("\n")[1:] == [
        "@ 2024-03-05 10:*",
        "A@ INFO  order * for * ok, {8} told",
        "#rows",
        "A 00:07 1712 anna",
        'A :09 1718 "',
        'A " " berta',
        "A 01:07 1712 anna",
        'A :09 1718 "',
        'A " " berta',
        "| 02:00  ERROR down",
        "\\",
        "\\at the end",
    ]


def test_a_line_apart_is_written_out():
    lines = service_log()
    apart = [0] * len(lines)
    apart[20] = 1
    text = check(lines, apart)
    row = text.split("\n")[-len(lines) :][20]
    assert row.startswith("| ")
    assert row.endswith(lines[20][24:])


def test_a_word_that_stands_again_is_named():
    lines = [f"- {1_700_000_000 + i} node-{i * 7 % 50:03} Nov 9 12:10:{i % 60:02} daemon@node-{i * 7 % 50:03} tick {i}" for i in range(60)]
    assert "daemon@{3} tick" in check(lines)


def test_text_that_looks_like_the_form_comes_back():
    lines = [f'A@ {{2}} | " \\x :0{i % 3} {i} * ¤ #rows' for i in range(30)] + ["#rows", "@ x *", '" "', "\\", "| a", "A b"]
    check(lines)


def test_no_free_sign_gives_none():
    assert encoded(["* ¤ § † ◊"] * 20) is None


def test_the_compressor_uses_it_where_nothing_may_go():
    lines = service_log()
    lines[150] = "2024-03-05T01:02:30.550Z ERROR db     - connection to db-3 lost"
    for policy in (LOSSLESS, Policy(elide=False)):
        for end in ("", "\n"):
            rewrite = LogCompressor().compress(Content("\n".join(lines) + end, Query.of("which errors?", None)), policy)
            assert rewrite is not None
            assert not rewrite.gaps
            assert rewrite.total == len(lines)
            assert rewrite.text.endswith(end)
            assert decode(rewrite.text.removesuffix(end)) == lines
            assert "ERROR db     - connection to db-3 lost" in rewrite.text


def test_errors_asked_for_are_all_written_out():
    lines = service_log()
    lines[10:200:4] = [f"2024-03-05T01:02:30.{i}Z ERROR db     - query {i * 37 % 1000} of {'xyz'[i % 3]} timed out" for i in range(100, 148)]
    for question, least in (("which errors?", 48), ("what about anna?", 0)):
        rewrite = LogCompressor().compress(Content("\n".join(lines), Query.of(question, None)), LOSSLESS)
        assert rewrite is not None
        assert decode(rewrite.text) == lines
        whole = sum(line[24:] in rewrite.text for line in lines[10:200:4])
        assert whole == 48 if least else 0 < whole < 24


def test_it_is_not_used_for_less_than_a_tenth():
    rng = random.Random(1)
    lines = [" ".join("".join(rng.choices("abcdefghij", k=6)) for _ in range(rng.randrange(5, 12))) for _ in range(200)]
    assert LogCompressor().compress(Content("\n".join(lines)), LOSSLESS) is None


WORDS = st.one_of(
    st.text(max_size=6),
    st.text('"\\:,|@*{}. -07aé\r\t', max_size=8),
    st.sampled_from(
        ["10:00:07", "2024-03-05", '"', "\\", ":09", "{2}", "|", "@", "", "10.0.3.9:80", "node-7", "daemon@node-7", "1700000000", "#rows", "A@"]
    ),
    st.integers(0, 10**7).map(str),
)
PATTERNS = st.lists(st.one_of(WORDS, st.none()), max_size=7)


@st.composite
def logs(draw: st.DrawFn) -> list[str]:
    """Lines from a few patterns with words put in, so that there are templates."""
    patterns = draw(st.lists(PATTERNS, min_size=1, max_size=4))
    pool = draw(st.lists(WORDS, min_size=1, max_size=6))
    rng = random.Random(draw(st.integers(0, 2**32)))
    stamped = draw(st.booleans())
    lines = []
    for i in range(draw(st.integers(1, 40))):
        words = [rng.choice(pool) if w is None else w for w in rng.choice(patterns)]
        if stamped and rng.random() < 0.9:
            words.insert(0, f"2024-03-05 10:{i // 6:02}:{i * 7 % 60:02}")
        lines.append(" ".join(words))
    return "\n".join(lines).split("\n")


@settings(max_examples=200, deadline=None)
@given(logs(), st.integers(0, 2**40))
def test_any_log_comes_back(lines: list[str], seed: int):
    rng = random.Random(seed)
    apart = [int(rng.random() < 0.1) for _ in lines]
    groups = None if seed % 2 else [rng.randrange(3) for _ in lines]
    if encoded(lines, apart, groups) is not None:
        check(lines, apart, groups)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=50), min_size=1, max_size=40), st.integers(1, 4))
def test_any_text_comes_back(lines: list[str], times: int):
    lines = "\n".join(lines * times).split("\n")
    if encoded(lines) is not None:
        check(lines)


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "a" * 2_000_000,
        "\n".join(["x y z"] * 20 + ["1 " * 1_000_000]),
        "\n".join(f"{'a:' * 1900}{i}" for i in range(400)),
        "\n".join(" ".join(f"w{i * 7919 % (n + 2)}" for n in range(290)) for i in range(2000)),
        "\n".join(f"2024-03-05 10:00:00 {i:x}" for i in range(60_000)),
        "\n" * 300_000,
    ],
    ids=lambda text: repr(text[:12]) + str(len(text)),
)
def test_hostile_text_ends(text: str):
    """Quadratic behaviour on any of these would take minutes; the deadline only has to tell the two apart."""
    lines = text.split("\n")
    assert decode(encode(lines, [0] * len(lines), bytearray(len(lines))) or "") == lines
