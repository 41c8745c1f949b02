"""Workers of the proxy with a model beside them, and what the doctor says of it."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from headroom_wrap import config
from headroom_wrap.cli import doctor
from headroom_wrap.models.link import ModelLink
from headroom_wrap.models.remote import RemoteWords
from headroom_wrap.proxy.settings import ProxyConfig
from headroom_wrap.proxy.worker_pool import Limits, WorkerPool, start_beside
from pipeline.cache_aligner import Job, Task
from pipeline.compressors.api import Content, Seen
from pipeline.compressors.kompress.plugged import plug, unplug
from pipeline.policy import Policy
from pipeline.query import Query
from pipeline.router import Outcome, route
from pipeline.tool_calls import describe
from tests.pipeline.compressors.kompress import checkpoints
from tests.pipeline.compressors.kompress.test_salience import Zs

DEADLINE = 60.0
TOPICS = "rooms heating parking breakfast bicycles laundry pets keys parcels gardens ovens windows doors cellars attics stairs".split()
TEXT = "\n\n".join(
    f"The {topic} of the house are looked after by those who have lived there longest. They write down what they notice about the {topic} in the "
    f"book beside the door. {'Zoe zooms as if crazy past a frozen zebra. ' if n % 2 else 'Ada walks as if calm past a quiet horse. '}"
    f"Whoever finds that something is missing tells them before the end of the week."
    for n, topic in enumerate(TOPICS)
)
CONTENT = Content(
    TEXT, Query("Who looks after the laundry of the house, and where is that written down?"), describe("1", "WebFetch", {"url": "x"}, {})
)
POLICY = Policy(kompress_model="tiny")


def job() -> Job:
    return Job(POLICY, (), (Task(0, "key", "block", CONTENT, Seen(1, "page", TEXT, TEXT)),))


def in_this_process(*, scored: bool) -> Outcome:
    if scored:
        plug("tiny", SimpleNamespace(score_words=lambda words: [938 if "z" in word else 125 for word in words]))
    try:
        return route(CONTENT, (), POLICY)
    finally:
        unplug("tiny")


async def worked(link: ModelLink, *, begin: bool) -> list[Outcome]:
    """What a worker makes of the job, once the model is there, or without one that ever starts."""
    pool = WorkerPool(1, Limits(base_s=DEADLINE, warm_s=DEADLINE), pytest.fail, spawn=partial(start_beside, link, DEADLINE))
    try:
        if begin:
            link.start()
            behind = link.channel()  # channels are taken in their order: when this one is, the worker's was
            assert behind is not None
            assert await asyncio.to_thread(RemoteWords(behind, DEADLINE).wait, DEADLINE)
            behind.close()
        return await pool.run(job())
    finally:
        await pool.close()
        link.close()


@pytest.mark.slow
async def test_a_worker_asks_the_model(tmp_path: Path) -> None:
    found = await worked(ModelLink("tiny", str(checkpoints.onnx(tmp_path))), begin=True)
    assert found == [in_this_process(scored=True)]
    assert found != [in_this_process(scored=False)]


@pytest.mark.slow
async def test_a_worker_whose_model_is_not_there_uses_the_embedded_one(tmp_path: Path) -> None:
    found = await worked(ModelLink("tiny", str(tmp_path)), begin=False)
    assert found == [in_this_process(scored=False)]
    assert found[0].compressor == "kompress"


def test_decisions_are_known_by_the_model_that_made_them() -> None:
    assert ProxyConfig(state="", kompress_model="a/b@1", kompress_folder="/x").policy.kompress_model == "a/b@1"
    assert ProxyConfig(state="", kompress_model="a/b@1").policy.kompress_model == "embedded"
    assert Zs().score_words(["z"]) == [900]


def findings(tmp_path: Path, model: str) -> list[doctor.Finding]:
    return list(doctor._text_model(config.Config(state=tmp_path / "state", kompress_model=model)))


@pytest.mark.slow
def test_the_doctor_tries_the_model_out(tmp_path: Path) -> None:
    folder = checkpoints.onnx(tmp_path / "tiny")
    (found,) = findings(tmp_path, str(folder))
    assert found.good
    assert "is live (onnx/kompress-fp32.onnx)" in found.said
    (folder / "onnx/kompress-fp32.onnx").write_bytes(b"damaged")
    (found,) = findings(tmp_path, str(folder))
    assert found.good is False
    assert "the embedded model is used" in found.said


def test_the_doctor_says_why_the_embedded_model_is_used(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, "embedded")
    assert found.good
    assert "onnx" in found.said
    assert "none is chosen, and none was pulled" in found.said
    (found,) = findings(tmp_path, "acme/tiny")
    assert found.good is False
    assert "headroom models pull acme/tiny" in found.said


async def test_nothing_but_the_embedded_model_is_loaded_unasked() -> None:
    process = await asyncio.create_subprocess_exec(
        __import__("sys").executable,
        "-c",
        "import sys, headroom, headroom_wrap.cli.proxy, headroom_wrap.proxy.settings\n"
        "sys.exit(any(m.split('.')[0] in {'onnxruntime', 'tokenizers', 'torch', 'numpy'} or 'kompress' in m for m in sys.modules))",
    )
    assert await process.wait() == 0
