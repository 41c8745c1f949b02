"""Python under uv with Django, and a library under poetry and nox; then data: dbt, notebooks under pixi."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fifth.worlds import LEDGERLY, SPECTRA, SURVEY
from tests.headroom_wrap.learn.independent.fourth.labels import add, at, environment, folder, heads, program, swap, task, variable
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import lints, tests
from tests.headroom_wrap.learn.independent.steps import edit, find, gone, noise, read, sh, user, write

_NO_DJANGO = "Traceback (most recent call last):\n  File \"/home/lena/code/ledgerly/manage.py\", line 11, in main\n    from django.core.management import execute_from_command_line\nModuleNotFoundError: No module named 'django'\n"
_TWO_SETTINGS = "django.core.exceptions.ImproperlyConfigured: Requested setting DATABASES, but settings are not configured. You must either define the environment variable DJANGO_SETTINGS_MODULE or call settings.configure() before accessing settings.\n"

_LESSONS = (
    case(
        "django-lives-in-uv", "the interpreter outside has no django", LEDGERLY,
        on("claude", sh("python manage.py makemigrations accounts", _NO_DJANGO, 1), sh("uv run python manage.py makemigrations accounts", "No changes detected in app 'accounts'\n")),
        on("codex", sh("python manage.py showmigrations", _NO_DJANGO, 1), sh("ls", "ledgerly\nmanage.py\npyproject.toml\ntests\nuv.lock\n"), sh("uv run python manage.py showmigrations", "accounts\n [X] 0001_initial\n")),
        right=[environment(["python", "python manage.py"], ["uv run python", "uv run", "uv run python manage.py"])],
        fine=[program(["python"], ["uv run python", "uv run"])],
    ),
    case(
        "settings-for-scripts", "a script of the project needs to be told of its settings", LEDGERLY,
        on("gemini", sh("uv run python scripts/backfill.py --dry-run", _TWO_SETTINGS, 1), sh("DJANGO_SETTINGS_MODULE=ledgerly.settings uv run python scripts/backfill.py --dry-run", "would change 14 rows\n")),
        on("claude", sh("uv run python scripts/backfill.py --dry-run --since 2024", _TWO_SETTINGS, 1), sh("DJANGO_SETTINGS_MODULE=ledgerly.settings uv run python scripts/backfill.py --dry-run --since 2024", "would change 2 rows\n")),
        right=[variable(heads("uv run python scripts/backfill.py --dry-run", 3), "DJANGO_SETTINGS_MODULE=ledgerly.settings")],
    ),
    case(
        "models-are-a-package", "one module was split, and every session looks for it", LEDGERLY,
        on("claude", gone("ledgerly/imports/models.py"), sh("ls ledgerly/imports", "camt.py\nmodels\n"), read("ledgerly/imports/models/__init__.py", "from .batch import Batch\n")),
        on("copilot", gone("ledgerly/imports/models.py"), read("ledgerly/imports/models/__init__.py", "from .batch import Batch\n")),
        right=[at("ledgerly/imports/models.py", ["ledgerly/imports/models/__init__.py", "ledgerly/imports/models"])],
    ),
    case(
        "no-black-here", "the formatter is another", LEDGERLY,
        on("opencode", sh("uv run black ledgerly", "error: Failed to spawn: `black`\n  Caused by: No such file or directory (os error 2)\n", 2), sh("uv run ruff format ledgerly", "2 files reformatted, 61 files left unchanged\n")),
        on("claude", sh("uv run black --check ledgerly/accounts", "error: Failed to spawn: `black`\n  Caused by: No such file or directory (os error 2)\n", 2), sh("uv run ruff format --check ledgerly/accounts", "7 files already formatted\n")),
        right=[program(["uv run black", "black"], ["uv run ruff format", "ruff format", "uv run ruff"])], fine=[lints("uv run ruff format --check ledgerly/accounts", "uv run ruff format", "uv run ruff format ledgerly")],
    ),
    case(
        "sessions-have-versions", "nox prints the sessions that there are", SPECTRA,
        on("codex", sh("poetry run nox -s lint", "nox > Error while collecting sessions.\nnox > Sessions not found: lint\n", 1), sh("poetry run nox -l", "* unit -> Run the unit tests.\n* static -> Run ruff and mypy.\n"), sh("poetry run nox -s static", "nox > Session static was successful.\n")),
        on("claude", sh("poetry run nox -s lint", "nox > Error while collecting sessions.\nnox > Sessions not found: lint\n", 1), sh("poetry run nox -s static", "nox > Session static was successful.\n")),
        right=[task(["lint", "poetry run nox -s lint", "nox -s lint"], ["static", "poetry run nox -s static", "nox -s static"])], fine=[lints("poetry run nox -s static", "poetry run nox"), swap(["poetry run nox", "poetry run nox -s"], ["-s lint", "lint"], ["-s static", "static"])],
    ),
    case(
        "poetry-groups", "documentation is built with a group of its own", SPECTRA,
        on("claude", sh("sphinx-build -W docs docs/_build", "zsh: command not found: sphinx-build\n", 127), sh("poetry run sphinx-build -W docs docs/_build", "build succeeded.\n\nThe HTML pages are in docs/_build.\n")),
        on("gemini", sh("sphinx-build docs docs/_build", "sphinx-build: command not found\n", 127), sh("poetry run sphinx-build docs docs/_build", "build succeeded.\n")),
        right=[program("sphinx-build", ["poetry run sphinx-build", "poetry run"])], fine=[("build_command", {"command": ["poetry run sphinx-build -W docs docs/_build", "poetry run sphinx-build docs docs/_build", "poetry run sphinx-build"]})],
    ),
    case(
        "plots-without-a-screen", "the plotting library wants no window here", SPECTRA,
        on("claude", sh("poetry run python examples/fit_peaks.py", "ImportError: Cannot load backend 'TkAgg' which requires the 'tk' interactive framework, as 'headless' is currently running\n", 1), sh("MPLBACKEND=Agg poetry run python examples/fit_peaks.py", "saved peaks.png\n")),
        on("codex", sh("poetry run python examples/baseline.py", "ImportError: Cannot load backend 'TkAgg' which requires the 'tk' interactive framework, as 'headless' is currently running\n", 1), sh("MPLBACKEND=Agg poetry run python examples/baseline.py", "saved baseline.png\n")),
        right=[variable(["poetry run python"], "MPLBACKEND=Agg")],
    ),
    case(
        "dbt-needs-its-profile", "profiles lie in the repository, not in the home", SURVEY,
        on("claude", sh("dbt run --select households", "Runtime Error\n  Could not find profile named 'survey'\n", 2), sh("dbt run --select households --profiles-dir profiles", "Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1\n")),
        on("opencode", sh("dbt run --select marts", "Runtime Error\n  Could not find profile named 'survey'\n", 2), sh("dbt run --select marts --profiles-dir profiles", "Done. PASS=6 WARN=0 ERROR=0 SKIP=0 TOTAL=6\n")),
        right=[add(["dbt run", "dbt run --select"], ["--profiles-dir profiles", "--profiles-dir=profiles"])],
    ),
    case(
        "pandas-is-in-pixi", "the machine's python is not the project's", SURVEY,
        on("gemini", sh('python3 -c "import geopandas; print(geopandas.__version__)"', "Traceback (most recent call last):\n  File \"<string>\", line 1, in <module>\nModuleNotFoundError: No module named 'geopandas'\n", 1), sh('pixi run python -c "import geopandas; print(geopandas.__version__)"', "1.0.1\n")),
        on("codex", sh("python3 survey/weights.py --year 2021", "Traceback (most recent call last):\n  File \"/data/projects/survey/survey/weights.py\", line 3, in <module>\n    import geopandas as gpd\nModuleNotFoundError: No module named 'geopandas'\n", 1), sh("pixi run python survey/weights.py --year 2021", "sum 1.000\n")),
        right=[environment(["python3", "python"], ["pixi run python", "pixi run"])], fine=[program(["python3"], ["pixi run python", "pixi run"])],
    ),
    case(
        "seeds-are-elsewhere", "tables that came as files", SURVEY,
        on("claude", gone("data/regions.csv"), find("NUTS1", "seeds", "seeds/geo/regions.csv:1:NUTS1,name\n"), read("seeds/geo/regions.csv", "NUTS1,name\nDE1,Baden\n")),
        on("copilot", gone("data/regions.csv"), read("seeds/geo/regions.csv", "NUTS1,name\nDE1,Baden\n")),
        right=[at("data/regions.csv", ["seeds/geo/regions.csv", "seeds/geo"])],
    ),
    case(
        "tox-in-the-plugin", "a plugin below the library has its own tox.ini", SPECTRA,
        on("claude", sh("tox -e py312", "ROOT: No tox.ini or setup.cfg or pyproject.toml or tox.toml found, assuming empty tox.ini at /Users/omar/work/spectra\npy312: commands_pre> \nERROR: unknown environment py312\n", 1), sh("cd plugins/bruker && tox -e py312", "  py312: OK (3.10=setup[1.20]+cmd[1.90] seconds)\n  congratulations :) (3.20 seconds)\n")),
        on("claude", sh("tox -e py312", "ERROR: unknown environment py312\n", 1), sh("cd plugins/bruker && tox -e py312", "  congratulations :) (2.90 seconds)\n")),
        right=[folder(["tox", "tox -e py312", "tox -e"], "plugins/bruker")], fine=[tests("cd plugins/bruker && tox -e py312", "tox -e py312")],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "the-venv-was-stale", "a synchronisation between the runs made the difference", LEDGERLY,
        on("claude", sh("uv run python -m ledgerly.imports.camt sample.xml", "ModuleNotFoundError: No module named 'lxml'\n", 1), sh("uv sync --all-groups", "Installed 2 packages in 8ms\n + lxml==5.3.0\n"), sh("uv run python -m ledgerly.imports.camt sample.xml", "3 bookings\n")),
        on("codex", noise(4)),
    ),
    case(
        "an-assertion-of-today", "the test that fails is the one at work, and another selection passes", LEDGERLY,
        on("gemini", sh("uv run pytest -q tests/imports", "FAILED tests/imports/test_camt.py::test_two_bookings - IndexError\n1 failed, 8 passed in 0.40s\n", 1), sh("uv run pytest -q tests/imports -k 'not two_bookings'", "8 passed, 1 deselected in 0.30s\n"), edit("ledgerly/imports/camt.py", "def parse(stream):", "def parse(stream, *, strict=False):"), sh("uv run pytest -q tests/imports", "9 passed in 0.31s\n")),
        on("claude", sh("uv run pytest -q tests/imports", "FAILED tests/imports/test_camt.py::test_empty - ValueError\n1 failed, 9 passed\n", 1), sh("uv run pytest -q tests/imports -k 'not empty'", "9 passed, 1 deselected\n")),
        fine=[tests("uv run pytest -q tests/imports")],
    ),
    case(
        "types-found-something", "mypy exits with 1 as it should", SPECTRA,
        on("claude", sh("poetry run mypy --strict src/spectra/peaks.py", "src/spectra/peaks.py:14: error: Function is missing a return type annotation  [no-untyped-def]\nFound 1 error in 1 file (checked 1 source file)\n", 1), sh("poetry run mypy src/spectra/peaks.py", "Success: no issues found in 1 source file\n")),
        on("codex", sh("poetry run mypy --strict src/spectra/fit.py", "src/spectra/fit.py:3: error: Function is missing a return type annotation  [no-untyped-def]\nFound 1 error in 1 file (checked 1 source file)\n", 1), sh("poetry run mypy src/spectra/fit.py", "Success: no issues found in 1 source file\n")),
        fine=[lints("poetry run mypy --strict src/spectra/fit.py", "poetry run mypy --strict src/spectra/peaks.py", "poetry run mypy --strict", "poetry run mypy src/spectra/peaks.py", "poetry run mypy src/spectra/fit.py")],
    ),
    case(
        "a-module-of-today", "a file that the session itself writes and then renames", SPECTRA,
        on("claude", write("src/spectra/smooth.py", "def smooth(y):\n    return y\n"), sh("git mv src/spectra/smooth.py src/spectra/smoothing.py"), gone("src/spectra/smooth.py"), read("src/spectra/smoothing.py", "def smooth(y):\n")),
        on("claude", noise(5)),
    ),
    case(
        "pypi-was-away", "the index does not answer, a mirror does, and next day all is well", SPECTRA,
        on("codex", sh("poetry add numpy@latest", "  HTTPSConnectionPool(host='pypi.org', port=443): Read timed out. (read timeout=15)\n", 1), sh("poetry add numpy@latest --source mirror", "  - Updating numpy (1.26.4 -> 2.1.0)\n")),
        on("claude", sh("poetry add scipy@latest", "  - Updating scipy (1.13 -> 1.14)\n")),
    ),
    case(
        "a-kernel-was-busy", "the lock of the database belonged to a notebook that was open", SURVEY,
        on("claude", sh("dbt run --select households", 'IO Error: Could not set lock on file "/data/projects/survey/dev.duckdb": Conflicting lock is held in python (PID 4110).\n', 2), sh("kill 4110"), sh("dbt run --select households", "Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1\n")),
        on("gemini", sh("dbt run --select marts", 'IO Error: Could not set lock on file "/data/projects/survey/dev.duckdb": Conflicting lock is held in python (PID 977).\n', 2), sh("DBT_TARGET=scratch dbt run --select marts", "Done. PASS=6 WARN=0 ERROR=0 SKIP=0 TOTAL=6\n")),
    ),
    case(
        "two-tries-at-a-query", "wrong columns in throw-away code are no lesson", SURVEY,
        on("claude", sh("pixi run python -c \"import pandas as pd; print(pd.read_parquet('out/p.parquet').age.mean())\"", "AttributeError: 'DataFrame' object has no attribute 'age'\n", 1), sh("pixi run python -c \"import pandas as pd; print(pd.read_parquet('out/p.parquet').age_years.mean())\"", "44.1\n")),
        on("opencode", sh("pixi run python -c \"import pandas as pd; print(pd.read_parquet('out/h.parquet').size_)\"", "AttributeError: 'DataFrame' object has no attribute 'size_'\n", 1), sh("pixi run python -c \"import pandas as pd; print(len(pd.read_parquet('out/h.parquet')))\"", "9120\n")),
    ),
    case(
        "python-two-was-asked-for", "the user wants to see that it fails", LEDGERLY,
        on("claude", user("check that the import fails cleanly without lxml"), sh("uv run --isolated --no-dev python -c 'import ledgerly.imports.camt'", "ledgerly.imports.MissingDependency: install lxml to read CAMT files\n", 1), sh("uv run python -c 'import ledgerly.imports.camt'")),
        on("codex", noise(3)),
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)
