"""Twenty-eight projects of trades that the other two sets hardly touch: where they lie, what goes on in them on any day, and what is true of them.

What goes on is more mixed than in the second set: besides reads, edits, searches and runs there is looking around in the shell, with searches that
find nothing and looks at what is not there yet. None of it should teach more than the facts in `World.true`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.headroom_wrap.learn.independent.second.worlds import World, builds, lints, red_green, tests
from tests.headroom_wrap.learn.independent.steps import Step, sh


@dataclass(frozen=True)
class Place(World):
    """A project in which people look around in the shell, too."""

    KINDS = (*World.KINDS, "around", "around")

    def _in_the_shell(self, kind: str, path: str, line: str) -> tuple[Step, ...]:
        return _git(path, line) if kind == "git" else _around(path, line, self.symbols[0][1])


def _git(path: str, line: str) -> tuple[Step, ...]:
    return (
        sh("git status --short", f" M {path}\n"),
        sh("git diff --stat", f" {path} | 4 ++--\n 1 file changed, 2 insertions(+), 2 deletions(-)\n"),
        sh(f"git log --oneline -5 -- {path}", "c0ffee1 Name the unit\n7ab1e02 Less noise\n51de0a4 First cut\n"),
        sh(f"git blame -L1,3 {path}", f"c0ffee1 (R. Aho 2025-06-01 1) {line}\n"),
        sh("git branch --show-current", "main\n"),
    )


def _around(path: str, line: str, folder: str) -> tuple[Step, ...]:
    name = path.rsplit("/", 1)[-1]
    return (
        sh(f"wc -l {path}", f"  148 {path}\n"),
        sh(f"ls {folder}", f"{name}\n"),
        sh(f"head -n 3 {path}", f"{line}\n\n\n"),
        sh(f"find . -name '{name}' -not -path './.git/*'", f"./{path}\n"),
        sh(f"grep -n FIXME {path}", "", 1),
        sh(f"grep -c '' {path}", "148\n"),
        sh("date +%F", "2025-10-06\n"),
    )


def place(
    root: str, tasks: tuple[str, ...], files: tuple[tuple[str, str], ...], symbols: tuple[tuple[str, str, str], ...], runs: tuple[tuple[Step, ...], ...],
    *true: tuple[str, dict[str, object]],
) -> Place:  # fmt: skip
    return Place(root, tasks, files, symbols, runs, true)


LAMP = place(
    "/home/sol/zephyrproject/lamp", ("the lamp flickers at one percent", "add a shell command for the driver's current", "why does it wake up every second?"),
    (("app/src/main.c", "int main(void)"), ("app/src/dimmer.c", "static int dimmer_set(uint8_t percent)"), ("app/prj.conf", "CONFIG_PWM=y"), ("app/boards/nucleo_l476rg.overlay", "&pwm2 {"), ("tests/dimmer/src/main.c", "ZTEST(dimmer, test_low)")),
    (("dimmer_set", "app/src", "app/src/dimmer.c:31:static int dimmer_set(uint8_t percent)\n"), ("CONFIG_PWM", "app", "app/prj.conf:4:CONFIG_PWM=y\n")),
    (
        (sh("west twister -T tests -p native_sim", "INFO    - 4 of 4 executed test configurations passed (100.00%), 0 built (not run), 0 failed, 0 errored\n"),),
        red_green("west twister -T tests -p native_sim", "ERROR   - native_sim/native tests/dimmer/lamp.dimmer FAILED: Failed\nINFO    - 3 of 4 executed test configurations passed (75.00%), 1 failed\n", "app/src/dimmer.c", "    if (percent < 1) {", "INFO    - 4 of 4 executed test configurations passed (100.00%)\n"),
        (sh("west list -f '{name} {revision}'", "manifest HEAD\nzephyr v3.7.0\n"),),
    ), tests("west twister -T tests -p native_sim"),
)  # fmt: skip

GITOPS = place(
    "/home/oda/gitops", ("give the api a second replica in staging", "the ingress lost its certificate", "bump the redis chart"),
    (("charts/api/values.yaml", "replicaCount: 1"), ("charts/api/templates/deployment.yaml", "kind: Deployment"), ("environments/staging/values.yaml", "ingress:"), ("helmfile.yaml", "releases:"), ("charts/api/Chart.yaml", "apiVersion: v2")),
    (("replicaCount", "charts", "charts/api/values.yaml:1:replicaCount: 1\n"), ("certManager", "environments", "environments/staging/values.yaml:14:  certManager: true\n")),
    (
        (sh("helm lint charts/api", "==> Linting charts/api\n[INFO] Chart.yaml: icon is recommended\n\n1 chart(s) linted, 0 chart(s) failed\n"),),
        (sh("kubectl -n staging get pods", "NAME                   READY   STATUS    RESTARTS   AGE\napi-7c9d8b6f5-x2x9l    1/1     Running   0          3d\n"),),
        red_green("helm lint charts/api", '==> Linting charts/api\n[ERROR] templates/: parse error at (api/templates/deployment.yaml:12): unexpected "}" in operand\n\nError: 1 chart(s) linted, 1 chart(s) failed\n', "charts/api/templates/deployment.yaml", "  replicas: {{ .Values.replicaCount }", "1 chart(s) linted, 0 chart(s) failed\n"),
    ), lints("helm lint charts/api"),
)  # fmt: skip

ATLAS = place(
    "/Users/pia/work/atlas", ("the map's legend overlaps the scale", "type the events of the tracker", "the portal forgets the language"),
    (("apps/portal/src/app/legend.component.ts", "export class LegendComponent {"), ("libs/geo/src/lib/scale.ts", "export function scale(zoom: number): number {"), ("nx.json", '  "targetDefaults": {'), ("libs/geo/src/lib/scale.spec.ts", "describe('scale', () => {"), ("apps/portal/project.json", '  "name": "portal",')),
    (("function scale", "libs/geo", "libs/geo/src/lib/scale.ts:4:export function scale(zoom: number): number {\n"), ("LegendComponent", "apps/portal", "apps/portal/src/app/legend.component.ts:12:export class LegendComponent {\n")),
    (
        (sh("yarn nx run-many -t test", " NX   Successfully ran target test for 7 projects\n\nNx read the output from the cache instead of running the command for 6 out of 7 tasks.\n"),),
        red_green("yarn nx run-many -t test", "  ● scale › doubles\n\n    Expected: 2\n    Received: 1\n\n NX   Running target test for 7 projects failed\n\nFailed tasks:\n\n- geo:test\n", "libs/geo/src/lib/scale.ts", "  return 1 ** zoom;", " NX   Successfully ran target test for 7 projects\n"),
        (sh("yarn nx run-many -t lint", " NX   Successfully ran target lint for 7 projects\n"),),
    ), tests("yarn nx run-many -t test"), lints("yarn nx run-many -t lint"),
)  # fmt: skip

ZIGLINE = place(
    "/home/tomo/zigline", ("history is lost on a full disk", "the prompt is off by one with wide letters", "parse the escape of bracketed paste"),
    (("src/editor.zig", "pub const Editor = struct {"), ("src/history.zig", "pub fn save(self: *History) !void {"), ("build.zig", "pub fn build(b: *std.Build) void {"), ("src/width.zig", "pub fn width(cp: u21) u2 {"), ("build.zig.zon", ".{ .name = .zigline,")),
    (("pub fn save", "src", "src/history.zig:40:pub fn save(self: *History) !void {\n"), ("fn width", "src", "src/width.zig:9:pub fn width(cp: u21) u2 {\n")),
    (
        (sh("zig build test --summary all", "Build Summary: 3/3 steps succeeded; 41/41 tests passed\n"),),
        red_green("zig build test --summary all", "error: 'width.test.wide' failed: expected 2, found 1\nBuild Summary: 1/3 steps succeeded; 1 failed; 40/41 tests passed; 1 failed\n", "src/width.zig", "    if (cp < 0x1100) return 1;", "Build Summary: 3/3 steps succeeded; 41/41 tests passed\n"),
        (sh("zig fmt --check src", ""),),
    ), tests("zig build test --summary all"), lints("zig fmt --check src"),
)  # fmt: skip

LENDING = place(
    "/home/nadia/dev/lending", ("a returned book stays on the shelf's list", "fines are not rounded", "a filter for branches in the admin"),
    (("lending/loans/models.py", "class Loan(models.Model):"), ("lending/loans/admin.py", "class LoanAdmin(admin.ModelAdmin):"), ("lending/fines.py", "def fine(days: int) -> Decimal:"), ("tests/loans/test_fines.py", "def test_rounds():"), ("pyproject.toml", "[tool.poetry]")),
    (("class Loan", "lending", "lending/loans/models.py:11:class Loan(models.Model):\n"), ("def fine", "lending", "lending/fines.py:6:def fine(days: int) -> Decimal:\n")),
    (
        (sh("poetry run pytest -q", "...............................  [100%]\n31 passed in 4.02s\n"),),
        red_green("poetry run pytest -q tests/loans", "FAILED tests/loans/test_fines.py::test_rounds - AssertionError: assert Decimal('0.333') == Decimal('0.33')\n1 failed, 8 passed in 1.10s\n", "lending/fines.py", "    return rate * days", "9 passed in 1.02s\n"),
        (sh("poetry run mypy lending", "Success: no issues found in 22 source files\n"),),
    ), tests("poetry run pytest -q", "poetry run pytest"), lints("poetry run mypy lending"),
)  # fmt: skip

MEMOD = place(
    "/home/lin/go/src/memod", ("the daemon leaks a goroutine for each client", "add an expiry to keys", "count the evictions"),
    (("internal/cache/cache.go", "func (c *Cache) Get(key string) ([]byte, bool) {"), ("internal/server/conn.go", "func (s *Server) serve(c net.Conn) {"), ("cmd/memod/main.go", "func main() {"), ("internal/cache/cache_test.go", "func TestEvicts(t *testing.T) {"), ("go.mod", "module example.org/memod")),
    (("func (c \\*Cache)", "internal", "internal/cache/cache.go:22:func (c *Cache) Get(key string) ([]byte, bool) {\n"), ("net.Conn", "internal", "internal/server/conn.go:14:func (s *Server) serve(c net.Conn) {\n")),
    (
        (sh("go test ./...", "ok  \texample.org/memod/internal/cache\t0.214s\nok  \texample.org/memod/internal/server\t0.508s\n"),),
        red_green("go test ./internal/cache", "--- FAIL: TestEvicts (0.00s)\n    cache_test.go:40: got 3 keys, want 2\nFAIL\nFAIL\texample.org/memod/internal/cache\t0.009s\n", "internal/cache/cache.go", "\tif len(c.keys) > c.max {", "ok  \texample.org/memod/internal/cache\t0.011s\n"),
        (sh("golangci-lint run", "0 issues.\n"),), (sh("go vet ./...", ""),),
    ), tests("go test ./..."), lints("golangci-lint run", "go vet ./..."),
)  # fmt: skip

TICKETS = place(
    "/home/lee/src/tickets", ("seats are sold twice on Mondays", "send the ticket as a wallet pass", "a scope for cancelled events"),
    (("app/models/seat.rb", "class Seat < ApplicationRecord"), ("app/jobs/wallet_pass_job.rb", "class WalletPassJob < ApplicationJob"), ("test/models/seat_test.rb", "class SeatTest < ActiveSupport::TestCase"), ("compose.yaml", "services:"), ("config/routes.rb", "  resources :events")),
    (("class Seat", "app", "app/models/seat.rb:1:class Seat < ApplicationRecord\n"), ("perform_later", "app", "app/models/seat.rb:19:    WalletPassJob.perform_later(self)\n")),
    (
        (sh("docker compose exec web bin/rails test", "Running 52 tests in a single process\n....................................................\n\n52 runs, 140 assertions, 0 failures, 0 errors, 0 skips\n"),),
        red_green("docker compose exec web bin/rails test test/models/seat_test.rb", "F\n\nFailure:\nSeatTest#test_sold_once [test/models/seat_test.rb:9]:\nExpected: 1\n  Actual: 2\n\n6 runs, 11 assertions, 1 failures, 0 errors, 0 skips\n", "app/models/seat.rb", "  def sell! = update!(sold: true)", "6 runs, 11 assertions, 0 failures, 0 errors, 0 skips\n"),
        (sh("docker compose ps", "NAME            IMAGE         SERVICE   STATUS\ntickets-web-1   tickets-web   web       Up 3 hours\ntickets-db-1    postgres:16   db        Up 3 hours\n"),),
    ), tests("docker compose exec web bin/rails test"),
)  # fmt: skip

KIOSK = place(
    "/home/ines/sites/kiosk", ("the cart's total ignores the voucher", "the newsletter form has no consent box", "product pages are slow"),
    (("src/Entity/Voucher.php", "final class Voucher"), ("src/Controller/CartController.php", "    #[Route('/cart', name: 'cart')]"), ("templates/cart/show.html.twig", "{% extends 'base.html.twig' %}"), ("tests/Cart/TotalTest.php", "final class TotalTest extends KernelTestCase"), (".ddev/config.yaml", "type: symfony")),
    (("class Voucher", "src", "src/Entity/Voucher.php:10:final class Voucher\n"), ("Route", "src/Controller", "src/Controller/CartController.php:18:    #[Route('/cart', name: 'cart')]\n")),
    (
        (sh("ddev exec bin/phpunit", "PHPUnit 11.3.1 by Sebastian Bergmann and contributors.\n\n.......................... 26 / 26 (100%)\n\nOK (26 tests, 71 assertions)\n"),),
        red_green("ddev exec bin/phpunit tests/Cart", "1) App\\Tests\\Cart\\TotalTest::testVoucher\nFailed asserting that 1000 matches expected 900.\n\nFAILURES!\nTests: 5, Assertions: 9, Failures: 1.\n", "src/Controller/CartController.php", "        $total = $cart->sum();", "OK (5 tests, 9 assertions)\n"),
        (sh("ddev describe", "Project: kiosk ~/sites/kiosk https://kiosk.ddev.site\nStatus: OK\n"),),
    ), tests("ddev exec bin/phpunit"),
)  # fmt: skip

PAYROLL = place(
    "/home/ivo/code/payroll", ("the thirteenth salary is taxed twice", "add a column for the canton", "log the run's id"),
    (("src/Payroll.Domain/Tax.cs", "public static class Tax"), ("src/Payroll.Api/Program.cs", "var builder = WebApplication.CreateBuilder(args);"), ("src/Payroll.Data/PayrollContext.cs", "public class PayrollContext : DbContext"), ("tests/Payroll.Domain.Tests/TaxTests.cs", "public class TaxTests"), ("Directory.Build.props", "<Project>")),
    (("class Tax", "src", "src/Payroll.Domain/Tax.cs:7:public static class Tax\n"), ("DbSet", "src/Payroll.Data", "src/Payroll.Data/PayrollContext.cs:9:    public DbSet<Run> Runs => Set<Run>();\n")),
    (
        (sh("dotnet test Payroll.sln", "Passed!  - Failed:     0, Passed:   118, Skipped:     0, Total:   118, Duration: 3 s - Payroll.Domain.Tests.dll (net9.0)\n"),),
        red_green("dotnet test Payroll.sln", "  Failed Payroll.Domain.Tests.TaxTests.Thirteenth [12 ms]\n  Error Message:\n   Assert.Equal() Failure: Values differ\nExpected: 100\nActual:   200\n\nFailed!  - Failed:     1, Passed:   117\n", "src/Payroll.Domain/Tax.cs", "    return base * 2;", "Passed!  - Failed:     0, Passed:   118\n"),
        (sh("dotnet format Payroll.sln --verify-no-changes", ""),),
    ), tests("dotnet test Payroll.sln", "dotnet test"), lints("dotnet format Payroll.sln --verify-no-changes"),
)  # fmt: skip

TIDES = place(
    "/home/runa/research/tides", ("fit the harmonic constants per station", "the plot's time axis is in local time", "drop stations with gaps of a week"),
    (("src/tides/harmonics.py", "def fit(series: xr.DataArray) -> xr.Dataset:"), ("src/tides/stations.py", "STATIONS = load()"), ("pixi.toml", "[tasks]"), ("tests/test_harmonics.py", "def test_m2():"), ("params.yaml", "gap_days: 7")),
    (("def fit", "src", "src/tides/harmonics.py:18:def fit(series: xr.DataArray) -> xr.Dataset:\n"), ("gap_days", "src", "src/tides/stations.py:30:    gap = params['gap_days']\n")),
    (
        (sh("pixi run test", "✨ Pixi task (test): pytest -q\n.................. [100%]\n18 passed in 2.20s\n"),),
        red_green("pixi run test", "✨ Pixi task (test): pytest -q\nFAILED tests/test_harmonics.py::test_m2 - assert 12.40 == 12.42 ± 0.01\n1 failed, 17 passed in 2.25s\n", "src/tides/harmonics.py", "M2 = 12.40", "18 passed in 2.19s\n"),
        (sh("pixi run lint", "✨ Pixi task (lint): ruff check .\nAll checks passed!\n"),),
    ), tests("pixi run test"), lints("pixi run lint"),
)  # fmt: skip

HOSTS = place(
    "/home/vera/hosts", ("the backup host needs a second disk", "turn on the printer on the laptop", "the firewall drops mosh"),
    (("flake.nix", '  description = "hosts";'), ("hosts/heron/default.nix", "{ config, pkgs, ... }:"), ("modules/backup.nix", "  options.services.backup = {"), ("hosts/wren/hardware.nix", "  boot.initrd.availableKernelModules = ["), ("modules/firewall.nix", "  networking.firewall.enable = true;")),
    (("services.backup", "modules", "modules/backup.nix:4:  options.services.backup = {\n"), ("firewall", "hosts", "hosts/heron/default.nix:31:  networking.firewall.allowedUDPPorts = [ 51820 ];\n")),
    (
        (sh("nix flake check", "warning: Git tree '/home/vera/hosts' is dirty\nchecking NixOS configuration 'nixosConfigurations.heron'...\n"),),
        red_green("nix flake check", "error: The option `services.backup.disk' does not exist. Definition values:\n       - In `/nix/store/8k2v-source/hosts/heron/default.nix': \"/dev/sdb\"\n", "modules/backup.nix", "    disks = lib.mkOption {", "checking NixOS configuration 'nixosConfigurations.heron'...\n"),
        (sh("nix fmt -- --check .", ""),),
    ), tests("nix flake check"), lints("nix flake check", "nix fmt -- --check ."), builds("nix flake check"),
)  # fmt: skip

RECIPES = place(
    "/Users/mina/dev/recipes", ("the timer stops in the background", "portions are rounded down", "swipe to delete a recipe"),
    (("lib/features/timer/timer_cubit.dart", "class TimerCubit extends Cubit<TimerState> {"), ("lib/models/recipe.dart", "@freezed"), ("pubspec.yaml", "name: recipes"), ("test/models/recipe_test.dart", "void main() {"), ("lib/features/list/recipe_tile.dart", "class RecipeTile extends StatelessWidget {")),
    (("TimerCubit", "lib", "lib/features/timer/timer_cubit.dart:8:class TimerCubit extends Cubit<TimerState> {\n"), ("portions", "lib", "lib/models/recipe.dart:14:    required int portions,\n")),
    (
        (sh("fvm flutter test", "00:03 +44: All tests passed!\n"),),
        red_green("fvm flutter test test/models", "00:01 +6 -1: recipe scales portions [E]\n  Expected: <3>\n    Actual: <2>\n\n00:01 +6 -1: Some tests failed.\n", "lib/models/recipe.dart", "  int scaled(double by) => (portions * by).floor();", "00:01 +7: All tests passed!\n"),
        (sh("fvm dart analyze", "Analyzing recipes...\nNo issues found!\n"),),
    ), tests("fvm flutter test"), lints("fvm dart analyze"),
)  # fmt: skip

PRICING = place(
    "/home/jan/repos/pricing", ("barrier options ignore the rebate", "the curve is interpolated flat at the end", "make Greeks lazy"),
    (("core/src/main/scala/pricing/Barrier.scala", "final case class Barrier(level: Double, rebate: Double)"), ("core/src/main/scala/pricing/Curve.scala", "trait Curve {"), ("build.sbt", "lazy val core = project"), ("core/src/test/scala/pricing/BarrierSuite.scala", "class BarrierSuite extends munit.FunSuite {"), ("project/plugins.sbt", 'addSbtPlugin("org.scalameta" % "sbt-scalafmt" % "2.5.2")')),
    (("trait Curve", "core", "core/src/main/scala/pricing/Curve.scala:5:trait Curve {\n"), ("rebate", "core/src/main", "core/src/main/scala/pricing/Barrier.scala:3:final case class Barrier(level: Double, rebate: Double)\n")),
    (
        (sh("sbt --client test", "[info] Passed: Total 77, Failed 0, Errors 0, Passed 77\n[success] Total time: 6 s\n"),),
        red_green("sbt --client core/test", "==> X pricing.BarrierSuite.rebate  0.02s munit.ComparisonFailException\n[error] Failed: Total 40, Failed 1, Errors 0, Passed 39\n[error] (core / Test / test) sbt.TestsFailedException: Tests unsuccessful\n", "core/src/main/scala/pricing/Barrier.scala", "  def value = 0.0", "[info] Passed: Total 40, Failed 0, Errors 0, Passed 40\n"),
        (sh("sbt --client scalafmtCheckAll", "[success] Total time: 1 s\n"),),
    ), tests("sbt --client test"), lints("sbt --client scalafmtCheckAll"),
)  # fmt: skip

QUERYC = place(
    "/home/oc/queryc", ("joins on nulls give rows", "print the plan as a tree", "the lexer takes tabs for one column"),
    (("src/plan.ml", "type t ="), ("src/lexer.mll", "rule token = parse"), ("dune-project", "(lang dune 3.15)"), ("test/test_plan.ml", 'let%expect_test "join" ='), ("bin/main.ml", "let () =")),
    (("let rec join", "src", "src/plan.ml:52:let rec join left right =\n"), ("rule token", "src", "src/lexer.mll:12:rule token = parse\n")),
    (
        (sh("opam exec -- dune test", ""),),
        red_green("opam exec -- dune build", 'File "src/plan.ml", line 54, characters 4-8:\n54 |     left\n         ^^^^\nError: This expression has type row but an expression was expected of type row list\n', "src/plan.ml", "    left", ""),
        (sh("opam exec -- dune build @fmt", ""),),
    ), tests("opam exec -- dune test"), builds("opam exec -- dune build"), lints("opam exec -- dune build @fmt"),
)  # fmt: skip

UARTLITE = place(
    "/home/raj/rtl/uartlite", ("the receiver drops the stop bit at 3 Mbaud", "add a parity error flag", "the fifo is one too short"),
    (("rtl/uart_rx.sv", "module uart_rx #("), ("rtl/fifo.sv", "module fifo #(parameter DEPTH = 16) ("), ("sim/test_uart.py", "@cocotb.test()"), ("Makefile", "TOP ?= uart_top"), ("constraints/arty.xdc", "create_clock -period 10.000 [get_ports clk]")),
    (("module fifo", "rtl", "rtl/fifo.sv:1:module fifo #(parameter DEPTH = 16) (\n"), ("parity", "rtl", "rtl/uart_rx.sv:9:  output logic parity_error,\n")),
    (
        (sh("make sim", "** TESTS=9 PASS=9 FAIL=0 SKIP=0                     18200.00           1.44      12638.9 **\n"),),
        red_green("make sim", "test_uart.stop_bit failed\nAssertionError: assert 0 == 1\n** TESTS=9 PASS=8 FAIL=1 SKIP=0 **\nmake: *** [Makefile:21: sim] Error 1\n", "rtl/uart_rx.sv", "  if (count == 9)", "** TESTS=9 PASS=9 FAIL=0 SKIP=0 **\n"),
        (sh("make lint", "verilator --lint-only -Wall -Irtl rtl/uart_top.sv\n"),),
    ), tests("make sim"), lints("make lint"),
)  # fmt: skip

MARKDOC = place(
    "/home/ed/haskell/markdoc", ("nested lists lose a level", "footnotes in tables", "the parser is slow on long lines"),
    (("src/Markdoc/Parser.hs", "module Markdoc.Parser (document) where"), ("src/Markdoc/Render.hs", "render :: Document -> Builder"), ("markdoc.cabal", "cabal-version:      3.0"), ("test/Spec.hs", 'main = hspec $ describe "lists" $ do'), ("app/Main.hs", "main :: IO ()")),
    (("document ::", "src", "src/Markdoc/Parser.hs:20:document :: Parser Document\n"), ("render ::", "src", "src/Markdoc/Render.hs:9:render :: Document -> Builder\n")),
    (
        (sh("cabal test all", "Test suite spec: RUNNING...\nTest suite spec: PASS\n1 of 1 test suites (1 of 1 test cases) passed.\n"),),
        red_green("cabal test all", "  test/Spec.hs:14:7:\n  1) lists nests\n       expected: 2\n        but got: 1\n\n31 examples, 1 failure\nTest suite spec: FAIL\n", "src/Markdoc/Parser.hs", "  indent <- pure 0", "1 of 1 test suites (1 of 1 test cases) passed.\n"),
        (sh("hlint src app", "No hints\n"),),
    ), tests("cabal test all", "cabal test"), lints("hlint src app"),
)  # fmt: skip

RIDE = place(
    "/home/kofi/AndroidStudioProjects/ride", ("the fare is shown before it is known", "ask for the location only once", "dark colours for the map"),
    (("app/src/main/java/ride/fare/FareViewModel.kt", "class FareViewModel @Inject constructor("), ("shared/src/commonMain/kotlin/Fare.kt", "data class Fare(val cents: Long)"), ("gradle/libs.versions.toml", "[versions]"), ("shared/src/commonTest/kotlin/FareTest.kt", "class FareTest {"), ("settings.gradle.kts", 'include(":app", ":shared")')),
    (("data class Fare", "shared", "shared/src/commonMain/kotlin/Fare.kt:5:data class Fare(val cents: Long)\n"), ("ViewModel", "app/src", "app/src/main/java/ride/fare/FareViewModel.kt:14:class FareViewModel @Inject constructor(\n")),
    (
        (sh("./gradlew :shared:jvmTest", "> Task :shared:jvmTest\n\nBUILD SUCCESSFUL in 4s\n11 actionable tasks: 2 executed, 9 up-to-date\n"),),
        red_green("./gradlew :shared:jvmTest", "FareTest[jvm] > rounds()[jvm] FAILED\n    java.lang.AssertionError: expected:<105> but was:<104>\n\nBUILD FAILED in 5s\n", "shared/src/commonMain/kotlin/Fare.kt", "    fun total() = cents / 1", "BUILD SUCCESSFUL in 4s\n"),
        (sh("./gradlew detekt", "BUILD SUCCESSFUL in 2s\n"),),
    ), tests("./gradlew :shared:jvmTest"), lints("./gradlew detekt"),
)  # fmt: skip

OCEAN = place(
    "/home/gro/models/ocean", ("the salinity goes negative at the river's mouth", "write restart files every ten days", "use the new namelist for the tides"),
    (("src/tracer.f90", "module tracer"), ("src/io.f90", "subroutine write_restart(step)"), ("fpm.toml", 'name = "ocean"'), ("test/check.f90", "program check"), ("namelists/nordic.nml", "&grid")),
    (("subroutine write_restart", "src", "src/io.f90:40:subroutine write_restart(step)\n"), ("&grid", "namelists", "namelists/nordic.nml:1:&grid\n")),
    (
        (sh("fpm test", "[100%] Project compiled successfully.\n all 14 checks passed\n"),),
        red_green("fpm test", ' check salinity: FAIL   -0.2000\nERROR STOP 1\n<ERROR> Execution for object " check " returned exit code  1\n', "src/tracer.f90", "  s = s - flux", " all 14 checks passed\n"),
        (sh("squeue --me", "JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)\n"),),
    ), tests("fpm test"),
)  # fmt: skip

PULSE = place(
    "/home/ana/code/pulse", ("the live view loses its filter on reconnect", "a chart of errors per hour", "expire the tokens of devices"),
    (("lib/pulse_web/live/dashboard_live.ex", "defmodule PulseWeb.DashboardLive do"), ("lib/pulse/devices.ex", "  def expire(device) do"), ("assets/js/app.js", 'import {Socket} from "phoenix"'), ("test/pulse/devices_test.exs", '  test "expires" do'), ("config/runtime.exs", "import Config")),
    (("def expire", "lib", "lib/pulse/devices.ex:31:  def expire(device) do\n"), ("handle_event", "lib/pulse_web", 'lib/pulse_web/live/dashboard_live.ex:22:  def handle_event("filter", params, socket) do\n')),
    (
        (sh("mix test", "Finished in 2.1 seconds (1.4s async, 0.6s sync)\n63 tests, 0 failures\n"),),
        red_green("mix test test/pulse/devices_test.exs", "  1) test expires (Pulse.DevicesTest)\n     Assertion with == failed\n     left:  nil\n     right: :expired\n\n4 tests, 1 failure\n", "lib/pulse/devices.ex", "    nil", "4 tests, 0 failures\n"),
        (sh("mix format --check-formatted", ""),),
    ), tests("mix test"), lints("mix format --check-formatted"),
)  # fmt: skip

CLOUD = place(
    "/home/oda/cloud", ("a bucket for the audit logs", "rotate the key of the queue", "tag everything with the cost centre"),
    (("stacks/storage/main.tf", 'resource "aws_s3_bucket" "audit" {'), ("stacks/network/main.tf", 'module "vpc" {'), ("stacks/storage/variables.tf", 'variable "cost_centre" {'), ("env/dev.tfvars", 'cost_centre = "4711"'), (".tflint.hcl", 'plugin "aws" {')),
    (("aws_s3_bucket", "stacks", 'stacks/storage/main.tf:3:resource "aws_s3_bucket" "audit" {\n'), ("cost_centre", "stacks", 'stacks/storage/variables.tf:1:variable "cost_centre" {\n')),
    (
        (sh("tofu -chdir=stacks/storage validate", "Success! The configuration is valid.\n"),),
        red_green("tofu -chdir=stacks/storage validate", 'Error: Unsupported argument\n\n  on main.tf line 5, in resource "aws_s3_bucket" "audit":\n   5:   tag = local.tags\n\nAn argument named "tag" is not expected here. Did you mean "tags"?\n', "stacks/storage/main.tf", "  tag = local.tags", "Success! The configuration is valid.\n"),
        (sh("tofu fmt -check -recursive", ""),),
    ), lints("tofu fmt -check -recursive", "tofu -chdir=stacks/storage validate"),
)  # fmt: skip

MARTS = place(
    "/home/ines/work/marts", ("orders of test customers are counted", "a mart for returns per week", "document the columns of fct_orders"),
    (("models/marts/fct_orders.sql", "with orders as ("), ("models/staging/stg_orders.sql", "select * from {{ source('shop', 'orders') }}"), ("models/marts/schema.yml", "version: 2"), ("macros/cents.sql", "{% macro cents(column) %}"), ("dbt_project.yml", "name: marts")),
    (("fct_orders", "models", "models/marts/schema.yml:4:  - name: fct_orders\n"), ("macro cents", "macros", "macros/cents.sql:1:{% macro cents(column) %}\n")),
    (
        (sh("uv run dbt build --select fct_orders+", "Completed successfully\n\nDone. PASS=9 WARN=0 ERROR=0 SKIP=0 TOTAL=9\n"),),
        red_green("uv run dbt build --select fct_orders+", "Failure in test not_null_fct_orders_customer_id (models/marts/schema.yml)\n  Got 3 results, configured to fail if != 0\n\nDone. PASS=8 WARN=0 ERROR=1 SKIP=0 TOTAL=9\n", "models/marts/fct_orders.sql", "where true", "Done. PASS=9 WARN=0 ERROR=0 SKIP=0 TOTAL=9\n"),
        (sh("uv run sqlfluff lint models", "All Finished 📜 🎉!\n"),),
    ), lints("uv run sqlfluff lint models"), builds("uv run dbt build --select fct_orders+"), tests("uv run dbt build --select fct_orders+"),
)  # fmt: skip

SPECIES = place(
    "/home/eva/species", ("the rarefaction curve has no units", "use the survey of 2024", "cache the distance matrix"),
    (("R/rarefy.R", "rarefy <- function(counts, depth) {"), ("_targets.R", "library(targets)"), ("R/survey.R", "read_survey <- function(year) {"), ("tests/testthat/test-rarefy.R", 'test_that("depth is kept", {'), ("renv.lock", '  "R": {')),
    (("rarefy <-", "R", "R/rarefy.R:4:rarefy <- function(counts, depth) {\n"), ("tar_target", "_targets.R", "12:  tar_target(counts, read_survey(2023)),\n")),
    (
        (sh("Rscript -e 'targets::tar_make()'", "✔ skipped target counts\n▶ dispatched target curve\n● completed target curve [0.91 seconds]\n▶ ended pipeline [1.52 seconds]\n"),),
        red_green("Rscript -e 'testthat::test_dir(\"tests/testthat\")'", "── Failure (test-rarefy.R:4:3): depth is kept ──\nsum(out) not equal to 100.\n\n[ FAIL 1 | WARN 0 | SKIP 0 | PASS 12 ]\n", "R/rarefy.R", "  sample(counts, depth + 1)", "[ FAIL 0 | WARN 0 | SKIP 0 | PASS 13 ]\n"),
    ), tests("Rscript -e 'testthat::test_dir(\"tests/testthat\")'"), builds("Rscript -e 'targets::tar_make()'"),
)  # fmt: skip

ORBIT = place(
    "/home/ola/.julia/dev/Orbit", ("the Kepler solver loops for e close to 1", "export the elements as a table", "precision of the epoch"),
    (("src/kepler.jl", "function kepler(M, e; tol=1e-12)"), ("src/Orbit.jl", "module Orbit"), ("test/kepler.jl", '@testset "near parabolic" begin'), ("Project.toml", 'name = "Orbit"'), ("src/epoch.jl", "struct Epoch")),
    (("function kepler", "src", "src/kepler.jl:8:function kepler(M, e; tol=1e-12)\n"), ("struct Epoch", "src", "src/epoch.jl:3:struct Epoch\n")),
    (
        (sh("julia --project=. -e 'using Pkg; Pkg.test()'", "Test Summary: | Pass  Total  Time\nOrbit         |   88     88  9.4s\n     Testing Orbit tests passed\n"),),
        red_green("julia --project=. -e 'using Pkg; Pkg.test()'", "near parabolic: Test Failed at /home/ola/.julia/dev/Orbit/test/kepler.jl:6\n  Expression: kepler(0.1, 0.999) ≈ 0.8\nERROR: Package Orbit errored during testing\n", "src/kepler.jl", "    E = M", "     Testing Orbit tests passed\n"),
    ), tests("julia --project=. -e 'using Pkg; Pkg.test()'"),
)  # fmt: skip

MOTES = place(
    "/home/fin/src/motes", ("the radio task starves the sensor", "derive defmt for the errors", "the host tool panics on an empty frame"),
    (("firmware/src/main.rs", "#[embassy_executor::main]"), ("proto/src/frame.rs", "pub struct Frame<'a> {"), ("host/src/main.rs", "fn main() -> anyhow::Result<()> {"), ("Cargo.toml", "[workspace]"), ("proto/tests/frame.rs", "#[test]")),
    (("struct Frame", "proto", "proto/src/frame.rs:7:pub struct Frame<'a> {\n"), ("embassy_executor", "firmware", "firmware/src/main.rs:12:#[embassy_executor::main]\n")),
    (
        (sh("cargo nextest run -p proto", "     Summary [   0.031s] 24 tests run: 24 passed, 0 skipped\n"),),
        red_green("cargo nextest run -p proto", "        FAIL [   0.004s] proto::frame empty_frame\n     Summary [   0.030s] 24 tests run: 23 passed, 1 failed, 0 skipped\nerror: test run failed\n", "proto/src/frame.rs", "        let first = bytes[0];", "     Summary [   0.031s] 24 tests run: 24 passed, 0 skipped\n"),
        (sh("cargo clippy -p proto -- -D warnings", "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.31s\n"),),
    ), tests("cargo nextest run -p proto"), lints("cargo clippy -p proto -- -D warnings"),
)  # fmt: skip

BASKET = place(
    "/home/kim/basket", ("the recommender forgets new users", "move the feature store's client to its own target", "a test for the empty basket"),
    (("src/python/basket/recommend.py", "def recommend(user: User) -> list[Item]:"), ("src/python/basket/BUILD", "python_sources()"), ("pants.toml", "[GLOBAL]"), ("src/python/basket/recommend_test.py", "def test_empty():"), ("3rdparty/python/BUILD", "python_requirements(")),
    (("def recommend", "src", "src/python/basket/recommend.py:20:def recommend(user: User) -> list[Item]:\n"), ("python_sources", "src", "src/python/basket/BUILD:1:python_sources()\n")),
    (
        (sh("pants test ::", "✓ src/python/basket/recommend_test.py:tests succeeded in 1.22s (cached locally).\n"),),
        red_green("pants test src/python/basket::", "✕ src/python/basket/recommend_test.py:tests failed in 1.31s.\nE       assert [] == [Item(id=0)]\n", "src/python/basket/recommend.py", "    return []", "✓ src/python/basket/recommend_test.py:tests succeeded in 1.25s.\n"),
        (sh("pants lint ::", "✓ ruff check succeeded.\n"),),
    ), tests("pants test ::"), lints("pants lint ::"),
)  # fmt: skip

TALLY = place(
    "/home/sam/swift/tally", ("votes are counted before the poll closes", "page the list of polls", "return 409 for a second vote"),
    (("Sources/App/Controllers/PollController.swift", "struct PollController: RouteCollection {"), ("Sources/App/Models/Vote.swift", "final class Vote: Model, Content {"), ("Package.swift", "// swift-tools-version:5.10"), ("Tests/AppTests/PollTests.swift", "final class PollTests: XCTestCase {"), ("Sources/App/configure.swift", "public func configure(_ app: Application) async throws {")),
    (("class Vote", "Sources", "Sources/App/Models/Vote.swift:6:final class Vote: Model, Content {\n"), ("RouteCollection", "Sources", "Sources/App/Controllers/PollController.swift:4:struct PollController: RouteCollection {\n")),
    (
        (sh("swift test --parallel", "[38/38] Testing AppTests.PollTests/testSecondVote\n"),),
        red_green("swift test --parallel", 'Tests/AppTests/PollTests.swift:31: error: PollTests.testSecondVote : XCTAssertEqual failed: ("201 Created") is not equal to ("409 Conflict")\n', "Sources/App/Controllers/PollController.swift", "        return .created", "[38/38] Testing AppTests.PollTests/testSecondVote\n"),
    ), tests("swift test --parallel", "swift test"),
)  # fmt: skip

FARM = place(
    "/home/oda/farm", ("chrony on all of the hosts", "the proxy's role restarts it on each run", "add the host owl"),
    (("roles/proxy/tasks/main.yml", "- name: install haproxy"), ("roles/chrony/defaults/main.yml", "chrony_servers: []"), ("inventories/prod/hosts.yml", "all:"), ("site.yml", "- hosts: proxies"), ("roles/proxy/handlers/main.yml", "- name: restart haproxy")),
    (("restart haproxy", "roles", "roles/proxy/handlers/main.yml:1:- name: restart haproxy\n"), ("chrony_servers", "roles", "roles/chrony/defaults/main.yml:2:chrony_servers: []\n")),
    (
        (sh("ansible-lint", "Passed: 0 failure(s), 0 warning(s) on 41 files. Last profile that met the validation criteria was 'production'.\n"),),
        red_green("ansible-lint", "fqcn[action-core]: Use FQCN for builtin module actions (service).\nroles/proxy/handlers/main.yml:2\n\nFailed: 1 failure(s), 0 warning(s) on 41 files.\n", "roles/proxy/handlers/main.yml", "  service:", "Passed: 0 failure(s), 0 warning(s) on 41 files.\n"),
        (sh("ansible-inventory -i inventories/prod --graph", "@all:\n  |--@proxies:\n  |  |--heron\n  |  |--owl\n"),),
    ), lints("ansible-lint"),
)  # fmt: skip

EDGE = place(
    "/Users/bo/code/edge", ("the redirect loses its query", "cache the flags for a minute", "log the colo of each hit"),
    (("src/router.ts", "export function route(request: Request): Promise<Response> {"), ("src/flags.ts", "export const flags = new Map<string, boolean>();"), ("deno.json", '  "tasks": {'), ("tests/router_test.ts", 'Deno.test("keeps the query", async () => {'), ("src/main.ts", "Deno.serve(route);")),
    (("function route", "src", "src/router.ts:5:export function route(request: Request): Promise<Response> {\n"), ("flags", "src", "src/flags.ts:2:export const flags = new Map<string, boolean>();\n")),
    (
        (sh("deno task test", "Task test deno test --allow-net --allow-env tests/\nok | 19 passed | 0 failed (312ms)\n"),),
        red_green("deno task test", "keeps the query => ./tests/router_test.ts:4:6\nerror: AssertionError: Values are not equal.\n\nFAILED | 18 passed | 1 failed (330ms)\n", "src/router.ts", "  return Response.redirect(url.pathname);", "ok | 19 passed | 0 failed (309ms)\n"),
        (sh("deno lint", "Checked 14 files\n"),),
    ), tests("deno task test"), lints("deno lint"),
)  # fmt: skip
