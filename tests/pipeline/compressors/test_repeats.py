from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.repeats import LEAST, RepeatsCompressor
from pipeline.markers import IN_PLACE, gap
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe

R = RepeatsCompressor()
APT = describe("1", "Bash", {"command": "apt-get install -y build-essential"}, {})


def install(count: int = 60) -> list[str]:
    lines = ["Reading package lists... Done"]
    for n in range(count):
        lines += [f"Selecting previously unselected package lib{n * 37 % 91}-dev:amd64.", f"Unpacking lib{n * 37 % 91}-dev:amd64 (1.{n}-{n % 7}) ..."]
    lines[41] = "E: Sub-process /usr/bin/dpkg returned an error code (1)"
    return [*lines, "Processing triggers for libc-bin (2.36-9) ..."]


def description(events: int = 40) -> list[str]:
    lines = [
        "Name:             web-7d9",
        "Namespace:        shop",
        "Status:           Running",
        "Containers:",
        "  web:",
        "    Exit Code:    137",
        "Events:",
    ]
    lines += ["  Type     Reason   Age                    From     Message", "  ----     ------   ----                   ----     -------"]
    for n in range(events):
        age = f"{n}m (x{n * 31 % 97} over 26h)" if n % 3 else f"{n}m"
        kind = ("Normal   Pulled ", "Warning  BackOff", "Normal   Created")[n % 3 if n != 20 else 0]
        said = ("Container image already present on machine", "Back-off restarting failed container web in pod web-7d9", "Created container: web")[
            n % 3
        ]
        lines.append(f"  {kind}  {age:<21}  kubelet  {said}")
    lines[min(25, len(lines) - 1)] = "  Warning  Evicted  16m                    kubelet  The node was low on resource: memory."
    return lines


def compress(lines: list[str], query: str = "", policy: Policy | None = None) -> Rewrite | None:
    return R.compress(Content("\n".join(lines), Query(query), APT), policy or Policy())


def check(rewrite: Rewrite, lines: list[str]) -> list[str]:
    """Shown lines and gaps together are the lines, each once, in order; gives those shown."""
    out: list[str] = []
    printed = iter(rewrite.text.split("\n"))
    at = 0
    for left in rewrite.gaps:
        out += lines[at : left.first - 1]
        assert [next(printed) for _ in range(left.first - 1 - at)] == lines[at : left.first - 1]
        marker = IN_PLACE.fullmatch(next(printed))
        assert marker is not None
        assert (int(marker[1]), int(marker[2] or marker[1])) == (left.first, left.last)
        assert len(left) < 10 or ": " in marker[0], "a long run says what it was"
        at = left.last
    assert list(printed) == lines[at:]
    return out + lines[at:]


def test_it_is_a_compressor() -> None:
    assert isinstance(R, Compressor)


@pytest.mark.parametrize(
    ("command", "lines", "sure"),
    [
        ("apt-get install x", install(), 0.25),
        ("kubectl describe pod web", description(), 0.9),
        ("kubectl describe pod web", description(3), 0.0),
        ("cat x.txt", install(), 0.0),
        ("grep -rn lib", install(), 0.0),
        ("make", [f"{'abcdefgh'[n % 8]} is {'xyzuvw'[n % 6] * (n + 1)}" for n in range(60)], 0.0),
        ("make", [*install(), "[headroom 0123abcd: 3 of 9 lines left out]"], 0.0),
    ],
)
def test_what_it_recognises(command: str, lines: list[str], sure: float) -> None:
    assert R.recognise(Content("\n".join(lines), call=describe("1", "Bash", {"command": command}, {}))) == sure


def test_first_last_trouble_and_what_is_no_repeat_stay() -> None:
    lines = install()
    rewrite = compress(lines)
    assert rewrite is not None
    shown = check(rewrite, lines)
    assert {lines[0], lines[1], lines[2], lines[41], lines[-2], lines[-1]} <= set(shown)
    assert len(shown) < 20
    assert any("Selecting previously unselec" in line for line in rewrite.text.split("\n") if IN_PLACE.fullmatch(line))
    assert rewrite.summary == "each of a shape shown, no error-like line among them"


def test_what_is_named_stays() -> None:
    rewrite = compress(install(), "Was lib63-dev unpacked?")
    assert rewrite is not None
    assert sum("lib63-dev" in line for line in check(rewrite, install())) == 2


def test_a_shape_that_is_asked_for_is_sampled() -> None:
    few, more = compress(install(), "What else?"), compress(install(), "Which packages were previously unselected?")
    assert few is not None
    assert more is not None
    assert more.left_out + 10 < few.left_out


def test_events_of_a_description() -> None:
    lines = description()
    rewrite = compress(lines)
    assert rewrite is not None
    shown = check(rewrite, lines)
    assert shown[:9] == lines[:9]
    assert lines[25] in shown
    backoffs = [line for line in lines if "BackOff" in line]
    assert {*backoffs[:3], backoffs[-1]} <= set(shown)
    assert len(shown) < 25
    assert "Back-off" not in rewrite.summary
    assert "error-like" in rewrite.summary


def test_an_age_of_an_event_is_no_duration() -> None:
    lines = description(60)
    lines[30] = "  Normal   Created  9999m                  kubelet  Created container: web"
    lines[33] = "  Normal   Created  4m                     kubelet  Created container: web in 90000ms"
    rewrite = compress(lines)
    assert rewrite is not None
    shown = check(rewrite, lines)
    assert lines[33] in shown
    assert lines[30] not in shown


def test_trouble_left_out_is_counted() -> None:
    lines = [f"ERROR: object {n * 7919 % 1009} could not be read" for n in range(60)]
    rewrite = compress(lines)
    assert rewrite is not None
    assert rewrite.summary == f"each of a shape shown, {rewrite.left_out} error-like among them"


def test_few_lines_of_a_shape_stay() -> None:
    assert compress([f"package {n} is set up" for n in range(LEAST - 1)]) is None


@pytest.mark.parametrize("policy", [Policy(profile=Profile.LOSSLESS), Policy(elide=False)])
def test_nothing_goes_where_nothing_may(policy: Policy) -> None:
    assert compress(install(), policy=policy) is None


def test_a_gap_cannot_be_forged_by_a_line() -> None:
    rewrite = compress([f"] {gap(n, n + 3)} is what I said" for n in range(60)])
    assert rewrite is None or all(IN_PLACE.fullmatch(line) or line.startswith("]") for line in rewrite.text.split("\n"))


@settings(max_examples=100)
@given(
    st.lists(st.one_of(st.text(st.characters(exclude_characters="\n"), max_size=12), st.integers().map("step {} done".format)), max_size=60),
    st.text(max_size=20),
)
@example(["\x00"] * 40, "")
@example(["\x1b[31mred 1\x1b[0m\r"] * 40, "")
@example(["\ufeff" + "x 1"] + ["x 2"] * 40, "")
def test_any_lines(lines: list[str], query: str) -> None:
    for policy in (Policy(), Policy(profile=Profile.AGGRESSIVE)):
        rewrite = compress(lines * 3, query, policy)
        if rewrite is not None:
            text = (lines * 3)[:-1] if lines[-1] == "" else lines * 3
            check(Rewrite(rewrite.text.removesuffix("\n") if len(text) < 3 * len(lines) else rewrite.text, rewrite.total, rewrite.gaps), text)
    assert 0 <= R.recognise(Content("\n".join(lines * 3))) <= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["x " * 2_500_000, "a 1\n" * 500_000, "Events:\n" * 300_000, "(x1 over " * 400_000, " \t" * 2_000_000 + "x", "- \n" * 400_000]
)
def test_work_grows_with_the_text(text: str) -> None:
    began = time.process_time()
    R.recognise(Content(text))
    R.compress(Content(text), Policy())
    assert time.process_time() - began < 30


@pytest.mark.slow
def test_the_same_under_every_hash_seed() -> None:
    code = (
        "from tests.pipeline.compressors.test_repeats import *; "
        "print([compress(x, 'Was lib63-dev unpacked by what failed?') for x in (install(), description())])"
    )
    found = set()
    for seed in ("0", "7"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        found.add(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True).stdout)
    assert len(found) == 1


def upgrade() -> list[str]:
    names = ["gawk", "flex", "bison", "crun", "meson", "ninja", "rsync", *(f"{a}{b}" for a in "abcdefgh" for b in ("foo", "bar", "baz", "qux"))]
    lines = [f"Unpacking {name} (1.{n}) over (1.0) ..." for n, name in enumerate(names)]
    return [*lines, *(f"Setting up {name} (1.{n}) ..." for n, name in enumerate(names))]


def test_where_every_line_has_a_word_of_its_own_none_is_odd():
    lines = upgrade()
    rewrite = compress(lines, "Did it work?")
    assert rewrite is not None
    assert len(check(rewrite, lines)) < 12
    assert "36 Setting up]" in rewrite.text, "what was set up differs"


def test_a_word_that_few_lines_have_is_odd():
    lines = [f"Unpacking {('gawk', 'flex', 'bison', 'meson', 'ninja')[n % 5]} of layer {n} ..." for n in range(60)]
    lines[31] = "Unpacking crun of layer 31 ..."
    rewrite = compress(lines, "Did it work?")
    assert rewrite is not None
    assert lines[31] in check(rewrite, lines)


@pytest.mark.parametrize("question", ["Was crun upgraded, and to which version?", "Which version has `crun`?"])
def test_a_plain_name_that_is_a_value_of_repeats_is_asked_for(question: str):
    lines = upgrade()
    rewrite = compress(lines, question)
    assert rewrite is not None
    assert {"Unpacking crun (1.3) over (1.0) ...", "Setting up crun (1.3) ..."} <= set(check(rewrite, lines))
    assert rewrite.left_out > 60


def test_a_bare_time_of_day_names_no_lines():
    lines = [f"{8 + n // 60:02}:{n % 60:02}:00 copied block {n * 37 % 91} of the volume" for n in range(120)]
    lines += [f"09:{n:02}:08:00 checked block {n}" for n in range(10)]
    rewrite = compress(lines, "What went wrong since 08:00?")
    assert rewrite is not None
    assert sum("08:00 checked" in line for line in check(rewrite, lines)) < 5
