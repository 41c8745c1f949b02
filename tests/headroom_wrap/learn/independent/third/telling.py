"""The second set's way to tell a case, with longer sessions: what matters stands among ten to thirty other calls."""

from __future__ import annotations

import functools

from tests.headroom_wrap.learn.independent.second import telling

case = functools.partial(telling.case, around=(3, 8))
on = telling.on
row = telling.row
