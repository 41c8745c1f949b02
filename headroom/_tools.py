"""The tool by which an application's model gets back what was left out: its declaration for each API, and what answers its calls."""

from __future__ import annotations

from typing import Any, Protocol

from headroom._stores import default_store
from pipeline import ccr
from pipeline.retrieval_tool import DESCRIPTION, LIMIT, NAME, SCHEMA
from pipeline.store.api import Store, StoreError


class Retriever(Protocol):
    """A function that models call."""

    def __call__(self, handle: str, lines: str = "", pattern: str = "") -> str:
        """What the model is answered."""
        ...


def tools(api: str, *, strict: bool = False) -> list[dict[str, Any]]:
    """The declaration of ``headroom_retrieve``, to be added to the tools of a request.

    A request that offers it is one from which whole lines may be left out; its calls are answered by ``headroom_retrieve(**arguments)``.

    Args:
        api: ``anthropic``, ``openai-chat``, ``openai-responses`` or ``gemini``.
        strict: as OpenAI's ``parse`` and its streams want it, with every argument required and null for what is not said.

    Raises:
        ValueError: no such API.
    """
    declared = {"name": NAME, "description": DESCRIPTION, "parameters": _strict(SCHEMA) if strict else SCHEMA}
    if api == "anthropic":
        return [{"name": NAME, "description": DESCRIPTION, "input_schema": SCHEMA}]
    if api == "openai-chat":
        return [{"type": "function", "function": {**declared, "strict": strict}}]
    if api == "openai-responses":
        return [{"type": "function", **declared, "strict": strict}]
    if api == "gemini":
        return [{"function_declarations": [{"name": NAME, "description": DESCRIPTION, "parameters_json_schema": SCHEMA}]}]
    raise ValueError(f"No API {api!r}: there are anthropic, openai-chat, openai-responses and gemini.")


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """https://platform.openai.com/docs/guides/structured-outputs#supported-schemas."""
    required = schema["required"]
    properties = {name: said if name in required else {**said, "type": [said["type"], "null"]} for name, said in schema["properties"].items()}
    return {**schema, "properties": properties, "required": [*properties], "additionalProperties": False}


def retriever(store: Store | None = None) -> Retriever:
    """``headroom_retrieve`` over another store than the user's own: a plain function with types and a docstring, as frameworks make tools of."""

    def headroom_retrieve(handle: str, lines: str = "", pattern: str = "") -> str:
        asked, searched = _said(lines), _said(pattern)
        try:
            # a handle is often copied with what stands around it: [headroom 3f9a2c7b:
            found = ccr.retrieve(store if store is not None else default_store(), str(handle).strip(" []:"), asked, searched, limit=LIMIT)
        except (ccr.RetrievalError, StoreError) as error:
            return str(error)
        if not found.shown and (asked or searched):
            return f"Nothing in {found.handle} matches; it has {found.total} {found.unit}s."
        last = ccr.closing(found)
        return f"{found.text}\n{last}" if last else found.text

    said = SCHEMA["properties"]
    headroom_retrieve.__doc__ = f"""{DESCRIPTION}

    Args:
        handle: HANDLE in that line
        lines: {said["lines"]["description"]}
        pattern: {said["pattern"]["description"]}
    """
    headroom_retrieve.__annotations__ = {"handle": str, "lines": str, "pattern": str, "return": str}  # not every framework resolves their names
    headroom_retrieve.__module__, headroom_retrieve.__qualname__ = "headroom", NAME
    return headroom_retrieve


def _said(argument: object) -> str | None:
    """An argument as text. Models write numbers, too, and null or nothing for what they do not ask for."""
    return None if argument is None or argument == "" else str(argument)


headroom_retrieve = retriever()
