"""Cases with something to learn about a command: another program, another task, a folder, an option, a variable."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.second.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import (
    BEACON,
    BILLING,
    CARTOGRAPH,
    DROID,
    INFRA,
    LEDGER,
    MONOLITH,
    PARSEC,
    PORTAL,
    SENSORD,
    SHOPFRONT,
    SOLVERKIT,
    SPACES,
    WAREHOUSE,
    World,
    builds,
)  # fmt: skip
from tests.headroom_wrap.learn.independent.steps import noise, read, sh

# Only in its environment is there a compiler at all.
NIXED = World(SENSORD.root, SENSORD.tasks, SENSORD.files, SENSORD.symbols, ((sh("nix develop -c ctest --preset dev-linux", "100% tests passed, 0 tests failed out of 12\n"),),), (
    ("test_command", {"command": ["nix develop -c ctest --preset dev-linux"]}),
))  # fmt: skip

_PROGRAMS = (
    case(
        "rspec-by-bundler", "a gem's program is not on PATH, only bundler has it", SHOPFRONT,
        on("claude", sh("rspec spec/models/order_spec.rb", "/bin/bash: line 1: rspec: command not found\n", 127), sh("bundle exec rspec spec/models/order_spec.rb", "7 examples, 0 failures\n")),
        on("codex", sh("rspec spec/mailers", "bash: line 1: rspec: command not found\n", 127), read("Gemfile", 'gem "rspec-rails"\n'), sh("bundle exec rspec spec/mailers", "4 examples, 0 failures\n")),
        right=[("use_program", {"wrong": "rspec", "right": ["bundle exec rspec", "bundle exec"]})],
        fine=[("use_environment", {"wrong": "rspec", "right": ["bundle exec rspec", "bundle exec"]})],
    ),
    case(
        "phpunit-of-vendor", "the tests' program lies in vendor/bin", PORTAL,
        on("opencode", sh("phpunit tests/Feature", "bash: line 1: phpunit: command not found\n", 127), sh("ls vendor/bin", "phpstan\nphpunit\npint\n"), sh("vendor/bin/phpunit tests/Feature", "OK (9 tests, 30 assertions)\n")),
        on("claude", sh("phpunit --filter InvoiceTest", "/bin/bash: line 1: phpunit: command not found\n", 127), sh("vendor/bin/phpunit --filter InvoiceTest", "OK (3 tests, 8 assertions)\n")),
        right=[("use_program", {"wrong": "phpunit", "right": ["vendor/bin/phpunit", "./vendor/bin/phpunit"]})],
    ),
    case(
        "dotnet-exe-under-wsl", "under WSL only the Windows program is there", BILLING,
        on("claude", sh("dotnet build", "/bin/bash: line 1: dotnet: command not found\n", 127), sh("ls '/mnt/c/Program Files/dotnet'", "dotnet.exe\nhost\nsdk\n"), sh("dotnet.exe build", "Build succeeded.\n    0 Warning(s)\n    0 Error(s)\n")),
        on("copilot", sh("dotnet test", "bash: line 1: dotnet: command not found\n", 127), sh("dotnet.exe test", "Passed!  - Failed:     0, Passed:    61\n")),
        right=[("use_program", {"wrong": "dotnet", "right": "dotnet.exe"})],
    ),
    case(
        "bazelisk", "bazel is started by another name here", MONOLITH,
        on("gemini", sh("bazel build //tools/pack", "bash: line 1: bazel: command not found\n", 127), sh("bazelisk build //tools/pack", "INFO: Build completed successfully, 9 total actions\n")),
        on("claude", sh("bazel test //services/auth:auth_test", "/bin/bash: line 1: bazel: command not found\n", 127), noise(1), sh("bazelisk test //services/auth:auth_test", "//services/auth:auth_test PASSED in 0.3s\n")),
        right=[("use_program", {"wrong": "bazel", "right": "bazelisk"})],
    ),
    case(
        "cmake-in-nix", "the compiler's tools are only in the development shell", NIXED,
        on("codex", sh("cmake --build build", "bash: line 1: cmake: command not found\n", 127), read("flake.nix", "devShells.default = pkgs.mkShell {\n"), sh("nix develop -c cmake --build build", "[12/12] Linking CXX executable sensord\n")),
        on("claude", sh("cmake --preset dev-linux", "/bin/bash: line 1: cmake: command not found\n", 127), sh("nix develop -c cmake --preset dev-linux", "-- Build files have been written to: /home/raj/sensord/build\n")),
        right=[("use_program", {"wrong": "cmake", "right": ["nix develop -c cmake", "nix develop -c"]})],
        fine=[("use_environment", {"wrong": "cmake", "right": ["nix develop -c cmake", "nix develop -c"]}), builds("nix develop -c cmake --build build")],
    ),
    case(
        "gradle-only-as-wrapper", "gradle is only there as the project's wrapper", DROID,
        on("copilot", sh("gradle :app:lintDebug", "bash: line 1: gradle: command not found\n", 127), sh("./gradlew :app:lintDebug", "BUILD SUCCESSFUL in 31s\n")),
        on("opencode", sh("gradle assembleDebug -q", "bash: line 1: gradle: command not found\n", 127), sh("./gradlew assembleDebug -q", "")),
        right=[("use_program", {"wrong": "gradle", "right": "./gradlew"})],
    ),
    case(
        "airflow-in-its-container", "a program is only in a container that runs", WAREHOUSE,
        on("claude", sh("airflow dags test hourly 2025-10-01", "/bin/bash: line 1: airflow: command not found\n", 127), sh("docker compose ps --services", "postgres\nscheduler\nwebserver\n"), sh("docker compose exec scheduler airflow dags test hourly 2025-10-01", "[2025-10-01, 08:00:00 UTC] INFO - Marking run successful\n")),
        on("codex", sh("airflow tasks list hourly", "bash: line 1: airflow: command not found\n", 127), sh("docker compose exec scheduler airflow tasks list hourly", "extract\nload\n")),
        right=[("use_program", {"wrong": "airflow", "right": ["docker compose exec scheduler airflow", "docker compose exec scheduler"]})],
        fine=[("use_environment", {"wrong": "airflow", "right": ["docker compose exec scheduler airflow"]})],
    ),
    case(
        "esptool-is-a-module", "a tool is a module of python here", BEACON,
        on("gemini", sh("esptool.py chip_id", "bash: line 1: esptool.py: command not found\n", 127), sh("python3 -m esptool chip_id", "Detecting chip type... ESP32\n")),
        on("gemini", sh("esptool.py flash_id", "bash: line 1: esptool.py: command not found\n", 127), noise(2), sh("python3 -m esptool flash_id", "Detected flash size: 4MB\n")),
        right=[("use_program", {"wrong": "esptool.py", "right": "python3 -m esptool"})],
    ),
    case(
        "rake-outside-the-bundle", "the program is there and lacks the project's libraries", SHOPFRONT,
        on("claude", sh("rake stock:count", "rake aborted!\nLoadError: cannot load such file -- bootsnap/setup\n/home/lee/src/shopfront/config/boot.rb:4:in `<top (required)>'\n", 1), sh("bundle exec rake stock:count", "1204 in stock\n")),
        on("opencode", sh("rake stock:count", "rake aborted!\nLoadError: cannot load such file -- bootsnap/setup\n/home/lee/src/shopfront/config/boot.rb:4:in `<top (required)>'\n", 1), sh("bundle exec rake stock:count", "1198 in stock\n")),
        right=[("use_environment", {"wrong": ["rake", "rake stock:count"], "right": ["bundle exec rake", "bundle exec", "bundle exec rake stock:count"]})],
    ),
)  # fmt: skip

_TASKS = (
    case(
        "rake-task-guessed", "a task that is not there, and the one that is", SHOPFRONT,
        on("codex", sh("bundle exec rake db:migrate:test", "rake aborted!\nDon't know how to build task 'db:migrate:test' (See the list of available tasks with `rake --tasks`)\n", 1), sh("bundle exec rake -T db", "rake db:migrate\nrake db:test:prepare\n"), sh("bundle exec rake db:test:prepare")),
        on("claude", sh("bundle exec rake db:migrate:test", "rake aborted!\nDon't know how to build task 'db:migrate:test' (See the list of available tasks with `rake --tasks`)\n", 1), sh("bundle exec rake db:test:prepare")),
        right=[("use_task", {"wrong": ["db:migrate:test", "bundle exec rake db:migrate:test", "rake db:migrate:test"], "right": ["db:test:prepare", "bundle exec rake db:test:prepare", "rake db:test:prepare"]})],
    ),
    case(
        "bazel-target-guessed", "a target that is not in the package", MONOLITH,
        on("claude", sh("bazelisk test //services/auth:tests", "ERROR: no such target '//services/auth:tests': target 'tests' not declared in package 'services/auth' defined by /home/kim/monolith/services/auth/BUILD.bazel\n", 1), sh("bazelisk query //services/auth:all", "//services/auth:auth\n//services/auth:auth_test\n"), sh("bazelisk test //services/auth:auth_test", "//services/auth:auth_test PASSED in 0.3s\n")),
        on("claude", sh("bazelisk test //services/auth:tests", "ERROR: no such target '//services/auth:tests': target 'tests' not declared in package 'services/auth' defined by /home/kim/monolith/services/auth/BUILD.bazel\n", 1), sh("bazelisk test //services/auth:auth_test", "//services/auth:auth_test PASSED in 0.3s\n")),
        right=[("use_task", {"wrong": ["//services/auth:tests", "bazelisk test //services/auth:tests"], "right": ["//services/auth:auth_test", "bazelisk test //services/auth:auth_test"]})],
        fine=[("test_command", {"command": ["bazelisk test //services/auth:auth_test"]})],
    ),
    case(
        "android-task-guessed", "gradle knows no such task, and names its like", DROID,
        on("copilot", sh("./gradlew :app:testDebug", "FAILURE: Build failed with an exception.\n\n* What went wrong:\nCannot locate tasks that match ':app:testDebug' as task 'testDebug' is ambiguous in project ':app'. Candidates are: 'testDebugUnitTest', 'testDebugUnitTestCoverage'.\n\nBUILD FAILED in 1s\n", 1), sh("./gradlew :app:testDebugUnitTest", "BUILD SUCCESSFUL in 38s\n")),
        on("gemini", sh("./gradlew :app:testDebug", "* What went wrong:\nCannot locate tasks that match ':app:testDebug' as task 'testDebug' is ambiguous in project ':app'. Candidates are: 'testDebugUnitTest', 'testDebugUnitTestCoverage'.\n\nBUILD FAILED in 1s\n", 1), sh("./gradlew :app:testDebugUnitTest", "BUILD SUCCESSFUL in 36s\n")),
        right=[("use_task", {"wrong": [":app:testDebug", "testDebug", "./gradlew :app:testDebug"], "right": [":app:testDebugUnitTest", "testDebugUnitTest", "./gradlew :app:testDebugUnitTest"]})],
        fine=[("test_command", {"command": ["./gradlew :app:testDebugUnitTest"]})],
    ),
    case(
        "pnpm-script-guessed", "a script that the workspace does not have", SPACES,
        on("opencode", sh("pnpm typecheck", ' ERR_PNPM_RECURSIVE_EXEC_FIRST_FAIL  Command "typecheck" not found\n', 254), sh("grep -n tsc package.json", '12:    "types": "tsc -b",\n'), sh("pnpm types", "> spaces@ types\n> tsc -b\n")),
        on("claude", sh("pnpm typecheck", ' ERR_PNPM_RECURSIVE_EXEC_FIRST_FAIL  Command "typecheck" not found\n', 254), sh("pnpm types", "> spaces@ types\n> tsc -b\n")),
        right=[("use_task", {"wrong": ["typecheck", "pnpm typecheck"], "right": ["types", "pnpm types"]})],
        fine=[("lint_command", {"command": ["pnpm types"]}), ("build_command", {"command": ["pnpm types"]})],
    ),
    case(
        "mix-task-guessed", "mix has no such task, a project's alias does it", LEDGER,
        on("claude", sh("mix db.reset", '** (Mix) The task "db.reset" could not be found. Did you mean "deps.get"?\n', 1), sh("grep -n aliases -A4 mix.exs", '20:  defp aliases do\n22:      "ledger.reset": ["ecto.drop", "ecto.setup"]\n'), sh("mix ledger.reset", "The database for Ledger.Repo has been created\n")),
        on("codex", sh("mix db.reset", '** (Mix) The task "db.reset" could not be found. Did you mean "deps.get"?\n', 1), sh("mix ledger.reset", "The database for Ledger.Repo has been created\n")),
        right=[("use_task", {"wrong": ["db.reset", "mix db.reset"], "right": ["ledger.reset", "mix ledger.reset"]})],
    ),
)  # fmt: skip

_FOLDERS = (
    case(
        "migrations-of-an-umbrella", "a task belongs to one application of an umbrella, others run at the root", LEDGER,
        on("claude", sh("mix ecto.migrate", '** (Mix) Could not find migrations directory "priv/repo/migrations" for repo Ledger.Repo\n', 1), sh("cd apps/ledger && mix ecto.migrate", "10:01:22.101 [info] Migrations already up\n")),
        on("copilot", sh("mix ecto.migrate", '** (Mix) Could not find migrations directory "priv/repo/migrations" for repo Ledger.Repo\n', 1), sh("cd apps/ledger && mix ecto.migrate", "10:44:09.002 [info] == Migrated 20251001 in 0.0s\n")),
        right=[("run_in_folder", {"command": "mix ecto.migrate", "folder": ["apps/ledger", "apps/ledger/"]})],
    ),
    case(
        "dbt-in-transform", "the project file is one folder down", WAREHOUSE,
        on("codex", sh("dbt run -s orders", "Encountered an error:\nRuntime Error\n  No dbt_project.yml found at expected path /home/ines/work/warehouse/dbt_project.yml\n", 2), sh("cd transform && dbt run -s orders", "09:30:00  Completed successfully\n")),
        on("claude", sh("dbt run -s returns", "Encountered an error:\nRuntime Error\n  No dbt_project.yml found at expected path /home/ines/work/warehouse/dbt_project.yml\n", 2), sh("cd transform && dbt run -s returns", "11:02:10  Completed successfully\n")),
        right=[("run_in_folder", {"command": ["dbt run", "dbt"], "folder": ["transform", "transform/"]})],
    ),
    case(
        "prisma-of-a-package", "a package of the workspace has the schema", SPACES,
        on("claude", sh("npx prisma migrate dev", "Error: Could not find Prisma Schema that is required for this command.\nYou can either provide it with `--schema` argument, set it in your `prisma.config.ts`\n", 1), sh("cd packages/db && npx prisma migrate dev", "Your database is now in sync with your schema.\n")),
        on("opencode", sh("npx prisma migrate dev", "Error: Could not find Prisma Schema that is required for this command.\n", 1), sh("ls packages", "db\nui\n"), sh("cd packages/db && npx prisma migrate dev", "Already in sync, no schema change or pending migration was found.\n")),
        right=[("run_in_folder", {"command": ["npx prisma", "npx prisma migrate", "npx prisma migrate dev", "prisma"], "folder": ["packages/db", "packages/db/"]})],
    ),
)  # fmt: skip

_OPTIONS = (
    case(
        "composer-platform-extension", "a package asks for an extension that only production has", PORTAL,
        on("claude", sh("composer install", "Your lock file does not contain a compatible set of packages.\n  Problem 1\n    - spatie/pdf-to-image is locked to version 2.2.0 and requires ext-imagick * -> it is missing from your system.\n", 2), sh("composer install --ignore-platform-req=ext-imagick", "Generating optimized autoload files\n")),
        on("gemini", sh("composer install", "  Problem 1\n    - spatie/pdf-to-image is locked to version 2.2.0 and requires ext-imagick * -> it is missing from your system.\n", 2), sh("composer install --ignore-platform-req=ext-imagick", "Generating optimized autoload files\n")),
        right=[("add_option", {"command": "composer install", "option": "--ignore-platform-req=ext-imagick"})],
    ),
    case(
        "phpstan-needs-memory", "a program says itself which option it lacks", PORTAL,
        on("codex", sh("vendor/bin/phpstan analyse", "PHPStan process crashed because it reached configured PHP memory limit: 128M\nIncrease your memory limit in php.ini or run PHPStan with --memory-limit CLI option.\n", 1), sh("vendor/bin/phpstan analyse --memory-limit=1G", " [OK] No errors\n")),
        on("claude", sh("vendor/bin/phpstan analyse", "PHPStan process crashed because it reached configured PHP memory limit: 128M\nIncrease your memory limit in php.ini or run PHPStan with --memory-limit CLI option.\n", 255), sh("vendor/bin/phpstan analyse --memory-limit=1G", " [OK] No errors\n")),
        right=[("add_option", {"command": ["vendor/bin/phpstan analyse", "vendor/bin/phpstan"], "option": ["--memory-limit=1G", "--memory-limit"]})],
        fine=[("lint_command", {"command": ["vendor/bin/phpstan analyse --memory-limit=1G"]})],
    ),
    case(
        "julia-project", "without its project the language finds no package", SOLVERKIT,
        on("claude", sh("julia bench/run.jl", 'ERROR: LoadError: ArgumentError: Package BenchmarkTools not found in current path.\n- Run `import Pkg; Pkg.add("BenchmarkTools")` to install the BenchmarkTools package.\n', 1), sh("julia --project=. bench/run.jl", "  1.204 ms (12 allocations: 1.1 KiB)\n")),
        on("codex", sh("julia docs/make.jl", "ERROR: LoadError: ArgumentError: Package SolverKit not found in current path.\n", 1), sh("julia --project=. docs/make.jl", "[ Info: HTMLWriter: rendering HTML pages.\n")),
        right=[("add_option", {"command": ["julia"], "option": ["--project=.", "--project"]})],
        fine=[
            ("use_environment", {"wrong": "julia", "right": ["julia --project=."]}),
            ("add_option", {"command": ["julia bench/run.jl", "julia docs/make.jl"], "option": ["--project=.", "--project"]}),
        ],
    ),
    case(
        "vault-password-of-ansible", "encrypted variables need the file with the password", INFRA,
        on("opencode", sh("ansible-playbook ansible/site.yml --check", "ERROR! Attempting to decrypt but no vault secrets found\n", 4), sh("ansible-playbook ansible/site.yml --check --vault-password-file .vault-pass", "PLAY RECAP\naudit-1 : ok=12 changed=0 unreachable=0 failed=0\n")),
        on("claude", sh("ansible-playbook ansible/site.yml --check", "ERROR! Attempting to decrypt but no vault secrets found\n", 4), sh("ansible-playbook ansible/site.yml --check --vault-password-file .vault-pass", "PLAY RECAP\naudit-1 : ok=12 changed=1 unreachable=0 failed=0\n")),
        right=[("add_option", {"command": ["ansible-playbook", "ansible-playbook ansible/site.yml", "ansible-playbook ansible/site.yml --check"], "option": ["--vault-password-file .vault-pass", "--vault-password-file=.vault-pass", "--vault-password-file"]})],
    ),
    case(
        "msbuild-switch", "an option of another tool, unknown here, and not needed", BILLING,
        on("claude", sh("dotnet.exe test --parallel", "MSBUILD : error MSB1001: Unknown switch.\n    Full command line: 'C:\\Program Files\\dotnet\\sdk\\8.0.303\\MSBuild.dll -target:VSTest --parallel'\nSwitch: --parallel\n", 1), sh("dotnet.exe test", "Passed!  - Failed:     0, Passed:    61\n")),
        on("gemini", sh("dotnet.exe test --parallel", "MSBUILD : error MSB1001: Unknown switch.\nSwitch: --parallel\n", 1), sh("dotnet.exe test", "Passed!  - Failed:     0, Passed:    61\n")),
        right=[("drop_option", {"command": ["dotnet.exe test"], "option": "--parallel"})],
    ),
    case(
        "stack-test-arguments", "the tests' option goes through another of the tool's", PARSEC,
        on("codex", sh("stack test --match Lexer", "Invalid option `--match'\n\nUsage: stack test [TARGET] [--dry-run] [--pedantic] [--fast]\n", 1), sh("stack test --ta '--match Lexer'", "12 examples, 0 failures\n")),
        on("claude", sh("stack test --match Parser", "Invalid option `--match'\n\nUsage: stack test [TARGET] [--dry-run] [--pedantic] [--fast]\n", 1), sh("stack test --ta '--match Parser'", "20 examples, 0 failures\n")),
        right=[("replace_option", {"command": ["stack test", "stack"], "wrong": ["--match"], "right": ["--ta", "--ta '--match'", "--ta --match"]})],
        fine=[("drop_option", {"command": "stack test", "option": "--match"})],
    ),
    case(
        "cmake-preset-guessed", "a preset's name is guessed", SENSORD,
        on("claude", sh("cmake --preset default", 'CMake Error: No such preset in /home/raj/sensord: "default"\nAvailable configure presets:\n\n  "dev-linux"\n  "release-arm"\n', 1), sh("cmake --preset dev-linux", "-- Configuring done (0.4s)\n")),
        on("copilot", sh("cmake --preset default", 'CMake Error: No such preset in /home/raj/sensord: "default"\n', 1), sh("cmake --list-presets", 'Available configure presets:\n\n  "dev-linux"\n'), sh("cmake --preset dev-linux", "-- Configuring done (0.4s)\n")),
        right=[("replace_option", {"command": ["cmake"], "wrong": ["--preset default", "--preset=default"], "right": ["--preset dev-linux", "--preset=dev-linux"]})],
        fine=[("use_task", {"wrong": ["default", "cmake --preset default"], "right": ["dev-linux", "cmake --preset dev-linux"]})],
    ),
    case(
        "native-tests-of-firmware", "without a board only one environment can be tested", BEACON,
        on("claude", sh("pio test", "Error: Please specify `upload_port` for environment or use global `--upload-port` option.\n*** [upload] Explicit exit, status 1\n", 1), sh("pio test -e native", "test/test_power/test_main.cpp:14: test_volts [PASSED]\n1 test cases: 1 succeeded in 00:00:01.2\n")),
        on("opencode", sh("pio test", "Error: Please specify `upload_port` for environment or use global `--upload-port` option.\n", 1), sh("pio test -e native", "1 test cases: 1 succeeded in 00:00:01.1\n")),
        on("claude", sh("pio test -e native", "1 test cases: 1 succeeded in 00:00:01.1\n")),
        right=[("add_option", {"command": "pio test", "option": ["-e native", "--environment native"]})],
        fine=[("test_command", {"command": ["pio test -e native"]})],
    ),
    case(
        "xcode-destination", "a simulator of last year", CARTOGRAPH,
        on("claude", sh("xcodebuild test -scheme Cartograph -destination 'platform=iOS Simulator,name=iPhone 14'", "xcodebuild: error: Unable to find a device matching the provided destination specifier:\n\t\t{ platform:iOS Simulator, OS:latest, name:iPhone 14 }\n", 70), sh("xcodebuild test -scheme Cartograph -destination 'platform=iOS Simulator,name=iPhone 16'", "** TEST SUCCEEDED **\n")),
        on("codex", sh("xcodebuild test -scheme Cartograph -destination 'platform=iOS Simulator,name=iPhone 14'", "xcodebuild: error: Unable to find a device matching the provided destination specifier:\n\t\t{ platform:iOS Simulator, OS:latest, name:iPhone 14 }\n", 70), sh("xcrun simctl list devices available", "    iPhone 16 (6C2A) (Shutdown)\n"), sh("xcodebuild test -scheme Cartograph -destination 'platform=iOS Simulator,name=iPhone 16'", "** TEST SUCCEEDED **\n")),
        right=[(
            "replace_option",
            {
                "command": ["xcodebuild test", "xcodebuild", "xcodebuild test -scheme Cartograph"],
                "wrong": ["-destination 'platform=iOS Simulator,name=iPhone 14'", "-destination platform=iOS Simulator,name=iPhone 14"],
                "right": ["-destination 'platform=iOS Simulator,name=iPhone 16'", "-destination platform=iOS Simulator,name=iPhone 16"],
            },
        )],
        fine=[("test_command", {"command": ["xcodebuild test -scheme Cartograph -destination 'platform=iOS Simulator,name=iPhone 16'"]})],
    ),
)  # fmt: skip

_VARIABLES = (
    case(
        "mix-env-of-coverage", "a task says that it belongs to another environment", LEDGER,
        on("claude", sh("mix coveralls", '** (Mix) "mix test" is running in the "dev" environment. If you are running tests from within another task, you can either:\n\n  1. set MIX_ENV explicitly: MIX_ENV=test mix coveralls\n', 1), sh("MIX_ENV=test mix coveralls", "[TOTAL]  91.2%\n")),
        on("opencode", sh("mix coveralls", '** (Mix) "mix test" is running in the "dev" environment.\n', 1), sh("MIX_ENV=test mix coveralls", "[TOTAL]  91.4%\n")),
        right=[("set_variable", {"command": ["mix coveralls"], "assignment": "MIX_ENV=test"})],
        fine=[("test_command", {"command": ["MIX_ENV=test mix coveralls"]})],
    ),
    case(
        "vault-address", "a client asks the wrong server", INFRA,
        on("codex", sh("vault kv get secret/audit", 'Get "https://127.0.0.1:8200/v1/sys/internal/ui/mounts/secret/audit": dial tcp 127.0.0.1:8200: connect: connection refused\n', 2), sh("VAULT_ADDR=https://vault.oda.example vault kv get secret/audit", "====== Data ======\nKey     Value\nhost    audit-1\n")),
        on("claude", sh("vault kv get secret/audit", 'Get "https://127.0.0.1:8200/v1/sys/internal/ui/mounts/secret/audit": dial tcp 127.0.0.1:8200: connect: connection refused\n', 2), noise(1), sh("VAULT_ADDR=https://vault.oda.example vault kv get secret/audit", "====== Data ======\nKey     Value\nhost    audit-1\n")),
        right=[("set_variable", {"command": ["vault", "vault kv", "vault kv get", "vault kv get secret/audit"], "assignment": ["VAULT_ADDR=https://vault.oda.example", "VAULT_ADDR"]})],
    ),
    case(
        "heap-of-node", "a build that runs out of memory each time", SPACES,
        on("claude", sh("pnpm build", "<--- Last few GCs --->\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n", 134), sh("NODE_OPTIONS=--max-old-space-size=8192 pnpm build", " Tasks:    5 successful, 5 total\n")),
        on("copilot", sh("pnpm build", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n ELIFECYCLE  Command failed with exit code 134.\n", 134), sh("NODE_OPTIONS=--max-old-space-size=8192 pnpm build", " Tasks:    5 successful, 5 total\n")),
        right=[("set_variable", {"command": "pnpm build", "assignment": "NODE_OPTIONS=--max-old-space-size=8192"})],
        fine=[builds("NODE_OPTIONS=--max-old-space-size=8192 pnpm build", "pnpm build")],
    ),
    case(
        "threads-of-julia", "a benchmark asks for threads", SOLVERKIT,
        on("gemini", sh("julia --project=. bench/threads.jl", "ERROR: LoadError: bench/threads.jl needs 4 threads, got 1; set JULIA_NUM_THREADS\n", 1), sh("JULIA_NUM_THREADS=4 julia --project=. bench/threads.jl", "speedup 3.4\n")),
        on("codex", sh("julia --project=. bench/threads.jl", "ERROR: LoadError: bench/threads.jl needs 4 threads, got 1; set JULIA_NUM_THREADS\n", 1), sh("JULIA_NUM_THREADS=4 julia --project=. bench/threads.jl", "speedup 3.5\n")),
        right=[("set_variable", {"command": ["julia --project=. bench/threads.jl", "julia bench/threads.jl"], "assignment": "JULIA_NUM_THREADS=4"})],
    ),
)  # fmt: skip

COMMANDS = (*_PROGRAMS, *_TASKS, *_FOLDERS, *_OPTIONS, *_VARIABLES)
