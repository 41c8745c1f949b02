"""Usage read beside the relay, and the receipts made of it."""

from __future__ import annotations

import json

import pytest

from headroom_wrap.events import Finished, Trouble
from headroom_wrap.proxy import effects
from headroom_wrap.proxy.books import Meter
from headroom_wrap.proxy.heads import Front
from headroom_wrap.proxy.prepared import Prepared
from pipeline.cache_misses import NO_HEAD
from pipeline.dialects.anthropic import Anthropic
from pipeline.policy import Policy
from pipeline.store.api import Decision, StoreError
from pipeline.transcript import ItemKind
from tests.headroom_wrap.proxy.harness import RawUpstream, answer, body_of, conversation, proxy
from tests.memory_store import MemoryStore


def usage(read=0, write=0, write_1h=0, fresh=3):
    return {
        "input_tokens": fresh,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": write + write_1h,
        "cache_creation": {"ephemeral_5m_input_tokens": write, "ephemeral_1h_input_tokens": write_1h},
        "output_tokens": 1,
    }


async def test_savings_are_new_once_and_old_from_then_on():
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(answer(usage(write=900), message_id="m1"), answer(usage(read=900, write=500), message_id="m2"))
        await p.post(body_of(conversation(1)))
        await p.event(Finished, 1)
        await p.post(body_of(conversation(2)))
        await p.event(Finished, 2)
    first, second = p.store.rows["m1"], p.store.rows["m2"]
    assert first.removed_new > 1000
    assert first.removed_old == 0
    assert second.removed_old == first.removed_new
    assert second.removed_new > 1000
    assert first.cost_without > first.cost > 0
    assert dict(second.compressors)["log"] == pytest.approx(second.removed_new + second.removed_old, abs=2)
    assert second.reasons == (("compressed", 1),)
    assert first.session == second.session != ""


async def test_a_request_that_is_retried_saves_what_the_first_try_would_have():
    busy = b"HTTP/1.1 529 Overloaded\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(busy, answer(usage(write=900), message_id="m1"), answer(usage(read=900), message_id="m2"))
        for turns in (1, 1, 2):
            await p.post(body_of(conversation(turns)))
        await p.event(Finished, 2)
    assert up.requests[0].body == up.requests[1].body
    first, second = p.store.rows["m1"], p.store.rows["m2"]
    assert (first.removed_new > 1000, first.removed_old) == (True, 0)
    assert second.removed_old == first.removed_new


async def test_the_life_of_the_cache_is_told():
    kinds = [usage(write=9), usage(read=9), usage(write_1h=9), usage(read=9), usage()]
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(*(answer(u, message_id=f"m{n}") for n, u in enumerate(kinds)))
        for n in range(len(kinds)):
            await p.post(body_of(conversation(0)), headers={"X-Claude-Code-Session-Id": "s"})
            await p.event(Finished, n + 1)
        assert [e.ttl_s for e in p.of(Finished)] == [300, 300, 3600, 3600, 0]


async def test_a_plain_json_answer_is_counted_and_an_error_is_not():
    body = json.dumps({"id": "m", "model": "claude-opus-4-8", "usage": usage()}).encode()
    error = b'{"type":"error","error":{"type":"overloaded_error","message":"x"}}'
    head = "HTTP/1.1 {} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(head.format(529, len(error)).encode() + error, head.format(200, len(body)).encode() + body)
        await p.post(body_of(conversation(0)))
        await p.post(body_of(conversation(0)))
        await p.event(Finished)
    assert list(p.store.rows) == ["m"]


async def test_other_endpoints_are_not_counted():
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(answer())
        await p.post(body_of(conversation(1)), "/v1/messages/count_tokens?beta=true")
        await p.post(b"{}", "/v1/complete")
    assert up.requests[0].body == body_of(conversation(1))
    assert not p.of(Finished)
    assert not p.store.rows


async def test_a_receipt_that_cannot_be_kept_is_told():
    class Full(MemoryStore):
        def add_receipt(self, receipt):
            raise StoreError("The disk is full.")

    async with RawUpstream() as up, proxy(up.url, store=Full()) as p:
        up.answers(answer())
        assert (await p.post(body_of(conversation(0)))).status == 200
        assert (await p.event(Trouble)).message.startswith("The disk is full.")
        await p.event(Finished)


@pytest.mark.parametrize("coding", ["gzip", "zstd", "unheard-of"])
def test_bytes_that_cannot_be_read_stop_the_meter_and_nothing_else(coding):
    meter = Meter(Anthropic().usage_parser("text/event-stream"), coding)
    meter.feed(b"no such thing at all, however long it may be")
    meter.feed(b"more")
    meter.close()
    assert meter.parser.usage is None


def test_a_parser_that_fails_is_left_alone():
    class Failing:
        def feed(self, chunk):
            raise KeyError

        close = feed

    meter = Meter(Failing(), "")
    meter.feed(b"x")
    meter.feed(b"x")


# Effects


def read(messages):
    return Anthropic().read(body_of(messages), Policy())


def fetched(n, text="full text " * 200, name="mcp__headroom__headroom_retrieve", **arguments):
    call = {"type": "tool_use", "id": f"r{n}", "name": name, "input": arguments or {"handle": "12345678"}}
    return [
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"r{n}", "content": text}]},
    ]


def test_what_was_fetched_back_is_ours():
    begun = conversation(1)
    new, old, alone = effects.retrievals(read(begun + fetched(1)))
    assert (new > 100, old, alone) == (True, 0, True)
    assert effects.retrievals(read(begun + fetched(1) + fetched(2)))[1] == new
    assert effects.retrievals(read(begun + fetched(1, name="Bash", command="headroom show 12345678"))) == (new, 0, True)
    assert effects.retrievals(read(begun)) == (0, 0, False)


def test_a_turn_that_answers_more_than_retrievals_is_the_agents_own():
    mixed = conversation(1) + fetched(1)
    mixed[-1]["content"].append({"type": "text", "text": "And what about orders?"})
    assert not effects.retrievals(read(mixed))[2]
    answered = conversation(1) + fetched(1) + [{"role": "assistant", "content": "So."}, {"role": "user", "content": "Go on."}]
    assert not effects.retrievals(read(answered))[2]


def test_our_tools_are_counted_where_the_agent_offers_them():
    transcript = read(conversation(0))
    assert effects.effect(Prepared(b"", b"", transcript=transcript, front=Front.known(NO_HEAD, 150))).schema == 150
    assert effects.effect(Prepared(b"", b"", transcript=transcript)).schema == 0


def test_what_was_left_out_is_summed_by_compressor():
    def made(n, compressor, text="x"):
        return Decision(str(n), text, "compressed", compressor, "h", 100 * n, 10 * n)

    transcript = read(conversation(2, lines=1))
    first, last = (i for i, item in enumerate(transcript.items) if item.kind is ItemKind.TOOL_RESULT)
    known = (made(1, "log"), made(2, "", None), made(5, "log"))
    prepared = Prepared(b"a", b"b", known, (made(3, "search"), made(4, "log")), transcript=transcript, places=(first, first, last))
    effect = effects.effect(prepared)
    assert (effect.removed_old, effect.removed_new) == (90, 450 + 630)  # what has no answer yet is new, though it was decided on before
    assert effect.compressors == (("log", 900), ("search", 270))


async def test_why_the_cache_was_written_is_booked_and_told():
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(
            answer(usage(write=9000), message_id="m1"),
            answer(usage(read=9000, write=500), message_id="m2"),
            answer(usage(write=9700), message_id="m3"),
        )
        for n, tools in enumerate(([], [], [{"name": "New", "input_schema": {}}])):
            await p.post(body_of(conversation(n), tools=tools))
            await p.event(Finished, n + 1)
    assert [(r.cause, r.again) for r in p.store.rows.values()] == [("first write", 0), ("growth", 0), ("tools changed", 9500)]
    told = p.of(Finished)[-1]
    assert (told.cause, told.again, told.miss) == ("tools changed", 9500, "the agent changed its tools")
    assert told.again_cost == p.store.rows["m3"].again_cost > 0
    assert not p.of(Trouble)


async def test_a_cache_that_we_broke_is_told_and_taken_off():
    """The upstream takes the first form of a block and refuses it later, so from there on the block goes as it came."""
    refusal = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(answer(usage(write=9000), message_id="m1"), refusal, answer(usage(write=9700), message_id="m2"))
        await p.post(body_of(conversation(1)))
        await p.event(Finished, 1)
        await p.post(body_of(conversation(2)))
        await p.event(Trouble, 2)
    assert [t.kind for t in p.of(Trouble)] == ["refused", "cache"]
    assert "in another form than before" in p.of(Trouble)[1].message
    assert "9,000 tokens" in p.of(Trouble)[1].message
    made = p.store.rows["m2"]
    assert (made.cause, made.again) == ("ours", 9000)
    assert made.overhead >= made.again_cost > 0
    assert made.cost_without < made.cost


async def test_tokens_put_back_are_those_of_the_model_as_requests_left_alone_show():
    """Files that the agent may edit go on as they came; the provider charges 1.5 tokens for each that we count."""
    from pipeline import tokens

    def turn(n, command, output):
        call = {"type": "tool_use", "id": f"t{n}", "name": "Bash", "input": {"command": command}}
        return [
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{n}", "content": output}]},
        ]

    sources = ["\n".join(f"def function_{n}_{k}(x): return x + {n * k}" for k in range(90)) for n in range(6)]
    async with RawUpstream() as up, proxy(up.url) as p:
        messages, prompt = conversation(0), 3000
        for n, source in enumerate(["", *sources]):
            if source:
                messages = [*messages, *turn(n, f"cat a{n}.py", source)]
                prompt += 7 + round(1.5 * tokens.count(source))
            up.answers(answer(usage(read=prompt - 3), message_id=f"m{n}"))
            await p.post(body_of(messages))
            await p.event(Finished, n + 1)
        up.answers(answer(usage(read=prompt - 3, write=900), message_id="last"))
        await p.post(body_of([*messages, *turn(99, "cat app.log", conversation(1)[2]["content"][0]["content"])]))
        await p.event(Finished, len(sources) + 2)
        decided = [d for d in p.store.frozen.values() if d.text is not None and ":" not in d.key]
    made = p.store.rows["last"]
    assert made.removed_new == pytest.approx(1.5 * sum(d.tokens_before - d.tokens_after for d in decided), rel=0.02)
