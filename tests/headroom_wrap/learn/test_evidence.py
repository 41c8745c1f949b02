"""What many sessions make sure, and what they do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.learn.evidence import DAY, KEEPS_FIRM, KEEPS_SOFT, findings
from headroom_wrap.learn.findings import Evidence, Kind, Lesson, Mined, Observation, OnPath, Outcome

NOW = 1_760_000_000.0


def at(day: float, project: str = "/p", session: str = "") -> Evidence:
    return Evidence(NOW - day * DAY, project, "claude", session or f"s{day}-{project}", "c")


def python(day: float, right: str = "python3", project: str = "/p", machine: bool = True, firm: bool = True) -> Mined:
    slots = {"wrong": "python", "right": right}
    seen = Observation(Kind.COMMAND, "python", Lesson.USE_PROGRAM, slots, at(day, project), (OnPath(right),), firm, machine, ("runs:python",), 100)
    return Mined(f"{day}{project}{right}", (seen,))


def runs(day: float, project: str = "/p") -> Mined:
    return Mined(f"runs{day}{project}", (), (Outcome("runs:python", at(day, project)),))


def moved(day: float, right: str) -> Mined:
    seen = Observation(Kind.PATH, "a.py", Lesson.PATH_IS_AT, {"wrong": "a.py", "right": right}, at(day), firm=True, refuted_by=("exists:a.py",))
    return Mined(f"{day}{right}", (seen,))


def told(*mined: Mined, project: str | None = None) -> list[str]:
    return [f.slots["right"] for f in findings(mined, NOW, project)]


def test_a_firm_observation_stands_alone() -> None:
    (found,) = findings([python(1)], NOW)
    assert (found.slots, found.sessions, found.wasted_tokens, found.project) == ({"wrong": "python", "right": "python3"}, 1, 100, "")
    assert found.premise == (OnPath("python3"),)


def test_a_soft_one_needs_a_second_session() -> None:
    assert told(python(1, firm=False)) == []
    assert told(python(1, firm=False), python(2, firm=False)) == ["python3"]


def test_one_session_in_parts_is_one_session() -> None:
    one = python(1, firm=False)
    assert told(one, Mined("part 2", one.observations)) == []


def test_a_session_read_again_counts_once() -> None:
    (found,) = findings([python(1), python(1)], NOW)
    assert found.wasted_tokens == 100


def test_what_is_of_the_machine_is_told_in_every_project() -> None:
    assert told(python(1, project="/p"), project="/q") == ["python3"]
    assert told(python(1, project="/p", machine=False), project="/q") == []
    assert findings([python(1, machine=False)], NOW)[0].project == "/p"


def test_a_project_has_its_own_word() -> None:
    both = (python(2, project="/p"), python(1, "uv run python", machine=False, project="/p"))
    assert told(*both, project="/p") == ["uv run python"]
    assert told(*both, project="/q") == ["python3"]


def test_what_worked_later_contradicts() -> None:
    assert told(python(5), runs(3)) == []
    (found,) = findings([python(9), python(1), python(0.5), runs(3)], NOW)
    assert [e.session for e in found.contradicted] == ["s3-/p"]


def test_what_worked_before_does_not() -> None:
    assert told(python(5), runs(8)) == ["python3"]


def test_two_contradictions_need_more_than_two_sessions() -> None:
    assert told(python(9), runs(8), runs(7), python(2), python(1)) == []
    assert told(python(9), runs(8), runs(7), python(3), python(2), python(1)) == ["python3"]


def test_what_happens_in_another_project_contradicts_only_what_is_of_the_machine() -> None:
    assert told(python(5, machine=False), runs(3, "/other")) == ["python3"]
    assert told(python(5), runs(3, "/other")) == []


@pytest.mark.parametrize(("firm", "keeps"), [(True, KEEPS_FIRM), (False, KEEPS_SOFT)])
def test_stale(firm: bool, keeps: float) -> None:
    days = keeps / DAY
    assert told(python(days - 2, firm=firm), python(days - 1, firm=firm)) == ["python3"]
    assert told(python(days + 2, firm=firm), python(days + 1, firm=firm)) == []


def test_later_and_more_often_weighs_more() -> None:
    (old,), (new,) = findings([python(40)], NOW), findings([python(1)], NOW)
    (often,) = findings([python(1), python(2), python(3)], NOW)
    assert old.weight < new.weight < often.weight


def test_of_two_answers_the_one_that_more_sessions_bear_out() -> None:
    assert told(python(5), python(1, "pypy3"), python(4)) == ["python3"]
    assert told(python(5), python(1, "pypy3")) == ["pypy3"], "borne out alike: the later one"


def test_of_two_places_borne_out_alike_none() -> None:
    assert told(moved(2, "a/a.py"), moved(1, "b/a.py")) == []
    assert told(moved(2, "a/a.py"), moved(1, "b/a.py"), moved(3, "a/a.py")) == ["a/a.py"]


def test_a_path_is_told_when_it_was_guessed_twice() -> None:
    assert told(moved(2, "a/a.py")) == []
    assert told(moved(2, "a/a.py"), moved(1, "a/a.py")) == ["a/a.py"]


def prefers(day: float, wrong: str, right: str) -> Mined:
    seen = Observation(Kind.CORRECTION, wrong, Lesson.PREFERS, {"wrong": wrong, "right": right}, at(day), firm=True)
    return Mined(f"{day}{wrong}", (seen,))


def fact(day: float, command: str) -> Mined:
    return Mined(f"{day}{command}", (Observation(Kind.FACT, "test_command", Lesson.TEST_COMMAND, {"command": command}, at(day)),))


def test_the_users_later_word_counts() -> None:
    assert told(prefers(3, "npm", "pnpm"), prefers(1, "pnpm", "npm")) == ["npm"]


def test_no_fact_tells_to_do_what_the_user_rejected() -> None:
    assert told(prefers(3, "npm", "pnpm")) == ["pnpm"]
    found = findings([prefers(3, "npm", "pnpm"), fact(2, "npm test"), fact(1, "npm test")], NOW)
    assert [f.lesson for f in found] == [Lesson.PREFERS]
    assert [f.lesson for f in findings([fact(2, "npm test"), fact(1, "npm test")], NOW)] == [Lesson.TEST_COMMAND]


def test_what_is_of_the_machine_gives_way_to_the_users_word_in_a_project() -> None:
    both = (python(2), prefers(1, "python3", "uv run python"))
    assert told(*both, project="/p") == ["uv run python"]
    assert told(*both, project="/q") == ["python3"]


def test_a_time_that_is_unknown_is_not_stale() -> None:
    one = python(1)
    unknown = Observation(
        **{f: getattr(one.observations[0], f) for f in one.observations[0].__struct_fields__} | {"evidence": Evidence(0, "/p", "x", "s", "c")}
    )
    assert told(Mined("k", (unknown,))) == ["python3"]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            python, st.integers(0, 200), st.sampled_from(("python3", "pypy3", "uv")), st.sampled_from(("/p", "/q")), st.booleans(), st.booleans()
        )
        | st.builds(runs, st.integers(0, 200)),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_order_makes_no_difference(mined: list[Mined], random) -> None:
    shuffled = list({m.key: m for m in mined}.values())
    expected = findings(shuffled, NOW)
    random.shuffle(shuffled)
    assert [(f.id, f.project, f.evidence, f.contradicted, f.weight) for f in findings(shuffled, NOW)] == [
        (f.id, f.project, f.evidence, f.contradicted, f.weight) for f in expected
    ]


def needs(day: float, command: str, refuted_by: tuple[str, ...] = ()) -> Mined:
    """A session in which ``command``, its subcommand and its program each need an option, as the miners tell it."""
    words = command.split()
    seen = tuple(
        Observation(Kind.COMMAND, name, Lesson.ADD_OPTION, {"command": name, "option": "-n shop"}, at(day), refuted_by=refuted_by)
        for name in dict.fromkeys((command, " ".join(words[:2]), words[0]))
    )
    return Mined(f"{day}{command}", seen)


def commands(*mined: Mined) -> list[str]:
    return [f.slots["command"] for f in findings(mined, NOW)]


def test_a_lesson_is_about_as_much_of_a_command_as_its_sessions_have_in_common() -> None:
    assert commands(needs(1, "kubectl logs api"), needs(2, "kubectl logs api")) == ["kubectl logs api"]
    assert commands(needs(1, "kubectl logs api"), needs(2, "kubectl logs web")) == ["kubectl logs"]
    assert commands(needs(1, "kubectl logs api"), needs(2, "kubectl top api")) == ["kubectl"]
    assert commands(needs(1, "kubectl logs api"), needs(2, "helm list api")) == []


def test_what_spoke_against_any_of_its_commands_speaks_against_a_lesson() -> None:
    worked = Mined("worked", (), (Outcome("works:kubectl logs api", at(0)),))
    seen = needs(2, "kubectl logs api", ("works:kubectl logs api",)), needs(1, "kubectl logs web", ("works:kubectl logs web",))
    assert commands(*seen) == ["kubectl logs"]
    assert commands(*seen, worked) == []


def begins(day: float, *paths: str) -> Mined:
    seen = tuple(Observation(Kind.FACT, "entry_point", Lesson.ENTRY_POINT, {"path": path}, at(day)) for path in paths)
    return Mined(f"begins{day}", seen, (Outcome("runs:make", at(day)),))


def first(*mined: Mined) -> list[str]:
    return [f.slots["path"] for f in findings(mined, NOW, "/p")]


def test_a_session_begins_with_what_half_of_them_begin_with() -> None:
    with_it, without = [begins(day, "main.py") for day in range(1, 7)], [begins(day + 0.5) for day in range(1, 8)]
    assert first(*with_it) == first(*with_it, *without[:5]) == ["main.py"]
    assert first(*with_it, *without[:5], begins(6.2), begins(6.3)) == ["main.py"], "before it was there, none could"
    assert first(*with_it, *without[:5], begins(0.1), begins(0.2)) == []


def test_only_one_thing_comes_first() -> None:
    assert first(*(begins(day, "main.py", "util.py") if day < 6 else begins(day, "main.py") for day in range(1, 8))) == ["main.py"]


def test_sessions_of_other_projects_begin_with_other_things() -> None:
    assert first(*(begins(day, "main.py") for day in range(1, 6)), *(runs(day / 2, "/q") for day in range(20))) == ["main.py"]
