"""The channel that the settings name, beside the panel."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from headroom_wrap.channels.window_title import words
from headroom_wrap.config import Config
from headroom_wrap.terminal.snapshot import Snapshot
from headroom_wrap.terminal.title import TitleRewriter

Show = Callable[[Snapshot], None]


@contextlib.contextmanager
def channel(config: Config, folder: Path, title: TitleRewriter) -> Iterator[Show]:
    """Open it for a session whose private folder is given; what it gives takes snapshots, however often the same.

    ``title`` is what rewrites the agent's window titles, if that is the channel.

    Raises:
        UserError: it is not to be had here.
    """
    if config.panel == "statusline":
        from headroom_wrap.channels.status_line import FILE, StatusLine

        yield StatusLine(folder / FILE, color=config.surroundings.color).show
    elif config.panel == "tmux":
        from headroom_wrap.channels.tmux_pane import TmuxPane

        with TmuxPane(config.surroundings.environ, folder) as pane:
            yield pane.show
    elif config.panel == "title":
        yield lambda snapshot: title.say(words(snapshot))
    else:
        yield lambda _snapshot: None
