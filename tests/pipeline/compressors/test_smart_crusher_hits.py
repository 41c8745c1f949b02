"""Answers of a code search: asked files whole, of other hits the place, or the place and one line."""

from __future__ import annotations

import json
import random

import pytest

from pipeline import markers
from pipeline.compressors.api import Content
from pipeline.compressors.smart_crusher import SmartCrusher
from pipeline.policy import Policy, Profile
from pipeline.query import Query

WORDS = "alpha beta gamma delta queue buffer index cursor stream packet handle bucket ledger window".split()


def code(rng):
    return f"{rng.choice(WORDS)}_{rng.choice(WORDS)} = open_{rng.choice(WORDS)}({rng.choice(WORDS)}, {rng.randrange(900)});"


def hits(count=90, files=9, seed=0, snippet=True):
    rng = random.Random(seed)
    found = []
    for file in range(files):
        line = 0
        for _ in range(count // files):
            line += rng.randrange(1, 300)
            match = code(rng)
            hit = {"repository": "acme/store", "path": f"src/{WORDS[file]}.c", "line": line, "match": match}
            hit["url"] = f"https://code.example.com/acme/store/blob/main/src/{WORDS[file]}.c#L{line}"
            if snippet:
                hit["snippet"] = "\n".join([*(code(rng) for _ in range(4)), "    " + match, *(code(rng) for _ in range(4))])
            found.append(hit)
    return found


def search(found, query, policy=None, wrap=None):
    text = json.dumps(found if wrap is None else wrap(found), indent=1)
    rewrite = SmartCrusher().compress(Content(text, Query(query, "open_queue OR open_buffer")), policy or Policy())
    assert rewrite is not None
    if rewrite.gaps:
        assert [json.loads(text[a:b]) for a, b in rewrite.spans] == found
        marked = [(int(m[1]), int(m[2] or m[1])) for m in markers.IN_PLACE.finditer(rewrite.text)]
        assert marked == [(g.first, g.last) for g in rewrite.gaps]
    return rewrite


def left_out(rewrite):
    return {n for g in rewrite.gaps for n in range(g.first, g.last + 1)}


@pytest.mark.parametrize("wrap", [None, lambda h: {"total_count": 90, "items": h}], ids=["list", "page"])
def test_hits_of_the_file_asked_for_are_whole_and_the_others_keep_their_places(wrap):
    found = hits()
    rewrite = search(found, "What does gamma.c open, and for what?", wrap=wrap)
    out = left_out(rewrite)
    for number, hit in enumerate(found, 1):
        if hit["path"] == "src/gamma.c":
            assert number not in out
            assert json.dumps(hit["snippet"]) in rewrite.text
            assert hit["url"] in rewrite.text
        else:
            assert number in out
            [line] = [one for one in rewrite.text.split("\n") if f"\t{hit['path']}:" in one]
            assert str(hit["line"]) in line.rsplit(":", 1)[1].split(",")
    assert len(rewrite.text) < 0.15 * len(json.dumps(found))
    assert "file and line of 80 of them shown" in rewrite.summary


def test_where_no_file_is_named_every_hit_keeps_a_line():
    found = hits()
    rewrite = search(found, "Please go on.")
    assert len(left_out(rewrite)) == 90
    at = rewrite.text.split("\n")
    for hit in found:
        assert f" {hit['line']}\t{hit['match']}" in at
    assert all(f"10 hits in src/{w}.c]" in rewrite.text for w in WORDS[:9])


def test_a_hit_that_names_what_is_asked_for_is_whole():
    found = hits()
    found[40]["snippet"] += "\n  closeTheOddOne();"
    for query in ("Where is closeTheOddOne called?", "Where is closeTheOddOne called, and what does gamma.c open?"):
        rewrite = search(found, query)
        assert 41 not in left_out(rewrite)
        assert "closeTheOddOne();" in rewrite.text


def test_without_a_match_the_line_that_was_sought_stands_for_a_snippet():
    found = hits()
    for hit in found:
        del hit["match"]
        hit["snippet"] = hit["snippet"].replace("open_", "read_")
        lines = hit["snippet"].split("\n")
        lines[3] = "  if (open_queue(1)) {"
        hit["snippet"] = "\n".join(lines)
    rewrite = search(found, "Please go on.")
    assert rewrite.text.count("\tif (open_queue(1)) { …") == 90


def test_hits_without_snippets_are_shown_up_to_ten_a_file():
    found = hits(count=200, files=4, snippet=False)
    for hit in found:
        del hit["url"]
    rewrite = search(found, "Please go on.", Policy(profile=Profile.AGGRESSIVE))
    out = left_out(rewrite)
    assert len(out) == 160
    for hit in found:
        assert str(hit["line"]) in rewrite.text


def test_files_of_several_repositories_are_told_apart():
    found = hits()
    for i, hit in enumerate(found):
        hit["repository"] = "acme/store" if i % 2 else "acme/fork"
    rewrite = search(found, "What does gamma.c open?")
    assert "\tacme/fork src/alpha.c:" in rewrite.text
    assert "\tacme/store src/alpha.c:" in rewrite.text


def test_a_column_that_says_more_stays_beside_the_line():
    found = hits()
    for i, hit in enumerate(found):
        hit["function"] = f"do_{WORDS[i % 7]}_{i % 3}"
    rewrite = search(found, "Please go on.")
    for hit in found:
        assert f" {hit['line']}\t{hit['function']}\t{hit['match']}" in rewrite.text.split("\n")


def test_matches_of_ripgrep_as_json_lines():
    found = []
    for hit in hits():
        path = {"text": hit["path"]}
        if not found or found[-1]["data"]["path"] != path:
            found.append({"type": "begin", "data": {"path": path}})
        data = {"path": path, "lines": {"text": hit["snippet"]}, "line_number": hit["line"], "submatches": [{"start": 1}]}
        found.append({"type": "match", "data": data})
    found.append({"type": "summary", "data": {"elapsed_total": {"human": "0.003s"}, "stats": {"searches": 9, "matches": 90}}})
    text = "\n".join(map(json.dumps, found)) + "\n"
    rewrite = SmartCrusher().compress(Content(text, Query("What does gamma.c open?")), Policy())
    out = left_out(rewrite)
    assert [i for i, r in enumerate(found, 1) if r["data"].get("path", {}).get("text") == "src/gamma.c" and i in out] == []
    assert len(found) not in out
    assert [json.loads(text[a:b]) for a, b in rewrite.spans] == found
    assert "20 hits and 2 other records in 2 files]" in rewrite.text


@pytest.mark.parametrize(
    "column",
    ["message", "severity", "rule_id", "issue_severity", "errorMessage", "error-level", "RuleID", "ruleid", "check_name", "test_id", "hints"],
)
@pytest.mark.parametrize("query", ["What does gamma.c open?", "Please go on."])
def test_findings_are_no_hits(column, query):
    found = hits()
    for i, hit in enumerate(found):
        hit[column] = WORDS[i % 5]
    rewrite = search(found, query)
    assert ("file, line" in rewrite.summary or "file and line" in rewrite.summary) == (column == "hints")


@pytest.mark.parametrize("wrapped", ["message", "code"])
def test_what_has_a_message_in_an_object_or_codes_of_rules_is_a_finding(wrapped):
    found = hits()
    for i, hit in enumerate(found):
        hit[wrapped] = {"text": f"{WORDS[i % 5]} {i}"} if wrapped == "message" else ["E501", "W291", "TS2304"][i % 3]
    assert "file, line" not in search(found, "Please go on.").summary


@pytest.mark.parametrize("query", ["Fix the high severity findings.", "Fix what it reports.", "Which problems are severe?"])
def test_of_findings_that_matter_the_text_is_kept(query):
    found = [
        {
            "code": f"{i} def f{i}(x):\n{i + 1}     assert x == {i}, x\n",
            "filename": f"./src/mod{i // 5}.py",
            "issue_severity": "HIGH" if i in {37, 88} else "LOW",
            "issue_text": f"a shell is started with what came from outside, in f{i}"
            if i in {37, 88}
            else "an assertion goes where code is optimised",
            "line_number": i + 1,
            "test_id": "B602" if i in {37, 88} else "B101",
        }
        for i in range(120)
    ]
    assert all(found[i]["issue_text"] in search(found, query).text for i in (37, 88))


def test_what_stands_between_line_and_text_is_named():
    found = hits()
    for i, hit in enumerate(found):
        hit.update(function=f"do_{WORDS[i % 7]}_{i % 3}", language=["rust", "zig"][i % 2])
    rewrite = search(found, "Please go on.")
    assert "; indented: line, function, language, one line of the text" in rewrite.text
    assert "file, line, function, language and one line of text of 90 of them shown" in rewrite.summary
    for hit in found:
        assert f" {hit['line']}\t{hit['function']}\t{hit['language']}\t{hit['match']}" in rewrite.text.split("\n")


def test_nothing_is_left_out_of_hits_where_that_is_not_allowed():
    assert search(hits(), "What does gamma.c open?", Policy(profile=Profile.LOSSLESS)).gaps == ()


@pytest.mark.parametrize(
    "odd", [{"path": None}, {"line": None}, {"line": "12"}, {"path": ""}, {"path": "a]b\nc.c"}, {"snippet": "x" * 9000}, {"match": None}]
)
def test_odd_hits(odd):
    found = hits()
    found[7].update(odd)
    for query in ("Please go on.", "What does gamma.c open?"):
        search(found, query)


def ripgrep(matches, context=0, files=6, count=8, seed=3):
    """What ``rg --json`` prints, with lines in which one of the texts was found."""
    rng = random.Random(seed)
    events = []
    for file in range(files):
        path = {"text": f"./src/{WORDS[file]}.py"}
        events.append({"type": "begin", "data": {"path": path}})
        for n in range(count):
            before, after, found = f"    {code(rng)} ", f"({rng.choice(WORDS)}={rng.randrange(900)})\n", matches[n % len(matches)]
            at = {"path": path, "line_number": 40 * n + 7, "absolute_offset": 900 * n}
            match = {"match": {"text": found}, "start": len(before), "end": len(before) + len(found)}
            events.append({"type": "match", "data": {**at, "lines": {"text": before + found + after}, "submatches": [match]}})
            for k in range(context):
                lines = {"lines": {"text": f"    {code(rng)}\n"}, "line_number": 40 * n + 8 + k}
                events.append({"type": "context", "data": {**at, **lines, "submatches": []}})
        events.append({"type": "end", "data": {"path": path, "binary_offset": None, "stats": {"bytes_searched": 9000 + file, "matches": count}}})
    return events


def lines_shown(events, query="Where is it used?"):
    text = "\n".join(map(json.dumps, events))
    rewrite = SmartCrusher().compress(Content(text, Query(query, "rg --json")), Policy())
    assert rewrite is not None
    return rewrite.text, [e["data"]["lines"]["text"].strip() for e in events if e["type"] == "match"]


@pytest.mark.parametrize(
    "matches", [["ThreadPoolExecutor"], ["open", "close"], ["open", "openat", "open_memory"], [f"open_{w}" for w in WORDS]], ids=len
)
def test_of_a_hit_the_line_is_shown_and_not_what_the_pattern_matched_in_it(matches):
    text, lines = lines_shown(ripgrep(matches))
    assert all(line in text for line in lines)


def test_what_all_hits_have_in_common_is_not_said_of_each():
    events = ripgrep(["ThreadPoolExecutor"])
    rng = random.Random(5)
    for event in events:
        if event["type"] == "match":
            event["data"]["digest"] = f"{rng.getrandbits(512):0128x}"
    text, lines = lines_shown(events)
    assert [row.split("\t")[1:] for row in text.split("\n") if row.startswith(" ")] == [[line] for line in lines]


def test_a_line_found_is_shown_and_not_the_lines_around_it():
    found = [{**h, "context": h["snippet"]} for h in hits()]
    for one in found:
        del one["snippet"]
    rewrite = search(found, "Please go on.")
    assert all(f" {hit['line']}\t{hit['match']}" in rewrite.text.split("\n") for hit in found)


def test_of_a_fragment_the_line_that_holds_the_match_is_shown():
    found = [{**h, "fragment": h["snippet"], "match": f"open_{h['match'].split('open_')[1].split('(')[0]}"} for h in hits(count=60, files=6)]
    for one in found:
        del one["snippet"]
    rewrite = search(found, "Where is it opened?")
    rows = [line for line in rewrite.text.split("\n") if line.startswith(" ")]
    assert len(rows) == 60
    assert all(row.split("\t")[1] != hit["match"] and "=" in row for row, hit in zip(rows, found, strict=True))
