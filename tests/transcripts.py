"""Generated conversations: what agents' tools return, in the shapes in which clients send it. Seeded by hypothesis alone."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

WORDS = ("cache", "order", "ledger", "replica", "timeout", "invoice", "worker", "shard", "ERROR refused", "WARN slow", "INFO ok", "naïve", "日本")


@st.composite
def logs(draw: st.DrawFn) -> str:
    count = draw(st.integers(30, 160))
    shapes = draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=6))
    seed = draw(st.integers(0, 10**6))
    lines = []
    for n in range(count):
        word = shapes[(n * 7 + seed) % len(shapes)]
        level = "ERROR" if (n + seed) % 41 == 0 else "INFO"
        lines.append(f"2026-01-02T03:{n // 60:02d}:{n % 60:02d}Z {level} svc {word} id={seed * 31 + n * 17} took {n % 90} ms")
    return "\n".join(lines)


@st.composite
def searches(draw: st.DrawFn) -> str:
    files = draw(st.integers(1, 9))
    hits = draw(st.integers(1, 30))
    word = draw(st.sampled_from(WORDS))
    return "\n".join(f"src/mod_{f}/file_{f}.py:{h * 3 + 1}:    {word} = compute({f}, {h})" for f in range(files) for h in range(hits))


@st.composite
def documents(draw: st.DrawFn) -> str:
    count = draw(st.integers(3, 60))
    word = draw(st.sampled_from(WORDS))
    rows = [
        {"id": n, "name": f"{word}-{n}", "state": "open" if n % 9 else "failed", "tags": ["a", word], "owner": {"login": f"u{n % 4}"}}
        for n in range(count)
    ]
    return json.dumps(rows, indent=draw(st.sampled_from([None, 2])), ensure_ascii=draw(st.booleans()))


@st.composite
def sources(draw: st.DrawFn) -> str:
    count = draw(st.integers(5, 80))
    seed = draw(st.integers(0, 99))
    return "\n".join(f"{n}\tdef f_{seed}_{n}(x): return x + {n}" for n in range(1, count))


small = st.text(max_size=120)
RESULTS = st.one_of(
    st.tuples(st.sampled_from(["cat app.log", "kubectl logs web", "make test", "./run.sh"]), logs()),
    st.tuples(st.sampled_from(["rg -n order", "grep -rn order src"]), searches()),
    st.tuples(st.sampled_from(["curl -s https://api.example/items"]), documents()),
    st.tuples(st.sampled_from(["cat src/app.py"]), sources()),
    st.tuples(st.sampled_from(["ls", "true"]), small),
)


@st.composite
def conversations(draw: st.DrawFn, max_turns: int = 5) -> list[dict[str, Any]]:
    """Anthropic messages: a question, then turns of tool calls and results, now and then the same result again, or another question."""
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": draw(st.sampled_from(["What fails?", "Where is order computed?", "Why is shard 7 slow?"]))}
    ]
    pool: list[tuple[str, str]] = []
    for turn in range(draw(st.integers(1, max_turns))):
        calls, results = [], []
        for n in range(draw(st.integers(1, 2))):
            pair = draw(st.sampled_from(pool)) if pool and draw(st.integers(0, 3)) == 0 else draw(RESULTS)
            pool.append(pair)
            call_id = f"toolu_{turn}_{n}"
            calls.append({"type": "tool_use", "id": call_id, "name": "Bash", "input": {"command": pair[0]}})
            content: Any = pair[1] or "(no output)"
            if draw(st.booleans()):
                content = [{"type": "text", "text": content}]
            results.append({"type": "tool_result", "tool_use_id": call_id, "content": content, "is_error": draw(st.integers(0, 5)) == 0})
        messages.append({"role": "assistant", "content": [{"type": "text", "text": "Looking."}, *calls]})
        if draw(st.integers(0, 4)) == 0:
            results.append({"type": "text", "text": draw(st.sampled_from(["And the order?", "<system-reminder>be kind</system-reminder>"]))})
        messages.append({"role": "user", "content": results})
    return messages


def body(messages: list[dict[str, Any]], **fields: Any) -> bytes:
    """A request as a client writes it."""
    return json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": messages, **fields}, ensure_ascii=False).encode()
