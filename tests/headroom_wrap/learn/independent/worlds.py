"""The projects that the sessions are in, and what goes on in each that teaches nothing: looking around, editing, tests that pass and tests that fail."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.headroom_wrap.learn.independent.steps import Step, edit, find, part, read, sh

Label = tuple[str, dict[str, object]]


@dataclass(frozen=True)
class World:
    """A project.

    Args:
        root: absolute path.
        files: that exist, the first of them what one would begin with.
        runs: commands that work, with what they print.
        fails: a run of the tests that finds a mistake in the code.
        facts: what is true of it and may be told.
        asked: what users ask for.
    """

    root: str
    files: tuple[str, ...]
    runs: tuple[tuple[str, str], ...]
    fails: tuple[str, str]
    facts: tuple[Label, ...]
    asked: tuple[str, ...]


def tests(*commands: str) -> Label:
    return "test_command", {"command": list(commands)}


def lints(*commands: str) -> Label:
    return "lint_command", {"command": list(commands)}


def builds(*commands: str) -> Label:
    return "build_command", {"command": list(commands)}


WORLDS = {
    "api": World(
        "/home/dana/work/orders-api",
        ("README.md", "orders/main.py", "orders/routes/refunds.py", "orders/models.py", "orders/db.py", "tests/test_refunds.py", "pyproject.toml", "alembic/env.py"),
        (
            ("uv run pytest -q", "........................................ [100%]\n142 passed in 9.31s"),
            ("uv run ruff check .", "All checks passed!"),
            ("git log --oneline -5", "8f2c1aa refunds: round half even\n03bb9d1 orders: paging\n77aa210 bump fastapi"),
            ("ls orders/routes", "__init__.py\nhealth.py\norders.py\nrefunds.py"),
        ),
        ("uv run pytest -q", "F.......\nFAILED tests/test_refunds.py::test_partial - assert Decimal('9.99') == Decimal('10.00')\n1 failed, 141 passed in 9.40s"),
        (tests("uv run pytest -q", "uv run pytest"), lints("uv run ruff check .", "uv run ruff check")),
        ("Refunds of split payments are off by a cent, find out why.", "add an endpoint that lists refunds by customer", "Tidy up orders/db.py a bit please"),
    ),
    "shop": World(
        "/home/dana/code/storefront",
        ("README.md", "apps/web/src/App.tsx", "apps/web/src/cart/useCart.ts", "packages/ui/src/Button.tsx", "packages/ui/src/index.ts", "turbo.json", "package.json", "apps/web/vite.config.ts"),
        (
            ("pnpm test", " Test Files  31 passed (31)\n      Tests  214 passed (214)\n   Duration  12.90s"),
            ("pnpm lint", " Tasks:    4 successful, 4 total\nCached:    3 cached, 4 total"),
            ("pnpm build", " Tasks:    3 successful, 3 total\n  Time:    21.4s"),
            ("git status --short", " M apps/web/src/cart/useCart.ts"),
        ),
        ("pnpm test", " FAIL  src/cart/useCart.test.ts > adds twice\nAssertionError: expected 1 to be 2\n Tests  1 failed | 213 passed (214)"),
        (tests("pnpm test"), lints("pnpm lint"), builds("pnpm build")),
        ("the cart badge does not update when I add the same item twice", "make the Button's loading state accessible", "Upgrade vite to the current major"),
    ),
    "go": World(
        "/srv/build/ratelimitd",
        ("README.md", "cmd/ratelimitd/main.go", "internal/bucket/bucket.go", "internal/bucket/bucket_test.go", "internal/config/config.go", "go.mod", "Makefile"),
        (
            ("go test ./...", "ok  \tratelimitd/internal/bucket\t0.412s\nok  \tratelimitd/internal/config\t0.018s"),
            ("go vet ./...", ""),
            ("go build ./...", ""),
            ("git diff --stat", " internal/bucket/bucket.go | 14 +++++++-------\n 1 file changed, 7 insertions(+), 7 deletions(-)"),
        ),
        ("go test ./...", "--- FAIL: TestRefill (0.00s)\n    bucket_test.go:41: got 3, want 4\nFAIL\tratelimitd/internal/bucket\t0.401s\nFAIL"),
        (tests("go test ./..."), lints("go vet ./..."), builds("go build ./...")),
        ("bursts above the limit get through for a second after restart", "make the bucket's clock injectable", "why is Refill racy?"),
    ),
    "rust": World(
        "/home/sam/src/tilepack",
        ("README.md", "crates/tilepack/src/lib.rs", "crates/tilepack/src/encode.rs", "crates/cli/src/main.rs", "Cargo.toml", "crates/tilepack/tests/roundtrip.rs"),
        (
            ("cargo test", "running 61 tests\ntest result: ok. 61 passed; 0 failed; 0 ignored; finished in 1.02s"),
            ("cargo clippy --all-targets", "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.31s"),
            ("cargo build", "   Compiling tilepack v0.4.1\n    Finished `dev` profile in 4.20s"),
            ("git status --short", " M crates/tilepack/src/encode.rs"),
        ),
        ("cargo test", "test roundtrip_empty ... FAILED\nthread 'roundtrip_empty' panicked at crates/tilepack/tests/roundtrip.rs:18:5:\nassertion failed\ntest result: FAILED. 60 passed; 1 failed"),
        (tests("cargo test"), lints("cargo clippy --all-targets", "cargo clippy"), builds("cargo build")),
        ("empty tiles do not survive a round trip", "speed up the encoder's inner loop", "add a --stats flag to the cli"),
    ),
    "java": World(
        "/Users/kim/dev/billing",
        ("README.md", "invoice-core/src/main/java/com/acme/billing/InvoiceService.java", "invoice-web/src/main/java/com/acme/billing/web/InvoiceController.java", "settings.gradle.kts", "build.gradle.kts", "invoice-core/src/test/java/com/acme/billing/InvoiceServiceTest.java"),
        (
            ("./gradlew test", "> Task :invoice-core:test\n> Task :invoice-web:test\n\nBUILD SUCCESSFUL in 18s"),
            ("./gradlew build", "BUILD SUCCESSFUL in 31s\n24 actionable tasks: 9 executed, 15 up-to-date"),
            ("git log --oneline -3", "a91fc02 invoices: reverse charge\n1bd0c77 web: paging"),
        ),
        ("./gradlew test", "InvoiceServiceTest > reverseCharge() FAILED\n    org.opentest4j.AssertionFailedError at InvoiceServiceTest.java:77\n\nBUILD FAILED in 16s"),
        (tests("./gradlew test"), builds("./gradlew build")),
        ("Reverse charge invoices show VAT; they must not.", "Add a PDF footer with the company register number", "Move the due date logic out of the controller"),
    ),
    "clinic": World(
        "/home/lee/proj/clinic",
        ("README.md", "backend/manage.py", "backend/appointments/views.py", "backend/appointments/models.py", "frontend/src/pages/Calendar.jsx", "frontend/package.json", "docker-compose.yml"),
        (
            ("git status --short", " M backend/appointments/views.py"),
            ("ls", "README.md\nbackend\ndocker-compose.yml\nfrontend"),
            ("docker compose ps", "NAME        IMAGE         STATUS\nclinic-db-1 postgres:16   Up 2 hours (healthy)"),
            ("git diff --stat", " backend/appointments/views.py | 6 +++---\n 1 file changed, 3 insertions(+), 3 deletions(-)"),
        ),
        ("git diff --check", "backend/appointments/views.py:18: trailing whitespace."),
        (),
        ("double bookings are possible across midnight", "show the doctor's name in the calendar", "add a field for the insurance number"),
    ),
    "ml": World(
        "/home/dana/ml/forecast",
        ("README.md", "forecast/train.py", "forecast/features.py", "forecast/evaluate.py", "configs/base.yaml", "pyproject.toml", "notebooks/explore.ipynb"),
        (
            ("poetry run pytest", "============ 38 passed in 6.12s ============"),
            ("ls configs", "base.yaml\nlarge.yaml"),
            ("git log --oneline -3", "55e1a0c features: holidays\n9fd2d11 evaluate: mase"),
            ("du -sh data", "3.1G\tdata"),
        ),
        ("poetry run pytest", "FAILED tests/test_features.py::test_holidays - KeyError: 'easter'\n1 failed, 37 passed in 6.3s"),
        (tests("poetry run pytest"),),
        ("the evaluation is worse since the holiday features, look into it", "plot the residuals by weekday", "Add early stopping to train.py"),
    ),
    "infra": World(
        "/home/ops/platform",
        ("README.md", "terraform/prod/main.tf", "terraform/modules/vpc/main.tf", "charts/gateway/values.yaml", "charts/gateway/templates/deployment.yaml", ".github/workflows/deploy.yml"),
        (
            ("terraform -chdir=terraform/prod validate", "Success! The configuration is valid."),
            ("helm lint charts/gateway", "==> Linting charts/gateway\n1 chart(s) linted, 0 chart(s) failed"),
            ("git status --short", " M charts/gateway/values.yaml"),
            ("ls charts", "gateway\nworkers"),
        ),
        ("helm template charts/gateway", "Error: parse error at (gateway/templates/deployment.yaml:22): unclosed action"),
        (lints("helm lint charts/gateway", "terraform -chdir=terraform/prod validate"), tests("helm lint charts/gateway")),
        ("the gateway needs a second listener on 8443", "raise the memory limit of the workers to 2Gi", "split the vpc module"),
    ),
    "codec": World(
        "/home/sam/src/codec",
        ("README.md", "src/decoder.c", "src/decoder.h", "src/bitreader.c", "CMakeLists.txt", "tests/test_decoder.c"),
        (
            ("cmake --build build", "[ 50%] Building C object CMakeFiles/codec.dir/src/decoder.c.o\n[100%] Built target codec_tests"),
            ("ctest --test-dir build", "100% tests passed, 0 tests failed out of 12\nTotal Test time (real) =   0.84 sec"),
            ("git status --short", " M src/decoder.c"),
        ),
        ("ctest --test-dir build", "92% tests passed, 1 tests failed out of 12\nThe following tests FAILED:\n\t  7 - truncated_header (Failed)\nErrors while running CTest"),
        (tests("ctest --test-dir build"), builds("cmake --build build")),
        ("truncated headers crash the decoder", "the bit reader reads one byte too far", "port the decoder to big endian"),
    ),
    "ledger": World(
        "/home/lee/proj/ledgerly",
        ("README.md", "app/models/account.rb", "app/models/entry.rb", "app/controllers/entries_controller.rb", "spec/models/entry_spec.rb", "config/routes.rb", "Gemfile"),
        (
            ("bundle exec rspec", "....................\n\nFinished in 4.2 seconds\n188 examples, 0 failures"),
            ("bundle exec rubocop", "Inspecting 96 files\n96 files inspected, no offenses detected"),
            ("git diff --stat", " app/models/entry.rb | 4 ++--\n 1 file changed, 2 insertions(+), 2 deletions(-)"),
        ),
        ("bundle exec rspec", "Failures:\n  1) Entry balances to zero\n     expected: 0\n          got: 1\n188 examples, 1 failure"),
        (tests("bundle exec rspec"), lints("bundle exec rubocop")),
        ("entries of a transfer do not sum to zero", "Add CSV export of an account", "rename Entry#amount to amount_cents"),
    ),
}  # fmt: skip

# Lines that stand in files, logs and documents, and look like failures of the session's own commands.
_MISLEADING = (
    "if ! command -v jq >/dev/null; then echo 'jq: command not found'; fi",
    "raise FileNotFoundError('settings.toml: No such file or directory')",
    "// TODO: use fetchAll, not fetchOne",
    "2026-03-01T10:22:41Z ERROR worker: python: command not found",
    'log.Fatal("permission denied")',
    "# note: run `make legacy-test` in the old repository",
    "except ModuleNotFoundError: yaml = None",
)


def nothing(world: World, rng: random.Random, count: int) -> list[Step]:
    """Steps that teach nothing but the project's `World.facts`."""
    done: list[Step] = []
    while len(done) < count:
        done += rng.choice(_HABITS)(world, rng)
    return done[:count] if len(done) > count else done


def _look(world: World, rng: random.Random) -> list[Step]:
    path = rng.choice(world.files)
    lines = [f"line_{n} = {rng.randrange(1000)}" for n in range(rng.randrange(4, 12))]
    if rng.random() < 0.4:
        lines.insert(2, rng.choice(_MISLEADING))
    return [read(path, "\n".join(lines))]


def _again(world: World, rng: random.Random) -> list[Step]:
    return [part(rng.choice(world.files), rng.randrange(1, 60), rng.randrange(10, 40))]


def _change(world: World, rng: random.Random) -> list[Step]:
    path, n = rng.choice(world.files[1:]), rng.randrange(1000)
    return [read(path, f"limit = {n}\nother = 2"), edit(path, f"limit = {n}", f"limit = {n + 1}")]


def _run(world: World, rng: random.Random) -> list[Step]:
    return [sh(*rng.choice(world.runs))]


def _mistake(world: World, rng: random.Random) -> list[Step]:
    """The tests find a mistake, it is mended, and they pass."""
    command, out = world.fails
    path, n = rng.choice(world.files[1:]), rng.randrange(1000)
    works = next((o for c, o in world.runs if c == command), "")
    return [sh(command, out, 1), edit(path, f"value = {n}", f"value = {n + 1}"), sh(command, works)]


def _search(world: World, rng: random.Random) -> list[Step]:
    path = rng.choice(world.files[1:])
    word = rng.choice(["limit", "retry", "total", "parse", "Handler"])
    return [
        find(word, path.split("/", maxsplit=1)[0], f"{path}:{rng.randrange(1, 90)}:    {word} = 3\n{path}:{rng.randrange(91, 200)}:    return {word}")
    ]


_HABITS: tuple[Callable[[World, random.Random], list[Step]], ...] = (_look, _look, _again, _change, _run, _mistake, _search)
