"""Populations of records, also spread over parents: the few in another state are shown, the rest is counted by state."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import markers
from pipeline.compressors.api import Content
from pipeline.compressors.smart_crusher import SmartCrusher
from pipeline.compressors.smart_crusher.collect import Kind
from pipeline.compressors.smart_crusher.rank import rank
from pipeline.compressors.smart_crusher.table import analyse
from pipeline.policy import Policy, Profile
from pipeline.query import Query

WORDS = "alpha beta gamma delta queue buffer index cursor stream packet handle bucket ledger window".split()


def prose(rng, words):
    return " ".join(rng.choice(WORDS) for _ in range(words))


def jobs(count, seed=0, tasks=0):
    rng = random.Random(seed)
    return [
        {
            "name": f"{rng.choice(WORDS)}-{rng.choice(WORDS)}-{i}",
            "state": "SUCCEEDED",
            "owner": {"team": rng.choice(WORDS[:4]), "mail": f"{rng.choice(WORDS)}{i}@example.com"},
            "definition": prose(rng, 30),
            "tasks": [
                {"step": k, "image": f"registry.example.com/{rng.choice(WORDS)}:{rng.randrange(99)}", "log": prose(rng, 25)} for k in range(tasks)
            ],
        }
        for i in range(count)
    ]


def folders(sizes, tasks=0):
    found = jobs(sum(sizes), tasks=tasks)
    return [{"folder": f"/team/{WORDS[k]}", "jobs": [found.pop(0) for _ in range(size)]} for k, size in enumerate(sizes)]


def crush(value, query, policy=None):
    text = json.dumps(value)
    rewrite = SmartCrusher().compress(Content(text, Query(query)), policy or Policy())
    assert rewrite is not None
    if rewrite.gaps:
        assert len(rewrite.spans) == rewrite.total
        assert all(isinstance(json.loads(text[a:b]), dict) for a, b in rewrite.spans)
        marked = [(int(m[1]), int(m[2] or m[1])) for m in markers.IN_PLACE.finditer(rewrite.text)]
        assert marked == [(g.first, g.last) for g in rewrite.gaps]
    return rewrite, [json.loads(text[a:b]) for a, b in rewrite.spans]


def shown(rewrite, records):
    out = {n for g in rewrite.gaps for n in range(g.first, g.last + 1)}
    return [record for n, record in enumerate(records, 1) if n not in out]


@pytest.mark.parametrize("query", ["Which jobs are broken?", "Did any job fail?", "Anything unusual?"])
def test_the_few_in_another_state_are_shown_whole_with_what_hangs_on_them(query):
    data = folders([20, 25, 15, 18], tasks=3)
    odd = [data[0]["jobs"][7], data[2]["jobs"][3], data[3]["jobs"][11]]
    for job, state in zip(odd, ["RETRYING", "RETRYING", "STOPPED"], strict=True):
        job["state"] = state
    rewrite, records = crush(data, query)
    kept = shown(rewrite, records)
    for job in odd:
        assert job in kept
        assert job["definition"] in rewrite.text
        assert all(task["log"] in rewrite.text for task in job["tasks"])
    assert sum(job["definition"] in rewrite.text for folder in data for job in folder["jobs"]) < 20
    assert "state: SUCCEEDED" in rewrite.text
    assert all(folder["folder"] in rewrite.text for folder in data)


def test_where_a_state_tells_who_is_meant_the_others_are_counted_and_not_named():
    data = jobs(150)
    for i in range(0, 150, 5):
        data[i]["state"] = "RETRYING"
    rewrite, records = crush(data, "Which jobs fail?")
    kept = shown(rewrite, records)
    for job in data:
        assert job in kept or (job["name"] in rewrite.text) == (job["state"] == "RETRYING")
    assert "all by state: SUCCEEDED 120, RETRYING 30" in rewrite.text
    assert sum(job["name"] in rewrite.text for job in data) < 40


def test_records_that_their_items_refer_to_are_shown():
    data = folders([12] * 14)
    for folder in data:
        folder["description"] = prose(random.Random(folder["folder"]), 20)
        for job in folder["jobs"]:
            job["of"] = folder["description"]
    data[3]["jobs"][5]["state"] = "RETRYING"
    rewrite, _ = crush(data, "Which jobs fail?")
    assert "#of its record\tof=description" in rewrite.text
    assert all(rewrite.text.count(folder["description"]) == 1 for folder in data)


def test_records_whose_texts_their_items_fill_in_are_shown():
    data = folders([12] * 14)
    for folder in data:
        said = prose(random.Random(folder["folder"]), 20)
        folder["note"] = f"{said} {{{{ $name }}}}."
        for job in folder["jobs"]:
            job["note"] = f"{said} {job['name']}."
    data[3]["jobs"][5]["state"] = "RETRYING"
    rewrite, _ = crush(data, "Which jobs fail?")
    assert "\tnote~its record's note, {{…}} filled in" in rewrite.text
    assert all(rewrite.text.count(folder["note"].split(" {{")[0]) == 1 for folder in data)


def test_a_short_row_says_the_state_where_it_is_not_the_usual_one():
    data = jobs(150)
    for i in range(0, 150, 5):
        data[i]["state"] = "QUEUED"
    rewrite, records = crush(data, "Please go on.")
    kept = shown(rewrite, records)
    lines = rewrite.text.split("\n")
    assert any(line.startswith("#left out: ") and line.endswith("\tstate=SUCCEEDED") for line in lines)
    for number, record in enumerate(records, 1):
        rows = [line for line in lines if line.startswith(f" {number}\t{record['name']}")]
        if record not in kept and rows:
            assert [row.endswith("\tQUEUED") for row in rows] == [record["state"] == "QUEUED"]
            assert not rows[0].endswith("SUCCEEDED")


@pytest.mark.parametrize("query", ["Please go on.", "How many per team?"])
def test_all_records_are_counted_by_state_and_by_what_is_asked_for(query):
    data = jobs(200)
    for i in range(0, 200, 3):
        data[i]["state"] = "QUEUED"
    rewrite, _ = crush(data, query)
    [line] = [line for line in rewrite.text.split("\n") if line.startswith("#left out: ")]
    assert line.startswith(f"#left out: {rewrite.left_out} of 200 records; all by ")
    assert "; all by state: SUCCEEDED 133, QUEUED 67" in line
    teams = [job["owner"]["team"] for job in data]
    if "team" in query:
        assert all(f"{team} {teams.count(team)}" in line.split("all by owner.team: ")[1].split(";")[0] for team in set(teams))


def test_the_record_that_the_query_names_is_found_at_any_depth():
    data = folders([20, 25, 15, 18], tasks=4)
    job = data[1]["jobs"][9]
    job["tasks"][2]["log"] = "cannot mount volume vol-77f1c2 twice"
    rewrite, _ = crush(data, "Which job mounts vol-77f1c2?")
    assert "vol-77f1c2" in rewrite.text
    assert job["name"] in rewrite.text


def test_one_of_several_named_records_is_not_crowded_out():
    data = jobs(120)
    rewrite, records = crush(data, f"Who owns these: {data[5]['name']}, {data[60]['name']}, {data[111]['name']}?")
    kept = shown(rewrite, records)
    assert all(data[i] in kept for i in (5, 60, 111))


def issues(count):
    rng = random.Random(5)
    return [{"number": 9000 + i, "title": prose(rng, 6), "state": "open", "comments": i % 7, "body": prose(rng, 60)} for i in range(count)]


@pytest.mark.parametrize("profile", [Profile.BALANCED, Profile.AGGRESSIVE])
def test_trouble_in_a_title_is_shown(profile):
    data = issues(120)
    data[57]["title"] = "segfault in the window destructor"
    rewrite, _ = crush(data, "Which issues report a breakage?", Policy(profile=profile))
    assert data[57]["title"] in rewrite.text


@pytest.mark.parametrize("profile", [Profile.BALANCED, Profile.AGGRESSIVE])
def test_the_few_records_with_the_kind_of_trouble_asked_for_are_found_by_their_text(profile):
    data = issues(120)
    for i in range(3, 110, 4):
        data[i]["title"] = f"window {i} export is broken"
    data[57]["body"] = "alpha " * 500 + "then it will crash " + "beta " * 300
    rewrite, _ = crush(data, "Which issues report a crash?", Policy(profile=profile))
    assert markers.gap(58, 58, "cut") in rewrite.text


def test_an_issue_tracker_is_no_trouble():
    data = jobs(100)
    for job in data[::5]:
        job["state"] = "closed"
    closed = {}
    for query in ("Who opened these issues?", "Who opened these broken issues?"):
        rewrite, _ = crush(data, query, Policy(profile=Profile.AGGRESSIVE))
        closed[query] = sum(line.startswith(job["name"]) for job in data[::5] for line in rewrite.text.split("\n"))
    assert closed["Who opened these issues?"] < closed["Who opened these broken issues?"]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=30),
    st.integers(0, 5),
    st.sampled_from(["", "Which jobs failed?", "alpha-beta-3", "the largest step"]),
    st.integers(0, 3),
)
def test_units_and_markers_agree_for_every_nesting(sizes, tasks, query, odd):
    data = folders(sizes[: len(WORDS)], tasks=tasks)
    every = [job for folder in data for job in folder["jobs"]]
    for job in every[:: 7 + odd][:5]:
        job["state"] = "FAILED"
    if odd == 2:
        for job in every[::3]:
            del job["tasks"]
    text = json.dumps(data)
    rewrite = SmartCrusher().compress(Content(text, Query(query)), Policy())
    if rewrite is not None and rewrite.gaps:
        assert len(rewrite.spans) == rewrite.total
        marked = [(int(m[1]), int(m[2] or m[1])) for m in markers.IN_PLACE.finditer(rewrite.text)]
        assert marked == [(g.first, g.last) for g in rewrite.gaps]


@pytest.mark.parametrize("most", [1, 4])
def test_records_in_lists_of_one_and_in_maps_of_lists_are_found_again(most):
    rng = random.Random(most)
    versions = {
        f"2.{i}.1": [
            {"file": f"pkg-2.{i}.{k}.whl", "digest": f"{rng.randrange(16**30):030x}", "text": prose(rng, 60)}
            for k in range(1 if most == 1 else 1 + rng.randrange(most))
        ]
        for i in range(80)
    }
    text = json.dumps({"releases": versions})
    wanted = versions["2.44.1"][0]
    rewrite = SmartCrusher().compress(Content(text, Query(f"What is the digest of {wanted['file']}?")), Policy())
    assert wanted["digest"] in rewrite.text
    assert rewrite.gaps
    found = [text[a:b] for a, b in rewrite.spans]
    if most == 1:
        assert [json.loads(f"{{{one}}}") for one in found] == [{k: v} for k, v in versions.items()]
    else:
        assert len(found) == rewrite.total
    grouped = [{"id": i, "group": [job]} for i, job in enumerate(jobs(80, tasks=1))]
    rewrite, records = crush(grouped, f"Show {grouped[50]['group'][0]['name']}")
    assert records == grouped
    assert grouped[50] in shown(rewrite, records)


def test_long_lists_below_the_only_element_of_a_list_are_numbered():
    rng = random.Random(6)
    data = [
        {"id": i, "one": [{"name": f"n{i}", "events": [{"at": rng.randrange(10**6), "text": prose(rng, 40)} for _ in range(30)]}]} for i in range(5)
    ]
    _, records = crush(data, "Please go on.")
    assert records == [event for one in data for event in one["one"][0]["events"]]


def table_of(records):
    table = analyse(Kind.RECORDS, records)
    assert table is not None
    return table


def orders(states, seed=0, path=("status",)):
    rng = random.Random(seed)
    states = list(states)
    rng.shuffle(states)
    found = []
    for i, state in enumerate(states):
        order = {"order": 50_000 + 7 * i, "customer": f"{rng.choice(WORDS)}.{rng.choice(WORDS)}.{i}", "amount": round(rng.random() * 900, 2)}
        for key in reversed(path):
            state = {key: state}
        found.append({**order, "note": prose(rng, 12), **state})
    return found


def kept_in(records, query, state, path=("status",)):
    def state_of(record):
        for key in path:
            record = record[key]
        return record

    rewrite, found = crush(records, query)
    kept = shown(rewrite, found)
    odd = [record for record in records if state_of(record) == state]
    assert odd
    return rewrite, [record for record in odd if record in kept]


USUALS = [["sent", "paid", "delivered"], ["open", "held", "packed", "sent", "paid"], ["a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8"]]


@pytest.mark.parametrize("query", ["Any orders in an unusual status?", "Any orders with problems?", "Anything odd?", "List the orders by status."])
@pytest.mark.parametrize("usual", USUALS, ids=len)
def test_a_rare_state_beside_several_usual_ones_is_shown(usual, query):
    records = orders(usual * (160 // len(usual)) + ["chargeback"])
    _, kept = kept_in(records, query, "chargeback")
    assert len(kept) == 1


@pytest.mark.parametrize("path", [("state",), ("_source", "status"), ("phase",), ("http", "status")])
def test_a_rare_state_is_shown_wherever_it_stands(path):
    odd, usual = (500, [200, 201, 204]) if path[0] == "http" else ("disputed by bank", ["sent", "paid", "packed"])
    records = orders(usual * 40 + [odd] * 2, path=path)
    _, kept = kept_in(records, "Is any in an unusual state?", odd, path=path)
    assert len(kept) == 2


def test_the_rarest_state_goes_before_others_that_few_are_in():
    records = orders(["sent"] * 110 + ["paid"] * 60 + ["packed"] * 30 + ["chargeback"])
    _, kept = kept_in(records, "Any orders with problems?", "chargeback")
    assert len(kept) == 1


def test_where_one_state_tells_who_is_meant_what_is_rare_of_another_does_not():
    alerts = [
        {**o, "severity": s}
        for o, s in zip(orders(["inactive"] * 90 + ["firing"] * 12), [*["warning", "critical"] * 50, "info", "none"], strict=True)
    ]
    ranking = rank(table_of(alerts), Query("Which alerts report problems?"))
    assert {alerts[i]["status"] for i, p in enumerate(ranking.priority) if p > 120} == {"firing"}


@pytest.mark.parametrize(
    "states", [[f"s{k}" for k in range(12)] * 12, ["a", "b", "c"] * 40 + ["d", "e", "f"] * 7, ["a"] * 60 + ["b"] * 50 + ["c"] * 10]
)
def test_where_no_state_is_rare_none_is_shown_for_it(states):
    ranking = rank(table_of(orders(states)), Query("Anything unusual?"))
    assert sum(priority >= 130 for priority in ranking.priority) == 0


@pytest.mark.parametrize(
    ("column", "query"),
    [
        ("IPAddress", "What address does it have?"),
        ("IPAddress", "What IP address does it have?"),
        ("DBInstanceClass", "Of which instance class is it?"),
        ("EBSOptimized", "Which are optimized?"),
        ("hostIP", "On which host is it?"),
        ("MACAddress", "Which MAC address?"),
    ],
)
def test_a_column_whose_name_begins_or_ends_with_an_abbreviation_is_named_by_its_words(column, query):
    records = [{"name": f"{WORDS[i]}-{i}", column: f"10.0.0.{i}", "size": i * i, "created": "today", "owner": WORDS[-i]} for i in range(12)]
    assert rank(table_of(records), Query(query)).asked == [column]


@pytest.mark.parametrize("name", ["/shop_db_1", "shop-db", "db.internal", "db", "prod/db-0"])
@pytest.mark.parametrize("query", ["What address does the db container have?", "And that of DB?"])
def test_a_record_is_named_by_a_short_part_of_its_name(name, query):
    records = orders(["up"] * 40)
    for record in records:
        record["name"] = record.pop("customer")
    records[21]["name"] = name
    rewrite, found = crush(records, query)
    assert records[21] in shown(rewrite, found)


@pytest.mark.parametrize("query", ["Is it up or so?", "What is in it, and is it on or off?", "Which of us may do it?"])
def test_what_joins_the_words_of_a_question_is_no_name(query):
    records = [
        {"name": f"{'plug-in.on' if i == 21 else 'or_it-us' if i == 17 else 'item'}-{i}", "note": prose(random.Random(i), 9)} for i in range(40)
    ]
    ranking = rank(table_of(records), Query(query))
    assert max(ranking.priority[17], ranking.priority[21]) < 60
