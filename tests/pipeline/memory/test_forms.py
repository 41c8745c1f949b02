"""Forms stand for the compressors where they say the same, or hide nothing that is asked."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.cli.samples import SAMPLES
from headroom_wrap.demo import samples
from pipeline import cache_aligner, ccr
from pipeline.cache_aligner import Alignment, Job, Task
from pipeline.compressors.api import Content, Seen
from pipeline.memory import forms
from pipeline.outcome import REWRITTEN, Outcome, Reason
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.router import route
from pipeline.store.api import Decision
from pipeline.tool_calls import describe
from tests.memory_store import MemoryStore

LOG = samples.log(320)
GREP = "\n".join(f"billing/handlers_{n:02d}.py:{k * 3 + 2}:    return round_amount(order.total, {k})" for n in range(30) for k in range(12))
CONTENTS = {
    **{name: content for name, make in SAMPLES.items() if len((content := make()).text) >= forms.LEAST_CHARS},
    "long log": Content(LOG, call=describe("c", "Bash", {"command": "cat app.log"}, {})),
    "hits": Content(GREP, call=describe("c", "Bash", {"command": "rg -n round_amount"}, {})),
    "records": Content(samples.issues(60), call=describe("c", "Bash", {"command": "gh issue list --json"}, {})),
}


def asking(content: Content, text: str) -> Content:
    return replace(content, query=Query.of(text, content.call))


def task(content: Content, form: Decision | None = None) -> Task:
    return Task(0, "0" * 32, "block:0", content, Seen(1, "Bash: x", content.text, content.text), form=form)


def run(content: Content, policy: Policy, form: Decision | None = None, before: tuple[Seen, ...] = ()) -> Outcome:
    (outcome,) = cache_aligner.run(Job(policy, before, (replace(task(content, form), seen=Seen(9, "x", content.text, content.text)),)))
    return outcome


def kept(content: Content, policy: Policy) -> tuple[Outcome, Decision | None]:
    outcome = route(content, (), policy)
    return outcome, forms.kept(forms.key_of(content, policy), content, outcome)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The compressors that are asked, by name, as they are."""
    from pipeline import router

    asked: list[str] = []
    real = router.compressors

    def compressors():  # type: ignore[no-untyped-def]
        asked.append("asked")
        return real()

    monkeypatch.setattr(router, "compressors", compressors)
    return asked


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("name", CONTENTS)
def test_for_the_same_question_a_form_is_what_the_compressors_would_say(name: str, profile: Profile, counted: list[str]) -> None:
    policy = Policy(profile=profile)
    content = asking(CONTENTS[name], "Which invoice failed, and why?")
    fresh, form = kept(content, policy)
    if form is None:
        assert fresh.text is None or fresh.compressor.startswith("references")
        return
    counted.clear()
    again = run(content, policy, form)
    assert (again.text, again.compressor, again.tokens_before, again.tokens_after) == (
        *(fresh.text, fresh.compressor),
        *(fresh.tokens_before, fresh.tokens_after),
    )
    assert again.reason is Reason.RECALLED
    assert counted == [], "no compressor was looked for"
    alignment = Alignment(("0" * 32,), {}, (), Job(policy, (), (task(content),)))
    assert cache_aligner.settle(MemoryStore(), alignment, [again])[0].text == fresh.text


def _words(text: str) -> list[str]:
    return sorted(set(re.findall(r"[\w/.-]{4,40}", text)))


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(CONTENTS)), st.sampled_from(list(Profile)), st.data())
def test_for_another_question_a_form_hides_nothing_that_it_names(name: str, profile: Profile, data: st.DataObject) -> None:
    policy = Policy(profile=profile)
    words = _words(CONTENTS[name].text)
    questions = [" ".join(data.draw(st.lists(st.sampled_from(words), max_size=3))) for _ in range(2)]
    _, form = kept(asking(CONTENTS[name], f"Look at {questions[0]}"), policy)
    content = asking(CONTENTS[name], f"What of {questions[1]}")
    outcome = run(content, policy, form)
    fresh = route(content, (), policy)
    if outcome.reason is not Reason.RECALLED:
        assert outcome == fresh, "nothing is reused by halves"
        return
    assert outcome.text is not None
    assert outcome.rewrite is not None
    if outcome.text == fresh.text or not outcome.rewrite.gaps:
        return
    out = _left_out(outcome, content)
    for entity in content.query.entities:
        whole = re.compile(rf"(?<!\w){re.escape(entity)}(?!\w)")
        assert not (sum(map(bool, map(whole.search, _units(outcome, content)))) <= 10 and any(map(whole.search, out))), entity
    for word in content.query.words:
        holding = [unit for unit in _units(outcome, content) if word in unit.lower()]
        assert not (len(holding) <= 10 and any(word in unit.lower() for unit in out)), word


def _units(outcome: Outcome, content: Content) -> list[str]:
    assert outcome.rewrite is not None
    return [content.text[a:b] for a, b in outcome.rewrite.spans] or content.lines


def _left_out(outcome: Outcome, content: Content) -> list[str]:
    assert outcome.rewrite is not None
    return [unit for gap in outcome.rewrite.gaps for unit in _units(outcome, content)[gap.first - 1 : gap.last]]


def test_the_property_above_sees_forms_that_are_reused_and_forms_that_are_not() -> None:
    _, form = kept(asking(CONTENTS["long log"], "Look around."), Policy())
    assert run(asking(CONTENTS["long log"], "Look elsewhere, please."), Policy(), form).reason is Reason.RECALLED
    assert form is not None
    hidden = _left_out(route(asking(CONTENTS["long log"], "Look around."), (), Policy()), CONTENTS["long log"])
    name = next(word for line in hidden for word in re.findall(r"request_id=(\w+)", line))
    fresh = run(asking(CONTENTS["long log"], f"What of {name}?"), Policy(), form)
    assert fresh.reason is Reason.COMPRESSED
    assert name in (fresh.text or "")


@pytest.mark.parametrize("question", ["Is anything unusual in there?", "Which are the slowest?", "Show every line.", "What went wrong?"])
def test_a_question_for_another_kind_of_unit_is_answered_anew(question: str) -> None:
    _, form = kept(asking(CONTENTS["long log"], "Look around."), Policy())
    content = asking(CONTENTS["long log"], question)
    assert run(content, Policy(), form) == route(content, (), Policy())


def test_a_form_that_kept_most_for_its_question_is_given_to_no_other() -> None:
    named = " ".join(re.findall(r"request_id=(\w+)", LOG)[:150])
    first, form = kept(asking(CONTENTS["long log"], f"Compare {named}"), Policy())
    assert form is None or first.tokens_after > first.tokens_before / 2
    again = run(asking(CONTENTS["long log"], "Look around."), Policy(), form)
    assert again.reason is Reason.COMPRESSED
    assert again.tokens_after < first.tokens_before / 2


def test_what_refers_to_its_transcript_is_no_form_and_goes_before_one() -> None:
    content = asking(CONTENTS["hits"], "go")
    _, form = kept(content, Policy())
    before = Seen(1, "Bash: rg", content.text, content.text)
    outcome = run(content, Policy(), form, (before,))
    assert outcome.compressor == "references"
    assert forms.kept(forms.key_of(content, Policy()), content, outcome) is None


def test_a_line_break_at_the_end_that_an_agent_cuts_off_is_no_difference() -> None:
    with_break, without = (asking(replace(CONTENTS["long log"], text=LOG.rstrip("\n") + end), "go") for end in ("\n", ""))
    assert forms.key_of(with_break, Policy()) == forms.key_of(without, Policy())
    for one, other in ((with_break, without), (without, with_break)):
        _, form = kept(one, Policy())
        recalled, fresh = run(other, Policy(), form), route(other, (), Policy())
        assert recalled.reason is Reason.RECALLED
        assert ccr.render(replace(recalled.rewrite, total=0), "") == ccr.render(replace(fresh.rewrite, total=0), "")
        assert recalled.handle == ccr.handle_of(other.text)


def test_agents_that_call_the_same_command_by_other_names_share_forms() -> None:
    claude = describe("1", "Bash", {"command": "cat app.log", "description": "Show the log"}, {})
    codex = describe("2", "exec_command", {"cmd": "cat app.log", "workdir": "/p"}, {})
    assert forms.key_of(Content(LOG, call=claude), Policy()) == forms.key_of(Content(LOG, call=codex), Policy())


def test_two_worktrees_share_forms_of_files_in_them() -> None:
    keys = {
        forms.key_of(Content(LOG, call=describe("1", "Read", {"file_path": f"{top}/a/x.log"}, {})), Policy(workspace=top)) for top in ("/w/1", "/w/2")
    }
    assert len(keys) == 1


OTHERS = {
    "text": (replace(CONTENTS["long log"], text=LOG + "more"), Policy(), 0),
    "failure": (replace(CONTENTS["long log"], is_error=True), Policy(), 0),
    "command": (replace(CONTENTS["long log"], call=describe("c", "Bash", {"command": "cat b.log"}, {})), Policy(), 0),
    "no call": (replace(CONTENTS["long log"], call=None), Policy(), 0),
    "profile": (CONTENTS["long log"], Policy(profile=Profile.AGGRESSIVE), 0),
    "floor": (CONTENTS["long log"], Policy(floor_tokens=300), 0),
    "disabled": (CONTENTS["long log"], Policy(disabled=frozenset({"log"})), 0),
    "elide": (CONTENTS["long log"], Policy(elide=False), 0),
    "model": (CONTENTS["long log"], Policy(kompress_model="other"), 0),
    "retrieved once": (CONTENTS["long log"], Policy(), 1),
    "foreign": (
        replace(CONTENTS["long log"], call=describe("c", "Bash", {"command": "cat /usr/lib/app.log"}, {})),
        Policy(workspace="/usr/lib"),
        0,
    ),
}


def test_all_that_an_answer_depends_on_is_in_the_key() -> None:
    keys = {name: forms.key_of(*given) for name, given in OTHERS.items()} | {"as it was": forms.key_of(CONTENTS["long log"], Policy())}
    assert len(set(keys.values())) == len(OTHERS) + 1
    assert forms.key_of(CONTENTS["long log"], Policy(), 2) == forms.key_of(CONTENTS["long log"], Policy(), 7)
    assert forms.key_of(Content("short"), Policy()) == ""


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"name": 1}', "no json"])
def test_what_another_version_wrote_is_no_form(text: str | None) -> None:
    assert forms.read(Decision("form:0", text, "compressed")) is None
    content = asking(CONTENTS["long log"], "go")
    assert run(content, Policy(), Decision("form:0", text, "compressed")) == route(content, (), Policy())


def test_lone_surrogates_survive() -> None:
    content = asking(replace(CONTENTS["long log"], text=LOG + "\n\udcff"), "go")
    _, form = kept(content, Policy())
    assert run(content, Policy(), form).text == route(content, (), Policy()).text


def test_a_job_gets_the_forms_on_record_and_keeps_those_that_are_not() -> None:
    store, policy = MemoryStore(), Policy()
    content = asking(CONTENTS["long log"], "go")
    reasons = []
    for n in range(3):
        job = Job(policy, (), (replace(task(content), key=f"{n:032x}"),))
        keys = cache_aligner.form_keys(job)
        found = store.decisions(list(keys.values()))
        alignment = Alignment((f"{n:032x}",), {}, (), job)
        outcomes = list(cache_aligner.run(cache_aligner.with_forms(job, keys, found)))
        decided = cache_aligner.settle(store, alignment, outcomes)
        store.freeze(cache_aligner.new_forms(job, outcomes, {i: k for i, k in keys.items() if k not in found}))
        reasons.append(decided[0].reason)
        assert decided[0].reason in REWRITTEN
    assert reasons == ["compressed", "compressed before", "compressed before"]
    assert sum(key.startswith(forms.PREFIX) for key in store.frozen) == 1
