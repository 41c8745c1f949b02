"""What the endpoints take and give, as types: requests are checked against them, and the OpenAPI document is made from them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from pipeline.policy import Profile
from pipeline.transcript import ToolKind

Messages = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": "array", "items": {"type": "object"}})]
_Count = Annotated[int, Meta(ge=0)]


class Options(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Departures from the proxy's own policy.

    Args:
        floor_tokens: nothing is left out of tool results of fewer tokens.
        exclude_tools: tools whose results are left alone.
        disabled: compressors that are not used.
        tool_kinds: tool name -> kind; of tools not listed it is guessed.
        workspace: absolute path of the project.
        schemas_in_prompts: lists of tool schemas in system texts are written down shorter, loss-free.
        preserve_json: JSON stays parseable.
        elide: false: nothing is left out, only said in fewer words.
    """

    floor_tokens: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    exclude_tools: tuple[str, ...] | None = None
    disabled: tuple[str, ...] | None = None
    tool_kinds: dict[str, ToolKind] | None = None
    workspace: str | None = None
    schemas_in_prompts: bool | None = None
    preserve_json: bool | None = None
    elide: bool | None = None


class CompressSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a list of messages is to be compressed.

    Args:
        model: the model they are for.
        profile: how far compression may go; by default the proxy's.
        query: what is looked for; by default the last user text before each tool result.
        frozen_message_count: so many messages at the beginning were sent before and stay as they are.
        options: departures from the proxy's policy.
        token_budget, config: taken for clients that send them; they have no effect, and the answer says so in ``ignored``.
    """

    model: str | None = None
    profile: Profile | None = None
    query: str | None = None
    frozen_message_count: _Count | None = 0
    options: Options | None = None
    token_budget: int | float | None = None
    config: dict[str, Any] | None = None


class CompressRequest(CompressSettings, frozen=True, kw_only=True):
    """A list of messages and how it is to be compressed.

    Args:
        messages: of Anthropic's Messages, OpenAI's Chat Completions or Responses (input items), Gemini (contents), or Bedrock's Converse.
    """

    messages: Messages


class BlockAnswer(Struct, frozen=True):
    """What became of one tool result, or of one long text of the user's.

    Args:
        index: which tool result it is, or which long text of the user's, counted from 0.
        reason: why it is as it is, e.g. ``compressed`` or ``too small``.
        compressor: which one compressed it, ``""`` if none.
        handle: the original's handle, ``""`` if it was not compressed.
        tokens_before, tokens_after: o200k tokens; 0 where they were not counted.
        source: whose text it is: ``tool`` or ``user``.
    """

    index: int
    reason: str
    compressor: str
    handle: str
    tokens_before: int
    tokens_after: int
    source: str = "tool"


class CompressAnswer(Struct, frozen=True):
    """A list of messages after compression; those in which nothing was compressed are byte-identical.

    Args:
        messages: in the form in which they came.
        tokens_before: o200k tokens of all text in them: of tool results counted, of other text estimated.
        tokens_after: likewise, afterwards.
        tokens_saved: the difference, counted.
        savings_ratio: the share of the tokens that is not sent, 0 to 1.
        compression_ratio: the share that is, 0 to 1.
        blocks: one entry for every tool result, and after them one for every text of the user's that is long enough to hold pasted data.
        handles: of the originals of what was rewritten, each once.
        transforms_applied: the compressors that rewrote something, each once.
        ccr_hashes: the handles, under the name that the published npm package reads.
        ignored: members of the request that have no effect here.
    """

    messages: Messages
    tokens_before: int
    tokens_after: int
    tokens_saved: int
    savings_ratio: float
    compression_ratio: float
    blocks: tuple[BlockAnswer, ...]
    handles: tuple[str, ...]
    transforms_applied: tuple[str, ...]
    ccr_hashes: tuple[str, ...]
    ignored: tuple[str, ...] = ()


class RetrieveRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Which original, and which part of it. Either ``handle`` or ``hash`` names it.

    Args:
        handle: as printed in a footer, e.g. ``3f9a2c7b``.
        lines: units by number: ``120-480``, ``5-9,40-60``.
        pattern: a regular expression; only units in which it is found.
        hash: the handle, from clients of the published npm package; then the answer is in their words.
        query: with ``hash``: only units in which one of its words is found, whatever their case.
    """

    handle: str | UnsetType = UNSET
    lines: str | None = None
    pattern: str | None = None
    hash: str | UnsetType = UNSET
    query: str | UnsetType = UNSET

    @property
    def named(self) -> str:
        """The handle, however it is called."""
        return self.handle or self.hash or ""


class RetrieveAnswer(Struct, frozen=True):
    """An original, whole or in part.

    Args:
        handle: whose.
        text: the original itself, or the units asked for, each with its number and a tab in front.
        unit: singular noun of its units, e.g. ``line``.
        total: units in the whole original.
        shown: units in ``text``.
    """

    handle: str
    text: str
    unit: str
    total: int
    shown: int


class HashedAnswer(Struct, frozen=True):
    """A whole original in the words of the published npm package.

    Args:
        hash: the handle.
        original_content: the text.
        original_tokens: o200k tokens of it (estimated).
        original_item_count: its units.
        tool_name: where it came from in a few words.
    """

    hash: str
    original_content: str
    original_tokens: int
    original_item_count: int
    tool_name: str


class SearchAnswer(Struct, frozen=True):
    """The units in which words were found, in the words of the published npm package.

    Args:
        hash: the handle.
        query: the words.
        results: the units, each with its number and a tab in front.
        count: how many.
    """

    hash: str
    query: str
    results: tuple[str, ...]
    count: int


class HealthConfig(Struct, frozen=True):
    """What the proxy does: it never caches answers and has no rate limit of its own."""

    optimize: bool
    cache: bool = False
    rate_limit: bool = False


class HealthAnswer(Struct, frozen=True):
    """Whether the proxy is well.

    Args:
        status: ``healthy`` or ``unhealthy``.
        version: of Headroom.
        config: what it does.
        checks: each part and how it is.
    """

    status: str
    version: str
    config: HealthConfig
    checks: dict[str, str]


class ReadyAnswer(Struct, frozen=True):
    """Whether the proxy can serve; the internet is not asked.

    Args:
        status: ``ready`` or ``unready``.
        checks: each part and how it is.
    """

    status: str
    checks: dict[str, str]
