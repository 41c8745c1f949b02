"""Code search: the answer of a search API, a hundred hits with their surroundings, when one file was asked for."""

from __future__ import annotations

import json
import random
from typing import Any

from benchmarks.workloads.case import Case, Needle

_NOUNS = "client buffer slot replica channel cursor bucket script stream session packet region shard lease frame token".split()
_VERBS = "open close find add remove resize rewind merge split attach detach flush load store touch expire".split()
_HITS = 100
_FILES = 24


def code_search(seed: int) -> Case:
    """Hits of ``tableAdd`` and ``tableFind`` in a C project, of which those in one file are asked for."""
    rng = random.Random(seed)
    files = [f"src/{noun}{suffix}.c" for noun in _NOUNS for suffix in ("", "_io")]
    rng.shuffle(files)
    files = files[:_FILES]
    asked = files[rng.randrange(_FILES)]
    places = sorted((rng.choice(files), rng.randrange(20, 4000)) for _ in range(_HITS - 5))
    places = sorted([*places, *((asked, line) for line in rng.sample(range(20, 4000), 5))])
    hits = [_hit(rng, path, line) for path, line in places]
    needles = []
    for hit in hits:
        if hit["path"] == asked:
            needles.append(Needle(((hit["match"],),), "a match in the file asked for"))
            needles.append(Needle(((f"{asked}#L{hit['line']}",), (asked, str(hit["line"]))), "its place"))
    name = asked.rsplit("/", 1)[-1]
    query = f"Where does {name} use the table API (tableAdd/tableFind), and for what? Cite lines."
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "search_code", "arguments": json.dumps({"query": "tableAdd OR tableFind", "limit": 100})},
    }
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": query},
        {"role": "assistant", "content": "I will search for it.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": json.dumps(hits, indent=2)},
    ]
    return Case(f"code-search-{seed}", "code search", query, messages, tuple(needles))


def _hit(rng: random.Random, path: str, line: int) -> dict[str, Any]:
    noun, verb = rng.choice(_NOUNS), rng.choice(_VERBS)
    number = rng.randrange(100)
    match = rng.choice([
        f"entry = tableFind(server->{noun}s, {verb}Key{number});",
        f"if (tableAdd(ctx->{noun}Table, key{number}, {noun}) == TABLE_EXISTS) {{",
        f"{noun} *found = tableFind(db->{verb}ing_{noun}s, names[{number}]);",
        f"result = tableAdd({noun}s, copyName(argv[{number}]), {verb}_{noun});",
    ])  # fmt: skip
    around = [
        f"static int {verb}{noun.capitalize()}(Context *ctx, Name *name) {{",
        f"    /* Every {noun} is known by its name; {verb} may be called twice. */",
        f"    {noun}_t *{noun} = {verb}Next(ctx, {number});",
        f"    {match}",
        f"        return {verb.upper()}_DONE;",
        "    }",
        f"    {verb}Stats.{noun}s += {number};",
    ]
    start = rng.randrange(2)
    return {
        "repository": "example/engine",
        "path": path,
        "line": line,
        "url": f"https://code.example.com/example/engine/blob/main/{path}#L{line}",
        "match": match,
        "snippet": "\n".join(around[start:]),
    }
