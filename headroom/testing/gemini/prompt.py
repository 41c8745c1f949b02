"""A request as the list of blocks that Gemini's implicit cache sees: system instruction, tools, then the parts of the conversation.

Names may be written in camel or in snake case, a system instruction may be a text or a content; none of that makes another prompt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from headroom.testing.charge import default_count
from headroom.testing.prefix import Block
from headroom.testing.shapes import JsonObject, mapping, objects, string

# Images, sounds and videos are billed by their size; without decoding them one figure stands for all.
MEDIA_TOKENS = 1000

_HUMP = re.compile(r"_([a-z0-9])")


def camel(name: str) -> str:
    """A field's name as the API documents it: it takes ``system_instruction`` for ``systemInstruction``."""
    return _HUMP.sub(lambda match: match[1].upper(), name)


def fields(value: object) -> JsonObject:
    """The members of an object under their documented names."""
    return {camel(str(name)): member for name, member in mapping(value).items()}


def parts_of(content: object) -> list[JsonObject]:
    """The parts of a content, or of a text that stands for one."""
    if isinstance(content, str):
        return [{"text": content}]
    return [fields(part) for part in objects(fields(content).get("parts"))]


def flatten(request: JsonObject, count: Callable[[str], int] = default_count) -> list[Block]:
    """The blocks of a valid request."""
    return list(_blocks(fields(request), count))


def _blocks(request: JsonObject, count: Callable[[str], int]) -> Iterator[Block]:
    for p, part in enumerate(parts_of(request.get("systemInstruction"))):
        yield _part(f"systemInstruction.parts[{p}]", "system", part, count)
    for t, tool in enumerate(objects(request.get("tools"))):
        shown = json.dumps(tool, ensure_ascii=False)
        yield Block(f"tools[{t}]", shown, max(1, count(shown)))
    for c, content in enumerate(objects(request.get("contents"))):
        role = string(content.get("role")) or "user"
        for p, part in enumerate(parts_of(content)):
            yield _part(f"contents[{c}].parts[{p}]", role, part, count)


def _part(path: str, role: str, part: JsonObject, count: Callable[[str], int]) -> Block:
    text = part.get("text")
    shown = text if isinstance(text, str) else json.dumps(part, ensure_ascii=False)
    tokens = MEDIA_TOKENS if "inlineData" in part or "fileData" in part else max(1, count(shown))
    return Block(path, f"{role} {shown}", tokens)
