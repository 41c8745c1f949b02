"""Dynamic languages of the web besides Python: Phoenix, Rails with an engine, Laravel in Sail."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fourth.labels import add, at, hangs, hangs_instead, program, search_in, task, variable
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import World, builds, lints, red_green, tests
from tests.headroom_wrap.learn.independent.steps import edit, find, gone, noise, read, sh, user

BEACON = World(
    "/home/una/beacon",
    ("keepers should not see other lighthouses", "send a mail when a lamp is out", "the live view blinks on reconnect", "add an index on reports"),
    (
        ("lib/beacon/lamps.ex", "defmodule Beacon.Lamps do"), ("lib/beacon_web/live/lamp_live.ex", "defmodule BeaconWeb.LampLive do"), ("test/beacon/lamps_test.exs", '  describe "report/1" do'),
        ("config/runtime.exs", "import Config"), ("mix.exs", "  defp aliases do"), ("priv/repo/seeds.exs", "alias Beacon.Repo"),
    ),
    (("def report", "lib", "lib/beacon/lamps.ex:22:  def report(lamp) do\n"), ("handle_info", "lib/beacon_web", "lib/beacon_web/live/lamp_live.ex:30:  def handle_info({:lamp, id}, socket) do\n")),
    (
        (sh("mix test", "Running ExUnit with seed: 40112, max_cases: 16\n\n................\nFinished in 0.6 seconds (0.4s async, 0.2s sync)\n72 tests, 0 failures\n"),),
        red_green("mix test test/beacon/lamps_test.exs", "  1) test report/1 refuses strangers (Beacon.LampsTest)\n     ** (MatchError) no match of right hand side value: {:ok, %Beacon.Report{}}\n\n9 tests, 1 failure\n", "lib/beacon/lamps.ex", "  def report(lamp) do", "9 tests, 0 failures\n"),
        (sh("mix format --check-formatted"),),
    ),
    (tests("mix test"), lints("mix format --check-formatted")),
)  # fmt: skip

GUILD = World(
    "/home/abe/guild",
    ("members who left are still mailed", "a guild needs a motto", "pay the fees by quarter", "the seeds are slow"),
    (
        ("app/models/guild.rb", "class Guild < ApplicationRecord"), ("app/controllers/fees_controller.rb", "class FeesController < ApplicationController"), ("test/models/guild_test.rb", "class GuildTest < ActiveSupport::TestCase"),
        ("config/routes.rb", "Rails.application.routes.draw do"), ("engines/members/app/models/members/member.rb", "module Members"), ("db/seeds.rb", 'Guild.create!(name: "Coopers")'),
    ),
    (("has_many", "app", "app/models/guild.rb:3:  has_many :fees\n"), ("deliver_later", "app", "app/models/fee.rb:18:    FeeMailer.due(self).deliver_later\n")),
    (
        (sh("bin/rails test", "Finished in 1.201s, 91.6 runs/s, 210.6 assertions/s.\n110 runs, 253 assertions, 0 failures, 0 errors, 0 skips\n"),),
        red_green("bin/rails test test/models/guild_test.rb", "Failure:\nGuildTest#test_motto [test/models/guild_test.rb:12]:\nExpected nil to not be nil.\n\n8 runs, 15 assertions, 1 failures, 0 errors, 0 skips\n", "app/models/guild.rb", "  validates :name, presence: true", "8 runs, 15 assertions, 0 failures, 0 errors, 0 skips\n"),
        (sh("bin/rubocop", "Inspecting 88 files\n........................................................................................\n\n88 files inspected, no offenses detected\n"),),
    ),
    (tests("bin/rails test"), lints("bin/rubocop")),
)  # fmt: skip

BAZAAR = World(
    "/home/salma/bazaar",
    ("vendors may not change a paid order", "import stalls from a CSV", "the basket's total is off by a cent", "use enums for the state of an order"),
    (
        ("app/Models/Order.php", "class Order extends Model"), ("app/Http/Controllers/BasketController.php", "final class BasketController extends Controller"), ("tests/Feature/BasketTest.php", "it('keeps its total', function () {"),
        ("routes/web.php", "Route::middleware('auth')->group(function () {"), ("composer.json", '    "scripts": {'), ("database/factories/OrderFactory.php", "class OrderFactory extends Factory"),
    ),
    (("enum ", "app", "app/Enums/Role.php:5:enum Role: string\n"), ("fillable", "app/Models", "app/Models/Order.php:14:    protected $fillable = ['vendor_id'];\n")),
    (
        (sh("./vendor/bin/pest", "  Tests:    64 passed (171 assertions)\n  Duration: 2.11s\n"),),
        red_green("./vendor/bin/pest --filter=Basket", "  FAILED  Tests\\Feature\\BasketTest > it keeps its total\n  Failed asserting that 1999 is identical to 2000.\n\n  Tests:    1 failed, 5 passed (12 assertions)\n", "app/Models/Order.php", "    public function total(): int", "  Tests:    6 passed (12 assertions)\n"),
        (sh("./vendor/bin/pint --test", "  ──────────────────────────────── Laravel\n    PASS   ................................. 91 files\n"),),
    ),
    (tests("./vendor/bin/pest", "./vendor/bin/pest --filter=Basket"), lints("./vendor/bin/pint --test", "./vendor/bin/pint")),
)  # fmt: skip

_LESSONS = (
    case(
        "an-interactive-shell-of-mix", "an interactive shell waits for its user", BEACON,
        on("claude", sh("iex -S mix", "Erlang/OTP 27 [erts-15.1]\n\nInteractive Elixir (1.17.3) - press Ctrl+C to exit (type h() ENTER for help)\niex(1)> ", 143, "timed_out"), sh("mix run -e 'IO.inspect Beacon.Lamps.list()'", "[]\n")),
        on("codex", sh("iex -S mix", "Interactive Elixir (1.17.3) - press Ctrl+C to exit (type h() ENTER for help)\niex(1)> ", 124, "timed_out"), sh("mix run -e 'IO.inspect Beacon.Repo.config()'", '[database: "beacon_dev"]\n')),
        right=[hangs(["iex -S mix", "iex"])], fine=[hangs_instead(["iex -S mix", "iex"], ["mix run -e", "mix run", "mix run -e 'IO.inspect Beacon.Lamps.list()'", "mix run -e 'IO.inspect Beacon.Repo.config()'"])],
    ),
    case(
        "the-environment-of-an-alias", "mix tells which environment an alias needs", BEACON,
        on("gemini", sh("mix test.smoke", '** (Mix) "mix test" is running in the "dev" environment. If you are running tests from within another command, you can either:\n\n  1. set MIX_ENV explicitly:\n\n         MIX_ENV=test mix test.another\n', 1), sh("MIX_ENV=test mix test.smoke", "4 tests, 0 failures\n")),
        on("claude", sh("mix test.smoke", '** (Mix) "mix test" is running in the "dev" environment. If you are running tests from within another command, you can either:\n\n  1. set MIX_ENV explicitly:\n', 1), sh("MIX_ENV=test mix test.smoke", "4 tests, 0 failures\n")),
        right=[variable(["mix test.smoke"], "MIX_ENV=test")], fine=[tests("mix test.smoke", "MIX_ENV=test mix test.smoke")],
    ),
    case(
        "rails-is-in-bin", "rails is not on the path", GUILD,
        on("opencode", sh("rails routes -g fees", "bash: line 1: rails: command not found\n", 127), sh("bin/rails routes -g fees", "fees GET /fees(.:format) fees#index\n")),
        on("claude", sh("rails db:migrate:status", "/bin/bash: line 1: rails: command not found\n", 127), sh("bin/rails db:migrate:status", "   up     20240110091500  Create guilds\n")),
        right=[program("rails", ["bin/rails", "./bin/rails"])],
    ),
    case(
        "minitest-not-rspec", "the other framework is guessed", GUILD,
        on("claude", sh("bundle exec rspec", "bundler: command not found: rspec\nInstall missing gem executables with `bundle install`\n", 127), sh("bin/rails test", "110 runs, 253 assertions, 0 failures, 0 errors, 0 skips\n")),
        on("copilot", sh("bundle exec rspec", "bundler: command not found: rspec\nInstall missing gem executables with `bundle install`\n", 127), sh("ls spec test", "ls: cannot access 'spec': No such file or directory\ntest:\nmodels\ntest_helper.rb\n", 2), sh("bin/rails test", "110 runs, 253 assertions, 0 failures, 0 errors, 0 skips\n")),
        right=[program(["bundle exec rspec", "rspec"], ["bin/rails test"])],
    ),
    case(
        "members-are-in-an-engine", "models are looked for in the application, three times", GUILD,
        on("claude", find("class Membership", "app/models", ""), find("class Membership", "engines/members/app/models", "engines/members/app/models/members/membership.rb:2:  class Membership < ApplicationRecord\n")),
        on("gemini", find("class Household", "app/models", ""), find("class Household", "engines/members/app/models", "engines/members/app/models/members/household.rb:2:  class Household < ApplicationRecord\n")),
        on("opencode", find("def left_at", "app/models", ""), find("def left_at", "engines/members/app/models", "engines/members/app/models/members/member.rb:20:    def left_at\n")),
        right=[search_in("app/models", "engines/members/app/models")],
    ),
    case(
        "artisan-goes-by-sail", "the database's name is known in the containers only", BAZAAR,
        on("claude", sh("php artisan migrate:status", "   Illuminate\\Database\\QueryException \n\n  SQLSTATE[HY000] [2002] php_network_getaddresses: getaddrinfo for mysql failed: Name or service not known\n", 1), sh("./vendor/bin/sail artisan migrate:status", "  2024_03_01_000000_create_orders_table ........ [1] Ran\n")),
        on("codex", sh("php artisan db:show", "  SQLSTATE[HY000] [2002] php_network_getaddresses: getaddrinfo for mysql failed: Name or service not known\n", 1), sh("./vendor/bin/sail artisan db:show", "  MySQL ..................................... 8.0.36\n")),
        on("claude", sh("php artisan migrate:status", "  SQLSTATE[HY000] [2002] php_network_getaddresses: getaddrinfo for mysql failed: Name or service not known\n", 1), sh("./vendor/bin/sail artisan migrate:status", "  2024_03_01_000000_create_orders_table ........ [1] Ran\n")),
        right=[program(["php artisan", "php"], ["./vendor/bin/sail artisan", "./vendor/bin/sail"])],
        fine=[program(["php artisan migrate:status", "php artisan db:show"], ["./vendor/bin/sail artisan migrate:status", "./vendor/bin/sail artisan db:show"])],
    ),
    case(
        "a-script-of-composer", "composer does not know the name; its file does", BAZAAR,
        on("copilot", sh("composer lint", '\n                                    \n  Command "lint" is not defined.    \n                                    \n  Did you mean one of these?        \n      licenses\n      list\n', 1), sh("composer run --list", "scripts:\n  analyse  Runs phpstan.\n  style    Runs pint in its testing mode.\n"), sh("composer style", "    PASS   ................................. 91 files\n")),
        on("claude", sh("composer lint", '  Command "lint" is not defined.\n', 1), sh("composer style", "    PASS   ................................. 91 files\n")),
        right=[task(["lint", "composer lint"], ["style", "composer style"])], fine=[lints("composer style")],
    ),
    case(
        "phpstan-needs-memory", "the analysis says which option it wants", BAZAAR,
        on("gemini", sh("vendor/bin/phpstan analyse", "PHPStan process crashed because it reached configured PHP memory limit: 128M\nIncrease your memory limit in php.ini or run PHPStan with --memory-limit CLI option.\n", 1), sh("vendor/bin/phpstan analyse --memory-limit=1G", " [OK] No errors\n")),
        on("opencode", sh("vendor/bin/phpstan analyse", "PHPStan process crashed because it reached configured PHP memory limit: 128M\nIncrease your memory limit in php.ini or run PHPStan with --memory-limit CLI option.\n", 1), sh("vendor/bin/phpstan analyse --memory-limit=1G", " [OK] No errors\n")),
        right=[add(["vendor/bin/phpstan analyse", "vendor/bin/phpstan"], ["--memory-limit=1G", "--memory-limit 1G"])], fine=[lints("vendor/bin/phpstan analyse --memory-limit=1G", "vendor/bin/phpstan analyse")],
    ),
    case(
        "a-worker-of-queues", "a worker waits for more work unless it is told to stop", BAZAAR,
        on("claude", sh("./vendor/bin/sail artisan queue:work", "   INFO  Processing jobs from the [default] queue.\n\n  2024-09-02 10:11:12 App\\Jobs\\ImportStalls ........ 1s DONE\n", 143, "timed_out"), sh("./vendor/bin/sail artisan queue:work --stop-when-empty", "   INFO  Processing jobs from the [default] queue.\n")),
        on("codex", sh("./vendor/bin/sail artisan queue:work", "   INFO  Processing jobs from the [default] queue.\n", 124, "timed_out"), sh("./vendor/bin/sail artisan queue:work --stop-when-empty", "   INFO  Processing jobs from the [default] queue.\n")),
        right=[hangs_instead(["./vendor/bin/sail artisan queue:work"], ["./vendor/bin/sail artisan queue:work --stop-when-empty"])],
        fine=[hangs(["./vendor/bin/sail artisan queue:work"]), add(["./vendor/bin/sail artisan queue:work"], "--stop-when-empty")],
    ),
    case(
        "policies-are-in-domain", "a policy is guessed at Laravel's usual place, by a shell and by a reader", BAZAAR,
        on("codex", sh("cat app/Policies/OrderPolicy.php", "cat: app/Policies/OrderPolicy.php: No such file or directory\n", 1), sh("rg --files -g 'OrderPolicy.php'", "src/Domain/Orders/OrderPolicy.php\n"), read("src/Domain/Orders/OrderPolicy.php", "final class OrderPolicy\n")),
        on("claude", gone("app/Policies/OrderPolicy.php"), read("src/Domain/Orders/OrderPolicy.php", "final class OrderPolicy\n")),
        right=[at(["app/Policies/OrderPolicy.php", "app/Policies"], ["src/Domain/Orders/OrderPolicy.php", "src/Domain/Orders"])],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "dependencies-were-fetched", "a checkout without its dependencies gets them", BEACON,
        on("claude", sh("mix compile", "Unchecked dependencies for environment dev:\n* swoosh (Hex package)\n  the dependency is not available, run \"mix deps.get\"\n** (Mix) Can't continue due to errors on dependencies\n", 1), sh("mix deps.get", "All dependencies have been fetched\n"), sh("mix compile", "Compiling 41 files (.ex)\n")),
        on("gemini", sh("mix compile", "Unchecked dependencies for environment dev:\n* oban (Hex package)\n** (Mix) Can't continue due to errors on dependencies\n", 1), sh("mix deps.get", "All dependencies have been fetched\n"), sh("mix compile", "Compiling 41 files (.ex)\n")),
        fine=[builds("mix compile")],
    ),
    case(
        "migrations-were-pending", "the test database is a migration behind, once", GUILD,
        on("codex", sh("bin/rails test test/models/fee_test.rb", "Migrations are pending. To resolve this issue, run:\n\n        bin/rails db:migrate RAILS_ENV=test\n\nYou have 1 pending migration:\n\n20240702101010_add_motto_to_guilds.rb\n", 1), sh("bin/rails db:migrate RAILS_ENV=test"), sh("bin/rails test test/models/fee_test.rb", "6 runs, 9 assertions, 0 failures, 0 errors, 0 skips\n")),
        on("claude", noise(4)),
    ),
    case(
        "offenses-are-corrected", "a linter finds offenses, and its correction is no better command", GUILD,
        on("claude", sh("bin/rubocop app/models", "app/models/guild.rb:4:1: C: [Correctable] Layout/EmptyLines: Extra blank line detected.\n\n12 files inspected, 1 offense detected, 1 offense autocorrectable\n", 1), sh("bin/rubocop -a app/models", "12 files inspected, 1 offense detected, 1 offense corrected\n")),
        on("opencode", sh("bin/rubocop app/controllers", "9 files inspected, 2 offenses detected, 2 offenses autocorrectable\n", 1), sh("bin/rubocop -a app/controllers", "9 files inspected, 2 offenses detected, 2 offenses corrected\n")),
        fine=[lints("bin/rubocop app/models", "bin/rubocop -a app/models", "bin/rubocop -a", "bin/rubocop app/controllers")],
    ),
    case(
        "containers-were-down", "nothing runs yet, then it does", BAZAAR,
        on("gemini", sh("./vendor/bin/sail artisan migrate", "Docker is not running.\n", 1), sh("sleep 5; ./vendor/bin/sail up -d", " Container bazaar-mysql-1  Started\n"), sh("./vendor/bin/sail artisan migrate --step", "   INFO  Nothing to migrate.\n")),
        on("claude", sh("./vendor/bin/sail artisan migrate", "   INFO  Nothing to migrate.\n")),
    ),
    case(
        "a-seeded-order", "a test fails under one seed of the order and passes under another", BEACON,
        on("claude", sh("mix test --seed 4", "  1) test lists lamps (Beacon.LampsTest)\n72 tests, 1 failure\n", 2), sh("mix test --seed 0", "72 tests, 0 failures\n")),
        on("codex", sh("mix test --seed 11", "  1) test lists lamps (Beacon.LampsTest)\n72 tests, 1 failure\n", 2), sh("mix test --seed 0", "72 tests, 0 failures\n")),
        fine=[tests("mix test --seed 0", "mix test --seed 4", "mix test --seed 11")],
    ),
    case(
        "browser-tests-left-out-today", "the user leaves something out for today", BAZAAR,
        on("claude", sh("./vendor/bin/pest", "  Tests:    1 failed, 63 passed (170 assertions)\n", 1), user("ignore the browser tests for now, the driver on my laptop is broken today"), sh("./vendor/bin/pest --exclude-group=browser", "  Tests:    60 passed (160 assertions)\n")),
        on("claude", noise(3)),
        fine=[tests("./vendor/bin/pest --exclude-group=browser")],
    ),
    case(
        "a-task-under-construction", "a task of mix that the session writes itself", BEACON,
        on("opencode", sh("mix lamps.export", '** (Mix) The task "lamps.export" could not be found. Did you mean "lamps.import"?\n', 1), edit("lib/mix/tasks/lamps.import.ex", "defmodule Mix.Tasks.Lamps.Import do", "defmodule Mix.Tasks.Lamps.Import do\n  # see Export"), sh("mix lamps.import --dry-run", "0 lamps\n"), sh("mix lamps.export", "12 lamps\n")),
        on("claude", sh("mix lamps.export", "12 lamps\n"), noise(1)),
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)
