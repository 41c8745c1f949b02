"""Python: a service under uv and nox, a Django site under poetry, a library that is developed with hatch."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fourth.labels import add, at, drop, environment, folder, heads, indented, program, swap, task, variable
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import World, lints, red_green, tests
from tests.headroom_wrap.learn.independent.steps import edit, find, gone, misfit, noise, read, sh, write

HARBOR = World(
    "/home/ines/src/harbor",
    ("berths that are booked twice should give 409", "add the draught to what /berths returns", "the tide table is an hour off in summer", "clean up the booking module a little"),
    (
        ("src/harbor/berths.py", "class Berth(BaseModel):"), ("src/harbor/api.py", "router = APIRouter()"), ("src/harbor/core/settings.py", "class Settings(BaseSettings):"),
        ("tests/test_berths.py", "def test_a_berth_is_booked_once(client):"), ("pyproject.toml", 'requires-python = ">=3.12"'), ("src/harbor/tides.py", "def high_water(day: date) -> datetime:"),
    ),
    (("def high_water", "src", "src/harbor/tides.py:12:def high_water(day: date) -> datetime:\n"), ("draught", "src/harbor", "src/harbor/berths.py:9:    draught: float\n")),
    (
        (sh("uv run pytest", "============================= 64 passed in 3.10s ==============================\n"),),
        red_green("uv run pytest -q tests/test_berths.py", "F.....\n=================================== FAILURES ===================================\n>       assert response.status_code == 409\nE       assert 200 == 409\n1 failed, 5 passed in 0.61s\n", "src/harbor/berths.py", "    if taken:", "......\n6 passed in 0.58s\n"),
        (sh("uv run ruff check .", "All checks passed!\n"),),
        red_green("uv run mypy src", 'src/harbor/tides.py:14: error: Incompatible return value type (got "float", expected "datetime")  [return-value]\nFound 1 error in 1 file (checked 21 source files)\n', "src/harbor/tides.py", "    return moment", "Success: no issues found in 21 source files\n"),
    ),
    (tests("uv run pytest", "uv run pytest -q"), lints("uv run ruff check .", "uv run ruff check", "uv run mypy src", "uv run mypy")),
)  # fmt: skip

ORCHARD = World(
    "/home/tomas/work/orchard",
    ("members see trees of other orchards in the list", "add the year of planting to the export", "the harvest form loses its date", "translate the mails to Czech"),
    (
        ("backend/trees/models.py", "class Tree(models.Model):"), ("backend/trees/views.py", "class TreeList(ListView):"), ("backend/orchard/settings/base.py", "INSTALLED_APPS = ["),
        ("backend/trees/tests/test_views.py", "class TreeListTests(TestCase):"), ("pyproject.toml", "[tool.poetry]"), ("backend/templates/trees/tree_list.html", "{% extends 'base.html' %}"),
    ),
    (("planted", "backend", "backend/trees/models.py:18:    planted = models.DateField()\n"), ("class .*Form", "backend/trees", "backend/trees/forms.py:6:class HarvestForm(forms.ModelForm):\n")),
    (
        (sh("poetry run tox -q -e unit", "Ran 88 tests in 4.112s\n\nOK\n  unit: OK (7.31=setup[0.04]+cmd[7.27] seconds)\n"),),
        red_green("poetry run tox -q -e unit", "FAIL: test_only_own_trees (trees.tests.test_views.TreeListTests)\nAssertionError: 3 != 2\n\nRan 88 tests in 4.2s\n\nFAILED (failures=1)\n", "backend/trees/views.py", "    def get_queryset(self):", "Ran 88 tests in 4.101s\n\nOK\n"),
        (sh("poetry run flake8 backend"),),
    ),
    (tests("poetry run tox -q -e unit", "poetry run tox", "poetry run tox -e unit"), lints("poetry run flake8 backend", "poetry run flake8")),
)  # fmt: skip

LENS = World(
    "/home/mei/lens",
    ("Chromatic aberration should take a wavelength", "write a docstring for each public name of lens.glass", "drop support for numpy 1", "speed up trace()"),
    (
        ("src/lens/glass.py", "class Glass:"), ("src/lens/trace.py", "def trace(rays, surfaces):"), ("tests/test_trace.py", "def test_a_ray_through_the_middle_goes_on():"),
        ("pyproject.toml", 'build-backend = "hatchling.build"'), ("noxfile.py", '@nox.session(python=["3.11", "3.13"])'), ("README.md", "# lens"),
    ),
    (("def sellmeier", "src", "src/lens/glass.py:31:def sellmeier(wavelength):\n"), ("np.asarray", "src/lens", "src/lens/trace.py:8:    rays = np.asarray(rays)\n")),
    (
        (sh("hatch test", "============ 131 passed, 2 skipped in 5.90s ============\n"),),
        red_green("hatch test tests/test_trace.py", "FAILED tests/test_trace.py::test_total_reflection - AssertionError\n1 failed, 22 passed in 1.20s\n", "src/lens/trace.py", "    if sine > 1:", "23 passed in 1.18s\n"),
        (sh("hatch fmt --check", "All checks passed!\n14 files already formatted\n"),),
    ),
    (tests("hatch test"), lints("hatch fmt --check", "hatch fmt")),
)  # fmt: skip

_LESSONS = (
    case(
        "pytest-lives-in-uv", "a runner that is only in the project's environment", HARBOR,
        on("claude", sh("pytest tests/test_berths.py -q", "/bin/bash: line 1: pytest: command not found\n", 127), sh("uv run pytest tests/test_berths.py -q", "......\n6 passed in 0.60s\n")),
        on("codex", sh("pytest -q", "bash: pytest: command not found\n", 127), sh("uv run pytest -q", "64 passed in 3.02s\n")),
        right=[program("pytest", ["uv run pytest", "uv run"])],
    ),
    case(
        "mypy-is-in-uv-once", "one session, but the shell says it and the same command worked behind uv run", HARBOR,
        on("gemini", noise(3), sh("mypy src/harbor/tides.py", "bash: line 1: mypy: command not found\n", 127), sh("uv run mypy src/harbor/tides.py", "Success: no issues found in 1 source file\n")),
        on("copilot", noise(4)),
        right=[program("mypy", ["uv run mypy", "uv run"])],
    ),
    case(
        "the-modules-are-in-the-environment", "a module that the system's Python lacks and the one of .venv has", ORCHARD,
        on("claude", sh("python3 scripts/seed_trees.py --orchard 4", 'Traceback (most recent call last):\n  File "/home/tomas/work/orchard/scripts/seed_trees.py", line 3, in <module>\n    import openpyxl\nModuleNotFoundError: No module named \'openpyxl\'\n', 1), sh(".venv/bin/python scripts/seed_trees.py --orchard 4", "orchard 4: 210 trees\n")),
        on("opencode", sh("python3 scripts/import_prices.py prices.xlsx", 'Traceback (most recent call last):\n  File "/home/tomas/work/orchard/scripts/import_prices.py", line 7, in <module>\n    from django.db import transaction\nModuleNotFoundError: No module named \'django\'\n', 1), sh(".venv/bin/python scripts/import_prices.py prices.xlsx", "44 prices\n")),
        right=[environment(["python3"], [".venv/bin/python"])], fine=[program("python3", [".venv/bin/python"])],
    ),
    case(
        "a-session-of-nox", "the tool lists its sessions, and the name differs by a letter", LENS,
        on("codex", sh("nox -s test", "nox > Error while collecting sessions.\nnox > Sessions not found: test\n", 3), sh("nox -l", "Sessions defined in /home/mei/lens/noxfile.py:\n\n* tests-3.11\n* tests-3.13\n- doctest\n\nsessions marked with * are selected, sessions marked with - are skipped.\n"), sh("nox -s tests-3.13", "nox > Session tests-3.13 was successful.\n")),
        on("claude", sh("nox -s docs-test", "nox > Error while collecting sessions.\nnox > Sessions not found: docs-test\n", 3), sh("nox -s doctest", "nox > Running session doctest\nnox > Session doctest was successful.\n")),
        on("claude", sh("nox -s docs-test", "nox > Error while collecting sessions.\nnox > Sessions not found: docs-test\n", 3), noise(1), sh("nox -s doctest", "nox > Session doctest was successful.\n")),
        right=[task(["docs-test", "nox -s docs-test"], ["doctest", "nox -s doctest"])],
        fine=[swap(["nox"], ["-s docs-test", "docs-test"], ["-s doctest", "doctest"]), swap(["nox"], ["-s test", "test"], ["-s tests-3.13", "tests-3.13"]), tests("nox -s doctest", "nox -s tests-3.13"), task(["test", "nox -s test"], ["tests-3.13", "nox -s tests-3.13"])],
    ),
    case(
        "manage-py-is-in-backend", "Django's script is not at the root", ORCHARD,
        on("claude", sh("poetry run python manage.py showmigrations", "python: can't open file '/home/tomas/work/orchard/manage.py': [Errno 2] No such file or directory\n", 2), sh("cd backend && poetry run python manage.py showmigrations", "trees\n [X] 0001_initial\n [X] 0002_planted\n")),
        on("gemini", sh("poetry run python manage.py makemigrations --check", "python: can't open file '/home/tomas/work/orchard/manage.py': [Errno 2] No such file or directory\n", 2), sh("ls backend", "manage.py\norchard\ntemplates\ntrees\n"), sh("cd backend && poetry run python manage.py makemigrations --check", "No changes detected\n")),
        right=[folder(heads("poetry run python manage.py", 4), "backend")],
        fine=[folder(["python manage.py", "manage.py"], "backend"), at("manage.py", "backend/manage.py")],
    ),
    case(
        "settings-of-a-report", "Django asks for the variable by its name", ORCHARD,
        on("codex", sh("poetry run python reports/yield_by_year.py 2023", "django.core.exceptions.ImproperlyConfigured: Requested setting INSTALLED_APPS, but settings are not configured. You must either define the environment variable DJANGO_SETTINGS_MODULE or call settings.configure() before accessing settings.\n", 1), sh("DJANGO_SETTINGS_MODULE=orchard.settings.base poetry run python reports/yield_by_year.py 2023", "2023  41.2 t\n")),
        on("claude", sh("poetry run python reports/yield_by_year.py 2024", "django.core.exceptions.ImproperlyConfigured: Requested setting INSTALLED_APPS, but settings are not configured. You must either define the environment variable DJANGO_SETTINGS_MODULE or call settings.configure() before accessing settings.\n", 1), sh("DJANGO_SETTINGS_MODULE=orchard.settings.base poetry run python reports/yield_by_year.py 2024", "2024  39.8 t\n")),
        right=[variable(["poetry run python reports/yield_by_year.py", "poetry run python", "reports/yield_by_year.py", "python reports/yield_by_year.py"], "DJANGO_SETTINGS_MODULE=orchard.settings.base")],
    ),
    case(
        "alembic-has-its-ini-elsewhere", "migrations are configured in a folder", HARBOR,
        on("claude", sh("uv run alembic upgrade head", "  FAILED: No 'script_location' key found in configuration\n", 255), sh("uv run alembic -c db/alembic.ini upgrade head", "INFO  [alembic.runtime.migration] Running upgrade 9a1 -> b04, draught\n")),
        on("opencode", sh("uv run alembic current", "  FAILED: No 'script_location' key found in configuration\n", 255), sh("find . -name alembic.ini -not -path './.venv/*'", "./db/alembic.ini\n"), sh("uv run alembic -c db/alembic.ini current", "b04 (head)\n")),
        on("codex", sh("uv run alembic history", "  FAILED: No 'script_location' key found in configuration\n", 255), sh("uv run alembic -c db/alembic.ini history", "9a1 -> b04 (head), draught\n")),
        right=[add(["alembic", "uv run alembic"], ["-c db/alembic.ini", "--config db/alembic.ini", "--config=db/alembic.ini"])],
        fine=[add(["uv run alembic upgrade", "uv run alembic upgrade head", "uv run alembic current", "uv run alembic history"], ["-c db/alembic.ini", "--config db/alembic.ini", "--config=db/alembic.ini"])],
    ),
    case(
        "ruff-shows-no-source", "an option of last year's ruff", HARBOR,
        on("claude", sh("uv run ruff check --show-source src", "error: unexpected argument '--show-source' found\n\n  tip: a similar argument exists: '--show-settings'\n\nUsage: ruff check --show-settings [FILES]...\n\nFor more information, try '--help'.\n", 2), sh("uv run ruff check --output-format=full src", "All checks passed!\n")),
        on("gemini", sh("uv run ruff check --show-source src", "error: unexpected argument '--show-source' found\n\n  tip: a similar argument exists: '--show-settings'\n", 2), sh("uv run ruff check --output-format=full src", "All checks passed!\n")),
        right=[swap(["uv run ruff check", "ruff check", "uv run ruff", "ruff", "uv run ruff check src"], "--show-source", ["--output-format=full", "--output-format full"])],
        fine=[lints("uv run ruff check --output-format=full src")],
    ),
    case(
        "no-xdist-in-here", "workers are asked for where the plugin is not installed", HARBOR,
        on("codex", sh("uv run pytest -n auto", "ERROR: usage: pytest [options] [file_or_dir] [file_or_dir] [...]\npytest: error: unrecognized arguments: -n\n  inifile: /home/ines/src/harbor/pyproject.toml\n", 4), sh("uv run pytest", "64 passed in 3.00s\n")),
        on("claude", sh("uv run pytest -n auto -q", "pytest: error: unrecognized arguments: -n\n  inifile: /home/ines/src/harbor/pyproject.toml\n", 4), sh("uv run pytest -q", "64 passed in 3.11s\n")),
        right=[drop(["uv run pytest", "pytest", "uv run pytest -q"], ["-n auto", "-n"])],
    ),
    case(
        "settings-are-in-core", "a module is guessed at the package's top in two sessions", HARBOR,
        on("copilot", gone("src/harbor/config.py"), sh("ls src/harbor src/harbor/core", "src/harbor:\napi.py\nberths.py\ncore\ntides.py\n\nsrc/harbor/core:\nsettings.py\n"), read("src/harbor/core/settings.py", "class Settings(BaseSettings):\n")),
        on("claude", gone("src/harbor/config.py"), find("BaseSettings", "src", "src/harbor/core/settings.py:5:class Settings(BaseSettings):\n"), read("src/harbor/core/settings.py", "class Settings(BaseSettings):\n")),
        right=[at("src/harbor/config.py", ["src/harbor/core/settings.py", "src/harbor/core"])],
    ),
    case(
        "tabs-in-a-python-file", "an old module is indented with tabs", LENS,
        on("claude", read("src/lens/legacy.py", "def abbe(n):\n\treturn n\n"), misfit("src/lens/legacy.py", "def abbe(n):\n    return n", "def abbe(n):\n    return n / 2"), sh("sed -n 1,3p src/lens/legacy.py | cat -A", "def abbe(n):$\n^Ireturn n$\n"), edit("src/lens/legacy.py", "def abbe(n):\n\treturn n", "def abbe(n):\n\treturn n / 2")),
        on("opencode", read("src/lens/legacy.py", "def petzval(r):\n\treturn r\n"), misfit("src/lens/legacy.py", "    return r", "    return -r"), edit("src/lens/legacy.py", "\treturn r", "\treturn -r")),
        right=[indented("src/lens/legacy.py", "tabs")],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "ruff-finds-and-fixes", "a linter exits with 1 because it found something; its repair is no correction of the command", HARBOR,
        on("claude", sh("uv run ruff check .", "src/harbor/api.py:3:8: F401 [*] `os` imported but unused\nFound 1 error.\n[*] 1 fixable with the `--fix` option.\n", 1), sh("uv run ruff check --fix .", "Found 1 error (1 fixed, 0 remaining).\n")),
        on("codex", sh("uv run ruff check .", "src/harbor/tides.py:1:1: I001 [*] Import block is un-sorted or un-formatted\nFound 1 error.\n[*] 1 fixable with the `--fix` option.\n", 1), sh("uv run ruff check --fix .", "Found 1 error (1 fixed, 0 remaining).\n")),
        fine=[lints("uv run ruff check --fix .", "uv run ruff check --fix")],
    ),
    case(
        "a-websocket-test-flakes", "another option stands there when the flaky test passes", HARBOR,
        on("gemini", sh("uv run pytest tests/test_ws.py", "FAILED tests/test_ws.py::test_two_listeners - TimeoutError\n1 failed, 4 passed in 11.02s\n", 1), sh("uv run pytest tests/test_ws.py -x", "5 passed in 1.22s\n"), noise(1), sh("uv run pytest tests/test_ws.py", "5 passed in 1.19s\n")),
        on("claude", sh("uv run pytest tests/test_ws.py", "FAILED tests/test_ws.py::test_two_listeners - TimeoutError\n1 failed, 4 passed in 11.02s\n", 1), sh("uv run pytest tests/test_ws.py -p no:cacheprovider", "5 passed in 1.20s\n")),
    ),
    case(
        "the-index-was-down", "the network fails, the cache helps, and next day all is well", HARBOR,
        on("claude", sh("uv sync", "error: Failed to fetch: `https://pypi.org/simple/pydantic-settings/`\n  Caused by: Request failed after 3 retries\n  Caused by: connection error: Connection reset by peer (os error 104)\n", 2), sh("uv sync --offline", "Resolved 48 packages in 6ms\nAudited 48 packages in 0.10ms\n")),
        on("codex", sh("uv sync", "Resolved 48 packages in 210ms\n"), noise(2)),
    ),
    case(
        "the-command-line-that-is-written", "the program under test refuses its option until it has one", HARBOR,
        on("claude", sh("uv run harbor berths --since 2d", "usage: harbor [-h] {berths,tides} ...\nharbor: error: unrecognized arguments: --since 2d\n", 2), edit("src/harbor/cli.py", "berths.add_argument('--all')", "berths.add_argument('--all')\nberths.add_argument('--from')"), sh("uv run harbor berths --from 2d", "B12  2 m\n")),
        on("opencode", sh("uv run harbor tides --days 3", "usage: harbor [-h] {berths,tides} ...\nharbor: error: unrecognized arguments: --days 3\n", 2), edit("src/harbor/cli.py", "tides.add_argument('day')", "tides.add_argument('day')\ntides.add_argument('--days')"), sh("uv run harbor tides --days 3", "04:12 5.1 m\n")),
    ),
    case(
        "tox-was-added", "a program is missing, is made a dependency, and is there from then on", LENS,
        on("codex", sh("hatch run docs:build", "Environment `docs` is not defined\n", 1), edit("pyproject.toml", "[tool.hatch]", "[tool.hatch.envs.docs.scripts]\nbuild = 'mkdocs build'"), sh("hatch run docs:build", "INFO - Documentation built in 0.41 seconds\n")),
        on("claude", sh("hatch run docs:build", "INFO - Documentation built in 0.40 seconds\n"), noise(2)),
    ),
    case(
        "the-test-file-comes-later", "a path fails before the session writes it", LENS,
        on("gemini", gone("tests/test_glass.py"), read("src/lens/glass.py"), write("tests/test_glass.py", "def test_index():\n    assert True\n"), sh("hatch test tests/test_glass.py", "1 passed in 0.20s\n")),
        on("copilot", gone("tests/test_dispersion.py"), write("tests/test_dispersion.py", "def test_abbe():\n    assert True\n"), sh("hatch test tests/test_dispersion.py", "1 passed in 0.21s\n")),
    ),
    case(
        "last-failed-first", "rerunning the failures passes since the code was mended", ORCHARD,
        on("claude", sh("poetry run tox -q -e unit -- --failed", "FAILED (failures=2)\n", 1), edit("backend/trees/forms.py", "required=True", "required=False"), sh("poetry run tox -q -e unit -- --failed --keepdb", "Ran 2 tests in 0.3s\n\nOK\n")),
        on("codex", sh("poetry run tox -q -e unit", "FAILED (errors=1)\n", 1), edit("backend/trees/models.py", "null=True", "null=True, blank=True"), sh("poetry run tox -q -e unit -- --keepdb", "Ran 88 tests in 3.9s\n\nOK\n")),
        fine=[tests("poetry run tox -q -e unit -- --keepdb")],
    ),
    case(
        "a-python-for-a-question", "short questions to an interpreter, one of which has a slip", HARBOR,
        on("claude", sh('python3 -c "import datetme; print(1)"', "ModuleNotFoundError: No module named 'datetme'\n", 1), sh('python3 -c "import datetime; print(1)"', "1\n")),
        on("claude", sh('python3 -c "from harbor import tides"', "ModuleNotFoundError: No module named 'harbour'\n", 1), noise(1)),
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)
