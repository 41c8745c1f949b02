"""Tool schemas standing in text: lists of functions with JSON Schema parameters, a line for each parameter.

The form says everything that the JSON says but the order of keys and of ``required`` (a set), the white space, and an empty ``required`` or
``properties``, which mean the same as none (https://json-schema.org/draft/2020-12/json-schema-validation#section-6.5.3)::

    #tools 2: {"name":…,"description":…,"parameters":{"type":"object",…}}; "# name — description", then each parameter: name?: type[values] …
    # get_weather — Current weather of a place.
    city: string — City, as in "Paris, FR".
    units?: string[metric|imperial] = metric
    days?: array<object> {"maxItems":7}
     date: string {"format":"date"}

Nothing is left out, and nothing is said twice: what all tools have in common stands once in the first line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.encoder import encode_basestring as quote

from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.smart_crusher.collect import at_least
from pipeline.compressors.smart_crusher.parse import Document, Refused, documents
from pipeline.compressors.smart_crusher.values import dumps, reads_as_literal
from pipeline.policy import Policy

_MIN_TEXT = 1000
_WORTH = 0.9  # of the characters at most
_LEAST_TOOLS = 2
_SAMPLE = 20_000
_SCHEMA_KEYS = ("parameters", "input_schema", "inputSchema")
_MAX_LEVELS = 12  # of members within members; deeper ones stay JSON

LEGEND = '"# name — description", then its parameters, members indented: name?: type[values] = default — description (? not required)'
_BARE_NAME = re.compile(r"[A-Za-z_$][\w$.-]{0,120}\Z")
_BARE_TYPE = re.compile(r"[A-Za-z]\w{0,40}\Z")
_BARE_VALUE = re.compile(r"[A-Za-z0-9_][\w.,:/+%@#()'-]{0,80}(?: [\w.,:/+%@#()'-]{1,80}){0,20}\Z")
_UNSAFE_TEXT = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]|\A[\s\"]|\s\Z")

_Object = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What all tools of a list have in common.

    Args:
        outer: the key that a tool stands below, ``""`` if none (``{"type":"function","function":{…}}``).
        around: the other members beside it.
        key: the member that holds the schema.
        members: members of every tool, but name, description and schema.
        schema: members of every schema, but properties and required.
    """

    outer: str
    around: _Object
    key: str
    members: _Object
    schema: _Object

    def heading(self) -> str:
        """The shape as JSON with ``…`` for what each tool says itself."""
        schema = ",".join([f"{quote(k)}:{dumps(v)}" for k, v in self.schema.items()] + ["…"])
        inner = ['"name":…', '"description":…', *(f"{quote(k)}:{dumps(v)}" for k, v in self.members.items()), f"{quote(self.key)}:{{{schema}}}"]
        tool = "{" + ",".join(inner) + "}"
        if not self.outer:
            return tool
        return "{" + ",".join([*(f"{quote(k)}:{dumps(v)}" for k, v in self.around.items()), f"{quote(self.outer)}:{tool}"]) + "}"


class SchemaCompressor:
    """Lists of tool schemas as lines; loss-free."""

    name = "schemas"

    def recognise(self, content: Content) -> float:
        """1.0 where the text is a JSON document and most of it is lists of tools, 0.95 where such a document stands in other text."""
        if len(content.text) < _MIN_TEXT or not _likely(content.text):
            return 0.0
        try:
            found = documents(content.text)
        except Refused:
            return 0.0
        holding = [(document, tools) for document in found if (tools := list(_tool_lists(document.value)))]
        if sum(document.end - document.start for document, _ in holding) < 0.5 * len(content.text):
            return 0.0
        if at_least([document.value for document, _ in holding], 1 + 2 * sum(len(dumps(one)) for _, tools in holding for one in tools)):
            return 0.0  # mostly other data
        return 1.0 if len(found) == 1 and found[0].start == 0 and found[0].end == len(content.text) else 0.95

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The text with its lists of tools as lines; None where there are none, or JSON must stay JSON."""
        if policy.preserve_json or len(content.text) < _MIN_TEXT or not _likely(content.text):
            return None
        try:
            found = documents(content.text)
        except Refused:
            return None
        if any(document.cut for document in found):
            return None
        out: list[str] = []
        at = count = 0
        for document in found:
            written, tools = _write(document)
            if tools:
                out += [content.text[at : document.start], written]
                at = document.end
                if content.text[at : at + 1] not in {"", "\n", "\r"}:
                    out.append("\n")
                count += tools
        text = "".join(out) + content.text[at:]
        if not count or len(text) > _WORTH * len(content.text):
            return None
        return Rewrite(text, count, summary=f"{count} tool schemas as lines, nothing left out", unit="tool")


def _likely(text: str) -> bool:
    """Whether the text may hold tools, without parsing it."""
    head = text[:_SAMPLE]
    return '"name"' in head and '"properties"' in head and any(f'"{key}"' in head for key in _SCHEMA_KEYS)


# --- finding lists of tools


def _tool_lists(value: object, levels: int = 3) -> Iterator[list[_Object]]:
    """The lists of tools in a value: itself, or below at most three keys (``{"result":{"tools":[…]}}``)."""
    if _shape_of(value) is not None:
        yield value  # type: ignore[misc]
    elif type(value) is dict and levels:
        for member in value.values():
            yield from _tool_lists(member, levels - 1)


def _shape_of(value: object) -> _Shape | None:
    """The shape of a list of tools; None if it is none."""
    if type(value) is not list or len(value) < _LEAST_TOOLS or not all(type(v) is dict and v for v in value):
        return None
    tools: list[_Object] = value
    outer = "function" if all(type(t.get("function")) is dict for t in tools) else ""
    around: _Object = {}
    if outer:
        around = _common([{k: v for k, v in t.items() if k != outer} for t in tools])
        if any(len(t) != len(around) + 1 for t in tools):
            return None
        tools = [t[outer] for t in tools]  # type: ignore[misc]
    key = next((k for k in _SCHEMA_KEYS if all(type(t.get(k)) is dict for t in tools)), "")
    if not key or not all(type(t.get("name")) is str and type(t.get("description", "")) is str for t in tools):
        return None
    if not any("properties" in _object(t[key]) for t in tools):
        return None
    members = _common([{k: v for k, v in t.items() if k not in {"name", "description", key}} for t in tools])
    schema = _common([{k: v for k, v in _object(t[key]).items() if k not in {"properties", "required"}} for t in tools])
    return _Shape(outer, around, key, members, schema)


def _common(objects: list[_Object]) -> _Object:
    """The members that all objects have with equal values; numbers are equal only if they are written alike."""
    common = dict(objects[0])
    for one in objects[1:]:
        common = {k: v for k, v in common.items() if k in one and _same(v, one[k])}
    return common


def _same(a: object, b: object) -> bool:
    return type(a) is type(b) and a == b  # numbers are bytes, so True is no 1 and 1.0 is no 1


def _object(value: object) -> _Object:
    return value if type(value) is dict else {}


# --- writing them


def _write(document: Document) -> tuple[str, int]:
    """A document with its lists of tools as lines, the rest as compact JSON, and how many tools that were."""
    lines: list[str] = []
    count = 0

    def write(value: object, levels: int) -> str:
        nonlocal count
        shape = _shape_of(value)
        if shape is not None:
            tools: list[_Object] = value  # type: ignore[assignment]
            legend = "" if lines else f"; {LEGEND}"
            lines.append(f"#tools {len(tools)}: {shape.heading()}{legend}")
            for tool in tools:
                lines.extend(_tool(tool, shape))
            count += len(tools)
            return f"#tools {len(tools)}"
        if type(value) is dict and levels:
            return "{" + ",".join([f"{quote(k)}:{write(v, levels - 1)}" for k, v in value.items()]) + "}"
        return dumps(value)

    frame = write(document.value, 3)
    if type(document.value) is not list:
        lines.insert(0, frame)
    return "\n".join([*lines, "#end"]), count


def _tool(tool: _Object, shape: _Shape) -> Iterator[str]:
    """A tool's lines; a tool that the lines cannot say is one line of JSON."""
    inner = _object(tool[shape.outer]) if shape.outer else tool
    schema = {k: v for k, v in _object(inner[shape.key]).items() if k not in shape.schema}
    own = _members(schema)
    name = str(inner["name"])
    if own is None or not _BARE_NAME.match(name):
        yield dumps(tool)
        return
    rest = {k: v for k, v in inner.items() if k not in shape.members and k not in {"name", "description", shape.key}}
    left = {k: v for k, v in schema.items() if k not in {"properties", "required"}}
    if left:
        rest[shape.key] = left
    yield f"# {name}" + (f" {dumps(rest)}" if rest else "") + _description(inner)
    yield from _lines(own, 0)


def _members(schema: _Object) -> list[tuple[str, bool, _Object]] | None:
    """Name, whether required, and schema of each property; None where the schema cannot be said in lines."""
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    if type(properties) is not dict or type(required) is not list or not all(type(p) is dict for p in properties.values()):
        return None
    if not all(type(r) is str and r in properties for r in required) or len(set(required)) != len(required):
        return None
    return [(name, name in required, member) for name, member in properties.items()]


def _lines(members: list[tuple[str, bool, _Object]], depth: int) -> Iterator[str]:
    for name, required, schema in members:
        shown = name if _BARE_NAME.match(name) else quote(name)
        kind, inner, rest = _kind(schema)
        children = _members(inner) if inner is not None and depth < _MAX_LEVELS and inner.get("properties") else None
        if inner is not None and children is None:
            kind, rest = "", {k: v for k, v in schema.items() if k != "default" and (k != "description" or type(v) is not str)}
        default = f" = {_value(schema['default'])}" if "default" in schema else ""
        text = f": {kind}" if kind else ":"
        yield f"{' ' * depth}{shown}{'' if required else '?'}{text}{f' {dumps(rest)}' if rest else ''}{default}{_description(schema)}"
        if children is not None:
            yield from _lines(children, depth + 1)


def _kind(schema: _Object) -> tuple[str, _Object | None, _Object]:
    """The type as text, the schema whose members follow (None if none do), and what the line says as JSON."""
    rest = {k: v for k, v in schema.items() if k not in {"type", "enum", "description", "default"}}
    if type(schema.get("description", "")) is not str:
        rest["description"] = schema["description"]
    kind = _type(schema.get("type"))
    if not kind:
        return "", None, {**{k: schema[k] for k in ("type", "enum") if k in schema}, **rest}
    values = _values(schema["enum"]) if "enum" in schema else ""
    if values is None:
        values, rest = "", {"enum": schema["enum"], **rest}
    kind += values
    if type(schema.get("properties")) is dict and schema["properties"]:
        return kind, {k: rest.pop(k) for k in ("properties", "required") if k in rest}, rest
    items = schema.get("items")
    if kind.lower() == "array" and type(items) is dict:
        inside, inner, more = _kind(items)
        if inside:
            rest.pop("items")
            more |= {k: items[k] for k in ("description", "default") if k in items}
            return f"{kind}<{inside}{f' {dumps(more)}' if more else ''}>", inner, rest
    return kind, None, rest


def _type(value: object) -> str:
    """A type, or several: ``string``, ``string|null``; ``""`` for what is neither."""
    if type(value) is str:
        return value if _BARE_TYPE.match(value) else ""
    if type(value) is list and len(value) > 1 and all(type(v) is str and _BARE_TYPE.match(v) for v in value):
        return "|".join(value)
    return ""


def _values(enum: object) -> str | None:
    """``[a|b|3]``; None where a value is a container or the list is empty."""
    if type(enum) is not list or not enum or any(type(v) in {dict, list} for v in enum):
        return None
    return "[" + "|".join(map(_value, enum)) + "]"


def _value(value: object) -> str:
    """A value as JSON; a plain string without quotes where nothing else could be meant."""
    if type(value) is str and _BARE_VALUE.match(value) and not reads_as_literal(value):
        return value
    return dumps(value)


def _description(owner: _Object) -> str:
    text = owner.get("description")
    if type(text) is not str:
        return ""
    return f" — {quote(text) if not text or _UNSAFE_TEXT.search(text) else text}"
