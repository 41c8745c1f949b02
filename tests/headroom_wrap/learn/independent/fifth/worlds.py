"""Nineteen projects: where they lie, what goes on in them on any day, and what is true of them. All of their usual ways work."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.second.worlds import World, builds, lints, red_green, tests
from tests.headroom_wrap.learn.independent.steps import sh

LEDGERLY = World(
    "/home/lena/code/ledgerly",
    ("the monthly statement shows the wrong balance", "add a currency to Account", "the import of CAMT files is slow", "remove the unused signals"),
    (
        ("ledgerly/accounts/models.py", "class Account(models.Model):"), ("ledgerly/statements/render.py", "def render(account, month):"), ("ledgerly/imports/camt.py", "def parse(stream):"),
        ("tests/accounts/test_balance.py", "def test_balance_is_signed(account):"), ("pyproject.toml", "[tool.pytest.ini_options]"), ("ledgerly/urls.py", "urlpatterns = ["),
    ),
    (("class Account", "ledgerly", "ledgerly/accounts/models.py:12:class Account(models.Model):\n"), ("def parse", "ledgerly/imports", "ledgerly/imports/camt.py:9:def parse(stream):\n")),
    (
        (sh("uv run pytest -q tests", "........................................................ [100%]\n56 passed in 2.31s\n"),),
        red_green("uv run pytest -q tests", "FAILED tests/accounts/test_balance.py::test_balance_is_signed - assert Decimal('3.10') == Decimal('-3.10')\n1 failed, 55 passed in 2.40s\n", "ledgerly/accounts/models.py", "        return self.total", "56 passed in 2.29s\n"),
        (sh("uv run ruff check ledgerly", "All checks passed!\n"),),
    ),
    (tests("uv run pytest -q tests", "uv run pytest -q", "uv run pytest"), lints("uv run ruff check ledgerly", "uv run ruff check")),
)  # fmt: skip

SPECTRA = World(
    "/Users/omar/work/spectra",
    ("fit() should accept weights", "drop support for Python 3.9", "the baseline is off by one bin", "type the peaks module"),
    (
        ("src/spectra/fit.py", "def fit(x, y, model):"), ("src/spectra/peaks.py", "def peaks(y, width=3):"), ("src/spectra/io/jcamp.py", "class Jcamp:"), ("tests/test_fit.py", "def test_a_line_is_fitted():"),
        ("noxfile.py", "import nox"), ("docs/index.rst", "Spectra"),
    ),
    (("def peaks", "src", "src/spectra/peaks.py:14:def peaks(y, width=3):\n"), ("Jcamp", "src/spectra", "src/spectra/io/jcamp.py:20:class Jcamp:\n")),
    (
        (sh("poetry run nox -R -s unit", "nox > Running session unit\nnox > pytest tests\n88 passed in 4.02s\nnox > Session unit was successful.\n"),),
        red_green("poetry run nox -R -s unit", "nox > Running session unit\nE       assert 4 == 5\n1 failed, 87 passed in 4.10s\nnox > Command pytest tests failed with exit code 1\nnox > Session unit failed.\n", "src/spectra/peaks.py", "    return found[1:]", "88 passed in 4.01s\nnox > Session unit was successful.\n"),
        (sh("poetry run mypy src", "Success: no issues found in 14 source files\n"),),
    ),
    (tests("poetry run nox -R -s unit", "poetry run nox -R -s", "poetry run nox"), lints("poetry run mypy src", "poetry run mypy")),
)  # fmt: skip

CANOPY = World(
    "/home/priya/canopy",
    ("the tree view loses its selection on reload", "add a dark theme", "the api returns 500 without a token", "move dates into a package of their own"),
    (
        ("apps/web/src/TreeView.tsx", "export function TreeView(props: Props) {"), ("apps/api/src/routes/trees.ts", "export const trees = new Hono()"), ("packages/dates/src/index.ts", "export function day(at: Date) {"),
        ("packages/dates/src/index.test.ts", "test('a day begins at midnight', () => {"), ("pnpm-workspace.yaml", "packages:"), ("turbo.json", '  "tasks": {'),
    ),
    (("TreeView", "apps/web", "apps/web/src/TreeView.tsx:8:export function TreeView(props: Props) {\n"), ("new Hono", "apps", "apps/api/src/routes/trees.ts:4:export const trees = new Hono()\n")),
    (
        (sh("pnpm turbo test", "@canopy/dates:test:  Test Files  4 passed (4)\n Tasks:    5 successful, 5 total\nCached:    3 cached, 5 total\n  Time:    3.1s\n"),),
        red_green("pnpm turbo test", "@canopy/dates:test:  FAIL  src/index.test.ts > a day begins at midnight\n@canopy/dates:test: AssertionError: expected 1 to be 0\n ERROR  run failed: command  exited (1)\n", "packages/dates/src/index.ts", "  at.setHours(1)", " Tasks:    5 successful, 5 total\n"),
        (sh("pnpm biome check apps packages", "Checked 91 files in 40ms. No fixes applied.\n"),),
    ),
    (tests("pnpm turbo test"), lints("pnpm biome check apps packages", "pnpm biome check")),
)  # fmt: skip

KIOSK = World(
    "/home/tess/kiosk",
    ("the ticket is printed twice", "translate the start page", "a fare of zero should skip the payment", "upgrade react to 19"),
    (
        ("src/screens/Start.jsx", "export default function Start() {"), ("src/fare/price.js", "export const price = (zones) => {"), ("src/printer/queue.js", "const queue = []"), ("src/fare/price.spec.js", "it('is free for children', () => {"),
        ("package.json", '  "scripts": {'), ("e2e/buy.spec.js", "test('buys a ticket', async ({ page }) => {"),
    ),
    (("const queue", "src", "src/printer/queue.js:3:const queue = []\n"), ("price", "src/fare", "src/fare/price.js:1:export const price = (zones) => {\n")),
    (
        (sh("yarn test", "PASS src/fare/price.spec.js\nTests:       31 passed, 31 total\nDone in 2.41s.\n"),),
        red_green("yarn test", "FAIL src/fare/price.spec.js\n  ● is free for children\n    Expected: 0\n    Received: 120\nTests:       1 failed, 30 passed, 31 total\nerror Command failed with exit code 1.\n", "src/fare/price.js", "  return zones * 120", "Tests:       31 passed, 31 total\nDone in 2.40s.\n"),
        (sh("yarn eslint src", "Done in 1.12s.\n"),),
    ),
    (tests("yarn test"), lints("yarn eslint src", "yarn eslint")),
)  # fmt: skip

FJORD = World(
    "/home/nils/go/src/fjord",
    ("the ferry's eta is negative after midnight", "expose the berths over grpc", "retry the weather call with backoff", "the scheduler leaks goroutines"),
    (
        ("internal/eta/eta.go", "func Estimate(legs []Leg) time.Duration {"), ("internal/berth/berth.go", "type Berth struct {"), ("internal/weather/client.go", "type Client struct {"), ("internal/eta/eta_test.go", "func TestMidnight(t *testing.T) {"),
        ("go.mod", "module fjord.example/fjord"), ("cmd/fjordd/main.go", "func main() {"),
    ),
    (("func Estimate", "internal", "internal/eta/eta.go:17:func Estimate(legs []Leg) time.Duration {\n"), ("type Client", "internal/weather", "internal/weather/client.go:11:type Client struct {\n")),
    (
        (sh("go test ./internal/...", "ok  \tfjord.example/fjord/internal/eta\t0.011s\nok  \tfjord.example/fjord/internal/berth\t(cached)\n"),),
        red_green("go test ./internal/...", "--- FAIL: TestMidnight (0.00s)\n    eta_test.go:31: got -11h0m0s, want 13h0m0s\nFAIL\nFAIL\tfjord.example/fjord/internal/eta\t0.012s\nFAIL\n", "internal/eta/eta.go", "\treturn at.Sub(now)", "ok  \tfjord.example/fjord/internal/eta\t0.011s\n"),
        (sh("go build ./..."),),
    ),
    (tests("go test ./internal/...", "go test"), builds("go build ./...", "go build")),
)  # fmt: skip

QUARRY = World(
    "/home/ines/quarry",
    ("the index is rebuilt on every start", "support zstd blocks", "make Reader: Send", "the bench of the lexer is noisy"),
    (
        ("crates/index/src/lib.rs", "pub struct Index {"), ("crates/lexer/src/lib.rs", "pub fn lex(text: &str) -> Vec<Token> {"), ("crates/server/src/main.rs", "async fn main() -> anyhow::Result<()> {"), ("crates/lexer/tests/words.rs", "fn hyphens_join() {"),
        ("Cargo.toml", "[workspace]"), ("rust-toolchain.toml", "[toolchain]"),
    ),
    (("pub fn lex", "crates", "crates/lexer/src/lib.rs:22:pub fn lex(text: &str) -> Vec<Token> {\n"), ("struct Index", "crates/index", "crates/index/src/lib.rs:9:pub struct Index {\n")),
    (
        (sh("cargo test --workspace", "test result: ok. 71 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.61s\n"),),
        red_green("cargo test --workspace", "---- hyphens_join stdout ----\nassertion `left == right` failed\n  left: 2\n right: 1\n\ntest result: FAILED. 70 passed; 1 failed; 2 ignored\nerror: test failed, to rerun pass `-p lexer --test words`\n", "crates/lexer/src/lib.rs", "        '-' => split(),", "test result: ok. 71 passed; 0 failed; 2 ignored\n"),
        (sh("cargo fmt --all --check"),),
    ),
    (tests("cargo test --workspace", "cargo test"), lints("cargo fmt --all --check", "cargo fmt --all", "cargo fmt")),
)  # fmt: skip

VOXEL = World(
    "/home/kenji/voxel",
    ("chunks at the border are lit wrongly", "write the mesher without exceptions", "load OBJ files with CRLF", "update to C++20"),
    (
        ("src/mesh/mesher.cc", "Mesh mesh(const Chunk& chunk) {"), ("src/io/obj.cc", "Model load(std::istream& in) {"), ("include/voxel/chunk.h", "struct Chunk {"), ("test/mesher_test.cc", "TEST(Mesher, EmptyChunkHasNoFaces) {"),
        ("CMakeLists.txt", "project(voxel LANGUAGES CXX)"), ("README.md", "# voxel"),
    ),
    (("struct Chunk", "include", "include/voxel/chunk.h:15:struct Chunk {\n"), ("Model load", "src", "src/io/obj.cc:33:Model load(std::istream& in) {\n")),
    (
        (sh("cmake --build out -j4", "[100%] Built target voxel_tests\n"),),
        red_green("cmake --build out -j4", "/home/kenji/voxel/src/mesh/mesher.cc:41:10: error: 'span' is not a member of 'std'\ngmake[2]: *** [src/CMakeFiles/voxel.dir/build.make:90: src/CMakeFiles/voxel.dir/mesh/mesher.cc.o] Error 1\n", "src/mesh/mesher.cc", "#include <vector>", "[100%] Built target voxel_tests\n"),
        (sh("ctest --test-dir out", "100% tests passed, 0 tests failed out of 29\n\nTotal Test time (real) =   0.72 sec\n"),),
    ),
    (builds("cmake --build out -j4", "cmake --build out"), tests("ctest --test-dir out")),
)  # fmt: skip

THERMO = World(
    "/home/wim/zephyrproject/thermo",
    ("the probe reads 85 degrees after power up", "sleep between samples", "add a shell command for the offset", "shrink the stack of the radio thread"),
    (
        ("app/src/main.c", "int main(void)"), ("app/src/probe.c", "static int probe_read(int16_t *out)"), ("app/prj.conf", "CONFIG_GPIO=y"), ("app/boards/thermo_v2.overlay", "&i2c0 {"), ("tests/probe/src/main.c", "ZTEST(probe, test_crc)"), ("west.yml", "manifest:"),
    ),
    (("probe_read", "app", "app/src/probe.c:27:static int probe_read(int16_t *out)\n"), ("CONFIG_PM", "app", "app/prj.conf:9:CONFIG_PM=y\n")),
    (
        (sh("west build -b thermo_v2 app", "[160/160] Linking C executable zephyr/zephyr.elf\nMemory region         Used Size  Region Size  %age Used\n           FLASH:       61244 B       512 KB     11.68%\n"),),
        red_green("west build -b thermo_v2 app", "app/src/probe.c:31:9: error: implicit declaration of function 'k_usleep_range'\nninja: build stopped: subcommand failed.\nFATAL ERROR: command exited with status 1: /usr/bin/cmake --build build\n", "app/src/probe.c", "\tk_usleep_range(10, 20);", "[3/3] Linking C executable zephyr/zephyr.elf\n"),
    ),
    (builds("west build -b thermo_v2 app", "west build -b thermo_v2", "west build"),),
)  # fmt: skip

WARD = World(
    "/home/carmen/ward",
    ("beds are counted twice during a transfer", "log who discharged a patient", "replace the date library", "the FHIR bundle lacks its total"),
    (
        ("ward-core/src/main/java/org/ward/core/Bed.java", "public final class Bed {"), ("ward-api/src/main/java/org/ward/api/BedResource.java", '@Path("/beds")'), ("ward-core/src/test/java/org/ward/core/BedTest.java", "class BedTest {"),
        ("pom.xml", "  <modules>"), ("ward-api/src/main/resources/application.properties", "quarkus.http.port=8080"),
    ),
    (("class Bed", "ward-core", "ward-core/src/main/java/org/ward/core/Bed.java:7:public final class Bed {\n"), ("@Path", "ward-api", 'ward-api/src/main/java/org/ward/api/BedResource.java:14:@Path("/beds")\n')),
    (
        (sh("./mvnw -q -pl ward-core test", "Tests run: 44, Failures: 0, Errors: 0, Skipped: 0\n"),),
        red_green("./mvnw -q -pl ward-core test", "[ERROR]   BedTest.isFreeAfterDischarge:22 expected: <true> but was: <false>\n[ERROR] Tests run: 44, Failures: 1, Errors: 0, Skipped: 0\n[ERROR] Failed to execute goal org.apache.maven.plugins:maven-surefire-plugin:3.2.5:test (default-test) on project ward-core: There are test failures.\n", "ward-core/src/main/java/org/ward/core/Bed.java", "        this.free = false;", "Tests run: 44, Failures: 0, Errors: 0, Skipped: 0\n"),
    ),
    (tests("./mvnw -q -pl ward-core test", "./mvnw test", "./mvnw -q -pl ward-core"),),
)  # fmt: skip

MERIDIAN = World(
    "/home/artem/meridian",
    ("routes over the date line are too long", "cache geocoding for a day", "the android app forgets the units", "convert Leg to a value class"),
    (
        ("routing/src/main/kotlin/meridian/Route.kt", "class Route(val legs: List<Leg>) {"), ("geo/src/main/kotlin/meridian/geo/Geocoder.kt", "interface Geocoder {"), ("routing/src/test/kotlin/meridian/RouteTest.kt", "class RouteTest {"),
        ("settings.gradle.kts", 'include(":routing", ":geo", ":app")'), ("app/src/main/kotlin/meridian/app/Units.kt", "enum class Units {"),
    ),
    (("class Route", "routing", "routing/src/main/kotlin/meridian/Route.kt:11:class Route(val legs: List<Leg>) {\n"), ("Geocoder", "geo", "geo/src/main/kotlin/meridian/geo/Geocoder.kt:5:interface Geocoder {\n")),
    (
        (sh("./gradlew :routing:test", "BUILD SUCCESSFUL in 6s\n9 actionable tasks: 3 executed, 6 up-to-date\n"),),
        red_green("./gradlew :routing:test", "RouteTest > crosses the date line() FAILED\n    org.opentest4j.AssertionFailedError at RouteTest.kt:19\n\n22 tests completed, 1 failed\n\nBUILD FAILED in 5s\n", "routing/src/main/kotlin/meridian/Route.kt", "        return to.lon - from.lon", "BUILD SUCCESSFUL in 4s\n"),
        (sh("./gradlew ktlintCheck", "BUILD SUCCESSFUL in 2s\n"),),
    ),
    (tests("./gradlew :routing:test"), lints("./gradlew ktlintCheck")),
)  # fmt: skip

PAYROLL = World(
    "/home/hugo/src/Payroll",
    ("overtime on Sundays counts once", "export to SEPA", "nullable warnings in Payroll.Tax", "slow query on the payslip page"),
    (
        ("src/Payroll.Tax/Brackets.cs", "public sealed class Brackets"), ("src/Payroll.Web/Program.cs", "var builder = WebApplication.CreateBuilder(args);"), ("test/Payroll.Tax.Tests/BracketsTests.cs", "    [Theory]"), ("Payroll.sln", "Microsoft Visual Studio Solution File, Format Version 12.00"),
        ("src/Payroll.Data/PayrollContext.cs", "public class PayrollContext : DbContext"),
    ),
    (("class Brackets", "src", "src/Payroll.Tax/Brackets.cs:6:public sealed class Brackets\n"), ("DbContext", "src/Payroll.Data", "src/Payroll.Data/PayrollContext.cs:8:public class PayrollContext : DbContext\n")),
    (
        (sh("dotnet test Payroll.sln", "Passed!  - Failed:     0, Passed:   102, Skipped:     0, Total:   102, Duration: 1 s - Payroll.Tax.Tests.dll (net9.0)\n"),),
        red_green("dotnet test Payroll.sln", "  Failed Payroll.Tax.Tests.BracketsTests.SundayCountsTwice [4 ms]\n  Error Message:\n   Assert.Equal() Failure: Values differ\nFailed!  - Failed:     1, Passed:   101, Skipped:     0, Total:   102\n", "src/Payroll.Tax/Brackets.cs", "        return hours * rate;", "Passed!  - Failed:     0, Passed:   102, Skipped:     0, Total:   102\n"),
    ),
    (tests("dotnet test Payroll.sln", "dotnet test"),),
)  # fmt: skip

MUSEUM = World(
    "/home/siobhan/museum",
    ("loans show the wrong curator", "search objects by accession number", "the mail about overdue loans goes out twice", "move images to active storage"),
    (
        ("app/models/loan.rb", "class Loan < ApplicationRecord"), ("app/controllers/loans_controller.rb", "class LoansController < ApplicationController"), ("test/models/loan_test.rb", "class LoanTest < ActiveSupport::TestCase"), ("config/routes.rb", "Rails.application.routes.draw do"), ("app/jobs/overdue_job.rb", "class OverdueJob < ApplicationJob"),
    ),
    (("class Loan", "app", "app/models/loan.rb:3:class Loan < ApplicationRecord\n"), ("overdue", "app/jobs", "app/jobs/overdue_job.rb:1:class OverdueJob < ApplicationJob\n")),
    (
        (sh("bin/rails test", "Running 64 tests in a single process\n64 runs, 181 assertions, 0 failures, 0 errors, 0 skips\n"),),
        red_green("bin/rails test", "Failure:\nLoanTest#test_curator_is_the_lender's [test/models/loan_test.rb:14]:\nExpected: 3\n  Actual: 1\n\n64 runs, 181 assertions, 1 failures, 0 errors, 0 skips\n", "app/models/loan.rb", "  belongs_to :curator", "64 runs, 181 assertions, 0 failures, 0 errors, 0 skips\n"),
        (sh("bin/rubocop", "Inspecting 120 files\n\n120 files inspected, no offenses detected\n"),),
    ),
    (tests("bin/rails test"), lints("bin/rubocop")),
)  # fmt: skip

CLUBHOUSE = World(
    "/home/rafael/www/clubhouse",
    ("members without a court see an error", "weekly digest as a queued job", "fees are rounded the wrong way", "let admins merge two members"),
    (
        ("app/Models/Member.php", "class Member extends Model"), ("app/Http/Controllers/CourtController.php", "class CourtController extends Controller"), ("tests/Feature/CourtTest.php", "class CourtTest extends TestCase"), ("routes/web.php", "Route::get('/', HomeController::class);"), ("composer.json", '    "require": {'),
    ),
    (("class Member", "app", "app/Models/Member.php:10:class Member extends Model\n"), ("Route::get", "routes", "routes/web.php:8:Route::get('/', HomeController::class);\n")),
    (
        (sh("vendor/bin/pest", "  Tests:    77 passed (210 assertions)\n  Duration: 1.92s\n"),),
        red_green("vendor/bin/pest", "   FAILED  Tests\\Feature\\CourtTest > it shows free courts\n  Expected response status code [200] but received 500.\n\n  Tests:    1 failed, 76 passed (208 assertions)\n", "app/Http/Controllers/CourtController.php", "        return $member->court->name;", "  Tests:    77 passed (210 assertions)\n"),
        (sh("vendor/bin/phpstan analyse", " [OK] No errors\n"),),
    ),
    (tests("vendor/bin/pest"), lints("vendor/bin/phpstan analyse", "vendor/bin/phpstan")),
)  # fmt: skip

HIVE = World(
    "/home/zofia/hive",
    ("sensors reconnect forever", "a hive without a queen should raise an alarm", "broadcast the weights over pubsub", "dialyzer is unhappy about Hive.Weight"),
    (
        ("apps/hive/lib/hive/weight.ex", "defmodule Hive.Weight do"), ("apps/hive_web/lib/hive_web/live/yard_live.ex", "defmodule HiveWeb.YardLive do"), ("apps/hive/test/hive/weight_test.exs", "defmodule Hive.WeightTest do"), ("mix.exs", "defmodule Hive.Umbrella.MixProject do"), ("config/runtime.exs", "import Config"),
    ),
    (("defmodule Hive.Weight", "apps", "apps/hive/lib/hive/weight.ex:1:defmodule Hive.Weight do\n"), ("handle_info", "apps/hive_web", "apps/hive_web/lib/hive_web/live/yard_live.ex:40:  def handle_info({:weight, grams}, socket) do\n")),
    (
        (sh("mix test", "==> hive\nFinished in 0.4 seconds (0.3s async, 0.1s sync)\n48 tests, 0 failures\n"),),
        red_green("mix test", "  1) test a drop of ten kilos is an alarm (Hive.WeightTest)\n     Assertion with == failed\n\n48 tests, 1 failure\n", "apps/hive/lib/hive/weight.ex", "  def alarm?(drop), do: drop > 10", "48 tests, 0 failures\n"),
        (sh("mix format --check-formatted"),),
    ),
    (tests("mix test"), lints("mix format --check-formatted", "mix format")),
)  # fmt: skip

PLATEAU = World(
    "/home/yusuf/plateau",
    ("give the batch nodes more memory", "rotate the bucket's key", "the gateway has no readiness probe", "open the vpn for the new office"),
    (
        ("stacks/core/main.tf", 'module "vpc" {'), ("charts/gateway/values.yaml", "replicaCount: 2"), ("charts/gateway/templates/deployment.yaml", "kind: Deployment"), ("playbooks/vpn.yml", "- hosts: vpn"), ("playbooks/roles/vpn/tasks/main.yml", "- name: install wireguard"), ("stacks/core/outputs.tf", 'output "vpc_id" {'),
    ),
    (('module "vpc"', "stacks", 'stacks/core/main.tf:3:module "vpc" {\n'), ("replicaCount", "charts", "charts/gateway/values.yaml:1:replicaCount: 2\n")),
    (
        (sh("terraform -chdir=stacks/core validate", "Success! The configuration is valid.\n"),),
        red_green("terraform -chdir=stacks/core validate", '\nError: Unsupported argument\n\n  on main.tf line 9, in module "vpc":\n   9:   cidrs = []\n\nAn argument named "cidrs" is not expected here.\n', "stacks/core/main.tf", "  cidrs = []", "Success! The configuration is valid.\n"),
        (sh("helm lint charts/gateway", "==> Linting charts/gateway\n[INFO] Chart.yaml: icon is recommended\n\n1 chart(s) linted, 0 chart(s) failed\n"),),
    ),
    (lints("helm lint charts/gateway", "terraform -chdir=stacks/core validate", "helm lint"), tests("terraform -chdir=stacks/core validate"), builds("terraform -chdir=stacks/core validate")),
)  # fmt: skip

TURNSTILE = World(
    "/home/amara/turnstile",
    ("entries are lost when redis restarts", "add an index for the day's entries", "the worker ignores SIGTERM", "show the gate's name in the log"),
    (
        ("api/server.js", "const app = express()"), ("worker/main.js", "for await (const job of jobs) {"), ("db/schema.sql", "create table entries ("), ("compose.yaml", "services:"), ("db/queries/by_day.sql", "select day, count(*)"), ("api/gates.js", "export function gate(id) {"),
    ),
    (("create table", "db", "db/schema.sql:1:create table entries (\n"), ("express", "api", "api/server.js:5:const app = express()\n")),
    (
        (sh("docker compose exec -T api node --test", "# tests 19\n# pass 19\n# fail 0\n"),),
        red_green("docker compose exec -T api node --test", "not ok 4 - a gate has a name\n  error: 'Expected values to be strictly equal'\n# tests 19\n# pass 18\n# fail 1\n", "api/gates.js", "  return { id }", "# tests 19\n# pass 19\n# fail 0\n"),
        (sh("docker compose ps", "NAME               IMAGE          SERVICE   STATUS\nturnstile-api-1    turnstile-api  api       Up 2 hours\nturnstile-db-1     postgres:16    db        Up 2 hours (healthy)\n"),),
    ),
    (tests("docker compose exec -T api node --test"),),
)  # fmt: skip

SURVEY = World(
    "/data/projects/survey",
    ("weights do not add up for 2021", "a model for households", "the map in the notebook is empty", "cast ages to int earlier"),
    (
        ("models/staging/stg_people.sql", "select"), ("models/marts/households.sql", "with people as ("), ("notebooks/maps.py", "# %%"), ("survey/weights.py", "def weights(frame):"), ("dbt_project.yml", "name: survey"), ("tests/test_weights.py", "def test_sum_to_one():"),
    ),
    (("def weights", "survey", "survey/weights.py:12:def weights(frame):\n"), ("households", "models", "models/marts/households.sql:9:households as (\n")),
    (
        (sh("dbt build --select staging", "Completed successfully\n\nDone. PASS=12 WARN=0 ERROR=0 SKIP=0 TOTAL=12\n"),),
        red_green("dbt build --select staging", "Failure in test not_null_stg_people_age (models/staging/schema.yml)\n  Got 3 results, configured to fail if != 0\n\nDone. PASS=11 WARN=0 ERROR=1 SKIP=0 TOTAL=12\n", "models/staging/stg_people.sql", "    age::int as age", "Done. PASS=12 WARN=0 ERROR=0 SKIP=0 TOTAL=12\n"),
        (sh("pixi run pytest", "21 passed in 1.02s\n"),),
    ),
    (tests("pixi run pytest", "dbt build --select staging", "dbt build"), builds("dbt build --select staging", "dbt build")),
)  # fmt: skip

ALMANAC = World(
    "/home/greta/almanac",
    ("the page on tides is out of date", "links to the old site", "add a glossary", "split the chapter on winds"),
    (("docs/tides.md", "# Tides"), ("docs/winds.md", "# Winds"), ("mkdocs.yml", "site_name: Almanac"), ("docs/glossary.md", "# Glossary"), ("overrides/main.html", '{% extends "base.html" %}'), ("STYLE.md", "# How we write")),
    (("spring tide", "docs", "docs/tides.md:20:A spring tide follows\n"), ("site_name", "mkdocs.yml", "mkdocs.yml:1:site_name: Almanac\n")),
    (
        (sh("mkdocs build --strict", "INFO    -  Building documentation to directory: site\nINFO    -  Documentation built in 1.20 seconds\n"),),
        red_green("mkdocs build --strict", "WARNING -  Doc file 'tides.md' contains a link 'moon.md', but the target is not found among documentation files.\n\nAborted with 1 warnings in strict mode!\n", "docs/tides.md", "See [the moon](moon.md).", "INFO    -  Documentation built in 1.18 seconds\n"),
        (sh("vale docs", "✔ 0 errors, 0 warnings and 0 suggestions in 31 files.\n"),),
    ),
    (builds("mkdocs build --strict", "mkdocs build"), lints("vale docs", "vale")),
)  # fmt: skip

LANTERN = World(
    "/Users/noor/lantern",
    ("the widget is stale after midnight", "make Lamp Sendable", "keep the brightness over a restart"),
    (("Sources/LanternKit/Lamp.swift", "public struct Lamp: Codable {"), ("Sources/LanternKit/Store.swift", "public actor Store {"), ("Tests/LanternKitTests/LampTests.swift", "@Suite struct LampTests {"), ("Package.swift", "let package = Package("), ("App/WidgetView.swift", "struct WidgetView: View {")),
    (("struct Lamp", "Sources", "Sources/LanternKit/Lamp.swift:4:public struct Lamp: Codable {\n"), ("View", "App", "App/WidgetView.swift:3:struct WidgetView: View {\n")),
    (
        (sh("swift test", "✔ Test run with 26 tests passed after 0.103 seconds.\n"),),
        red_green("swift test", "✘ Test dims() recorded an issue at LampTests.swift:12:5: Expectation failed: lamp.level == 0.5\n✘ Test run with 26 tests failed after 0.100 seconds with 1 issue.\n", "Sources/LanternKit/Lamp.swift", "        level = level / 3", "✔ Test run with 26 tests passed after 0.101 seconds.\n"),
    ),
    (tests("swift test"),),
)  # fmt: skip
