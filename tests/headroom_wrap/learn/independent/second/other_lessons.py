"""Cases with something to learn that is no other command: where things are, what does not come back, what is not allowed, what the user wants, facts."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.second.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import (
    BILLING,
    CARTOGRAPH,
    DROID,
    HANDBOOK,
    INFRA,
    LEDGER,
    MONOLITH,
    PARSEC,
    PENGUINR,
    PORTAL,
    SENSORD,
    SHOPFRONT,
    SPACES,
    WAREHOUSE,
    builds,
    lints,
    tests,
)  # fmt: skip
from tests.headroom_wrap.learn.independent.steps import big, edit, find, gone, misfit, noise, part, read, sh, stale, stop, user

_PLACES = (
    case(
        "module-of-an-umbrella", "a module's path leaves out the application", LEDGER,
        on("claude", gone("lib/ledger/posting.ex"), find("defmodule Ledger.Posting", ".", "./apps/ledger/lib/ledger/posting.ex:1:defmodule Ledger.Posting do\n"), read("apps/ledger/lib/ledger/posting.ex", "defmodule Ledger.Posting do\n")),
        on("gemini", gone("lib/ledger/posting.ex"), sh("find . -name posting.ex", "./apps/ledger/lib/ledger/posting.ex\n"), read("apps/ledger/lib/ledger/posting.ex", "defmodule Ledger.Posting do\n")),
        right=[("path_is_at", {"wrong": ["lib/ledger/posting.ex", "lib/ledger", "lib"], "right": ["apps/ledger/lib/ledger/posting.ex", "apps/ledger/lib/ledger", "apps/ledger/lib"]})],
    ),
    case(
        "data-of-a-package", "data of a package lie where packages have them", PENGUINR,
        on("codex", gone("data/penguins.csv"), sh("git ls-files '*.csv'", "inst/extdata/penguins.csv\n"), read("inst/extdata/penguins.csv", "species,island,mass\nAdelie,Biscoe,3750\n")),
        on("claude", gone("data/penguins.csv"), sh("ls inst/extdata", "penguins.csv\n"), read("inst/extdata/penguins.csv", "species,island,mass\nAdelie,Biscoe,3750\n")),
        right=[("path_is_at", {"wrong": ["data/penguins.csv", "data"], "right": ["inst/extdata/penguins.csv", "inst/extdata"]})],
    ),
    case(
        "dags-of-orchestration", "the folder that every such project has at the top is elsewhere", WAREHOUSE,
        on("copilot", gone("dags/hourly.py"), sh("find . -name hourly.py -not -path '*/.venv/*'", "./orchestration/dags/hourly.py\n"), read("orchestration/dags/hourly.py", 'with DAG("hourly") as dag:\n')),
        on("opencode", gone("dags/hourly.py"), read("orchestration/dags/hourly.py", 'with DAG("hourly") as dag:\n')),
        right=[("path_is_at", {"wrong": ["dags/hourly.py", "dags"], "right": ["orchestration/dags/hourly.py", "orchestration/dags"]})],
    ),
    case(
        "project-file-of-xcode", "a file too large for a read, and a search in it that worked", CARTOGRAPH,
        on("claude", big("Cartograph.xcodeproj/project.pbxproj", 9800), find("ScaleBar.swift", "Cartograph.xcodeproj/project.pbxproj", "4120:\t\tA1B2 /* ScaleBar.swift in Sources */\n")),
        on("copilot", big("Cartograph.xcodeproj/project.pbxproj", 9800), sh("grep -n TileCache Cartograph.xcodeproj/project.pbxproj", "4122:\t\tA1B4 /* TileCache.swift in Sources */\n")),
        right=[("search_file", {"path": "Cartograph.xcodeproj/project.pbxproj"})],
    ),
    case(
        "observations-by-parts", "a file too large for a read, and parts of it that were read", PENGUINR,
        on("claude", big("inst/extdata/observations.csv", 88000), part("inst/extdata/observations.csv", 1, 40)),
        on("gemini", big("inst/extdata/observations.csv", 88000), part("inst/extdata/observations.csv", 500, 60)),
        right=[("read_ranges", {"path": "inst/extdata/observations.csv"})],
    ),
    case(
        "vendored-code-is-ignored", "what is searched for is in a folder that git ignores", PORTAL,
        on("claude", find("class TenantScope", "vendor/acme", ""), sh("rg -n --no-ignore 'class TenantScope' vendor/acme", "vendor/acme/tenancy/src/TenantScope.php:8:class TenantScope\n")),
        on("codex", find("function bootTenants", "vendor/acme", ""), sh("rg -n --no-ignore 'function bootTenants' vendor/acme", "vendor/acme/tenancy/src/Boot.php:30:    public function bootTenants()\n")),
        right=[("search_option", {"folder": ["vendor/acme", "vendor/acme/", "vendor"], "option": ["--no-ignore", "-u"]})],
    ),
    case(
        "stories-in-the-package", "components are searched for in the application and are in a package", SPACES,
        on("opencode", find("EmptyState", "apps/web/src", ""), find("EmptyState", "packages/ui/src", "packages/ui/src/EmptyState.tsx:4:export function EmptyState() {\n")),
        on("claude", find("TableSkeleton", "apps/web/src", ""), find("TableSkeleton", "packages/ui/src", "packages/ui/src/TableSkeleton.tsx:3:export function TableSkeleton() {\n")),
        on("gemini", find("DatePicker", "apps/web/src", ""), find("DatePicker", "packages/ui/src", "packages/ui/src/DatePicker.tsx:11:export function DatePicker() {\n")),
        right=[("search_in_folder", {"wrong": ["apps/web/src", "apps/web/src/"], "right": ["packages/ui/src", "packages/ui/src/", "packages/ui"]})],
    ),
)  # fmt: skip

_EDITS = (
    case(
        "carriage-returns-of-windows", "edits fail on line ends, and one with them fits", BILLING,
        on("claude", read("src/Billing.Core/Vat.cs"), misfit("src/Billing.Core/Vat.cs", "    {\n        Low = 7,\n    }", "    {\n        Low = 9,\n    }"), sh("file src/Billing.Core/Vat.cs", "src/Billing.Core/Vat.cs: C++ source, Unicode text, UTF-8 (with BOM) text, with CRLF line terminators\n"), edit("src/Billing.Core/Vat.cs", "    {\r\n        Low = 7,\r\n    }", "    {\r\n        Low = 9,\r\n    }")),
        on("opencode", read("src/Billing.Core/Vat.cs"), misfit("src/Billing.Core/Vat.cs", "    High = 19,\n    Low = 9,", "    High = 20,\n    Low = 9,"), sh("file src/Billing.Core/Vat.cs", "src/Billing.Core/Vat.cs: C++ source, Unicode text, UTF-8 (with BOM) text, with CRLF line terminators\n"), edit("src/Billing.Core/Vat.cs", "    High = 19,\r\n    Low = 9,", "    High = 20,\r\n    Low = 9,")),
        right=[("edit_line_ends", {"path": "src/Billing.Core/Vat.cs"})],
    ),
    case(
        "tabs-of-kconfig", "an edit with spaces misses, the same with tabs fits", SENSORD,
        on("claude", read("boot/Kconfig"), misfit("boot/Kconfig", 'config SENSORD\n        bool "sensord"\n        default y', 'config SENSORD\n        bool "sensord"\n        default n'), edit("boot/Kconfig", 'config SENSORD\n\tbool "sensord"\n\tdefault y', 'config SENSORD\n\tbool "sensord"\n\tdefault n')),
        on("copilot", read("boot/Kconfig"), misfit("boot/Kconfig", 'config TRACE\n        bool "trace"', 'config TRACE\n        bool "traces"'), sh("sed -n 1,4p boot/Kconfig | cat -A", 'config TRACE$\n^Ibool "trace"$\n'), edit("boot/Kconfig", 'config TRACE\n\tbool "trace"', 'config TRACE\n\tbool "traces"')),
        right=[("edit_indentation", {"path": "boot/Kconfig", "indentation": "tabs"})],
    ),
    case(
        "lexer-is-formatted-on-save", "a formatter rewrites the file behind each edit", PARSEC,
        on("claude", read("src/Grammar/Lexer.hs"), edit("src/Grammar/Lexer.hs", "escape = undefined", "escape = hex"), stale("src/Grammar/Lexer.hs", "hex = undefined", "hex = digits 16"), read("src/Grammar/Lexer.hs"), edit("src/Grammar/Lexer.hs", "hex = undefined", "hex = digits 16")),
        on("opencode", read("src/Grammar/Lexer.hs"), edit("src/Grammar/Lexer.hs", "tab = 1", "tab = 8"), stale("src/Grammar/Lexer.hs", "column = 0", "column = 1"), read("src/Grammar/Lexer.hs"), edit("src/Grammar/Lexer.hs", "column = 0", "column = 1")),
        on("claude", read("src/Grammar/Lexer.hs"), edit("src/Grammar/Lexer.hs", "name = show", "name = pretty"), stale("src/Grammar/Lexer.hs", "import Data.Char", "import Data.Char (isHexDigit)"), read("src/Grammar/Lexer.hs"), edit("src/Grammar/Lexer.hs", "import Data.Char", "import Data.Char (isHexDigit)")),
        right=[("reread_before_edit", {"path": "src/Grammar/Lexer.hs"})],
    ),
)  # fmt: skip

_NO = "The user doesn't want to proceed with this tool use. The tool use was rejected. STOP what you are doing and wait for the user to tell you how to proceed."

_LIMITS = (
    case(
        "no-sudo-for-xcode", "asked twice, refused twice", CARTOGRAPH,
        on("claude", sh("sudo xcode-select -s /Applications/Xcode-beta.app", _NO, 1, "refused"), user("leave the toolchain alone")),
        on("claude", sh("sudo xcode-select -s /Applications/Xcode-beta.app", "Permission to use Bash with command sudo xcode-select -s /Applications/Xcode-beta.app has been denied.", 1, "refused")),
        right=[("refused", {"command": ["sudo xcode-select", "sudo xcode-select -s", "sudo xcode-select -s /Applications/Xcode-beta.app", "sudo"]})],
    ),
    case(
        "apply-is-denied-plan-is-not", "a rule forbids one subcommand, and another does what was wanted", INFRA,
        on("claude", sh("terragrunt apply --terragrunt-working-dir live/eu/network", "Permission to use Bash with command terragrunt apply --terragrunt-working-dir live/eu/network has been denied.", 1, "refused"), sh("terragrunt plan --terragrunt-working-dir live/eu/network", "Plan: 1 to add, 0 to change, 0 to destroy.\n")),
        on("claude", sh("terragrunt apply --terragrunt-working-dir live/eu/network", "Permission to use Bash with command terragrunt apply --terragrunt-working-dir live/eu/network has been denied.", 1, "refused"), sh("terragrunt plan --terragrunt-working-dir live/eu/network", "No changes. Your infrastructure matches the configuration.\n")),
        right=[("refused_instead", {"command": ["terragrunt apply", "terragrunt apply --terragrunt-working-dir live/eu/network"], "instead": ["terragrunt plan", "terragrunt plan --terragrunt-working-dir live/eu/network"]})],
        fine=[("refused", {"command": ["terragrunt apply", "terragrunt apply --terragrunt-working-dir live/eu/network"]})],
    ),
    case(
        "console-of-rails", "an interactive console never ends, a runner does", SHOPFRONT,
        on("claude", sh("bin/rails console", "Loading development environment (Rails 7.1.3)\nirb(main):001> ", 143, "timed_out"), sh("bin/rails runner 'puts Order.archived.count'", "12\n")),
        on("gemini", sh("bin/rails console", "Loading development environment (Rails 7.1.3)\n", 1, "timed_out"), sh("bin/rails runner 'puts Order.count'", "1207\n")),
        right=[("hangs_instead", {"command": ["bin/rails console", "rails console"], "instead": ["bin/rails runner", "bin/rails runner 'puts Order.archived.count'", "bin/rails runner 'puts Order.count'"]})],
        fine=[("hangs", {"command": ["bin/rails console"]})],
    ),
    case(
        "logcat-follows", "a log that is followed, and its option to end", DROID,
        on("codex", sh("adb logcat", "--------- beginning of main\n10-02 09:00:01 I Trails: start\n", 124, "timed_out"), sh("adb logcat -d", "10-02 09:00:01 I Trails: start\n")),
        on("claude", sh("adb logcat", "--------- beginning of main\n", 143, "timed_out"), sh("adb logcat -d", "10-03 11:00:01 I Trails: start\n")),
        right=[("hangs_instead", {"command": "adb logcat", "instead": ["adb logcat -d"]})],
        fine=[("hangs", {"command": "adb logcat"}), ("add_option", {"command": "adb logcat", "option": "-d"})],
    ),
    case(
        "docs-are-served-for-ever", "a server in front; what was wanted is a build", HANDBOOK,
        on("claude", sh("mkdocs serve", "INFO    -  [09:00:00] Serving on http://127.0.0.1:8000/\n", 143, "timed_out"), sh("mkdocs build --strict", "INFO    -  Documentation built in 1.91 seconds\n")),
        on("opencode", sh("mkdocs serve", "INFO    -  [10:20:00] Serving on http://127.0.0.1:8000/\n", 124, "timed_out"), sh("mkdocs build --strict", "INFO    -  Documentation built in 1.88 seconds\n")),
        right=[("hangs_instead", {"command": "mkdocs serve", "instead": ["mkdocs build --strict", "mkdocs build"]})],
        fine=[("hangs", {"command": "mkdocs serve"}), builds("mkdocs build --strict")],
    ),
    case(
        "the-same-query-again", "one question asked over and over, the same answer each time", MONOLITH,
        on("claude", *[sh("bazelisk query 'rdeps(//..., //services/auth)'", "//services/auth:auth_test\n//services/gate:gate\n")] * 4),
        on("codex", *[sh("bazelisk query 'rdeps(//..., //services/auth)'", "//services/auth:auth_test\n//services/gate:gate\n")] * 5),
        right=[("repeated", {})],
    ),
)  # fmt: skip

_WORDS = (
    case(
        "mox-not-meck", "the user corrects the library, in two sessions", LEDGER,
        on("claude", edit("mix.exs", '      {:credo, "~> 1.7"}', '      {:credo, "~> 1.7"}, {:meck, "~> 0.9"}'), user("no, use Mox, not meck"), edit("mix.exs", '{:meck, "~> 0.9"}', '{:mox, "~> 1.1"}')),
        on("codex", sh("grep -rn ':meck.new' apps", "apps/ledger/test/rates_test.exs:5:    :meck.new(Rates)\n"), user("please use Mox instead of meck"), edit("apps/ledger/test/rates_test.exs", ":meck.new(Rates)", "Mox.defmock(RatesMock, for: Rates)")),
        right=[("prefers", {"wrong": "meck", "right": ["Mox", "mox"]})],
    ),
    case(
        "stack-not-cabal", "the user stops the agent and names the tool", PARSEC,
        on("claude", sh("cabal build", "", 0, "stopped"), stop(), user("don't use cabal, use stack"), sh("stack build", "grammar> build (lib + exe)\n")),
        on("opencode", sh("cabal test", "Resolving dependencies...\n"), user("use stack, not cabal"), sh("stack test", "44 examples, 0 failures\n")),
        right=[("prefers", {"wrong": "cabal", "right": "stack"})],
        fine=[builds("stack build")],
    ),
    case(
        "terragrunt-not-terraform", "a correction in a longer sentence", INFRA,
        on("claude", sh("terraform -chdir=modules/network plan", "Error: No value for required variable\n", 1), user("No. Use terragrunt instead of terraform, the variables come from live/."), sh("terragrunt plan --terragrunt-working-dir live/eu/network", "No changes.\n")),
        on("gemini", sh("terraform -chdir=modules/pool plan", "Error: No value for required variable\n", 1), user("we use terragrunt here, not terraform"), sh("terragrunt plan --terragrunt-working-dir live/eu/pool", "Plan: 0 to add, 1 to change, 0 to destroy.\n")),
        right=[("prefers", {"wrong": "terraform", "right": "terragrunt"})],
    ),
    case(
        "polars-not-pandas", "the user says it once to each agent", WAREHOUSE,
        on("copilot", edit("orchestration/plugins/late.py", "import json", "import json\nimport pandas as pd"), user("not pandas, use polars"), edit("orchestration/plugins/late.py", "import pandas as pd", "import polars as pl")),
        on("claude", edit("orchestration/dags/hourly.py", "import os", "import os\nimport pandas as pd"), user("I told you: use polars, not pandas."), edit("orchestration/dags/hourly.py", "import pandas as pd", "import polars as pl")),
        right=[("prefers", {"wrong": "pandas", "right": "polars"})],
    ),
)  # fmt: skip

_HABITS = (
    case(
        "tests-of-r", "every session comes to the same way of testing", PENGUINR,
        *[on(agent, noise(1), sh("Rscript -e 'devtools::test()'", "ℹ Testing penguinr\n[ FAIL 0 | WARN 0 | SKIP 0 | PASS 61 ]\n")) for agent in ("claude", "codex", "claude", "opencode")],
        right=[tests("Rscript -e 'devtools::test()'")],
    ),
    case(
        "strict-build-of-docs", "every session builds the pages before it ends", HANDBOOK,
        *[on(agent, sh("mkdocs build --strict", "INFO    -  Cleaning site directory\nINFO    -  Documentation built in 1.93 seconds\n"), noise(2)) for agent in ("claude", "gemini", "claude", "copilot")],
        right=[builds("mkdocs build --strict")],
    ),
    case(
        "hlint-of-src", "every session asks the linter, which needs a folder", PARSEC,
        *[on(agent, sh("hlint src", "No hints\n"), noise(1)) for agent in ("codex", "claude", "claude", "opencode")],
        right=[lints("hlint src")],
    ),
    case(
        "terratest-by-make", "every session runs the tests by a target of make", INFRA,
        *[on(agent, sh("make test", "cd test && go test -timeout 30m ./...\nok  \tinfra/test\t41.203s\n"), noise(1)) for agent in ("claude", "copilot", "gemini", "claude")],
        right=[tests("make test")],
    ),
    case(
        "begins-with-the-style-guide", "every session reads the same page first", HANDBOOK,
        *[on(agent, read("docs/STYLEGUIDE.md", "# How we write\nShort sentences.\n"), noise(4)) for agent in ("claude", "codex", "gemini", "claude", "opencode")],
        right=[("entry_point", {"path": "docs/STYLEGUIDE.md"})], around=(0, 0),
    ),
)  # fmt: skip

OTHER_LESSONS = (*_PLACES, *_EDITS, *_LIMITS, *_WORDS, *_HABITS)
