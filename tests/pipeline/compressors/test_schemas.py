from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import tokens
from pipeline.compressors.api import Compressor, Content
from pipeline.compressors.schemas import SchemaCompressor
from pipeline.policy import Policy, Profile
from tests.cpu import cpu_seconds

S = SchemaCompressor()
FILLER = "A description that is long enough to make the block worth a look, with commas, and “quotes”."

# --- a decoder: it knows the form alone, nothing of how it is written

RAW = json.JSONDecoder(parse_float=lambda s: ("number", s), parse_int=lambda s: ("number", s))


def exact(text: str) -> Any:
    return RAW.decode(text)


class Reader:
    """One line, read from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def rest(self) -> str:
        return self.text[self.at :]

    def take(self, literal: str) -> bool:
        if self.text.startswith(literal, self.at):
            self.at += len(literal)
            return True
        return False

    def match(self, pattern: str) -> str:
        found = re.compile(pattern).match(self.text, self.at)
        assert found, (pattern, self.rest())
        self.at = found.end()
        return found[0]

    def json(self) -> Any:
        value, self.at = RAW.raw_decode(self.text, self.at)
        return value

    def value(self) -> Any:
        if self.rest()[:1] in '"{[':
            return self.json()
        bare = self.match(r"(?:(?! — )[^|\]])+")
        try:
            return exact(bare)
        except ValueError:
            return bare

    def type(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """A type, and the schema within it that members belong to."""
        schema: dict[str, Any] = {}
        names = self.match(r"[A-Za-z]\w*(?:\|[A-Za-z]\w*)*").split("|")
        schema["type"] = names[0] if len(names) == 1 else names
        innermost = schema
        if self.take("["):
            schema["enum"] = [self.value()]
            while self.take("|"):
                schema["enum"].append(self.value())
            assert self.take("]")
        if self.take("<"):
            schema["items"], innermost = self.type()
            if self.take(" "):
                schema["items"] |= self.json()
            assert self.take(">")
        return schema, innermost

    def description(self) -> dict[str, Any]:
        if not self.take(" — "):
            assert not self.rest(), self.text
            return {}
        return {"description": exact(self.rest()) if self.rest()[:1] == '"' else self.rest()}


def member(line: str) -> tuple[str, bool, dict[str, Any], dict[str, Any]]:
    r = Reader(line)
    name = r.json() if line.startswith('"') else r.match(r"[A-Za-z_$][\w$.-]*")
    required = not r.take("?")
    assert r.take(":")
    schema: dict[str, Any] = {}
    innermost = schema
    if re.match(r" [A-Za-z]", r.rest()):
        r.take(" ")
        schema, innermost = r.type()
    if r.rest().startswith(" {"):
        r.take(" ")
        more = r.json()
        innermost_is_outer = innermost is schema
        schema |= more
        innermost = schema if innermost_is_outer else innermost
    if r.take(" = "):
        schema["default"] = r.value()
    schema |= r.description()
    return name, required, schema, innermost


def shape_of(heading: str) -> Any:
    """The shape as JSON: ``…`` becomes null, and a member ``"…"`` where it stood for further members."""
    text = heading.replace('"name":…', '"name":null').replace('"description":…', '"description":null')
    text = re.sub(r"([{,])…\}", r'\1"…":null}', text)
    return RAW.raw_decode(text)[0]


def fill(tool: dict[str, Any], shape: dict[str, Any], name: str, more: dict[str, Any], description: dict[str, Any], schema: dict[str, Any]) -> None:
    for key, value in shape.items():
        if key == "name":
            tool["name"] = name
        elif key == "description":
            tool |= description
        elif isinstance(value, dict) and "…" in value:
            tool[key] = {k: v for k, v in value.items() if k != "…"} | more.pop(key, {}) | schema
        elif isinstance(value, dict) and "name" in value and value["name"] is None:
            tool[key] = {}
            fill(tool[key], value, name, more, description, schema)
        else:
            tool[key] = value
    if "name" in tool:
        tool |= more


def decode(text: str) -> list[Any]:
    """The tools of a text that is nothing but one list of tools."""
    lines = text.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("#tools "))
    count, _, heading = lines[start].removeprefix("#tools ").partition(": ")
    shape = shape_of(heading)
    tools: list[Any] = []
    stack: list[dict[str, Any]] = []
    for line in lines[start + 1 : lines.index("#end", start)]:
        if line.startswith("{"):
            tools.append(exact(line))
        elif line.startswith("# "):
            r = Reader(line)
            r.take("# ")
            name = r.match(r"[A-Za-z_$][\w$.-]*")
            more = {}
            if r.rest().startswith(" {"):
                r.take(" ")
                more = r.json()
            schema: dict[str, Any] = {}
            tool: dict[str, Any] = {}
            fill(tool, shape, name, dict(more), r.description(), schema)
            tools.append(tool)
            holder = next(
                v for v in (tool, *tool.values()) if isinstance(v, dict) and any(k in v for k in ("parameters", "input_schema", "inputSchema"))
            )
            key = next(k for k in ("parameters", "input_schema", "inputSchema") if k in holder)
            stack = [holder[key]]
        else:
            depth = len(line) - len(line.lstrip(" "))
            name, required, schema, innermost = member(line[depth:])
            del stack[depth + 1 :]
            owner = stack[depth]
            owner.setdefault("properties", {})[name] = schema
            if required:
                owner.setdefault("required", []).append(name)
            stack.append(innermost)
    assert len(tools) == int(count)
    return tools


def normal(value: Any, *, names: bool = False) -> Any:
    """What is the same by the specification, made equal: ``required`` as a set, and empty as absent. ``names``: the keys are property names."""
    if isinstance(value, list):
        return [normal(v) for v in value]
    if isinstance(value, dict):
        made = {k: normal(v, names=not names and k == "properties") for k, v in value.items()}
        if not names:
            if isinstance(made.get("required"), list) and "properties" in made:
                made["required"] = sorted(made["required"], key=str)
            made = {k: v for k, v in made.items() if not (k == "required" and v == []) and not (k == "properties" and v == {})}
        return made
    return value


def through(tools: list[Any], *, indent: int | None = None) -> list[Any] | None:
    """The tools after encoding and decoding; None where they were left as they are."""
    text = json.dumps(tools, ensure_ascii=False, indent=indent)
    rewrite = S.compress(Content(text), Policy())
    return None if rewrite is None else decode(rewrite.text)


def same(tools: list[Any], decoded: list[Any]) -> bool:
    return bool(normal(decoded) == normal(exact(json.dumps(tools))))


# --- examples


def openai(name: str, properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required is not None:
        schema["required"] = required
    return {"type": "function", "function": {"name": name, "description": FILLER, "parameters": schema, **more}}


def anthropic(name: str, properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> dict[str, Any]:
    tool = openai(name, properties, required)["function"]
    return {"name": name, "description": tool["description"], "input_schema": tool["parameters"] | more}


RICH: dict[str, Any] = {
    "city": {"type": "string", "description": 'City — as in "Paris, FR" = a place {x}'},
    "unit": {"type": "string", "enum": ["metric", "imperial", "true", "3", "a|b", "", " x"], "default": "metric"},
    "level": {"type": "integer", "enum": [1, 2, 3.0], "default": 1},
    "big": {"type": "number", "minimum": 1e400 if False else 9007199254740993, "default": 1.10},
    "maybe": {"type": ["string", "null"], "default": None},
    "tags": {"type": "array", "items": {"type": "string", "enum": ["x", "y"]}, "maxItems": 7},
    "places": {
        "type": "array",
        "description": "Several\nlines",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "description": "one place",
            "properties": {
                "lat": {"type": "number"},
                "deep": {"type": "object", "properties": {"er": {"type": "boolean", "default": False}}, "required": ["er"]},
            },
            "required": ["lat"],
        },
    },
    "any of": {"anyOf": [{"type": "string"}, {"type": "integer"}], "default": "null"},
    "nothing": {},
    "odd": {"type": "string", "description": {"not": "a string"}},
    "matrix": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
    "options": {"type": "object", "properties": {}, "default": {"a": [1, 2]}},
    "title": {"type": "string", "description": '"quoted" at the start', "default": "a — b"},
    "type": {"type": "string"},
    "properties": {"type": "string", "description": ""},
    "required": {"type": "string", "description": "ends with a blank "},
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "tools",
    [
        [openai(f"tool_{i}", RICH, ["city", "type"]) for i in range(3)],
        [
            anthropic(f"tool-{i}", RICH, ["places"], additionalProperties=False, **{"$schema": "http://json-schema.org/draft-07/schema#"})
            for i in range(3)
        ],
        [openai("a", RICH, []), openai("b", {}), openai("c", {"x": {"type": "string"}}, ["x"], strict=True), openai("d.e", RICH)],
        [
            {"name": f"t{i}", "title": "T", "description": FILLER, "inputSchema": {"type": "object", "properties": RICH}, "annotations": {"n": i}}
            for i in range(3)
        ],
        [{"name": f"t{i}", "parameters": {"type": "OBJECT", "properties": RICH, "required": ["city"]}} for i in range(3)],
        [
            openai("a", RICH),
            openai("not bare", RICH),
            openai("c", {"x": True, **RICH}),
            openai("d", RICH, ["unknown"]),
            openai("e", RICH, ["city", "city"]),
        ],
        [openai("a", RICH) | {"x": 1}, openai("b", RICH) | {"x": 1}],
    ],
)
def test_nothing_is_lost(tools: list[Any], indent: int | None) -> None:
    decoded = through(tools, indent=indent)
    assert decoded is not None
    assert same(tools, decoded)


def test_the_decoder_can_fail() -> None:
    text = json.dumps([openai(f"tool_{i}", RICH, ["city"]) for i in range(3)])
    rewrite = S.compress(Content(text), Policy())
    assert rewrite is not None
    assert not same(exact(text), decode(rewrite.text.replace("city:", "city?:")))
    assert not same(exact(text), decode(rewrite.text.replace("= 1.1", "= 1.10")))


def test_how_it_looks() -> None:
    weather = anthropic(
        "get_weather",
        {"city": {"type": "string", "description": "Where."}, "unit": {"type": "string", "enum": ["C", "F"], "default": "C"}},
        ["city"],
    )
    other = anthropic("other", {"days": {"type": "array", "items": {"type": "object", "properties": {"date": {"type": "string", "format": "date"}}}}})
    text = f"You have these tools:\n{json.dumps([weather, other] * 4, indent=2)}\nCall one of them."
    rewrite = S.compress(Content(text), Policy())
    assert rewrite is not None
    lines = rewrite.text.split("\n")
    assert lines[0] == "You have these tools:"
    assert lines[1].startswith('#tools 8: {"name":…,"description":…,"input_schema":{"type":"object",…}}; ')
    assert lines[2:8] == [
        f"# get_weather — {FILLER}",
        "city: string — Where.",
        "unit?: string[C|F] = C",
        f"# other — {FILLER}",
        "days?: array<object>",
        ' date?: string {"format":"date"}',
    ]
    assert lines[-2:] == ["#end", "Call one of them."]
    assert (rewrite.total, rewrite.unit, rewrite.gaps) == (8, "tool", ())


@pytest.mark.parametrize(
    "wrap",
    [
        lambda t: {"tools": t},
        lambda t: {"jsonrpc": "2.0", "id": 1.50, "result": {"tools": t}},
        lambda t: {"functionDeclarations": t, "other": [t[0]]},
    ],
)
def test_lists_within_a_document(wrap: Any) -> None:
    tools = [openai(f"tool_{i}", RICH)["function"] for i in range(3)]
    text = json.dumps(wrap(tools), indent=1)
    assert S.recognise(Content(text)) == 1.0
    rewrite = S.compress(Content(text), Policy())
    assert rewrite is not None
    assert same(tools, decode(rewrite.text))
    frame = rewrite.text.split("\n")[0]
    assert exact(frame.replace(":#tools 3", ":null")) == exact(json.dumps(wrap(tools)).replace(json.dumps(tools), "null"))


def test_what_it_saves() -> None:
    text = json.dumps([openai(f"tool_{i}", {k: v for k, v in RICH.items() if k not in ("any of", "odd")}, ["city"]) for i in range(20)], indent=2)
    rewrite = S.compress(Content(text), Policy(profile=Profile.LOSSLESS))
    assert rewrite is not None
    assert tokens.count(rewrite.text) < 0.55 * tokens.count(text)


# --- what it recognises


def test_it_is_a_compressor() -> None:
    assert isinstance(S, Compressor)
    assert S.name == "schemas"


MESSAGES = [{"id": i, "role": "user", "state": "ok", "url": f"https://e.org/x/{i}", "text": f"hello there {i}"} for i in range(200)]


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        (json.dumps([openai(f"t{i}", RICH) for i in range(3)]), 1.0),
        ("Tools:\n" + json.dumps([openai(f"t{i}", RICH) for i in range(3)], indent=2), 0.95),
        ("Tools:\n" + json.dumps([openai(f"t{i}", RICH) for i in range(3)]) + "\n" + "Prose follows. " * 5000, 0.0),
        (json.dumps([{"name": f"n{i}", "parameters": {"a": FILLER}} for i in range(30)]), 0.0),
        (json.dumps([{"name": f"n{i}", "properties": FILLER, "parameters": 3} for i in range(30)]), 0.0),
        (json.dumps({"tools": [openai(f"t{i}", RICH) for i in range(3)], "messages": MESSAGES[:3]}, indent=2), 1.0),
        (json.dumps({"tools": [openai(f"t{i}", RICH) for i in range(3)], "messages": MESSAGES}), 0.0),
        (json.dumps({"tools": [openai(f"t{i}", RICH) for i in range(3)], "messages": MESSAGES}, indent=4), 0.0),
        ("Sent:\n" + json.dumps({"result": {"messages": MESSAGES, "tools": [openai(f"t{i}", RICH) for i in range(3)]}}), 0.0),
        (json.dumps(openai("alone", RICH)), 0.0),
        (json.dumps([openai(f"t{i}", RICH) for i in range(3)])[:-200], 0.0),
        ("[]", 0.0),
        ("", 0.0),
        ('{"name" "properties" "parameters"' * 100, 0.0),
    ],
)
def test_recognised(text: str, confidence: float) -> None:
    assert S.recognise(Content(text)) == confidence
    if not confidence and "Prose" not in text and "messages" not in text:
        assert S.compress(Content(text), Policy()) is None


def test_json_that_must_stay_json() -> None:
    assert S.compress(Content(json.dumps([openai(f"t{i}", RICH) for i in range(3)])), Policy(preserve_json=True)) is None


@pytest.mark.parametrize("spoilt", ['{"a":1,"a":2}', "NaN", '"\\ud800"', "[" * 200 + "]" * 200])
def test_doubtful_json_is_left_alone(spoilt: str) -> None:
    text = json.dumps([openai(f"t{i}", {**RICH, "x": {"default": "SPOILT"}}) for i in range(3)]).replace('"SPOILT"', spoilt)
    assert S.recognise(Content(text)) == 0.0
    assert S.compress(Content(text), Policy()) is None


# --- properties

NAMES = st.one_of(st.sampled_from(["type", "properties", "required", "items", "enum", "default", "a", "b_c", "x-y", "$ref"]), st.text(max_size=6))
TEXTS = st.one_of(
    st.text(max_size=20), st.sampled_from(["a — b", " = 3", "x {y}", "1", "true", "null", "[a|b]", "# name", "#end", "two words", "é|", "1.0", "-"])
)
SCALARS = st.one_of(TEXTS, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none())
VALUES = st.recursive(SCALARS, lambda v: st.one_of(st.lists(v, max_size=3), st.dictionaries(NAMES, v, max_size=3)), max_leaves=5)
TYPES = st.one_of(
    st.sampled_from(["string", "integer", "array", "object", "boolean", "ARRAY", "weird type"]),
    st.lists(st.sampled_from(["string", "null"]), max_size=2),
    VALUES,
)


def schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES,
            "description": st.one_of(TEXTS, VALUES),
            "enum": st.one_of(st.lists(SCALARS, max_size=4), VALUES),
            "default": VALUES,
            "items": st.one_of(inner, VALUES),
            "properties": st.one_of(st.dictionaries(NAMES, inner, max_size=3), VALUES),
            "required": st.one_of(st.lists(NAMES, max_size=3), VALUES),
            "minimum": st.floats(allow_nan=False, allow_infinity=False),
        },
    )


SCHEMAS = st.recursive(schemas(VALUES), schemas, max_leaves=6)
TOOLS = st.fixed_dictionaries(
    {"name": st.one_of(st.sampled_from(["a", "b.c", "d_e-f"]), TEXTS), "parameters": SCHEMAS},
    optional={"description": TEXTS, "strict": st.booleans()},
)
PAD = anthropic("pad", {f"p{i}": {"type": "string", "description": FILLER} for i in range(30)})


@settings(max_examples=250)
@given(st.lists(TOOLS, min_size=1, max_size=4))
def test_any_schema_survives(tools: list[Any]) -> None:
    padded = [*tools, {"name": "pad", "parameters": PAD["input_schema"]}]
    decoded = through(padded, indent=2)
    if decoded is not None:
        assert same(padded, decoded)


@settings(max_examples=100)
@given(st.text(), st.sampled_from(["", '[{"name":"a","parameters":{"properties":{}}},', '"name" "properties" "parameters" ' * 40]))
def test_any_text_is_harmless(text: str, before: str) -> None:
    content = Content(before + text * 20)
    assert 0.0 <= S.recognise(content) <= 1.0
    rewrite = S.compress(content, Policy())
    assert rewrite is None or len(rewrite.text) < len(content.text)


@pytest.mark.slow
def test_hash_seeds_do_not_matter() -> None:
    code = (
        "import json,sys;from pipeline.compressors.schemas import SchemaCompressor as S;from pipeline.compressors.api import Content;"
        "from pipeline.policy import Policy;print(S().compress(Content(sys.stdin.read()),Policy()).text)"
    )
    text = json.dumps([openai(f"t{i}", RICH, ["city", "type", "tags"], strict=bool(i)) for i in range(3)])
    out = {
        subprocess.run(
            [sys.executable, "-c", code], input=text, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."}
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(out) == 1


@pytest.mark.slow
def test_time_is_linear() -> None:
    tool = openai("tool", RICH, ["city"])

    def cpu(text: str) -> float:
        return cpu_seconds(lambda: (S.recognise(Content(text)), S.compress(Content(text), Policy())), 2)

    small, large = (json.dumps([tool] * n) for n in (100, 800))
    cpu(small)
    assert cpu(large) < 30 * cpu(small) + 0.1
    hostile = '"name":"properties":"parameters":[{' * 150_000
    assert cpu(hostile) < 5
    assert cpu('[{"name":"' + "x" * 5_000_000) < 5
