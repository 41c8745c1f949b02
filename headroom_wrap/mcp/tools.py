"""The tools: what the model is told about them, and what they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline import retrieval_tool

if TYPE_CHECKING:
    from pipeline.store.api import Store

# Every request of an agent carries these words: each must earn its place.
INSTRUCTIONS = (
    "[…] in a tool result stands for lines that were left out, [headroom HANDLE: …] below it says which. If you need them, fetch just those"
    " with headroom_retrieve; do not run the tool again."
)

_READ_ONLY = {"readOnlyHint": True, "openWorldHint": False}


def _tool(name: str, description: str, required: list[str], **properties: str) -> dict[str, Any]:
    return {
        "name": name,
        "description": description,
        "inputSchema": {
            "type": "object",
            "properties": {key: {"type": "string", "description": said} if said else {"type": "string"} for key, said in properties.items()},
            "required": required,
        },
        "annotations": _READ_ONLY,
    }


TOOLS: list[dict[str, Any]] = [
    {"name": retrieval_tool.NAME, "description": retrieval_tool.SUMMARY, "inputSchema": retrieval_tool.SCHEMA, "annotations": _READ_ONLY},
    _tool(
        "headroom_compress",
        "Shorten a text, reversibly.",
        ["text"],
        text="",
        query="what to keep",
    ),
    _tool("headroom_stats", "What was saved.", []),
]

# Offered where the user turned memory on: then in the place of the figures, which a person has elsewhere, so that no request gets longer by much.
RECALL = _tool("headroom_recall", "What agents read here before.", [], pattern="path or regex")

LIMIT = retrieval_tool.LIMIT  # characters; a longer text is cut, and it is said how to go on


class UnknownTool(LookupError):
    """There is no tool of this name."""


class ToolError(Exception):
    """The tool cannot do what was asked. The message is for the model and says what to do."""


class Tools:
    """The tools over a store, which is opened when the first of them needs it.

    Args:
        open_store: opens the store.
        compress: (text, query, store for the original) -> text; raises ToolError where it cannot.
        since: Unix time in seconds from which receipts count as this session's.
        only: names of those that are offered; empty for all. The others answer all the same.
        recall: (path or pattern, store) -> what memory answers; raises ToolError where it cannot. None: there is no memory.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        compress: Callable[[str, str, Store], str],
        *,
        since: float = 0.0,
        only: frozenset[str] = frozenset(),
        recall: Callable[[str, Store], str] | None = None,
    ) -> None:
        self._open_store = open_store
        self._compress = compress
        self._since = since
        self._only = only
        self._recall = recall
        self._store: Store | None = None

    @property
    def offered(self) -> list[dict[str, Any]]:
        """The tools as the model is told of them."""
        every = TOOLS if self._recall is None else [*TOOLS[:-1], RECALL]
        return [tool for tool in every if not self._only or tool["name"] in self._only]

    def call(self, name: str, arguments: dict[str, Any]) -> str:
        """What a tool answers.

        Raises:
            UnknownTool: no tool has this name.
            ToolError: it cannot do what was asked.
        """
        if name == retrieval_tool.NAME:
            return self._retrieve(_text(arguments, "handle"), _optional(arguments, "lines"), _optional(arguments, "pattern"))
        if name == "headroom_compress":
            return self._compressed(_text(arguments, "text"), _optional(arguments, "query") or "")
        if name == "headroom_stats":
            return self._stats()
        if name == RECALL["name"] and self._recall is not None:
            return self._recalled(self._recall, _optional(arguments, "pattern") or "")
        raise UnknownTool(name)

    def close(self) -> None:
        """Close the store if it was opened."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _retrieve(self, handle: str, lines: str | None, pattern: str | None) -> str:
        from pipeline import ccr
        from pipeline.store.api import StoreError

        try:
            # a handle is often copied with what stands around it: [headroom 3f9a2c7b:
            found = ccr.retrieve(self._opened(), handle.strip(" []:"), lines, pattern, limit=LIMIT)
        except (ccr.RetrievalError, StoreError) as error:
            raise ToolError(str(error)) from error
        if pattern is not None and not found.shown:
            raise ToolError(f"No {found.unit} of {found.handle} matches {pattern!r}; it has {found.total} {found.unit}s.")
        last = ccr.closing(found, by_command=True)
        return f"{found.text}\n{last}" if last else found.text

    def _compressed(self, text: str, query: str) -> str:
        try:
            return self._compress(text, query, self._opened())
        except ToolError:
            raise
        except Exception as error:  # whatever fails in a compressor, the model has the text and goes on with it
            raise ToolError(f"The text could not be compressed ({type(error).__name__}: {error}). Use it as it is.") from error

    def _recalled(self, recall: Callable[[str, Store], str], wanted: str) -> str:
        from pipeline.store.api import StoreError

        try:
            return recall(wanted, self._opened())
        except StoreError as error:
            raise ToolError(str(error)) from error

    def _stats(self) -> str:
        from headroom_wrap.ledger.summary import summary_of, text_receipt
        from pipeline.store.api import StoreError

        try:
            recent, all_of_them = summary_of(self._opened(), since=self._since), summary_of(self._opened())
        except StoreError as error:
            raise ToolError(str(error)) from error
        return text_receipt(recent, title="Since this agent started") + text_receipt(all_of_them, title="In all")

    def _opened(self) -> Store:
        if self._store is None:
            self._store = self._open_store()
        return self._store


def _text(arguments: dict[str, Any], name: str) -> str:
    value = _optional(arguments, name)
    if value is None:
        raise ToolError(f"The argument {name} is missing.")
    return value


def _optional(arguments: dict[str, Any], name: str) -> str | None:
    value = arguments.get(name)
    if value is None or value == "":
        return None  # models send empty strings for what they leave out
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # lines=120
    if not isinstance(value, str):
        raise ToolError(f"The argument {name} must be a string.")
    return value
