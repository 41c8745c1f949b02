from __future__ import annotations

import logging

import pytest

from pipeline import markers
from pipeline.compressors.api import Content, Gap, Rewrite, Seen
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.router import Reason, is_data, route
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall, ToolKind

LOG = "\n".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO svc request {n} served in {n % 90} ms" for n in range(300))


def call(name: str = "Bash", **arguments: object) -> ToolCall:
    return describe("toolu_1", name, arguments, {})


class Half:
    """A compressor that keeps the first half."""

    name = "half"

    def __init__(self, error: Exception | None = None, keep: int = 2) -> None:
        self.error, self.keep = error, keep

    def recognise(self, content: Content) -> float:
        return 0.5

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        if self.error:
            raise self.error
        half = len(content.lines) // self.keep
        gap = Gap(half + 1, len(content.lines))
        return Rewrite("\n".join([*content.lines[:half], markers.gap(gap.first, gap.last)]), len(content.lines), (gap,))


def test_compressed() -> None:
    outcome = route(Content(LOG), (), Policy(), among=(Half(),))
    assert (outcome.reason, outcome.compressor) == (Reason.COMPRESSED, "half")
    assert outcome.text is not None
    assert markers.handles(outcome.text) == [outcome.handle]
    assert 0 < outcome.tokens_after < outcome.tokens_before


@pytest.mark.parametrize(
    ("content", "policy", "reason"),
    [
        (Content("short"), Policy(), Reason.TOO_SMALL),
        (Content("word " * 300), Policy(), Reason.TOO_SMALL),
        (Content(LOG, call=call()), Policy(exclude_tools=frozenset({"Bash"})), Reason.EXCLUDED),
        (Content(LOG, call=call("Edit", file_path="a.py")), Policy(), Reason.PROTECTED),
        (Content(LOG, call=call("Read", file_path="/w/a.py")), Policy(), Reason.PROTECTED),
        (Content(LOG + "\n[headroom 3f9a2c7b: 1 of 2 lines]"), Policy(), Reason.MARKED),
        (Content("no structure at all, just words in a row " * 60), Policy(), Reason.UNKNOWN),
    ],
)
def test_left_alone(content: Content, policy: Policy, reason: Reason) -> None:
    outcome = route(content, (), policy, among=() if reason is Reason.UNKNOWN else (Half(),))
    assert (outcome.reason, outcome.text) == (reason, None)


def test_a_failing_compressor_fails_open(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        outcome = route(Content(LOG), (), Policy(), among=(Half(ValueError("boom")),))
    assert (outcome.reason, outcome.text) == (Reason.ERROR, None)
    assert "half failed" in caplog.text


def test_a_small_gain_is_no_gain() -> None:
    class Almost(Half):
        def compress(self, content: Content, policy: Policy) -> Rewrite | None:
            gap = Gap(len(content.lines) - 4, len(content.lines))
            return Rewrite("\n".join(content.lines[:-5]), len(content.lines), (gap,))

    assert route(Content(LOG), (), Policy(), among=(Almost(),)).reason is Reason.NO_GAIN


def test_what_is_asked_for_again_comes_whole() -> None:
    first = route(Content(LOG), (), Policy(), among=(Half(),))
    assert first.text is not None
    again = route(Content(LOG), [Seen(1, "Bash: x", first.text, LOG, elided=True)], Policy(), among=(Half(),))
    assert again.reason is Reason.MARKED


def test_the_same_again_becomes_a_reference() -> None:
    again = route(Content(LOG), [Seen(1, "Bash: cat x", LOG, LOG)], Policy(profile=Profile.LOSSLESS), among=())
    assert again.compressor == "references"
    assert again.text is not None
    assert "result 1" in again.text


SMALL = "\n".join(f"{n * 7919 % 1009} words of one kind and another" for n in range(30))  # some 300 tokens


class Shorter(Half):
    """A compressor that loses nothing."""

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        assert policy.profile is Profile.LOSSLESS
        return Rewrite(content.text[: len(content.text) // self.keep], len(content.lines), summary="as it was")


def test_below_the_floor_only_what_loses_nothing() -> None:
    assert route(Content(SMALL), (), Policy(), among=(Half(),)).reason is Reason.TOO_SMALL
    assert route(Content(SMALL), (), Policy(), among=(Half(keep=30),)).reason is Reason.TOO_SMALL
    shorter = route(Content(SMALL), (), Policy(), among=(Shorter(),))
    assert (shorter.reason, shorter.compressor) == (Reason.COMPRESSED, "half")
    again = route(Content(SMALL), [Seen(1, "Bash: x", SMALL, SMALL)], Policy(), among=())
    assert (again.reason, again.compressor) == (Reason.COMPRESSED, "references")
    few = "\n".join(SMALL.split("\n")[:8])
    assert route(Content(few), [Seen(1, "Bash: x", few, few)], Policy(), among=(Shorter(),)).reason is Reason.TOO_SMALL


def test_references_and_a_compressor_together() -> None:
    above = "\n".join(f"what stands above has line {n * 7919 % 1009} and others" for n in range(40))
    content = Content(f"{above}\n{LOG}")

    class Tail(Half):
        def compress(self, content: Content, policy: Policy) -> Rewrite | None:
            gap = Gap(61, 340)
            return Rewrite("\n".join([*content.lines[:60], markers.gap(61, 340)]), 340, (gap,), "all alike")

    outcome = route(content, [Seen(1, "Bash: x", above, above)], Policy(), among=(Tail(),))
    assert (outcome.reason, outcome.compressor) == (Reason.COMPRESSED, "references+half")
    assert outcome.rewrite is not None
    assert "result 1 (Bash: x) above" in outcome.rewrite.text.split("\n")[0]
    assert [(g.first, g.last) for g in outcome.rewrite.gaps] == [(1, 40), (61, 340)]
    assert outcome.rewrite.summary == "40 of them stand above; of the others: all alike"


def test_retrievals_make_it_gentler() -> None:
    seen = []

    class Spy(Half):
        def compress(self, content: Content, policy: Policy) -> Rewrite | None:
            seen.append(policy.profile)
            return None

    for retrievals in (0, 1, 2):
        route(Content(LOG), (), Policy(profile=Profile.AGGRESSIVE), retrievals=retrievals, among=(Spy(),))
    assert seen == [Profile.AGGRESSIVE, Profile.BALANCED, Profile.LOSSLESS]


@pytest.mark.parametrize(
    ("path", "size", "data"),
    [
        ("/w/build.log", 500, True),
        ("/var/log/syslog", 500, True),
        ("/w/rows.jsonl", 500, True),
        ("/w/items.json", 20_000, True),
        ("/w/items.json", 2_000, False),
        ("/w/package.json", 20_000, False),
        ("/w/tsconfig.build.json", 20_000, False),
        ("/w/angular.json", 20_000, False),
        ("apps/web/project.json", 20_000, False),
        ("openapi.v2.json", 20_000, False),
        ("locales/en.json", 20_000, False),
        ("/w/src/i18n/de/common.json", 20_000, False),
        ("C:\\w\\locales\\en.json", 20_000, False),
        ("/w/fixtures/en.json", 20_000, True),
        ("/w/app.py", 20_000, False),
        ("/w/notes.md", 20_000, False),
    ],
)
def test_data_files(path: str, size: int, data: bool) -> None:
    assert is_data(call("Read", file_path=path), "x" * size) is data
    assert is_data(ToolCall("t", "Read", ToolKind.READ, {"offset": 3}, path=path), "x" * size) is (data and not path.endswith(".json"))


YAML = "\n".join(
    f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: svc-{n}
  labels:
    app: svc-{n}
spec:
  replicas: {2 + n % 3}
  template:
    spec:
      containers:
        - name: svc-{n}
          image: registry.example.com/svc-{n}:1.{n}.0
          ports:
            - containerPort: {8000 + n}
---"""
    for n in range(12)
)


@pytest.mark.parametrize(
    "made",
    [
        call(command="cat k8s.yaml"),
        call(command="# Let's look\ncat k8s.yaml"),
        call(command="if [ -f k8s.yaml ]; then cat k8s.yaml; fi"),
        call(command="for f in *; do cat $f; done"),
        call(command="wc -l k8s.yaml && cat k8s.yaml"),
        call(command="ls k8s; cat k8s/all.yaml"),
        call(command="git log -1; for f in k8s/*; do cat $f; done"),
        call(command="cat > /tmp/x <<'EOF'\nwon't\nEOF\ncat k8s.yaml"),
        call(command="find . -name '*.yaml' -exec cat {} \\;"),
        call(command="find . -name '*.yaml' | xargs cat"),
        call(command="git show HEAD:k8s.yaml"),
        call("fs_read", operations=[{"path": "k8s.yaml"}]),
        call("read_text_file", path="k8s.yaml"),
        call("mcp__filesystem__read_text_file", path="k8s.yaml"),
        call("Read", file_path="k8s.yaml"),
    ],
    ids=lambda made: made.command or made.name,
)
def test_files_that_may_be_edited_stay(made: ToolCall) -> None:
    outcome = route(Content(YAML, Query.of("change the limit of svc-7", made), made), (), Policy(workspace="/w"))
    assert (outcome.reason, outcome.text) == (Reason.PROTECTED, None)


@pytest.mark.parametrize(
    "command",
    [
        "kubectl get deployments -o yaml",
        "kubectl get deployments -o yaml > out.txt; cat out.txt",
        "cat a.log b.log",
        "for f in logs/*.log; do cat $f; done",
        "docker ps; tail -300 app.log",
        "find /var/log -name 'app*' -exec cat {} +",
        "cat /usr/share/doc/a.yaml",
    ],
)
def test_what_nobody_edits_is_compressed(command: str) -> None:
    outcome = route(Content(LOG, call=call(command=command)), (), Policy(workspace="/w"))
    assert outcome.reason is Reason.COMPRESSED


def test_beside_a_file_that_may_be_edited_other_output_is_compressed() -> None:
    made = call(command="cat k8s.yaml; echo '=== log ==='; kubectl logs web")
    outcome = route(Content(f"{YAML}\n=== log ===\n{LOG}", Query.of("why?", made), made), (), Policy(workspace="/w"))
    assert (outcome.reason, outcome.compressor) == (Reason.COMPRESSED, "segments")
    assert outcome.text is not None
    assert outcome.text.startswith(YAML)


def test_the_query_reaches_the_compressor() -> None:
    content = Content(LOG, Query.of("Why?", call("Grep", pattern="x_y")))
    assert content.query.call == "x_y"


def test_what_is_turned_off_is_not_used() -> None:
    parts = "".join(
        f"=== part {n} ===\n" + "\n".join(f"2026-01-02T03:{i // 60:02d}:{i % 60:02d}Z INFO svc {n} did {i}" for i in range(90)) + "\n"
        for n in range(3)
    )
    rows = "".join(
        f"=== table {n} ===\n" + "\n".join(f'{{"id": {i}, "name": "n{i}", "state": "ok", "n": {n}}}' for i in range(90)) + "\n" for n in range(3)
    )
    text = "Some prose goes first.\n" + parts + rows
    used = set()
    disabled: frozenset[str] = frozenset()
    while (outcome := route(Content(text), (), Policy(disabled=disabled))).text is not None:
        assert outcome.compressor not in disabled
        used.add(outcome.compressor)
        disabled |= {outcome.compressor}
    assert "segments" in used
