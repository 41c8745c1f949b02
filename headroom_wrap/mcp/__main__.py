"""``python -m headroom_wrap.mcp --state DIR``: serve the tools on standard input and output until the input ends."""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from headroom_wrap.mcp.server import Server
from headroom_wrap.mcp.tools import ToolError, Tools

if TYPE_CHECKING:
    from pipeline.store.api import Store

USAGE = "usage: python -m headroom_wrap.mcp --state DIR [--store-file FILE] [--ready FILE] [--only TOOL,…] [--memory PROJECT --top DIR]"


def main(arguments: list[str]) -> int:
    """Serve. ``--ready`` names a file that is made once the client knows the tools, ``--store-file`` one in which the store's URL stands,
    ``--only`` the tools that are offered.

    The options are read by hand: argparse alone would take a tenth of the time in which an agent expects an answer.
    """
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if len(arguments) % 2 or "--state" not in options or not options.keys() <= {"--state", "--store-file", "--ready", "--only", "--memory", "--top"}:
        print(USAGE, file=sys.stderr)
        return 2
    # The interrupt key reaches the agent's whole process group; the agent lives on after it and so must its tools.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    recall = partial(recalled, options["--memory"], options.get("--top", "")) if options.get("--memory") else None
    only = frozenset(filter(None, options.get("--only", "").split(",")))
    tools = Tools(lambda: open_store(options["--state"], options.get("--store-file", "")), shorten, since=time.time(), only=only, recall=recall)
    try:
        # Standard output carries the protocol alone: what else is printed goes to standard error.
        with os.fdopen(os.dup(1), "wb") as out:
            os.dup2(2, 1)
            Server(tools, ready=options.get("--ready", "")).serve(sys.stdin.buffer, out)
    except BrokenPipeError:
        pass  # the agent is gone
    finally:
        tools.close()
    return 0


def open_store(state: str, store_file: str = "") -> Store:
    """The store whose URL stands in a file, by default the one that the settings name, or that in the state folder. Raises ``StoreError``."""
    # Late: the answer to `initialize` must not wait for SQLite, zstd, paths and settings.
    from pathlib import Path

    from headroom_wrap import config
    from headroom_wrap.errors import UserError
    from pipeline.store import opening
    from pipeline.store.api import StoreError

    try:
        where = Path(store_file).read_text(encoding="utf-8") if store_file else config.load(config.surroundings(), {"state": state}).where
    except (OSError, UserError) as error:
        raise StoreError(f"It is not known where the store is: {error}") from error
    return opening.open_store(where, report=lambda sentence: print(f"headroom: {sentence}", file=sys.stderr))


def recalled(project: str, top: str, wanted: str, store: Store) -> str:
    """What the tool for memory answers. Raises ``ToolError``."""
    from headroom_wrap.memory.recall import Recall
    from pipeline.ccr import RetrievalError
    from pipeline.store.api import StoreError

    try:
        return Recall(project, top).answer(store, wanted)
    except (RetrievalError, StoreError) as error:
        raise ToolError(str(error)) from error


def shorten(text: str, query: str, store: Store) -> str:
    """What the tool for it does. Raises ``ToolError``."""
    # Late: the compressors and their grammars are large.
    try:
        import headroom
    except ImportError as error:
        raise ToolError(f"Compression is not available: {error}.") from error
    function = getattr(headroom, "compress_text", None)
    if function is None:
        raise ToolError("Compression is not available in this installation.")
    return str(function(text, query, store=store))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
