"""``SharedContext``: texts that the agents of one project share, each compressed once, all of them whole whenever they are wanted."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from headroom._stores import default_store
from pipeline import ccr, tokens
from pipeline.compressors.api import Content
from pipeline.memory import notes
from pipeline.memory.recall import shared_key
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.router import route
from pipeline.store.api import Decision, Memory, Store

_KIND = "note"


@dataclass(frozen=True, slots=True)
class Entry:
    """One text that is shared.

    Args:
        key: its name.
        digest: SHA-256 of the text, in hex.
        handle: for ``retrieve``, and for ``headroom_retrieve`` in a conversation.
        tokens: of the whole text (o200k).
        agents: who put it there, the last first.
        time: when it was put last, in Unix seconds.
    """

    key: str
    digest: str
    handle: str
    tokens: int
    agents: tuple[str, ...]
    time: float


class SharedContext:
    """The shared texts of a project. Objects in any number of processes see the same; what one puts, the next gets.

    ::

        context = SharedContext("billing", agent="researcher")
        context.put("findings", text)
        SharedContext("billing", agent="writer").get("findings")  # compressed; full=True for all of it

    Args:
        project: its name: what is put under one name is not seen under another.
        agent: who puts, for those who ask later.
        session: of the agent.
        profile: how far compression may go: ``lossless``, ``balanced`` or ``aggressive``.
        store: where it is kept; by default the user's own store.
        clock: Unix time in seconds.

    Raises:
        ValueError: no project, or no such profile.
        pipeline.store.api.StoreError: the store cannot be opened.
    """

    def __init__(
        self,
        project: str,
        *,
        agent: str = "",
        session: str = "",
        profile: str = "balanced",
        store: Store | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not project:
            raise ValueError("A shared context needs the name of its project: without one, texts of one project would be told in another.")
        self.project = project
        self._agent = agent
        self._session = session
        self._policy = Policy(profile=Profile(profile))
        self._store = store if store is not None else default_store()
        self._clock = clock

    def put(self, key: str, content: str, *, query: str = "") -> Entry:
        """Share a text under a name. One that is there already in this profile, from whomever, is not compressed again.

        Args:
            key: the name; a new text under it goes before the old one, which stays to be had by its digest.
            content: the text.
            query: what must be kept of it.

        Raises:
            ValueError: no key.
            pipeline.store.api.StoreError: it cannot be kept; nothing was shared.
        """
        if not key:
            raise ValueError("A shared text needs a name.")
        digest = _digest(content)
        decision = self._form(digest, self._policy.profile) or self._compressed(digest, content, query, key)
        now = self._clock()
        memory = Memory(self.project, key, digest, decision.handle, _KIND, self._agent, self._session, now, decision.tokens_before, "")
        self._store.remember([memory])
        # who forgets it in this moment forgets it for those who ask next
        return next(iter(self._entries(key, digest) or _told([memory])))

    def get(self, key: str = "", *, digest: str = "", full: bool = False) -> str | None:
        """A shared text, by its name (the newest) or by the digest of its content; None if there is none.

        Args:
            key: its name.
            digest: SHA-256 of the text, in hex.
            full: the text as it was put; otherwise compressed, with a footer that says how to get the rest, but no further than
                the profile of this object allows.

        Raises:
            ValueError: neither key nor digest.
            pipeline.store.api.StoreError: the store cannot be read.
        """
        if not key and not digest:
            raise ValueError("Name a key or a digest.")
        found = self._entries(key, digest)
        if not found:
            return None
        decision = None if full else self._form(found[0].digest, *_no_further_than(self._policy.profile))
        if decision is not None and decision.text is not None:
            return decision.text
        original = self._store.original(found[0].handle)
        return None if original is None else original.text

    def find(self, content: str) -> Entry | None:
        """The entry of a text, whatever its name; None if nobody shared it."""
        return next(iter(self._entries(digest=_digest(content))), None)

    def list(self) -> tuple[Entry, ...]:
        """All entries, the newest first; of a name that was put several times every text."""
        return self._entries()

    def forget(self, key: str = "") -> int:
        """Forget a name, or all names for ``""``. Returns how many entries went; originals stay for those who hold their handles."""
        return self._store.forget(self.project, key, kind=_KIND)

    def _entries(self, key: str = "", digest: str = "") -> tuple[Entry, ...]:
        """What was put here; what agents were seen to read in a project of this name is none of it."""
        memories = self._store.memories(self.project, key=key, digest=digest)
        return _told(m for m in memories if m.kind == _KIND)

    def _form(self, digest: str, *profiles: Profile) -> Decision | None:
        """What a text was made into when it was first put, in the first of the profiles in which it was."""
        keys = [_form_key(digest, profile) for profile in profiles]
        made = self._store.decisions(keys)
        return next((made[key] for key in keys if key in made), None)

    def _compressed(self, digest: str, content: str, query: str, key: str) -> Decision:
        outcome = route(Content(content, Query(query)), (), self._policy)
        rewrite = outcome.rewrite if outcome.text is not None else None
        unit, spans = (rewrite.unit, rewrite.spans) if rewrite is not None else ("line", ())
        handle = self._store.put_original(content, unit=unit, spans=spans, label=f"shared: {key}")
        text = ccr.render(rewrite, handle) if rewrite is not None else None
        before = outcome.tokens_before or tokens.estimate(content)
        form = _form_key(digest, self._policy.profile)
        made = Decision(form, text, outcome.reason.value, outcome.compressor, handle, before, outcome.tokens_after or before)
        return self._store.freeze([made])[made.key]


def _told(memories: Iterable[Memory]) -> tuple[Entry, ...]:
    return tuple(_entry(note) for note in notes.gather(memories))


def _entry(note: notes.Note) -> Entry:
    return Entry(note.key, note.digest, note.handle, note.tokens, tuple(agent for agent, _ in note.seen), note.seen[0][1])


def _no_further_than(profile: Profile) -> Sequence[Profile]:
    """A profile and the gentler ones, the gentlest last."""
    profiles = list(Profile)
    return profiles[profiles.index(profile) :: -1]


def _form_key(digest: str, profile: Profile) -> str:
    return shared_key(digest if profile is Profile.BALANCED else _digest(f"{profile.value} {digest}"))


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
