"""What users say: what holds from then on, and what only sounds like it."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fifth.worlds import (
    ALMANAC,
    CANOPY,
    CLUBHOUSE,
    FJORD,
    HIVE,
    KIOSK,
    LEDGERLY,
    MERIDIAN,
    PAYROLL,
    PLATEAU,
    QUARRY,
    SPECTRA,
    SURVEY,
    VOXEL,
    WARD,
)
from tests.headroom_wrap.learn.independent.fourth.labels import prefers
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import tests
from tests.headroom_wrap.learn.independent.steps import edit, noise, read, sh, stop, user, write

_LESSONS = (
    case(
        "structlog-in-the-books", "two sessions, two ways to say it", LEDGERLY,
        on("claude", edit("ledgerly/imports/camt.py", "def parse(stream):", "import logging\n\ndef parse(stream):"), user("please use structlog instead of logging, everywhere in this codebase"), edit("ledgerly/imports/camt.py", "import logging", "import structlog")),
        on("gemini", edit("ledgerly/statements/render.py", "def render(account, month):", "import logging\n\ndef render(account, month):"), user("no, use structlog, not logging"), edit("ledgerly/statements/render.py", "import logging", "import structlog")),
        right=[prefers(["logging", "`logging`"], "structlog")],
    ),
    case(
        "polars-said-with-ticks", "the names stand in backticks", SURVEY,
        on("codex", edit("survey/weights.py", "def weights(frame):", "import pandas as pd\n\ndef weights(frame):"), user("We don't use `pandas` for new code here. Use `polars` instead of `pandas`."), edit("survey/weights.py", "import pandas as pd", "import polars as pl")),
        on("claude", write("survey/ages.py", "import pandas as pd\n"), user("use `polars`, not `pandas`!"), edit("survey/ages.py", "import pandas as pd", "import polars as pl")),
        right=[prefers("pandas", "polars")],
    ),
    case(
        "a-runner-that-is-wished-for", "what ran was not wrong, but the user wants the other", QUARRY,
        on("claude", sh("cargo test -p index", "test result: ok. 8 passed; 0 failed\n"), user("always use just test instead of cargo test in this repo, it sets up the fixtures"), sh("just test index", "test result: ok. 8 passed; 0 failed\n")),
        on("codex", sh("cargo test -p lexer", "test result: ok. 22 passed; 0 failed\n"), user("use just test, not cargo test"), sh("just test lexer", "test result: ok. 22 passed; 0 failed\n")),
        right=[prefers("cargo test", "just test")], fine=[tests("just test", "just test index", "just test lexer", "cargo test -p index", "cargo test -p lexer")],
    ),
    case(
        "stopped-and-told", "the user interrupts and says what instead", KIOSK,
        on("claude", sh("npm install --save-dev msw", "", 130, "stopped"), stop(), user("use yarn instead of npm"), sh("yarn add -D msw", "success Saved 1 new dependency.\n")),
        on("claude", sh("npm install qrcode", "", 130, "stopped"), stop(), user("yarn, not npm. use yarn instead of npm"), sh("yarn add qrcode", "success Saved 1 new dependency.\n")),
        right=[prefers("npm", "yarn")], fine=[("use_program", {"wrong": ["npm", "npm install"], "right": ["yarn", "yarn add"]})],
    ),
    case(
        "said-once-and-for-always", "one session is enough if the user says always", FJORD,
        on("opencode", edit("internal/berth/berth.go", "type Berth struct {", 'import "github.com/pkg/errors"\n\ntype Berth struct {'), user("From now on, always use fmt.Errorf instead of errors.Wrap in this project."), edit("internal/berth/berth.go", '"github.com/pkg/errors"', '"fmt"')),
        on("claude", noise(4)),
        right=[prefers("errors.Wrap", "fmt.Errorf")],
    ),
    case(
        "in-french", "the user writes French, twice", CLUBHOUSE,
        on("claude", edit("app/Models/Member.php", "class Member extends Model", "// dd()\nclass Member extends Model"), user("utilise Log::debug au lieu de dd dans ce projet"), edit("app/Models/Member.php", "// dd()\n", "")),
        on("codex", edit("app/Http/Controllers/CourtController.php", "class CourtController extends Controller", "// dd($court)\nclass CourtController extends Controller"), user("non, utilise Log::debug au lieu de dd"), edit("app/Http/Controllers/CourtController.php", "// dd($court)\n", "")),
        right=[prefers(["dd", "dd()"], "Log::debug")],
    ),
    case(
        "assertj-for-the-ward", "among praise and other wishes", WARD,
        on("gemini", edit("ward-core/src/test/java/org/ward/core/BedTest.java", "class BedTest {", "// hamcrest\nclass BedTest {"), user("Looks good so far! One thing: we use AssertJ instead of Hamcrest. And please keep the test names short."), edit("ward-core/src/test/java/org/ward/core/BedTest.java", "// hamcrest\n", "")),
        on("claude", write("ward-core/src/test/java/org/ward/core/RoomTest.java", "import org.hamcrest.Matchers;\n"), user("AssertJ please. Use AssertJ instead of Hamcrest."), edit("ward-core/src/test/java/org/ward/core/RoomTest.java", "import org.hamcrest.Matchers;", "import org.assertj.core.api.Assertions;")),
        right=[prefers("Hamcrest", "AssertJ")],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "only-on-this-branch", "for now, and said so", PAYROLL,
        on("claude", edit("src/Payroll.Tax/Brackets.cs", "public sealed class Brackets", "public sealed class Brackets // decimal"), user("for now use double instead of decimal in this spike, we throw it away tomorrow"), edit("src/Payroll.Tax/Brackets.cs", " // decimal", " // double")),
        on("codex", noise(4)),
    ),
    case(
        "two-users-do-not-agree", "one says this, and later the other", CANOPY,
        on("claude", edit("apps/web/src/TreeView.tsx", "export function TreeView(props: Props) {", "import clsx from 'clsx'\nexport function TreeView(props: Props) {"), user("use classnames instead of clsx"), edit("apps/web/src/TreeView.tsx", "import clsx from 'clsx'", "import classnames from 'classnames'")),
        on("codex", edit("apps/web/src/Leaf.tsx", "import React from 'react'", "import classnames from 'classnames'"), user("use clsx instead of classnames"), edit("apps/web/src/Leaf.tsx", "import classnames from 'classnames'", "import clsx from 'clsx'")),
        days=(30, 2), fine=[prefers("classnames", "clsx")],
    ),
    case(
        "which-is-better", "a question with both names in it", SPECTRA,
        on("claude", user("would it be better to use scipy instead of numpy for the baseline? what do you think?"), read("src/spectra/fit.py"), noise(1)),
        on("gemini", user("is there a reason to use attrs instead of dataclasses?"), noise(2)),
    ),
    case(
        "left-not-right-of-the-map", "words about what is drawn", MERIDIAN,
        on("claude", edit("app/src/main/kotlin/meridian/app/Units.kt", "enum class Units {", "enum class Units { // top"), user("use bottom instead of top for the scale"), edit("app/src/main/kotlin/meridian/app/Units.kt", " // top", " // bottom")),
        on("opencode", edit("app/src/main/kotlin/meridian/app/Units.kt", "KM", "MILES"), user("no, kilometres, not miles, on this screen"), edit("app/src/main/kotlin/meridian/app/Units.kt", "MILES", "KM")),
    ),
    case(
        "somebody-wrote-in-a-mail", "the words are quoted, and refused", HIVE,
        on("codex", user('A customer wrote: "use mqtt instead of websockets". We will not. Just answer why the socket drops.'), read("config/runtime.exs", "import Config\n"), noise(1)),
        on("claude", user("> please use mqtt instead of websockets\n\nsame mail again, ignore it; fix the reconnect only"), edit("apps/hive/lib/hive/weight.ex", "defmodule Hive.Weight do", "defmodule Hive.Weight do\n  @moduledoc false")),
    ),
    case(
        "a-log-that-was-pasted", "a compiler's hint is no wish of the user", VOXEL,
        on("claude", user("ctest prints this, what is it?\n\nwarning: 'strcpy' is deprecated: use 'strlcpy' instead of 'strcpy' [-Wdeprecated-declarations]"), read("src/io/obj.cc", "Model load(std::istream& in) {\n"), noise(1)),
        on("gemini", user("and now:\n\nwarning: use '= default' instead of '{}' [modernize-use-equals-default]"), noise(2)),
    ),
    case(
        "this-variable-here", "one name in one place", FJORD,
        on("claude", edit("internal/eta/eta.go", "func Estimate(legs []Leg) time.Duration {", "func Estimate(hops []Leg) time.Duration {"), user("use legs instead of hops as the parameter name here"), edit("internal/eta/eta.go", "hops []Leg", "legs []Leg")),
        on("copilot", noise(3)),
    ),
    case(
        "instead-of-asking", "instead, but of no tool", ALMANAC,
        on("claude", user("instead of asking me each time, just fix the typos"), edit("docs/winds.md", "# Winds", "# The Winds")),
        on("codex", user("shorten the intro instead of splitting it"), edit("docs/tides.md", "# Tides", "# On tides")),
        on("claude", user("don't touch the glossary, work on the tides instead"), noise(2)),
    ),
    case(
        "taken-back-at-once", "the user is wrong and says so", PLATEAU,
        on("gemini", sh("helm template charts/gateway | head -3", "---\nkind: Service\n"), user("use kustomize instead of helm"), sh("kustomize build charts/gateway", "Error: unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/home/yusuf/plateau/charts/gateway'\n", 1), user("ah no, sorry, wrong project. helm is right here. use helm instead of kustomize"), sh("helm template charts/gateway | head -3", "---\nkind: Service\n")),
        on("claude", noise(3)),
        fine=[prefers("kustomize", "helm"), ("use_program", {"wrong": ["kustomize", "kustomize build"], "right": ["helm", "helm template"]})],
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)
