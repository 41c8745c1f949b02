"""The lossless form says exactly what the JSON said: a decoder, and what it proves."""

from __future__ import annotations

import json
import random
import re
from urllib.parse import quote as percent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Content
from pipeline.compressors.smart_crusher import SmartCrusher
from pipeline.compressors.smart_crusher.flatten import flatten
from pipeline.compressors.smart_crusher.values import ABSENT as NO_VALUE
from pipeline.policy import Policy, Profile
from pipeline.query import Query

LOSSLESS = Policy(profile=Profile.LOSSLESS)
ABSENT = object()
SEGMENT = r'(?:"(?:[^"\\]|\\.)*"|[\w$/+()-]+)'
PATH = rf"{SEGMENT}(?:\.{SEGMENT}|\.\[0\])*"
ITEM = object()
DIRECTIVE = re.compile(
    rf"#(?:({PATH})\[\] )?(same|of its record|copy|derived|by|strings|unless stated|columns|tags|table|again|end)\b ?(.*)", re.DOTALL
)
LITERAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\Z")


def refuse(name):
    raise ValueError(name)


def loads(text):
    return json.loads(text, parse_int=str.encode, parse_float=str.encode, parse_constant=refuse)


def value_of(text, *, textual=False):
    if text == "∅":
        return ABSENT
    if text[0] in '"[{':
        return loads(text)
    if textual:
        return text
    if LITERAL.match(text) or text in {"true", "false", "null"}:
        return loads(text)
    return text


def named(item):
    match = re.match(PATH + r"(?:\.\*)?(?:," + PATH + ")*=", item)
    assert match, item
    return item[: match.end() - 1], item[match.end() :]


def paths_of(names):
    return [m[0] for m in re.finditer(PATH, names)]


def keys_of(path):
    return [json.loads(s) if s[0] == '"' else ITEM if s == "[0]" else s for s in re.findall(SEGMENT + r"|\[0\]", path)]


def listed(value):
    """Objects of the only element of a list as that list."""
    if isinstance(value, dict):
        return [listed(value[ITEM])] if ITEM in value else {k: listed(v) for k, v in value.items()}
    return value


def template_of(text):
    parts = []
    for match in re.finditer(r"\{\{|\{(" + PATH + r")(%?)\}|[^{]+", text):
        if match[1]:
            parts.append((match[1], match[2]))
        else:
            parts.append("{" if match[0] == "{{" else match[0])
    return parts


class Filled:
    """A text whose placeholders say which columns stand in their place."""

    def __init__(self, text):
        self.text = text


class Says:
    """What is said about the columns of one table or list."""

    def __init__(self):
        self.above = {}
        self.same, self.copies, self.derived, self.lookups, self.strings = {}, [], {}, [], set()

    def take(self, word, rest, lines):
        head, *items = rest.split("\t")
        if word == "same":
            for item in items:
                names, value = named(item)
                for path in paths_of(names):
                    self.same[path] = value_of(value)
        elif word == "of its record":
            self.above.update(map(named, items))
        elif word == "copy":
            self.copies += map(named, items)
        elif word == "derived":
            for item in items:
                path, template = named(item)
                self.derived[path] = template_of(head + template)
        elif word == "strings":
            self.strings.update(items)
        elif word == "by":
            rows = {}
            while not lines[0].startswith("#"):
                key, *values = lines.pop(0).split("\t")
                rows[json.dumps(loads(key) if key[0] == '"' else None if key == "null" else key)] = [value_of(v) for v in values]
            self.lookups.append((head, items, rows))
        else:
            raise AssertionError(word)

    def complete(self, flat, soft):
        """Adds to a row everything that has no cell."""
        for path, value in self.same.items():
            flat[path] = value
        pending = {**self.derived, **soft}
        for key, columns, _ in self.lookups:
            for column in columns:
                pending[column] = key

        def get(path):
            if path in pending:
                flat[path] = resolve(path, pending.pop(path))
            for target, source in self.copies:
                if path == target:
                    return get(source)
                if target.endswith(".*") and path.startswith(target[:-1]):
                    return get(source[:-1] + path[len(target) - 1 :])
            return flat.get(path, ABSENT)

        def filled(text):
            parts = re.split(r"\{\{\s{0,8}[$.]{0,2}([\w.]{1,100})\s{0,8}\}\}", text)
            parts[1::2] = ["" if v is ABSENT else v.decode() if isinstance(v, bytes) else v for v in map(get, parts[1::2])]
            return "".join(parts)

        def resolve(path, how):
            if isinstance(how, Filled):
                return filled(how.text)
            if isinstance(how, str):
                value = get(how)
                if value is ABSENT:
                    return ABSENT
                _, columns, rows = next(x for x in self.lookups if x[0] == how and path in x[1])
                return rows[json.dumps(value)][columns.index(path)]
            texts = []
            for part in how:
                if isinstance(part, str):
                    texts.append(part)
                    continue
                texts.append(get(part[0]))
                if isinstance(texts[-1], bytes):
                    texts[-1] = texts[-1].decode()
                if part[1] and isinstance(texts[-1], str):
                    texts[-1] = percent(texts[-1], safe="")
            if ABSENT in texts:
                return ABSENT
            return None if None in texts else "".join(texts)

        for path in list(pending):
            get(path)
        for target, source in reversed(self.copies):
            if source.endswith(".*"):
                for path in [p for p in flat if p.startswith(source[:-1])]:
                    flat[target[:-1] + path[len(source) - 1 :]] = flat[path]
            elif source in flat:
                flat[target] = flat[source]
        record = {}
        for path, value in flat.items():
            if value is not ABSENT:
                keys = keys_of(path)
                into = record
                for key in keys[:-1]:
                    into = into.setdefault(key, {})
                assert keys[-1] not in into
                into[keys[-1]] = value
        return listed(record)


def list_of(text, columns, says):
    """A list in a cell: ``a|b; c|d``."""
    if text == "[]":
        return []
    items, cells, at = [], [], 0
    while True:
        if text[at : at + 1] in {'"', "[", "{"}:
            _, end = json.JSONDecoder().raw_decode(text, at)
        else:
            end = re.compile(r"[|;]|\Z").search(text, at).start()
        cells.append(text[at:end])
        if text[end : end + 1] != "|":
            items.append(cells)
            cells = []
        if end == len(text):
            break
        at = end + (1 if text[end] == "|" else 2)
    if columns is None:
        return [value_of(c) for [c] in items]
    return [says.complete({p: value_of(c, textual=p in says.strings) for p, c in zip(columns, cells, strict=True)}, {}) for cells in items]


def column_of(head):
    """A heading: the path, what an empty cell or the cells are, and more of that."""
    path = re.match(PATH, head)[0]
    return path, head[len(path) : len(path) + 1], head[len(path) + 1 :]


def table_of(lines, holders=None):
    """Decodes ``#table`` with the tables linked to it; ``holders`` are the rows that hold its records."""
    title = DIRECTIVE.match(lines.pop(0))
    assert title[2] == "table"
    count, kind = re.match(r"(?:.*: )?(\d+) (\w+)", title[3]).groups()
    says, inner, unless, tags, series = Says(), {}, [], [], None
    while True:
        scope, word, rest = DIRECTIVE.match(lines.pop(0)).groups()
        if word == "columns":
            heads = rest.split("\t")[1:]
            break
        if word == "tags":
            tags = rest.split("\t")[1:]
            continue
        if word == "unless stated":
            unless = rest.split("\t")[1:]
        elif word == "again":
            series = re.match(rf"({PATH}) ([+-]\d+): ", rest)
        else:
            (inner.setdefault(scope, Says()) if scope else says).take(word, rest, lines)
    grid = list(map(column_of, heads))
    tagged = {tag: column_of(head) for tag, _, head in (t.partition(":") for t in tags)}
    always = {path: value_of(value, textual=path in says.strings) for path, value in map(named, unless)}
    rows, linked = [], {p: [] for p, mark, _ in [*grid, *tagged.values()] if mark == "@"}
    while len(rows) < int(count):
        line = lines.pop(0)
        if line.startswith(("|", "@")):
            continue
        if line.startswith("×"):
            for _ in range(int(line[1:])):
                flat, soft = map(dict, rows[-1])
                if series:
                    flat[series[1]] = str(int(flat[series[1]]) + int(series[2])).encode()
                rows.append((flat, soft))
            continue
        cells = line.split("\t")
        cells += [""] * (len(grid) - len(cells))
        flat, soft = dict(always), {}
        given = dict(t.split(":", 1) for t in cells[len(grid) :] if re.match("[a-z]+:", t))
        shown = list(zip(grid, cells, strict=False)) + [(head, given.pop(tag, "")) for tag, head in tagged.items()]
        assert not given
        for (path, mark, more), cell in shown:
            textual = path in says.strings
            if mark == "@":
                linked[path].append(int(cell) if cell else -1)
            elif mark == "[":
                if cell:
                    flat[path] = list_of(cell, paths_of(more[:-1]) if more != "]" else None, inner.get(path, Says()))
            elif cell:
                flat[path] = value_of(cell, textual=textual)
            elif mark == "=":
                flat[path] = value_of(more, textual=textual)
            elif mark == "~":
                record = re.fullmatch(rf"its record's ({PATH}), \{{\{{…\}}\}} filled in", more)
                soft[path] = Filled(record[1]) if record else template_of(more)
        for item in cells[len(grid) :]:
            if not re.match("[a-z]+:", item):
                path, value = named(item)
                flat[path] = value_of(value, textual=path in says.strings)
        rows.append((flat, soft))
    for (flat, soft), holder in zip(rows, holders or [], strict=holders is not None):
        flat.update({path: holder[source] for path, source in says.above.items() if source in holder})
        soft.update({path: Filled(holder[how.text]) for path, how in soft.items() if isinstance(how, Filled)})
    for path, sizes in linked.items():
        complete = []
        for (flat, soft), size in zip(rows, sizes, strict=True):
            complete += [dict(flat)] * max(0, size)
            if size > 0:
                says.complete(complete[-1], soft)
        items = table_of(lines, complete)
        for (flat, _), size in zip(rows, sizes, strict=True):
            if size >= 0:
                flat[path] = [items.pop(0) for _ in range(size)]
        assert not items
    records = [says.complete(flat, soft) for flat, soft in rows]
    if kind == "tuples":
        return [[r[str(i)] for i in range(1, len(r) + 1)] for r in records]
    if kind == "values":
        return [r["(value)"] for r in records]
    if kind == "entries":
        return {r.pop("(key)"): r["(value)"] if "(value)" in r else r for r in records}
    return records


def decode(text):
    """The data that a lossless rewrite of a JSON document says."""
    lines = text.split("\n")
    skeleton, blocks = [], []
    while lines:
        if lines[0].startswith("# "):
            lines.pop(0)
        elif lines[0].startswith("#table"):
            blocks.append(table_of(lines))
            assert lines.pop(0) == "#end"
            skeleton.append(f'{{"\\u0000block":{len(blocks) - 1}}}')
        elif lines[0] == "#string holding this JSON":
            end = lines.index("#end of string")
            blocks.append(decode("\n".join(lines[1:end])))
            del lines[: end + 1]
            skeleton.append(f'{{"\\u0000block":{len(blocks) - 1}}}')
        else:
            skeleton.append(lines.pop(0))

    def put_back(value):
        if isinstance(value, dict):
            return blocks[int(value["\0block"])] if "\0block" in value else {k: put_back(v) for k, v in value.items()}
        return list(map(put_back, value)) if isinstance(value, list) else value

    return put_back(loads("".join(skeleton)))


def assert_same(text, policy=LOSSLESS):
    rewrite = SmartCrusher().compress(Content(text), policy)
    if rewrite is not None:
        assert rewrite.gaps == ()
        assert decode(rewrite.text) == loads(text)
    return rewrite


# --- what API answers look like ---


def users(rng):
    names = [f"user{i}" for i in range(6)]
    return [
        {
            "login": n,
            "id": 1000 + i,
            "avatar": f"https://avatars.example.com/u/{1000 + i}?v=4",
            "url": f"https://api.example.com/users/{n}",
            "gists": f"https://api.example.com/users/{n}/gists{{/id}}",
            "admin": False,
        }
        for i, n in enumerate(names)
    ]


def issues(count, seed=1):
    rng = random.Random(seed)
    people = users(rng)
    labels = [
        {"name": n, "color": c, "url": f"https://api.example.com/labels/{percent(n)}"}
        for n, c in [("bug", "f00"), ("good first", "0f0"), ("12", "00f")]
    ]
    return [
        {
            "number": 1000 + i,
            "title": rng.choice(["Crash in parser", "Add docs", "Slow\tquery", "7", "null", "∅", "@you", "|pipe"]) + (f" {i}" if i % 2 else ""),
            "user": rng.choice(people),
            "owner": (owner := rng.choice(people)),
            "closer": owner,
            "labels": rng.sample(labels, rng.randrange(3)),
            "tags": rng.sample(["a", "b;c", "1", "x|y"], rng.randrange(4)),
            "state": "open" if rng.random() < 0.8 else "closed",
            "score": rng.choice([1, 1.0, 2, 1e400 if False else 3.25]),
            "milestone": None if rng.random() < 0.5 else {"title": "v1", "due": "2024-01-01"},
            "body": "line one\nline two " * rng.randrange(3),
            "url": f"https://api.example.com/issues/{1000 + i}",
            "html_url": f"https://example.com/issues/{1000 + i}" if i % 7 else "https://other.example.com/x",
            "draft": "",
            **({"closed_at": "2024-02-02"} if rng.random() < 0.2 else {}),
        }
        for i in range(count)
    ]


@pytest.mark.parametrize("shape", [lambda v: v, lambda v: {"total": 3, "items": v, "next": None}, lambda v: {"a": [{"b": {"c": v}}]}])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("seed", range(4))
def test_api_answers_come_back(shape, indent, seed):
    text = json.dumps(shape(issues(40, seed)), indent=indent)
    rewrite = assert_same(text)
    assert rewrite is not None
    assert len(rewrite.text) < 0.5 * len(text)


def test_long_lists_within_records_come_back():
    groups = [
        {"name": f"g{i}", "rules": [{"alert": f"A{i}{k}", "expr": "rate(x[5m]) > " + "y" * 60, "for": k} for k in range(20)] if i != 2 else []}
        for i in range(6)
    ]
    rewrite = assert_same(json.dumps({"groups": groups}))
    assert rewrite is not None
    assert "#table rules: 100 records" in rewrite.text


@pytest.mark.parametrize("odd", [None, 0, 7])
def test_what_items_repeat_of_their_record_is_said_once_and_comes_back(odd):
    rng = random.Random(4)
    rules = []
    for i in range(12):
        notes = {"summary": f"summary of rule {i:02}", **({"runbook": f"https://runbooks.example.com/{i}"} if i % 3 else {})}
        alerts = [
            {
                "labels": {"rule": f"Rule{i}", "pod": f"pod-{rng.randrange(999)}"},
                "notes": notes,
                "at": rng.randrange(10**9),
                "text": f"{rng.random()} " * 60,
            }
            for _ in range(i % 4)
        ]
        rules.append(
            {"name": f"Rule{i}", "state": "firing" if alerts else "inactive", "notes": notes, "expr": f"rate(x{i}[5m]) > 3", "alerts": alerts}
        )
    if odd is not None:
        [alert, *_] = rules[odd]["alerts"] or rules[odd + 1]["alerts"]
        alert["labels"]["rule"] = "another"
    rewrite = assert_same(json.dumps({"rules": rules}))
    assert rewrite is not None
    assert ("labels.rule=name" in rewrite.text) == (odd is None)
    assert "notes.summary=notes.summary" in rewrite.text
    assert all(rewrite.text.count(rule["notes"]["summary"]) == 1 for rule in rules)


def alerts(rng, count=12):
    """Rules whose alerts say what they say of all, with their own labels."""
    says = [
        "Pod {{ $labels.namespace }}/{{ $labels.pod }} ({{$labels.container}}) restarts {{ value }} times on {{ .labels.cluster }}.",
        "Job {{ labels.namespace }}/{{ $labels.job.name }} failed, see its log before anything else is done.",
        "The target is gone, and nobody knows why that is so.",
        "{{ $labels.pod }}{{ $labels.pod }} has braces {{ }} {{ $value | humanize }} {{ unknown }} in its text",
    ]
    rules = []
    for i in range(count):
        text = says[i % 3]
        found = []
        for k in range(i % 4 + 1):
            labels = {"namespace": rng.choice(["web", "db"]), "pod": f"pod-{i}-{k}", "container": f"c{k}", "job": {"name": f"job{k}"}}
            if k % 3 == 1:
                del labels["container"]
            row = {"labels": labels, "value": rng.randrange(9), "at": f"2026-01-{i + 1:02}T0{k}:00:00Z", "note": "x" * 300}
            known = {**{f"labels.{k}": v for k, v in labels.items()}, "labels.job.name": labels["job"]["name"], "value": str(row["value"])}
            row["description"] = re.sub(r"\{\{\s*[$.]?([\w.]+)\s*\}\}", lambda m, known=known: known.get(m[1], ""), text)
            found.append(row)
        rules.append({"name": f"Rule{i}", "description": text, "expr": f"rate(x{i}[5m]) > 3 " * 4, "alerts": found})
    return says, rules


def test_a_text_of_the_record_with_an_items_own_values_is_said_once_and_comes_back():
    says, rules = alerts(random.Random(3))
    rewrite = assert_same(json.dumps({"rules": rules}))
    assert "\tdescription~its record's description, {{…}} filled in" in rewrite.text
    assert "pod-1-1 () restarts" not in rewrite.text
    assert all(rewrite.text.count(text) == 4 for text in says[:3])


@pytest.mark.parametrize("odd", ["other", "", None, 7, ["x"], {"y": 1}, ABSENT])
@pytest.mark.parametrize("where", ["description", "pod", "value"])
def test_where_an_item_says_something_else_it_has_a_cell(odd, where):
    _, rules = alerts(random.Random(4))
    alert = rules[5]["alerts"][0]
    holder = alert["labels"] if where == "pod" else alert
    if odd is ABSENT:
        del holder[where]
    else:
        holder[where] = odd
    rewrite = assert_same(json.dumps({"rules": rules}))
    assert "filled in" in rewrite.text


def test_what_is_asked_for_and_what_does_not_follow_is_not_filled_in():
    says, rules = alerts(random.Random(5))
    rewrite = SmartCrusher().compress(Content(json.dumps({"rules": rules}), Query("What does the description of each say?")), LOSSLESS)
    assert "filled in" not in rewrite.text
    for rule in rules:
        rule["description"] = says[3]
    assert "filled in" not in assert_same(json.dumps({"rules": rules})).text


def test_series_come_back():
    series = [{"metric": {"pod": f"p{i}"}, "values": [[1700000000 + 15 * k, str(k / 7)] for k in range(90)]} for i in range(4)]
    assert assert_same(json.dumps(series)) is not None


def test_samples_that_do_not_change_are_one_line():
    rng = random.Random(8)
    series = []
    for i in range(5):
        samples = [[1700000000 + 15 * k, "0" if k < 40 or k % 60 > 20 else str(rng.random())] for k in range(121)]
        if i == 2:
            del samples[50:53]
        series.append({"metric": {"pod": f"p{i}"}, "values": samples})
    text = json.dumps({"result": series})
    rewrite = assert_same(text)
    assert "\n#again 1 +15: " in rewrite.text
    assert "\n×59\n" in rewrite.text
    assert len(rewrite.text) < 0.35 * len(text)


@pytest.mark.parametrize("start", [-5, -1, 0, 7, 10**15])
@pytest.mark.parametrize("step", [1, -3, 0])
def test_counts_come_back(start, step):
    rows = [
        {"at": start + step * k, "name": "×12" if k % 9 == 0 else "× same", "value": [k // 12], "same": "long enough to be a table"}
        for k in range(60)
    ]
    assert_same(json.dumps(rows))
    assert_same(json.dumps(rows).replace('"at": 0,', '"at": -0,'))


@pytest.mark.parametrize("more", [0, 1, 2])
def test_lists_of_one_object_come_back(more):
    rng = random.Random(more)
    rows = [
        {
            "id": i,
            "parts": [
                {"kind": rng.choice("ab"), "[0]": i % 3, "size": [{"w": i, "h": None}], "tags": [{"k": "x", "v": str(k)} for k in range(i % 3)]}
            ],
            "events": [{"at": 100 * i + k, "text": "long text " * 20} for k in range(1 + i % 3)],
            "deep": [[{"x": i}]] if i % 2 else [],
        }
        for i in range(40)
    ]
    if more == 1:
        rows[7]["parts"] *= 2
    if more == 2:
        del rows[9]["parts"]
    assert assert_same(json.dumps(rows)) is not None


@pytest.mark.parametrize("longest", [1, 3])
def test_maps_of_lists_of_objects_come_back(longest):
    rng = random.Random(longest)
    releases = {
        f"1.{i}.0": [
            {"filename": f"pkg-1.{i}.{k}.tar.gz", "sha256": f"{rng.randrange(16**20):020x}", "size": rng.randrange(10**6), "note": "word " * 30}
            for k in range(1 if longest == 1 else rng.randrange(longest + 1))
        ]
        for i in range(50)
    }
    rewrite = assert_same(json.dumps({"info": {"name": "pkg"}, "releases": releases}))
    assert "#table 50 entries" in rewrite.text


def test_the_same_row_again_is_counted():
    rewrite = assert_same(json.dumps([{"name": f"x{k // 20}", "size": 4 + k // 30, "note": "the same text"} for k in range(120)]))
    assert "\n#again: ×n below a row: n more such rows\n" in rewrite.text


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-2, 2), st.sampled_from(["0", "0", "0", "×1", "", "a"])), min_size=8, max_size=60), st.integers(-50, 50))
def test_any_series_comes_back(samples, at):
    rows = []
    for step, value in samples:
        at += 10 if step else 3
        rows.append([at, value, "padding to make the table worth its while"])
    assert_same(json.dumps([{"id": "a", "values": rows}, {"id": "b", "values": rows[::2]}, {"id": "c", "values": rows}]))


def test_maps_and_plain_lists_come_back():
    versions = [f"1.{i}.0-beta.{i * 7}" for i in range(100)]
    document = {"name": "x", "versions": versions, "time": {v: f"2024-01-{i % 28 + 1:02}T00:00:00Z" for i, v in enumerate(versions)}}
    document["packages"] = {f"@types/n{i}": {"version": f"{i}.0.0", "dev": True, "integrity": f"sha512-{i}"} for i in range(40)}
    assert_same(json.dumps(document, indent=1))


@pytest.mark.parametrize("number", ["1e400", "1152921504606846977", "1.0", "1.00", "-0", "-0.0", "1E+2", "0.1000", "123456789012345678901234567890"])
def test_numbers_keep_their_text(number):
    rows = ",".join(f'{{"id": {i}, "amount": {number if i % 3 else i}, "text": "{number}", "same": {number}}}' for i in range(40))
    rewrite = assert_same(f"[{rows}]")
    assert rewrite is not None
    assert number in rewrite.text


def test_wide_tables_come_back():
    rng = random.Random(3)
    rows = [
        {f"column {k}" if k % 9 == 0 else f"c{k}": rng.choice(["a", "", None, k, i, "x:y", "a:b=c"]) for k in range(40) if rng.random() < 0.7}
        for i in range(30)
    ]
    rewrite = assert_same(json.dumps(rows))
    assert "\n#tags\ta:" in rewrite.text


def packages(count, seed=2):
    """A lock file: entries with keys that few have, and objects whose keys are names of other entries."""
    rng = random.Random(seed)
    names = [f"node_modules/{rng.choice(['@acme/', '', ''])}pack-{i}" for i in range(count)]
    found: dict[str, object] = {"": {"name": "app", "version": "1.0.0", "workspaces": ["a", "b"]}}
    for i, name in enumerate(names):
        entry: dict[str, object] = {
            "version": f"{i % 7}.{i}.{i % 3}",
            "resolved": f"https://r.example.com/{i}.tgz",
            "integrity": f"sha-{rng.getrandbits(200):x}",
        }
        rare: dict[str, object] = {
            "dev": True,
            "license": "MIT",
            "optional": True,
            "cpu": ["x64"],
            "os": ["linux"],
            "deprecated": "too old",
            "funding": {"url": "x"},
        }
        rare |= {
            "bin": {f"run-{i}": "x.js"},
            "engines": {"node": ">=18"},
            "hasInstallScript": True,
            "peer": True,
            "libc": ["glibc"],
            "inBundle": True,
        }
        entry |= {key: value for key, value in rare.items() if rng.random() < 0.15}
        for key, odds in (("dependencies", 0.6), ("peerDependencies", 0.2), ("peerDependenciesMeta", 0.1)):
            if rng.random() < odds:
                entry[key] = {other.rpartition("/")[2]: "^1.0.0" for other in rng.sample(names, rng.randrange(1, 5))}
        found[name] = entry
    return found


@pytest.mark.parametrize("count", [20, 120, 400])
@pytest.mark.parametrize(
    "shape", [lambda p: {"lockfileVersion": 3, "packages": p}, lambda p: list(p.values()), lambda p: {"pages": [{"of": list(p.values())}]}]
)
def test_records_with_objects_whose_keys_are_data_come_back(count, shape):
    rewrite = assert_same(json.dumps(shape(packages(count)), indent=2))
    assert f"#table {count + 1} " in rewrite.text


def test_objects_whose_keys_are_data_stay_whole_and_others_are_taken_apart():
    records = [{**p, "engines": {"node": f">={n % 9}", "npm": "9"}} for n, p in enumerate(packages(300).values())]
    columns = flatten(records)
    assert columns is not None
    assert {"dependencies", "engines.node", "engines.npm", "version"} <= columns.values.keys()
    assert not any(path.startswith("dependencies.") for path in columns.values)
    assert columns.values["dependencies"][1:] == [p.get("dependencies", NO_VALUE) for p in list(packages(300).values())[1:]]


def test_records_with_nothing_in_common_are_no_table():
    rng = random.Random(4)
    assert flatten([{f"k{rng.getrandbits(60)}": {f"x{i}": i}} for i in range(400)]) is None


def test_missing_null_and_empty_are_three_things():
    kinds = [{}, {"x": None}, {"x": ""}, {"x": []}, {"x": {}}, {"x": "null"}, {"x": "∅"}, {"x": "[]"}, {"x": False}, {"x": 0}, {"x": "0"}]
    for common in kinds:
        rows = [{"id": f"record {i}", "kind": "long enough", **(kinds[i % len(kinds)] if i % 3 else common)} for i in range(60)]
        assert_same(json.dumps(rows))


def test_json_in_a_string_comes_back_parsed():
    rows = issues(40)
    rewrite = SmartCrusher().compress(Content(json.dumps({"text": json.dumps({"rows": rows}, indent=2), "n": 1})), LOSSLESS)
    assert decode(rewrite.text) == loads(json.dumps({"text": {"rows": rows}, "n": 1}))


def test_json_lines_come_back():
    rows = issues(60)
    text = "\n".join(json.dumps(r) for r in rows)
    rewrite = SmartCrusher().compress(Content(text), LOSSLESS)
    assert rewrite is not None
    lines = rewrite.text.split("\n")[1:]
    assert table_of(lines) == [loads(json.dumps(r)) for r in rows]
    assert lines == ["#end"]


def test_the_rows_shown_whole_say_what_the_records_said():
    rng = random.Random(2)
    notes = [{f"note{k}": "".join(rng.choices("abcdefgh ", k=180)) for k in range(4)} for _ in range(120)]
    rows = [{"name": f"record {i}", **note, **row} for i, (row, note) in enumerate(zip(issues(120), notes, strict=True))]
    rewrite = SmartCrusher().compress(Content(json.dumps(rows)), Policy())
    out = {n for g in rewrite.gaps for n in range(g.first, g.last + 1)}
    assert 5 < len(out) < 118
    kept = [loads(json.dumps(row)) for i, row in enumerate(rows, 1) if i not in out]
    lines = [line for line in rewrite.text.split("\n")[1:] if not line.startswith(("[… ", " ", "#left out", "# "))]
    lines[0] = lines[0].replace("#table 120 ", f"#table {len(kept)} ")
    assert table_of(lines) == kept
    assert lines == ["#end", ""]


# --- anything at all ---

KEYS = st.sampled_from(
    ["id", "name", "a", "b.c", "x y", "k=v", "", "url", "né", "{q}", "1", "(key)", "(value)", "*", "@x", "a,b", '"', "p|q", "tab\t"]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 300),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(
        [
            "",
            " ",
            "a",
            "b",
            "1",
            "-1.5e3",
            "true",
            "null",
            "∅",
            "#x",
            "|",
            "@1",
            "a; b",
            "x|y",
            "[1]",
            "{}",
            "{a}",
            "{{",
            '"q"',
            "\t",
            "\n",
            "\u2028",
            "\x85",
            "https://e.org/a/1",
        ]
    ),
    st.text(max_size=12).filter(lambda s: not any(0xD800 <= ord(c) < 0xE000 for c in s)),
)
VALUES = st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)), max_leaves=8)


@st.composite
def tables(draw):
    """Records that share most of their keys, some of them derived from others or nested."""
    keys = draw(st.lists(KEYS, min_size=1, max_size=6, unique=True))
    pools = {k: draw(st.lists(VALUES, min_size=1, max_size=4)) for k in keys}
    rng = random.Random(draw(st.integers(0, 2**32)))
    rows = []
    for i in range(draw(st.integers(3, 25))):
        row = {k: rng.choice(pools[k]) for k in keys if rng.random() < 0.9}
        if rng.random() < 0.95:
            row["slug"] = f"item-{i % 7}"
            row["self"] = f"https://example.org/{{v}}/item-{i % 7}/" + rng.choice(["x", "x", "x", "%20"])
            row["owner"] = {"name": f"n{i % 3}", "size": i % 3, "more": {"deep": pools[keys[0]][0]}}
            row["author"] = row["owner"]
        rows.append(row or {"z": 1})
    return rows


@settings(max_examples=100, deadline=None)
@given(tables(), st.sampled_from([None, 1]), st.booleans())
def test_any_table_comes_back(rows, indent, wrap):
    assert_same(json.dumps({"n": 1, "padding": "x" * 900, "rows": rows, "more": [rows, "tail"]} if wrap else rows, indent=indent, ensure_ascii=False))


PLACES = st.lists(
    st.sampled_from(["{{ $labels.a }}", "{{a}}", "{{ .b.c }}", "{{no}}", "{{ x y }}", "{{{a}}}", "{", "}}", " said ", "", "1"]), max_size=6
).map("".join)


@settings(max_examples=100, deadline=None)
@given(st.lists(PLACES, min_size=3, max_size=6), st.data())
def test_any_text_with_places_to_fill_comes_back(says, data):
    rules = []
    for i, text in enumerate(says):
        text = text and f"{text}, and some more words that make it long enough {text}"
        items = []
        for _ in range(data.draw(st.integers(0, 4))):
            values = {k: data.draw(st.sampled_from(["x", "{{a}}", "", 1, 2.50, None, True, "1"])) for k in data.draw(st.sets(st.sampled_from("abc")))}
            known = {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
            said = re.sub(r"\{\{\s*[$.]{0,2}([\w.]+)\s*\}\}", lambda m, known=known: known.get(m[1], ""), text)
            items.append({**values, "text": data.draw(st.sampled_from([said, said, said, text, None])), "more": "m" * 700})
        rules.append({"name": f"n{i}", "text": text, "items": items})
    assert_same(json.dumps({"padding": "x" * 900, "rules": rules}))


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=6), VALUES)
def test_any_document_comes_back(document, other):
    text = json.dumps({"padding": " " * 1000, "d": document, "o": other}, indent=4)
    assert_same(text)
    kept = SmartCrusher().compress(Content(text), Policy(preserve_json=True))
    if kept is not None:
        assert loads(kept.text) == loads(text)
