"""What turned out in a session, as keys that observations of other sessions name as what would refute them."""

from __future__ import annotations

from headroom_wrap.learn.findings import Evidence, Outcome
from headroom_wrap.learn.miners.failure import Cause
from headroom_wrap.learn.miners.large_files import whole
from headroom_wrap.learn.miners.line import Line
from headroom_wrap.learn.miners.paths import missing, place, present
from headroom_wrap.learn.miners.searches import hits, query
from headroom_wrap.learn.miners.trail import Step, Trail, clean
from headroom_wrap.learn.miners.variants import called, head

LIMIT = 600  # keys of one session
_SETTING = frozenset({"export", "source", "."})
_EXTENT = 200  # characters of a key


def outcomes(trail: Trail) -> tuple[Outcome, ...]:
    """The keys of a session, each with the last place where it was so."""
    found: dict[str, Evidence] = {}
    as_opened = True  # the shell is as it was when it was opened: what works in it later may not work in a new one
    for step in trail.steps:
        as_opened = as_opened and not (step.worked and step.line and step.line.program in _SETTING)
        for key in _keys(trail, step):
            if not as_opened and key.startswith("works:"):
                continue
            if key in found or len(found) < LIMIT:
                found[clean(key)[:_EXTENT]] = trail.evidence(step)
    return tuple(Outcome(key, evidence) for key, evidence in found.items())


def _keys(trail: Trail, step: Step) -> list[str]:
    keys: list[str] = []
    if step.line and not step.line.guarded:
        keys += _of_line(trail, step, step.line)
    if (path := missing(step)) and (there := place(trail, step, path)):
        keys.append(f"absent:{there}")
    keys += [f"exists:{there}" for path in present(step) if (there := place(trail, step, path))]
    if there := whole(trail, step):
        keys.append(f"whole:{there}")
    if (asked := query(trail, step)) and hits(step):
        keys.append(f"hits:{asked[1]}")
    return keys


def _of_line(trail: Trail, step: Step, line: Line) -> list[str]:
    if step.failure and step.failure.cause is Cause.NO_PROGRAM:
        return [f"missing:{step.failure.name}"] if not line.activate else []
    keys: list[str] = []
    plain = not line.activate and not any(name == "PATH" for name, _ in line.variables)
    if plain and not step.use.refused and (step.worked or (step.failed and not step.use.timed_out and not line.masked)):
        keys += [f"runs:{c[0]}" for c in line.commands[:6]]
    if not line.words:
        return keys
    name = " ".join(head(line.words))
    if step.worked:
        names = dict.fromkeys((name, " ".join(called(line.words, trail.folders))))
        keys += [f"does:{one}" for one in names]
        folder = trail.folder(step)
        if folder is not None:
            keys += [f"in:{folder}:{one}" for one in dict.fromkeys((line.program, *names, " ".join(line.words)))]
        keys += [f"with:{name} {w.split('=', 1)[0]}" for w in line.words[1:12] if w.startswith("-")]
        if plain and not line.variables:
            keys.append(f"works:{line.text[:160]}")
    elif step.failure and step.failure.cause in (Cause.NO_TASK, Cause.NO_TESTS) and not step.failure.loose:
        keys.append(f"nodo:{name}")
    elif step.failed and not step.use.timed_out and not step.use.refused and not step.use.interrupted:
        keys.append(f"returns:{line.text[:160]}")
    return keys
