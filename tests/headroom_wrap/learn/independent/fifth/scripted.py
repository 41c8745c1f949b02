"""Rails, Laravel and a Phoenix umbrella."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fifth.worlds import CLUBHOUSE, HIVE, MUSEUM
from tests.headroom_wrap.learn.independent.fourth.labels import add, at, folder, program, swap, task, variable
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import lints, tests
from tests.headroom_wrap.learn.independent.steps import edit, gone, noise, read, sh, user

_LESSONS = (
    case(
        "rails-by-its-binstub", "no rails on the path", MUSEUM,
        on("claude", sh("rails db:migrate:status", "bash: rails: command not found\n", 127), sh("bin/rails db:migrate:status", "   up     20250301  Create loans\n")),
        on("gemini", sh("rails routes -g loans", "bash: line 1: rails: command not found\n", 127), sh("bin/rails routes -g loans", "loans GET /loans(.:format) loans#index\n")),
        right=[program("rails", ["bin/rails", "./bin/rails"])],
    ),
    case(
        "rspec-is-not-used", "tests are minitest's, and bundler says what is missing", MUSEUM,
        on("codex", sh("bundle exec rspec", "bundler: command not found: rspec\nInstall missing gem executables with `bundle install`\n", 127), sh("ls", "app\nbin\nconfig\ntest\n"), sh("bin/rails test", "64 runs, 181 assertions, 0 failures, 0 errors, 0 skips\n")),
        on("claude", sh("bundle exec rspec spec/models", "bundler: command not found: rspec\n", 127), sh("bin/rails test test/models", "21 runs, 60 assertions, 0 failures, 0 errors, 0 skips\n")),
        right=[program(["bundle exec rspec", "rspec"], ["bin/rails test", "bin/rails"])], fine=[tests("bin/rails test test/models")],
    ),
    case(
        "seeds-by-a-task", "rake tells that it does not know the task", MUSEUM,
        on("claude", sh("bin/rails db:sample", "rails aborted!\nDon't know how to build task 'db:sample' (See the list of available tasks with `rails --tasks`)\nDid you mean?  db:examples\n", 1), sh("bin/rails db:examples", "40 loans\n")),
        on("opencode", sh("bin/rails db:sample", "rails aborted!\nDon't know how to build task 'db:sample' (See the list of available tasks with `rails --tasks`)\n", 1), sh("bin/rails --tasks db", "rails db:examples  # Load examples\n"), sh("bin/rails db:examples", "40 loans\n")),
        right=[task(["db:sample", "bin/rails db:sample"], ["db:examples", "bin/rails db:examples"])],
    ),
    case(
        "locale-of-the-importer", "an encoding that the shell does not set", MUSEUM,
        on("claude", sh("bin/import catalogue.xml", "invalid byte sequence in US-ASCII (ArgumentError)\n", 1), sh("LANG=C.UTF-8 bin/import catalogue.xml", "3120 objects\n")),
        on("codex", sh("bin/import loans.xml", "invalid byte sequence in US-ASCII (ArgumentError)\n", 1), sh("LANG=C.UTF-8 bin/import loans.xml", "88 loans\n")),
        right=[variable(["bin/import"], "LANG=C.UTF-8")],
    ),
    case(
        "pest-not-phpunit", "the runner is another", CLUBHOUSE,
        on("claude", sh("vendor/bin/phpunit --filter CourtTest", "bash: vendor/bin/phpunit: No such file or directory\n", 127), sh("vendor/bin/pest --filter CourtTest", "  Tests:    6 passed (14 assertions)\n")),
        on("copilot", sh("vendor/bin/phpunit tests/Feature", "bash: vendor/bin/phpunit: No such file or directory\n", 127), sh("vendor/bin/pest tests/Feature", "  Tests:    30 passed (90 assertions)\n")),
        right=[program(["vendor/bin/phpunit", "phpunit"], "vendor/bin/pest")], fine=[tests("vendor/bin/pest --filter CourtTest", "vendor/bin/pest tests/Feature"), at("vendor/bin/phpunit", ["vendor/bin/pest"])],
    ),
    case(
        "phpstan-wants-memory", "the analysis crashes without more memory, in every session", CLUBHOUSE,
        on("gemini", sh("vendor/bin/phpstan analyse app", "PHPStan process crashed because it reached configured PHP memory limit: 128M\nIncrease your memory limit in php.ini or run PHPStan with --memory-limit CLI option.\n", 1), sh("vendor/bin/phpstan analyse app --memory-limit=1G", " [OK] No errors\n")),
        on("claude", sh("vendor/bin/phpstan analyse app", "PHPStan process crashed because it reached configured PHP memory limit: 128M\n", 1), sh("vendor/bin/phpstan analyse app --memory-limit=1G", " [OK] No errors\n")),
        right=[add(["vendor/bin/phpstan analyse", "vendor/bin/phpstan", "vendor/bin/phpstan analyse app"], "--memory-limit=1G")], fine=[lints("vendor/bin/phpstan analyse app --memory-limit=1G", "vendor/bin/phpstan analyse app")],
    ),
    case(
        "php-of-the-project", "the machine's php is too old, and there is another", CLUBHOUSE,
        on("claude", sh("php artisan queue:failed", 'Composer detected issues in your platform:\n\nYour Composer dependencies require a PHP version ">= 8.3.0". You are running 8.1.2.\n', 104), sh("php8.3 artisan queue:failed", "   INFO  No failed jobs found.\n")),
        on("opencode", sh("php artisan route:list --path=courts", 'Composer detected issues in your platform:\n\nYour Composer dependencies require a PHP version ">= 8.3.0". You are running 8.1.2.\n', 104), sh("php8.3 artisan route:list --path=courts", "  GET|HEAD courts\n")),
        right=[program(["php", "php artisan"], ["php8.3", "php8.3 artisan"])],
    ),
    case(
        "phoenix-s-routes", "a task that has to be run in its app", HIVE,
        on("codex", sh("mix phx.routes", "** (Mix) mix phx.routes requires a router. No router was found for the umbrella\n", 1), sh("cd apps/hive_web && mix phx.routes", "  GET  /yards  HiveWeb.YardLive :index\n")),
        on("claude", sh("mix phx.routes", "** (Mix) mix phx.routes requires a router. No router was found for the umbrella\n", 1), sh("cd apps/hive_web && mix phx.routes", "  GET  /yards  HiveWeb.YardLive :index\n")),
        right=[folder("mix phx.routes", "apps/hive_web")],
    ),
    case(
        "ecto-has-two-repos", "two repositories, and the task asks which", HIVE,
        on("claude", sh("mix ecto.gen.migration add_queens", "** (Mix) Cannot run ecto.gen.migration because there are multiple repos. Pass --repo (-r)\n", 1), sh("mix ecto.gen.migration add_queens -r Hive.Repo", "* creating apps/hive/priv/repo/migrations/20250910_add_queens.exs\n")),
        on("gemini", sh("mix ecto.gen.migration add_scales", "** (Mix) Cannot run ecto.gen.migration because there are multiple repos. Pass --repo (-r)\n", 1), sh("mix ecto.gen.migration add_scales -r Hive.Repo", "* creating apps/hive/priv/repo/migrations/20250911_add_scales.exs\n")),
        right=[add("mix ecto.gen.migration", ["-r Hive.Repo", "--repo Hive.Repo"])],
    ),
    case(
        "credo-s-strict-is-a-word", "an option that was misspelt the same way twice", HIVE,
        on("claude", sh("mix credo --stricter", "** (credo) Unknown switch: --stricter\n", 1), sh("mix credo --strict", "48 mods/funs, found no issues.\n")),
        on("codex", sh("mix credo --stricter", "** (credo) Unknown switch: --stricter\n", 1), sh("mix credo --strict", "48 mods/funs, found no issues.\n")),
        right=[swap("mix credo", "--stricter", "--strict")], fine=[lints("mix credo --strict", "mix credo")],
    ),
    case(
        "live-not-controllers", "a page's module is guessed as a controller", HIVE,
        on("opencode", gone("apps/hive_web/lib/hive_web/controllers/yard_controller.ex"), read("apps/hive_web/lib/hive_web/live/yard_live.ex", "defmodule HiveWeb.YardLive do\n")),
        on("claude", gone("apps/hive_web/lib/hive_web/router/router.ex"), sh("git ls-files '*router.ex'", "apps/hive_web/lib/hive_web/router.ex\n"), read("apps/hive_web/lib/hive_web/router.ex", "defmodule HiveWeb.Router do\n")),
        on("codex", gone("apps/hive_web/lib/hive_web/router/router.ex"), read("apps/hive_web/lib/hive_web/router.ex", "defmodule HiveWeb.Router do\n")),
        right=[at("apps/hive_web/lib/hive_web/router/router.ex", ["apps/hive_web/lib/hive_web/router.ex", "apps/hive_web/lib/hive_web"])],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "pending-migrations", "the migration is run, and it is past", MUSEUM,
        on("claude", sh("bin/rails test test/models/loan_test.rb", "Migrations are pending. To resolve this issue, run:\n\n        bin/rails db:migrate RAILS_ENV=test\n", 1), sh("bin/rails db:migrate RAILS_ENV=test"), sh("bin/rails test test/models/loan_test.rb", "9 runs, 20 assertions, 0 failures, 0 errors, 0 skips\n")),
        on("codex", sh("bin/rails test test/models/loan_test.rb", "Migrations are pending. To resolve this issue, run:\n\n        bin/rails db:migrate RAILS_ENV=test\n", 1), sh("RAILS_ENV=test bin/rails db:schema:load"), sh("bin/rails test test/models/loan_test.rb", "9 runs, 20 assertions, 0 failures, 0 errors, 0 skips\n")),
        fine=[tests("bin/rails test test/models/loan_test.rb")],
    ),
    case(
        "a-seed-of-chance", "a test that depends on the order, run again with another seed", MUSEUM,
        on("gemini", sh("bin/rails test --seed 4411", "LoanTest#test_order [test/models/loan_test.rb:40]\n64 runs, 180 assertions, 1 failures, 0 errors, 0 skips\n", 1), sh("bin/rails test --seed 1", "64 runs, 181 assertions, 0 failures, 0 errors, 0 skips\n")),
        on("claude", sh("bin/rails test --seed 4411", "LoanTest#test_order [test/models/loan_test.rb:40]\n64 runs, 180 assertions, 1 failures, 0 errors, 0 skips\n", 1), sh("bin/rails test --seed 1", "64 runs, 181 assertions, 0 failures, 0 errors, 0 skips\n")),
        fine=[tests("bin/rails test --seed 1", "bin/rails test --seed 4411", "bin/rails test --seed")],
    ),
    case(
        "offences-were-corrected", "rubocop repairs what it found", MUSEUM,
        on("claude", sh("bin/rubocop app/jobs", "app/jobs/overdue_job.rb:4:3: C: [Correctable] Layout/IndentationWidth\n\n6 files inspected, 1 offense detected, 1 offense autocorrectable\n", 1), sh("bin/rubocop -a app/jobs", "6 files inspected, 1 offense detected, 1 offense corrected\n")),
        on("copilot", sh("bin/rubocop app/models", "12 files inspected, 2 offenses detected, 2 offenses autocorrectable\n", 1), sh("bin/rubocop -a app/models", "12 files inspected, 2 offenses detected, 2 offenses corrected\n")),
        fine=[lints("bin/rubocop app/jobs", "bin/rubocop app/models", "bin/rubocop -a app/jobs", "bin/rubocop -a app/models", "bin/rubocop -a")],
    ),
    case(
        "platform-was-ignored", "passing by a check of composer is for a person to decide", CLUBHOUSE,
        on("codex", sh("composer require intervention/image", "  Problem 1\n    - Root composer.json requires PHP extension ext-gd * but it is missing from your system.\n", 2), sh("composer require intervention/image --ignore-platform-req=ext-gd", "Using version ^3.8 for intervention/image\n")),
        on("claude", sh("php -m | grep gd", "gd\n"), noise(3)),
        days=(12, 2),
    ),
    case(
        "the-user-changed-the-plan", "rails generators, and then not", MUSEUM,
        on("claude", sh("bin/rails generate model Loan", "The name 'Loan' is either already used in your application or reserved by Ruby on Rails.\n", 1), user("oh right. call it Lending instead, only the new one"), sh("bin/rails generate model Lending", "      create  app/models/lending.rb\n")),
        on("gemini", noise(4)),
    ),
    case(
        "a-route-that-is-wrong", "the code under test raises, and the repair is in the code", CLUBHOUSE,
        on("opencode", sh("php8.3 artisan courts:sync", "   Error \n\n  Call to undefined method App\\Models\\Member::courtz()\n", 1), edit("app/Models/Member.php", "courtz", "courts"), sh("php8.3 artisan courts:sync --quiet")),
        on("claude", sh("php8.3 artisan courts:sync", "synced 14\n")),
    ),
    case(
        "deps-were-fetched", "what is missing is fetched, and then it is there", HIVE,
        on("claude", sh("mix compile", "Unchecked dependencies for environment dev:\n* jason (Hex package)\n  the dependency is not available, run \"mix deps.get\"\n** (Mix) Can't continue due to errors on dependencies\n", 1), sh("mix deps.get", "* Getting jason (Hex package)\n"), sh("mix compile", "Generated hive app\n")),
        on("codex", sh("mix compile")),
        fine=[("build_command", {"command": "mix compile"})],
    ),
    case(
        "one-failed-only", "running only what failed is not what the first command was", HIVE,
        on("gemini", sh("mix test apps/hive/test/hive/weight_test.exs", "  1) test a drop of ten kilos is an alarm\n3 tests, 1 failure\n", 1), sh("mix test apps/hive/test/hive/weight_test.exs:9", 'Excluding tags: [:test]\nIncluding tags: [location: {"weight_test.exs", 9}]\n1 test, 0 failures\n')),
        on("claude", sh("mix test apps/hive/test/hive/weight_test.exs", "  1) test a drop of ten kilos is an alarm\n3 tests, 1 failure\n", 1), sh("mix test --exclude alarm apps/hive/test/hive/weight_test.exs", "3 tests, 0 failures, 1 excluded\n")),
        fine=[tests("mix test apps/hive/test/hive/weight_test.exs", "mix test apps/hive/test/hive/weight_test.exs:9", "mix test --exclude alarm apps/hive/test/hive/weight_test.exs")],
    ),
    case(
        "no-file-but-a-folder-of-names", "two files of the same name in two places, and no agreement", MUSEUM,
        on("claude", gone("app/components/card.rb"), read("app/components/loans/card.rb", "class Loans::Card\n")),
        on("codex", gone("app/components/card.rb"), read("app/components/objects/card.rb", "class Objects::Card\n")),
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)
