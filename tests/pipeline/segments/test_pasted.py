"""What is plainly data in a user's text, and what is not."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.smart_crusher.parse import scan
from pipeline.router import _plainly
from pipeline.segments import documents, machine_made, pasted
from pipeline.segments.sentences import alike, narrated, sentence
from pipeline.segments.tags import tagged
from tests.cpu import cpu_seconds

LOG = "\n".join(
    f"2026-01-02T03:{n // 60:02d}:{n % 60:02d}Z {'ERROR' if n % 41 == 0 else 'INFO'} svc order id={n * 17} took {n % 90} ms" for n in range(300)
)
ROWS = [{"id": n, "name": f"item-{n}", "state": "open" if n % 9 else "failed", "owner": {"login": f"u{n % 4}"}} for n in range(120)]
JSON = json.dumps(ROWS, indent=2)
RECORDS = "\n".join(json.dumps(row) for row in ROWS)
CSV = "id,name,state,count\n" + "\n".join(f"{n},item-{n},{'open' if n % 9 else 'failed'},{n * 7}" for n in range(400))
SEARCH = "\n".join(f"src/mod_{f}/file_{f}.py:{h * 3 + 1}:    value = compute({f}, {h})" for f in range(9) for h in range(30))
TABLE = "NAMESPACE   NAME              READY   STATUS    RESTARTS\n" + "\n".join(
    f"default     worker-{n:04d}       1/1     {'Running' if n % 9 else 'Failed ':7}   {n % 7}" for n in range(150)
)
DIFF = "".join(
    f"diff --git a/src/f{n}.py b/src/f{n}.py\nindex 1234567..89abcde 100644\n--- a/src/f{n}.py\n+++ b/src/f{n}.py\n@@ -1,7 +1,7 @@\n"
    + "".join(f" line {k} of the file\n" for k in range(3))
    + f"-old value {n}\n+new value {n}\n"
    + "".join(f" line {k} of the file\n" for k in range(4, 7))
    for n in range(40)
).removesuffix("\n")
BUILD = (
    "============================= test session starts ==============================\nplatform linux -- Python 3.11.2, pytest-8.3.4\n"
    + "\n".join(f"tests/unit/test_module_{n}.py::test_case_{n} PASSED                    [ {n // 2:2d}%]" for n in range(200))
    + "\ntests/unit/test_last.py::test_that FAILED\n=================== 1 failed, 200 passed in 3.21s ===================="
)
DATA = {"log": LOG, "json": JSON, "records": RECORDS, "csv": CSV, "search": SEARCH, "table": TABLE, "diff": DIFF, "build": BUILD}

SAID = "Our orders have been slow since the release of last Tuesday, and nobody in the team knows why."
PROSE = "\n\n".join(f"{SAID} In week {n} we looked at the replicas and at the cache, but found that neither was the cause of it." for n in range(60))
SOURCE = "\n".join(
    f"def compute_{n}(order: Order, *, limit: int = {n}) -> Result:\n    for line in order.lines:\n        if line.total > limit:\n"
    f"            return Result(line, reason='limit {n}')\n    return Result(None)\n"
    for n in range(80)
)
MARKDOWN = "# How to deploy\n\n" + "\n".join(f"- Step {n}: run `deploy --stage {n}` and wait for the *green* light\n" for n in range(120))
TABLE_OF_WORDS = "| Option | Meaning |\n|---|---|\n" + "\n".join(f"| `--opt-{n}` | What happens in the case of option {n} |" for n in range(90))
GRID = "\n".join(
    f"+-----------+{'-' * 60}+\n| Group {n:3d} | `one_{n} <https://example.org/{n}>`_, `two_{n} <https://example.org/{n}>`_{' ' * 9}|"
    for n in range(60)
)
MINUTES = "\n".join(
    f"10:{n:02d}:00 {who} said that we should {verb} the {what} before anything else happens to {n} of us"
    for n, (who, verb, what) in enumerate((a, b, c) for a in ("Ann", "Bob", "Cid") for b in ("move", "stop", "keep", "sell") for c in "abcde")
)
REVIEW = "\n".join(
    f"src/app/file_{w}.py:{n}: I would rather call this {w} than {v}, as {v} says nothing to whoever reads {w} first"
    for n, (w, v) in enumerate(
        (a, b) for a in ("order", "ledger", "cache", "shard", "queue", "batch") for b in ("thing", "stuff", "data", "item", "value", "part")
    )
)
SETTINGS = json.dumps(
    {"compilerOptions": {f"option{n}": bool(n % 2) for n in range(80)}, "lib": {f"path{n}": [f"./lib/{n}"] for n in range(80)}}, indent=2
)
MESSAGES = json.dumps([{"role": "user", "content": f"{SAID} This is message {n} of our long conversation about it."} for n in range(60)], indent=1)
WORDS = {
    "prose": PROSE,
    "source": SOURCE,
    "markdown": MARKDOWN,
    "a table of words": TABLE_OF_WORDS,
    "a grid of links": GRID,
    "minutes": MINUTES,
    "a review": REVIEW,
    "settings": SETTINGS,
    "messages": MESSAGES,
}


def rest(text: str, found) -> list[str]:
    lines = text.split("\n")
    own = {n for part in found.parts for n in range(part.first, part.last + 1)} - {n for part in found.parts for n in part.kept}
    return [line for n, line in enumerate(lines, 1) if n not in own]


@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
@pytest.mark.parametrize(
    "form", ["{0}\n\n{1}", "{1}\n\n{0}", "{0}\n{1}\n{0}", "{0}\n```\n{1}\n```\nThank you for looking into it.", "<log>\n{1}\n</log>\n{0}"]
)
def test_data_is_found_beside_words_and_the_words_are_not_part_of_it(data, form):
    text = form.format(SAID, data)
    found = pasted(text, _plainly)
    left = rest(text, found)
    assert sum(map(len, left)) < 0.2 * len(text)
    assert left.count(SAID) == text.split("\n").count(SAID)
    assert SAID in found.said


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("form", ["{0}\n\n{1}", "{1}", "{0}\n```\n{1}\n```"])
def test_what_people_wrote_is_no_data(words, form):
    assert len(words) > 4000
    assert not pasted(form.format(SAID, words), _plainly).parts
    assert not pasted(form.format(SAID, words), machine_made).parts


@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
def test_what_stands_between_tags_of_agents_is_theirs(data):
    for tag in ("system-reminder", "environment_context", "session", "INSTRUCTIONS", "bash-stdout"):
        assert not pasted(f"<{tag}>\n{data}\n</{tag}>\n{SAID}", _plainly).parts
        assert not pasted(f"See <system-reminder>{data}", _plainly).parts
    assert not pasted(f"```python\n{data}\n```", _plainly).parts


def test_data_that_is_less_than_the_text_says_is_an_example():
    assert pasted(f"{LOG}\n\n{PROSE[: len(LOG) // 2]}", _plainly).parts
    assert not pasted(f"{LOG}\n\n{PROSE}\n\n{PROSE}\n\n{PROSE}", _plainly).parts


@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
def test_a_sentence_amidst_data_is_no_part_of_it_or_stays(data):
    lines = data.split("\n")
    middle = len(lines) // 2
    text = "\n".join([*lines[:middle], SAID, *lines[middle:]])
    assert SAID in rest(text, pasted(text, _plainly))


def test_the_lines_beside_words_stay():
    first, *_, last = LOG.split("\n")
    left = rest(f"{SAID}\n{LOG}\n{SAID}", pasted(f"{SAID}\n{LOG}\n{SAID}", _plainly))
    assert first in left
    assert last in left
    fenced = f"{SAID}\n```\n{LOG}\n```\n"
    assert first not in rest(fenced, pasted(fenced, _plainly))


def test_a_page_is_data_where_it_says_that_it_was_published():
    page = (
        "<!doctype html>\n<html><head>{0}</head>\n<body>\n" + "".join(f"<p class='c{n}'>paragraph {n}</p>\n" for n in range(300)) + "</body>\n</html>"
    )
    found = pasted(f"{SAID}\n\n" + page.replace("{0}", '<link rel="canonical" href="https://example.org/a">'), _plainly).parts
    assert [(p.kind, p.address) for p in found] == [("page", "https://example.org/a")]
    for head in ("", '<link rel="canonical" href="{{ url }}">', '<link rel="canonical" href="https://example.org/a"><?php ?>'):
        assert not pasted(f"{SAID}\n\n" + page.replace("{0}", head), _plainly).parts


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Please look at this.", True),
        ("warum?", False),
        ("und warum nicht?", True),
        ("- it fails on Tuesdays", True),
        ("どうして失敗しますか", True),
        ("  at com.example.Main.run(Main.java:12)", False),
        ("10:11:12 the server went away", False),
        ("src/a.py:12: this is not right at all", False),
        ("worker-1    Running    all is well", False),
        ('  "license": "MIT",', False),
        ("", False),
    ],
)
def test_sentences(line, expected):
    assert sentence(line) is expected


def test_narrated_and_alike():
    assert narrated(MINUTES.split("\n"))
    assert not narrated(LOG.split("\n"))
    assert alike([f"Connection error: pool(host='nginx', port={n}): Max retries exceeded with url: / for the {n}. time" for n in range(9)])
    assert not alike(PROSE.split("\n\n")[:3])


@pytest.mark.parametrize(
    "hostile",
    [
        "```\n" * 20_000,
        "```x\n~~~~y\n" * 20_000,
        "<html\n" * 50_000,
        "<a-b>\n" * 50_000,
        "<a-b></a-b>" * 20_000,
        "[\n" * 50_000,
        '{"a": [\n' * 30_000,
        '["' + "x" * 500_000,
        "a" * 1_000_000,
        " " * 500_000 + "x",
        "a " * 300_000,
        "--- a\n" * 50_000,
        "12:00:00 " * 100_000,
        "\n" * 300_000,
        ("x" * 300 + "\n\nsee it go\n") * 3_000,
    ],
    ids=range(15),
)
def test_hostile_texts_end_soon(hostile):
    # Work is bounded by construction; were any of these quadratic, this would take minutes.
    pasted(hostile, machine_made)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["<html></html>", "<b></b>", "<ul><li></li></ul>"])
def test_tags_take_time_by_their_number(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        return cpu_seconds(lambda: list(tagged(text, [text])), 2)

    assert seconds(400_000) < 24 * max(seconds(50_000), 0.005)


def test_what_is_no_document_is_not_read_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def counting(text: str, at: int) -> tuple[object, int]:
        nonlocal read
        value, end = scan(text, at)
        read += end - at
        return value, end

    monkeypatch.setattr(documents, "scan", counting)
    rows = ",\n".join(json.dumps(row) for row in ROWS)
    text = "[\n" * 90 + rows + "\n" + "]" * 90 + " and so on"
    assert "json" not in [p.kind for p in pasted(text, machine_made).parts]
    assert len(text) < read < 12 * len(text)
    read = 0
    assert [p.kind for p in pasted("\n".join(f"[{n}, " + '{"a": 1}] and so on' for n in range(90)) + "\n\n" + JSON, machine_made).parts] == ["json"]


words = st.sampled_from(
    [
        SAID,
        "Can you tell me why?",
        "Danke für die Hilfe dabei!",
        "1. first I started the server\n2. then it went away",
        "## What I did\n\nnothing at all",
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(words, st.sampled_from([*DATA.values(), *WORDS.values()]), st.sampled_from(["\n", "\n\n", "\n```\n"])), min_size=1, max_size=4)
)
def test_no_sentence_is_ever_part_of_data(pieces):
    text = ""
    for said, data, between in pieces:
        closing = "\n```" if "`" in between else ""
        text += f"{said}{between}{data}{closing}{between.replace('```', '')}"
    found = pasted(text, _plainly)
    left = "\n".join(rest(text, found))
    for said, _, _ in pieces:
        for line in said.split("\n"):
            assert len(re.findall(re.escape(line), left)) >= sum(line in s for s, _, _ in pieces) or not found.parts
    spans = [(p.first, p.last) for p in found.parts]
    assert all(a <= b for a, b in spans)
    assert all(b < c for (_, b), (c, _) in zip(spans, spans[1:], strict=False))
    assert found == pasted(text, _plainly)
