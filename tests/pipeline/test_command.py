from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.command import _lexed, _words, pipelines, shows
from pipeline.transcript import ToolKind


@pytest.mark.parametrize(
    ("command", "kind", "path"),
    [
        ("cat src/app.py", ToolKind.READ, "src/app.py"),
        ("cd /srv && cat app.py", ToolKind.READ, "app.py"),
        ("sudo -E cat /var/log/syslog", ToolKind.READ, "/var/log/syslog"),
        ("LC_ALL=C head -n 20 notes.md", ToolKind.READ, "notes.md"),
        ("sed -n '1,80p' lib/x.rb", ToolKind.READ, "lib/x.rb"),
        ("sed -i s/a/b/ x.txt", ToolKind.EDIT, ""),
        ("bash -lc \"rg -n 'retry'\"", ToolKind.SEARCH, ""),
        ("cat app.log | grep ERROR", ToolKind.SEARCH, "app.log"),
        ("git grep foo", ToolKind.SEARCH, ""),
        ("git log --stat -5", ToolKind.SHELL, ""),
        ("find . -name '*.py' | head", ToolKind.LIST, ""),
        ("curl -s https://x.example/y", ToolKind.FETCH, ""),
        ("make test 2>&1 | tail -50", ToolKind.SHELL, ""),
        ("pytest -q; git diff", ToolKind.SHELL, ""),
        ("cat a.py b.py", ToolKind.READ, ""),
        ("cat a.py && cat b.py", ToolKind.READ, ""),
        ("timeout 20 python run.py", ToolKind.SHELL, ""),
        ("", ToolKind.SHELL, ""),
        ("'unclosed", ToolKind.SHELL, ""),
    ],
)
def test_what_is_shown(command: str, kind: ToolKind, path: str) -> None:
    shown = shows(command)
    assert (shown.kind, shown.path) == (kind, path)


def test_ranges() -> None:
    assert shows("sed -n 5,9p x.py").ranged
    assert shows("cat x.py | head -20").ranged
    assert not shows("cat x.py").ranged


def test_redirections_are_no_arguments() -> None:
    assert pipelines("pytest -q > out.txt 2>&1 < in.txt") == [[["pytest", "-q"]]]


@given(st.text(max_size=200))
def test_any_text(command: str) -> None:
    assert isinstance(shows(command).kind, ToolKind)


@settings(max_examples=500)
@given(st.text(st.sampled_from("ab '\"|&;<>()\n\t\r\x0b=-/#$`é"), max_size=30))
@example("a\"b c\"'d'")
@example("'' \"|\" a''")
@example("a 'b")
@example("\"'\"'\"'")
def test_the_fast_way_gives_the_words_that_shlex_gives(line: str) -> None:
    assert _words(line) == _lexed(line)
