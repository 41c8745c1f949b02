from __future__ import annotations

import sys

import pytest

from adapters.json_text import UnfitError
from headroom_wrap.mcp_install.toml_text import append

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ENTRY = {"command": '/x/"headroom"', "args": ["mcp", "é"]}
PATH = ("mcp_servers", "headroom")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a = 1",
        "a = 1\r\nb = 2\r\n",
        "# only a comment\n",
        "[mcp_servers.other]\ncommand = 'x' # why\n",
        "[[t]]\nn = 1\n",
        "mcp_servers.other.command = 'x'\n",
    ],
)
def test_one_table_more_and_all_else_as_it_was(text: str) -> None:
    new = append(text, PATH, ENTRY)
    assert new.startswith(text)
    assert ("\n" in new.replace("\r\n", "")) == ("\r\n" not in text)
    parsed = tomllib.loads(new)
    assert parsed["mcp_servers"].pop("headroom") == ENTRY
    assert parsed == {"mcp_servers": {}} | tomllib.loads(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a = ", "no TOML"),
        ("mcp_servers = {other = {command = 'x'}}", "cannot stand at its end"),
        ("mcp_servers = 1", "no table as mcp_servers"),
        ("[mcp_servers.headroom]\n", "already"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, why: str) -> None:
    with pytest.raises(UnfitError, match=why):
        append(text, PATH, ENTRY)
