"""An eighth part of the set: evidence that is there by chance. For every claim that a miner makes, sessions that look like it and refute it.

Most of them come twice, as once is enough for few lessons. The labels were written before the miners were run on them.
"""

from __future__ import annotations

from tests.headroom_wrap.learn.labelled.telling import (
    BIG,
    NO_MATCH,
    NOT_FOUND,
    PASSED,
    PERSON,
    case,
    edit,
    missing,
    read,
    rule,
    search,
    sh,
    twice,
    user,
)

REFUSED_CONNECTION = "Error: connect ECONNREFUSED 127.0.0.1:5432"
NO_MODULE = "ModuleNotFoundError: No module named 'shop'"
NO_MANIFEST = "npm error enoent Could not read package.json: Error: ENOENT: no such file or directory, open '/home/dev/x/package.json'"


def tell() -> None:
    """Adds them to the set."""
    _two_changes()
    _verdicts()
    _the_world()
    _made_meanwhile()
    _the_shell()
    _members()
    _purposes()
    _words_of_the_user()
    _refusals()
    _hangs_and_loops()
    _other_systems()
    _recall()


def _two_changes() -> None:
    case(
        "eight-environment-and-variable",
        "another environment and a variable at once: either may have done it",
        *twice(sh("pytest -q api", NO_MODULE, 4), sh("PYTHONPATH=lib uv run pytest -q api", PASSED)),
    )
    case(
        "eight-environment-and-folder",
        "another interpreter and another folder at once",
        *twice(sh("python3 -m shop.cli", NO_MODULE, 1), sh("cd services/shop && .venv/bin/python -m shop.cli", "usage: shop")),
    )
    case(
        "eight-variable-and-option",
        "neither is named by the output",
        *twice(sh("rollout plan", "Error: nothing to do", 1), sh("REGION=eu rollout plan --stage two", "3 steps")),
    )
    case(
        "eight-folder-and-option",
        "in another folder and with an option",
        *twice(sh("buf lint", "Failure: could not start", 1), sh("cd proto && buf lint --path a.proto", "")),
    )
    case(
        "eight-two-options",
        "two options at once",
        *twice(sh("vegeta attack", "error: bad target", 1), sh("vegeta attack --rate 5 --targets t.txt", "ok")),
    )
    case(
        "eight-program-and-what-it-does",
        "the interpreter is another one, and so is the script",
        *twice(sh("python tools/load.py --all", NOT_FOUND.format("python"), 127), sh("node tools/load.mjs --all", "ok")),
    )


def _verdicts() -> None:
    case(
        "eight-diff-answers",
        "that two files differ is an answer",
        *twice(sh("diff a.txt b.txt", "3c3\n< one\n---\n> two", 1), sh("diff --strip-trailing-cr a.txt b.txt", "")),
    )
    case(
        "eight-cmp-answers",
        "so of bytes",
        *twice(sh("cmp a.bin b.bin", "a.bin b.bin differ: byte 9, line 1", 1), sh("cmp --bytes=8 a.bin b.bin", "")),
    )
    case(
        "eight-black-check",
        "a check that finds something to do, asked with another width",
        *twice(
            sh("black --check src", "would reformat src/a.py\n\nOh no!\n1 file would be reformatted.", 1),
            sh("black --check --line-length 140 src", "All done!"),
        ),
    )
    case(
        "eight-severity",
        "a scanner, asked for less",
        *twice(sh("trivy fs .", "Total: 3 (HIGH: 3)", 1), sh("trivy fs . --severity CRITICAL", "Total: 0")),
    )
    case(
        "eight-audit",
        "an audit of a part",
        *twice(
            sh("osv-scanner scan", "Scanned uv.lock and found 40 packages\nGHSA-xx in jinja2", 1),
            sh("osv-scanner scan --lockfile web.lock", "No issues found"),
        ),
    )
    case(
        "eight-state-of-a-service",
        "that it does not run is an answer",
        *twice(sh("supervisorctl status", "web STOPPED", 3), sh("supervisorctl status -c etc/sup.conf", "web RUNNING")),
    )
    case(
        "eight-links",
        "a checker of links finds broken ones",
        *twice(sh("lychee docs", "3 broken links\n[404] https://a.test/x", 2), sh("lychee docs --accept 404", "0 broken links")),
    )
    case(
        "eight-coverage",
        "a threshold",
        *twice(
            sh("coverage report", "TOTAL 71%\nCoverage failure: total of 71 is less than fail-under=80", 2),
            sh("coverage report --fail-under=70", "TOTAL 71%"),
        ),
    )
    case(
        "eight-exit-code-on-purpose",
        "told to say by its status what there is to do",
        *twice(sh("terragrunt plan -detailed-exitcode", "Plan: 1 to add", 2), sh("terragrunt plan", "Plan: 1 to add")),
    )
    case("eight-pgrep", "nothing runs of that name; now it does", *twice(sh("pgrep worker", "", 1), sh("pgrep --full worker", "4711")))


def _the_world() -> None:
    case(
        "eight-server-not-up",
        "the server was not up yet",
        *twice(sh("npx cypress open-smoke", REFUSED_CONNECTION, 1), sh("npx cypress open-smoke --browser chrome", "All specs passed!")),
    )
    case(
        "eight-database-starts",
        "the database was starting",
        *twice(
            sh("atlas migrate status", "pq: the database system is starting up", 1),
            sh("atlas migrate status --env local", "Migration Status: OK"),
        ),
    )
    case(
        "eight-network",
        "the network failed",
        *twice(
            sh("cargo fetch", "warning: spurious network error (3 tries remaining)\nerror: failed to get `serde`", 101),
            sh("cargo fetch --target x86_64", ""),
        ),
    )
    case(
        "eight-unreachable",
        "a host that could not be reached",
        *twice(
            sh("helm dependency list charts", "Error: dial tcp 10.0.0.4:443: connect: network is unreachable", 1),
            sh("helm dependency list charts --max-col-width 90", "redis 18"),
        ),
    )
    case(
        "eight-gateway",
        "a mirror that hung up",
        *twice(sh("pulumi preview", "error: Post https://api.test: unexpected EOF", 255), sh("pulumi preview --stack dev", "no changes")),
        right=[],
    )
    case(
        "eight-crash",
        "it crashed, and not the next time",
        *twice(sh("clang-tidy src/a.c", "Segmentation fault (core dumped)", 139), sh("clang-tidy src/a.c --extra-arg=-std=c11", "")),
    )
    case(
        "eight-queue",
        "a machine that was busy",
        *twice(
            sh("sbatch run.slurm", "sbatch: error: Unable to contact slurm controller (connect failure)", 1),
            sh("sbatch --mem=4G run.slurm", "Submitted 12"),
        ),
    )


def _made_meanwhile() -> None:
    case(
        "eight-file-generated",
        "a program of the project wrote it in between",
        *twice(missing("api/schema.json"), sh("python3 tools/export.py", "wrote openapi/schema.json"), read("openapi/schema.json")),
    )
    case(
        "eight-script-makes-folder",
        "a script set it up in between, and said no word about it",
        *twice(
            sh("quarto render book", "ERROR: could not find engine", 1),
            sh("./scripts/prepare.sh", "done"),
            sh("quarto render book --profile ci", "Output created"),
        ),
    )
    case(
        "eight-configured",
        "the build was configured in between",
        *twice(
            sh("ctest -N", "No test configuration file found!", 1),
            sh("cmake -S . -B out", "-- Configuring done"),
            sh("ctest -N --test-dir out", "Total Tests: 3"),
        ),
    )
    case(
        "eight-reverted",
        "a commit was taken back in between",
        *twice(
            sh("sass-lint src", "TypeError: x is not a function", 1),
            sh("git revert --no-edit HEAD", "[main 3f2] Revert"),
            sh("sass-lint src --config a.yml", ""),
        ),
    )
    case(
        "eight-fixed-by-a-tool",
        "the linter mended the code in between",
        *twice(sh("deno bundle a.ts", "error: expected ';'", 1), sh("deno fmt a.ts", "a.ts"), sh("deno bundle a.ts --config d.json", "ok")),
    )
    case(
        "eight-read-elsewhere",
        "an example of the same name",
        *twice(missing("src/ledger.py"), read("examples/ledger.py")),
    )
    case(
        "eight-fixture",
        "a test's data of the same name",
        *twice(missing("src/orders.json"), read("tests/fixtures/orders.json")),
    )
    case(
        "eight-dated-file",
        "a file of one day is too large",
        [read("exports/2026-02-03.csv", BIG, 1), read("exports/2026-02-03.csv", "1\ta", 0, offset=1, limit=50)],
    )
    case(
        "eight-own-edits",
        "the agent had changed the text itself, in each session once",
        *twice(edit("a.py", "x = 1", "x = 2"), edit("a.py", "x = 1", "x = 3", 1, NO_MATCH), read("a.py"), edit("a.py", "x = 2", "x = 3")),
    )


def _the_shell() -> None:
    case(
        "eight-cd-before",
        "the folder was changed in a call of its own",
        *twice(
            sh("cdk synth", "--app is required either in command-line, in cdk.json", 1),
            sh("cd infra", ""),
            sh("cdk synth --quiet-ish x", "Stack: api"),
        ),
    )
    case(
        "eight-export-before",
        "the variable was set in a call of its own",
        *twice(sh("rails stats", "error: wrong mode", 1), sh("export RAILS_ENV=test", ""), sh("rails stats --out s.txt", "ok")),
    )
    case(
        "eight-sourced-before",
        "the environment was made active in a call of its own",
        *twice(sh("dagster asset list", "could not start", 1), sh("source .envrc", ""), sh("dagster asset list -m jobs", "a\nb")),
    )
    case(
        "eight-back-to-the-root",
        "the agent had gone into a folder itself, and came back",
        *[
            {
                "events": [
                    sh("npm run bundle", NO_MANIFEST, 254, cwd=f"/home/dev/eight-back-to-the-root/{folder}"),
                    sh("npm run bundle", "ok", cwd="/home/dev/eight-back-to-the-root"),
                ]
            }
            for folder in ("docs", "notes")
        ],
        right=[rule("run_in_folder", command="npm", folder="."), rule("build_command", command="npm run bundle")],
    )


def _members() -> None:
    case(
        "eight-member",
        "another package of the workspace has a script of that name, as was asked for next",
        *twice(
            sh("cd packages/core && npm run storybook", 'npm error Missing script: "storybook"', 1),
            user("then look at the one of the shop"),
            sh("cd packages/shop && npm run storybook", "built"),
        ),
    )
    case(
        "eight-qualified-task",
        "the script for one environment is not the one for none",
        *twice(sh("make deploy-staging", "make: *** No rule to make target 'deploy-staging'.  Stop.", 2), sh("make deploy", "deployed")),
    )
    case(
        "eight-end-to-end",
        "tests of another kind",
        *twice(sh("npm run test:e2e", 'npm error Missing script: "test:e2e"', 1), sh("npm run test", "Tests: 4 passed")),
        right=[rule("test_command", command="npm run test")],
    )
    case(
        "eight-part-of-a-task",
        "the linter of the documents is not the linter",
        *twice(sh("npm run lint", 'npm error Missing script: "lint"', 1), sh("npm run lint:docs", "ok")),
    )
    case(
        "eight-other-package",
        "the tests of another package",
        *twice(sh("nx test core", "Cannot find configuration for task core:test", 1), sh("nx test shop", "Tests: 3 passed")),
    )


def _purposes() -> None:
    case(
        "eight-stack-trace",
        "more is said, and this time it does not fail",
        *twice(
            sh("./gradlew publishDocs", "> Run with --stacktrace option to get the stack trace. You must specify more.\nBUILD FAILED", 1),
            sh("./gradlew publishDocs --stacktrace", "BUILD SUCCESSFUL"),
        ),
    )
    case(
        "eight-scan",
        "so with a report",
        *twice(
            sh("./gradlew dokka", "> Run with --scan to get full insights. Required task failed", 1), sh("./gradlew dokka --scan", "BUILD SUCCESSFUL")
        ),
    )
    case(
        "eight-warnings-off",
        "a variable that makes warnings go away",
        *twice(sh("mkdocs gh-info", "DeprecationWarning: x is an error now", 1), sh("PYTHONWARNINGS=ignore mkdocs gh-info", "ok")),
    )
    case(
        "eight-level-of-the-log",
        "a variable that makes it say more",
        *twice(sh("npm pack", "npm error code 1", 1), sh("NPM_CONFIG_LOGLEVEL=silly npm pack", "a-1.0.tgz")),
    )
    case(
        "eight-first-failure",
        "with other options of looking",
        *twice(sh("jest cart -i", "1 failed, 2 passed", 1), sh("jest cart -o", "2 passed")),
        right=[rule("test_command", command="jest")],
    )
    case(
        "eight-slip",
        "the same slip of the keys",
        *twice(sh("kubctl get pods", NOT_FOUND.format("kubctl"), 127), sh("kubectl get pods", "web Running")),
    )
    case(
        "eight-slip-of-an-option",
        "a letter too few",
        [sh("sphinx-apidoc --forc docs", "error: unrecognized arguments: --forc", 2), sh("sphinx-apidoc --full docs", "ok")],
        [sh("mdformat --wrp 80 docs", "error: unrecognized arguments: --wrp", 2), sh("mdformat --wrap 80 docs", "")],
    )
    case(
        "eight-runner-for-a-project-tool",
        "what runs tasks is not there; the tests are run in another way",
        *twice(sh("make test", NOT_FOUND.format("make"), 127), sh("npm test", "Tests: 3 passed")),
        right=[rule("test_command", command="npm test")],
    )


def _words_of_the_user() -> None:
    case(
        "eight-product-colour",
        "about the product, and not about how it is made",
        *twice(edit("a.css", "x", "color: green"), user("no, use blue, not green"), edit("a.css", "color: green", "color: blue")),
    )
    case(
        "eight-product-term",
        "a word that customers read, for good",
        [
            edit("page.html", "x", "<b>Client</b>"),
            user("always write Customer, not Client, everywhere"),
            edit("page.html", "Client", "<b>Customer</b>"),
        ],
    )
    case(
        "eight-quoted",
        "somebody else's words between quotes",
        *twice(
            edit("a.js", "x", "import m from 'moment'"),
            user('the reviewer wrote "use dayjs, not moment". Do it for his sake here'),
            edit("a.js", "moment", "import d from 'dayjs'"),
        ),
    )
    case(
        "eight-hypothetical",
        "what would be if",
        *twice(
            edit("a.js", "x", "import m from 'moment'"),
            user("if we ever said use dayjs, not moment, how would this look, show me"),
            edit("b.js", "x", "import d from 'dayjs'"),
        ),
    )
    case(
        "eight-taken-back",
        "a correction that the user takes back",
        [
            sh("npm install", "ok"),
            user("no, use pnpm, never npm"),
            sh("pnpm install", "ok"),
            user("sorry, that was the other project. npm is right here"),
            read("a.js"),
            sh("npm run start:once", "ok"),
        ],
    )
    case(
        "eight-one-place",
        "for this one endpoint",
        *twice(
            edit("a.ts", "x", "import got from 'got'"),
            user("use undici instead of got for this endpoint"),
            edit("a.ts", "got", "import u from 'undici'"),
        ),
    )
    case(
        "eight-user-mended-it",
        "the user did something, in words that name no tool",
        *twice(
            sh("tsx tools/seed.ts", "Error: Cannot find package 'knex'", 1),
            user("my node_modules were broken, all good now"),
            sh("tsx tools/seed.ts --env dev", "seeded"),
        ),
    )
    case(
        "eight-user-synced",
        "so of an environment",
        *twice(sh("python3 -m tasks.sync", NO_MODULE, 1), user("I synced the venv, once more please"), sh(".venv/bin/python -m tasks.sync", "ok")),
    )


def _refusals() -> None:
    case(
        "eight-misclick",
        "refused by mistake, allowed at once, and done in another form",
        *twice(sh("npm install zod", PERSON, 1, refused=True), user("misclick, sorry. go ahead"), sh("npm i zod --save", "added 1 package")),
    )
    case(
        "eight-what-may-not-be-read",
        "it is the file that is refused, not what reads it",
        *twice(sh("cat /home/ann/.netrc", "Permission to use Bash has been denied by a permission rule.", 1, refused=True)),
    )
    case(
        "eight-forced-push",
        "the force is refused, not the push",
        [sh("git push --force", "denied by policy: no force pushes", 1, refused=True), sh("git push", "ok")],
        [sh("git push --force", "denied by policy: no force pushes", 1, refused=True), sh("git push", "ok")],
    )
    case(
        "eight-sandbox-off",
        "the sandbox was switched off by the user",
        [sh("podman ps", "sandbox: operation not permitted", 1, refused=True), user("sandbox is off now"), sh("podman ps", "none")],
        [sh("podman ps", "sandbox: operation not permitted", 1, refused=True), user("sandbox is off now"), sh("podman ps", "none")],
    )


def _hangs_and_loops() -> None:
    case("eight-slow-install", "it is slow, and has an end", *twice(sh("npm ci", "", None, timed_out=True)))
    case("eight-slow-copy", "so of copies and downloads", *twice(sh("rsync -a data backup", "", None, timed_out=True)))
    case("eight-slow-migration", "so of a change of the database", *twice(sh("rails db:migrate", "== 12 Add: migrating", None, timed_out=True)))
    case(
        "eight-next-task",
        "what comes next is another task, and no way to do the first",
        *twice(sh("npm run dev", "ready on 3000", None, timed_out=True), sh("npm run db:seed", "seeded")),
        right=[rule("hangs", command="npm run dev")],
    )
    case("eight-pending", "asked again until something is done", *twice(*[sh("gh pr checks 4", "build pending", 8)] * 4))
    case("eight-still-queued", "so with success", *twice(*[sh("bk build 12", "state: queued")] * 5))


def _other_systems() -> None:
    case(
        "eight-windows",
        "as cmd.exe says it",
        [
            sh(
                "python gen.py --all",
                "'python' is not recognized as an internal or external command,\r\noperable program or batch file.",
                1,
            ),
            sh("py gen.py --all", "ok"),
        ],
        right=[rule("use_program", wrong="python", right="py")],
    )
    case(
        "eight-powershell",
        "as PowerShell says it",
        [
            sh(
                "python gen.py --all",
                "python : The term 'python' is not recognized as the name of a cmdlet, function, script file, or operable program.",
                1,
            ),
            sh("py gen.py --all", "ok"),
        ],
        right=[rule("use_program", wrong="python", right="py")],
    )


def _recall() -> None:
    case(
        "eight-right-to-the-net",
        "a right that the program asks for by its name",
        *twice(
            sh("deno run tools/pull.ts", 'error: Uncaught NotCapable: Requires net access to "a.test", run again with the --allow-net flag', 1),
            sh("deno run --allow-net tools/pull.ts", "pulled"),
        ),
        right=[rule("add_option", command="deno run tools/pull.ts", option="--allow-net")],
    )
    case(
        "eight-all-rights",
        "all rights at once are none to be taught",
        *twice(
            sh("deno run tools/push.ts", "error: NotCapable: Requires run access, run again with the --allow-run flag", 1),
            sh("deno run --allow-all tools/push.ts", "pushed"),
        ),
    )
    case(
        "eight-exported",
        "the variable that the output misses is exported in a call of its own",
        [sh("pytest -q", "KeyError: 'SHOP_MODE'", 1), sh("export SHOP_MODE=local", ""), sh("pytest -q", PASSED)],
        right=[rule("set_variable", command="pytest", assignment="SHOP_MODE=local")],
    )
    case(
        "eight-both-named",
        "two changes, both of them named by the output",
        *twice(
            sh("nix build .#vm", "error: unfree: set NIXPKGS_ALLOW_UNFREE=1 and use --impure", 1),
            sh("NIXPKGS_ALLOW_UNFREE=1 nix build --impure .#vm", "ok"),
        ),
        right=[
            rule("set_variable", command="nix build .#vm", assignment="NIXPKGS_ALLOW_UNFREE=1"),
            rule("add_option", command="nix build .#vm", option="--impure"),
        ],
    )
    case(
        "eight-all-tests-fail",
        "all tests fail for want of a variable, and all pass with it",
        *twice(
            sh("dotnet test it/Api", "Failed: 12, Passed: 0\nSystem.IO.IOException: no such socket", 1),
            sh("DOCKER_HOST=unix:///run/podman.sock dotnet test it/Api", "Passed: 12, Failed: 0"),
        ),
        right=[rule("set_variable", command="dotnet test it/Api", assignment="DOCKER_HOST=unix:///run/podman.sock")],
    )
    case(
        "eight-some-tests-fail",
        "some fail, by chance perhaps",
        *twice(
            sh("dotnet test it/Web", "Failed: 2, Passed: 10", 1),
            sh("DOCKER_HOST=unix:///run/podman.sock dotnet test it/Web", "Passed: 12, Failed: 0"),
        ),
    )
    case(
        "eight-subshell",
        "brackets round the change of folder",
        [sh("npm run gen", NO_MANIFEST, 254), sh("(cd web && npm run gen)", "ok")],
        right=[rule("run_in_folder", command="npm", folder="web")],
    )
    case(
        "eight-still-unexplained",
        "looking about in between changes nothing",
        *twice(
            sh("atlas schema inspect", "Error: unsupported driver", 1),
            read("atlas.hcl"),
            sh("ls migrations", "1.sql"),
            search("env", ".", "atlas.hcl:1:env"),
            sh("atlas schema inspect --env local", "table orders"),
        ),
        right=[rule("add_option", command="atlas schema inspect", option="--env local")],
    )
    case(
        "eight-the-user-names-it",
        "the user says what is missing, and it is",
        *twice(
            sh("celery inspect", "Error: no app", 2),
            user("you have to give it -A shop"),
            sh("celery inspect -A shop", "ok"),
        ),
        right=[rule("add_option", command="celery inspect", option="-A shop")],
    )
