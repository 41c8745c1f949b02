"""Data and documents: notebooks in a conda environment, models of dbt, an R package, manuals made with Sphinx and MkDocs."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fourth.labels import add, environment, folder, hangs, hangs_instead, indented, program, ranges, search_with
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import World, builds, lints, red_green, tests
from tests.headroom_wrap.learn.independent.steps import big, edit, find, gone, misfit, noise, part, read, sh, write

CENSUS = World(
    "/home/priya/census",
    ("which region lost most households?", "plot the age pyramid", "the join drops rows", "make train.py take a year"),
    (("train.py", "def main(year: int) -> None:"), ("census/load.py", "def load(year):"), ("census/plots.py", "def pyramid(frame):"), ("environment.yml", "name: census"), ("notebooks/README.md", "# Notebooks")),
    (("def pyramid", "census", "census/plots.py:9:def pyramid(frame):\n"), ("merge", "census", "census/load.py:22:    return left.merge(right, on='id')\n")),
    (
        (sh("conda run -n census python -m census.check", "12 tables, all complete\n"),),
        (sh("duckdb census.db 'select count(*) from households'", "┌──────────────┐\n│ count_star() │\n├──────────────┤\n│       881204 │\n└──────────────┘\n"),),
    ),
    (lints("conda run -n census python -m census.check"), tests("conda run -n census python -m census.check")),
)  # fmt: skip

MERCH = World(
    "/home/dina/merch-models",
    ("orders of test customers must go", "a model of weekly returns", "document the columns of dim_store", "returns are counted on the wrong day"),
    (("warehouse/models/staging/stg_orders.sql", "select id, store_id"), ("warehouse/models/marts/dim_store.sql", "with stores as ("), ("warehouse/models/marts/schema.yml", "  - name: dim_store"), ("warehouse/dbt_project.yml", "name: merch"), ("README.md", "# merch")),
    (("stg_orders", "warehouse", "warehouse/models/marts/fct_orders.sql:3:from {{ ref('stg_orders') }}\n"), ("store_id", "warehouse/models", "warehouse/models/staging/stg_orders.sql:1:select id, store_id\n")),
    (
        (sh("pre-commit run --all-files", "trim trailing whitespace.................................................Passed\nsqlfmt...................................................................Passed\n"),),
        red_green("pre-commit run --all-files", "sqlfmt...................................................................Failed\n- hook id: sqlfmt\n- files were modified by this hook\n", "warehouse/models/marts/dim_store.sql", "with stores as (", "sqlfmt...................................................................Passed\n"),
    ),
    (lints("pre-commit run --all-files", "pre-commit run"),),
)  # fmt: skip

GROUSE = World(
    "/home/iris/grouse",
    ("fit_counts() should accept an offset", "vignette for the transect data", "plot method loses its colours", "CRAN wants the examples shorter"),
    (("R/fit.R", "fit_counts <- function(data, offset = NULL) {"), ("R/plot.R", "plot.grouse <- function(x, ...) {"), ("tests/testthat/test-fit.R", 'test_that("an offset is used", {'), ("DESCRIPTION", "Package: grouse"), ("vignettes/transects.Rmd", "# Transects")),
    (("fit_counts", "R", "R/fit.R:4:fit_counts <- function(data, offset = NULL) {\n"), ("col =", "R", "R/plot.R:12:  lines(x, col = col)\n")),
    (
        (sh("Rscript tools/lint.R", "No lints found.\n"),),
        red_green("Rscript tools/lint.R", "R/fit.R:9:81: style: [line_length_linter] Lines should not be more than 80 characters.\n", "R/fit.R", "  stopifnot(is.numeric(offset))", "No lints found.\n"),
    ),
    (lints("Rscript tools/lint.R"),),
)  # fmt: skip

MANUAL = World(
    "/home/theo/manual",
    ("the chapter on pumps needs a table", "all pictures need a text", "the index lists words twice", "move the glossary to the end"),
    (("docs/pumps.md", "# Pumps"), ("docs/conf.py", "extensions = ["), ("docs/glossary.md", "# Glossary"), ("mkdocs.yml", "nav:"), ("docs/index.md", "# Manual")),
    (("impeller", "docs", "docs/pumps.md:14:The impeller turns.\n"), ("toctree", "docs", "docs/index.md:5:```{toctree}\n")),
    (
        (sh("vale docs", "✔ 0 errors, 0 warnings and 0 suggestions in 31 files.\n"),),
        red_green("vale docs", " docs/pumps.md\n 14:5  error  Use 'turns' instead of 'is turning'.  House.Verbs\n\n✖ 1 error, 0 warnings and 0 suggestions in 31 files.\n", "docs/pumps.md", "The impeller is turning.", "✔ 0 errors, 0 warnings and 0 suggestions in 31 files.\n"),
    ),
    (lints("vale docs", "vale"),),
)  # fmt: skip

_LESSONS = (
    case(
        "conda-has-the-modules", "the modules are in an environment of conda", CENSUS,
        on("claude", sh("python train.py 2021", 'Traceback (most recent call last):\n  File "/home/priya/census/train.py", line 4, in <module>\n    import lightgbm\nModuleNotFoundError: No module named \'lightgbm\'\n', 1), sh("conda run -n census python train.py 2021", "rmse 0.213\n")),
        on("gemini", sh("python train.py 2011", "ModuleNotFoundError: No module named 'lightgbm'\n", 1), sh("conda env list", "# conda environments:\n#\nbase                     /opt/conda\ncensus                   /opt/conda/envs/census\n"), sh("conda run -n census python train.py 2011", "rmse 0.231\n")),
        right=[environment("python", ["conda run -n census python", "conda run -n census"])], fine=[program("python", ["conda run -n census python", "conda run -n census"])],
    ),
    case(
        "a-notebook-by-parts", "a notebook full of pictures is read in ranges", CENSUS,
        on("claude", big("notebooks/pyramid.ipynb", 41000), part("notebooks/pyramid.ipynb", 1, 80)),
        on("copilot", big("notebooks/pyramid.ipynb", 41900), part("notebooks/pyramid.ipynb", 300, 60)),
        right=[ranges("notebooks/pyramid.ipynb")],
    ),
    case(
        "profiles-of-dbt", "dbt does not find its profile where it looks", MERCH,
        on("claude", sh("cd warehouse && dbt run -s stg_orders", "Encountered an error:\nRuntime Error\n  Could not find profile named 'merch'\n", 2), sh("cd warehouse && dbt run -s stg_orders --profiles-dir profiles", "Completed successfully\n\nDone. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1\n")),
        on("opencode", sh("cd warehouse && dbt run -s dim_store", "Runtime Error\n  Could not find profile named 'merch'\n", 2), sh("cd warehouse && dbt run -s dim_store --profiles-dir profiles", "Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1\n")),
        on("codex", sh("cd warehouse && dbt run -s stg_orders", "Runtime Error\n  Could not find profile named 'merch'\n", 2), sh("cd warehouse && dbt run -s stg_orders --profiles-dir profiles", "Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1\n")),
        right=[add(["dbt", "dbt run", "dbt run -s stg_orders", "dbt run -s"], ["--profiles-dir profiles", "--profiles-dir=profiles"])],
    ),
    case(
        "dbt-in-the-warehouse", "the project file is a folder below", MERCH,
        on("gemini", sh("dbt deps", "Encountered an error:\nRuntime Error\n  No dbt_project.yml found at expected path /home/dina/merch-models/dbt_project.yml\n  Verify that each entry within packages.yml (and their transitive dependencies) contains a file named dbt_project.yml\n", 2), sh("cd warehouse && dbt deps", "Installing dbt-labs/dbt_utils\n")),
        on("claude", sh("dbt parse", "Runtime Error\n  No dbt_project.yml found at expected path /home/dina/merch-models/dbt_project.yml\n", 2), sh("cd warehouse && dbt parse", "Performance info: target/perf_info.json\n")),
        on("claude", sh("dbt deps", "Runtime Error\n  No dbt_project.yml found at expected path /home/dina/merch-models/dbt_project.yml\n", 2), sh("cd warehouse && dbt deps", "Installing dbt-labs/dbt_utils\n")),
        right=[folder(["dbt", "dbt deps"], "warehouse")], fine=[folder("dbt parse", "warehouse"), add(["dbt", "dbt deps"], "--project-dir warehouse")],
    ),
    case(
        "compiled-models-are-ignored", "what dbt compiles is ignored by git, so by the search", MERCH,
        on("claude", sh("rg -n 'returned_at' warehouse/target", "", 1), sh("rg -n --no-ignore 'returned_at' warehouse/target", "warehouse/target/compiled/merch/models/marts/fct_orders.sql:9:  returned_at\n")),
        on("codex", sh("rg -n 'test_customer' warehouse/target", "", 1), sh("ls warehouse/target/compiled", "merch\n"), sh("rg -n --no-ignore 'test_customer' warehouse/target", "warehouse/target/compiled/merch/models/staging/stg_orders.sql:12:where not test_customer\n")),
        right=[search_with("warehouse/target", ["--no-ignore", "-u"])],
    ),
    case(
        "tests-of-the-package", "every session runs the tests by the same script", GROUSE,
        *[on(agent, noise(2), sh("Rscript tools/test.R", "[ FAIL 0 | WARN 0 | SKIP 1 | PASS 88 ]\n"), noise(1)) for agent in ("claude", "gemini", "codex", "claude")],
        right=[tests("Rscript tools/test.R")],
    ),
    case(
        "sphinx-is-in-the-group", "the tool is in a group of dependencies", MANUAL,
        on("claude", sh("sphinx-build -W docs out", "/bin/bash: line 1: sphinx-build: command not found\n", 127), sh("uv run --group docs sphinx-build -W docs out", "build succeeded.\n\nThe HTML pages are in out.\n")),
        on("opencode", sh("sphinx-build docs out", "bash: line 1: sphinx-build: command not found\n", 127), sh("uv run --group docs sphinx-build docs out", "build succeeded.\n")),
        right=[program("sphinx-build", ["uv run --group docs sphinx-build", "uv run --group docs"])], fine=[builds("uv run --group docs sphinx-build -W docs out", "uv run --group docs sphinx-build docs out")],
    ),
    case(
        "a-server-of-pages", "pages are served until somebody stops it, and built in a second", MANUAL,
        on("codex", sh("mkdocs serve", "INFO    -  Documentation built in 0.61 seconds\nINFO    -  [10:04:11] Serving on http://127.0.0.1:8000/\n", 124, "timed_out"), sh("mkdocs build --strict", "INFO    -  Documentation built in 0.60 seconds\n")),
        on("claude", sh("mkdocs serve", "INFO    -  [10:04:11] Serving on http://127.0.0.1:8000/\n", 143, "timed_out"), sh("mkdocs build --strict", "INFO    -  Documentation built in 0.58 seconds\n")),
        right=[hangs_instead("mkdocs serve", ["mkdocs build --strict", "mkdocs build"])], fine=[hangs("mkdocs serve"), builds("mkdocs build --strict", "mkdocs build")],
    ),
    case(
        "a-makefile-has-tabs", "recipes are indented with tabs", MANUAL,
        on("gemini", read("Makefile", "html:\n\tsphinx-build docs out\n"), misfit("Makefile", "html:\n    sphinx-build docs out", "html:\n    sphinx-build -W docs out"), edit("Makefile", "html:\n\tsphinx-build docs out", "html:\n\tsphinx-build -W docs out")),
        on("claude", read("Makefile", "clean:\n\trm -rf out\n"), misfit("Makefile", "clean:\n    rm -rf out", "clean:\n    rm -rf out site"), edit("Makefile", "clean:\n\trm -rf out", "clean:\n\trm -rf out site")),
        right=[indented("Makefile", "tabs")],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "a-full-card", "another job fills the graphics card, this afternoon", CENSUS,
        on("claude", sh("conda run -n census python train.py 2021 --gpu", "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.69 GiB of which 114.00 MiB is free.\n", 1), sh("CUDA_VISIBLE_DEVICES=1 conda run -n census python train.py 2021 --gpu", "rmse 0.209\n")),
        on("claude", sh("conda run -n census python train.py 2021 --gpu", "rmse 0.209\n")),
    ),
    case(
        "the-database-is-open-elsewhere", "a notebook holds the file's lock", CENSUS,
        on("codex", sh("duckdb census.db 'select max(year) from households'", 'Error: unable to open database "census.db": IO Error: Could not set lock on file "/home/priya/census/census.db": Conflicting lock is held in /usr/bin/python3.11 (PID 4410)\n', 1), sh("duckdb -readonly census.db 'select max(year) from households'", "2021\n")),
        on("gemini", sh("duckdb census.db 'select max(year) from households'", "2021\n"), noise(1)),
    ),
    case(
        "outputs-of-a-day", "a path with a date, another each day", CENSUS,
        on("claude", gone("outputs/2024-05-01/run.log"), read("outputs/2024-05-02/run.log", "rmse 0.21\n")),
        on("opencode", gone("outputs/2024-05-02/run.log"), sh("ls outputs", "2024-05-04\n"), read("outputs/2024-05-04/run.log", "rmse 0.20\n")),
    ),
    case(
        "a-trace-of-its-own", "a large file that the session itself made", CENSUS,
        on("claude", sh("conda run -n census python -X importtime train.py 2021 2> /tmp/imports.txt", "rmse 0.213\n"), big("/tmp/imports.txt", 22000), part("/tmp/imports.txt", 21000, 200)),
        on("copilot", sh("conda run -n census python -m census.check --dump > check-dump.txt"), big("check-dump.txt", 30500), part("check-dump.txt", 1, 100), sh("rm check-dump.txt")),
    ),
    case(
        "tests-of-data-fail", "a test of the data fails since the data are wrong; leaving it out is no remedy", MERCH,
        on("codex", sh("cd warehouse && dbt test -s fct_orders", "Failure in test unique_fct_orders_id (models/marts/schema.yml)\n  Got 3 results, configured to fail if != 0\n\nDone. PASS=4 WARN=0 ERROR=1 SKIP=0 TOTAL=5\n", 1), sh("cd warehouse && dbt test -s fct_orders --exclude unique_fct_orders_id", "Done. PASS=4 WARN=0 ERROR=0 SKIP=0 TOTAL=4\n")),
        on("claude", sh("cd warehouse && dbt test -s fct_orders", "Failure in test unique_fct_orders_id (models/marts/schema.yml)\n  Got 2 results, configured to fail if != 0\n", 1), sh("cd warehouse && dbt test -s fct_orders --exclude unique_fct_orders_id", "Done. PASS=4 WARN=0 ERROR=0 SKIP=0 TOTAL=4\n")),
        fine=[tests("dbt test -s fct_orders", "cd warehouse && dbt test -s fct_orders", "dbt test -s fct_orders --exclude unique_fct_orders_id", "cd warehouse && dbt test -s fct_orders --exclude unique_fct_orders_id", "dbt test")],
    ),
    case(
        "a-package-was-installed", "a library is missing in R and is installed", GROUSE,
        on("gemini", sh("Rscript tools/vignettes.R", "Error in library(rmarkdown) : there is no package called ‘rmarkdown’\nExecution halted\n", 1), sh("Rscript -e 'install.packages(\"rmarkdown\")'", "* DONE (rmarkdown)\n"), sh("Rscript tools/vignettes.R", "1 vignette built\n")),
        on("claude", sh("Rscript tools/vignettes.R", "1 vignette built\n")),
        fine=[builds("Rscript tools/vignettes.R")],
    ),
    case(
        "a-function-was-searched-before-it-was", "a search finds nothing as the function is written later", GROUSE,
        on("claude", find("grouse_offset", "R", ""), write("R/offset.R", "grouse_offset <- function(x) log(x)\n"), find("grouse_offset", "R", "R/offset.R:1:grouse_offset <- function(x) log(x)\n")),
        on("codex", find("density_grid", "R", ""), find("density_grid", "vignettes", ""), write("R/grid.R", "density_grid <- function(n) seq_len(n)\n"), find("density_grid", "R", "R/grid.R:1:density_grid <- function(n) seq_len(n)\n")),
    ),
    case(
        "warnings-as-errors", "a strict build finds a broken link; the lax one is no correction", MANUAL,
        on("opencode", sh("mkdocs build --strict", "WARNING -  Doc file 'pumps.md' contains a link 'valves.md', but the target is not found among documentation files.\n\nAborted with 1 warnings in strict mode!\n", 1), sh("mkdocs build", "INFO    -  Documentation built in 0.60 seconds\n")),
        on("claude", sh("mkdocs build --strict", "WARNING -  Doc file 'glossary.md' contains a link 'seals.md', but the target is not found among documentation files.\n\nAborted with 1 warnings in strict mode!\n", 1), sh("mkdocs build", "INFO    -  Documentation built in 0.61 seconds\n")),
        fine=[builds("mkdocs build --strict", "mkdocs build")],
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)
