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


def shell(command: str) -> "tuple[str, str, int]":
    for hook in settings(".cursor/hooks.json").get("hooks", {}).get("preToolUse", []):
        if re.search(hook.get("matcher", ""), "Shell"):
            asked = json.dumps(
                {"hook_event_name": "preToolUse", "tool_name": "Shell", "tool_input": {"command": command, "working_directory": os.getcwd()}}
            )
            done = subprocess.run(hook["command"], shell=True, input=asked, capture_output=True, text=True, check=False, timeout=hook["timeout"])
            said = json.loads(done.stdout)  # what is no JSON blocks the tool
            assert "permission" not in said
            command = said.get("updated_input", {}).get("command", command)
    done = subprocess.run(
        [os.environ.get("SHELL", "/bin/sh"), "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
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
    ran, output, status = shell(sys.argv[2])
    print(json.dumps({"ran": ran, "output": output, "fetched": fetched(output), "rule": os.path.exists(".cursor/rules/headroom.mdc")}))
    return status


sys.exit(main())
