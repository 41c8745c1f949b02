"""The frames of one WebSocket of the Responses API, read as they pass. No sockets here: a frame in, what becomes of it out.

A request is a frame ``response.create``; the events that answer it are those of the HTTP stream, one a frame. A request may hold the whole
conversation, or name a response and list what is new after it. On one socket there may be several conversations (``stream_id``), in each of
which requests are answered in turn.
"""

from __future__ import annotations

import enum
import logging
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from headroom_wrap.events import Event as Told
from headroom_wrap.proxy.books import Books, Times
from headroom_wrap.proxy.compression import Compression
from headroom_wrap.proxy.heads import Front
from headroom_wrap.proxy.prepared import Prepared
from headroom_wrap.proxy.websocket.standing import Memory, Standing
from pipeline.dialects import openai_responses
from pipeline.dialects.api import Unreadable
from pipeline.dialects.openai_responses import About, Event, OpenAIResponses
from pipeline.dialects.openai_usage import ResponsesUsage
from pipeline.transcript import Item
from pipeline.usage import Usage

log = logging.getLogger(__name__)

_HELD = 64 << 20  # bytes; a larger request is no conversation that a model could read
_MOST_WAITING = 64
_ASKS = re.compile(r'"response\.(?:create|steer)"')
# All others (most are a few letters of text) tell nothing that is needed here.
_TELLS = re.compile(r'"type"\s{0,9}:\s{0,9}"(?:error|response\.(?:created|completed|incomplete|failed|output_item\.done))"')
_GO_ON = ("response.completed", "response.incomplete")  # what ends so can be gone on from
_ENDS = (*_GO_ON, "response.failed", "error")
_LOST = "previous_response_not_found"


class Onward(enum.Enum):
    """What becomes of a frame of the upstream's."""

    PASS = enum.auto()
    DROP = enum.auto()
    CUT = enum.auto()  # neither it nor anything after it: the socket ends here


@dataclass(slots=True)
class _Turn:
    """A request that has been sent, and its answer so far.

    Args:
        prepared: the request.
        standing: the conversation up to and including the request, None where it is not known.
        generates: an answer is wanted.
        session: whose it is, where it says.
        arrived, sent, answered: when; see ``Times``.
        original: the frame as it came, while it may have to be sent again.
        suspect: what had been made of it before it was sent again.
        made: the answer's items.
    """

    prepared: Prepared
    standing: Standing | None
    generates: bool = True
    session: str = ""
    arrived: float = 0.0
    sent: float = 0.0
    answered: float = 0.0
    original: str = ""
    suspect: Prepared | None = None
    made: list[Item] = field(default_factory=list)
    parser: ResponsesUsage = field(default_factory=lambda: ResponsesUsage(streamed=True))


class Conversation:
    """All that is known of one socket's conversations.

    Args:
        dialect: reads requests; only within ``compression``.
        compression: what is done to requests, None for nothing: then only usage is read.
        books: takes what was charged for.
        tell: takes events.
        path: of the handshake.
        session: the agent's, ``""`` if the handshake names none.
        untouched: in a word why there is no compression.
    """

    def __init__(
        self,
        dialect: OpenAIResponses,
        compression: Compression | None,
        books: Books,
        tell: Callable[[Told], None],
        *,
        path: str,
        session: str,
        untouched: str = "",
    ) -> None:
        self._dialect = dialect
        self._compression = compression
        self._books = books
        self._tell = tell
        self._path = path
        self._session = session
        self._untouched = Prepared(b"", b"", untouched=untouched)
        self._standing = Memory()
        self._waiting: dict[str, deque[_Turn]] = {}
        self._answers = OpenAIResponses(cache_bytes=0)  # the other one may be reading in a thread; what is answered is read only once

    @property
    def quiet(self) -> bool:
        """No request waits for the end of its answer."""
        return not self._waiting

    async def asked(self, frame: str) -> str:
        """What goes on in place of a text frame of the agent's. Never raises but for cancellation."""
        try:
            return await self._asked(frame)
        except Unreadable:
            return frame
        except Exception:  # fail open: whatever goes wrong in here, the agent's frame goes on as it came
            log.exception("a frame could not be read and goes on as it came")
            return frame

    def answered(self, frame: str) -> tuple[Onward, str]:
        """What becomes of a text frame of the upstream's, and a frame that is to be sent to the upstream, ``""`` for none. Never raises."""
        if _TELLS.search(frame) is None:
            return Onward.PASS, ""
        try:
            return self._answered(frame.encode())
        except Exception:  # fail open, as above
            log.exception("an event could not be read")
            return Onward.PASS, ""

    async def _asked(self, frame: str) -> str:
        if _ASKS.search(frame) is None:
            return frame
        arrived = time.perf_counter()
        body = frame.encode()
        about = openai_responses.about(body)
        if about.kind == "response.steer":
            self._steered(about)
        if about.kind != "response.create":
            return frame
        before = self._standing.get(about.previous) if about.previous else Standing()
        prepared = await self._prepare(body, before)
        if about.generates:
            self._tell(prepared.began(self._path))
        turn = _Turn(prepared, _after(before, prepared), about.generates, about.cache_key, arrived)
        if prepared.changed:
            turn.original = frame
            frame = prepared.body.decode()
        turn.prepared = replace(prepared, original=b"", body=b"")
        if sum(map(len, self._waiting.values())) < _MOST_WAITING:
            self._waiting.setdefault(about.stream, deque()).append(turn)
        turn.sent = time.perf_counter()
        return frame

    async def _prepare(self, body: bytes, before: Standing | None) -> Prepared:
        if self._compression is None or before is None or len(body) > _HELD:
            return self._untouched
        read = partial(self._dialect.read_on, before=before.items)
        prepared = await self._compression.prepare(body, read=read, elide=before.retrievable)
        return replace(prepared, front=Front.known(prepared.head, prepared.declared or before.declared))

    def _steered(self, about: About) -> None:
        """The user adds to what is being answered; where in the conversation that comes to stand only the server knows."""
        self._standing.forget(about.previous)
        for turn in self._waiting.get(about.stream, ()):
            turn.standing = None

    def _answered(self, frame: bytes) -> tuple[Onward, str]:
        event = openai_responses.event(frame)
        if event is None:
            return Onward.PASS, ""
        turns = self._waiting.get(event.stream)
        if turns and turns[0].answered and event.kind == "response.created":
            turns.popleft()  # the next answer begins: the end of the one before was of a kind that is not known here
        if not turns:
            if event.kind != "response.created":
                return Onward.PASS, ""
            # An answer that nobody asked for in a frame of its own: the server goes on by itself after a steered one.
            now = time.perf_counter()
            turns = self._waiting[event.stream] = deque([_Turn(self._untouched, None, arrived=now, sent=now)])
        turn = turns[0]
        onward = self._refused(turn, event)
        if onward is None:
            self._take(turn, event, frame)
            onward = Onward.PASS, ""
        if event.kind in _ENDS and onward[0] is not Onward.DROP:
            turns.popleft()
            if not turns:
                del self._waiting[event.stream]
        return onward

    def _refused(self, turn: _Turn, event: Event) -> tuple[Onward, str] | None:
        """What becomes of an event that refuses a request that we changed, None if it does not."""
        if event.kind != "error" or turn.answered:
            return None
        if turn.suspect is not None:
            # With the error the server may have forgotten what the request goes on from. The agent, alone with its error, would have to end the
            # turn; cut off, it connects anew and sends the whole conversation.
            return (Onward.CUT, "") if event.code == _LOST else None
        if event.status != 400 or not turn.original or event.code == _LOST:
            return None
        was = turn.prepared
        turn.suspect, again = was, turn.original
        turn.prepared, turn.original = replace(self._untouched, transcript=was.transcript, front=was.front, dialect=was.dialect), ""
        turn.sent = time.perf_counter()
        return Onward.DROP, again

    def _take(self, turn: _Turn, event: Event, frame: bytes) -> None:
        """Learn from an event that passes."""
        if event.kind != "error" and not turn.answered:
            turn.answered = time.perf_counter()
            turn.original = ""
            if turn.suspect is not None and self._compression is not None:
                self._compression.refuse(turn.suspect)
                turn.suspect = None
        turn.parser.event(frame)
        if event.kind == "response.output_item.done" and turn.standing is not None and self._compression is not None:
            turn.made += self._answers.answered(frame, self._compression.policy)
        if event.kind in _GO_ON and turn.standing is not None and event.response:
            self._standing.put(event.response, replace(turn.standing, items=(*turn.standing.items, *turn.made)))
        if event.kind in _ENDS and (turn.generates or turn.parser.usage != Usage()):
            times = Times(turn.arrived, turn.sent, turn.answered, turn.answered)
            self._books.enter(turn.parser, turn.prepared, self._session or turn.session, times)


def _after(before: Standing | None, prepared: Prepared) -> Standing | None:
    """The conversation up to and including a request."""
    if before is None or prepared.transcript is None:
        return None
    return Standing(prepared.transcript.items, prepared.declared, prepared.retrievable)
