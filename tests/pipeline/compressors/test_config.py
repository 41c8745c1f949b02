from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import ccr
from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.config import ConfigCompressor
from pipeline.markers import IN_PLACE
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall
from tests.cpu import cpu_seconds

C = ConfigCompressor()
KUBECTL = describe("1", "Bash", {"command": "kubectl get pods -n shop -o yaml"}, {})
POD = """- apiVersion: v1
  kind: Pod
  metadata:
    labels:
      app: web
    name: web-{n}
    uid: 6d4cf56d-00{n}
  spec:
    containers:
    - image: registry.example/web:{image}
      name: web
      ports:
      - containerPort: 8080
    nodeName: node-{node}
  status:
    conditions:
    - status: "True"
      type: Ready
    phase: {phase}
    podIP: 10.1.0.{n}
    restartCount: {restarts}
"""
DEPLOYMENT = (
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app{n}\nspec:\n  replicas: 2\n  template:\n    spec:\n      image: app:{n}\n"
)
SERVICE = "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: app{n}\nspec:\n  ports:\n  - port: 80\n    targetPort: 80{n}\n"
COMPOSE = "  svc{n}:\n    image: registry.example/svc:2.0\n    environment:\n      PORT: '80{n}'\n    ports:\n      - target: 80{n}\n        protocol: tcp\n"
REMOTE = '[remote "fork{n}"]\n\turl = git@example.com:user{n}/app.git\n\tfetch = +refs/heads/*:refs/remotes/fork{n}/*\n\tprune = true\n'


def pods(count: int = 30, **odd: object) -> str:
    """Pods as kubectl prints them; the one with the number ``at`` has the values of ``odd``."""
    at = odd.pop("at", None)
    usual = {"image": "1.4.3", "phase": "Running", "restarts": 0}
    items = [POD.format(**{**usual, **(odd if n == at else {}), "n": n, "node": n % 3}) for n in range(count)]
    return "apiVersion: v1\nitems:\n" + "".join(items) + 'kind: List\nmetadata:\n  resourceVersion: ""\n'


def compress(text: str, query: str = "", call: ToolCall | None = KUBECTL, policy: Policy | None = None) -> Rewrite | None:
    return C.compress(Content(text, Query.of(query, call), call), policy or Policy())


def shown(text: str, query: str = "") -> str:
    rewrite = compress(text, query)
    assert rewrite is not None
    return rewrite.text


HELM = "".join(DEPLOYMENT.format(n=n) + SERVICE.format(n=n) for n in range(10, 30))
SERVICES = "name: shop\nservices:\n" + "".join(COMPOSE.format(n=n) for n in range(10, 30)) + "networks:\n  default:\n    name: shop_default\n"
REMOTES = "".join(REMOTE.format(n=n) for n in range(10, 40))


def test_it_is_a_compressor() -> None:
    assert isinstance(C, Compressor)
    assert C.name == "config"


# --- what it recognises


@pytest.mark.parametrize("text", [pods(), HELM, SERVICES, REMOTES, pods().replace("\n", "\r\n")])
def test_recognised(text: str) -> None:
    assert C.recognise(Content(text, Query(), KUBECTL)) >= 0.8
    assert C.recognise(Content(text)) >= 0.8


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name: x\n" * 10,
        "Package: gcc\nVersion: 12\nSize: 47\n\n" * 30,
        "Name:             web\nNamespace:        shop\nLabels:           app=web\n  tier:           one\nStatus:           Running\n" * 20,
        "2024-01-01 10:00:00 INFO started: yes\n" * 50,
        "{\n" + '  "name": "web",\n' * 50 + "}",
        "[\n" + '  {\n    "name": "web",\n    "size": 3\n  },\n' * 30 + "]",
        "def f(x):\n    if x:\n        return x\n    y = 1\n" * 20,
        "[1/90] Building C object a.o\n" * 90,
        pods() + "[headroom 0123abcd: 3 of 9 lines left out]",
    ],
)
def test_not_recognised(text: str) -> None:
    assert C.recognise(Content(text, Query(), KUBECTL)) == 0
    assert compress(text) is None


@pytest.mark.parametrize("tool", [("Read", {"file_path": "/src/all.yaml"}), ("Bash", {"command": "cat all.yaml"}), ("Edit", {"file_path": "a.yaml"})])
def test_a_file_that_was_read_is_not_for_us(tool: tuple[str, dict[str, object]]) -> None:
    call = describe("1", *tool, {})
    assert C.recognise(Content(pods(), Query(), call)) == 0
    assert compress(pods(), call=call) is None


def test_nothing_is_left_out_where_nothing_may_be() -> None:
    assert compress(pods(), policy=Policy(profile=Profile.LOSSLESS)) is None
    assert compress(pods(), policy=Policy(elide=False)) is None


# --- what is left out


def test_first_and_last_are_kept_and_the_others_named() -> None:
    text = shown(pods())
    lines = text.split("\n")
    assert "\n".join(lines[:44]) == "\n".join(pods().split("\n")[:44])
    assert lines[44].startswith("[… 45-611: 27 like 3-23: web-2 web-3 ")
    assert " web-28" in lines[44]
    assert "nodeName node-2 9 node-0 9 node-1 9" in lines[44].replace("node-0 9 node-1 9 node-2 9", "node-2 9 node-0 9 node-1 9")
    assert "name: web-29" in text
    assert text.endswith('metadata:\n  resourceVersion: ""\n')


@pytest.mark.parametrize(
    "odd",
    [
        {"phase": "Pending"},
        {"restarts": 17},
        {"image": "1.4.2"},
        {"phase": "Running\n    reason: CrashLoopBackOff"},
        {"phase": "Running\n    message: connection refused"},
    ],
)
def test_what_differs_is_kept_whole(odd: dict[str, object]) -> None:
    text = pods(at=13, **odd)
    whole = POD.format(**{"n": 13, "node": 1, "image": "1.4.3", "phase": "Running", "restarts": 0, **odd})
    assert whole in shown(text)


def deployments(replicas: Sequence[int]) -> str:
    return "".join(DEPLOYMENT.format(n=n).replace("replicas: 2", f"replicas: {one}") for n, one in enumerate(replicas, 10))


@pytest.mark.parametrize(
    "replicas",
    [
        [1] * 20 + [2] * 10 + [3] * 5 + [4] * 4,
        [1] * 15 + [2] * 9 + [3] * 7 + [4] * 4 + [5] * 4,
        [1] * 6 + [2] * 6,
        [1, 2, 3, 4, 5, 6, 7, 8] * 6,
    ],
)
def test_what_is_rare_among_several_usual_values_is_kept_whole(replicas: list[int]) -> None:
    random.Random(1).shuffle(replicas)
    replicas.insert(len(replicas) // 2, 0)
    assert "replicas: 0" in shown(deployments(replicas))


@pytest.mark.parametrize(
    "replicas", [list(range(40)), [n // 2 for n in range(40)], [n // 3 for n in range(60)], [1] * 13 + [2] * 13 + list(range(3, 17))]
)
def test_where_no_value_is_usual_none_is_rare(replicas: list[int]) -> None:
    rewrite = compress(deployments(replicas))
    assert rewrite is not None
    assert sum(map(len, rewrite.gaps)) == 10 * (len(replicas) - 3)


@pytest.mark.parametrize("query", ["what is with web-13?", "who has 10.1.0.13", "pod `6d4cf56d-0013` please"])
def test_what_is_asked_for_is_kept_whole(query: str) -> None:
    assert POD.format(n=13, node=1, image="1.4.3", phase="Running", restarts=0) in shown(pods(), query)


def test_documents_of_several_kinds() -> None:
    rewrite = compress(HELM)
    assert rewrite is not None
    assert len(rewrite.gaps) == 1
    marker = next(line for line in rewrite.text.split("\n") if line.startswith("[…"))
    assert "17 like 1-10: app12 app13" in marker
    assert "17 like 11-19: app12 app13" in marker


def test_entries_of_a_mapping_and_sections() -> None:
    assert "17 like 3-9: svc12 svc13" in shown(SERVICES)
    assert shown(SERVICES).endswith("networks:\n  default:\n    name: shop_default\n")
    assert '27 like 1-4: remote "fork12" remote "fork13"' in shown(REMOTES)


def test_few_or_different_blocks_stay() -> None:
    assert compress(pods(3) + "x: y\n" * 9) is None
    assert compress("items:\n" + "".join(f"- name: a{n}\n  key{n}: v\n  other{n}:\n    deep{n}: 1\n" for n in range(30))) is None


def test_kept_lines_and_gaps_make_the_whole() -> None:
    for text in (pods(at=13, phase="Pending"), HELM, SERVICES, REMOTES, pods().replace("\n", "\r\n")):
        rewrite = compress(text)
        assert rewrite is not None
        assert_faithful(text, rewrite)
        assert "lines left out, each with the keys of a block shown" in ccr.render(rewrite, "0123abcd")


def assert_faithful(text: str, rewrite: Rewrite) -> None:
    lines = text.split("\n")
    assert rewrite.total == len(lines) - (lines[-1] == "")
    at, gaps = 0, list(rewrite.gaps)
    for line in rewrite.text.split("\n"):
        if gaps and at == gaps[0].first - 1 and IN_PLACE.fullmatch(line) and line.startswith(f"[… {gaps[0].first}-{gaps[0].last}: "):
            at = gaps.pop(0).last
        else:
            assert line == lines[at]
            at += 1
    assert at == len(lines)
    assert not gaps


# --- properties

LINE = st.one_of(
    st.sampled_from(
        ["---", "- name: a", "- name: b", "  name: a", "  status: failed", "key:", "  key:", "    - x", "", "[a]", "x = 1", "]: [", "items:", "# c"]
    ),
    st.text(max_size=12),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINE, min_size=2, max_size=8), st.lists(LINE, max_size=4), st.sampled_from(["", "name `a` 1"]))
def test_no_text_is_too_odd(block: list[str], tail: list[str], query: str) -> None:
    text = "\n".join(block * 12 + tail)
    rewrite = compress(text, query)
    assert rewrite == compress(text, query)
    if rewrite is not None:
        assert_faithful(text, rewrite)


def test_trouble_that_the_first_block_has_is_shown_of_others_too() -> None:
    phases = ["Failed", *["Running"] * 9, "Failed", *["Running"] * 9]
    text = "items:\n" + "".join(POD.format(n=n, node=0, phase=phase, restarts=0, image="1") for n, phase in enumerate(phases))
    rewrite = compress(text)
    assert rewrite is not None
    assert "name: web-10\n" in rewrite.text
    assert "name: web-7\n" not in rewrite.text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["Running", "Failed", "x]y"]), st.integers(0, 99)), min_size=4, max_size=25))
def test_whatever_the_values_nothing_is_changed(values: list[tuple[int, str, int]]) -> None:
    items = [POD.format(n=n, node=a, phase=phase, restarts=b, image="1") for n, (a, phase, b) in enumerate(values)]
    text = "items:\n" + "".join(items)
    rewrite = compress(text)
    if rewrite is not None:
        assert_faithful(text, rewrite)
        for n, (_, phase, _) in enumerate(values):
            assert phase != "Failed" or sum(p == "Failed" for _, p, _ in values) > 0.1 * len(values) + 1 or f"name: web-{n}\n" in rewrite.text


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        pods(20),
        "- a:\n",
        "- ",
        "    - a: b\n",
        "---\n",
        "a:\n b: c\n",
        "[a]\nb = c\n",
        ": ",
        "=",
        "- name: x\n  y: 'failed'\n",
        "\t\n",
        "a" * 99 + ": b\n",
    ],
)
def test_time_is_linear(unit: str) -> None:
    def seconds(size: int) -> float:
        text = SERVICES + unit * (size // len(unit))
        return cpu_seconds(lambda: compress(text, "where is `needle`"), 3)

    assert seconds(400_000) < 12 * max(seconds(100_000), 0.01)


@pytest.mark.slow
def test_the_hash_seed_changes_nothing() -> None:
    program = (
        "from tests.pipeline.compressors.test_config import *\nprint(compress(pods(at=9, phase='Failed'), 'is web-4 or `x` up?'), compress(HELM))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": s, "PYTHONPATH": "."}
        ).stdout
        for s in ("0", "1", "77")
    }
    assert len(seen) == 1
