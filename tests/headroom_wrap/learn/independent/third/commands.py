"""Cases with something to learn about a command: another program, another environment, another task, a folder, an option, a variable."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.second.worlds import builds, lints, tests
from tests.headroom_wrap.learn.independent.steps import noise, read, sh
from tests.headroom_wrap.learn.independent.third.telling import case, on
from tests.headroom_wrap.learn.independent.third.worlds import (
    ATLAS,
    CLOUD,
    EDGE,
    FARM,
    GITOPS,
    HOSTS,
    KIOSK,
    LAMP,
    LENDING,
    MARKDOC,
    MARTS,
    MEMOD,
    MOTES,
    OCEAN,
    PAYROLL,
    PULSE,
    QUERYC,
    RECIPES,
    RIDE,
    SPECIES,
    TICKETS,
    TIDES,
    UARTLITE,
    ZIGLINE,
)  # fmt: skip

_PROGRAMS = (
    case(
        "flutter-by-fvm", "the SDK is pinned, and only its version manager is on PATH", RECIPES,
        on("claude", sh("flutter pub get", "/bin/bash: line 1: flutter: command not found\n", 127), sh("ls -a | head -20", ".dart_tool\n.fvm\n.fvmrc\nlib\npubspec.yaml\ntest\n"), sh("fvm flutter pub get", "Resolving dependencies...\nGot dependencies!\n")),
        on("gemini", sh("flutter build apk --debug", "bash: line 1: flutter: command not found\n", 127), noise(1), sh("fvm flutter build apk --debug", "✓ Built build/app/outputs/flutter-apk/app-debug.apk\n")),
        right=[("use_program", {"wrong": "flutter", "right": "fvm flutter"})],
        fine=[builds("fvm flutter build apk --debug")],
    ),
    case(
        "tofu-not-terraform", "the fork is installed, the original is not", CLOUD,
        on("codex", sh("terraform -chdir=stacks/network init -backend=false", "bash: line 1: terraform: command not found\n", 127), sh("which tofu terraform", "/usr/local/bin/tofu\n", 1), sh("tofu -chdir=stacks/network init -backend=false", "OpenTofu has been successfully initialized!\n")),
        on("claude", sh("terraform fmt -recursive stacks", "/bin/bash: line 1: terraform: command not found\n", 127), sh("tofu fmt -recursive stacks", "stacks/storage/main.tf\n")),
        right=[("use_program", {"wrong": "terraform", "right": "tofu"})],
    ),
    case(
        "dune-of-the-switch", "the build's program is only in opam's switch", QUERYC,
        on("opencode", sh("dune build bin/main.exe", "bash: line 1: dune: command not found\n", 127), sh("opam switch list", "#  switch    compiler\n→  /home/oc/queryc  ocaml.5.2.0  /home/oc/queryc\n"), sh("opam exec -- dune build bin/main.exe", "")),
        on("claude", sh("dune utop src 2>&1 | tail -5", "/bin/bash: line 1: dune: command not found\n"), sh("opam exec -- dune top src 2>&1 | tail -5", '#directory "/home/oc/queryc/_build/default/src/.queryc.objs/byte";;\n')),
        on("codex", sh("dune promote", "bash: line 1: dune: command not found\n", 127), sh("opam exec -- dune promote", "Promoting _build/default/test/test_plan.ml.corrected to test/test_plan.ml.\n")),
        right=[("use_program", {"wrong": "dune", "right": ["opam exec -- dune", "opam exec --"]})],
    ),
    case(
        "php-of-ddev", "the language is only in the container", KIOSK,
        on("claude", sh("php bin/console cache:clear", "/bin/bash: line 1: php: command not found\n", 127), read(".ddev/config.yaml", 'name: kiosk\ntype: symfony\nphp_version: "8.3"\n'), sh("ddev exec php bin/console cache:clear", ' [OK] Cache for the "dev" environment (debug=true) was successfully cleared.\n')),
        on("copilot", sh("php bin/console debug:router cart", "bash: line 1: php: command not found\n", 127), sh("ddev exec php bin/console debug:router cart", "| Route Name   | cart  |\n| Path         | /cart |\n")),
        right=[("use_program", {"wrong": "php", "right": ["ddev exec php", "ddev php", "ddev exec"]})],
    ),
    case(
        "podman-only", "images are built with the other program, seen in one session, twice", MEMOD,
        on("claude", sh("docker build -t memod:dev .", "/bin/bash: line 1: docker: command not found\n", 127), sh("podman build -t memod:dev .", "STEP 1/6: FROM golang:1.23 AS build\nCOMMIT memod:dev\nSuccessfully tagged localhost/memod:dev\n"), noise(4), sh("docker run --rm memod:dev -version", "/bin/bash: line 1: docker: command not found\n", 127), sh("podman run --rm memod:dev -version", "memod 0.9.1\n")),
        on("codex", noise(3)),
        right=[("use_program", {"wrong": "docker", "right": "podman"})],
        fine=[builds("podman build -t memod:dev .")],
    ),
    case(
        "srun-for-mpirun", "a cluster's front end has no mpirun", OCEAN,
        on("codex", sh("mpirun -n 4 build/ocean namelists/nordic.nml", "bash: line 1: mpirun: command not found\n", 127), sh("module list", "Currently Loaded Modules:\n  1) slurm/23.11   2) foss/2023b\n"), sh("srun -n 4 build/ocean namelists/nordic.nml", " step    10  cfl 0.41\n step    20  cfl 0.43\n run complete\n")),
        on("claude", sh("mpirun -n 8 build/ocean namelists/nordic.nml", "/bin/bash: line 1: mpirun: command not found\n", 127), sh("srun -n 8 build/ocean namelists/nordic.nml", " step    10  cfl 0.40\n run complete\n")),
        right=[("use_program", {"wrong": "mpirun", "right": "srun"})],
    ),
    case(
        "npx-finds-no-nx", "packages lie in yarn's own store, where npx does not look", ATLAS,
        on("gemini", sh("npx nx show projects", "npm error could not determine executable to run\nnpm error A complete log of this run can be found in: /Users/pia/.npm/_logs/2025-10-02T08_11_02_116Z-debug-0.log\n", 1), sh("ls -a", ".pnp.cjs\n.yarn\n.yarnrc.yml\napps\nlibs\nnx.json\npackage.json\nyarn.lock\n"), sh("yarn nx show projects", "portal\ngeo\ntracker\n")),
        on("claude", sh("npx nx graph --file=graph.json", "npm error could not determine executable to run\n", 1), sh("yarn nx graph --file=graph.json", " NX   JSON output created in /Users/pia/work/atlas/graph.json\n")),
        right=[("use_program", {"wrong": ["npx nx", "npx", "nx"], "right": ["yarn nx", "yarn"]})],
        fine=[("use_environment", {"wrong": ["npx nx", "npx"], "right": ["yarn nx", "yarn"]})],
    ),
    case(
        "no-python-but-uv", "the failure is hidden by a pipe's last program", MARTS,
        on("claude", sh("python scripts/freshness.py 2>&1 | tail -20", "/bin/bash: line 1: python: command not found\n"), sh("python3 scripts/freshness.py 2>&1 | tail -20", "/bin/bash: line 1: python3: command not found\n"), sh("uv run python scripts/freshness.py 2>&1 | tail -20", "shop.orders    fresh (2h)\nshop.returns   fresh (2h)\n")),
        on("codex", sh("python scripts/columns.py fct_orders", "bash: line 1: python: command not found\n", 127), sh("uv run python scripts/columns.py fct_orders", "order_id\ncustomer_id\nordered_at\n")),
        right=[("use_program", {"wrong": "python", "right": ["uv run python", "uv run"]})],
        fine=[("use_environment", {"wrong": ["python", "python3"], "right": ["uv run python", "uv run"]}), ("use_program", {"wrong": "python3", "right": ["uv run python", "uv run"]})],
    ),
)  # fmt: skip

_ENVIRONMENTS = (
    case(
        "django-of-poetry", "the system's python has none of the project's modules", LENDING,
        on("claude", sh("python manage.py check", "Traceback (most recent call last):\n  File \"/home/nadia/dev/lending/manage.py\", line 11, in main\n    from django.core.management import execute_from_command_line\nModuleNotFoundError: No module named 'django'\n", 1), sh("poetry run python manage.py check", "System check identified no issues (0 silenced).\n")),
        on("copilot", sh("python manage.py makemigrations --dry-run", "ModuleNotFoundError: No module named 'django'\n\nThe above exception was the direct cause of the following exception:\n\nImportError: Couldn't import Django. Are you sure it's installed and available on your PYTHONPATH environment variable?\n", 1), noise(1), sh("poetry run python manage.py makemigrations --dry-run", "No changes detected\n")),
        right=[("use_environment", {"wrong": ["python", "python manage.py"], "right": ["poetry run python", "poetry run", "poetry run python manage.py"]})],
        fine=[("use_program", {"wrong": "python", "right": ["poetry run python"]})],
    ),
    case(
        "plots-of-pixi", "a script's libraries are in the environment of another tool", TIDES,
        on("codex", sh("python3 scripts/plot_station.py HEI", "Traceback (most recent call last):\n  File \"scripts/plot_station.py\", line 3, in <module>\n    import xarray as xr\nModuleNotFoundError: No module named 'xarray'\n", 1), sh("pixi run python scripts/plot_station.py HEI", "wrote figures/HEI.png\n")),
        on("claude", sh("python3 -c 'import xarray; print(xarray.__version__)'", "Traceback (most recent call last):\n  File \"<string>\", line 1, in <module>\nModuleNotFoundError: No module named 'xarray'\n", 1), sh("pixi run python -c 'import xarray; print(xarray.__version__)'", "2024.9.0\n")),
        on("opencode", sh("python3 scripts/gaps.py", "ModuleNotFoundError: No module named 'xarray'\n", 1), sh("pixi run python scripts/gaps.py", "BRS 2\nHEI 0\n")),
        right=[("use_environment", {"wrong": "python3", "right": ["pixi run python", "pixi run"]})],
    ),
)  # fmt: skip

_TASKS = (
    case(
        "no-rule-to-make-test", "the simulation is the test here", UARTLITE,
        on("claude", sh("make test", "make: *** No rule to make target 'test'.  Stop.\n", 2), sh("grep -n '^[a-z]*:' Makefile", "12:lint:\n18:sim:\n30:synth:\n41:program:\n"), sh("make sim", "** TESTS=9 PASS=9 FAIL=0 SKIP=0 **\n")),
        on("codex", sh("make test", "make: *** No rule to make target 'test'.  Stop.\n", 2), read("Makefile", "TOP ?= uart_top\n"), sh("make sim", "** TESTS=9 PASS=9 FAIL=0 SKIP=0 **\n")),
        right=[("use_task", {"wrong": ["test", "make test"], "right": ["sim", "make sim"]})],
    ),
    case(
        "tasks-of-deno", "a task is guessed, the tool lists those that are", EDGE,
        on("gemini", sh("deno task check", "Task not found: check\nAvailable tasks:\n- test\n    deno test --allow-net --allow-env tests/\n- verify\n    deno fmt --check && deno check src/main.ts\n", 1), sh("deno task verify", "Task verify deno fmt --check && deno check src/main.ts\nChecked 16 files\n")),
        on("claude", sh("deno task check", "Task not found: check\nAvailable tasks:\n- test\n- verify\n", 1), sh("deno task verify", "Checked 16 files\n")),
        right=[("use_task", {"wrong": ["check", "deno task check"], "right": ["verify", "deno task verify"]})],
        fine=[lints("deno task verify")],
    ),
    case(
        "flavours-of-an-app", "the task has the flavour in its name", RIDE,
        on("claude", sh("./gradlew :app:lintDebug", "FAILURE: Build failed with an exception.\n\n* What went wrong:\nCannot locate tasks that match ':app:lintDebug' as task 'lintDebug' is ambiguous in project ':app'. Candidates are: 'lintDemoDebug', 'lintFullDebug'.\n\nBUILD FAILED in 1s\n", 1), sh("./gradlew :app:lintFullDebug", "Wrote HTML report to file:///home/kofi/AndroidStudioProjects/ride/app/build/reports/lint-results-fullDebug.html\n\nBUILD SUCCESSFUL in 31s\n")),
        on("copilot", sh("./gradlew :app:lintDebug --quiet", "Cannot locate tasks that match ':app:lintDebug' as task 'lintDebug' is ambiguous in project ':app'. Candidates are: 'lintDemoDebug', 'lintFullDebug'.\n", 1), noise(1), sh("./gradlew :app:lintFullDebug --quiet", "")),
        right=[("use_task", {"wrong": ["lintDebug", ":app:lintDebug", "./gradlew :app:lintDebug"], "right": ["lintFullDebug", ":app:lintFullDebug", "./gradlew :app:lintFullDebug"]})],
        fine=[lints("./gradlew :app:lintFullDebug", "./gradlew :app:lintFullDebug --quiet")],
    ),
    case(
        "a-step-of-zig", "the benchmarks' step has another name", ZIGLINE,
        on("codex", sh("zig build benchmark", "no step named 'benchmark'\n  access the help menu with 'zig build -h'\n", 2), sh("zig build -l", "  install (default)\n  test\n  perf\n"), sh("zig build perf", "refresh 80 columns: 1.9us\n")),
        on("claude", sh("zig build benchmark", "no step named 'benchmark'\n  access the help menu with 'zig build -h'\n", 2), sh("zig build -l", "  install (default)\n  test\n  perf\n"), sh("zig build perf", "refresh 80 columns: 1.8us\n")),
        right=[("use_task", {"wrong": ["benchmark", "zig build benchmark"], "right": ["perf", "zig build perf"]})],
    ),
    case(
        "a-project-of-nx", "the project is called by its folder's old name", ATLAS,
        on("claude", sh("yarn nx build portal-web", " NX   Cannot find project 'portal-web'\n", 1), sh("yarn nx show projects", "portal\ngeo\ntracker\n"), sh("yarn nx build portal", " NX   Successfully ran target build for project portal and 2 tasks it depends on\n")),
        on("opencode", sh("yarn nx build portal-web", " NX   Cannot find project 'portal-web'\n", 1), sh("yarn nx build portal", " NX   Successfully ran target build for project portal and 2 tasks it depends on\n")),
        right=[("use_task", {"wrong": ["portal-web", "yarn nx build portal-web", "build portal-web"], "right": ["portal", "yarn nx build portal", "build portal"]})],
        fine=[builds("yarn nx build portal")],
    ),
    case(
        "a-task-of-pixi", "what is not a task is looked for as a program", TIDES,
        on("claude", sh("pixi run figures", "figures: command not found\n\nAvailable tasks:\n\tlint\n\tplots\n\ttest\n", 127), sh("pixi run plots", "✨ Pixi task (plots): python scripts/plot_all.py\nwrote 14 figures\n")),
        on("gemini", sh("pixi run figures", "figures: command not found\n\nAvailable tasks:\n\tlint\n\tplots\n\ttest\n", 127), sh("pixi run plots", "✨ Pixi task (plots): python scripts/plot_all.py\nwrote 14 figures\n")),
        right=[("use_task", {"wrong": ["figures", "pixi run figures"], "right": ["plots", "pixi run plots"]})],
    ),
)  # fmt: skip

_FOLDERS = (
    case(
        "packages-of-assets", "the lock file of the pages' packages is a folder down", PULSE,
        on("claude", sh("npm ci", "npm error code EUSAGE\nnpm error\nnpm error The `npm ci` command can only install with an existing package-lock.json or\nnpm error npm-shrinkwrap.json with lockfileVersion >= 1.\n", 1), sh("find . -name package-lock.json -not -path '*/node_modules/*'", "./assets/package-lock.json\n"), sh("cd assets && npm ci", "added 61 packages in 2s\n")),
        on("codex", sh("npm ci", "npm error code EUSAGE\nnpm error The `npm ci` command can only install with an existing package-lock.json\n", 1), sh("npm ci", "added 61 packages in 2s\n", cwd="/home/ana/code/pulse/assets")),
        right=[("run_in_folder", {"command": ["npm ci", "npm"], "folder": ["assets", "assets/"]})],
    ),
    case(
        "migrations-of-entity-framework", "a tool looks for a project where it is started", PAYROLL,
        on("codex", sh("dotnet ef migrations list", "No project was found. Change the current directory or use the --project option.\n", 1), sh("cd src/Payroll.Data && dotnet ef migrations list", "Build started...\nBuild succeeded.\n20250901120000_Initial\n20250914081500_Runs\n")),
        on("claude", sh("dotnet ef migrations add Canton", "No project was found. Change the current directory or use the --project option.\n", 1), sh("ls src", "Payroll.Api\nPayroll.Data\nPayroll.Domain\n"), sh("cd src/Payroll.Data && dotnet ef migrations add Canton", "Build succeeded.\nDone. To undo this action, use 'ef migrations remove'\n")),
        right=[("run_in_folder", {"command": ["dotnet ef migrations", "dotnet ef", "dotnet ef migrations list", "dotnet ef migrations add"], "folder": ["src/Payroll.Data", "src/Payroll.Data/"]})],
    ),
    case(
        "firmware-in-app", "the application's folder is not the repository's", LAMP,
        on("claude", sh("west build -b nucleo_l476rg", 'ERROR: source directory "." does not contain a CMakeLists.txt; is this really what you want to build? (Use -s SOURCE_DIR to specify the application source directory)\nFATAL ERROR: refusing to proceed without --force due to above error\n', 1), sh("cd app && west build -b nucleo_l476rg", "[172/172] Linking C executable zephyr/zephyr.elf\nMemory region         Used Size  Region Size  %age Used\n           FLASH:       31548 B         1 MB      3.01%\n")),
        on("gemini", sh("west build -b nucleo_l476rg -p auto", 'ERROR: source directory "." does not contain a CMakeLists.txt; is this really what you want to build? (Use -s SOURCE_DIR to specify the application source directory)\n', 1), noise(1), sh("cd app && west build -b nucleo_l476rg -p auto", "[172/172] Linking C executable zephyr/zephyr.elf\n")),
        right=[("run_in_folder", {"command": ["west build", "west build -b nucleo_l476rg", "west"], "folder": ["app", "app/"]})],
        fine=[builds("cd app && west build -b nucleo_l476rg", "cd app && west build -b nucleo_l476rg -p auto")],
    ),
    case(
        "molecule-in-a-role", "a role's tests run in its folder", FARM,
        on("opencode", sh("molecule test", "CRITICAL 'molecule/default/molecule.yml' glob failed.  Exiting.\n", 1), sh("find . -name molecule.yml", "./roles/proxy/molecule/default/molecule.yml\n"), sh("cd roles/proxy && molecule test", "INFO     default scenario test matrix: dependency, create, converge, idempotence, verify, destroy\nINFO     Pruning extra files from scenario ephemeral directory\n")),
        on("claude", sh("molecule converge", "CRITICAL 'molecule/default/molecule.yml' glob failed.  Exiting.\n", 1), sh("cd roles/proxy && molecule converge", "PLAY RECAP *********\ninstance                   : ok=6    changed=2    unreachable=0    failed=0\n")),
        right=[("run_in_folder", {"command": ["molecule", "molecule test", "molecule converge"], "folder": ["roles/proxy", "roles/proxy/"]})],
        fine=[tests("cd roles/proxy && molecule test")],
    ),
    case(
        "sqlc-in-its-folder", "a generator's settings are found only where they lie", MEMOD,
        on("claude", sh("sqlc generate", "error parsing configuration files. sqlc.(yaml|yml) or sqlc.json: file does not exist\n", 1), sh("rg --files -g 'sqlc.*'", "internal/db/sqlc.yaml\n"), sh("cd internal/db && sqlc generate && cd -", "/home/lin/go/src/memod\n")),
        on("codex", sh("sqlc vet", "error parsing configuration files. sqlc.(yaml|yml) or sqlc.json: file does not exist\n", 1), sh("sqlc vet", "", cwd="/home/lin/go/src/memod/internal/db")),
        right=[("run_in_folder", {"command": ["sqlc", "sqlc generate", "sqlc vet"], "folder": ["internal/db", "internal/db/"]})],
        fine=[lints("cd internal/db && sqlc vet")],
    ),
)  # fmt: skip

_OPTIONS = (
    case(
        "namespace-of-staging", "everything of the project is in one namespace", GITOPS,
        on("claude", sh("kubectl logs deploy/api --tail=20", 'error: error from server (NotFound): deployments.apps "api" not found in namespace "default"\n', 1), sh("kubectl get ns", "NAME      STATUS   AGE\ndefault   Active   80d\nstaging   Active   80d\n"), sh("kubectl logs deploy/api --tail=20 -n staging", "listening on :8080\n")),
        on("codex", sh("kubectl rollout status deploy/api", 'Error from server (NotFound): deployments.apps "api" not found\n', 1), sh("kubectl rollout status deploy/api -n staging", 'deployment "api" successfully rolled out\n')),
        on("claude", sh("kubectl logs deploy/api --tail=50", 'error: error from server (NotFound): deployments.apps "api" not found in namespace "default"\n', 1), sh("kubectl logs deploy/api --tail=50 -n staging", "listening on :8080\nGET /healthz 200\n")),
        right=[("add_option", {"command": ["kubectl", "kubectl logs", "kubectl logs deploy/api"], "option": ["-n staging", "--namespace staging", "--namespace=staging"]})],
        fine=[("add_option", {"command": ["kubectl rollout", "kubectl rollout status", "kubectl rollout status deploy/api"], "option": ["-n staging", "--namespace staging"]})],
    ),
    case(
        "target-of-firmware", "without its target a program with no standard library does not link", MOTES,
        on("codex", sh("cargo build -p firmware --release", 'error: `#[panic_handler]` function required, but not found\n\nerror: unwinding panics are not supported without std\n\nerror: could not compile `firmware` (bin "firmware") due to 2 previous errors\n', 101), sh("cat firmware/memory.x", "MEMORY { FLASH : ORIGIN = 0x08000000, LENGTH = 512K }\n"), sh("cargo build -p firmware --release --target thumbv7em-none-eabihf", "    Finished `release` profile [optimized + debuginfo] target(s) in 22.40s\n")),
        on("claude", sh("cargo build -p firmware --release", "error: `#[panic_handler]` function required, but not found\n\nerror: unwinding panics are not supported without std\n", 101), sh("cargo build -p firmware --release --target thumbv7em-none-eabihf", "    Finished `release` profile [optimized + debuginfo] target(s) in 0.61s\n")),
        right=[("add_option", {"command": ["cargo build -p firmware", "cargo build -p firmware --release", "cargo build"], "option": ["--target thumbv7em-none-eabihf", "--target=thumbv7em-none-eabihf"]})],
        fine=[builds("cargo build -p firmware --release --target thumbv7em-none-eabihf")],
    ),
    case(
        "account-of-the-cluster", "jobs need the project's account", OCEAN,
        on("claude", sh("sbatch jobs/nordic.sh", "sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified\n", 1), sh("sacctmgr -n show assoc user=gro format=account", "   nn9301k\n"), sh("sbatch --account=nn9301k jobs/nordic.sh", "Submitted batch job 771204\n")),
        on("gemini", sh("sbatch jobs/arctic.sh", "sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified\n", 1), sh("sbatch --account=nn9301k jobs/arctic.sh", "Submitted batch job 771260\n")),
        right=[("add_option", {"command": ["sbatch", "sbatch jobs/nordic.sh"], "option": ["--account=nn9301k", "--account nn9301k"]})],
    ),
    case(
        "scripts-of-deno-may-not", "permissions are given one by one", EDGE,
        on("claude", sh("deno run scripts/pull_flags.ts < /dev/null", 'error: Uncaught (in promise) NotCapable: Requires net access to "flags.bo.example:443", run again with the --allow-net flag\n    at fetch (ext:deno_fetch/26_fetch.js:404:11)\n', 1), sh("deno run --allow-net scripts/pull_flags.ts < /dev/null", "12 flags\n")),
        on("copilot", sh("deno run scripts/pull_flags.ts", 'error: Uncaught (in promise) NotCapable: Requires net access to "flags.bo.example:443", run again with the --allow-net flag\n', 1), sh("deno run --allow-net scripts/pull_flags.ts", "12 flags\n")),
        right=[("add_option", {"command": ["deno run scripts/pull_flags.ts", "deno run"], "option": ["--allow-net"]})],
    ),
    case(
        "no-configuration-cache", "one build cannot be cached and says so", RIDE,
        on("claude", sh("./gradlew :app:publishFull", "FAILURE: Build failed with an exception.\n\n* What went wrong:\nConfiguration cache problems found in this build.\n\n1 problem was found storing the configuration cache.\n- Task `:app:publishFull` of type `PublishTask`: invocation of 'Task.project' at execution time is unsupported.\n\nBUILD FAILED in 4s\n", 1), sh("./gradlew :app:publishFull --no-configuration-cache", "BUILD SUCCESSFUL in 40s\n")),
        on("codex", sh("./gradlew :app:publishFull", "* What went wrong:\nConfiguration cache problems found in this build.\n\nBUILD FAILED in 4s\n", 1), sh("./gradlew :app:publishFull --no-configuration-cache", "BUILD SUCCESSFUL in 38s\n")),
        right=[("add_option", {"command": ["./gradlew :app:publishFull", "./gradlew"], "option": "--no-configuration-cache"})],
    ),
    case(
        "values-that-a-chart-requires", "a chart cannot be rendered without the values of an environment", GITOPS,
        on("opencode", sh("helm template charts/api", "Error: execution error at (api/templates/deployment.yaml:18:20): image.tag is required\n\nUse --debug flag to render out invalid YAML\n", 1), sh("helm template charts/api -f environments/staging/values.yaml", "---\n# Source: api/templates/deployment.yaml\nkind: Deployment\n")),
        on("claude", sh("helm template charts/api | kubeconform -summary", "Error: execution error at (api/templates/deployment.yaml:18:20): image.tag is required\nSummary: 0 resources found parsing stdin\n", 1), sh("helm template charts/api -f environments/staging/values.yaml | kubeconform -summary", "Summary: 6 resources found parsing stdin - Valid: 6, Invalid: 0, Errors: 0, Skipped: 0\n")),
        right=[("add_option", {"command": ["helm template charts/api", "helm template"], "option": ["-f environments/staging/values.yaml", "--values environments/staging/values.yaml", "--values=environments/staging/values.yaml"]})],
    ),
    case(
        "a-flag-of-the-old-linter", "a flag was renamed in the tool's second version", MEMOD,
        on("claude", sh("golangci-lint run --out-format=json ./internal/...", "Error: unknown flag: --out-format\nThe command is terminated due to an error: unknown flag: --out-format\n", 3), sh("golangci-lint run --help | grep -i json", "      --output.json.path string       Output path can be either `stdout`, `stderr` or path to the file to write to.\n"), sh("golangci-lint run --output.json.path=stdout ./internal/...", '{"Issues":[],"Report":{}}\n')),
        on("gemini", sh("golangci-lint run --out-format=json", "Error: unknown flag: --out-format\n", 3), sh("golangci-lint run --output.json.path=stdout", '{"Issues":[],"Report":{}}\n')),
        right=[("replace_option", {"command": ["golangci-lint run", "golangci-lint"], "wrong": ["--out-format=json", "--out-format"], "right": ["--output.json.path=stdout", "--output.json.path", "--output.json.path stdout"]})],
        fine=[("drop_option", {"command": ["golangci-lint run"], "option": ["--out-format", "--out-format=json"]})],
    ),
    case(
        "tail-not-lines", "the option of another tool's logs, with another number each time", TICKETS,
        on("codex", sh("docker compose logs --lines 50 web", "unknown flag: --lines\n", 1), sh("docker compose logs --tail 50 web", "web-1  | Puma starting in single mode...\n")),
        on("claude", sh("docker compose logs --lines 100 web 2>&1", "unknown flag: --lines\n", 1), sh("docker compose logs --tail 100 web 2>&1", "web-1  | Completed 200 OK in 12ms\n")),
        right=[("replace_option", {"command": ["docker compose logs", "docker compose"], "wrong": ["--lines", "--lines 50", "--lines 100"], "right": ["--tail", "--tail 50", "--tail 100"]})],
    ),
    case(
        "names-of-tests-in-flutter", "tests are picked by another option", RECIPES,
        on("claude", sh("fvm flutter test --filter 'scales portions'", 'Could not find an option named "--filter".\n\nRun \'flutter -h\' (or \'flutter <command> -h\') for available flutter commands and options.\n', 64), sh("fvm flutter test --plain-name 'scales portions'", "00:01 +1: All tests passed!\n")),
        on("copilot", sh("fvm flutter test --filter 'pauses'", 'Could not find an option named "--filter".\n', 64), sh("fvm flutter test --help | grep name", "    --name=<regexp>        A regular expression matching substrings of the names of tests to run.\n    --plain-name=<substring>\n"), sh("fvm flutter test --plain-name 'pauses'", "00:01 +2: All tests passed!\n")),
        right=[("replace_option", {"command": ["fvm flutter test", "flutter test"], "wrong": ["--filter"], "right": ["--plain-name"]})],
    ),
    case(
        "optimised-zig", "the compiler's option is not the build's", ZIGLINE,
        on("opencode", sh("zig build -OReleaseSafe", "unrecognized argument: '-OReleaseSafe'\n  access the help menu with 'zig build -h'\n", 1), sh("zig build -Doptimize=ReleaseSafe", "")),
        on("claude", sh("zig build -OReleaseSafe", "unrecognized argument: '-OReleaseSafe'\n  access the help menu with 'zig build -h'\n", 1), read("build.zig", "    const optimize = b.standardOptimizeOption(.{});\n"), sh("zig build -Doptimize=ReleaseSafe", "")),
        right=[("replace_option", {"command": ["zig build", "zig"], "wrong": ["-OReleaseSafe", "-O"], "right": ["-Doptimize=ReleaseSafe", "-Doptimize"]})],
        fine=[builds("zig build -Doptimize=ReleaseSafe", "zig build")],
    ),
    case(
        "phpunit-is-not-verbose", "an option that went with a major version", KIOSK,
        on("claude", sh("ddev exec bin/phpunit --verbose tests/Cart", 'PHPUnit 11.3.1 by Sebastian Bergmann and contributors.\n\nUnknown option "--verbose"\n', 2), sh("ddev exec bin/phpunit tests/Cart", "OK (5 tests, 9 assertions)\n")),
        on("codex", sh("ddev exec bin/phpunit --verbose", 'PHPUnit 11.3.1 by Sebastian Bergmann and contributors.\n\nUnknown option "--verbose"\n', 2), sh("ddev exec bin/phpunit", "OK (26 tests, 71 assertions)\n")),
        right=[("drop_option", {"command": ["ddev exec bin/phpunit", "bin/phpunit", "phpunit"], "option": "--verbose"})],
    ),
    case(
        "colours-of-cabal", "an option that the tool never had", MARKDOC,
        on("gemini", sh("cabal test all --nocolor", "Error: [Cabal-7125]\ncabal: unrecognized 'test' option `--nocolor'\n", 1), sh("cabal test all", "1 of 1 test suites (1 of 1 test cases) passed.\n")),
        on("claude", sh("cabal test all --nocolor 2>&1 | tail -4", "cabal: unrecognized 'test' option `--nocolor'\n"), sh("cabal test all 2>&1 | tail -4", "1 of 1 test suites (1 of 1 test cases) passed.\n")),
        on("codex", sh("cabal test all --nocolor", "cabal: unrecognized 'test' option `--nocolor'\n", 1), sh("cabal test all", "1 of 1 test suites (1 of 1 test cases) passed.\n")),
        right=[("drop_option", {"command": ["cabal test", "cabal test all", "cabal"], "option": "--nocolor"})],
    ),
    case(
        "vanilla-has-no-library", "an option switches the project's library off", SPECIES,
        on("claude", sh("Rscript --vanilla scripts/map.R", "Error in library(sf) : there is no package called ‘sf’\nExecution halted\n", 1), sh("cat .Rprofile", 'source("renv/activate.R")\n'), sh("Rscript scripts/map.R", "wrote maps/2024.png\n")),
        on("codex", sh("Rscript --vanilla scripts/map.R 2024", "Error in library(sf) : there is no package called ‘sf’\nExecution halted\n", 1), sh("Rscript scripts/map.R 2024", "wrote maps/2024.png\n")),
        right=[("drop_option", {"command": ["Rscript", "Rscript scripts/map.R"], "option": "--vanilla"})],
        fine=[("use_environment", {"wrong": "Rscript --vanilla", "right": "Rscript"})],
    ),
)  # fmt: skip

_VARIABLES = (
    case(
        "unfree-on-purpose", "a package's licence must be let in, and the variable needs an option to be seen", HOSTS,
        on("claude", sh("nix build .#iso", "error: Package ‘broadcom-sta-6.30.223.271’ in /nix/store/8k2v-source/pkgs/os-specific/linux/broadcom-sta/default.nix:120 has an unfree license (‘unfree’), refusing to evaluate.\n\n       a) To temporarily allow unfree packages, you can use an environment variable\n          for a single invocation of the nix tools.\n\n            $ export NIXPKGS_ALLOW_UNFREE=1\n\n          Note: When using `nix shell`, `nix build`, `nix develop`, etc with a flake,\n                then pass `--impure` in order to allow use of environment variables.\n", 1), sh("NIXPKGS_ALLOW_UNFREE=1 nix build --impure .#iso", "")),
        on("codex", sh("nix build .#iso", "error: Package ‘broadcom-sta-6.30.223.271’ has an unfree license (‘unfree’), refusing to evaluate.\n", 1), sh("NIXPKGS_ALLOW_UNFREE=1 nix build --impure .#iso", "")),
        right=[("set_variable", {"command": ["nix build .#iso", "nix build", "nix build --impure .#iso", "nix build --impure"], "assignment": "NIXPKGS_ALLOW_UNFREE=1"})],
        fine=[("add_option", {"command": ["nix build", "nix build .#iso"], "option": "--impure"}), builds("NIXPKGS_ALLOW_UNFREE=1 nix build --impure .#iso")],
    ),
    case(
        "race-needs-cgo", "the program names the variable itself", MEMOD,
        on("claude", sh("go test -race ./...", "go: -race requires cgo; enable cgo by setting CGO_ENABLED=1\n", 2), sh("go env CGO_ENABLED", "0\n"), sh("CGO_ENABLED=1 go test -race ./...", "ok  \texample.org/memod/internal/cache\t1.310s\nok  \texample.org/memod/internal/server\t1.902s\n")),
        on("opencode", sh("go test -race ./internal/server", "go: -race requires cgo; enable cgo by setting CGO_ENABLED=1\n", 2), sh("CGO_ENABLED=1 go test -race ./internal/server", "ok  \texample.org/memod/internal/server\t1.870s\n")),
        right=[("set_variable", {"command": ["go test -race", "go test", "go test -race ./..."], "assignment": "CGO_ENABLED=1"})],
        fine=[tests("CGO_ENABLED=1 go test -race ./...")],
    ),
    case(
        "java-of-the-app", "the default Java is too old for one build", RIDE,
        on("copilot", sh("./gradlew :app:assembleFullDebug", "* What went wrong:\nAn exception occurred applying plugin request [id: 'com.android.application']\n> Android Gradle plugin requires Java 17 to run. You are currently using Java 11.\n\nBUILD FAILED in 2s\n", 1), sh("ls /usr/lib/jvm", "java-11-openjdk-amd64\njava-17-openjdk-amd64\n"), sh("JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64 ./gradlew :app:assembleFullDebug", "BUILD SUCCESSFUL in 1m 12s\n")),
        on("claude", sh("./gradlew :app:assembleFullDebug", "> Android Gradle plugin requires Java 17 to run. You are currently using Java 11.\n\nBUILD FAILED in 2s\n", 1), noise(1), sh("JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64 ./gradlew :app:assembleFullDebug", "BUILD SUCCESSFUL in 14s\n")),
        right=[("set_variable", {"command": ["./gradlew :app:assembleFullDebug", "./gradlew"], "assignment": "JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64"})],
        fine=[builds("JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64 ./gradlew :app:assembleFullDebug")],
    ),
    case(
        "profile-by-export", "the variable is exported in front of the command", CLOUD,
        on("claude", sh("tofu -chdir=stacks/network plan -var-file=../../env/dev.tfvars", 'Error: No valid credential sources found\n\n  with provider["registry.opentofu.org/hashicorp/aws"],\n  on main.tf line 1, in provider "aws":\n', 1), sh("cat ~/.aws/config", "[profile oda-dev]\nsso_session = oda\n"), sh("export AWS_PROFILE=oda-dev && tofu -chdir=stacks/network plan -var-file=../../env/dev.tfvars", "No changes. Your infrastructure matches the configuration.\n")),
        on("codex", sh("tofu -chdir=stacks/network plan -var-file=../../env/dev.tfvars", "Error: No valid credential sources found\n", 1), sh("AWS_PROFILE=oda-dev tofu -chdir=stacks/network plan -var-file=../../env/dev.tfvars", "Plan: 1 to add, 0 to change, 0 to destroy.\n")),
        right=[("set_variable", {"command": ["tofu", "tofu plan", "tofu -chdir=stacks/network plan", "tofu -chdir=stacks/network plan -var-file=../../env/dev.tfvars"], "assignment": "AWS_PROFILE=oda-dev"})],
    ),
    case(
        "a-url-with-a-password", "the variable is needed, its value is nobody's business", PULSE,
        on("gemini", sh("mix run priv/repo/seeds.exs", "** (RuntimeError) environment variable DATABASE_URL is missing.\nFor example: ecto://USER:PASS@HOST/DATABASE\n", 1), sh("DATABASE_URL=ecto://pulse:kV93xLq7@localhost/pulse_dev mix run priv/repo/seeds.exs", "seeded 40 devices\n")),
        on("claude", sh("mix run priv/repo/seeds.exs", "** (RuntimeError) environment variable DATABASE_URL is missing.\n", 1), sh("DATABASE_URL=ecto://pulse:kV93xLq7@localhost/pulse_dev mix run priv/repo/seeds.exs", "seeded 40 devices\n")),
        right=[("set_variable", {"command": ["mix run priv/repo/seeds.exs", "mix run", "mix"], "assignment": "DATABASE_URL"})],
    ),
    case(
        "sockets-of-podman", "containers of the tests are found through a variable", PAYROLL,
        on("claude", sh("dotnet test tests/Payroll.Integration", "  Error Message:\n   System.ArgumentException : Docker is either not running or misconfigured. Please ensure that Docker is running and that the endpoint is properly configured. (Parameter 'DockerEndpointAuthConfig')\n\nFailed!  - Failed:    14, Passed:     0\n", 1), sh("ls /run/user/1000/podman", "podman.sock\n"), sh("DOCKER_HOST=unix:///run/user/1000/podman/podman.sock dotnet test tests/Payroll.Integration", "Passed!  - Failed:     0, Passed:    14\n")),
        on("copilot", sh("dotnet test tests/Payroll.Integration", "   System.ArgumentException : Docker is either not running or misconfigured.\n\nFailed!  - Failed:    14, Passed:     0\n", 1), sh("DOCKER_HOST=unix:///run/user/1000/podman/podman.sock dotnet test tests/Payroll.Integration", "Passed!  - Failed:     0, Passed:    14\n")),
        right=[("set_variable", {"command": ["dotnet test tests/Payroll.Integration", "dotnet test", "dotnet"], "assignment": "DOCKER_HOST=unix:///run/user/1000/podman/podman.sock"})],
        fine=[tests("DOCKER_HOST=unix:///run/user/1000/podman/podman.sock dotnet test tests/Payroll.Integration")],
    ),
)  # fmt: skip

COMMANDS = (*_PROGRAMS, *_ENVIRONMENTS, *_TASKS, *_FOLDERS, *_OPTIONS, *_VARIABLES)
