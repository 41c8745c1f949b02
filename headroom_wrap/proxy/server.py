"""The proxy's life: parts put together, serving, draining."""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from headroom_wrap.events import Event, Ready, Trouble
from headroom_wrap.proxy import certificates, shell, way_out
from headroom_wrap.proxy.books import Books
from headroom_wrap.proxy.cold import ColdTurns
from headroom_wrap.proxy.compression import Compression
from headroom_wrap.proxy.endpoints.parts import EndpointParts
from headroom_wrap.proxy.endpoints.table import Endpoints, is_ours
from headroom_wrap.proxy.endpoints.tally import CountingKeeper, Tally
from headroom_wrap.proxy.exchange import Lane, Parts
from headroom_wrap.proxy.guard import Guard
from headroom_wrap.proxy.keeper import Keeper
from headroom_wrap.proxy.notices import Notices
from headroom_wrap.proxy.outbox import Outbox
from headroom_wrap.proxy.peers import Peers
from headroom_wrap.proxy.prepared import Prepared
from headroom_wrap.proxy.relay import Relay
from headroom_wrap.proxy.settings import ProxyConfig
from headroom_wrap.proxy.upstream import Upstream
from headroom_wrap.proxy.upstreams import Upstreams
from headroom_wrap.proxy.worker_pool import WorkerPool
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.api import Dialect
from pipeline.dialects.bedrock_converse import BedrockConverse
from pipeline.dialects.gemini import Gemini
from pipeline.dialects.openai_chat import OpenAIChat
from pipeline.dialects.openai_responses import OpenAIResponses
from pipeline.store.api import Store, StoreError
from pipeline.usage import Usage

if TYPE_CHECKING:
    from headroom_wrap.proxy.cache_aid.aid import CacheAid
    from headroom_wrap.proxy.cache_aid.pinger import Pinger
    from headroom_wrap.proxy.feedback import Feedback
    from pipeline.policy import Policy

log = logging.getLogger(__name__)

_BACKLOG = 1024
_FIELD_LIMIT = 64 << 10
_LINGER_S = 5.0  # what comes of a body that was refused is read for so long, so that the client reads why
_PATIENCE_S = 1.0  # another process's write, or a server's answer, is waited for no longer than this: a request waits with us
DIALECTS: tuple[Callable[[], Dialect], ...] = (Anthropic, OpenAIChat, OpenAIResponses, Gemini, BedrockConverse)
Hook = Callable[[Prepared, str, Usage], Awaitable[None]]
"""Is told of every request that was answered, of its session, and of what was charged for."""


def open_store(config: ProxyConfig, report: Callable[[str], None]) -> Store:
    """The session's store.

    Args:
        config: says where it is.
        report: told what the user should know of it.

    Raises:
        StoreError: it cannot be opened.
    """
    from pipeline.store import opening  # in a thread after the start: nothing waits for it

    return opening.open_store(config.where, patience=_PATIENCE_S, report=report)


def listen(config: ProxyConfig) -> socket.socket:
    """The socket to serve on.

    Raises:
        OSError: it cannot be had.
    """
    if config.socket_fd >= 0:
        return socket.socket(fileno=config.socket_fd)
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if config.port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
    except OSError:
        listener.close()
        raise
    return listener


@asynccontextmanager
async def serving(
    config: ProxyConfig,
    listener: socket.socket,
    workers: WorkerPool,
    tell: Callable[[Event], None],
    *,
    open_store: Callable[[ProxyConfig, Callable[[str], None]], Store] = open_store,
) -> AsyncIterator[int]:
    """Serve while the context lasts; at its end open streams are drained. Yields the port."""
    port: int = listener.getsockname()[1]
    tally = Tally()
    tell = tally.hearing(tell)
    workers.trouble = lambda sentence: tell(Trouble("worker", sentence))
    loop = asyncio.get_running_loop()

    def report(sentence: str) -> None:  # called in the keeper's thread
        loop.call_soon_threadsafe(tell, Trouble("store", sentence))

    keeper = CountingKeeper(lambda: open_store(config, report), tally, worded=shell.told if config.shells is not None else None)
    upstreams = Upstreams(config.rules, _connector(config, tell))
    cold = None if config.off else ColdTurns(keeper, workers)
    policy = config.policy
    feedback = _feedback(config, keeper, policy)
    hooks = [hook for hook in (_remembering(config, keeper, tell), _noting(feedback, tell)) if hook is not None]
    books = Books(keeper, tell, config.agent, config.project, _each(hooks), cold=cold)
    dialects = [make() for make in DIALECTS]
    compress = functools.partial(Compression, shared=config.standing, cold=cold, feedback=feedback, shells=config.shells)
    compressions = [] if config.off else [compress(d, policy, keeper, workers, tell) for d in dialects]
    lanes = tuple(itertools.starmap(Lane, itertools.zip_longest(dialects, compressions)))
    if config.retrieve == "proxy":
        lanes = tuple(_offering(lane, keeper, tell, tally.retrieved) for lane in lanes)
    endpoints = Endpoints(EndpointParts(keeper, None if config.off else workers, policy, tally))
    guard = Guard(config.secret, port, config.allow_hosts, remote=not way_out.here(config.host), ours=is_ours)
    pinger = _pinger(config, books, tally)
    parts = Parts(upstreams, books, tell, config.body_limit, config.client_s, aid=_cache_aid(config, tell, tally), pinger=pinger)
    # A standing proxy may serve containers and other users; a wrapped agent's serves the user's own programs alone.
    relay = Relay(guard, endpoints, lanes, parts, standing=config.standing, peers=None if config.standing else Peers.ours())
    # A client that is gone ends its request upstream too; bodies stay in the coding in which they came.
    front = web.Server(
        relay,
        handler_cancellation=True,
        auto_decompress=False,
        access_log=None,
        logger=log,
        keepalive_timeout=config.client_s,  # also what a request's head may take: while it arrives the connection counts as idle
        lingering_time=min(_LINGER_S, config.client_s),
        max_line_size=_FIELD_LIMIT,
        max_field_size=_FIELD_LIMIT,
    )
    server = await loop.create_server(front, sock=listener, backlog=_BACKLOG)
    opening = asyncio.create_task(keeper.warm())
    try:
        yield port
    finally:
        server.close()
        parts.closing.set()
        front.pre_shutdown()
        await front.shutdown(config.drain_s)
        await opening
        for compression in compressions:
            await compression.close()
        await endpoints.close()
        if pinger is not None:
            await pinger.close()
        await books.close()
        if cold is not None:
            await cold.close()
        if feedback is not None:
            await feedback.close()
        await upstreams.close()
        await keeper.close()
        await workers.close()


def _feedback(config: ProxyConfig, keeper: Keeper, policy: Policy) -> Feedback | None:
    """What earlier conversations have to say, None where nobody is to ask them."""
    if not (config.feedback or config.feedback_home) or config.off:
        return None
    from headroom_wrap.proxy.feedback import Feedback  # not loaded where there is none

    return Feedback(keeper, functools.partial(_whose, config), config.agent, config.project, policy)


def _whose(config: ProxyConfig) -> str:
    """Identity of the project whose conversations they are, ``""`` where it is not certain. In a thread: git may take its time."""
    if config.feedback:
        return config.feedback
    from headroom_wrap.memory.project import find

    found = find(Path(config.workspace), Path(config.feedback_home), {"PATH": config.feedback_path, "HOME": config.feedback_home})
    return found.identity if found is not None else ""


def _noting(feedback: Feedback | None, tell: Callable[[Event], None]) -> Hook | None:
    """What notes how elision fares in the conversations that are answered."""
    if feedback is None:
        return None
    noted = feedback.note

    async def note(prepared: Prepared, session: str, usage: Usage) -> None:
        try:
            await noted(prepared, session, usage)
        except StoreError as error:
            tell(Trouble("store", f"{error} What was asked for again now is not counted."))

    return note


def _each(hooks: Sequence[Hook]) -> Hook | None:
    """All of them, one after the other; None where there are none."""

    async def call(prepared: Prepared, session: str, usage: Usage) -> None:
        for hook in hooks:
            await hook(prepared, session, usage)

    return call if hooks else None


def _remembering(config: ProxyConfig, keeper: Keeper, tell: Callable[[Event], None]) -> Hook | None:
    """What remembers the files that requests show, None where there is no memory."""
    if not config.memory or config.off:
        return None
    from headroom_wrap.memory.record import Recorder  # not loaded where there is no memory

    recorder = Recorder(config.memory, Path(config.memory_top), Path(config.workspace), config.agent)

    async def remember(prepared: Prepared, session: str, _: Usage) -> None:
        transcript = prepared.transcript
        if transcript is None:
            return
        forms = {d.handle[:8]: d.text for d in (*prepared.known, *prepared.fresh) if d.text is not None}
        try:
            await keeper.use(lambda store: recorder.record(store, transcript, forms, session))
        except StoreError as error:
            tell(Trouble("store", f"{error} What was read now is not remembered."))

    return remember


def _cache_aid(config: ProxyConfig, tell: Callable[[Event], None], tally: Tally) -> CacheAid | None:
    """What makes clients' requests use the provider's cache; a wrapped agent sees to that itself."""
    if not config.standing or not config.cache_aid or config.off:
        return None
    from headroom_wrap.proxy.cache_aid.aid import CacheAid  # not loaded for a wrapped agent

    return CacheAid(tell, tally.cache_aid, relocate=config.relocate)


def _pinger(config: ProxyConfig, books: Books, tally: Tally) -> Pinger | None:
    """What keeps paused conversations in the provider's cache, None unless it is asked for."""
    if not config.standing or not config.pings or not config.pings_cents or config.off:
        return None
    from headroom_wrap.proxy.cache_aid.pinger import Pinger  # not loaded for a wrapped agent

    return Pinger(config.pings, config.pings_cents / 100, books, tally.pings)


def _offering(lane: Lane, keeper: Keeper, tell: Callable[[Event], None], fetched: Callable[[], None]) -> Lane:
    """A lane whose conversations are offered our tool."""
    from headroom_wrap.proxy.retrieval.apis import retrieval  # not loaded for a wrapped agent, which has the tool over MCP

    return replace(lane, retrieval=retrieval(lane.compression, keeper, tell, fetched)) if lane.compression is not None else lane


def _connector(config: ProxyConfig, tell: Callable[[Event], None]) -> Callable[[str], Upstream]:
    """What makes the client for a base URL; all of them trust the same certificates."""
    tls = functools.cache(lambda: certificates.tls(config.way_out.certificates, lambda sentence: tell(Trouble("upstream", sentence))))

    def connect(base: str) -> Upstream:
        return Upstream(base, connect_s=config.connect_s, idle_s=config.idle_s, proxy=config.way_out.proxy(base), tls=tls)

    return connect


def _discreet(record: logging.LogRecord) -> bool:
    """What is no HTTP is its client's affair, and what the library says of it quotes the request's line, in which the secret may stand.

    So is that it has gone: what fails with an upstream is told where it fails.
    """
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (HttpProcessingError, ConnectionError))


log.addFilter(_discreet)


async def serve(config: ProxyConfig, listener: socket.socket, workers: WorkerPool) -> None:
    """Serve until SIGTERM, or SIGINT where no supervisor looks after us. A second one ends what is still open."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, _end, stop, workers)
    if config.life_fd < 0:
        loop.add_signal_handler(signal.SIGINT, _end, stop, workers)
    else:
        loop.add_reader(config.life_fd, _parent_gone, config.life_fd, workers)
    outbox = Outbox(config.events_fd)
    tell = Notices(config.greeting.replace("{port}", str(listener.getsockname()[1]))) if config.standing else outbox
    async with serving(config, listener, workers, tell):
        tell(Ready())
        await stop.wait()
    outbox.flush()
    outbox.close()


def _end(stop: asyncio.Event, workers: WorkerPool) -> None:
    """A signal that asks us to end."""
    if stop.is_set():
        workers.kill()
        os._exit(1)
    stop.set()


def _parent_gone(life_fd: int, workers: WorkerPool) -> None:
    """Our parent closed its end, or died: nobody is left to serve."""
    try:
        alive = os.read(life_fd, 1024)
    except BlockingIOError:
        return
    if not alive:
        workers.kill()
        os._exit(0)
