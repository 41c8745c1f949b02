"""Sixteen projects of other trades than the first set's: where they lie, what goes on in them on any day, and what is true of them.

The usual ways of a project all work: nothing in here fails but tests, builds and lints that find something. So none of it should teach more than the
facts in `World.true`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from tests.headroom_wrap.learn.independent.steps import Step, edit, find, read, sh

Label = tuple[str, dict[str, object]]


@dataclass(frozen=True)
class World:
    """A project.

    Args:
        root: absolute path of its folder.
        tasks: what its users ask for.
        files: files that are looked at and changed, each with a line of it.
        symbols: what is searched for: pattern, folder, and a hit's line.
        runs: what is run, each a few steps that belong together.
        true: facts that may be written of it, though nobody asked.
    """

    root: str
    tasks: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    symbols: tuple[tuple[str, str, str], ...]
    runs: tuple[tuple[Step, ...], ...]
    true: tuple[Label, ...]

    KINDS: ClassVar[tuple[str, ...]] = ("look", "look", "change", "search", "run", "run", "git")

    def noise(self, count: int, seed: str) -> list[Step]:
        """So many things that go their usual way, one after the other; the same ones for the same seed."""
        chance = random.Random(seed)
        steps: list[Step] = []
        for _ in range(count):
            steps += self._something(chance)
        return steps

    def _something(self, chance: random.Random) -> Sequence[Step]:
        kind = chance.choice(self.KINDS)
        path, line = chance.choice(self.files)
        if kind == "look":
            return [read(path, f"{line}\n\n")]
        if kind == "change":
            return [read(path, f"{line}\n\n"), edit(path, line, f"{line}  ")]
        if kind == "search":
            pattern, folder, hit = chance.choice(self.symbols)
            return [find(pattern, folder, hit)]
        if kind == "run":
            return chance.choice(self.runs)
        return [chance.choice(self._in_the_shell(kind, path, line))]

    def _in_the_shell(self, _kind: str, path: str, _line: str) -> tuple[Step, ...]:
        return (
            sh("git status --short", f" M {path}\n"),
            sh("git diff --stat", f" {path} | 2 +-\n 1 file changed\n"),
            sh("git log --oneline -3", "4be1c02 Round late\n91aa0de Tidy\n0c3f771 Words\n"),
        )


def tests(*commands: str) -> Label:
    return ("test_command", {"command": list(commands)})


def builds(*commands: str) -> Label:
    return ("build_command", {"command": list(commands)})


def lints(*commands: str) -> Label:
    return ("lint_command", {"command": list(commands)})


def red_green(command: str, red: str, path: str, line: str, green: str) -> tuple[Step, ...]:
    """A run that fails on what is written in a file, the change, and the run again."""
    return (sh(command, red, 1), read(path, f"{line}\n"), edit(path, line, f"{line} "), sh(command, green))


LEDGER = World(
    "/home/ana/code/ledger",
    ("the balance of a closed account is shown negative, fix it", "add a column for the currency to postings", "why is the report slow?"),
    (
        ("apps/ledger/lib/ledger/posting.ex", "defmodule Ledger.Posting do"), ("apps/ledger_web/lib/ledger_web/router.ex", '  scope "/api" do'),
        ("apps/ledger/test/ledger/posting_test.exs", '  test "rounds to cents" do'), ("config/config.exs", "import Config"),
        ("apps/ledger/lib/ledger/report.ex", "  def monthly(month) do"), ("mix.exs", '  apps_path: "apps",'),
    ),
    (("def monthly", "apps/ledger/lib", "apps/ledger/lib/ledger/report.ex:14:  def monthly(month) do\n"), ("Posting", "apps", "apps/ledger/lib/ledger/posting.ex:1:defmodule Ledger.Posting do\n")),
    (
        (sh("mix test", "..................\n\nFinished in 1.9 seconds (1.2s async, 0.7s sync)\n18 tests, 0 failures\n"),),
        red_green("mix test", "  1) test rounds to cents (Ledger.PostingTest)\n     Assertion with == failed\n     left:  101\n     right: 100\n\n18 tests, 1 failure\n", "apps/ledger/lib/ledger/posting.ex", "    round(amount * 100)", "18 tests, 0 failures\n"),
        (sh("mix format --check-formatted"),),
        red_green("mix credo --strict", "┃ [R] ↗ Modules should have a @moduledoc tag.\n┃       apps/ledger/lib/ledger/report.ex:1\n", "apps/ledger/lib/ledger/report.ex", "defmodule Ledger.Report do", "142 mods/funs, found no issues.\n"),
    ),
    (tests("mix test"), lints("mix credo --strict", "mix credo", "mix format --check-formatted")),
)  # fmt: skip

SHOPFRONT = World(
    "/home/lee/src/shopfront",
    ("refunds over 90 days should be refused", "the cart mailer sends twice", "add a scope for archived orders"),
    (
        ("app/models/order.rb", "class Order < ApplicationRecord"), ("app/mailers/cart_mailer.rb", "class CartMailer < ApplicationMailer"), ("Gemfile", 'gem "rails", "~> 7.1"'),
        ("spec/models/order_spec.rb", "RSpec.describe Order do"), ("config/routes.rb", "  resources :orders"), ("lib/tasks/stock.rake", "namespace :stock do"),
    ),
    (("has_many", "app/models", "app/models/order.rb:4:  has_many :lines\n"), ("deliver_later", "app", "app/models/order.rb:31:    CartMailer.sent(self).deliver_later\n")),
    (
        (sh("bundle exec rspec", "........................\n\nFinished in 3.2 seconds\n24 examples, 0 failures\n"),),
        red_green("bundle exec rspec spec/models/order_spec.rb", "Failures:\n\n  1) Order archived leaves out drafts\n     Failure/Error: expect(Order.archived).to eq([old])\n\n7 examples, 1 failure\n", "app/models/order.rb", "  scope :archived, -> { where(archived: true) }", "7 examples, 0 failures\n"),
        (sh("bundle exec rails routes -g orders", "orders GET /orders(.:format) orders#index\n"),),
    ),
    (tests("bundle exec rspec"),),
)  # fmt: skip

PORTAL = World(
    "/srv/www/portal",
    ("tenants see each other's invoices on the dashboard", "add rate limits to the login", "the export leaves out the last row"),
    (
        ("app/Models/Invoice.php", "class Invoice extends Model"), ("app/Http/Controllers/ExportController.php", "    public function csv(Request $request)"), ("composer.json", '    "php": "^8.2",'),
        ("tests/Feature/ExportTest.php", "    public function test_last_row(): void"), ("routes/web.php", "Route::get('/export', [ExportController::class, 'csv']);"), ("config/tenancy.php", "return ["),
    ),
    (("function csv", "app", "app/Http/Controllers/ExportController.php:22:    public function csv(Request $request)\n"), ("tenant_id", "app/Models", "app/Models/Invoice.php:17:        'tenant_id',\n")),
    (
        (sh("vendor/bin/phpunit", "PHPUnit 10.5.20 by Sebastian Bergmann and contributors.\n\n................ 16 / 16 (100%)\n\nOK (16 tests, 48 assertions)\n"),),
        red_green("vendor/bin/phpunit --filter ExportTest", "F                                 1 / 1 (100%)\n\n1) Tests\\Feature\\ExportTest::test_last_row\nFailed asserting that 9 matches expected 10.\n\nFAILURES!\n", "app/Http/Controllers/ExportController.php", "        for ($i = 0; $i < $n - 1; $i++) {", "OK (1 test, 2 assertions)\n"),
        (sh("vendor/bin/pint --test", "  ......................\n  PASS   22 files\n"),),
    ),
    (tests("vendor/bin/phpunit"), lints("vendor/bin/pint --test", "vendor/bin/pint")),
)  # fmt: skip

BILLING = World(
    "/mnt/c/Users/ivo/source/Billing",
    ("invoices of a credit note get the wrong sign", "move the VAT rates into settings", "the nightly job logs too much"),
    (
        ("src/Billing.Core/Invoice.cs", "public sealed class Invoice"), ("src/Billing.Api/Program.cs", "var builder = WebApplication.CreateBuilder(args);"), ("Billing.sln", "Microsoft Visual Studio Solution File, Format Version 12.00"),
        ("tests/Billing.Core.Tests/InvoiceTests.cs", "    [Fact]"), ("src/Billing.Api/appsettings.json", '  "Logging": {'), ("src/Billing.Core/Vat.cs", "internal static class Vat"),
    ),
    (("class Invoice", "src", "src/Billing.Core/Invoice.cs:9:public sealed class Invoice\n"), ("ILogger", "src/Billing.Api", "src/Billing.Api/NightlyJob.cs:12:    private readonly ILogger<NightlyJob> _log;\n")),
    (
        (sh("dotnet.exe test", "Passed!  - Failed:     0, Passed:    61, Skipped:     0, Total:    61, Duration: 2 s - Billing.Core.Tests.dll (net8.0)\n"),),
        red_green("dotnet.exe build", "C:\\Users\\ivo\\source\\Billing\\src\\Billing.Core\\Vat.cs(14,21): error CS1002: ; expected [C:\\Users\\ivo\\source\\Billing\\src\\Billing.Core\\Billing.Core.csproj]\nBuild FAILED.\n", "src/Billing.Core/Vat.cs", "    public const decimal Low = 0.07m", "Build succeeded.\n    0 Warning(s)\n    0 Error(s)\n"),
    ),
    (tests("dotnet.exe test"), builds("dotnet.exe build")),
)  # fmt: skip

CARTOGRAPH = World(
    "/Users/mina/dev/Cartograph",
    ("tiles flicker while zooming", "the scale bar is wrong in miles", "cache tiles for a week"),
    (
        ("Sources/CartographKit/TileCache.swift", "final class TileCache {"), ("Sources/CartographKit/ScaleBar.swift", "public struct ScaleBar: View {"), ("Package.swift", "// swift-tools-version:5.9"),
        ("Tests/CartographKitTests/ScaleBarTests.swift", "    func testMiles() {"), ("App/MapScreen.swift", "struct MapScreen: View {"),
    ),
    (("class TileCache", "Sources", "Sources/CartographKit/TileCache.swift:11:final class TileCache {\n"), ("zoom", "App", "App/MapScreen.swift:40:    @State private var zoom = 3.0\n")),
    (
        (sh("swift test", "Test Suite 'All tests' passed at 2025-10-02 10:11:12.345.\n\t Executed 33 tests, with 0 failures (0 unexpected) in 0.412 (0.420) seconds\n"),),
        red_green("swift test", 'Tests/CartographKitTests/ScaleBarTests.swift:18: error: -[CartographKitTests.ScaleBarTests testMiles] : XCTAssertEqual failed: ("1.6") is not equal to ("1.0")\n\t Executed 33 tests, with 1 failure (0 unexpected)\n', "Sources/CartographKit/ScaleBar.swift", "    let perMile = 1609.0", "\t Executed 33 tests, with 0 failures (0 unexpected) in 0.410 (0.419) seconds\n"),
        (sh("swiftlint", "Done linting! Found 0 violations, 0 serious in 48 files.\n"),),
    ),
    (tests("swift test"), lints("swiftlint")),
)  # fmt: skip

INFRA = World(
    "/home/oda/infra",
    ("open port 8443 for the audit hosts", "raise the node pool to five", "the dashboards lost their folder"),
    (
        ("live/eu/network/terragrunt.hcl", "terraform {"), ("modules/network/main.tf", 'resource "google_compute_network" "main" {'), ("ansible/site.yml", "- hosts: audit"),
        ("ansible/roles/audit/tasks/main.yml", "- name: open the port"), ("modules/pool/variables.tf", 'variable "size" {'), ("README.md", "# Infrastructure"),
    ),
    (("google_compute_network", "modules", 'modules/network/main.tf:1:resource "google_compute_network" "main" {\n'), ("hosts:", "ansible", "ansible/site.yml:1:- hosts: audit\n")),
    (
        (sh("pre-commit run --all-files", "Terraform fmt....................Passed\nyamllint.........................Passed\n"),),
        red_green("pre-commit run --all-files", "Terraform fmt....................Failed\n- hook id: terraform_fmt\nyamllint.........................Passed\n", "modules/pool/variables.tf", "  default=3", "Terraform fmt....................Passed\n"),
        (sh("kubectl get nodes", "NAME       STATUS   ROLES    AGE   VERSION\npool-1-a   Ready    <none>   41d   v1.30.2\n"),),
    ),
    (lints("pre-commit run --all-files"), ("entry_point", {"path": "README.md"})),
)  # fmt: skip

MONOLITH = World(
    "/home/kim/monolith",
    ("tokens should expire after an hour", "the packer forgets empty folders", "auth logs the user's name"),
    (
        ("services/auth/token.go", "func Issue(user string) (Token, error) {"), ("services/auth/BUILD.bazel", "go_library("), ("tools/pack/pack.py", "def pack(folder, out):"),
        ("services/auth/token_test.go", "func TestExpires(t *testing.T) {"), ("MODULE.bazel", 'module(name = "monolith")'), (".bazelrc", "build --disk_cache=~/.cache/bazel-disk"),
    ),
    (("func Issue", "services", "services/auth/token.go:21:func Issue(user string) (Token, error) {\n"), ("go_library", "services/auth", "services/auth/BUILD.bazel:3:go_library(\n")),
    (
        (sh("bazelisk test //...", "INFO: Build completed successfully, 41 total actions\n//services/auth:auth_test                    PASSED in 0.3s\n//tools/pack:pack_test                       PASSED in 1.1s\nExecuted 2 out of 2 tests: 2 tests pass.\n"),),
        red_green("bazelisk test //...", "//services/auth:auth_test                    FAILED in 0.3s\n--- FAIL: TestExpires (0.00s)\n    token_test.go:31: got 24h0m0s, want 1h0m0s\nExecuted 2 out of 2 tests: 1 test passes and 1 fails locally.\n", "services/auth/token.go", "const ttl = 24 * time.Hour", "Executed 1 out of 2 tests: 2 tests pass.\n"),
        (sh("buildifier -r -mode=check ."),),
    ),
    (tests("bazelisk test //..."), lints("buildifier -r -mode=check .")),
)  # fmt: skip

SENSORD = World(
    "/home/raj/sensord",
    ("a sensor that goes away leaks its thread", "log the firmware's version at start", "read the offsets as little endian"),
    (
        ("src/daemon.cpp", "int main(int argc, char** argv) {"), ("src/sensor.cpp", "Sensor::Sensor(int fd) : fd_(fd) {"), ("CMakePresets.json", '  "version": 6,'),
        ("tests/sensor_test.cpp", 'TEST_CASE("goes away") {'), ("flake.nix", '  description = "sensord";'), ("include/sensord/sensor.hpp", "class Sensor {"),
    ),
    (("class Sensor", "include", "include/sensord/sensor.hpp:8:class Sensor {\n"), ("fd_", "src", "src/sensor.cpp:5:Sensor::Sensor(int fd) : fd_(fd) {\n")),
    (
        (sh("ctest --preset dev-linux", "100% tests passed, 0 tests failed out of 12\n\nTotal Test time (real) =   0.84 sec\n"),),
        red_green("ctest --preset dev-linux", " 7/12 Test  #7: goes away ......................***Failed    0.02 sec\n\n92% tests passed, 1 tests failed out of 12\n", "src/sensor.cpp", "  thread_.detach();", "100% tests passed, 0 tests failed out of 12\n"),
        (sh("git grep -n endian", "src/sensor.cpp:44:  // big endian\n"),),
    ),
    (tests("ctest --preset dev-linux"),),
)  # fmt: skip

PENGUINR = World(
    "/home/eva/penguinr",
    ("plot_mass() drops rows with NA silently", "document the island factor", "release notes for 0.4"),
    (
        ("R/plot_mass.R", "plot_mass <- function(data, by = species) {"), ("R/islands.R", "#' Islands"), ("DESCRIPTION", "Package: penguinr"),
        ("tests/testthat/test-plot_mass.R", 'test_that("NA rows warn", {'), ("NEWS.md", "# penguinr 0.4.0"), ("vignettes/masses.Rmd", 'title: "Masses"'),
    ),
    (("plot_mass", "R", "R/plot_mass.R:9:plot_mass <- function(data, by = species) {\n"), ("island", "man", "man/islands.Rd:3:\\alias{islands}\n")),
    (
        (sh("git diff R", "--- a/R/plot_mass.R\n+++ b/R/plot_mass.R\n@@ -9 +9 @@\n-plot_mass <- function(data) {\n+plot_mass <- function(data, by = species) {\n"),),
        (sh("Rscript -e 'devtools::document()'", "ℹ Updating penguinr documentation\nℹ Loading penguinr\n"),),
        (sh("wc -l R/*.R", "  41 R/islands.R\n  88 R/plot_mass.R\n 129 total\n"),),
    ),
    (),
)  # fmt: skip

SOLVERKIT = World(
    "/home/tom/.julia/dev/SolverKit",
    ("the damping diverges on stiff problems", "export the tolerance", "compare with the old step size"),
    (
        ("src/SolverKit.jl", "module SolverKit"), ("src/damping.jl", "function damp!(u, du; factor = 0.5)"), ("Project.toml", 'name = "SolverKit"'),
        ("test/runtests.jl", "using Test, SolverKit"), ("docs/make.jl", "using Documenter, SolverKit"), ("bench/run.jl", "using BenchmarkTools"),
    ),
    (("damp!", "src", "src/damping.jl:3:function damp!(u, du; factor = 0.5)\n"), ("export", "src", "src/SolverKit.jl:5:export solve, damp!\n")),
    (
        (sh("julia --project=. test/runtests.jl", "Test Summary: | Pass  Total  Time\nSolverKit     |   57     57  8.1s\n"),),
        red_green("julia --project=. test/runtests.jl", "stiff: Test Failed at test/runtests.jl:22\n  Expression: res < 1.0e-8\n   Evaluated: 0.0031 < 1.0e-8\nERROR: LoadError: Some tests did not pass: 56 passed, 1 failed, 0 errored, 0 broken.\n", "src/damping.jl", "    factor *= 2", "SolverKit     |   57     57  8.0s\n"),
    ),
    (tests("julia --project=. test/runtests.jl"),),
)  # fmt: skip

PARSEC = World(
    "/home/noa/hs/grammar",
    ("the lexer loses columns after a tab", "add hex escapes", "name the tokens in errors"),
    (
        ("src/Grammar/Lexer.hs", "module Grammar.Lexer (tokens) where"), ("src/Grammar/Parser.hs", "module Grammar.Parser where"), ("package.yaml", "name: grammar"),
        ("test/LexerSpec.hs", "spec :: Spec"), ("stack.yaml", "resolver: lts-22.30"), ("app/Main.hs", "main :: IO ()"),
    ),
    (("tokens ::", "src", "src/Grammar/Lexer.hs:20:tokens :: Text -> [Token]\n"), ("Spec", "test", "test/LexerSpec.hs:7:spec :: Spec\n")),
    (
        (sh("stack test", "grammar> test (suite: spec)\n\nFinished in 0.0111 seconds\n44 examples, 0 failures\n\ngrammar> Test suite spec passed\n"),),
        red_green("stack test", "src/Grammar/Lexer.hs:31:12: error: [GHC-83865]\n    • Couldn't match expected type ‘Int’ with actual type ‘Integer’\n", "src/Grammar/Lexer.hs", "  , column :: Integer", "44 examples, 0 failures\n"),
    ),
    (tests("stack test"),),
)  # fmt: skip

DROID = World(
    "/home/uli/StudioProjects/Trails",
    ("the track list jumps when a track is saved", "ask for the location only once", "show metres above 1000 as km"),
    (
        ("app/src/main/java/org/trails/TrackList.kt", "class TrackList : Fragment() {"), ("app/build.gradle.kts", 'plugins { id("com.android.application") }'), ("settings.gradle.kts", 'include(":app", ":core")'),
        ("core/src/main/kotlin/org/trails/core/Distance.kt", "fun metres(value: Double): String {"), ("core/src/test/kotlin/org/trails/core/DistanceTest.kt", "class DistanceTest {"),
    ),
    (("fun metres", "core/src", "core/src/main/kotlin/org/trails/core/Distance.kt:4:fun metres(value: Double): String {\n"), ("Fragment", "app/src", "app/src/main/java/org/trails/TrackList.kt:12:class TrackList : Fragment() {\n")),
    (
        (sh("./gradlew :core:test", "> Task :core:test\n\nBUILD SUCCESSFUL in 4s\n8 actionable tasks: 3 executed, 5 up-to-date\n"),),
        red_green("./gradlew :core:test", "> Task :core:test FAILED\nDistanceTest > kilometres FAILED\n    org.opentest4j.AssertionFailedError: expected: <1.0 km> but was: <1000 m>\n\nBUILD FAILED in 5s\n", "core/src/main/kotlin/org/trails/core/Distance.kt", "    if (value > 1000)", "BUILD SUCCESSFUL in 4s\n"),
        (sh("./gradlew assembleDebug", "BUILD SUCCESSFUL in 21s\n64 actionable tasks: 9 executed, 55 up-to-date\n"),),
    ),
    (tests("./gradlew :core:test"), builds("./gradlew assembleDebug")),
)  # fmt: skip

WAREHOUSE = World(
    "/home/ines/work/warehouse",
    ("orders are counted twice in March", "a model for returns by shop", "the hourly load is late"),
    (
        ("transform/models/marts/orders.sql", "select * from {{ ref('stg_orders') }}"), ("transform/dbt_project.yml", "name: warehouse"), ("orchestration/dags/hourly.py", 'with DAG("hourly") as dag:'),
        ("transform/models/staging/stg_orders.sql", "with source as ("), ("orchestration/plugins/late.py", "def late(task):"),
    ),
    (("stg_orders", "transform/models", "transform/models/marts/orders.sql:1:select * from {{ ref('stg_orders') }}\n"), ("DAG(", "orchestration", 'orchestration/dags/hourly.py:9:with DAG("hourly") as dag:\n')),
    (
        (sh("cd transform && dbt build", "09:14:02  Completed successfully\n09:14:02  Done. PASS=48 WARN=0 ERROR=0 SKIP=0 TOTAL=48\n"),),
        red_green("cd transform && dbt build", "09:20:41  Failure in test unique_orders_id (models/marts/schema.yml)\n09:20:41    Got 12 results, configured to fail if != 0\n09:20:41  Done. PASS=47 WARN=0 ERROR=1 SKIP=0 TOTAL=48\n", "transform/models/marts/orders.sql", "join returns using (id)", "09:21:58  Done. PASS=48 WARN=0 ERROR=0 SKIP=0 TOTAL=48\n"),
        (sh("docker compose exec scheduler airflow dags list", "dag_id | filepath  | owner   | paused\nhourly | hourly.py | airflow | False\n"),),
    ),
    (builds("cd transform && dbt build", "dbt build"), ("run_in_folder", {"command": ["dbt build", "dbt"], "folder": ["transform", "transform/"]})),
)  # fmt: skip

BEACON = World(
    "/home/pia/esp/beacon",
    ("it wakes up twice an hour too often", "send the battery's voltage", "the LED stays on in deep sleep"),
    (
        ("src/main.cpp", "void setup() {"), ("lib/power/power.cpp", "float volts() {"), ("platformio.ini", "[env:native]"), ("test/test_power/test_main.cpp", "void test_volts() {"),
        ("include/config.h", "#define WAKE_S 3600"),
    ),
    (("WAKE_S", "src", "src/main.cpp:31:  esp_sleep_enable_timer_wakeup(WAKE_S * 1000000ULL);\n"), ("volts", "lib", "lib/power/power.cpp:7:float volts() {\n")),
    (
        (sh("pio run -e esp32", "RAM:   [=         ]  13.5% (used 44312 bytes from 327680 bytes)\n========================= [SUCCESS] Took 6.11 seconds =========================\n"),),
        red_green("pio run -e esp32", "src/main.cpp:40:3: error: 'led_of' was not declared in this scope\n*** [.pio/build/esp32/src/main.cpp.o] Error 1\n========================= [FAILED] Took 4.02 seconds =========================\n", "src/main.cpp", "  led_of();", "========================= [SUCCESS] Took 6.02 seconds =========================\n"),
    ),
    (builds("pio run -e esp32"),),
)  # fmt: skip

HANDBOOK = World(
    "/home/sol/handbook",
    ("a page on holidays for new people", "the expense limits are from last year", "mend the links of the security chapter"),
    (
        ("docs/en/people/holidays.md", "# Holidays"), ("docs/en/money/expenses.md", "# Expenses"), ("mkdocs.yml", "site_name: Handbook"), ("docs/en/security/index.md", "# Security"),
        ("overrides/main.html", '{% extends "base.html" %}'),
    ),
    (("limit", "docs/en", "docs/en/money/expenses.md:12:The limit is 40 a day.\n"), ("nav:", "mkdocs.yml", "9:nav:\n")),
    (
        (sh("git diff --word-diff", "The limit is [-35-]{+40+} a day.\n"),),
        (sh("ls docs/en", "money\npeople\nsecurity\nindex.md\n"),),
        (sh("wc -w docs/en/people/holidays.md", "412 docs/en/people/holidays.md\n"),),
    ),
    (),
)  # fmt: skip

SPACES = World(
    "/home/jo/spaces",
    ("the cart keeps the coupon of the last order", "a story for the empty table", "type the events of the checkout"),
    (
        ("apps/web/src/cart/coupon.ts", "export function coupon(cart: Cart) {"), ("packages/ui/src/Table.tsx", "export function Table<T>(props: Props<T>) {"), ("turbo.json", '  "tasks": {'),
        ("pnpm-workspace.yaml", "packages:"), ("apps/web/src/cart/coupon.test.ts", "describe('coupon', () => {"), ("packages/db/schema.prisma", "datasource db {"),
    ),
    (("coupon(", "apps/web/src", "apps/web/src/cart/coupon.ts:3:export function coupon(cart: Cart) {\n"), ("Props<T>", "packages/ui", "packages/ui/src/Table.tsx:9:export function Table<T>(props: Props<T>) {\n")),
    (
        (sh("pnpm turbo run test --filter=web", " Tasks:    3 successful, 3 total\nCached:    2 cached, 3 total\n  Time:    4.2s\n"),),
        red_green("pnpm turbo run test --filter=web", "web:test:  FAIL  src/cart/coupon.test.ts > coupon > is cleared\nweb:test: AssertionError: expected 'SUMMER' to be null\n ERROR  run failed: command  exited (1)\n", "apps/web/src/cart/coupon.ts", "  return cart.coupon", " Tasks:    3 successful, 3 total\n"),
        (sh("pnpm lint", "> spaces@ lint\n> biome check .\n\nChecked 214 files in 98ms. No fixes applied.\n"),),
    ),
    (tests("pnpm turbo run test --filter=web"), lints("pnpm lint", "biome check .")),
)  # fmt: skip
