"""Lessons whose premise can be looked up: what stands in the project's folder, and on the PATH, decides whether they may still be written."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fifth.worlds import CANOPY, FJORD, MUSEUM, SURVEY, TURNSTILE
from tests.headroom_wrap.learn.independent.fourth.labels import at, folder, program, ranges, searched, task
from tests.headroom_wrap.learn.independent.fourth.on_disk import OnDisk
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import tests
from tests.headroom_wrap.learn.independent.steps import big, gone, part, read, sh

_NO_SCRIPT = ' ERR_PNPM_NO_SCRIPT  Missing script: e2e\n\nCommand "e2e" not found. Did you mean "pnpm run test:e2e"?\n'
_SCRIPT = (
    on("claude", sh("pnpm run e2e", _NO_SCRIPT, 1), sh("pnpm run test:e2e", "  9 passed (4.1s)\n")),
    on("codex", sh("pnpm run e2e", _NO_SCRIPT, 1), sh("pnpm run test:e2e", "  9 passed (4.4s)\n")),
)  # fmt: skip
_SCRIPT_LEARNED = task(["e2e", "pnpm run e2e"], ["test:e2e", "pnpm run test:e2e"])
_SCRIPT_FINE = [tests("pnpm run test:e2e")]
_GUESS = (
    on("claude", gone("cmd/server/main.go"), read("cmd/fjordd/main.go", "package main\n")),
    on("gemini", gone("cmd/server/main.go"), read("cmd/fjordd/main.go", "package main\n")),
)  # fmt: skip
_BIG = (
    on("claude", big("out/people.csv"), part("out/people.csv", 1, 50)),
    on("copilot", big("out/people.csv"), part("out/people.csv", 1, 50)),
)  # fmt: skip
_CLIENT = (
    on("claude", sh("http :3000/gates", "/bin/bash: line 1: http: command not found\n", 127), sh("xh :3000/gates", '[{"id":"A3"}]\n')),
    on("opencode", sh("http :3000/gates/A3", "bash: http: command not found\n", 127), sh("xh :3000/gates/A3", '{"id":"A3"}\n')),
)  # fmt: skip
_THEME = (
    on("claude", sh("npm run sass", 'npm error Missing script: "sass"\n', 1), sh("cd theme && npm run sass", "compiled\n")),
    on("codex", sh("npm run sass", 'npm error Missing script: "sass"\n', 1), sh("cd theme && npm run sass", "compiled\n")),
)  # fmt: skip

CASES = (
    OnDisk(case("e2e-has-its-script", "package.json has it", CANOPY, *_SCRIPT, right=[_SCRIPT_LEARNED], fine=_SCRIPT_FINE), {"package.json": '{"scripts": {"test:e2e": "playwright test"}}\n'}, ("pnpm", "node")),
    OnDisk(case("e2e-has-lost-its-script", "package.json has the first one now", CANOPY, *_SCRIPT), {"package.json": '{"scripts": {"e2e": "playwright test"}}\n'}, ("pnpm", "node")),
    OnDisk(case("the-daemon-is-there", "the file stands where it was found", FJORD, *_GUESS, right=[at("cmd/server/main.go", ["cmd/fjordd/main.go", "cmd/fjordd"])]), {"cmd/fjordd/main.go": "package main\n", "go.mod": "module fjord.example/fjord\n"}, ("go",)),
    OnDisk(case("the-daemon-was-renamed", "the file that was guessed is there now, and the other is not", FJORD, *_GUESS), {"cmd/server/main.go": "package main\n", "go.mod": "module fjord.example/fjord\n"}, ("go",)),
    OnDisk(case("people-are-many", "the table is as large as it was", SURVEY, *_BIG, right=[ranges("out/people.csv")], fine=[searched("out/people.csv")]), {"out/people.csv": ("1,34,F,DE1\n", 60000)}, ("dbt", "pixi")),
    OnDisk(case("people-are-few-now", "the table is a sample now", SURVEY, *_BIG), {"out/people.csv": "1,34,F,DE1\n"}, ("dbt", "pixi")),
    OnDisk(case("xh-is-there", "the program is on the path", TURNSTILE, *_CLIENT, right=[program("http", "xh")]), {"compose.yaml": "services: {}\n"}, ("docker", "xh")),
    OnDisk(case("httpie-was-installed", "the one that was missing is there, and the other is gone", TURNSTILE, *_CLIENT), {"compose.yaml": "services: {}\n"}, ("docker", "http")),
    OnDisk(case("the-theme-has-a-folder", "the folder and its script are there", MUSEUM, *_THEME, right=[folder(["npm run sass", "npm run", "npm"], "theme")]), {"theme/package.json": '{"scripts": {"sass": "sass src"}}\n', "Gemfile": "gem 'rails'\n"}, ("npm", "node")),
    OnDisk(case("the-theme-is-gone", "the folder is not there any more", MUSEUM, *_THEME), {"package.json": '{"scripts": {"sass": "sass src"}}\n', "Gemfile": "gem 'rails'\n"}, ("npm", "node")),
)  # fmt: skip
