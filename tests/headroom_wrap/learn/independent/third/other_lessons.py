"""Cases with something to learn that is no command's form: places, files, edits, limits, what users said, and what every session comes to."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.second.worlds import builds, lints, tests
from tests.headroom_wrap.learn.independent.steps import big, edit, find, gone, misfit, noise, part, read, sh, stale, stop, user
from tests.headroom_wrap.learn.independent.third.telling import case, on
from tests.headroom_wrap.learn.independent.third.worlds import (
    ATLAS,
    BASKET,
    CLOUD,
    EDGE,
    FARM,
    HOSTS,
    KIOSK,
    LAMP,
    LENDING,
    MARTS,
    MEMOD,
    MOTES,
    OCEAN,
    ORBIT,
    PAYROLL,
    PRICING,
    QUERYC,
    RECIPES,
    SPECIES,
    TALLY,
    TICKETS,
    UARTLITE,
    ZIGLINE,
)  # fmt: skip

_PLACES = (
    case(
        "settings-are-split", "the settings that every such project has are in a package", LENDING,
        on("claude", gone("lending/settings.py"), sh("rg --files -g '*settings*' -g 'base.py'", "config/settings/base.py\nconfig/settings/test.py\n"), read("config/settings/base.py", "INSTALLED_APPS = [\n")),
        on("codex", gone("lending/settings.py"), sh("find . -path ./node_modules -prune -o -name 'base.py' -print", "./config/settings/base.py\n"), read("config/settings/base.py", "INSTALLED_APPS = [\n")),
        on("gemini", gone("lending/settings.py"), read("config/settings/base.py", "INSTALLED_APPS = [\n")),
        right=[("path_is_at", {"wrong": ["lending/settings.py"], "right": ["config/settings/base.py", "config/settings"]})],
    ),
    case(
        "schema-of-the-database", "Rails keeps the structure as SQL here", TICKETS,
        on("copilot", gone("db/schema.rb"), sh("ls db", "migrate\nseeds.rb\nstructure.sql\n"), read("db/structure.sql", "CREATE TABLE public.seats (\n")),
        on("claude", gone("db/schema.rb"), read("db/structure.sql", "CREATE TABLE public.seats (\n")),
        right=[("path_is_at", {"wrong": "db/schema.rb", "right": "db/structure.sql"})],
    ),
    case(
        "theme-of-the-app", "one guess in a shell, one in the agent's own reader", RECIPES,
        on("claude", sh("cat lib/theme.dart", "cat: lib/theme.dart: No such file or directory\n", 1), find("ThemeData(", "lib", "lib/app/theme/app_theme.dart:12:  return ThemeData(\n"), read("lib/app/theme/app_theme.dart", "ThemeData appTheme() {\n")),
        on("opencode", gone("lib/theme.dart"), sh("git ls-files '*theme*'", "lib/app/theme/app_theme.dart\n"), read("lib/app/theme/app_theme.dart", "ThemeData appTheme() {\n")),
        right=[("path_is_at", {"wrong": "lib/theme.dart", "right": ["lib/app/theme/app_theme.dart", "lib/app/theme"]})],
    ),
    case(
        "ephemerides-by-parts", "a dump too large for a read, and ranges that were read", ORBIT,
        on("claude", big("data/ephemerides.csv", 61000), part("data/ephemerides.csv", 1, 30)),
        on("opencode", big("data/ephemerides.csv", 61000), part("data/ephemerides.csv", 30000, 50)),
        on("copilot", noise(1), big("data/ephemerides.csv", 61000), part("data/ephemerides.csv", 60900, 60)),
        right=[("read_ranges", {"path": "data/ephemerides.csv"})],
    ),
    case(
        "a-netlist-is-searched", "a generated file is too large, what was wanted is found by a search", UARTLITE,
        on("codex", big("build/uart_top.json", 140000), sh("grep -n 'parity_error' build/uart_top.json | head", '90211:        "parity_error": {\n')),
        on("claude", big("build/uart_top.json", 140000), find("fifo_full", "build/uart_top.json", '101222:        "fifo_full": {\n')),
        right=[("search_file", {"path": "build/uart_top.json"})],
    ),
    case(
        "types-are-in-proto", "the frames' types are looked for in the host tool, three times", MOTES,
        on("claude", find("enum Opcode", "host/src", ""), find("enum Opcode", "proto/src", "proto/src/opcode.rs:4:pub enum Opcode {\n"), noise(1)),
        on("gemini", find("struct Ack", "host/src", ""), find("struct Ack", "proto/src", "proto/src/ack.rs:3:pub struct Ack {\n")),
        on("codex", find("impl Crc", "host/src", ""), find("impl Crc", "proto/src", "proto/src/crc.rs:9:impl Crc {\n")),
        right=[("search_in_folder", {"wrong": ["host/src", "host/src/", "host"], "right": ["proto/src", "proto/src/", "proto"]})],
    ),
    case(
        "generated-code-is-ignored", "what a generator writes is ignored by git, so by the search", TALLY,
        on("claude", find("struct Poll_Vote", "Sources/Generated", ""), sh("rg -n --no-ignore 'struct Poll_Vote' Sources/Generated", "Sources/Generated/poll.pb.swift:31:struct Poll_Vote {\n")),
        on("codex", find("extension Poll_Close", "Sources/Generated", ""), sh("ls Sources/Generated", "poll.pb.swift\n"), sh("rg -n --no-ignore 'extension Poll_Close' Sources/Generated", "Sources/Generated/poll.pb.swift:120:extension Poll_Close: SwiftProtobuf.Message {\n")),
        right=[("search_option", {"folder": ["Sources/Generated", "Sources/Generated/"], "option": ["--no-ignore", "-u"]})],
    ),
)  # fmt: skip

_EDITS = (
    case(
        "tabs-of-go", "an edit with spaces misses, the same with a tab fits", MEMOD,
        on("copilot", read("internal/server/limits.go"), misfit("internal/server/limits.go", "    if n > limit {\n        return errFull\n    }", "    if n >= limit {\n        return errFull\n    }"), sh("sed -n 8,11p internal/server/limits.go | cat -A", "^Iif n > limit {$\n^I^Ireturn errFull$\n^I}$\n"), edit("internal/server/limits.go", "\tif n > limit {\n\t\treturn errFull\n\t}", "\tif n >= limit {\n\t\treturn errFull\n\t}")),
        on("claude", read("internal/server/limits.go"), misfit("internal/server/limits.go", "    for range retries {\n        wait()", "    for range retries {\n        s.wait()"), edit("internal/server/limits.go", "\tfor range retries {\n\t\twait()", "\tfor range retries {\n\t\ts.wait()")),
        right=[("edit_indentation", {"path": "internal/server/limits.go", "indentation": "tabs"})],
    ),
    case(
        "line-ends-of-translations", "an exported file has the line ends of another system", KIOSK,
        on("claude", read("translations/messages.de.csv"), misfit("translations/messages.de.csv", "cart.empty;Leer\ncart.total;Summe", "cart.empty;Leer\ncart.total;Gesamt"), sh("file translations/messages.de.csv", "translations/messages.de.csv: UTF-8 Unicode text, with CRLF line terminators\n"), edit("translations/messages.de.csv", "cart.empty;Leer\r\ncart.total;Summe", "cart.empty;Leer\r\ncart.total;Gesamt")),
        on("gemini", read("translations/messages.de.csv"), misfit("translations/messages.de.csv", "voucher.code;Code\nvoucher.bad;Falsch", "voucher.code;Code\nvoucher.bad;Ungültig"), sh("head -c 200 translations/messages.de.csv | od -c | head -4", "0000000   c   a   r   t   .   e   m   p   t   y   ;   L   e   e   r  \\r\n"), edit("translations/messages.de.csv", "voucher.code;Code\r\nvoucher.bad;Falsch", "voucher.code;Code\r\nvoucher.bad;Ungültig")),
        right=[("edit_line_ends", {"path": "translations/messages.de.csv"})],
    ),
    case(
        "formatted-behind-ones-back", "a watcher sorts the file after each edit", BASKET,
        on("claude", read("3rdparty/python/requirements.txt"), edit("3rdparty/python/requirements.txt", "numpy==2.1.0", "numpy==2.1.1"), stale("3rdparty/python/requirements.txt", "attrs==24.1.0", "attrs==24.2.0"), read("3rdparty/python/requirements.txt"), edit("3rdparty/python/requirements.txt", "attrs==24.1.0", "attrs==24.2.0")),
        on("opencode", read("3rdparty/python/requirements.txt"), edit("3rdparty/python/requirements.txt", "redis==5.0.0", "redis==5.0.8"), stale("3rdparty/python/requirements.txt", "orjson==3.10.0", "orjson==3.10.7"), read("3rdparty/python/requirements.txt"), edit("3rdparty/python/requirements.txt", "orjson==3.10.0", "orjson==3.10.7")),
        on("claude", read("3rdparty/python/requirements.txt"), edit("3rdparty/python/requirements.txt", "httpx==0.26.0", "httpx==0.27.2"), stale("3rdparty/python/requirements.txt", "pydantic==2.8.0", "pydantic==2.9.1"), read("3rdparty/python/requirements.txt"), edit("3rdparty/python/requirements.txt", "pydantic==2.8.0", "pydantic==2.9.1")),
        right=[("reread_before_edit", {"path": "3rdparty/python/requirements.txt"})],
    ),
)  # fmt: skip

_NO = "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the new_string was NOT written to the file). STOP what you are doing and wait for the user to tell you how to proceed."

_LIMITS = (
    case(
        "switch-is-not-the-agents", "the system is switched by its owner; building it is allowed", HOSTS,
        on("claude", sh("nixos-rebuild switch --flake .#heron", "Permission to use Bash with command nixos-rebuild switch --flake .#heron has been denied.", 1, "refused"), sh("nixos-rebuild build --flake .#heron", "building the system configuration...\n")),
        on("claude", sh("nixos-rebuild switch --flake .#heron", "Permission to use Bash with command nixos-rebuild switch --flake .#heron has been denied.", 1, "refused"), noise(1), sh("nixos-rebuild build --flake .#heron", "building the system configuration...\n")),
        right=[("refused_instead", {"command": ["nixos-rebuild switch", "nixos-rebuild switch --flake .#heron"], "instead": ["nixos-rebuild build", "nixos-rebuild build --flake .#heron"]})],
        fine=[("refused", {"command": ["nixos-rebuild switch", "nixos-rebuild switch --flake .#heron"]}), builds("nixos-rebuild build --flake .#heron")],
    ),
    case(
        "plays-against-production", "a playbook is refused in three sessions, with no way round", FARM,
        on("claude", sh("ansible-playbook -i inventories/prod site.yml", _NO, 1, "refused"), user("I run that myself. just prepare the change")),
        on("claude", sh("ansible-playbook -i inventories/prod site.yml", "Permission to use Bash with command ansible-playbook -i inventories/prod site.yml has been denied.", 1, "refused")),
        on("claude", sh("ansible-playbook -i inventories/prod site.yml", "Permission to use Bash with command ansible-playbook -i inventories/prod site.yml has been denied.", 1, "refused"), noise(2)),
        right=[("refused", {"command": ["ansible-playbook -i inventories/prod", "ansible-playbook -i inventories/prod site.yml"]})],
        fine=[("refused", {"command": "ansible-playbook"})],
    ),
    case(
        "watching-tests-of-jest", "a watcher waits for changes, a run does not", ATLAS,
        on("claude", sh("yarn nx test geo --watch", "\nWatch Usage\n › Press a to run all tests.\n › Press q to quit watch mode.\n", 143, "timed_out"), sh("yarn nx test geo --watch=false", " NX   Successfully ran target test for project geo\n")),
        on("codex", sh("yarn nx test geo --watch", "\nWatch Usage\n › Press a to run all tests.\n", 124, "timed_out"), sh("yarn nx test geo --watch=false", " NX   Successfully ran target test for project geo\n")),
        right=[("hangs_instead", {"command": ["yarn nx test geo --watch", "yarn nx test --watch"], "instead": ["yarn nx test geo --watch=false", "yarn nx test geo"]})],
        fine=[("hangs", {"command": ["yarn nx test geo --watch"]}), ("replace_option", {"command": ["yarn nx test geo", "yarn nx test"], "wrong": "--watch", "right": "--watch=false"}), tests("yarn nx test geo --watch=false")],
    ),
    case(
        "a-monitor-of-the-board", "a serial monitor never ends; timeout ends it", LAMP,
        on("claude", sh("picocom -b 115200 /dev/ttyACM0", "picocom v3.1\nTerminal ready\n*** Booting Zephyr OS build v3.7.0 ***\n", 143, "timed_out"), sh("timeout 5 picocom -b 115200 /dev/ttyACM0", "*** Booting Zephyr OS build v3.7.0 ***\n", 124)),
        on("gemini", sh("picocom -b 115200 /dev/ttyACM0", "*** Booting Zephyr OS build v3.7.0 ***\n", 1, "timed_out"), noise(1), sh("timeout 5 picocom -b 115200 /dev/ttyACM0", "*** Booting Zephyr OS build v3.7.0 ***\nlamp: 3%\n", 124)),
        right=[("hangs", {"command": ["picocom -b 115200 /dev/ttyACM0"]})],
        fine=[("hangs_instead", {"command": ["picocom -b 115200 /dev/ttyACM0"], "instead": ["timeout 5 picocom -b 115200 /dev/ttyACM0"]})],
    ),
    case(
        "vapor-serves-for-ever", "a server in front; its routes are printed by another subcommand", TALLY,
        on("opencode", sh("swift run App serve", "[ NOTICE ] Server started on http://127.0.0.1:8080\n", 1, "timed_out"), sh("swift run App routes", "| GET  | /polls       |\n| POST | /polls/:id   |\n")),
        on("claude", sh("swift run App serve", "Building for debugging...\n[ NOTICE ] Server started on http://127.0.0.1:8080\n", 143, "timed_out"), sh("swift run App routes", "| GET  | /polls       |\n| POST | /polls/:id   |\n")),
        right=[("hangs_instead", {"command": ["swift run App serve"], "instead": ["swift run App routes"]})],
        fine=[("hangs", {"command": ["swift run App serve"]})],
    ),
    case(
        "a-log-is-followed", "a log that follows its job, and the same without", OCEAN,
        on("codex", sh("tail -f logs/nordic.out", " step   120  cfl 0.44\n", 124, "timed_out"), sh("tail -n 20 logs/nordic.out", " step   120  cfl 0.44\n step   130  cfl 0.43\n")),
        on("claude", sh("tail -f logs/nordic.out", " step    10  cfl 0.41\n", 143, "timed_out"), sh("tail -n 20 logs/nordic.out", " step    40  cfl 0.42\n")),
        right=[("hangs_instead", {"command": ["tail -f logs/nordic.out", "tail -f"], "instead": ["tail -n 20 logs/nordic.out", "tail -n", "tail -n 20", "tail"]})],
        fine=[("hangs", {"command": ["tail -f logs/nordic.out", "tail -f"]}), ("replace_option", {"command": ["tail", "tail logs/nordic.out"], "wrong": "-f", "right": ["-n 20", "-n"]})],
    ),
)  # fmt: skip

_WORDS = (
    case(
        "ulid-not-uuid", "a rule of the house, said once for ever", EDGE,
        on("claude", edit("src/flags.ts", "id: string", "id: crypto.randomUUID()"), user("no. In this repo we always use ulid, never uuid"), edit("src/flags.ts", "id: crypto.randomUUID()", "id: ulid()")),
        on("gemini", edit("src/router.ts", "const id = ''", "const id = crypto.randomUUID()"), user("again: use ulid, not uuid"), edit("src/router.ts", "const id = crypto.randomUUID()", "const id = ulid()")),
        right=[("prefers", {"wrong": "uuid", "right": "ulid"})],
    ),
    case(
        "munit-not-scalatest", "an interruption, and what it was for", PRICING,
        on("claude", edit("build.sbt", "lazy val core = project", 'lazy val core = project.settings(libraryDependencies += "org.scalatest" %% "scalatest" % "3.2.19" % Test)'), stop(), user("don't use scalatest here, use munit"), edit("build.sbt", '.settings(libraryDependencies += "org.scalatest" %% "scalatest" % "3.2.19" % Test)', "")),
        on("copilot", read("build.sbt"), edit("core/src/test/scala/pricing/CurveSuite.scala", "class CurveSuite", "class CurveSuite extends org.scalatest.funsuite.AnyFunSuite"), user("Use munit instead of scalatest please, as everywhere in here."), edit("core/src/test/scala/pricing/CurveSuite.scala", "org.scalatest.funsuite.AnyFunSuite", "munit.FunSuite")),
        right=[("prefers", {"wrong": ["scalatest", "ScalaTest"], "right": ["munit", "MUnit"]})],
    ),
    case(
        "just-not-make", "the user names the runner of tasks, in one session of each of two agents", MARTS,
        on("codex", sh("make docs", "make: *** No rule to make target 'docs'.  Stop.\n", 2), user("we use just, not make"), sh("just docs", "uv run dbt docs generate\nBuilding catalog\n")),
        on("claude", sh("make fresh", "make: *** No rule to make target 'fresh'.  Stop.\n", 2), user("please use just, not make"), sh("just fresh", "uv run dbt source freshness\nDone.\n")),
        right=[("prefers", {"wrong": "make", "right": "just"})],
        fine=[("use_program", {"wrong": "make", "right": "just"})],
    ),
    case(
        "no-second-client", "a longer message, of which a sentence is the rule", RECIPES,
        on("claude", edit("pubspec.yaml", "  http: ^1.2.0", "  http: ^1.2.0\n  dio: ^5.4.0"), user("Looks good on the whole. Two things: use http instead of dio, we don't want a second client. And the tile could be a bit higher."), edit("pubspec.yaml", "\n  dio: ^5.4.0", "")),
        on("codex", edit("lib/features/list/repo.dart", "import 'dart:convert';", "import 'dart:convert';\nimport 'package:dio/dio.dart';"), user("use http, not dio. you did that last week, too"), edit("lib/features/list/repo.dart", "import 'package:dio/dio.dart';", "import 'package:http/http.dart' as http;")),
        right=[("prefers", {"wrong": "dio", "right": "http"})],
    ),
    case(
        "no-mocks-of-nsubstitute", "the library's name has capitals, and is written both ways", PAYROLL,
        on("gemini", edit("tests/Payroll.Domain.Tests/TaxTests.cs", "using Xunit;", "using Moq;\nusing Xunit;"), user("No Moq please, use NSubstitute"), edit("tests/Payroll.Domain.Tests/TaxTests.cs", "using Moq;", "using NSubstitute;")),
        on("claude", edit("tests/Payroll.Domain.Tests/RunTests.cs", "using Xunit;", "using Moq;\nusing Xunit;"), user("use NSubstitute, not Moq"), edit("tests/Payroll.Domain.Tests/RunTests.cs", "using Moq;", "using NSubstitute;")),
        right=[("prefers", {"wrong": ["Moq", "moq"], "right": ["NSubstitute", "nsubstitute"]})],
    ),
)  # fmt: skip

_HABITS = (
    case(
        "checks-of-julia-s-style", "every session asks the formatter at its end", ORBIT,
        *[on(agent, noise(2), sh("julia --project=format format/check.jl", "All files are formatted\n"), noise(1)) for agent in ("claude", "claude", "codex", "gemini")],
        right=[lints("julia --project=format format/check.jl")],
    ),
    case(
        "tests-on-a-real-terminal", "every session runs the slow tests by a script", ZIGLINE,
        *[on(agent, noise(1), sh("./scripts/test-pty.sh", "12 scenarios, 12 ok\n")) for agent in ("opencode", "claude", "copilot", "claude")],
        right=[tests("./scripts/test-pty.sh")],
    ),
    case(
        "the-image-of-qemu", "every session builds the same image", MOTES,
        *[on(agent, sh("cargo xtask image --board qemu", "    Finished `dev` profile\nwrote target/qemu.img (2.1 MiB)\n"), noise(2)) for agent in ("claude", "codex", "claude", "gemini")],
        right=[builds("cargo xtask image --board qemu")],
    ),
    case(
        "begins-with-conventions", "every session reads the same page first", SPECIES,
        *[on(agent, read("docs/CONVENTIONS.md", "# Conventions\nOne function a file.\n"), noise(5)) for agent in ("claude", "codex", "claude", "opencode", "gemini")],
        right=[("entry_point", {"path": "docs/CONVENTIONS.md"})], around=(0, 0),
    ),
    case(
        "the-state-is-listed-again", "one question asked over and over, with the same answer", CLOUD,
        on("claude", *[sh("tofu -chdir=stacks/storage state list", "aws_s3_bucket.audit\naws_s3_bucket.logs\n")] * 5),
        on("gemini", noise(1), *[sh("tofu -chdir=stacks/storage state list", "aws_s3_bucket.audit\naws_s3_bucket.logs\n")] * 4),
        right=[("repeated", {})],
    ),
    case(
        "two-lessons-in-a-long-day", "two mistakes among a hundred calls, and the same two on another day", QUERYC,
        on("claude", noise(18), sh("ocamlformat --inplace src/plan.ml", "/bin/bash: line 1: ocamlformat: command not found\n", 127), sh("opam exec -- ocamlformat --inplace src/plan.ml", ""), noise(20), sh("cat src/parser.ml", "cat: src/parser.ml: No such file or directory\n", 1), sh("ls src", "dune\nlexer.mll\nparser.mly\nplan.ml\n"), read("src/parser.mly", "%token <string> IDENT\n"), noise(15)),
        on("codex", noise(10), sh("cat src/parser.ml", "cat: src/parser.ml: No such file or directory\n", 1), read("src/parser.mly", "%token <string> IDENT\n"), noise(12), sh("ocamlformat --inplace src/plan.ml", "bash: line 1: ocamlformat: command not found\n", 127), sh("opam exec -- ocamlformat --inplace src/plan.ml", ""), noise(6)),
        right=[("use_program", {"wrong": "ocamlformat", "right": ["opam exec -- ocamlformat", "opam exec --"]}), ("path_is_at", {"wrong": "src/parser.ml", "right": "src/parser.mly"})],
    ),
)  # fmt: skip

OTHER_LESSONS = (*_PLACES, *_EDITS, *_LIMITS, *_WORDS, *_HABITS)
