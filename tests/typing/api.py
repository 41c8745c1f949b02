"""What type checkers see of the public library: checked by mypy, never run."""

from __future__ import annotations

from headroom import BlockResult, CompressResult, compress, compress_text, retrieve
from headroom.testing import AnthropicProvider, Script, text, tool

result: CompressResult = compress([{"role": "user", "content": "hello"}], model="claude-sonnet-4-6", profile="lossless", query="x")
saved: int = result.tokens_saved
share: float = result.savings_ratio
blocks: tuple[BlockResult, ...] = result.blocks
original: str = retrieve(result.handles[0], lines="1-3", pattern="x")
shorter: str = compress_text("text", "query")

with AnthropicProvider(Script([text("hi"), tool("Bash", command="ls")])) as provider:
    url: str = provider.url
