from __future__ import annotations

import pytest

from pipeline.tool_calls import describe, ranged
from pipeline.transcript import ToolKind


@pytest.mark.parametrize(
    ("name", "arguments", "kind"),
    [
        ("fs_read", {"operations": [{"mode": "Line", "path": "/w/a.py"}]}, ToolKind.READ),
        ("read_text_file", {"path": "/w/a.py"}, ToolKind.READ),
        ("file_read", {"file": "/w/a.py"}, ToolKind.READ),
        ("readTextFile", {"path": "/w/a.py"}, ToolKind.READ),
        ("read_many_files", {"paths": ["/w/a.py"]}, ToolKind.READ),
        ("mcp__filesystem__read_text_file", {"path": "/w/a.py"}, ToolKind.READ),
        ("mcp__editor__read", {"path": "/w/a.py"}, ToolKind.READ),
        ("mcp__filesystem__read_multiple_files", {"paths": ["/w/a.py"]}, ToolKind.READ),
        ("mcp__slack__read_channel", {"channel": "C1"}, ToolKind.MCP),
        ("mcp__mail__list_threads", {"path": "/inbox"}, ToolKind.MCP),
        ("read_emails", {"folder": "inbox"}, ToolKind.OTHER),
        ("get_location", {"city": "Ulm"}, ToolKind.OTHER),
        ("fs_ls", {"path": "/w"}, ToolKind.LIST),
        ("spread_rows", {"path": "/w/a.csv"}, ToolKind.OTHER),
        ("read_url", {"url": "https://docs.example"}, ToolKind.FETCH),
        ("view", {"path": "/w/a.py"}, ToolKind.READ),
    ],
)
def test_tools_that_no_agent_names(name: str, arguments: dict[str, object], kind: ToolKind) -> None:
    assert describe("1", name, arguments, {}).kind is kind


def test_the_table_of_the_agent_goes_first() -> None:
    assert describe("1", "read_text_file", {"path": "/w/a.py"}, {"read_text_file": ToolKind.FETCH}).kind is ToolKind.FETCH


def test_parts_of_files() -> None:
    assert ranged(describe("1", "mcp__filesystem__read_text_file", {"path": "/w/a.py", "head": 20}, {}))
    assert not ranged(describe("1", "mcp__filesystem__read_text_file", {"path": "/w/a.py"}, {}))
    assert ranged(describe("1", "Bash", {"command": "bat -r 5:9 a.py"}, {}))
