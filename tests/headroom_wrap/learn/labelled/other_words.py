"""A ninth part of the set: what is said in other programs' words, and what is another thing though it looks alike.

The labels were written before the miners were run on them.
"""

from __future__ import annotations

from tests.headroom_wrap.learn.labelled.telling import NOT_FOUND, case, edit, read, rule, search, sh, twice, user

PASSED = "ok\n12 passed in 1.20s"
EXPECTED_ROOT = "Error: No pubspec.yaml file found.\nThis command should be run from the root of your Flutter project."


def tell() -> None:
    """Adds them to the set."""
    _programs()
    _tasks()
    _folders()
    _options_that_lack()
    _options_unknown()
    _variables()
    _hangs()
    _facts()
    _other_things()
    _other_places()
    _other_peoples_words()


def _programs() -> None:
    case(
        "nine-sqlite",
        "a program with its version in its name",
        [sh("sqlite app.db .tables", NOT_FOUND.format("sqlite"), 127), sh("sqlite3 app.db .tables", "orders users")],
        right=[rule("use_program", wrong="sqlite", right="sqlite3")],
    )
    case(
        "nine-mint",
        "run by a manager of tools",
        [sh("swiftlint lint", NOT_FOUND.format("swiftlint"), 127), sh("mint run swiftlint lint", "Done linting! Found 0 violations")],
        right=[rule("use_program", wrong="swiftlint", right="mint run swiftlint")],
    )
    case(
        "nine-vendor",
        "in the project's own folder",
        [sh("phpstan analyse src", NOT_FOUND.format("phpstan"), 127), sh("vendor/bin/phpstan analyse src", "[OK] No errors")],
        right=[rule("use_program", wrong="phpstan", right="vendor/bin/phpstan")],
    )
    case(
        "nine-psql-of-compose",
        "in the container of the database",
        [
            sh("psql -U shop -c 'select 1'", NOT_FOUND.format("psql"), 127),
            sh("docker compose exec db psql -U shop -c 'select 1'", "1\n(1 row)"),
        ],
        right=[rule("use_program", wrong="psql", right="docker compose exec db psql")],
    )


def _tasks() -> None:
    case(
        "nine-rake-spec",
        "as rake says it",
        *twice(sh("rake spec", "rake aborted!\nDon't know how to build task 'spec'", 1), sh("rake test", "12 runs, 0 failures")),
        right=[rule("use_task", wrong="rake spec", right="rake test"), rule("test_command", command="rake test")],
    )
    case(
        "nine-phase-of-maven",
        "a phase that is listed",
        *twice(
            sh("mvn itest", '[ERROR] Unknown lifecycle phase "itest". Available lifecycle phases are: validate, compile, test, package, verify', 1),
            sh("mvn verify", "BUILD SUCCESS"),
        ),
        right=[rule("use_task", wrong="mvn itest", right="mvn verify")],
    )
    case(
        "nine-xtask",
        "the project's own tasks of cargo",
        *twice(sh("cargo xtask test", "running 4 tests\ntest result: ok. 4 passed")),
        right=[rule("test_command", command="cargo xtask test")],
    )


def _folders() -> None:
    case(
        "nine-flutter-root",
        "no message of it is known",
        *twice(sh("flutter test", EXPECTED_ROOT, 1), sh("cd app && flutter test", "All tests passed!")),
        right=[rule("run_in_folder", command="flutter test", folder="app")],
    )
    case(
        "nine-gemfile",
        "no Gemfile here",
        [
            sh("bundle exec rubocop", "Could not locate Gemfile or .bundle/ directory", 10),
            sh("cd api && bundle exec rubocop", "no offenses detected"),
        ],
        right=[rule("run_in_folder", command="bundle", folder="api")],
    )
    case(
        "nine-other-makefile",
        "another folder's Makefile does another thing",
        *twice(sh("make", "make: *** [Makefile:3: all] Error 1", 2), sh("cd docs && make", "built")),
    )


def _options_that_lack() -> None:
    case(
        "nine-workspace",
        "the script is that of one package",
        *twice(sh("npm run storybook", 'npm error Missing script: "storybook"', 1), sh("npm run storybook -w packages/ui", "built")),
        right=[rule("add_option", command="npm run storybook", option="-w packages/ui")],
    )
    case(
        "nine-filter",
        "so in the words of pnpm",
        *twice(sh("pnpm seed", 'ERR_PNPM_RECURSIVE_EXEC_FIRST_FAIL Command "seed" not found', 254), sh("pnpm --filter api seed", "seeded")),
        right=[rule("add_option", command="pnpm seed", option="--filter api")],
    )
    case(
        "nine-role",
        "the database's own user",
        *twice(sh("psql -l", 'psql: error: FATAL:  role "root" does not exist', 2), sh("psql -U postgres -l", "shop | postgres")),
        right=[rule("add_option", command="psql -l", option="-U postgres")],
    )
    case(
        "nine-tags",
        "build tags of Go",
        *twice(
            sh("go vet ./e2e", "package shop/e2e: build constraints exclude all Go files in /home/dev/nine-tags/e2e", 1),
            sh("go vet -tags e2e ./e2e", ""),
        ),
        right=[rule("add_option", command="go vet ./e2e", option="-tags e2e")],
    )


def _options_unknown() -> None:
    case(
        "nine-timeout-of-pytest",
        "a plugin's option without the plugin",
        [sh("pytest --timeout=60 api", "pytest: error: unrecognized arguments: --timeout=60", 4), sh("pytest api", PASSED)],
        right=[rule("drop_option", command="pytest", option="--timeout")],
    )
    case(
        "nine-name-without-dashes",
        "the message leaves the dashes off",
        *twice(
            sh("npx jest --grep cart", '● Unrecognized CLI Parameter:\n\n  Unrecognized option "grep". Did you mean "rest"?', 1),
            sh("npx jest -t cart", "Tests: 4 passed"),
        ),
        right=[rule("replace_option", command="npx jest", wrong="--grep", right="-t"), rule("test_command", command="npx jest")],
    )
    case(
        "nine-shorthand",
        "as Go's programs say it",
        *twice(sh("kubectl get pods -q", "error: unknown shorthand flag: 'q' in -q", 1), sh("kubectl get pods", "web Running")),
        right=[rule("drop_option", command="kubectl get", option="-q")],
    )
    case(
        "nine-of-another-database",
        "one database is not there; what is in the other is another thing",
        *twice(
            sh("psql -d app_test -c 'select 1'", 'FATAL:  database "app_test" does not exist', 2),
            sh("psql -d app_dev -c 'select 1'", "1"),
        ),
    )


def _variables() -> None:
    case(
        "nine-key-of-ruby",
        "as Ruby says it",
        [sh("bin/rails runner tick", 'key not found: "SHOP_HOST" (KeyError)', 1), sh("SHOP_HOST=shop.test bin/rails runner tick", "ok")],
        right=[rule("set_variable", command="bin/rails runner", assignment="SHOP_HOST=shop.test")],
    )
    case(
        "nine-variable-of-compose",
        "as compose says it",
        [
            sh("docker compose config", 'The "TAG_NAME" variable is not set. invalid reference', 1),
            sh("TAG_NAME=dev docker compose config", "name: shop"),
        ],
        right=[rule("set_variable", command="docker compose config", assignment="TAG_NAME=dev")],
    )
    case(
        "nine-settings-of-pydantic",
        "as pydantic says it",
        [
            sh("python3 -m shop.worker", "1 validation error for Settings\nBROKER_HOST\n  Field required [type=missing, input_value={}]", 1),
            sh("BROKER_HOST=mq python3 -m shop.worker", "ready"),
        ],
        right=[rule("set_variable", command="python3 -m shop.worker", assignment="BROKER_HOST=mq")],
    )
    case(
        "nine-backtrace-dictated",
        "an assignment that only says more",
        *twice(
            sh("cargo run", "thread 'main' panicked\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace", 101),
            sh("RUST_BACKTRACE=1 cargo run", "served"),
        ),
    )
    case(
        "nine-dictated",
        "an assignment that the output dictates",
        [sh("brew-like bundle", "Error: set APP_NO_WAIT=1 to go on", 1), sh("APP_NO_WAIT=1 brew-like bundle", "ok")],
        right=[rule("set_variable", command="brew-like bundle", assignment="APP_NO_WAIT=1")],
    )


def _hangs() -> None:
    case(
        "nine-follow",
        "a log that is followed",
        *twice(sh("kubectl logs -f deploy/api", "ready", None, timed_out=True), sh("kubectl logs deploy/api", "ready")),
        right=[rule("hangs_instead", command="kubectl logs -f deploy/api", instead="kubectl logs deploy/api")],
    )
    case(
        "nine-one-statement",
        "a client that waits for what to ask",
        *twice(sh("mysql shop", "mysql> ", None, timed_out=True), sh("mysql shop -e 'select 1'", "1")),
        right=[rule("hangs_instead", command="mysql shop", instead="mysql shop -e 'select 1'")],
    )
    case(
        "nine-limited-on-purpose",
        "the agent itself gave it two seconds",
        *twice(sh("timeout 2 ./solve big.txt", "", 124, timed_out=True)),
    )


def _facts() -> None:
    case(
        "nine-script-of-tests",
        "a script that runs the tests",
        *twice(sh("./scripts/run-tests.sh", "12 passed")),
        right=[rule("test_command", command="./scripts/run-tests.sh")],
    )
    case(
        "nine-script-of-data",
        "scripts with the words in their names that do something else",
        *twice(sh("./scripts/test-data.sh", "ok"), sh("./tools/build-index.py", "ok")),
    )
    case("nine-session-of-nox", "a session that checks the style", *twice(sh("nox -s lint", "nox > Session lint was successful.")))


def _other_things() -> None:
    case(
        "nine-peer",
        "the network of the day",
        *twice(
            sh("npm view zod version", "npm error network request to https://registry.npmjs.org/zod failed", 1),
            sh("npm view zod version --json", '"4.0.0"'),
        ),
    )
    case(
        "nine-memory",
        "not enough room in the memory at that moment",
        *twice(sh("webpack-like pack", "Killed", 137), sh("webpack-like pack --target web", "ok")),
    )
    case(
        "nine-flaky-snapshot",
        "a test fails by chance, and another way of showing it is tried",
        *twice(sh("npx playwright test cart", "1 flaky\n1 failed", 1), sh("npx playwright test cart --reporter=line", "4 passed")),
        right=[],
    )
    case(
        "nine-asked-for-something-else",
        "the user goes on to something else",
        *twice(
            sh("make release", "make: *** No rule to make target 'release'.  Stop.", 2),
            user("leave it. make the docs"),
            sh("make docs", "ok"),
        ),
    )
    case(
        "nine-shown-in-another-form",
        "the same is asked in another form, as the first was hard to read",
        *twice(sh("kubectl get deploy api -o name", "error: timed out", 1), sh("kubectl get deploy api -o yaml", "kind: Deployment")),
    )
    case(
        "nine-retried-as-is",
        "it works as it was, a moment later, and then with more",
        *twice(sh("flyctl status", "Error: server says no", 1), sh("flyctl status", "ok"), sh("flyctl status --all", "ok")),
    )


def _other_places() -> None:
    case(
        "nine-tests-have-it",
        "what is looked for stands in the tests only, this time",
        [search("make_user", "src", "No matches found"), search("make_user", "tests", "tests/users.py:3:def make_user"), read("src/app.py")],
        [search("fake_clock", "src", "No matches found"), search("fake_clock", "tests", "tests/clock.py:1:def fake_clock"), read("src/app.py")],
    )
    case(
        "nine-branch",
        "the file is there on the other branch",
        *twice(read("src/pay/refund.py", "File does not exist.", 1), sh("git switch refunds", "Switched"), read("src/refunds/refund.py")),
    )


def _other_peoples_words() -> None:
    case(
        "nine-pasted-warning",
        "a tool's words, pasted",
        *twice(
            edit("a.js", "x", "const r = require('request')"),
            user("npm warn deprecated request@2.88.2: use got instead of request\nget rid of this warning please"),
            edit("a.js", "request", "import got from 'got'"),
        ),
    )
    case(
        "nine-question",
        "a question is no wish",
        *twice(
            edit("a.py", "x", "import requests"),
            user("why not use httpx instead of requests here?"),
            edit("a.py", "requests", "import httpx"),
        ),
    )
    case(
        "nine-done-with-it",
        "a story about another project",
        *twice(
            edit("a.py", "x", "import argparse"),
            user("at my last job they wanted click, not argparse, so I know click better. your call"),
            edit("a.py", "argparse", "import click"),
        ),
    )
    case(
        "nine-wish",
        "a wish with its reason",
        *twice(
            edit("a.py", "x", "import argparse"),
            user("I'd rather you use click instead of argparse: all our tools do"),
            edit("a.py", "argparse", "import click"),
        ),
        right=[rule("prefers", wrong="argparse", right="click")],
    )
