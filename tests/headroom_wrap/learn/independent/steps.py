"""What an agent does, said once, and how each agent's transcript tells it: the names of its tools, their arguments, and what it writes for a failure."""

from __future__ import annotations

from dataclasses import dataclass

Row = dict[str, object]


@dataclass(frozen=True)
class Step:
    """One thing that happens in a session. ``what`` says which; the rest are its parts."""

    what: str
    text: str = ""
    out: str = ""
    status: int = 0
    path: str = ""
    other: str = ""
    flags: frozenset[str] = frozenset()
    cwd: str = ""


def sh(command: str, out: str = "", status: int = 0, *flags: str, cwd: str = "") -> Step:
    """A command line; ``refused``, ``timed_out`` and ``stopped`` are flags."""
    return Step("sh", command, out, status, flags=frozenset(flags), cwd=cwd)


def read(path: str, text: str = "") -> Step:
    return Step("read", path=path, out=text or f"# {path}\nvalue = 1\n")


def gone(path: str) -> Step:
    """A file is read that is not there."""
    return Step("gone", path=path)


def big(path: str, lines: int = 21480) -> Step:
    """A file is read whole that is too large for it."""
    return Step("big", path=path, status=lines)


def part(path: str, first: int, count: int) -> Step:
    return Step("part", path=path, status=first, text=str(count))


def edit(path: str, old: str, new: str) -> Step:
    return Step("edit", old, path=path, other=new)


def misfit(path: str, old: str, new: str) -> Step:
    """An edit whose old text is not in the file."""
    return Step("misfit", old, path=path, other=new)


def stale(path: str, old: str, new: str) -> Step:
    """An edit of a file that has changed since it was read."""
    return Step("stale", old, path=path, other=new)


def write(path: str, text: str) -> Step:
    return Step("write", text, path=path)


def find(pattern: str, where: str, hits: str = "") -> Step:
    """The agent's own search, or ``rg`` where it has none."""
    return Step("find", pattern, hits, path=where)


def user(text: str) -> Step:
    return Step("user", text)


def stop() -> Step:
    """The user interrupts the agent."""
    return Step("stop")


def noise(count: int) -> Step:
    """Some things that teach nothing, of the project's."""
    return Step("noise", status=count)


_SHELLS = {
    "claude": ("Bash", "command"), "codex": ("exec_command", "cmd"), "gemini": ("run_shell_command", "command"), "copilot": ("bash", "command"),
    "opencode": ("bash", "command"),
}  # fmt: skip
_READS = {"claude": ("Read", "file_path"), "gemini": ("read_file", "file_path"), "copilot": ("view", "path"), "opencode": ("read", "filePath")}
_EDITS = {
    "claude": ("Edit", "file_path", "old_string", "new_string"), "gemini": ("replace", "file_path", "old_string", "new_string"),
    "copilot": ("edit", "path", "old_str", "new_str"), "opencode": ("edit", "filePath", "oldString", "newString"),
}  # fmt: skip
_WRITES = {
    "claude": ("Write", "file_path", "content"), "gemini": ("write_file", "file_path", "content"), "copilot": ("create", "path", "file_text"),
    "opencode": ("write", "filePath", "content"),
}  # fmt: skip


def rendered(step: Step, agent: str, root: str) -> Row:
    """The row of a step as ``cases.jsonl`` has it, for `sessions.session_of`."""
    if step.what == "user":
        return {"user": step.text}
    if step.what == "stop":
        return {"stop": True}
    if step.what == "sh":
        return _shell(agent, step)
    path = step.path if step.path.startswith("/") or agent == "codex" else f"{root}/{step.path}"
    return _file(agent, step, path, root)


def _shell(agent: str, step: Step) -> Row:
    tool, key = _SHELLS[agent]
    row: Row = {"tool": tool, "arguments": {key: step.text}, "result": step.out}
    if step.cwd:
        row["cwd"] = step.cwd
    if "refused" in step.flags:
        return {**row, "failed": True, "refused": True}
    if "timed_out" in step.flags:
        said = {
            "claude": "Command timed out after 2m 0.0s\n", "gemini": "Command was automatically cancelled because it exceeded the timeout of 5.0 minutes without output.",
        }  # fmt: skip
        failed = {"claude": True, "gemini": True, "opencode": True}.get(agent)
        return {**row, "result": said.get(agent, "") + step.out, "failed": failed, "timed_out": True, "seconds": 120}
    if "stopped" in step.flags:
        return {**row, "stopped": True}
    if agent == "claude":
        return {**row, "failed": step.status != 0, **({"status": step.status} if step.status else {})}
    return {**row, "failed": False if agent != "codex" else None, "status": step.status}


def _file(agent: str, step: Step, path: str, root: str) -> Row:
    if step.what == "find":
        return _search(agent, step, path)
    if agent == "codex":
        return _codex(step, path)
    tool, key = _READS[agent]
    asked: Row = {"tool": tool, "arguments": {key: path}, "failed": False}
    if step.what == "read":
        return {**asked, "result": _numbered(agent, step.out, 1)}
    if step.what == "part":
        first, count = step.status, int(step.text)
        ranged = {"view_range": [first, first + count]} if agent == "copilot" else {"offset": first, "limit": count}
        lines = "\n".join(f"row {n}" for n in range(first, first + min(count, 12)))
        return {**asked, "arguments": {key: path, **ranged}, "result": _numbered(agent, lines, first)}
    if step.what == "gone":
        said = {
            "claude": f"File does not exist. Note: your current working directory is {root}.", "gemini": f"File not found: {path}",
            "copilot": f"Path {path} does not exist. Please provide a valid path.", "opencode": f"File not found: {path}",
        }  # fmt: skip
        return {**asked, "result": said[agent], "failed": True}
    if step.what == "big":
        return _too_large(agent, asked, step.status)
    if step.what == "write":
        name, where, body = _WRITES[agent]
        return {"tool": name, "arguments": {where: path, body: step.text}, "result": f"File created successfully at: {path}", "failed": False}
    name, where, old, new = _EDITS[agent]
    row: Row = {"tool": name, "arguments": {where: path, old: step.text, new: step.other}, "failed": step.what != "edit"}
    if step.what == "edit":
        return {**row, "result": f"The file {path} has been updated successfully."}
    said = {
        "claude": f"String to replace not found in file.\nString: {step.text}",
        "gemini": f"Failed to edit, 0 occurrences found for old_string in {path}. No edits made. The exact text in old_string was not found.",
        "copilot": "No match found", "opencode": "Could not find oldString in the file. It must match exactly, including whitespace, indentation, and line endings.",
    }  # fmt: skip
    late = {
        "claude": "File has been modified since read, either by the user or by a linter. Read it again before attempting to write it.",
        "opencode": f"File {path} has been modified since it was last read.\n\nPlease read the file again before modifying it.",
    }  # fmt: skip
    return {**row, "result": late.get(agent, said[agent]) if step.what == "stale" else said[agent]}


def _too_large(agent: str, asked: Row, lines: int) -> Row:
    head = "\n".join(f"row {n}" for n in range(1, 40))
    if agent == "claude":
        said = f"File content ({lines * 9} tokens) exceeds maximum allowed tokens (25000). Use offset and limit parameters to read specific portions of the file, or search for specific content instead of reading the whole file."
        return {**asked, "result": said, "failed": True, "bytes": len(said)}
    if agent == "copilot":
        return {**asked, "result": f"File too large to read at once ({lines * 36 / 1000:.1f} KB). Consider using view_range.", "failed": True}
    if agent == "gemini":
        said = f"\nIMPORTANT: The file content has been truncated.\nStatus: Showing lines 1-2000 of {lines} total lines.\nAction: To read more of the file, you can use the 'offset' and 'limit' parameters in a subsequent 'read_file' call.\n"
        return {**asked, "result": said + head, "bytes": 72000}
    return {**asked, "result": f"<file>\n{head}\n\n(File has more lines. Use 'offset' parameter to read beyond line 2000)\n</file>", "bytes": 52000}


def _codex(step: Step, path: str) -> Row:
    tool = "exec_command"
    if step.what == "read":
        return {"tool": tool, "arguments": {"cmd": f"sed -n '1,200p' {path}"}, "result": step.out, "status": 0}
    if step.what == "part":
        first, count = step.status, int(step.text)
        lines = "\n".join(f"row {n}" for n in range(first, first + min(count, 12)))
        return {"tool": tool, "arguments": {"cmd": f"sed -n '{first},{first + count}p' {path}"}, "result": lines, "status": 0}
    if step.what == "gone":
        return {"tool": tool, "arguments": {"cmd": f"cat {path}"}, "result": f"cat: {path}: No such file or directory\n", "status": 1}
    if step.what == "big":
        tokens = step.status * 9
        said = f"Warning: truncated output (original token count: {tokens})\nTotal output lines: {step.status}\n\nrow 1\nrow 2\n…{tokens - 10000} tokens truncated…\nrow {step.status}"
        return {"tool": tool, "arguments": {"cmd": f"cat {path}"}, "result": said, "status": 0, "bytes": 40100}
    if step.what == "write":
        added = "\n".join("+" + line for line in step.text.splitlines())
        patch = f"*** Begin Patch\n*** Add File: {path}\n{added}\n*** End Patch"
        return {
            "tool": "apply_patch",
            "arguments": {"input": patch},
            "path": path,
            "result": f"Success. Updated the following files:\nA {path}",
            "status": 0,
        }
    old = "\n".join("-" + line for line in step.text.splitlines())
    new = "\n".join("+" + line for line in step.other.splitlines())
    row: Row = {
        "tool": "apply_patch",
        "arguments": {"input": f"*** Begin Patch\n*** Update File: {path}\n@@\n{old}\n{new}\n*** End Patch"},
        "path": path,
    }
    if step.what == "edit":
        return {**row, "result": f"Success. Updated the following files:\nM {path}", "status": 0}
    return {**row, "result": f"apply_patch verification failed: Failed to find expected lines in {path}:\n{step.text}", "failed": True}


def _search(agent: str, step: Step, path: str) -> Row:
    if agent in ("claude", "codex"):
        tool, key = _SHELLS[agent]
        row: Row = {"tool": tool, "arguments": {key: f"rg -n '{step.text}' {step.path}"}, "result": step.out}
        if agent == "claude":
            return {**row, "failed": not step.out, **({} if step.out else {"status": 1})}
        return {**row, "status": 0 if step.out else 1}
    tool, key = {"gemini": ("grep_search", "dir_path"), "copilot": ("grep", "path"), "opencode": ("grep", "path")}[agent]
    nothing = {
        "gemini": f'No matches found for pattern "{step.text}" in path "{step.path}".',
        "copilot": "No matches found.",
        "opencode": "No files found",
    }
    return {"tool": tool, "arguments": {"pattern": step.text, key: path}, "result": step.out or nothing[agent], "failed": False}


def _numbered(agent: str, text: str, first: int) -> str:
    if agent == "claude":
        return "\n".join(f"{n}\t{line}" for n, line in enumerate(text.splitlines(), first))
    if agent == "opencode":
        return "<file>\n" + "\n".join(f"{n:05d}| {line}" for n, line in enumerate(text.splitlines(), first)) + "\n</file>"
    return text
