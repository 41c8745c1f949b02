"""``headroom demo``: the real supervisor, proxy, pipeline and panel around a scripted agent and provider."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from headroom_wrap import config
from headroom_wrap.cli.options import settings
from headroom_wrap.errors import UserError

_OUTRO = """
What you saw: the agent is a script and so is its model, the rest is what `headroom wrap claude` runs.
The big results were shortened once and sent in the same bytes ever after. The line that mattered was kept.
A range that had been left out was fetched back over MCP. A file that was read twice became a reference.
"""


@click.command("demo")
@settings("profile", "panel")
def command(**flags: Any) -> None:
    """See it work within seconds: no account, no agent, no network."""
    from headroom_wrap.cli.wrap import wrap
    from headroom_wrap.demo.adapter import Demo

    with tempfile.TemporaryDirectory(prefix="headroom-demo-") as folder:
        loaded = replace(config.load(config.surroundings(), flags), state=Path(folder) / "state", upstream="", off=False)
        provider = subprocess.Popen([sys.executable, "-m", "headroom_wrap.demo.provider"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert provider.stdout is not None
            address = provider.stdout.readline().strip()
            if not address:
                raise UserError("The demo's provider did not start.", "headroom doctor says what is missing.", status=1)
            try:
                wrap(Demo(address), (), loaded)
            except SystemExit as end:
                if end.code:
                    raise
        finally:
            assert provider.stdin is not None
            provider.stdin.close()  # its signal to end
            provider.wait()
    click.echo(_OUTRO)
