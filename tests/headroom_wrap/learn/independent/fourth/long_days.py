"""Long sessions and many of them: one lesson among sixty calls and more, evidence over weeks, and what later sessions take back."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fourth.compiled import CRANE, PRISM, RELAY, TILES
from tests.headroom_wrap.learn.independent.fourth.data import GROUSE, MANUAL
from tests.headroom_wrap.learn.independent.fourth.jvm_dotnet import BOURSE, INVOICER, TRAMS
from tests.headroom_wrap.learn.independent.fourth.labels import add, at, folder, hangs, hangs_instead, prefers, program, task, variable
from tests.headroom_wrap.learn.independent.fourth.node import ATELIER, HANDBOOK, LOOM, PARCELS
from tests.headroom_wrap.learn.independent.fourth.operations import DEPOT, PLAYS
from tests.headroom_wrap.learn.independent.fourth.python import HARBOR, ORCHARD
from tests.headroom_wrap.learn.independent.fourth.scripted import BAZAAR, BEACON, GUILD
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import lints, tests
from tests.headroom_wrap.learn.independent.steps import edit, find, gone, noise, read, sh, user, write

_LESSONS = (
    case(
        "one-word-among-many-calls", "one mistake in the middle of a long day, and again in the middle of another", HARBOR,
        on("claude", noise(34), sh("pre-commit run ruff", "/bin/bash: line 1: pre-commit: command not found\n", 127), sh("uvx pre-commit run ruff", "ruff.....................................................................Passed\n"), noise(36)),
        on("codex", noise(40), sh("pre-commit run ruff", "bash: pre-commit: command not found\n", 127), noise(1), sh("uvx pre-commit run ruff", "ruff.....................................................................Passed\n"), noise(30)),
        right=[program("pre-commit", ["uvx pre-commit", "uvx"])], fine=[lints("uvx pre-commit run ruff")],
    ),
    case(
        "a-variable-in-a-long-day", "a variable makes the difference in two long sessions of different agents", BOURSE,
        on("gemini", noise(30), sh("./gradlew :app:brokerTest", "BrokerTest > connects() FAILED\n    java.lang.IllegalStateException: BROKER_URL is not set\n\n1 test completed, 1 failed\n", 1), sh("BROKER_URL=tcp://localhost:1883 ./gradlew :app:brokerTest", "BUILD SUCCESSFUL in 4s\n"), noise(30)),
        on("claude", noise(44), sh("./gradlew :app:brokerTest", "BrokerTest > connects() FAILED\n    java.lang.IllegalStateException: BROKER_URL is not set\n", 1), sh("BROKER_URL=tcp://localhost:1883 ./gradlew :app:brokerTest", "BUILD SUCCESSFUL in 4s\n"), noise(12)),
        right=[variable(["./gradlew :app:brokerTest"], "BROKER_URL=tcp://localhost:1883")], fine=[tests("./gradlew :app:brokerTest", "BROKER_URL=tcp://localhost:1883 ./gradlew :app:brokerTest")],
    ),
    case(
        "a-path-in-three-weeks", "one wrong guess a week, among all that goes its usual way", DEPOT,
        on("claude", noise(20), gone("charts/depot/templates/service.yaml"), read("charts/depot/templates/networking/service.yaml", "kind: Service\n"), noise(22)),
        on("opencode", noise(6), gone("charts/depot/templates/service.yaml"), find("kind: Service", "charts", "charts/depot/templates/networking/service.yaml:2:kind: Service\n"), read("charts/depot/templates/networking/service.yaml", "kind: Service\n")),
        on("claude", noise(33), gone("charts/depot/templates/service.yaml"), read("charts/depot/templates/networking/service.yaml", "kind: Service\n"), noise(5)),
        right=[at("charts/depot/templates/service.yaml", ["charts/depot/templates/networking/service.yaml", "charts/depot/templates/networking"])], days=(20, 12, 3),
    ),
    case(
        "a-console-twice-in-a-month", "a console that waits for its user, among seventy other calls", GUILD,
        on("codex", noise(40), sh("bin/rails dbconsole", 'psql (16.2)\nType "help" for help.\n\nguild_development=> ', 124, "timed_out"), sh("bin/rails runner 'puts Guild.count'", "14\n"), noise(30)),
        on("claude", noise(50), sh("bin/rails dbconsole", 'psql (16.2)\nType "help" for help.\n', 143, "timed_out"), sh("bin/rails runner 'puts Fee.count'", "210\n"), noise(14)),
        right=[hangs(["bin/rails dbconsole"])], fine=[hangs_instead(["bin/rails dbconsole"], ["bin/rails runner", "bin/rails runner 'puts Guild.count'", "bin/rails runner 'puts Fee.count'"])], days=(25, 2),
    ),
    case(
        "said-at-the-end-of-a-day", "what the user wants stands once in each of two long sessions", TILES,
        on("claude", noise(45), edit("server/cache.h", "class Cache {", "#include <boost/optional.hpp>\nclass Cache {"), user("use std::optional instead of boost::optional"), edit("server/cache.h", "#include <boost/optional.hpp>", "#include <optional>"), noise(10)),
        on("gemini", noise(38), edit("server/render.cc", "Tile Render", "boost::optional<Tile> Render"), user("std, please: use std::optional, not boost::optional"), edit("server/render.cc", "boost::optional", "std::optional"), noise(20)),
        right=[prefers("boost::optional", "std::optional")],
    ),
    case(
        "three-agents-one-folder", "the same mistake of three agents in a fortnight", PLAYS,
        on("copilot", noise(22), sh("ansible-galaxy install -r requirements.yml", "ERROR! - the configuration path does not exist.\n", 1), sh("cd galaxy && ansible-galaxy install -r requirements.yml", "- geerlingguy.nginx (3.2.0) was installed successfully\n"), noise(6)),
        on("gemini", sh("ansible-galaxy install -r requirements.yml", "ERROR! - the configuration path does not exist.\n", 1), sh("cd galaxy && ansible-galaxy install -r requirements.yml", "- geerlingguy.nginx (3.2.0) is already installed, skipping.\n"), noise(40)),
        on("claude", noise(3), sh("ansible-galaxy install -r requirements.yml", "ERROR! - the configuration path does not exist.\n", 1), sh("cd galaxy && ansible-galaxy install -r requirements.yml", "- geerlingguy.nginx (3.2.0) is already installed, skipping.\n")),
        right=[folder(["ansible-galaxy install -r requirements.yml", "ansible-galaxy install", "ansible-galaxy", "ansible-galaxy install -r"], "galaxy")], fine=[at("requirements.yml", "galaxy/requirements.yml")], days=(14, 9, 2),
    ),
    case(
        "two-lessons-of-one-day", "a task's name and an option, far apart in two sessions", ATELIER,
        on("claude", noise(12), sh("yarn run e2e:smoke", "Usage Error: Couldn't find a script named \"e2e:smoke\".\n", 1), sh("yarn run smoke", "3 passed (2.0s)\n"), noise(25), sh("yarn storybook build", "Error: No story files found for the specified pattern\n", 1), sh("yarn storybook build -c config/storybook", "Output directory: /home/rosa/atelier/storybook-static\n"), noise(24)),
        on("codex", noise(9), sh("yarn storybook build", "Error: No story files found for the specified pattern\n", 1), sh("yarn storybook build -c config/storybook", "Output directory: /home/rosa/atelier/storybook-static\n"), noise(28), sh("yarn run e2e:smoke", "Usage Error: Couldn't find a script named \"e2e:smoke\".\n", 1), sh("yarn run smoke", "3 passed (2.1s)\n"), noise(22)),
        right=[task(["e2e:smoke", "yarn run e2e:smoke", "yarn e2e:smoke"], ["smoke", "yarn run smoke", "yarn smoke"]), add(["yarn storybook build", "yarn storybook", "storybook build"], ["-c config/storybook", "--config-dir config/storybook"])], fine=[tests("yarn run smoke")],
    ),
)  # fmt: skip

_TRAPS = (
    *(case(f"a-long-day-in-{world.root.rsplit('/', 1)[-1]}", "everything goes its usual way, for a hundred calls", world, on(agents[0], noise(70)), on(agents[1], noise(12))) for world, agents in ((PARCELS, ("claude", "codex")), (INVOICER, ("gemini", "claude")), (CRANE, ("opencode", "claude")), (BAZAAR, ("copilot", "gemini")))),
    case(
        "pnpm-until-bun-came", "an old lesson that two newer sessions contradict", LOOM,
        on("claude", sh("bun add hono", "error: lockfile had changes, but lockfile is frozen\n", 1), sh("pnpm add hono", "Done in 1.1s\n"), noise(10)),
        on("claude", noise(8), sh("pnpm add elysia", "ERR_PNPM_BAD_PM  This project is configured to use bun\n", 1), sh("bun add elysia", "installed elysia@1.1.9\n"), noise(30)),
        on("codex", sh("bun add zod", "installed zod@3.23.8\n"), noise(15)),
        fine=[program(["pnpm", "pnpm add"], ["bun", "bun add"])], days=(90, 4, 1),
    ),
    case(
        "a-file-that-moved-back", "a path was elsewhere for a while, and is where it is guessed since", RELAY,
        on("claude", gone("services/relay/config.go"), read("services/relay/internal/config/config.go", "package config\n"), noise(6)),
        on("codex", gone("services/relay/config.go"), read("services/relay/internal/config/config.go", "package config\n"), noise(9)),
        on("claude", read("services/relay/config.go", "package relay\n"), noise(14)),
        on("gemini", noise(2), read("services/relay/config.go", "package relay\n")),
        days=(70, 66, 5, 1),
    ),
    case(
        "needed-an-option-once", "an option was needed in two old sessions and in none of three new ones", TRAMS,
        on("claude", sh("./mvnw -q -pl core compile", "[ERROR] COMPILATION ERROR : \n[ERROR] invalid target release: 21\n", 1), sh("./mvnw -q -pl core compile -Pjdk17")),
        on("opencode", sh("./mvnw -q -pl core compile", "[ERROR] invalid target release: 21\n", 1), sh("./mvnw -q -pl core compile -Pjdk17")),
        on("claude", sh("./mvnw -q -pl core compile"), noise(4)),
        on("codex", noise(3), sh("./mvnw -q -pl core compile")),
        on("claude", sh("./mvnw -q -pl core compile")),
        fine=[("build_command", {"command": ["./mvnw -q -pl core compile", "./mvnw -q -pl core compile -Pjdk17"]})], days=(75, 71, 6, 3, 1),
    ),
    case(
        "another-project-s-mistake", "the lesson is of another folder, which the second session visits", MANUAL,
        on("claude", noise(12), sh("cd /home/theo/pumps-sim && make sim", "make: *** No rule to make target 'sim'.  Stop.\n", 2), sh("cd /home/theo/pumps-sim && make simulate", "done\n"), noise(8)),
        on("codex", noise(20)),
    ),
    case(
        "a-long-repair", "a test fails nine times while it is mended; the last command has another option by chance", PRISM,
        on("codex", *[step for n in range(9) for step in (sh("./out/dev/tests/gamma_test", f"gamma_test.cpp:{20 + n}: FAILED:\n  REQUIRE( gamma(0.5) == 0.7{n} )\n", 1), read("libs/core/src/gamma.cpp", "double gamma(double x) {\n"), edit("libs/core/src/gamma.cpp", f"return {n}", f"return {n + 1}"))], sh("./out/dev/tests/gamma_test --success", "All tests passed (12 assertions in 3 test cases)\n"), noise(20)),
        on("claude", noise(9), sh("./out/dev/tests/gamma_test", "All tests passed (12 assertions in 3 test cases)\n")),
        fine=[tests("./out/dev/tests/gamma_test", "./out/dev/tests/gamma_test --success")],
    ),
    case(
        "polling-a-job", "a job is asked until it is done: it changes each time", GROUSE,
        on("claude", noise(10), *[step for n in range(6) for step in (sh("gh run view 811 --json status,conclusion", f'{{"conclusion":"","status":"in_progress","step":{n}}}\n'), sh("sleep 30"))], sh("gh run view 811 --json status,conclusion", '{"conclusion":"success","status":"completed"}\n'), noise(20)),
        on("gemini", noise(8), sh("gh run view 812 --json status,conclusion", '{"conclusion":"success","status":"completed"}\n')),
    ),
    case(
        "what-was-left-out-is-fetched", "an original is fetched back; that steers compression and is nobody's instruction", ORCHARD,
        on("claude", sh("poetry run tox -q -e unit", "[headroom 3f9a2c7b: 361 of 612 lines left out; full text: headroom_retrieve 3f9a2c7b, or run: headroom show 3f9a2c7b]\nOK\n"), sh("headroom show 3f9a2c7b --lines 120-480", "test_a ... ok\n"), noise(20)),
        on("codex", noise(6), sh("headroom show 77aa01c4 --lines 1-40", "test_b ... ok\n"), noise(12)),
        on("claude", sh("headroom show 1c9e00d2 --lines 4-90", "test_c ... ok\n"), noise(15)),
    ),
    case(
        "a-script-of-the-session", "a helper that the session wrote, ran wrongly, and threw away", HANDBOOK,
        on("opencode", noise(10), write("check_links.py", "import sys\nprint(sys.argv[1])\n"), sh("python3 check_links.py", "IndexError: list index out of range\n", 1), sh("python3 check_links.py docs", "docs\n"), sh("rm check_links.py"), noise(40)),
        on("claude", noise(6), write("/tmp/links.py", "import sys\nprint(sys.argv[1])\n"), sh("python3 /tmp/links.py", "IndexError: list index out of range\n", 1), sh("python3 /tmp/links.py --all", "--all\n"), noise(18)),
    ),
    case(
        "one-fault-in-a-long-week", "a single failure that nobody saw again", BEACON,
        on("claude", noise(30), sh("mix credo", "** (Mix) Could not start application credo: exited in: GenServer.call(Mix.PubSub, :info, 5000)\n    ** (EXIT) time out\n", 1), sh("mix credo --mute-exit-status", "found no issues.\n"), noise(30)),
        on("gemini", noise(20)),
        on("codex", noise(25), sh("mix credo", "found no issues.\n")),
        fine=[lints("mix credo", "mix credo --mute-exit-status")],
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)
