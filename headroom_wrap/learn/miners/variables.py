"""A variable of the environment that a command needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.findings import Kind, Lesson, Observation
from headroom_wrap.learn.miners.failure import Cause
from headroom_wrap.learn.miners.trail import Trail, clean, cost
from headroom_wrap.learn.miners.variants import head, premises, workings

_PATHS = frozenset({"PYTHONPATH", "NODE_PATH", "RUBYLIB", "GOPATH", "GOFLAGS", "CLASSPATH", "LD_LIBRARY_PATH"})
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CRED|AUTH|DSN|URL|URI|COOKIE|SESSION|PRIVATE|SIGN|SALT|CERT|CONN", re.IGNORECASE)
_PLAIN = re.compile(r"[\w./:,+-]{1,60}\Z")


def mine(trail: Trail) -> Iterator[Observation]:
    """Of each command whose output missed a variable, the same words that worked with that variable set."""
    for step in trail.steps:
        line, failure = step.line, step.failure
        if not (line and line.words and failure and failure.cause in (Cause.NO_VARIABLE, Cause.NO_MODULE)):
            continue
        for later, working in workings(trail, step):
            if working.words != line.words:
                continue
            added = [pair for pair in working.variables if pair not in line.variables]
            wanted = [(n, v) for n, v in added if n == failure.name or (failure.cause is Cause.NO_MODULE and n in _PATHS)]
            needed = premises(trail, later, head(line.words))
            if len(wanted) == 1 and trail.folder(later) == trail.folder(step) and working.activate == line.activate and needed is not None:
                name, value = wanted[0]
                shown = f"{name}={value}" if _PLAIN.match(value) and not _SECRET.search(name) and not value.startswith("/") else name
                command = clean(" ".join(head(line.words)))
                yield Observation(
                    kind=Kind.COMMAND,
                    subject=command,
                    lesson=Lesson.SET_VARIABLE,
                    slots={"command": command, "assignment": clean(shown)},
                    evidence=trail.evidence(step),
                    premise=needed,
                    firm=True,
                    refuted_by=(f"works:{clean(line.text)[:160]}",),
                    wasted_tokens=cost(step),
                )
            break
