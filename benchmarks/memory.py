"""A second agent on a code base that a first one has read: its time and tokens, with what the first had made at hand and without.

    python -m benchmarks.memory [--folder .] [--rounds 5] [--question "…"]

Both run the same commands in the folder, each in a conversation of its own and asked another question. Timed is what a request with a new result
waits for besides reading and writing its body: lineage, the store, the compressors. Without: the same on a fresh store.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headroom_wrap.demo import samples
from pipeline import cache_aligner, tokens
from pipeline.dialects.anthropic import Anthropic
from pipeline.policy import Policy
from pipeline.store.sqlite import SqliteStore

ROOT = Path(__file__).resolve().parents[1]

FIRST = "Which invoice failed, and why? Mend it."
SECOND = "Add a command that prints the settings in force."
_LONGEST = 30_000  # characters of a result, as agents cut them
_COMMANDS = (
    "git log --stat -n 40",
    "git log --oneline -n 300",
    "find . -name '*.py' -not -path '*/.*' | sort | head -n 400",
    "ls -laR docs tests 2>/dev/null | head -n 400",
    "grep -rn 'def ' --include=*.py . | sort | head -n 300",
    "grep -rn 'import' --include=*.py . | sort | head -n 300",
    "grep -rn 'raise ' --include=*.py . | sort | head -n 300",
    "git diff HEAD~5 2>/dev/null",
    f"{sys.executable} -c 'import email.message; print(open(email.message.__file__).read())'",
    f"cat {statistics.__file__}",
    f"cat {json.__path__[0]}/decoder.py",
)


@dataclass
class Taken:
    """What one conversation took.

    Args:
        ms: for each new result, in milliseconds.
        sent: tokens of the results as they were sent.
        reasons: what became of them.
    """

    ms: list[float] = field(default_factory=list)
    sent: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--question", default=SECOND, help="what the second agent is asked")
    options = parser.parse_args()
    results = read(options.folder)
    policy = Policy(workspace=str(options.folder.resolve()))
    rounds: dict[str, list[Taken]] = {"first": [], "second, after it": [], "second, alone": []}
    converse(None, "nobody", results, FIRST, policy)  # vocabulary and grammars are loaded
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            store = SqliteStore.open(Path(folder) / "a" / "headroom.db")
            rounds["first"].append(converse(store, "the first", results, FIRST, policy))
            rounds["second, after it"].append(converse(store, "the second", results, options.question, policy))
            store.close()
            store = SqliteStore.open(Path(folder) / "b" / "headroom.db")
            rounds["second, alone"].append(converse(store, "the second", results, options.question, policy))
            store.close()
    before = sum(tokens.count(text) for _, text in results)
    print(f"{len(results)} results, {before:,} tokens, {options.rounds} rounds")
    print(f"{'':18} {'ms in all':>10} {'p50':>7} {'most':>7} {'tokens sent':>12}  results by what became of them")
    for name, taken in rounds.items():
        total = statistics.median(sum(t.ms) for t in taken)
        middle, most = (statistics.median(f(t.ms) for t in taken) for f in (statistics.median, max))
        print(f"{name:18} {total:10.1f} {middle:7.2f} {most:7.1f} {taken[0].sent:12,}  {dict(sorted(taken[0].reasons.items()))}")


def read(folder: Path) -> list[tuple[str, str]]:
    """The commands and what they print, with a log and a table of records besides."""
    found = []
    for command in _COMMANDS:
        done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, errors="replace", check=False)
        if done.stdout.strip():
            found.append((command, done.stdout[:_LONGEST]))
    return [*found, ("cat app.log", samples.log(260)), ("curl -s https://tracker.example/issues.json", samples.issues(42))]


def converse(store: SqliteStore | None, agent: str, results: Sequence[tuple[str, str]], question: str, policy: Policy) -> Taken:
    """A conversation in which one result after the other is new."""
    taken, dialect = Taken(), Anthropic()
    greeting = [{"role": "user", "content": f"I am {agent}."}, {"role": "assistant", "content": "Hello."}]
    messages: list[Mapping[str, Any]] = [*greeting, {"role": "user", "content": question}]
    for n, (command, text) in enumerate(results):
        call = {"type": "tool_use", "id": f"t{n}", "name": "Bash", "input": {"command": command}}
        messages += [{"role": "assistant", "content": [call]}]
        messages += [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{n}", "content": text}]}]
        transcript = dialect.read(json.dumps({"model": "m", "messages": messages}).encode(), policy)
        began = time.perf_counter()
        keys = cache_aligner.lineage(transcript.items)
        on_record = store.decisions(list(keys)) if store is not None else {}
        alignment = cache_aligner.align(transcript, keys, on_record, policy)
        if alignment.job is None:
            continue
        forms = cache_aligner.form_keys(alignment.job)
        known = store.decisions(list(forms.values())) if store is not None else {}
        outcomes = list(cache_aligner.run(cache_aligner.with_forms(alignment.job, forms, known)))
        if store is None:
            continue
        new = {index: key for index, key in forms.items() if key not in known}
        decided = cache_aligner.settle(store, alignment, outcomes)
        store.freeze(cache_aligner.new_forms(alignment.job, outcomes, new))
        taken.ms.append(1000 * (time.perf_counter() - began))
        for task in alignment.job.tasks:
            decision = decided[task.index]
            taken.sent += tokens.count(decision.text if decision.text is not None else task.content.text)
            taken.reasons[decision.reason] += 1
    return taken


if __name__ == "__main__":
    main()
