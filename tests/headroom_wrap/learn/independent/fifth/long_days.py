"""Long sessions and many of them: one lesson among sixty calls and more, evidence over weeks, and what later sessions take back."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fifth.worlds import (
    ALMANAC,
    CANOPY,
    FJORD,
    HIVE,
    LEDGERLY,
    MERIDIAN,
    MUSEUM,
    PAYROLL,
    PLATEAU,
    QUARRY,
    SURVEY,
    THERMO,
    TURNSTILE,
    VOXEL,
    WARD,
)
from tests.headroom_wrap.learn.independent.fourth.labels import add, at, folder, hangs, hangs_instead, prefers, program, swap, task, variable
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import lints
from tests.headroom_wrap.learn.independent.steps import edit, gone, noise, read, sh, user

_FROZEN = "error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided. To update the lockfile, run `uv lock`.\n"

_LESSONS = (
    case(
        "a-linter-in-a-day-of-books", "one word wrong among seventy calls, twice", LEDGERLY,
        on("claude", noise(36), sh("djlint ledgerly/templates --check", "/bin/bash: line 1: djlint: command not found\n", 127), sh("uv run djlint ledgerly/templates --check", "Linted 40 files, found 0 errors.\n"), noise(34)),
        on("codex", noise(28), sh("djlint ledgerly/templates --check", "bash: djlint: command not found\n", 127), noise(1), sh("uv run djlint ledgerly/templates --check", "Linted 40 files, found 0 errors.\n"), noise(40)),
        right=[program("djlint", ["uv run djlint", "uv run"])], fine=[lints("uv run djlint ledgerly/templates --check", "uv run djlint ledgerly/templates", "uv run djlint")],
    ),
    case(
        "a-folder-in-a-day-of-harbours", "the folder in which a tool works, in two long sessions", FJORD,
        on("gemini", noise(40), sh("npm run build:map", 'npm error Missing script: "build:map"\n', 1), sh("cd web/map && npm run build:map", "✓ built in 1.90s\n"), noise(30)),
        on("claude", noise(22), sh("npm run build:map", 'npm error Missing script: "build:map"\n', 1), sh("cd web/map && npm run build:map", "✓ built in 1.88s\n"), noise(44)),
        right=[folder(["npm run build:map", "npm", "npm run"], "web/map")], fine=[("build_command", {"command": ["npm run build:map", "cd web/map && npm run build:map"]})],
    ),
    case(
        "a-guess-a-fortnight", "the same wrong path in three sessions of three agents", MERIDIAN,
        on("claude", noise(25), gone("build.gradle"), read("build.gradle.kts", "plugins {\n"), noise(12)),
        on("codex", noise(9), gone("build.gradle"), read("build.gradle.kts", "plugins {\n"), noise(30)),
        on("opencode", noise(18), gone("build.gradle"), read("build.gradle.kts", "plugins {\n")),
        right=[at("build.gradle", "build.gradle.kts")], days=(40, 26, 12),
    ),
    case(
        "a-schema-s-variable", "a variable that the tool asks for by name, twice in a month", HIVE,
        on("claude", noise(32), sh("mix hive.export --to out.csv", "** (RuntimeError) environment variable HIVE_YARD is missing.\n", 1), sh("HIVE_YARD=north mix hive.export --to out.csv", "120 rows\n"), noise(31)),
        on("copilot", noise(16), sh("mix hive.export --to weights.csv", "** (RuntimeError) environment variable HIVE_YARD is missing.\n", 1), sh("HIVE_YARD=north mix hive.export --to weights.csv", "88 rows\n"), noise(20)),
        right=[variable(["mix hive.export", "mix hive.export --to"], ["HIVE_YARD=north", "HIVE_YARD"])], days=(24, 3),
    ),
    case(
        "a-shell-that-waits", "an interactive shell in the middle of long days", SURVEY,
        on("codex", noise(38), sh("duckdb dev.duckdb", 'v1.1.1 af39bd0dcf\nEnter ".help" for usage hints.\nD ', 124, "timed_out"), sh("duckdb dev.duckdb -c 'show tables'", "households\npeople\n"), noise(26)),
        on("claude", noise(42), sh("duckdb dev.duckdb", 'v1.1.1 af39bd0dcf\nEnter ".help" for usage hints.\nD ', 143, "timed_out"), sh("duckdb dev.duckdb -c 'select count(*) from people'", "9120\n"), noise(21)),
        right=[hangs_instead("duckdb dev.duckdb", ["duckdb dev.duckdb -c", "duckdb -c", "duckdb dev.duckdb -c 'show tables'", "duckdb dev.duckdb -c 'select count(*) from people'"])],
        fine=[hangs("duckdb dev.duckdb"), add(["duckdb dev.duckdb", "duckdb"], "-c")],
    ),
    case(
        "two-lessons-in-a-week", "two things that have nothing to do with one another", CANOPY,
        on("claude", noise(20), sh("npx drizzle-kit generate", "npm error could not determine executable to run\n", 1), sh("pnpm drizzle-kit generate", "[✓] Your SQL migration file ➜ drizzle/0004.sql\n"), noise(20), gone("apps/api/src/db/schema.ts"), read("packages/db/src/schema.ts", "export const trees = pgTable('trees', {\n"), noise(12)),
        on("gemini", noise(24), gone("apps/api/src/db/schema.ts"), read("packages/db/src/schema.ts", "export const trees = pgTable('trees', {\n"), noise(9), sh("npx drizzle-kit check", "npm error could not determine executable to run\n", 1), sh("pnpm drizzle-kit check", "Everything's fine 🐶🔥\n"), noise(8)),
        right=[program(["npx", "npx drizzle-kit"], ["pnpm", "pnpm drizzle-kit"]), at("apps/api/src/db/schema.ts", ["packages/db/src/schema.ts", "packages/db/src"])], fine=[("use_environment", {"wrong": ["npx", "npx drizzle-kit"], "right": ["pnpm", "pnpm drizzle-kit"]})],
    ),
    case(
        "overlay-by-name", "an option that is missing in a long evening of firmware", THERMO,
        on("claude", noise(33), sh("west build -b thermo_v2 bootloader", "CMake Error: Sysbuild is required to build bootloader. Use --sysbuild.\nFATAL ERROR: command exited with status 1\n", 1), sh("west build -b thermo_v2 --sysbuild bootloader", "[210/210] Linking C executable zephyr/zephyr.elf\n"), noise(31)),
        on("opencode", noise(20), sh("west build -b thermo_v2 bootloader", "CMake Error: Sysbuild is required to build bootloader. Use --sysbuild.\n", 1), sh("west build -b thermo_v2 --sysbuild bootloader", "[210/210] Linking C executable zephyr/zephyr.elf\n"), noise(10)),
        right=[add(["west build -b thermo_v2 bootloader", "west build", "west build -b thermo_v2"], "--sysbuild")], fine=[("build_command", {"command": ["west build -b thermo_v2 --sysbuild bootloader", "west build -b thermo_v2 --sysbuild"]})],
    ),
    case(
        "the-newer-word-wins", "a preference that was changed a month ago and is kept", PAYROLL,
        on("claude", edit("test/Payroll.Tax.Tests/BracketsTests.cs", "    [Theory]", "    [Theory] // fluent"), user("use FluentAssertions instead of Assert"), noise(6)),
        on("codex", edit("test/Payroll.Tax.Tests/BracketsTests.cs", "    [Theory] // fluent", "    [Theory]"), user("its licence changed. use Shouldly instead of FluentAssertions"), noise(6)),
        on("claude", edit("test/Payroll.Tax.Tests/BracketsTests.cs", "    [Theory]", "    [Theory] // f"), user("use Shouldly, not FluentAssertions"), noise(9)),
        right=[prefers("FluentAssertions", "Shouldly")], days=(60, 20, 3),
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "a-program-came-back", "not there in spring, there now", VOXEL,
        on("claude", noise(6), sh("clang-tidy src/io/obj.cc", "bash: line 1: clang-tidy: command not found\n", 127), sh("clang-tidy-15 src/io/obj.cc", "12 warnings generated.\n"), noise(5)),
        on("codex", noise(8), sh("clang-tidy src/io/obj.cc", "12 warnings generated.\n"), noise(6)),
        on("claude", noise(5), sh("clang-tidy src/mesh/mesher.cc", "3 warnings generated.\n"), noise(6)),
        days=(70, 8, 1), fine=[lints("clang-tidy src/io/obj.cc", "clang-tidy src/mesh/mesher.cc", "clang-tidy")],
    ),
    case(
        "the-option-was-needed-once", "since a later release it works without", MUSEUM,
        on("gemini", sh("bin/import loans.csv", "unknown encoding: pass --utf8\n", 1), sh("bin/import loans.csv --utf8", "40 loans\n"), noise(5)),
        on("claude", noise(6), sh("bin/import loans.csv", "40 loans\n")),
        on("codex", noise(4), sh("bin/import objects.csv", "3100 objects\n")),
        on("claude", noise(5), sh("bin/import objects.csv", "3100 objects\n")),
        days=(50, 9, 4, 1),
    ),
    case(
        "the-file-moved-back", "found elsewhere for a week, and then in its place again", WARD,
        on("claude", gone("ward-api/src/main/resources/application.properties"), read("config/application.properties", "quarkus.http.port=8080\n"), noise(6)),
        on("codex", gone("ward-api/src/main/resources/application.properties"), read("config/application.properties", "quarkus.http.port=8080\n"), noise(4)),
        on("claude", read("ward-api/src/main/resources/application.properties", "quarkus.http.port=8080\n"), sh("cat config/application.properties", "cat: config/application.properties: No such file or directory\n", 1), noise(8)),
        on("gemini", read("ward-api/src/main/resources/application.properties", "quarkus.http.port=8080\n"), noise(5)),
        days=(45, 43, 6, 2),
    ),
    case(
        "contrary-in-the-same-day", "the variant that worked fails an hour later, and the first one works", LEDGERLY,
        on("claude", noise(10), sh("uv run --locked ledgerly-report", _FROZEN, 2), sh("uv run --frozen ledgerly-report", "written\n"), noise(22), sh("uv run --frozen ledgerly-report --year 2024", "ModuleNotFoundError: No module named 'weasyprint'\n", 1), sh("uv lock", "Resolved 60 packages in 12ms\n"), sh("uv run --locked ledgerly-report --year 2024", "written\n"), noise(12)),
        on("codex", noise(12), sh("uv run --locked ledgerly-report", "written\n"), noise(10)),
    ),
    case(
        "a-long-day-of-faults-of-one-s-own", "everything that fails is what is being written", QUARRY,
        on("claude", noise(14), sh("cargo check -p index", "error[E0599]: no method named `seek` found for struct `Index`\nerror: could not compile `index` (lib) due to 1 previous error\n", 101), edit("crates/index/src/lib.rs", "pub struct Index {", "impl Index { pub fn seek(&self) {} }\npub struct Index {"), sh("cargo check -p index", "    Finished `dev` profile\n"), noise(20), sh("cargo check -p lexer", "error[E0308]: mismatched types\n", 101), edit("crates/lexer/src/lib.rs", "Vec<Token>", "Vec<Tok>"), sh("cargo check -p lexer --all-features", "    Finished `dev` profile\n"), noise(24)),
        on("gemini", noise(60)),
        fine=[("build_command", {"command": ["cargo check -p index", "cargo check -p lexer --all-features", "cargo check"]}), lints("cargo check -p index", "cargo check -p lexer --all-features", "cargo check")],
    ),
    case(
        "a-long-day-on-the-plateau", "many small faults of the network in a long session", PLATEAU,
        on("codex", noise(25), sh("helm repo update", 'Error: Get "https://charts.gate.example/index.yaml": context deadline exceeded\n', 1), noise(4), sh("helm repo update", "Update Complete. ⎈Happy Helming!⎈\n"), noise(18), sh("kubectl top nodes", "Error from server (ServiceUnavailable): the server is currently unable to handle the request (get nodes.metrics.k8s.io)\n", 1), sh("kubectl describe nodes | grep -A4 Allocated", "  cpu  1200m (30%)\n"), noise(22)),
        on("claude", noise(45), sh("helm repo update", "Update Complete. ⎈Happy Helming!⎈\n"), noise(10)),
    ),
    case(
        "one-slip-in-two-months", "typed wrong once, long ago", TURNSTILE,
        on("claude", noise(12), sh("docker compose log api", 'unknown docker command: "compose log"\n', 1), sh("docker compose logs api --tail 5", "api-1  | listening\n"), noise(14)),
        on("codex", noise(20), sh("docker compose logs api --tail 5", "api-1  | listening\n")),
        on("gemini", noise(18)),
        days=(85, 15, 2), fine=[task(["log", "docker compose log"], ["logs", "docker compose logs"]), swap("docker compose", "log", "logs"), program("docker compose log", "docker compose logs")],
    ),
    case(
        "a-quiet-month-of-pages", "four sessions in which all goes well", ALMANAC,
        on("claude", noise(30)), on("codex", noise(30)), on("gemini", noise(30)), on("opencode", noise(24)),
        days=(28, 21, 14, 7),
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)
