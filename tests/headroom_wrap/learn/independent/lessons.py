"""Cases with something to learn: what an engineer of the project would want its instruction file to say after these sessions."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.steps import big, edit, find, gone, misfit, noise, part, read, sh, stale, stop, user, write
from tests.headroom_wrap.learn.independent.written import Written, rule, s

_NO_PYTEST = "/usr/bin/python3: No module named pytest"
_JEST_ROOT = "npm error code ENOENT\nnpm error syscall open\nnpm error path /home/lee/proj/clinic/package.json\nnpm error errno -2\nnpm error enoent Could not read package.json: Error: ENOENT: no such file or directory, open '/home/lee/proj/clinic/package.json'"

PROGRAMS = (
    Written(
        "python-is-python3", "codec", "a generator script; only python3 is installed",
        (s(sh("python tools/gen_tables.py > src/tables.h", "/bin/bash: line 1: python: command not found", 127), sh("python3 tools/gen_tables.py > src/tables.h", ""), noise(2)),
         s(noise(2), sh("python tools/gen_tables.py --check", "/bin/bash: line 1: python: command not found", 127), sh("python3 tools/gen_tables.py --check", "tables are up to date"))),
        (rule("use_program", wrong="python", right="python3"),),
    ),
    Written(
        "pytest-only-through-uv", "api", "pytest is not on PATH, the project's is",
        (s(sh("pytest tests/test_refunds.py -q", "bash: pytest: command not found", 127), sh("uv run pytest tests/test_refunds.py -q", "........ [100%]\n8 passed in 0.91s")),),
        (rule("use_program", wrong="pytest", right="uv run pytest"),),
        (rule("test_command", command=["uv run pytest tests/test_refunds.py -q"]),),
    ),
    Written(
        "compose-plugin", "clinic", "compose is a plugin of docker, twice, in another session with other arguments",
        (s(sh("docker-compose up -d db", "zsh: command not found: docker-compose", 127), sh("docker compose up -d db", " Container clinic-db-1  Started"), noise(3)),
         s(sh("docker-compose logs --tail 50 db", "zsh: command not found: docker-compose", 127), sh("docker compose logs --tail 50 db", "db-1  | ready to accept connections"))),
        (rule("use_program", wrong="docker-compose", right="docker compose"),),
    ),
    Written(
        "gradle-wrapper", "java", "no gradle but its wrapper",
        (s(noise(4), sh("gradle :invoice-core:test", "zsh: command not found: gradle", 127), sh("ls", "README.md\nbuild.gradle.kts\ngradle\ngradlew\ngradlew.bat\ninvoice-core\ninvoice-web\nsettings.gradle.kts"),
           sh("./gradlew :invoice-core:test", "BUILD SUCCESSFUL in 14s")),),
        (rule("use_program", wrong="gradle", right="./gradlew"),),
        (rule("test_command", command=["./gradlew :invoice-core:test"]),),
    ),
    Written(
        "tsc-through-pnpm", "shop", "the compiler is the project's own",
        (s(sh("tsc --noEmit -p apps/web", "bash: tsc: command not found", 127), sh("pnpm exec tsc --noEmit -p apps/web", ""), noise(2)),
         s(sh("cd apps/web && tsc --noEmit", "bash: tsc: command not found", 127), sh("cd apps/web && pnpm exec tsc --noEmit", ""))),
        (rule("use_program", wrong="tsc", right="pnpm exec tsc"),),
        (rule("lint_command", command=["pnpm exec tsc --noEmit -p apps/web", "pnpm exec tsc --noEmit"]),),
    ),
    Written(
        "rspec-through-bundler", "ledger", "not on PATH, with bundler",
        (s(sh("rspec spec/models/entry_spec.rb", "bash: line 1: rspec: command not found", 127), sh("bundle exec rspec spec/models/entry_spec.rb", "12 examples, 0 failures")),
         s(sh("rspec", "bash: line 1: rspec: command not found", 127), sh("bundle exec rspec", "188 examples, 0 failures"))),
        (rule("use_program", wrong="rspec", right="bundle exec rspec"),),
        (rule("test_command", command=["bundle exec rspec spec/models/entry_spec.rb"]),),
    ),
    Written(
        "fd-on-debian", "rust", "Debian's name of a program",
        (s(sh("fd -e rs encode", "sh: 1: fd: not found", 127), sh("fdfind -e rs encode", "crates/tilepack/src/encode.rs")),),
        (rule("use_program", wrong="fd", right="fdfind"),),
    ),
    Written(
        "black-through-poetry", "ml", "a formatter that only poetry's environment has",
        (s(sh("black forecast tests", "/bin/sh: 1: black: not found", 127), sh("poetry run black forecast tests", "All done!\n22 files left unchanged."), noise(1)),
         s(noise(5), sh("black forecast/train.py", "/bin/sh: 1: black: not found", 127), sh("poetry run black forecast/train.py", "reformatted forecast/train.py"))),
        (rule("use_program", wrong="black", right="poetry run black"),),
        (rule("lint_command", command=["poetry run black forecast tests", "poetry run black forecast/train.py", "poetry run black"]),),
    ),
    Written(
        "kubectl-of-minikube", "infra", "kubectl comes with minikube",
        (s(sh("kubectl get pods -n gateway", "bash: kubectl: command not found", 127), sh("minikube kubectl -- get pods -n gateway", "NAME        READY   STATUS\ngw-5d8f-xx  1/1     Running")),
         s(sh("kubectl describe deploy gw -n gateway", "bash: kubectl: command not found", 127), noise(1), sh("minikube kubectl -- describe deploy gw -n gateway", "Name: gw\nReplicas: 2 desired"))),
        (rule("use_program", wrong="kubectl", right=["minikube kubectl --", "minikube kubectl"]),),
    ),
)  # fmt: skip

ENVIRONMENTS = (
    Written(
        "venv-python", "codec", "the system's python lacks the project's modules",
        (s(sh("python3 -m pytest tests/py -q", _NO_PYTEST, 1), sh("ls -a", ".\n..\n.git\n.venv\nCMakeLists.txt\nsrc\ntests"), sh(".venv/bin/python -m pytest tests/py -q", "17 passed in 0.61s")),
         s(sh("python3 -m pytest tests/py -q -x", _NO_PYTEST, 1), sh(".venv/bin/python -m pytest tests/py -q -x", "17 passed in 0.63s"))),
        (rule("use_environment", wrong="python3", right=".venv/bin/python"),),
        (rule("test_command", command=[".venv/bin/python -m pytest tests/py -q", ".venv/bin/python -m pytest tests/py"]),),
    ),
    Written(
        "poetry-run-python", "ml", "a script needs pandas, which only poetry's environment has",
        (s(sh("python scripts/backfill.py --days 3", "Traceback (most recent call last):\n  File \"scripts/backfill.py\", line 4, in <module>\n    import pandas as pd\nModuleNotFoundError: No module named 'pandas'", 1),
           sh("poetry run python scripts/backfill.py --days 3", "backfilled 3 days")),
         s(sh("python -m forecast.evaluate --last", "ModuleNotFoundError: No module named 'pandas'", 1), sh("poetry run python -m forecast.evaluate --last", "mase 0.81"))),
        (rule("use_environment", wrong="python", right="poetry run python"),),
    ),
    Written(
        "django-in-its-venv", "clinic", "manage.py with the environment of the backend",
        (s(sh("cd backend && python manage.py check", "ImportError: Couldn't import Django. Are you sure it's installed and available on your PYTHONPATH environment variable? Did you forget to activate a virtual environment?\nModuleNotFoundError: No module named 'django'", 1),
           sh("cd backend && venv/bin/python manage.py check", "System check identified no issues (0 silenced).")),
         s(sh("cd backend && python manage.py makemigrations --dry-run", "ModuleNotFoundError: No module named 'django'", 1),
           sh("cd backend && venv/bin/python manage.py makemigrations --dry-run", "No changes detected"))),
        (rule("use_environment", wrong="python", right=["venv/bin/python", "backend/venv/bin/python"]),),
    ),
)  # fmt: skip

TASKS = (
    Written(
        "npm-script-name", "clinic", "a script of another name",
        (s(sh("cd frontend && npm run typecheck", 'npm error Missing script: "typecheck"\nnpm error\nnpm error To see a list of scripts, run:\nnpm error   npm run', 1),
           sh("cd frontend && npm run", "Scripts available in clinic-frontend via `npm run-script`:\n  check-types\n    tsc --noEmit\n  build\n    vite build"), sh("cd frontend && npm run check-types", "> tsc --noEmit\n")),
         s(sh("cd frontend && npm run typecheck", 'npm error Missing script: "typecheck"', 1), sh("cd frontend && npm run check-types", "> tsc --noEmit\n"))),
        (rule("use_task", wrong=["npm run typecheck", "typecheck"], right=["npm run check-types", "check-types"]),),
        (rule("lint_command", command=["cd frontend && npm run check-types", "npm run check-types"]), rule("run_in_folder", command="npm run check-types", folder=["frontend", "frontend/"])),
    ),
    Written(
        "make-target", "go", "a target of another name",
        (s(sh("make tests", "make: *** No rule to make target 'tests'.  Stop.", 2), sh("make test", "go test ./...\nok  \tratelimitd/internal/bucket\t0.402s")),
         s(noise(3), sh("make tests", "make: *** No rule to make target 'tests'.  Stop.", 2), sh("make test", "ok  \tratelimitd/internal/bucket\t(cached)"))),
        (rule("use_task", wrong=["make tests", "tests"], right=["make test", "test"]),),
        (rule("test_command", command="make test"),),
    ),
    Written(
        "pnpm-script-with-colon", "shop", "e2e tests have their own script",
        (s(sh("pnpm e2e", ' ERR_PNPM_NO_SCRIPT  Missing script: e2e\n\nCommand "e2e" not found. Did you mean "pnpm test:e2e"?', 1), sh("pnpm test:e2e", "  9 passed (14.2s)")),
         s(sh("pnpm e2e", " ERR_PNPM_NO_SCRIPT  Missing script: e2e", 1), sh("pnpm test:e2e", "  9 passed (15.0s)"))),
        (rule("use_task", wrong="pnpm e2e", right="pnpm test:e2e"),),
        (rule("test_command", command="pnpm test:e2e"),),
    ),
    Written(
        "nextest-is-not-there", "rust", "a subcommand of cargo that is not installed",
        (s(sh("cargo nextest run", "error: no such command: `nextest`\n\nhelp: view all installed commands with `cargo --list`", 101), sh("cargo test", "test result: ok. 61 passed; 0 failed")),
         s(sh("cargo nextest run -p tilepack", "error: no such command: `nextest`", 101), sh("cargo test -p tilepack", "test result: ok. 48 passed; 0 failed"))),
        (rule("use_task", wrong=["cargo nextest", "cargo nextest run"], right="cargo test"),),
        (rule("test_command", command=["cargo test -p tilepack"]),),
    ),
    Written(
        "gradle-task", "java", "a task of another name",
        (s(sh("./gradlew integrationTest", "FAILURE: Build failed with an exception.\n\n* What went wrong:\nTask 'integrationTest' not found in root project 'billing' and its subprojects.", 1), sh("./gradlew itest", "BUILD SUCCESSFUL in 52s")),
         s(sh("./gradlew integrationTest --info", "* What went wrong:\nTask 'integrationTest' not found in root project 'billing' and its subprojects.", 1), sh("./gradlew itest --info", "BUILD SUCCESSFUL in 50s"))),
        (rule("use_task", wrong=["./gradlew integrationTest", "integrationTest"], right=["./gradlew itest", "itest"]),),
        (rule("test_command", command=["./gradlew itest"]),),
    ),
)  # fmt: skip

FOLDERS = (
    Written(
        "npm-in-frontend", "clinic", "the package.json is not at the root",
        (s(sh("npm test", _JEST_ROOT, 254), sh("cd frontend && npm test", "Test Suites: 18 passed, 18 total")),
         s(noise(3), sh("npm test", _JEST_ROOT, 254), sh("cd frontend && npm test", "Test Suites: 18 passed, 18 total"))),
        (rule("run_in_folder", command=["npm test", "npm"], folder=["frontend", "frontend/"]),),
        (rule("test_command", command=["cd frontend && npm test"]),),
    ),
    Written(
        "manage-in-backend", "clinic", "manage.py is in a folder",
        (s(sh("python3 manage.py test", "python3: can't open file '/home/lee/proj/clinic/manage.py': [Errno 2] No such file or directory", 2), sh("cd backend && python3 manage.py test", "Ran 88 tests in 3.1s\n\nOK")),
         s(sh("python3 manage.py test appointments", "python3: can't open file '/home/lee/proj/clinic/manage.py': [Errno 2] No such file or directory", 2), sh("cd backend && python3 manage.py test appointments", "Ran 31 tests in 1.1s\n\nOK"))),
        (rule("run_in_folder", command=["python3 manage.py test", "python3 manage.py", "manage.py"], folder=["backend", "backend/"]),),
        (rule("test_command", command=["cd backend && python3 manage.py test"]), rule("run_in_folder", command="python3 manage.py test appointments", folder="backend"),
         rule("path_is_at", wrong="manage.py", right="backend/manage.py")),
    ),
    Written(
        "terraform-in-prod", "infra", "no configuration at the root",
        (s(sh("terraform plan -out tf.plan", "Error: No configuration files\n\nPlan requires configuration to be present.", 1), sh("cd terraform/prod && terraform plan -out tf.plan", "Plan: 1 to add, 0 to change, 0 to destroy.")),
         s(sh("terraform plan", "Error: No configuration files", 1), sh("cd terraform/prod && terraform plan", "No changes. Your infrastructure matches the configuration."))),
        (rule("run_in_folder", command=["terraform plan", "terraform plan -out tf.plan", "terraform"], folder=["terraform/prod", "terraform/prod/"]),),
    ),
    Written(
        "cargo-in-a-crate-folder", "infra", "a Rust tool below a folder of an infrastructure project",
        (s(sh("cargo build", "error: could not find `Cargo.toml` in `/home/ops/platform` or any parent directory", 101), sh("cargo build", "    Finished `dev` profile in 2.2s", cwd="/home/ops/platform/tools/rotate")),
         s(sh("cargo build", "error: could not find `Cargo.toml` in `/home/ops/platform` or any parent directory", 101), sh("cd tools/rotate && cargo build", "    Finished `dev` profile in 0.2s"))),
        (rule("run_in_folder", command=["cargo build", "cargo"], folder=["tools/rotate", "tools/rotate/"]),),
        (rule("build_command", command=["cd tools/rotate && cargo build"]),),
    ),
)  # fmt: skip

OPTIONS = (
    Written(
        "npm-peer-dependencies", "clinic", "installing needs an option, in two sessions",
        (s(sh("cd frontend && npm install", "npm error code ERESOLVE\nnpm error ERESOLVE unable to resolve dependency tree\nnpm error Fix the upstream dependency conflict, or retry this command with --force or --legacy-peer-deps", 1),
           sh("cd frontend && npm install --legacy-peer-deps", "added 912 packages in 21s")),
         s(sh("cd frontend && npm install", "npm error code ERESOLVE\nnpm error retry this command with --force or --legacy-peer-deps", 1), sh("cd frontend && npm install --legacy-peer-deps", "up to date in 3s"))),
        (rule("add_option", command=["npm install", "cd frontend && npm install"], option="--legacy-peer-deps"),),
        (rule("run_in_folder", command=["npm install --legacy-peer-deps", "npm install"], folder="frontend"),),
    ),
    Written(
        "cargo-features", "rust", "the example is behind a feature",
        (s(sh("cargo run --example viewer", 'error: target `viewer` in package `tilepack` requires the features: `gui`\nConsider enabling them by passing, e.g., `--features="gui"`', 101), sh("cargo run --example viewer --features gui", "opened 1 window")),
         s(sh("cargo run --example viewer", "error: target `viewer` in package `tilepack` requires the features: `gui`", 101), sh("cargo run --example viewer --features gui", "opened 1 window"))),
        (rule("add_option", command="cargo run --example viewer", option=["--features gui", "--features=gui"]),),
    ),
    Written(
        "go-build-tags", "go", "a test file is behind a tag",
        (s(sh("go test ./integration", "package ratelimitd/integration: build constraints exclude all Go files in /srv/build/ratelimitd/integration", 1), sh("go test -tags integration ./integration", "ok  \tratelimitd/integration\t3.1s")),
         s(sh("go test ./integration", "build constraints exclude all Go files in /srv/build/ratelimitd/integration", 1), sh("go test -tags integration ./integration", "ok  \tratelimitd/integration\t3.0s"))),
        (rule("add_option", command=["go test ./integration", "go test"], option=["-tags integration", "-tags=integration"]),),
        (rule("test_command", command=["go test -tags integration ./integration"]),),
    ),
    Written(
        "pytest-without-coverage", "ml", "the plugin is not installed",
        (s(sh("poetry run pytest --cov=forecast", "ERROR: usage: pytest [options] [file_or_dir] [file_or_dir] [...]\npytest: error: unrecognized arguments: --cov=forecast", 4), sh("poetry run pytest", "============ 38 passed in 6.12s ============")),
         s(sh("poetry run pytest --cov=forecast", "pytest: error: unrecognized arguments: --cov=forecast", 4), sh("poetry run pytest", "============ 38 passed in 6.20s ============"))),
        (rule("drop_option", command=["poetry run pytest", "pytest"], option=["--cov=forecast", "--cov"]),),
    ),
    Written(
        "grep-of-bsd", "java", "grep on a Mac has no Perl expressions",
        (s(sh(r"grep -rP 'Invoice\d+' invoice-core/src", "grep: invalid option -- P\nusage: grep [-abcdDEFGHhIiJLlMmnOopqRSsUVvwXxZz] [-A num] [-B num] [-C[num]]", 2), sh(r"grep -rE 'Invoice[0-9]+' invoice-core/src", "invoice-core/src/main/java/com/acme/billing/InvoiceService.java:12: Invoice2")),
         s(sh(r"grep -rP '\bVat\w+' invoice-web/src", "grep: invalid option -- P", 2), sh(r"grep -rE '\bVat[A-Za-z]+' invoice-web/src", "invoice-web/src/main/java/com/acme/billing/web/InvoiceController.java:40: VatRate"))),
        (rule("replace_option", command=["grep", "grep -r"], wrong=["-P", "-rP"], right=["-E", "-rE"]),),
        (rule("drop_option", command="grep", option="-P"),),
    ),
    Written(
        "ruff-subcommand-option", "api", "an option of another name",
        (s(sh("uv run alembic upgrade --database test head", "usage: alembic [-h] [-x X] [-n NAME]\nalembic: error: unrecognized arguments: --database", 2), sh("uv run alembic -n test upgrade head", "INFO  [alembic.runtime.migration] Running upgrade 3f -> 4a")),
         s(sh("uv run alembic upgrade --database test head", "alembic: error: unrecognized arguments: --database", 2), sh("uv run alembic -n test upgrade head", "INFO  [alembic.runtime.migration] Context impl PostgresqlImpl."))),
        (rule("replace_option", command=["uv run alembic upgrade", "uv run alembic", "alembic", "alembic upgrade", "uv run alembic upgrade head"], wrong=["--database", "--database test"], right=["-n", "-n test"]),),
        (rule("drop_option", command=["uv run alembic upgrade", "uv run alembic upgrade head"], option=["--database", "--database test"]),),
    ),
)  # fmt: skip

VARIABLES = (
    Written(
        "settings-module", "clinic", "a variable that a command needs",
        (s(sh("cd backend && python3 scripts/import_doctors.py", "django.core.exceptions.ImproperlyConfigured: Requested setting INSTALLED_APPS, but settings are not configured. You must either define the environment variable DJANGO_SETTINGS_MODULE or call settings.configure() before accessing settings.", 1),
           sh("cd backend && DJANGO_SETTINGS_MODULE=clinic.settings.dev python3 scripts/import_doctors.py", "imported 14")),
         s(sh("cd backend && python3 scripts/import_doctors.py --dry-run", "django.core.exceptions.ImproperlyConfigured: Requested setting INSTALLED_APPS, but settings are not configured.", 1),
           sh("cd backend && DJANGO_SETTINGS_MODULE=clinic.settings.dev python3 scripts/import_doctors.py --dry-run", "would import 14"))),
        (rule("set_variable", command=["python3 scripts/import_doctors.py", "python3", "cd backend && python3 scripts/import_doctors.py"], assignment="DJANGO_SETTINGS_MODULE=clinic.settings.dev"),),
        (rule("set_variable", command="python3 scripts/import_doctors.py --dry-run", assignment="DJANGO_SETTINGS_MODULE=clinic.settings.dev"),),
    ),
    Written(
        "database-url-is-told-without-value", "api", "the value holds a password",
        (s(sh("uv run alembic current", "KeyError: 'DATABASE_URL'", 1), sh("DATABASE_URL=postgresql://orders:hunter2pass@localhost:5432/orders uv run alembic current", "4ad1c2 (head)")),
         s(sh("uv run alembic current", "KeyError: 'DATABASE_URL'", 1), sh("DATABASE_URL=postgresql://orders:hunter2pass@localhost:5432/orders uv run alembic current", "4ad1c2 (head)"))),
        (rule("set_variable", command=["uv run alembic current", "uv run alembic", "alembic"], assignment="DATABASE_URL"),),
    ),
    Written(
        "aws-profile", "infra", "which of the profiles",
        (s(sh("terraform -chdir=terraform/prod plan", "Error: No valid credential sources found\n\nError: failed to refresh cached credentials, no EC2 IMDS role found", 1), sh("AWS_PROFILE=platform-ro terraform -chdir=terraform/prod plan", "No changes.")),
         s(sh("terraform -chdir=terraform/prod plan", "Error: No valid credential sources found", 1), sh("AWS_PROFILE=platform-ro terraform -chdir=terraform/prod plan", "Plan: 2 to add, 0 to change, 0 to destroy."))),
        (rule("set_variable", command=["terraform -chdir=terraform/prod plan", "terraform", "terraform plan"], assignment="AWS_PROFILE=platform-ro"),),
    ),
    Written(
        "cgo-off", "go", "cross compiling",
        (s(sh("GOOS=linux GOARCH=arm64 go build ./cmd/ratelimitd", "# runtime/cgo\ngcc_arm64.S:30: Error: no such instruction: `stp x29,x30,[sp,#-96]!'", 1), sh("CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build ./cmd/ratelimitd", "")),
         s(sh("GOOS=linux GOARCH=arm64 go build ./cmd/ratelimitd", "# runtime/cgo\ngcc_arm64.S:30: Error: no such instruction", 1), sh("CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build ./cmd/ratelimitd", ""))),
        (rule("set_variable", command=["GOOS=linux GOARCH=arm64 go build ./cmd/ratelimitd", "go build ./cmd/ratelimitd", "go build"], assignment="CGO_ENABLED=0"),),
        (rule("build_command", command=["CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build ./cmd/ratelimitd"]),),
    ),
)  # fmt: skip

PATHS = (
    Written(
        "service-moved-to-core", "java", "a file that is guessed wrong in every session",
        (s(gone("src/main/java/com/acme/billing/InvoiceService.java"), find("class InvoiceService", ".", "invoice-core/src/main/java/com/acme/billing/InvoiceService.java:14:public class InvoiceService {"),
           read("invoice-core/src/main/java/com/acme/billing/InvoiceService.java")),
         s(gone("src/main/java/com/acme/billing/InvoiceService.java"), sh("find . -name InvoiceService.java", "./invoice-core/src/main/java/com/acme/billing/InvoiceService.java"), read("invoice-core/src/main/java/com/acme/billing/InvoiceService.java"))),
        (rule("path_is_at", wrong="src/main/java/com/acme/billing/InvoiceService.java", right="invoice-core/src/main/java/com/acme/billing/InvoiceService.java"),),
    ),
    Written(
        "settings-is-a-package", "clinic", "settings are not where Django puts them",
        (s(gone("backend/clinic/settings.py"), sh("ls backend/clinic", "__init__.py\nsettings\nurls.py\nwsgi.py"), sh("ls backend/clinic/settings", "base.py\ndev.py\nprod.py"), read("backend/clinic/settings/base.py")),
         s(gone("backend/clinic/settings.py"), sh("ls backend/clinic/settings", "base.py\ndev.py\nprod.py"), read("backend/clinic/settings/base.py"))),
        (rule("path_is_at", wrong="backend/clinic/settings.py", right=["backend/clinic/settings/base.py", "backend/clinic/settings"]),),
    ),
    Written(
        "config-in-the-package", "shop", "one would look at the root",
        (s(gone("vitest.config.ts"), sh("find . -name 'vitest.config.*' -not -path '*/node_modules/*'", "./apps/web/vitest.config.ts"), read("apps/web/vitest.config.ts")),
         s(noise(3), gone("vitest.config.ts"), sh("find . -name 'vitest.config.*' -not -path '*/node_modules/*'", "./apps/web/vitest.config.ts"), read("apps/web/vitest.config.ts"))),
        (rule("path_is_at", wrong="vitest.config.ts", right="apps/web/vitest.config.ts"),),
    ),
    Written(
        "factory-in-support", "ledger", "the folder of factories",
        (s(sh("cat spec/factories/entries.rb", "cat: spec/factories/entries.rb: No such file or directory", 1), sh("find spec -name '*entr*'", "spec/support/factories/entries.rb\nspec/models/entry_spec.rb"), sh("cat spec/support/factories/entries.rb", "FactoryBot.define do\n  factory :entry\nend")),
         s(gone("spec/factories/entries.rb"), read("spec/support/factories/entries.rb"))),
        (rule("path_is_at", wrong="spec/factories/entries.rb", right="spec/support/factories/entries.rb"),),
    ),
)  # fmt: skip

LARGE = (
    Written(
        "schema-is-read-in-ranges", "shop", "a generated schema, read in ranges in the end",
        (s(big("packages/api/src/schema.generated.ts"), part("packages/api/src/schema.generated.ts", 1200, 120), noise(2), agent="claude"),
         s(big("packages/api/src/schema.generated.ts"), part("packages/api/src/schema.generated.ts", 9000, 80), part("packages/api/src/schema.generated.ts", 9300, 80), agent="copilot")),
        (rule("read_ranges", path="packages/api/src/schema.generated.ts"),),
    ),
    Written(
        "log-is-searched", "ml", "a log of a training run, searched in the end",
        (s(big("logs/train.log", 88000), find("loss=nan", "logs/train.log", "48211:step=48211 loss=nan"), agent="claude"),
         s(big("logs/train.log", 91000), find("loss=nan", "logs/train.log", "48211:step=48211 loss=nan"), agent="copilot")),
        (rule("search_file", path="logs/train.log"),),
    ),
    Written(
        "amalgamation-in-ranges", "codec", "a vendored amalgamation",
        (s(big("vendor/sqlite3.c", 240000), sh("sed -n '88000,88120p' vendor/sqlite3.c", "static int walIndexPage(\n"), agent="codex"),
         s(big("vendor/sqlite3.c", 240000), part("vendor/sqlite3.c", 88000, 100), agent="claude")),
        (rule("read_ranges", path="vendor/sqlite3.c"),),
    ),
)  # fmt: skip

SEARCHES = (
    Written(
        "templates-are-ignored-by-git", "infra", "what is generated is ignored by git and so by the search",
        (s(sh("rg -n gatewayPort rendered", "", 1), sh("rg -n --no-ignore gatewayPort rendered", "rendered/gateway.yaml:14:  gatewayPort: 8443"), agent="codex"),
         s(sh("rg -n listenerName rendered", "", 1), sh("rg -n --no-ignore listenerName rendered", "rendered/gateway.yaml:9:  listenerName: https"), agent="claude"),
         s(sh("rg -n memoryLimit rendered", "", 1), sh("rg -n --no-ignore memoryLimit rendered", "rendered/workers.yaml:4:  memoryLimit: 2Gi"), agent="opencode")),
        (rule("search_option", folder=["rendered", "rendered/"], option="--no-ignore"),),
    ),
    Written(
        "hidden-workflows", "shop", "workflows stand in a hidden folder",
        (s(sh("rg -l playwright .", "apps/web/package.json"), sh("rg -n 'deploy-preview' .", "", 1), sh("rg -n --hidden 'deploy-preview' .", ".github/workflows/preview.yml:3:name: deploy-preview"), agent="codex"),
         s(sh("rg -n 'node-version' .", "", 1), sh("rg -n --hidden 'node-version' .", ".github/workflows/ci.yml:18:          node-version: 22"), agent="claude")),
        (rule("search_option", folder=[".", ""], option="--hidden"),),
    ),
    Written(
        "components-are-in-packages", "shop", "what is looked for in the application is in the library of components, three times",
        (s(find("function Modal", "apps/web/src"), find("function Modal", "packages/ui/src", "packages/ui/src/Modal.tsx:8:export function Modal(")),
         s(find("useFocusTrap", "apps/web/src"), find("useFocusTrap", "packages/ui/src", "packages/ui/src/useFocusTrap.ts:3:export function useFocusTrap(")),
         s(find("buttonVariants", "apps/web/src"), find("buttonVariants", "packages/ui/src", "packages/ui/src/Button.tsx:11:const buttonVariants = {"))),
        (rule("search_in_folder", wrong=["apps/web/src", "apps/web/src/"], right=["packages/ui/src", "packages/ui/src/"]),),
    ),
)  # fmt: skip

EDITS = (
    Written(
        "makefile-has-tabs", "go", "edits with spaces do not match",
        (s(read("Makefile", "test:\n\tgo test ./...\n"), misfit("Makefile", "test:\n    go test ./...", "test:\n    go test -race ./..."), edit("Makefile", "test:\n\tgo test ./...", "test:\n\tgo test -race ./..."), agent="claude"),
         s(misfit("Makefile", "lint:\n    go vet ./...", "lint:\n    golangci-lint run"), edit("Makefile", "lint:\n\tgo vet ./...", "lint:\n\tgolangci-lint run"), agent="opencode")),
        (rule("edit_indentation", path="Makefile", indentation="tabs"),),
    ),
    Written(
        "go-file-has-tabs", "go", "the same of a source file",
        (s(misfit("internal/bucket/bucket.go", "    if b.tokens < n {\n        return false", "    if b.tokens <= n {\n        return false"), edit("internal/bucket/bucket.go", "\tif b.tokens < n {\n\t\treturn false", "\tif b.tokens <= n {\n\t\treturn false"), agent="gemini"),
         s(misfit("internal/bucket/bucket.go", "    b.last = now", "    b.last = clock()"), edit("internal/bucket/bucket.go", "\tb.last = now", "\tb.last = clock()"), agent="claude")),
        (rule("edit_indentation", path="internal/bucket/bucket.go", indentation="tabs"),),
    ),
    Written(
        "line-ends-of-windows", "codec", "a file with CR LF",
        (s(misfit("src/decoder.h", "int decode(\n    const uint8_t *data,", "int decode(\n    const unsigned char *data,"), sh("file src/decoder.h", "src/decoder.h: C source, ASCII text, with CRLF line terminators"),
           edit("src/decoder.h", "int decode(\r\n    const uint8_t *data,", "int decode(\r\n    const unsigned char *data,"), agent="claude"),
         s(misfit("src/decoder.h", "#define MAX 4\n#define MIN 1", "#define MAX 8\n#define MIN 1"), edit("src/decoder.h", "#define MAX 4\r\n#define MIN 1", "#define MAX 8\r\n#define MIN 1"), agent="opencode")),
        (rule("edit_line_ends", path="src/decoder.h"),),
    ),
    Written(
        "formatter-changes-the-file", "shop", "a formatter rewrites the file after every edit",
        (s(edit("apps/web/src/cart/useCart.ts", "let n = 0", "let n=1"), stale("apps/web/src/cart/useCart.ts", "let m = 0", "let m = 1"), read("apps/web/src/cart/useCart.ts", "let n = 1;\nlet m = 0;"), edit("apps/web/src/cart/useCart.ts", "let m = 0;", "let m = 1;"), agent="claude"),
         s(edit("apps/web/src/cart/useCart.ts", "const a = 1", "const a = 2"), stale("apps/web/src/cart/useCart.ts", "const b = 1", "const b = 2"), read("apps/web/src/cart/useCart.ts", "const a = 2;\nconst b = 1;"), edit("apps/web/src/cart/useCart.ts", "const b = 1;", "const b = 2;"), agent="opencode"),
         s(edit("apps/web/src/cart/useCart.ts", "return x", "return y"), stale("apps/web/src/cart/useCart.ts", "return z", "return w"), read("apps/web/src/cart/useCart.ts", "return y;\nreturn z;"), edit("apps/web/src/cart/useCart.ts", "return z;", "return w;"), agent="claude")),
        (rule("reread_before_edit", path="apps/web/src/cart/useCart.ts"),),
    ),
)  # fmt: skip

REFUSALS = (
    Written(
        "push-is-denied-by-a-rule", "go", "a rule of the user's settings",
        (s(sh("git push origin HEAD", "Permission to use Bash with command git push origin HEAD has been denied.", 0, "refused"), agent="claude"),
         s(noise(3), sh("git push origin HEAD", "Permission to use Bash with command git push origin HEAD has been denied.", 0, "refused"), agent="claude")),
        (rule("refused", command=["git push", "git push origin HEAD"]),),
    ),
    Written(
        "hook-wants-pnpm", "shop", "a hook blocks npm and pnpm goes through",
        (s(sh("npm install zod", "npm install was blocked. This repository uses pnpm.", 0, "refused"), sh("pnpm add zod", "dependencies:\n+ zod 3.25.0"), agent="claude"),
         s(sh("npm install clsx", "npm install was blocked. This repository uses pnpm.", 0, "refused"), sh("pnpm add clsx", "dependencies:\n+ clsx 2.1.1"), agent="claude")),
        (rule("refused_instead", command=["npm install", "npm"], instead=["pnpm add", "pnpm", "pnpm install"]),),
        (rule("refused", command=["npm install", "npm"]),),
    ),
    Written(
        "terraform-apply-is-denied", "infra", "a person says no each time",
        (s(sh("terraform -chdir=terraform/prod apply tf.plan", "The user doesn't want to proceed with this tool use. The tool use was rejected.", 0, "refused"), user("never apply from here, CI does that"), sh("git commit -am 'listener on 8443'", "[main 77a1] listener on 8443"), agent="claude"),
         s(sh("terraform -chdir=terraform/prod apply -auto-approve", "The user rejected permission to use this specific tool call.", 0, "refused"), user("CI applies, not you"), agent="opencode")),
        (rule("refused", command=["terraform apply", "terraform -chdir=terraform/prod apply", "terraform -chdir=terraform/prod apply tf.plan", "terraform"]),),
    ),
)  # fmt: skip

HANGS = (
    Written(
        "vitest-watches", "shop", "the tests watch for changes unless told to run once",
        (s(sh("pnpm vitest", " DEV  v2.1.8 /home/dana/code/storefront\n Test Files  31 passed (31)\n PASS  Waiting for file changes...", 0, "timed_out"), sh("pnpm vitest run", " Test Files  31 passed (31)"), agent="claude"),
         s(sh("pnpm vitest", " PASS  Waiting for file changes...", 0, "timed_out"), sh("pnpm vitest run", " Test Files  31 passed (31)"), agent="opencode")),
        (rule("hangs_instead", command="pnpm vitest", instead="pnpm vitest run"),),
        (rule("test_command", command="pnpm vitest run"),),
    ),
    Written(
        "compose-in-front", "clinic", "compose stays in front",
        (s(sh("docker compose up", "Attaching to db-1, web-1\nweb-1  | Starting development server at http://0.0.0.0:8000/", 0, "timed_out"), sh("docker compose up -d", " Container clinic-web-1  Started"), agent="claude"),
         s(sh("docker compose up", "Attaching to db-1, web-1", 0, "timed_out"), sh("docker compose up -d", " Container clinic-web-1  Running"), agent="gemini")),
        (rule("hangs_instead", command="docker compose up", instead="docker compose up -d"),),
        (rule("hangs", command="docker compose up"),),
    ),
    Written(
        "dev-server-does-not-end", "clinic", "a server, waited for until the limit",
        (s(sh("cd frontend && npm run dev", "  VITE v6.0.5  ready in 410 ms\n  ➜  Local:   http://localhost:5173/", 0, "timed_out"), noise(2), agent="claude"),
         s(sh("cd frontend && npm run dev", "  VITE v6.0.5  ready in 377 ms", 0, "timed_out"), agent="opencode")),
        (rule("hangs", command=["npm run dev", "cd frontend && npm run dev"]),),
    ),
    Written(
        "psql-asks", "api", "an interactive program",
        (s(sh("psql -h localhost -U orders orders", "Password for user orders: ", 0, "timed_out"), sh("psql -h localhost -U orders -w -c 'select 1' orders", "psql: error: fe_sendauth: no password supplied", 2), agent="claude"),
         s(sh("psql -h localhost -U orders orders", "Password for user orders: ", 0, "timed_out"), agent="opencode")),
        (rule("hangs", command=["psql", "psql -h localhost -U orders orders", "psql -h localhost -U orders"]),),
    ),
)  # fmt: skip

CORRECTIONS = (
    Written(
        "no-use-pnpm", "shop", "said plainly, after an interruption",
        (s(sh("npm install date-fns", "", 0, "stopped"), stop(), user("no, use pnpm, not npm"), sh("pnpm add date-fns", "+ date-fns 4.1.0")),
         s(sh("npm install -D msw", "added 31 packages"), user("Please use pnpm instead of npm in this repo."), sh("pnpm add -D msw", "+ msw 2.7.0"))),
        (rule("prefers", wrong="npm", right="pnpm"),),
    ),
    Written(
        "always-uv", "api", "a standing order",
        (s(sh("pip install httpx", "Successfully installed httpx-0.28.1"), user("Don't use pip here, use uv. Always."), sh("uv add httpx", "+ httpx==0.28.1")),),
        (rule("prefers", wrong="pip", right="uv"),),
    ),
    Written(
        "minitest-no-rspec", "ledger", "which framework for new tests",
        (s(write("test/models/transfer_test.rb", "class TransferTest < ActiveSupport::TestCase\nend\n"), user("no, we use rspec, not minitest"), write("spec/models/transfer_spec.rb", "RSpec.describe Transfer do\nend\n")),
         s(write("test/models/account_test.rb", "class AccountTest < ActiveSupport::TestCase\nend\n"), user("use rspec, not minitest"), write("spec/models/account_spec.rb", "RSpec.describe Account do\nend\n"))),
        (rule("prefers", wrong="minitest", right="rspec"),),
    ),
    Written(
        "tabs-of-the-house", "java", "in an interruption with a reason",
        (s(edit("build.gradle.kts", "junit", "testng"), stop(), user("stop. Use JUnit instead of TestNG, everywhere, the whole company does."), edit("build.gradle.kts", "testng", "junit")),),
        (rule("prefers", wrong="TestNG", right="JUnit"),),
    ),
)  # fmt: skip

FACTS = (
    Written(
        "make-check-every-time", "codec", "every session finds out how the tests are run",
        tuple(s(noise(2), sh("make -C build check", "PASS: 12 tests"), noise(1)) for _ in range(4)),
        (rule("test_command", command="make -C build check"),),
    ),
    Written(
        "go-tests-every-time", "go", "a plain command in four sessions",
        tuple(s(sh("go test ./...", "ok  \tratelimitd/internal/bucket\t0.4s"), edit("internal/bucket/bucket.go", f"a{n}", f"b{n}"), sh("go test ./...", "ok  \tratelimitd/internal/bucket\t0.4s"), bare=True) for n in range(4)),
        (rule("test_command", command="go test ./..."),),
        (rule("entry_point", path="internal/bucket/bucket.go"),),
    ),
    Written(
        "lint-and-build-every-time", "shop", "three commands in each of four sessions",
        tuple(s(sh("pnpm lint", " Tasks:    4 successful, 4 total"), noise(1), sh("pnpm build", " Tasks:    3 successful, 3 total"), sh("pnpm test", " Tests  214 passed (214)")) for _ in range(4)),
        (rule("test_command", command="pnpm test"), rule("lint_command", command="pnpm lint"), rule("build_command", command="pnpm build")),
    ),
    Written(
        "begins-with-architecture", "rust", "each session begins with the same document",
        tuple(s(read("docs/ARCHITECTURE.md", "# Architecture\nTiles are packed in three passes."), noise(4), bare=True) for _ in range(4)),
        (rule("entry_point", path="docs/ARCHITECTURE.md"),),
    ),
    Written(
        "maven-tests", "java", "of one module, with the wrapper, in three sessions",
        tuple(s(noise(1), sh("./gradlew :invoice-web:test", "BUILD SUCCESSFUL in 9s"), noise(2)) for _ in range(3)),
        (rule("test_command", command=["./gradlew :invoice-web:test", "./gradlew test"]),),
    ),
)  # fmt: skip

CASES = (*PROGRAMS, *ENVIRONMENTS, *TASKS, *FOLDERS, *OPTIONS, *VARIABLES, *PATHS, *LARGE, *SEARCHES, *EDITS, *REFUSALS, *HANGS, *CORRECTIONS, *FACTS)
