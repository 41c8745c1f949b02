"""Both legs of a WebSocket, and what goes on in place of what came."""

from __future__ import annotations

import asyncio
import json
import socket as sockets

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from headroom_wrap.events import Began, Finished, Trouble
from headroom_wrap.proxy.websocket.conversation import Conversation
from tests.headroom_wrap.proxy.harness import DEADLINE, SECRET, InlineWorkers, log_text, proxy
from tests.headroom_wrap.proxy.websocket.model import (
    HEAD,
    Model,
    WsUpstream,
    agent,
    answer,
    ask,
    create,
    output,
    receive,
    requests,
    results,
    session,
    user,
)
from tests.memory_store import MemoryStore

MARKER = "[headroom "
REALTIME = "/v1/realtime?model=gpt-realtime"


async def echo(socket):
    """Send back whatever comes, controls too."""
    while True:
        message = await socket.receive()
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
        elif message.type is WSMsgType.PING:
            await socket.pong(message.data)
            await socket.ping(b"and you?")
        else:
            return


# Two legs


@pytest.mark.parametrize("path", [REALTIME, "/v1/responses", "/anything"])
async def test_whatever_comes_goes_on(path):
    async with WsUpstream() as up, proxy(up.url) as p:
        up.serve = echo
        async with agent(p.port, path) as ws:
            for text in (
                "“x” \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
                '{"type":"response.cancel"}',
                '{"type":"response.create"',
                "",
                '{"type":"response.create","previous_response_id":3}',
            ):
                await ws.send_str(text)
                assert (await receive(ws)).data == text
            await ws.send_bytes(b"\x00\xff" * 50_000)
            assert (await receive(ws)).data == b"\x00\xff" * 50_000
            await ws.ping(b"there?")
            pong, ping = await receive(ws), await receive(ws)
            assert (pong.type, pong.data, ping.type, ping.data) == (WSMsgType.PONG, b"there?", WSMsgType.PING, b"and you?")
        assert up.handshakes[0].path_qs == path
        assert not p.of(Began)


async def test_headers_pass_both_ways_and_what_belongs_to_a_leg_does_not():
    async with WsUpstream(headers={"x-codex-turn-state": "ts", "openai-model": "m"}) as up, proxy(up.url) as p:
        sent = {"x-codex-window-id": "w", "OpenAI-Beta": "responses_websockets=2026-02-06", "x-headroom-tag": "1", "Authorization": "Bearer k"}
        async with agent(p.port, headers=sent) as ws:
            got = up.handshakes[0].headers
            assert {n: got.get(n) for n in sent} == {**sent, "x-headroom-tag": None}
            assert got["Host"] == up.url.removeprefix("http://")
            assert len(got.getall("Sec-WebSocket-Key")) == len(got.getall("Upgrade")) == 1
            assert "User-Agent" in got
            answered = ws._response.headers
            assert (answered["x-codex-turn-state"], answered["openai-model"]) == ("ts", "m")
            assert "Content-Type" not in answered


@pytest.mark.parametrize(("known", "chosen"), [(("b", "a"), "a"), (("c",), None)])
async def test_the_upstream_chooses_the_subprotocol(known, chosen, caplog):
    async with WsUpstream(protocols=known) as up, proxy(up.url) as p:
        caplog.clear()
        async with agent(p.port, protocols=("a", "secret-key.sk-123", "b")) as ws:
            assert ws.protocol == chosen
            assert up.handshakes[0].headers["Sec-WebSocket-Protocol"].replace(" ", "") == "a,secret-key.sk-123,b"
    assert sum("sk-123" in r.getMessage() for r in caplog.records) == (chosen is None), "the upstream of this test logs it, we do not"


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("here", [True, False])
async def test_each_leg_is_deflated_by_itself(here, there):
    async with WsUpstream(compress=there) as up, proxy(up.url) as p:
        up.serve = echo
        async with agent(p.port, compress=15 if here else 0) as ws:
            assert ws.compress == 0, "on this machine it only takes time"
            assert ("permessage-deflate" in up.handshakes[0].headers.get("Sec-WebSocket-Extensions", "")) == here
            assert bool(up.sockets[0].compress) == (here and there)
            for text in ("x" * 100, "naïve " * 50_000):
                await ws.send_str(text)
                assert (await receive(ws)).data == text


# How it ends


@pytest.mark.parametrize(("code", "reason"), [(1000, b""), (1001, b"leaving"), (4001, "naïve".encode())])
async def test_the_agent_ends_it(code, reason):
    async with WsUpstream() as up, proxy(up.url) as p:
        got = []

        async def serve(socket):
            got.append(await socket.receive())

        up.serve = serve
        async with agent(p.port) as ws:
            await ws.close(code=code, message=reason)
            assert ws.close_code == code
            await asyncio.wait_for(up.ended.wait(), DEADLINE)
        assert (got[0].type, got[0].data, got[0].extra) == (WSMsgType.CLOSE, code, reason.decode())


@pytest.mark.parametrize(("code", "reason"), [(1000, b"done"), (1008, b"policy"), (3000, b"")])
async def test_the_upstream_ends_it_and_its_last_words_arrive(code, reason):
    async with WsUpstream() as up, proxy(up.url) as p:

        async def serve(socket):
            await socket.send_str("last words")
            await socket.close(code=code, message=reason)

        up.serve = serve
        async with agent(p.port) as ws:
            words, end = await receive(ws), await receive(ws)
            assert words.data == "last words"
            assert (end.type, end.data, end.extra) == (WSMsgType.CLOSE, code, reason.decode())


async def test_an_upstream_that_breaks_off_leaves_no_goodbye():
    async with WsUpstream() as up, proxy(up.url) as p:

        async def serve(socket):
            await socket.send_str("half a")
            socket._req.transport.close()

        up.serve = serve
        async with agent(p.port) as ws:
            assert (await receive(ws)).data == "half a"
            assert (await receive(ws)).type is WSMsgType.CLOSED
            assert ws.close_code != 1000 or ws.exception() is None


async def test_an_agent_that_is_gone_ends_it_upstream():
    async with WsUpstream(Model(session(1))) as up, proxy(up.url) as p:
        async with agent(p.port) as ws:
            await ask(ws, create([user("What fails?")]))
            ws._response.connection.transport.abort()
            await asyncio.wait_for(up.ended.wait(), DEADLINE)
        assert up.end != 1000


async def test_the_end_of_the_proxy_ends_both():
    async with WsUpstream() as up:
        async with proxy(up.url, drain_s=0.05) as p:
            client = aiohttp.ClientSession()
            ws = await client.ws_connect(f"http://127.0.0.1:{p.port}/{SECRET}/v1/responses")
        assert (await receive(ws)).type in (WSMsgType.CLOSED, WSMsgType.CLOSE)
        await asyncio.wait_for(up.ended.wait(), DEADLINE)
        await client.close()


LONG = DEADLINE * 6  # what open streams have at the end: these tests are over long before, or fail


async def test_when_the_proxy_ends_an_idle_socket_is_closed_at_once():
    async with WsUpstream(Model(session(1))) as up, aiohttp.ClientSession() as client:
        async with proxy(up.url, drain_s=LONG) as p:
            ws = await client.ws_connect(f"http://127.0.0.1:{p.port}/{SECRET}/v1/responses")
            await ask(ws, create([user("What fails?")]))
            end = asyncio.create_task(receive(ws))
        assert ((await end).type, ws.close_code) == (WSMsgType.CLOSE, 1001)
        await asyncio.wait_for(up.ended.wait(), DEADLINE)
        assert up.end == 1001


async def test_when_the_proxy_ends_an_answer_that_is_under_way_comes_to_its_end():
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(socket):
        async for message in socket:
            *first, last = up.events(message.data)
            for event in first:
                await socket.send_str(json.dumps(event))
            begun.set()
            await go_on.wait()
            await socket.send_str(json.dumps(last))

    async def talk(ws):
        events = await ask(ws, create([user("What fails?")]))
        return events[-1]["type"], (await receive(ws)).data

    async with WsUpstream(Model(session(1))) as up, aiohttp.ClientSession() as client:
        up.serve = slowly
        async with proxy(up.url, drain_s=LONG) as p:
            said = asyncio.create_task(talk(await client.ws_connect(f"http://127.0.0.1:{p.port}/{SECRET}/v1/responses")))
            await asyncio.wait_for(begun.wait(), DEADLINE)
            asyncio.get_running_loop().call_soon(go_on.set)  # once the proxy has begun to end
        assert await said == ("response.completed", 1001)


async def test_frames_beyond_the_limit_end_it():
    async with WsUpstream() as up, proxy(up.url, body_limit=1000) as p:
        up.serve = echo
        async with agent(p.port) as ws:
            await ws.send_str("x" * 2000)
            end = await receive(ws)
            assert (end.type, end.data) == (WSMsgType.CLOSE, 1009)
        await asyncio.wait_for(up.ended.wait(), DEADLINE)


@pytest.mark.slow
async def test_an_agent_that_does_not_read_stops_the_upstream():
    stalled, sent = asyncio.Event(), []
    piece = "x" * (1 << 16)

    async def serve(socket):
        for n in range(1024):
            sending = asyncio.ensure_future(socket.send_str(f"{n} {piece}"))
            done, _ = await asyncio.wait({sending}, timeout=0.5)
            if not done:
                stalled.set()
            await sending
            sent.append(n)

    async with WsUpstream() as up, proxy(up.url) as p:
        up.serve = serve
        async with agent(p.port, REALTIME) as ws:
            ws._response.connection.transport.pause_reading()
            await asyncio.wait_for(stalled.wait(), DEADLINE)
            assert len(sent) < 512, "the buffers of four sockets, not more"
            ws._response.connection.transport.resume_reading()
            for n in range(1024):
                assert (await receive(ws)).data == f"{n} {piece}"


# Handshakes that fail


@pytest.mark.parametrize("status", [401, 404, 426, 503, 200])
async def test_a_refused_handshake_is_the_agents_affair(status):
    async with WsUpstream() as up, proxy(up.url) as p:
        up.refusal = lambda: web.Response(status=status, body=b'{"no": 1}', headers={"x-request-id": "r", "retry-after": "3"})
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with agent(p.port):
                pass
        assert (refused.value.status, refused.value.headers["x-request-id"], refused.value.headers["retry-after"]) == (status, "r", "3")
        key = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=="
        raw = await p.raw(f"GET /{SECRET}/v1/responses HTTP/1.1\r\nHost: localhost:{p.port}\r\n{key}\r\n\r\n".encode(), "GET")
        assert (raw.status, raw.body) == (status, b'{"no": 1}')
        assert not p.troubles()


async def test_a_refusal_of_any_length_is_handed_on_so_far():
    async with WsUpstream() as up, proxy(up.url) as p:
        up.refusal = lambda: web.Response(status=404, body=b"x" * (3 << 20))
        async with aiohttp.ClientSession() as client:
            upgrade = {
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
            }
            async with client.get(f"http://127.0.0.1:{p.port}/{SECRET}/v1/responses", headers=upgrade) as reply:
                assert reply.status == 404
                with pytest.raises(aiohttp.ClientPayloadError):
                    await reply.read()


async def test_an_upstream_that_is_not_there():
    with sockets.socket() as free:
        free.bind(("127.0.0.1", 0))
        async with proxy(f"http://127.0.0.1:{free.getsockname()[1]}") as p:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with agent(p.port):
                    pass
            assert refused.value.status == 502
            assert p.troubles() == ["upstream"]


async def test_an_upgrade_that_is_none_is_refused():
    async with WsUpstream() as up, proxy(up.url) as p:
        raw = await p.raw(f"GET /{SECRET}/v1/responses HTTP/1.1\r\nHost: localhost:{p.port}\r\nUpgrade: websocket\r\n\r\n".encode(), "GET")
        assert raw.status == 400


# What is read on the way


async def test_a_session_of_commands_over_one_socket():
    items = session(3)
    async with WsUpstream(Model(items)) as up, proxy(up.url) as p:
        async with agent(p.port, headers={"session-id": "s1"}) as ws:
            warm = await ask(ws, create([], generate=False))
            previous = warm[-1]["response"]["id"]
            for new, _ in requests(items):
                frame = create(new, previous_response_id=previous)
                events = await ask(ws, frame)
                previous = events[-1]["response"]["id"]
                sent = up.frames[-1]
                texts = results(json.loads(sent)["input"])
                if texts:
                    head, payload = texts
                    assert head == HEAD
                    assert MARKER in payload
                    assert sent.replace(json.dumps(payload, ensure_ascii=False), json.dumps(log_text(len(up.frames) - 3))) == frame
                else:
                    assert sent == frame
            finished = await p.event(Finished, 4)
        began = p.of(Began)
        assert [b.blocks for b in began] == [0, 2, 4, 6]
        assert [b.compressed for b in began] == [0, 1, 2, 3]
        assert all(b.understood and b.path == "/v1/responses" for b in began)
        assert began[-1].last.startswith("exec_command: cat app2.log ")
        assert (finished.session, finished.usage.cache_read, finished.usage.input) == ("s1", 60, 40)
        assert finished.removed > p.of(Finished)[2].removed > 0, "what was sent before is counted too: the server still has it"
        assert len(p.of(Finished)) == 4, "no receipt for what only prepares"


async def test_the_same_forms_after_a_reconnect_and_over_http():
    items = session(3)
    async with WsUpstream(Model(items)) as up, proxy(up.url) as p:
        async with agent(p.port) as ws:
            previous = None
            for new, _ in list(requests(items))[:3]:
                events = await ask(ws, create(new, previous_response_id=previous))
                previous = events[-1]["response"]["id"]
        async with agent(p.port) as ws:
            await ask(ws, create(list(requests(items))[3][1]))
        whole = list(requests(items))[3][1]
        assert (await p.post(json.dumps({"model": "m", "stream": True, "input": whole}).encode(), "/v1/responses")).status == 200
    prompts = up.model.prompts
    assert all(MARKER in results(prompt)[-1] for prompt in prompts[1:])
    assert prompts[3] == prompts[4]
    for before, after in zip(prompts, prompts[1:4]):
        assert after[: len(before)] == before


async def test_a_response_that_is_not_known_is_gone_on_from_untouched():
    async with WsUpstream() as up, proxy(up.url) as p:
        async with agent(p.port) as ws:
            frame = create([output(0)], previous_response_id="resp_of_another_day")
            assert (await ask(ws, frame))[-1]["type"] == "error"
            assert up.frames == [frame]
        assert [b.understood for b in p.of(Began)] == [False]


async def test_the_request_to_compact_replays_and_decides_nothing():
    items = session(1)
    async with WsUpstream(Model(items)) as up, proxy(up.url) as p:
        async with agent(p.port) as ws:
            (first, _), (second, _) = requests(items)
            made = await ask(ws, create(first))
            made = await ask(ws, create(second, previous_response_id=made[-1]["response"]["id"]))
            compact = [output(7), {"type": "compaction_trigger"}]
            frame = create(compact, previous_response_id=made[-1]["response"]["id"])
            await ask(ws, frame)
            assert up.frames[-1] == frame
            await ask(ws, create([*items, {"type": "compaction_trigger"}]))
            assert MARKER in up.frames[-1]


async def test_a_request_that_asks_for_it_is_left_alone():
    async with WsUpstream(Model(session(1))) as up, proxy(up.url) as p:
        async with agent(p.port, headers={"x-headroom-bypass": "1"}) as ws:
            frame = create(session(1)[:-1])
            await ask(ws, frame)
            assert up.frames == [frame]
            assert (await p.event(Finished)).removed == 0
            assert [(b.understood, b.new_reasons) for b in p.of(Began)] == [(False, {"bypassed": 1})]


async def test_while_off_usage_is_still_counted():
    async with WsUpstream(Model(session(1))) as up, proxy(up.url, off=True) as p:
        async with agent(p.port) as ws:
            frame = create(session(1)[:-1])
            await ask(ws, frame)
            assert up.frames == [frame]
            assert (await p.event(Finished)).usage.output == 7


async def test_conversations_side_by_side_on_one_socket():
    items = session(2)
    async with WsUpstream(Model(items)) as up, proxy(up.url) as p:
        async with agent(p.port) as ws:
            last = {"a": None, "b": None}
            for new, _ in requests(items):
                for lane in "ab":
                    extra = {"previous_response_id": last[lane], "stream_id": lane}
                    last[lane] = (await ask(ws, create(new, **extra)))[-1]["response"]["id"]
    assert up.model.prompts[::2] == up.model.prompts[1::2]
    assert MARKER in results(up.model.prompts[-1])[-1]


async def test_what_follows_on_a_steered_answer_goes_on_as_it_came():
    items = session(1)
    async with WsUpstream(Model(items)) as up, proxy(up.url) as p:
        events = []

        def with_successor(frame):
            made = up.model.events(frame)
            done = made.pop()
            successor = {"id": "resp_next", "model": "m", "status": "completed"}
            events[:] = [
                {**done, "type": "response.incomplete"},
                {"type": "response.created", "response": {**successor, "status": "in_progress"}},
                {"type": "response.completed", "response": {**successor, "usage": up.model.usage}},
            ]
            return made

        async def serve(socket):
            up.events = with_successor
            asking = asyncio.ensure_future(up.answers(socket))
            await steered.wait()
            for event in events:
                await socket.send_str(json.dumps(event))
            await asking

        steered = asyncio.Event()
        up.serve = serve
        async with agent(p.port) as ws:
            await ws.send_str(create(items[:1]))
            while (await receive(ws)).json()["type"] != "response.output_item.done":
                pass
            await ws.send_str(json.dumps({"type": "response.steer", "previous_response_id": "resp_0", "input": "stop"}))
            await ws.ping()
            steered.set()
            assert (await answer(ws))[-1]["type"] == "response.incomplete"
            assert (await answer(ws))[-1]["type"] == "response.completed"
            del up.events
            for previous in ("resp_0", "resp_next"):
                frame = create([output(0)], previous_response_id=previous)
                await ask(ws, frame)
                assert up.frames[-1] == frame
            await p.event(Finished, 3)


# Faults


class Refusing(WsUpstream):
    """Refuses what holds a marker, the way the API does; after that, it may no longer know what the request went on from."""

    def __init__(self, *args, forgets=False, always=False):
        super().__init__(*args)
        self.forgets = forgets
        self.always = always

    def events(self, frame):
        if MARKER in frame or self.always:
            if self.forgets:
                self.model.known.clear()
            return [{"type": "error", "status": 400, "error": {"type": "invalid_request_error", "code": "bad", "message": "no"}}]
        return super().events(frame)


async def test_a_refused_frame_is_sent_again_as_it_was_once():
    items = session(2)
    async with Refusing(Model(items)) as up, proxy(up.url) as p:
        async with agent(p.port) as ws:
            first, second, third = (new for new, _ in requests(items))
            events = await ask(ws, create(first))
            frame = create(second, previous_response_id=events[-1]["response"]["id"])
            events = await ask(ws, frame)
            assert events[-1]["type"] == "response.completed"
            assert MARKER in up.frames[1]
            assert up.frames[2] == frame
            trouble = await p.event(Trouble)
            assert (trouble.kind, "log" in trouble.message) == ("refused", True)
            assert (await p.event(Finished, 2)).removed == 0
            frame = create(third, previous_response_id=events[-1]["response"]["id"])
            await ask(ws, frame)
            assert up.frames[3:] == [frame]


async def test_a_refusal_that_the_original_gets_too_is_passed_on_and_blames_nobody():
    items = session(1)
    async with Refusing(Model(items), always=True) as up, proxy(up.url) as p:
        async with agent(p.port) as ws:
            events = await ask(ws, create(items[:-1]))
            assert [e["error"]["code"] for e in events] == ["bad"]
            assert len(up.frames) == 2
            up.always = False
            assert (await ask(ws, create(items[:1])))[-1]["type"] == "response.completed"
        assert not p.troubles()


async def test_a_refusal_with_which_the_upstream_forgets_cuts_the_agent_off_and_the_replay_is_judged():
    items = session(1)
    async with Refusing(Model(items), forgets=True) as up, proxy(up.url) as p:
        async with agent(p.port) as ws:
            events = await ask(ws, create(items[:1]))
            await ws.send_str(create(items[3:4], previous_response_id=events[-1]["response"]["id"]))
            assert (await receive(ws)).type is WSMsgType.CLOSED
        assert not p.troubles()
        async with agent(p.port) as ws:
            assert (await ask(ws, create(items[:-1])))[-1]["type"] == "response.completed"
            assert up.frames[-1] == create(items[:-1])
        assert (await p.event(Trouble)).kind == "refused"


@pytest.mark.parametrize("error", [{"status": 429}, {"status": 500}, {"status": 400, "error": {"code": "previous_response_not_found"}}])
async def test_other_errors_pass(error):
    async with WsUpstream(Model(session(1))) as up, proxy(up.url) as p:
        up.events = lambda frame: [{"type": "error", **error}]
        async with agent(p.port) as ws:
            assert await ask(ws, create(session(1)[:-1])) == [{"type": "error", **error}]
            assert len(up.frames) == 1


@pytest.mark.parametrize("broken", ["_asked", "_answered"])
async def test_whatever_fails_in_here_the_frames_go_on(broken, monkeypatch):
    def fails(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(Conversation, broken, fails)
    items = session(1)
    async with WsUpstream(Model(items)) as up, proxy(up.url) as p, agent(p.port) as ws:
        assert (await ask(ws, create(items[:1])))[-1]["type"] == "response.completed"


async def test_a_worker_that_is_too_late_costs_one_block():
    items = session(2)
    workers = InlineWorkers()
    workers.most = 0
    store = MemoryStore()
    async with WsUpstream(Model(items)) as up, proxy(up.url, workers=workers, store=store) as p:
        async with agent(p.port) as ws:
            previous = None
            for new, _ in requests(items):
                previous = (await ask(ws, create(new, previous_response_id=previous)))[-1]["response"]["id"]
                workers.most = None if len(workers.jobs) else 0
        async with agent(p.port) as ws:
            await ask(ws, create(items[:-1]))
    assert results(up.model.prompts[-1])[1] == log_text(0)
    assert MARKER in results(up.model.prompts[-1])[3]
    assert up.model.prompts[-1] == up.model.prompts[-2]


@pytest.mark.slow
async def test_a_whole_history_in_one_frame():
    items = [user("x" * (30 << 20)), *session(1)[1:]]
    async with WsUpstream(Model(items)) as up, proxy(up.url) as p, agent(p.port) as ws:
        assert (await ask(ws, create(items[:-1])))[-1]["type"] == "response.completed"
        assert MARKER in up.frames[0][30 << 20 :]
