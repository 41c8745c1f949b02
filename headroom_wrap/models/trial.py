"""Whether the model in force works: it is started as the proxy would start it and asked once."""

from __future__ import annotations

import time
from pathlib import Path

from headroom_wrap.models.chosen import Chosen
from headroom_wrap.models.link import ModelLink
from headroom_wrap.models.remote import RemoteWords
from headroom_wrap.models.shelf import Shelf

_LOADS_S = 120.0
_ANSWERS_S = 30.0
_WORDS = "The tests are only run before a release, and nothing is published while one of them fails".split() * 40


def try_out(chosen: Chosen, state: Path) -> tuple[bool, str]:
    """Whether a chosen model that has a checkpoint is live, and a sentence about it."""
    pulled = next((p for p in Shelf(state) if str(p.folder) == chosen.folder), None)
    if pulled is not None and (damaged := pulled.damaged()):
        return False, f"{chosen.name}: {', '.join(damaged)} is not what was pulled. Run: headroom models pull {pulled.manifest.hub_id}"
    link = ModelLink.to(chosen)
    channel = link.channel()
    if channel is None:
        return False, f"{chosen.name} has no channel."
    try:
        link.start()
        words = RemoteWords(channel, _ANSWERS_S)
        began = time.monotonic()
        if not words.wait(_LOADS_S):
            return False, f"{chosen.name} cannot be loaded; the embedded model is used."
        loaded = time.monotonic()
        words.begin()
        scores = words.score_words(_WORDS)
        if scores is None:
            return False, f"{chosen.name} gave no answer within {_ANSWERS_S:.0f} s; the embedded model is used."
        return True, f"{chosen.name} is live ({_described(chosen)}), loaded in {loaded - began:.1f} s, {len(_WORDS)} words in {_ms(loaded)} ms"
    except OSError as error:
        return False, f"{chosen.name} cannot be started: {error.strerror}; the embedded model is used."
    finally:
        link.close()
        channel.close()


def _described(chosen: Chosen) -> str:
    return chosen.checkpoint.weights if chosen.checkpoint is not None else ""


def _ms(since: float) -> int:
    return round((time.monotonic() - since) * 1000)
