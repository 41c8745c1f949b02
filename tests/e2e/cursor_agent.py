"""A stand-in for cursor-agent, which cannot be had without an account: it does with settings, hooks and MCP what Cursor documents.

``-p COMMAND``: run the command as its Shell tool would, fetch what was left out over MCP, print both as JSON. ``--wait-for FILE``: be there until
that file exists.
"""

import json
import os
import re
import subprocess
import sys
import time


def settings(path: str) -> dict:
    try:
        with open(path) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def told(event: str, **more: object) -> "list[dict]":
    """What the hooks of an event answer."""
    answers = []
    for hook in settings(".cursor/hooks.json").get("hooks", {}).get(event, []):
        if re.search(hook.get("matcher", ""), "Shell"):
            rest = {"conversation_id": "c0ffee-1", "workspace_roots": [os.getcwd()], "cursor_version": "3.0", "user_email": "ada@example.org"}
            asked = json.dumps({"hook_event_name": event, **rest, **more})
            done = subprocess.run(
                hook["command"], shell=True, input=asked, capture_output=True, text=True, check=False, timeout=hook.get("timeout", 10)
            )
            answers.append(json.loads(done.stdout or "{}"))  # what is no JSON blocks the tool
    return answers


def shell(command: str) -> "tuple[str, str, int]":
    use = {"tool_name": "Shell", "tool_use_id": "t1", "cwd": os.getcwd()}
    for said in told("preToolUse", tool_input={"command": command, "working_directory": os.getcwd()}, **use):
        assert "permission" not in said
        command = said.get("updated_input", {}).get("command", command)
    done = subprocess.run(
        [os.environ.get("SHELL", "/bin/sh"), "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    use["tool_input"] = {"command": command}
    if done.returncode:
        told("postToolUseFailure", error_message=f"Command failed with exit code {done.returncode}\n{done.stdout}", failure_type="error", **use)
    else:
        told("postToolUse", tool_output=json.dumps({"output": done.stdout, "exitCode": 0}), duration=5, **use)
    return command, done.stdout, done.returncode


def fetched(output: str) -> str:
    found = re.search(r"\[headroom ([0-9a-f]+): ", output)
    server = settings(os.path.expanduser("~/.cursor/mcp.json")).get("mcpServers", {}).get("headroom")
    if not found or not server:
        return ""
    process = subprocess.Popen([server["command"], *server["args"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(method: str, **params: object) -> dict:
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())["result"]

    ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "cursor", "version": "0"})
    text = ask("tools/call", name="headroom_retrieve", arguments={"handle": found[1]})["content"][0]["text"]
    process.stdin.close()
    process.stdout.close()
    process.wait()
    return text


def main() -> int:
    if sys.argv[1] == "--wait-for":
        print("here", flush=True)
        while not os.path.exists(sys.argv[2]):
            time.sleep(0.02)
        return 0
    assert all(said.get("continue", True) for said in told("beforeSubmitPrompt", prompt="Look at the log."))
    ran, output, status = shell(sys.argv[2])
    told("stop", status="completed")
    print(json.dumps({"ran": ran, "output": output, "fetched": fetched(output), "rule": os.path.exists(".cursor/rules/headroom.mdc")}))
    return status


sys.exit(main())
