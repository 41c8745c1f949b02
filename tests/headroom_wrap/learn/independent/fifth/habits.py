"""How files are read, searched and edited, what waits for ever, what is refused, and what every session does."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fifth.worlds import (
    ALMANAC,
    CANOPY,
    CLUBHOUSE,
    FJORD,
    HIVE,
    KIOSK,
    LEDGERLY,
    MERIDIAN,
    MUSEUM,
    PAYROLL,
    PLATEAU,
    QUARRY,
    SPECTRA,
    SURVEY,
    TURNSTILE,
    VOXEL,
    WARD,
)
from tests.headroom_wrap.learn.independent.fourth.labels import (
    entry,
    hangs,
    hangs_instead,
    indented,
    line_ends,
    ranges,
    refused,
    refused_instead,
    repeated,
    reread,
    search_in,
    search_with,
    searched,
)
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import lints, tests
from tests.headroom_wrap.learn.independent.steps import big, edit, find, gone, misfit, noise, part, read, sh, stale, user

_LESSONS = (
    case(
        "a-dump-of-the-gates", "too large to be read whole, twice", TURNSTILE,
        on("claude", big("db/fixtures/entries.sql"), part("db/fixtures/entries.sql", 1, 80), part("db/fixtures/entries.sql", 9000, 80)),
        on("gemini", big("db/fixtures/entries.sql"), part("db/fixtures/entries.sql", 1, 60)),
        right=[ranges("db/fixtures/entries.sql")], fine=[searched("db/fixtures/entries.sql")],
    ),
    case(
        "the-log-is-searched", "what helped was a search", KIOSK,
        on("claude", big("logs/printer.log", 88000), sh("grep -n 'paper jam' logs/printer.log", "70112:paper jam\n")),
        on("copilot", big("logs/printer.log", 91000), find("out of ink", "logs/printer.log", "logs/printer.log:412:out of ink\n")),
        right=[searched("logs/printer.log")], fine=[ranges("logs/printer.log")],
    ),
    case(
        "makefile-has-tabs", "edits with spaces do not fit a file with tabs", FJORD,
        on("claude", misfit("Makefile", "build:\n    go build ./...", "build:\n    go build -trimpath ./..."), edit("Makefile", "build:\n\tgo build ./...", "build:\n\tgo build -trimpath ./...")),
        on("opencode", misfit("Makefile", "gen:\n    buf generate", "gen:\n    buf generate --clean"), edit("Makefile", "gen:\n\tbuf generate", "gen:\n\tbuf generate --clean")),
        right=[indented("Makefile", "tabs")],
    ),
    case(
        "formatted-behind-our-back", "a hook formats the file after each edit", MERIDIAN,
        on("claude", edit("geo/src/main/kotlin/meridian/geo/Geocoder.kt", "interface Geocoder {", "interface Geocoder { "), stale("geo/src/main/kotlin/meridian/geo/Geocoder.kt", "fun find", "suspend fun find"), read("geo/src/main/kotlin/meridian/geo/Geocoder.kt", "interface Geocoder {\n"), edit("geo/src/main/kotlin/meridian/geo/Geocoder.kt", "fun find", "suspend fun find")),
        on("opencode", edit("geo/src/main/kotlin/meridian/geo/Geocoder.kt", "interface Geocoder {", "interface Geocoder {  "), stale("geo/src/main/kotlin/meridian/geo/Geocoder.kt", "fun near", "suspend fun near"), read("geo/src/main/kotlin/meridian/geo/Geocoder.kt", "interface Geocoder {\n"), edit("geo/src/main/kotlin/meridian/geo/Geocoder.kt", "fun near", "suspend fun near")),
        right=[reread("geo/src/main/kotlin/meridian/geo/Geocoder.kt")],
    ),
    case(
        "generated-code-is-ignored", "the search passes over what git ignores", CANOPY,
        on("claude", sh("rg -n 'interface TreeRow' packages/db/generated", "", 1), sh("rg -n --no-ignore 'interface TreeRow' packages/db/generated", "packages/db/generated/rows.ts:14:export interface TreeRow {\n")),
        on("codex", sh("rg -n 'interface LeafRow' packages/db/generated", "", 1), sh("rg -n --no-ignore 'interface LeafRow' packages/db/generated", "packages/db/generated/rows.ts:40:export interface LeafRow {\n")),
        right=[search_with("packages/db/generated", ["--no-ignore", "-u"])],
    ),
    case(
        "translations-live-in-config", "searched for in the wrong folder every time", MUSEUM,
        on("gemini", find("loan_overdue", "app/views", ""), find("loan_overdue", "config/locales", "config/locales/en.yml:40:  loan_overdue: Overdue\n")),
        on("claude", find("object_missing", "app/views", ""), find("object_missing", "config/locales", "config/locales/en.yml:51:  object_missing: Missing\n")),
        on("copilot", find("curator_label", "app/views", ""), find("curator_label", "config/locales", "config/locales/en.yml:12:  curator_label: Curator\n")),
        right=[search_in("app/views", "config/locales")],
    ),
    case(
        "vite-waits-for-ever", "a server in front", KIOSK,
        on("claude", sh("yarn start", "  VITE v5.4.8  ready in 312 ms\n  ➜  Local:   http://localhost:5173/\n", 143, "timed_out"), sh("yarn vite build", "✓ built in 2.10s\n")),
        on("codex", sh("yarn start", "  VITE v5.4.8  ready in 299 ms\n  ➜  Local:   http://localhost:5173/\n", 124, "timed_out"), noise(1)),
        right=[hangs("yarn start")], fine=[("build_command", {"command": "yarn vite build"})],
    ),
    case(
        "vitest-watches", "the runner waits for changes unless it is told to run", CANOPY,
        on("claude", sh("pnpm vitest packages/dates", " DEV  v2.1.2 /home/priya/canopy\n PASS  Waiting for file changes...\n       press h to show help, press q to quit\n", 143, "timed_out"), sh("pnpm vitest run packages/dates", " Test Files  4 passed (4)\n")),
        on("gemini", sh("pnpm vitest apps/web", " PASS  Waiting for file changes...\n       press h to show help, press q to quit\n", 124, "timed_out"), sh("pnpm vitest run apps/web", " Test Files  11 passed (11)\n")),
        right=[hangs_instead(["pnpm vitest", "pnpm vitest packages/dates", "pnpm vitest apps/web"], ["pnpm vitest run", "pnpm vitest run packages/dates", "pnpm vitest run apps/web"])],
        fine=[hangs(["pnpm vitest", "pnpm vitest packages/dates", "pnpm vitest apps/web"]), tests("pnpm vitest run packages/dates", "pnpm vitest run apps/web", "pnpm vitest run")],
    ),
    case(
        "logs-that-follow", "following a log never ends", TURNSTILE,
        on("claude", sh("docker compose logs -f worker", "worker-1  | job 14 done\n", 143, "timed_out"), sh("docker compose logs --tail 50 worker", "worker-1  | job 14 done\n")),
        on("opencode", sh("docker compose logs -f api", "api-1  | listening\n", 124, "timed_out"), sh("docker compose logs --tail 50 api", "api-1  | listening\n")),
        right=[hangs_instead(["docker compose logs -f", "docker compose logs -f worker", "docker compose logs -f api"], ["docker compose logs --tail 50", "docker compose logs", "docker compose logs --tail 50 worker", "docker compose logs --tail 50 api", "docker compose logs --tail"])],
        fine=[hangs(["docker compose logs -f", "docker compose logs -f worker", "docker compose logs -f api"]), ("replace_option", {"command": ["docker compose logs"], "wrong": ["-f"], "right": ["--tail 50", "--tail"]})],
    ),
    case(
        "nobody-applies-from-here", "the user refuses it each time", PLATEAU,
        on("claude", sh("terraform -chdir=stacks/core apply", "The user doesn't want to proceed with this tool use.", 1, "refused"), user("never apply from here, the pipeline does that"), noise(1)),
        on("gemini", sh("terraform -chdir=stacks/core apply", "", 1, "refused"), noise(1)),
        right=[refused(["terraform -chdir=stacks/core apply", "terraform apply"])],
    ),
    case(
        "publishing-is-not-for-agents", "refused twice, the second time by the sandbox", QUARRY,
        on("claude", sh("cargo publish -p lexer", "Permission to use Bash with command cargo publish -p lexer has been denied.", 1, "refused"), sh("cargo package -p lexer --list", "Cargo.toml\nsrc/lib.rs\n")),
        on("codex", sh("cargo publish -p index", "", 1, "refused"), sh("cargo package -p index --list", "Cargo.toml\nsrc/lib.rs\n")),
        right=[refused(["cargo publish", "cargo publish -p lexer", "cargo publish -p index"])], fine=[refused_instead(["cargo publish", "cargo publish -p lexer", "cargo publish -p index"], ["cargo package", "cargo package -p lexer --list", "cargo package -p index --list", "cargo package --list"])],
    ),
    case(
        "crlf-in-the-payroll", "edits of two lines do not fit because of the line ends", PAYROLL,
        on("claude", misfit("src/Payroll.Web/Program.cs", "var app = builder.Build();\napp.Run();", "var app = builder.Build();\napp.UseHsts();\napp.Run();"), sh("file src/Payroll.Web/Program.cs", "src/Payroll.Web/Program.cs: Unicode text, UTF-8 text, with CRLF line terminators\n"), edit("src/Payroll.Web/Program.cs", "var app = builder.Build();\r\napp.Run();", "var app = builder.Build();\r\napp.UseHsts();\r\napp.Run();")),
        on("copilot", misfit("src/Payroll.Web/Program.cs", "app.UseHsts();\napp.Run();", "app.Run();"), edit("src/Payroll.Web/Program.cs", "app.UseHsts();\r\napp.Run();", "app.Run();")),
        right=[line_ends("src/Payroll.Web/Program.cs")],
    ),
    case(
        "style-is-read-first", "each session begins with the same file", ALMANAC,
        on("claude", read("STYLE.md", "# How we write\n"), noise(5)),
        on("codex", read("STYLE.md", "# How we write\n"), noise(5)),
        on("gemini", read("STYLE.md", "# How we write\n"), noise(5)),
        on("claude", read("STYLE.md", "# How we write\n"), noise(5)),
        right=[entry("STYLE.md")], around=(0, 0),
    ),
    case(
        "everybody-runs-the-same-check", "one command in all sessions", SPECTRA,
        on("claude", noise(3), sh("poetry run nox -R -s unit", "88 passed in 4.02s\nnox > Session unit was successful.\n"), sh("poetry run mypy src", "Success: no issues found in 14 source files\n")),
        on("codex", noise(3), sh("poetry run nox -R -s unit", "88 passed in 4.02s\nnox > Session unit was successful.\n"), sh("poetry run mypy src", "Success: no issues found in 14 source files\n")),
        on("opencode", noise(3), sh("poetry run nox -R -s unit", "88 passed in 4.02s\nnox > Session unit was successful.\n"), sh("poetry run mypy src", "Success: no issues found in 14 source files\n")),
        on("copilot", noise(3), sh("poetry run nox -R -s unit", "88 passed in 4.02s\nnox > Session unit was successful.\n"), sh("poetry run mypy src", "Success: no issues found in 14 source files\n")),
        right=[tests("poetry run nox -R -s unit"), lints("poetry run mypy src", "poetry run mypy")],
    ),
    case(
        "again-and-again-the-same", "the same call three times and more, in two sessions", HIVE,
        on("claude", *[sh("mix dialyzer --quiet", "lib/hive/weight.ex:9:invalid_contract\nThe @spec for the function does not match\n", 2)] * 4, noise(1)),
        on("codex", *[sh("mix dialyzer --quiet", "lib/hive/weight.ex:9:invalid_contract\nThe @spec for the function does not match\n", 2)] * 4, noise(1)),
        fine=[repeated(), lints("mix dialyzer --quiet", "mix dialyzer")],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "one-typo-in-an-edit", "the old text was misremembered, not indented otherwise", LEDGERLY,
        on("claude", misfit("ledgerly/urls.py", "urlpattern = [", "urlpatterns = [ # all"), edit("ledgerly/urls.py", "urlpatterns = [", "urlpatterns = [ # all")),
        on("codex", misfit("ledgerly/imports/camt.py", "def parse(f):", "def parse(stream, strict):"), read("ledgerly/imports/camt.py", "def parse(stream):\n"), edit("ledgerly/imports/camt.py", "def parse(stream):", "def parse(stream, strict):")),
    ),
    case(
        "slow-but-it-ends", "a download that took too long once", SURVEY,
        on("claude", sh("pixi install", "", 143, "timed_out"), sh("pixi install", "✔ The default environment has been installed.\n")),
        on("gemini", sh("pixi install", "✔ The default environment has been installed.\n")),
    ),
    case(
        "the-user-stopped-a-build", "stopped because the user had forgotten something", VOXEL,
        on("claude", sh("cmake --build out -j16", "", 130, "stopped"), user("wait, I have to save a file first. ok, go on"), sh("cmake --build out -j16", "[100%] Built target voxel\n")),
        on("opencode", noise(4)),
        fine=[("build_command", {"command": "cmake --build out -j16"})],
    ),
    case(
        "refused-for-the-moment", "a refusal that the same session takes back", MUSEUM,
        on("claude", sh("bin/rails db:rollback", "", 1, "refused"), user("not yet, commit first. ... done, now you may"), sh("bin/rails db:rollback", "== 20250301 CreateLoans: reverted (0.01s)\n")),
        on("codex", sh("bin/rails db:rollback", "== 20250301 CreateLoans: reverted (0.01s)\n")),
    ),
    case(
        "nothing-is-the-answer", "a search that finds nothing proves that it is gone", WARD,
        on("claude", edit("ward-core/src/main/java/org/ward/core/Bed.java", "import java.util.Date;", "import java.time.Instant;"), find("java.util.Date", "ward-core", ""), find("java.util.Date", "ward-api", "")),
        on("codex", find("TODO", "ward-core", ""), find("TODO", "ward-api", "ward-api/src/main/resources/application.properties:9:# TODO\n")),
    ),
    case(
        "polled-on-purpose", "the same call, each time with another answer", PLATEAU,
        on("claude", sh("kubectl rollout status deploy/gateway -n edge --timeout=5s", 'Waiting for deployment "gateway" rollout to finish: 0 of 2 updated replicas are available...\n', 1), sh("kubectl rollout status deploy/gateway -n edge --timeout=5s", "Waiting: 1 of 2 updated replicas are available...\n", 1), sh("kubectl rollout status deploy/gateway -n edge --timeout=5s", 'deployment "gateway" successfully rolled out\n')),
        on("gemini", noise(4)),
    ),
    case(
        "a-lock-file-nobody-reads", "read whole once, by mistake", KIOSK,
        on("opencode", big("yarn.lock"), noise(2)),
        on("claude", noise(5)),
        fine=[ranges("yarn.lock"), searched("yarn.lock")],
    ),
    case(
        "different-misses", "three paths guessed wrong that have nothing in common", CLUBHOUSE,
        on("claude", gone("app/Services/Fees.php"), read("app/Models/Member.php", "class Member extends Model\n")),
        on("codex", gone("config/courts.php"), read("routes/web.php", "Route::get('/', HomeController::class);\n")),
        on("gemini", gone("tests/Unit/FeeTest.php"), read("tests/Feature/CourtTest.php", "class CourtTest extends TestCase\n")),
    ),
)  # fmt: skip
CASES = (*_LESSONS, *_TRAPS)
