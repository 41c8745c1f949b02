"""The proxy process: ``python -m headroom_wrap.proxy SETTINGS``, with the settings as JSON, or ``-`` to read them from standard input.

Standard input is for a secret: other users of the machine can read the arguments of a process.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from headroom_wrap.proxy import lifeline, settings
from headroom_wrap.proxy.settings import ProxyConfig

if TYPE_CHECKING:  # the first worker is started before anything else is loaded
    from headroom_wrap.models.link import ModelLink

_LINE_S = 3.0  # a job of an agent's own proxy waits so long for the worker: only its own are before it
_SHARED_LINE_S = 20.0  # others' work is not the fault of a job, and what is not made smaller now never will be

log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Run with the settings that the arguments name. Returns the exit status."""
    gc.disable()  # nothing of what is imported becomes garbage: looking for it takes a tenth of the start
    try:
        config = settings.decode(sys.stdin.buffer.read() if arguments == ["-"] else "".join(arguments))
        _ = config.policy
    except ValueError as error:
        print(f"headroom proxy: the settings cannot be read: {error}", file=sys.stderr)
        return 2
    return run(config)


def run(config: ProxyConfig) -> int:
    """Run until told to end. Returns the exit status."""
    gc.disable()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    if config.life_fd >= 0:
        lifeline.die_with_parent(os.getppid())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the agent; our parent ends us
    # The worker first: it loads its vocabulary while this process imports the server.
    from headroom_wrap.proxy.worker_pool import Limits, WorkerPool, start, start_beside

    model = _model(config)
    limits = Limits(
        config.worker_base_s + (config.kompress_s if model else 0),
        config.worker_s_per_100kb,
        config.worker_rss_limit,
        line_s=_SHARED_LINE_S if config.standing else _LINE_S,
    )
    spawn = start if model is None else partial(start_beside, model, config.kompress_s)
    workers = WorkerPool(0 if config.off else config.workers, limits, spawn=spawn)
    if model is not None:
        try:
            model.start()  # behind the workers, which do not wait for it
        except OSError as error:
            log.warning("The text model cannot be started (%s); the embedded one is used.", error.strerror)

    import asyncio

    from headroom_wrap.proxy.server import listen, serve

    gc.freeze()
    gc.enable()
    try:
        listener = listen(config)
    except OSError as error:
        workers.kill()
        print(f"headroom proxy: {config.host} port {config.port} cannot be listened on: {error.strerror}.", file=sys.stderr)
        return 1
    asyncio.run(serve(config, listener, workers))
    if model is not None:
        model.close()
    return 0


def _model(config: ProxyConfig) -> ModelLink | None:
    """The text model beside the embedded one, not started yet."""
    if not config.kompress_folder or config.off:
        return None
    from headroom_wrap.models.link import ModelLink

    return ModelLink(config.kompress_model, config.kompress_folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
