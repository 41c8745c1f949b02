"""A sample for each compressor, with a needle that must survive: what the doctor tries them on."""

from __future__ import annotations

import json
from collections.abc import Callable

from pipeline.compressors.api import Content
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall

NEEDLE = "needle-77"
ASKED = Query("What failed?")


def _shell(command: str) -> ToolCall:
    return describe("", "Bash", {"command": command}, {})


def _log() -> Content:
    lines = [f"2026-01-02T03:{n // 60:02d}:{n % 60:02d}Z INFO svc request {n} served in {n % 90} ms" for n in range(400)]
    lines[222] = f"2026-01-02T03:03:42Z ERROR svc {NEEDLE} could not be written: disk full"
    return Content("\n".join(lines), ASKED)


def _search() -> Content:
    hits = [f"src/module_{f}.py:{n * 7 + 1}:    value_{n} = compute(value, {n})" for f in range(12) for n in range(20)]
    return Content("\n".join([f"src/app.py:3:    {NEEDLE} failed", *hits]), ASKED, _shell("rg -n failed"))


def _json() -> Content:
    rows = [{"id": n, "name": f"item-{n}", "state": "ready", "owner": {"login": "ada", "url": f"https://x.example/{n}"}} for n in range(120)]
    rows[50].update(name=NEEDLE, state="failed")
    return Content(json.dumps(rows), ASKED)


def _schemas() -> Content:
    def tool(n: int) -> dict[str, object]:
        properties = {f"field_{k}": {"type": "string", "description": f"What to put into field {k} of tool {n}."} for k in range(6)}
        schema = {"type": "object", "properties": properties, "required": ["field_0"]}
        return {"name": f"tool_{n}" if n else NEEDLE, "description": f"Does thing number {n}.", "input_schema": schema}

    return Content(json.dumps([tool(n) for n in range(12)]))


def _html() -> Content:
    rows = "".join(f'<div class="row row-{n}" data-id="{n}"><span class="cell"><a href="/item/{n}">Item {n}</a></span></div>\n' for n in range(120))
    page = f"<!DOCTYPE html><html><head><title>Shop</title></head><body><h1>{NEEDLE}</h1>\n{rows}</body></html>"
    return Content(page, call=_shell("curl -s https://shop.example/"))


def _diff() -> Content:
    out = ["diff --git a/app.py b/app.py", "index 1234567..89abcde 100644", "--- a/app.py", "+++ b/app.py"]
    for n in range(1, 40):
        at = n * 20
        out.append(f"@@ -{at},7 +{at},7 @@ def function_{n}():")
        out += [f"     before = {n}", f"     kept = {n}", f"     also = {n}", f"-    old = {n}", f"+    new = {n}  # {NEEDLE if n == 9 else ''}"]
        out += [f"     after = {n}", f"     rest = {n}", f"     last = {n}"]
    return Content("\n".join(out), call=_shell("git diff"))


def _git_log() -> Content:
    out = []
    for n in range(40):
        out += [f"commit {n:040x}", "Author: Ada Lovelace <ada@example.org>", "Date:   Mon Jan 5 10:00:00 2026 +0100", ""]
        out += [f"    Change number {n} {NEEDLE if n == 9 else ''}".rstrip(), ""]
        out += [f"    Reason {k} in a sentence that goes on for a while about change {n}." for k in range(6)] + [""]
    return Content("\n".join(out), call=_shell("git log"))


def _blame() -> Content:
    lines = [f"{n % 3:08x} (Ada Lovelace 2026-01-0{1 + n % 3} 10:00:00 +0100 {n:>3}) value_{n} = {n}" for n in range(1, 200)]
    return Content("\n".join([*lines, f"00000009 (Ada Lovelace 2026-01-09 10:00:00 +0100 200) {NEEDLE}"]), call=_shell("git blame app.py"))


def _build() -> Content:
    passed = [f"tests/test_shop.py::test_order_{n} PASSED" + " " * 20 + f"[{n // 3:>3}%]" for n in range(290)]
    failed = f"=================== FAILURES ===================\n____ test_{NEEDLE} ____\n\n    def test():\n>       assert 1 == 2\nE       assert 1"
    tail = f"tests/test_shop.py:12: AssertionError\n=== short test summary info ===\nFAILED tests/test_shop.py::test_{NEEDLE} - assert 1 == 2"
    return Content(
        "\n".join(["=== test session starts ===", *passed, failed + tail, "=== 1 failed, 290 passed in 2.10s ==="]), ASKED, _shell("pytest -v")
    )


def _code() -> Content:
    body = "".join(f"    value = compute(value, {n})\n    total += value * {n}\n" for n in range(12))
    functions = "".join(f'def function_{n}(value):\n    """Do thing {n}."""\n    total = 0\n{body}    return total\n\n\n' for n in range(20))
    return Content(f"# {NEEDLE}\nimport os\n\n\n{functions}", call=_shell("cat /usr/lib/python3/dist-packages/shop.py"))


def _table() -> Content:
    rows = [f"{n},item {n},ready,{n % 50}.00,2026-01-0{1 + n % 9}" for n in range(300)]
    rows[150] = f"150,{NEEDLE},failed,-1.00,2026-01-01"
    return Content("\n".join(["id,name,state,price,date", *rows]), ASKED)


def _listing() -> Content:
    files = [f"-rw-r--r-- 1 ada staff {1000 + n:>7} Jan  5 10:{n % 60:02d} module_{n}.py" for n in range(200)]
    return Content(
        "\n".join(["total 800", *files, f"-rw-r--r-- 1 ada staff 9999999 Jan  5 10:00 {NEEDLE}.log"]),
        Query(f"How large is {NEEDLE}.log?"),
        _shell("ls -l"),
    )


def _config() -> Content:
    def pod(n: int) -> str:
        image = NEEDLE if n == 17 else "shop"
        return (
            f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: shop-{n}\n  namespace: shop\n  labels:\n    app: shop\n    tier: web\nspec:\n"
            f"  containers:\n  - name: web\n    image: registry.example/{image}:1.4.2\n    ports:\n    - containerPort: 8080\n"
            f"      protocol: TCP\n    resources:\n      limits:\n        cpu: 500m\n        memory: 256Mi\n"
        )

    return Content("---\n".join(pod(n) for n in range(30)), Query(f"Which pod runs {NEEDLE}?"), _shell("kubectl get pods -o yaml"))


def _padding() -> Content:
    return Content("\n".join(f"{n:6}\tline {n} of a file {NEEDLE if n == 40 else ''}" for n in range(1, 300)), call=_shell("cat -n notes.txt"))


def _repeats() -> Content:
    lines = [f"parcel {n} of depot {n % 7} is on its way to shelf {n * 3}" for n in range(120)]
    lines[60] = f"parcel 60 failed: {NEEDLE} is not on any shelf"
    return Content("\n".join(lines), ASKED, _shell("./sort-parcels"))


def _kompress() -> Content:
    topics = ("rooms", "heating", "parking", "breakfast", "bicycles", "laundry", "pets", "keys", "parcels", "gardens")
    said = [
        f"The {topic} of the house are looked after by the people who have lived there the longest. They write down what they notice about the "
        f"{topic} in the book beside the door. Whoever finds that something is missing tells them before the end of the week."
        for topic in topics
    ]
    said[5] += f" The washing machine in the cellar is called {NEEDLE}, and it may be used until ten in the evening."
    return Content(
        "\n\n".join(said), Query("Until when may the washing machine in the cellar be used?"), _shell("curl -s https://house.example/rules.txt")
    )


SAMPLES: dict[str, Callable[[], Content]] = {
    "schemas": _schemas,
    "smart_crusher": _json,
    "html": _html,
    "diff": _diff,
    "git_log": _git_log,
    "blame": _blame,
    "build": _build,
    "search": _search,
    "code": _code,
    "log": _log,
    "config": _config,
    "table": _table,
    "listing": _listing,
    "repeats": _repeats,
    "padding": _padding,
    "kompress": _kompress,
}
