"""What is told by how a session goes, not by a command's form: edits, reads, refusals, waiting, and what every session does; with the near misses of each."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fourth.compiled import BLINK, GRANARY, PERCH, PRISM, RELAY
from tests.headroom_wrap.learn.independent.fourth.data import CENSUS, GROUSE, MANUAL, MERCH
from tests.headroom_wrap.learn.independent.fourth.jvm_dotnet import ABACUS, BOURSE, INVOICER, TRAMS
from tests.headroom_wrap.learn.independent.fourth.labels import entry, hangs_instead, line_ends, refused, refused_instead, repeated, reread, searched
from tests.headroom_wrap.learn.independent.fourth.node import HANDBOOK, LOOM, PARCELS
from tests.headroom_wrap.learn.independent.fourth.operations import DEPOT, LAKE, STACKS
from tests.headroom_wrap.learn.independent.fourth.python import HARBOR, LENS, ORCHARD
from tests.headroom_wrap.learn.independent.fourth.scripted import BAZAAR, BEACON, GUILD
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import builds, lints, tests
from tests.headroom_wrap.learn.independent.steps import big, edit, find, misfit, noise, part, read, sh, stale, stop, user

_NO = "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the new_string was NOT written to the file). STOP what you are doing and wait for the user to tell you how to proceed."

_LESSONS = (
    case(
        "the-wasm-is-built-in-each", "every session builds the same bundle", GRANARY,
        *[on(agent, noise(2), sh("./scripts/bundle.sh", "wasm-opt: 412 kB -> 288 kB\nwrote dist/granary.wasm\n"), noise(2)) for agent in ("copilot", "claude", "codex", "opencode")],
        right=[builds("./scripts/bundle.sh")],
    ),
    case(
        "phpcs-in-each", "every session asks the same check of style", BAZAAR,
        *[on(agent, noise(3), sh("composer style", "    PASS   ................................. 91 files\n"), noise(1)) for agent in ("opencode", "claude", "copilot", "claude")],
        right=[lints("composer style")],
    ),
    case(
        "an-xctest-in-each", "every session runs the tests by a script of the project", PERCH,
        *[on(agent, noise(1), sh("./ci/test-linux.sh", "Executed 31 tests, with 0 failures (0 unexpected) in 0.210 (0.214) seconds\n"), noise(3)) for agent in ("gemini", "copilot", "claude", "claude")],
        right=[tests("./ci/test-linux.sh")],
    ),
    case(
        "it-begins-with-the-protocol", "every session reads the same page before anything else", RELAY,
        *[on(agent, read("docs/protocol.md", "# Protocol\nA frame has a length and a kind.\n"), noise(4)) for agent in ("copilot", "claude", "opencode", "claude", "codex")],
        right=[entry("docs/protocol.md")], around=(0, 0),
    ),
    case(
        "a-changelog-that-is-sorted", "a tool rewrites the file after each edit", GROUSE,
        on("claude", read("NEWS.md", "# grouse 0.4\n"), edit("NEWS.md", "* offsets", "* Offsets in fit_counts()"), stale("NEWS.md", "* plots", "* Plots keep their colours"), read("NEWS.md", "# grouse 0.4\n"), edit("NEWS.md", "* plots", "* Plots keep their colours")),
        on("claude", edit("NEWS.md", "# grouse 0.4", "# grouse 0.4.1"), stale("NEWS.md", "* Offsets", "* An offset"), read("NEWS.md", "# grouse 0.4.1\n"), edit("NEWS.md", "* Offsets", "* An offset"), noise(2)),
        on("opencode", read("NEWS.md", "# grouse 0.4.1\n"), edit("NEWS.md", "* An offset", "* An offset argument"), stale("NEWS.md", "* Plots", "* plot()"), read("NEWS.md", "# grouse 0.4.1\n"), edit("NEWS.md", "* Plots", "* plot()")),
        right=[reread("NEWS.md")],
    ),
    case(
        "line-ends-of-a-project-file", "a project file with the line ends of Windows", INVOICER,
        on("copilot", read("src/Invoicer.Pdf/Invoicer.Pdf.csproj", "<Project>\n"), misfit("src/Invoicer.Pdf/Invoicer.Pdf.csproj", "<ItemGroup>\n  <PackageReference", "<ItemGroup>\n  <!-- pdf --><PackageReference"), sh("file src/Invoicer.Pdf/Invoicer.Pdf.csproj", "src/Invoicer.Pdf/Invoicer.Pdf.csproj: XML document, ASCII text, with CRLF line terminators\n"), edit("src/Invoicer.Pdf/Invoicer.Pdf.csproj", "<ItemGroup>\r\n  <PackageReference", "<ItemGroup>\r\n  <!-- pdf --><PackageReference")),
        on("gemini", read("src/Invoicer.Pdf/Invoicer.Pdf.csproj"), misfit("src/Invoicer.Pdf/Invoicer.Pdf.csproj", "</ItemGroup>\n</Project>", "</ItemGroup>\n\n</Project>"), edit("src/Invoicer.Pdf/Invoicer.Pdf.csproj", "</ItemGroup>\r\n</Project>", "</ItemGroup>\r\n\r\n</Project>")),
        right=[line_ends("src/Invoicer.Pdf/Invoicer.Pdf.csproj")],
    ),
    case(
        "deploys-are-shown-only", "deploying is refused, its dry run is not", DEPOT,
        on("claude", sh("helm -n depot upgrade depot charts/depot -f regions/north.yaml", _NO, 1, "refused"), user("only with --dry-run, I upgrade myself"), sh("helm -n depot upgrade depot charts/depot -f regions/north.yaml --dry-run", 'Release "depot" has been upgraded. Happy Helming!\n')),
        on("claude", noise(2), sh("helm -n depot upgrade depot charts/depot -f regions/north.yaml", "Permission to use Bash with command helm -n depot upgrade depot charts/depot -f regions/north.yaml has been denied.", 1, "refused"), sh("helm -n depot upgrade depot charts/depot -f regions/north.yaml --dry-run", 'Release "depot" has been upgraded. Happy Helming!\n')),
        right=[refused_instead(["helm -n depot upgrade depot charts/depot -f regions/north.yaml", "helm -n depot upgrade depot charts/depot", "helm -n depot upgrade depot", "helm -n depot upgrade", "helm upgrade"], ["helm -n depot upgrade depot charts/depot -f regions/north.yaml --dry-run", "helm -n depot upgrade --dry-run", "helm upgrade --dry-run"])],
        fine=[refused(["helm -n depot upgrade depot charts/depot -f regions/north.yaml", "helm -n depot upgrade depot charts/depot", "helm -n depot upgrade depot", "helm -n depot upgrade", "helm upgrade"])],
    ),
    case(
        "the-state-of-containers-again", "one question over and over, with the same answer", STACKS,
        on("copilot", *[sh("docker compose ps", "NAME            SERVICE   STATUS    PORTS\nstacks-api-1    api       running   8000/tcp\n")] * 5),
        on("claude", noise(2), *[sh("docker compose ps", "NAME            SERVICE   STATUS    PORTS\nstacks-api-1    api       running   8000/tcp\n")] * 4),
        right=[repeated()],
    ),
    case(
        "a-bundle-that-watches", "a bundler watches unless its option is left out", BEACON,
        on("copilot", sh("mix assets.build --watch", "[watch] build finished, watching for changes...\n", 143, "timed_out"), sh("mix assets.build", "  ../priv/static/assets/app.js  213.1kb\n")),
        on("claude", sh("mix assets.build --watch", "[watch] build finished, watching for changes...\n", 143, "timed_out"), sh("mix assets.build", "  ../priv/static/assets/app.js  213.4kb\n")),
        right=[hangs_instead(["mix assets.build --watch"], ["mix assets.build"])],
        fine=[("hangs", {"command": "mix assets.build --watch"}), ("drop_option", {"command": "mix assets.build", "option": "--watch"}), builds("mix assets.build")],
    ),
    case(
        "a-fixture-is-searched", "a recorded feed is too large, and is asked by searches in three sessions", TRAMS,
        on("opencode", big("core/src/test/resources/feed.json", 96000), sh("grep -n '\"line\": \"14\"' core/src/test/resources/feed.json | head -2", '4012:    "line": "14",\n')),
        on("copilot", big("core/src/test/resources/feed.json", 96000), find('"delay"', "core/src/test/resources/feed.json", '88:    "delay": 120,\n')),
        on("claude", noise(3), big("core/src/test/resources/feed.json", 96000), find('"stop": "pier"', "core/src/test/resources/feed.json", '60012:    "stop": "pier",\n')),
        right=[searched("core/src/test/resources/feed.json")],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "the-words-were-misremembered", "an edit misses since the agent had the words wrong, not the spaces", LENS,
        on("copilot", read("src/lens/glass.py"), misfit("src/lens/glass.py", "class Glas:", "class Glass(Medium):"), edit("src/lens/glass.py", "class Glass:", "class Glass(Medium):")),
        on("claude", misfit("src/lens/trace.py", "def trace(rays):", "def trace(rays, *, loss):"), read("src/lens/trace.py", "def trace(rays, surfaces):\n"), edit("src/lens/trace.py", "def trace(rays, surfaces):", "def trace(rays, surfaces, *, loss):")),
    ),
    case(
        "somebody-edited-meanwhile", "the user changed the file once, in an editor beside", HARBOR,
        on("claude", read("src/harbor/api.py"), stale("src/harbor/api.py", "router = APIRouter()", "router = APIRouter(prefix='/v2')"), read("src/harbor/api.py"), edit("src/harbor/api.py", "router = APIRouter()", "router = APIRouter(prefix='/v2')")),
        on("opencode", read("src/harbor/api.py"), edit("src/harbor/api.py", "prefix='/v2'", "prefix='/v3'"), noise(2)),
    ),
    case(
        "refused-now-allowed-later", "the user says no, thinks, and says yes", GUILD,
        on("claude", sh("bin/rails db:seed", _NO, 1, "refused"), user("wait, let me back up first"), noise(1), user("ok, go on"), sh("bin/rails db:seed", "seeded\n")),
        on("claude", sh("bin/rails db:seed", "seeded\n"), noise(2)),
    ),
    case(
        "it-hung-once", "a command hangs on one day and is done in a second on the others", MERCH,
        on("copilot", sh("cd warehouse && dbt docs generate", "Building catalog\n", 143, "timed_out"), noise(1), sh("cd warehouse && dbt docs generate --empty-catalog", "Catalog written to target/catalog.json\n")),
        on("claude", sh("cd warehouse && dbt docs generate", "Catalog written to target/catalog.json\n"), noise(1)),
        on("codex", sh("cd warehouse && dbt docs generate", "Catalog written to target/catalog.json\n")),
        fine=[builds("dbt docs generate", "cd warehouse && dbt docs generate", "dbt docs generate --empty-catalog")],
    ),
    case(
        "large-yesterday-small-today", "a log was long once, and is read whole since", CENSUS,
        on("claude", big("outputs/latest.log", 44000), part("outputs/latest.log", 43900, 100)),
        on("gemini", read("outputs/latest.log", "rmse 0.21\n"), noise(2)),
        on("claude", read("outputs/latest.log", "rmse 0.20\n")),
    ),
    case(
        "a-pattern-was-misspelled", "the word was wrong, not the folder", RELAY,
        on("copilot", find("func NewPear", "services/relay", ""), find("func NewPeer", "services", "services/relay/peer.go:14:func NewPeer(addr string) *Peer {\n")),
        on("claude", find("recieve", "services/store", ""), find("receive", "services", "services/relay/peer.go:60:func (p *Peer) receive() {\n")),
    ),
    case(
        "it-is-not-there-at-all", "searches that find nothing since there is nothing", ABACUS,
        on("opencode", find("BigDecimal", "src", ""), find("BigDecimal", "project", ""), find("BigDecimal", ".", "")),
        on("claude", find("Rational", "src", ""), find("Rational", ".", ""), noise(1)),
        on("codex", find("Complex", "src", ""), noise(1)),
    ),
    case(
        "the-same-test-again-and-again", "a test is run after each edit, with the same words each time", PRISM,
        on("claude", *[step for n in range(5) for step in (edit("libs/io/src/png.cpp", f"size_t n = {n};", f"size_t n = {n + 1};"), sh("ctest --preset dev -R png", "The following tests FAILED:\n\t 12 - png.sixteen (Failed)\n", 8))], edit("libs/io/src/png.cpp", "size_t n = 5;", "size_t n = width;"), sh("ctest --preset dev -R png", "100% tests passed, 0 tests failed out of 6\n")),
        on("copilot", noise(4)),
        fine=[tests("ctest --preset dev -R png")],
    ),
    case(
        "stopped-for-a-coffee", "the user interrupts, and goes on with the same", MANUAL,
        on("claude", sh("vale docs", "", 0, "stopped"), stop(), user("sorry, wrong window. go on"), sh("vale docs", "✔ 0 errors, 0 warnings and 0 suggestions in 31 files.\n")),
        on("copilot", noise(4)),
    ),
    case(
        "stopped-for-another-task", "an interruption and a new wish, which corrects nothing", ORCHARD,
        on("claude", read("backend/trees/models.py"), edit("backend/trees/models.py", "planted =", "planted_on ="), stop(), user("leave that for tomorrow, look at the failing mail instead"), noise(2)),
        on("gemini", user("drop the export and do the translations instead"), noise(2)),
    ),
    case(
        "a-page-of-each-day", "sessions begin with another file each", HANDBOOK,
        on("claude", read("docs/people/leave.md", "# Leave\n"), noise(3)),
        on("copilot", read("docs/oncall/pagers.md", "# Pagers\n"), noise(3)),
        on("codex", read("docusaurus.config.js", "  onBrokenLinks: 'throw',\n"), noise(3)),
        on("opencode", read("sidebars.js", "  people: [\n"), noise(3)),
        around=(0, 0),
    ),
    case(
        "looking-around-with-slips", "a person's slips of the keys, each another", LOOM,
        on("copilot", sh("gti status", "bash: line 1: gti: command not found\n", 127), sh("git status", "nothing to commit, working tree clean\n")),
        on("gemini", sh("sl src", "bash: line 1: sl: command not found\n", 127), sh("ls src", "draft.ts\nrender\nserver.ts\n")),
    ),
    case(
        "which-one-is-there", "programs are asked for one after the other, to see what there is", PARCELS,
        on("copilot", sh("fd schema", "bash: line 1: fd: command not found\n", 127), sh("ag schema", "bash: line 1: ag: command not found\n", 127), sh("git ls-files | wc -l", "412\n")),
        on("claude", noise(5)),
    ),
    case(
        "a-board-is-missing", "hardware is not plugged in, and then it is", BLINK,
        on("copilot", sh("pio device list --serial", ""), sh("pio run -e lamp -t upload", "*** [upload] could not open port /dev/ttyUSB0\n", 1), user("plugged in now"), sh("pio run -e lamp -t upload", "[SUCCESS] Took 6.00 seconds\n")),
        on("claude", sh("pio run -e lamp -t upload", "[SUCCESS] Took 6.04 seconds\n")),
        fine=[builds("pio run -e lamp -t upload")],
    ),
    case(
        "a-server-started-on-purpose", "a server is started in the background, asked, and ended; that is how it is meant", BOURSE,
        on("copilot", sh("./gradlew :app:run > run.log 2>&1 &"), sh("curl -s localhost:8080/health", '{"ok":true}\n'), sh("kill %1")),
        on("claude", sh("./gradlew :app:run > run.log 2>&1 &"), sh("curl -s localhost:8080/health", '{"ok":true}\n'), sh("kill %1")),
    ),
    case(
        "a-slow-query", "one statement takes long, and is written better", LAKE,
        on("gemini", sh("psql -h localhost -d lake -c 'select * from readings r1, readings r2'", "", 1, "timed_out"), sh("psql -h localhost -d lake -c 'select count(*) from readings'", " 88120412\n")),
        on("copilot", sh("psql -h localhost -d lake -c 'select count(*) from stations'", " 44\n"), noise(2)),
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)
