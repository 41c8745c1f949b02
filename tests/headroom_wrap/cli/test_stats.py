"""``headroom stats`` and ``headroom receipt`` over a store."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import time

import pytest
from click.testing import CliRunner

from headroom_wrap import config, state
from headroom_wrap.cli import receipt_command, stats
from headroom_wrap.errors import UserError
from pipeline.feedback import records
from pipeline.feedback.evidence import Subject, Tally
from pipeline.feedback.records import Origin
from pipeline.policy import Step
from pipeline.store.api import Receipt
from pipeline.transcript import ToolKind
from pipeline.usage import Usage

DAY = 86_400.0
EXPIRED = {"cause": "expired", "again": 9000, "again_cost": 0.1}


def receipt(name, age, cost, **changes):
    base = {"session": "0199-aa", "agent": "claude", "model": "claude-opus-4-8", "project": "/p", "usage": Usage(10, 20, 0, 70, 5)}
    without = None if cost is None else cost * 1.5
    return Receipt(message_id=name, time=time.time() - age, cost=cost, cost_without=without, **{**base, **changes})


@pytest.fixture(autouse=True)
def _store():
    store = state.open_store(config.load(config.surroundings()))
    for r in (
        receipt("m1", 0, 1.0, removed_new=500, compressors=(("log", 400), ("json", 100)), reasons=(("compressed", 2),), cause="first write"),
        receipt("m2", 0, 0.5, **EXPIRED),
        receipt("m3", 40 * DAY, 4.0, session="0199-bb", agent="codex", model="gpt-6.1-sol", project="/q", compressors=(("log", 9),)),
        receipt("m4", 0, None, session="02", model="unheard-of"),
    ):
        store.add_receipt(r)
    store.close()


def told(command, *arguments):
    result = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def rows(command, *arguments):
    return list(csv.DictReader(io.StringIO(told(command, *arguments))))


def test_all_of_it():
    lines = told(stats.command).splitlines()
    assert lines[1].split()[:5] == ["all", "4", "$5.50", "~$8.25", "~$2.75"]
    assert "by compressor: log ~409, json ~100" in lines
    assert "paid again where the provider's cache was missed: expired 9.0k ($0.10)" in lines
    assert lines[-1] == "not in these sums, because their price is not known: unheard-of"


def test_a_hit_that_is_not_full_is_not_called_so():
    with contextlib.closing(state.open_store(config.load(config.surroundings()))) as store:
        store.add_receipt(receipt("m5", 0, 1.0, project="/r", usage=Usage(4, 0, 0, 996, 5)))
    row = next(line for line in told(stats.command, "--by", "project").splitlines() if line.startswith("/r"))
    assert row.split()[-1] == "99%"


def test_as_json():
    found = json.loads(told(stats.command, "--json"))
    assert (found["total"]["responses"], found["saved"]) == (4, 2.75)
    assert [cause["name"] for cause in found["causes"]] == ["expired", "first write"]


def test_where_it_is_gentler():
    evidence = {Subject("log", ToolKind.SHELL, Step.LARGE, "kubectl"): Tally(9, 9, 9, 900, 900, 1000, 9000)}
    store = state.open_store(config.load(config.surroundings()))
    now = time.time()
    store.remember([records.row(Origin(name, "claude", folder), "s", "c", evidence, now) for name, folder in (("git-1", "/p"), ("git-2", "/q"))])
    store.close()
    said = "gentler, because it was asked for again too often: log, output of commands (`kubectl`) in "
    assert f"{said}/p; log, output of commands (`kubectl`) in /q" in told(stats.command).splitlines()
    assert f"{said}/p" in told(stats.command, "--project", "/p").splitlines()
    (found,) = json.loads(told(stats.command, "--json", "--project", "/q"))["asked_again"]
    assert (found["project"], found["asked_again"], found["sent"], found["step"]) == ("/q", 9, 9, "lossless")


@pytest.mark.parametrize(("since", "responses"), [("today", 3), ("week", 3), ("30", 3), ("41", 4), ("0.5", 3)])
def test_since(since, responses):
    assert json.loads(told(stats.command, "--json", "--since", since))["total"]["responses"] == responses


@pytest.mark.parametrize("since", ["-1", "yesterday", "nan", "1e9"])
def test_no_time(since):
    assert CliRunner().invoke(stats.command, ["--since", since]).exit_code == 2


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("agent", ["codex", "claude"]),
        ("model", ["gpt-6.1-sol", "claude-opus-4-8", "unheard-of"]),
        ("project", ["/q", "/p"]),
        ("session", ["0199-bb", "0199-aa", "02"]),
    ],
)
def test_by_name_the_costliest_first(group, names):
    assert [row["name"] for row in rows(stats.command, "--by", group, "--csv")] == names
    assert [row["name"] for row in json.loads(told(stats.command, "--by", group, "--json"))] == names
    assert [line.split()[0] for line in told(stats.command, "--by", group).splitlines()[1:]] == names


def test_by_day_and_week_in_order():
    days = rows(stats.command, "--csv")
    assert [row["name"] for row in days] == sorted(row["name"] for row in days)
    assert [row["responses"] for row in days] == ["1", "3"]
    assert float(days[1]["saved"]) == 0.75
    assert days[1]["cache_read"] == "210"
    assert len(rows(stats.command, "--by", "week", "--csv")) == 2
    assert rows(stats.command, "--by", "day", "--csv", "--project", "/q")[0]["name"] == days[0]["name"]


def test_by_compressor_and_cause():
    assert rows(stats.command, "--by", "compressor", "--csv") == [
        {"name": "log", "tokens_left_out": "409"},
        {"name": "json", "tokens_left_out": "100"},
    ]
    assert json.loads(told(stats.command, "--by", "compressor", "--json", "--since", "1"))[0] == {"name": "log", "tokens_left_out": 400}
    assert told(stats.command, "--by", "compressor").startswith("log ")
    causes = {row["name"]: row for row in rows(stats.command, "--by", "cause", "--csv")}
    assert (causes["expired"]["again"], causes["expired"]["again_cost"]) == ("9000", "0.1")


def test_nothing_yet():
    for more in ([], ["--by", "day"], ["--by", "compressor"]):
        assert "No session has been recorded yet" in told(stats.command, "--project", "/none", *more)
    assert json.loads(told(stats.command, "--project", "/none", "--json"))["total"]["responses"] == 0


@pytest.mark.parametrize("command", [stats.command, receipt_command.command])
def test_one_form_at_a_time(command):
    given = ["--json", "--csv"] if command is stats.command else ["02", "--json", "--csv"]
    assert CliRunner().invoke(command, given).exit_code == 2


def test_a_session_in_words():
    said = told(receipt_command.command, "0199-a")
    assert said.startswith("Session 0199-aa: 2 responses, claude-opus-4-8\n")
    assert "Cost $1.50 at list price; without Headroom ~$2.25." in said
    assert "  Cache, expired: 1 response, 20 tokens written; 9.0k of them were there before and were paid again, $0.10 more.\n" in said
    assert "  Cache, first write: 1 response, 20 tokens written.\n" in said


def test_a_session_response_by_response():
    found = rows(receipt_command.command, "0199-aa", "--csv")
    assert {row["message_id"]: row["cause"] for row in found} == {"m1": "first write", "m2": "expired"}
    assert json.loads(told(receipt_command.command, "02", "--json"))[0]["cost"] is None
    assert set(json.loads(told(receipt_command.command, "02", "--json"))[0]) == set(found[0])


@pytest.mark.parametrize(("session", "said"), [("0199", "2 sessions begin with 0199"), ("nope", "No session nope"), ("", "No session")])
def test_no_such_session(session, said):
    with pytest.raises(UserError, match=said):
        CliRunner().invoke(receipt_command.command, [session], catch_exceptions=False)


def test_sessions_are_held_against_the_agents_transcripts():
    assert told(stats.command, "--reconcile") == "0 of 0 sessions reconcile with the agents' transcripts to the token; 3 without a transcript.\n"
    assert "There is no transcript of the agent's to reconcile with." in told(receipt_command.command, "0199-aa")
    assert CliRunner().invoke(stats.command, ["--reconcile", "--csv"]).exit_code == 2
