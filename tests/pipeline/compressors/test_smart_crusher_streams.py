"""JSON values of several lines, one below the other, as ``jq '.items[]'`` and ``kubectl get -w -o json`` print them."""

from __future__ import annotations

import json
import random
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import markers
from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.smart_crusher import SmartCrusher
from pipeline.compressors.smart_crusher.parse import Document, Refused, documents, looks_like_document
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from tests.cpu import cpu_seconds
from tests.pipeline.compressors.test_smart_crusher_lossless import decode

LOSSLESS = Policy(profile=Profile.LOSSLESS)
S = SmartCrusher()


def pods(count: int, seed: int = 1) -> list[dict[str, object]]:
    draw = random.Random(seed)
    return [
        {
            "name": f"pod-{i}",
            "status": "Running",
            "restarts": draw.randrange(3),
            "node": f"node-{draw.randrange(10**6)}",
            "conditions": [{"type": kind, "since": f"2024-05-01T10:{draw.randrange(60):02}:00Z"} for kind in ("Ready", "Scheduled")],
            "note": {"text": f"as {draw.random()} was {draw.random()}"},
        }
        for i in range(count)
    ]


def stream(values: list[object] | list[dict[str, object]], between: str = "\n", indent: int | str = 2) -> str:
    return between.join(json.dumps(value, indent=indent) for value in values)


def compress(text: str, query: str = "", policy: Policy | None = None) -> Rewrite:
    rewrite = S.compress(Content(text, Query(query)), policy or Policy())
    assert rewrite is not None
    marked = [(int(m[1]), int(m[2] or m[1])) for m in markers.IN_PLACE.finditer(rewrite.text)]
    assert marked == [(g.first, g.last) for g in rewrite.gaps]
    return rewrite


@pytest.mark.parametrize("between", ["\n", "\r\n", "\n\n", "\n  \n\t"])
@pytest.mark.parametrize("count", [40, 300])
@pytest.mark.parametrize("indent", [2, "\t", 0])
def test_values_are_records_and_numbered(between: str, count: int, indent: int | str) -> None:
    rows = pods(count)
    rows[count // 2]["status"] = "CrashLoopBackOff"
    text = stream(rows, between, indent) + "\n"
    assert not looks_like_document(text)
    assert S.recognise(Content(text)) == 0.9
    rewrite = compress(text, "which pod is not well?")
    assert rewrite.total == count
    assert [json.loads(text[a:b]) for a, b in rewrite.spans] == rows
    assert f"pod-{count // 2}\t" in rewrite.text
    assert "CrashLoopBackOff" in rewrite.text


@pytest.mark.parametrize(
    "values",
    [
        pods(12),
        [{**pod, "log": [{"at": i * i, "line": f"{pod['name']} said {i * 7919} times " * 3} for i in range(12)]} for pod in pods(12)],
        [[pod, pod] for pod in pods(12)],
        [[1, 2], {"a": [3] * 600}, [], {}, [{"b": None}]],
        [{"name": "a", "items": pods(20)}, {"name": "b", "items": pods(20, 2)}, {"name": "c", "items": []}],
    ],
    ids=["records", "long lists", "lists", "unlike", "lists within"],
)
@pytest.mark.parametrize("policy", [LOSSLESS, Policy()], ids=["lossless", "balanced"])
def test_no_value_is_lost(values: list[object], policy: Policy) -> None:
    text = stream(values)
    rewrite = compress(text, policy=policy)
    head, said, rest = rewrite.text.partition("#values one below the other, here in a list\n")
    assert (head, bool(said)) == ("", True)
    if not rewrite.gaps:
        assert decode(rest) == json.loads(json.dumps(values), parse_int=str.encode, parse_float=str.encode)


def test_what_stands_around_stays_as_it_was() -> None:
    text = stream(pods(60))
    broken = text[: text.rindex('"restarts"')]
    for before, after in (("$ jq '.items[]' pods.json\n", "\nerror: the server was gone\n"), ("", "\n$ "), ("watching\n\n", "\n{ no JSON }\n{\n")):
        rewrite = compress(before + text + after, policy=LOSSLESS)
        assert rewrite.text.startswith(before + "#values ")
        assert rewrite.text.endswith("#end\n" + after)
    rewrite = compress(broken, policy=LOSSLESS)
    assert rewrite.text.endswith(broken[broken.rindex('{\n  "name"') :])
    assert "pod-58\t" in rewrite.text


def test_a_value_that_does_not_end_its_line_is_text() -> None:
    text = stream(pods(60)) + " and so on"
    [document] = documents(text)
    assert document.end == text.rindex('\n{\n  "name"')


@pytest.mark.parametrize(
    "text", [stream(pods(2)), stream([{"a": i} for i in range(9)]), "\n".join(map(json.dumps, pods(90)))], ids=["two", "short", "lines"]
)
def test_few_small_ones_and_json_lines_are_none(text: str) -> None:
    assert not any(d.stream for d in documents(text))


def test_a_long_document_is_one() -> None:
    text = json.dumps({"items": pods(200), "text": "}\n{ ]\n["}, indent=2)
    assert looks_like_document(text)
    assert S.recognise(Content(text)) == 1.0


def test_what_led_to_trouble_is_kept_as_of_json_lines() -> None:
    draw = random.Random(2)
    events = [{"PRIORITY": "6", "MESSAGE": f"GET /item/{draw.randrange(10**5)} took {draw.randrange(90)} ms", "_PID": "900"} for _ in range(300)]
    said = ["opening the ledger", "page 7 is not as it was written", "giving up", "fatal: the ledger is corrupt"]
    events[200:200] = [{"PRIORITY": "6", "MESSAGE": line, "_PID": "900"} for line in said]
    rewrite = compress(stream(events, indent="\t"), "why did it stop?")
    assert rewrite.left_out > 200
    assert all(line in rewrite.text for line in said)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(["{", "}", "[", "]", "\n", "\n", ",", '"a":', "1", ' "b"', "  ", *(json.dumps(pod, indent=2) for pod in pods(6))]),
        max_size=40,
    )
)
def test_whatever_stands_there_the_source_agrees_with_the_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    with suppress(Refused):
        for document in documents(text):
            if document.stream:
                assert_agrees(document, text)


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 30), st.integers(0, 3), st.sampled_from(["", "x\n", "\n\n", "{}\n"]), st.sampled_from(["", "\n", "\n{", "\n[1", " \n]"]))
def test_the_source_of_any_stream_agrees_with_the_text(count: int, seed: int, before: str, after: str) -> None:
    text = before + stream(pods(count, seed)) + after
    [document] = [d for d in documents(text) if d.stream]
    assert_agrees(document, text)
    assert document.value == json.loads(json.dumps(pods(count, seed)), parse_int=str.encode)


def assert_agrees(document: Document, text: str) -> None:
    """But for brackets and for commas in the place of white space."""
    within = document.source[1:-1]
    assert len(within) == document.end - document.start
    assert all(a == b or (a == "," and b in "\r\n \t") for a, b in zip(within, text[document.start : document.end], strict=True))
    assert json.loads(document.source) == json.loads(json.dumps(json.loads(document.source)))
    assert len(json.loads(document.source)) == len(document.value)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "{\n}\n" * 250_000,
        "{\n" * 500_000,
        "[\n1]\n{" * 150_000,
        "{\n}\n\n" * 3 + " \n" * 500_000 + "x",
        stream(pods(3000)) + "\n{",
        "}\n" * 300_000 + "}",
        ("{\n}" + " " * 999 + "\n") * 900,
    ],
    ids=["empty", "open", "broken", "blank", "long", "closed", "padded"],
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    assert cpu_seconds(lambda: (S.recognise(Content(text)), S.compress(Content(text), Policy()))) < 10
