"""What users say: standing preferences, and all that only sounds like one."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fourth.compiled import GRANARY, RELAY
from tests.headroom_wrap.learn.independent.fourth.data import CENSUS, MANUAL
from tests.headroom_wrap.learn.independent.fourth.jvm_dotnet import BOURSE, INVOICER
from tests.headroom_wrap.learn.independent.fourth.labels import prefers
from tests.headroom_wrap.learn.independent.fourth.node import ATELIER, LOOM
from tests.headroom_wrap.learn.independent.fourth.operations import LAKE
from tests.headroom_wrap.learn.independent.fourth.python import HARBOR, ORCHARD
from tests.headroom_wrap.learn.independent.fourth.scripted import BAZAAR, GUILD
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import tests
from tests.headroom_wrap.learn.independent.steps import edit, noise, read, sh, stop, user, write

_LESSONS = (
    case(
        "pendulum-not-datetime", "said in two sessions of two agents", HARBOR,
        on("claude", edit("src/harbor/tides.py", "import math", "import math\nfrom datetime import datetime"), user("use pendulum instead of datetime in this project"), edit("src/harbor/tides.py", "from datetime import datetime", "import pendulum")),
        on("codex", edit("src/harbor/berths.py", "import enum", "import enum\nimport datetime"), user("pendulum, please, not datetime. use pendulum, not datetime"), edit("src/harbor/berths.py", "import datetime", "import pendulum")),
        right=[prefers("datetime", "pendulum")],
    ),
    case(
        "decimals-for-money", "an interruption and what it was for", INVOICER,
        on("claude", edit("src/Invoicer.Domain/Vat.cs", "decimal rate", "double rate"), stop(), user("don't use double for amounts, use decimal"), edit("src/Invoicer.Domain/Vat.cs", "double rate", "decimal rate")),
        on("gemini", edit("src/Invoicer.Domain/Money.cs", "decimal Value", "double Value"), stop(), user("use decimal, never double"), edit("src/Invoicer.Domain/Money.cs", "double Value", "decimal Value")),
        right=[prefers("double", "decimal")],
    ),
    case(
        "nextest-for-everything", "a command that works, but is not the one that is wanted", GRANARY,
        on("claude", sh("cargo test -p granary-wire", "test result: ok. 12 passed; 0 failed\n"), user("please use cargo nextest instead of cargo test"), sh("cargo nextest run -p granary-wire", "     Summary [   0.110s] 12 tests run: 12 passed, 0 skipped\n")),
        on("opencode", sh("cargo test -p granary-wire", "test result: ok. 12 passed; 0 failed\n"), user("again: use cargo nextest, not cargo test"), sh("cargo nextest run -p granary-wire", "     Summary [   0.108s] 12 tests run: 12 passed, 0 skipped\n")),
        right=[prefers(["cargo test"], ["cargo nextest", "cargo nextest run"])], fine=[tests("cargo nextest run -p granary-wire", "cargo nextest run")],
    ),
    case(
        "once-and-for-all", "a single session, but the user says that it holds always", MANUAL,
        on("claude", write("docs/valves.md", "# Valves\n![a valve](valve.png)\n"), user("From now on always use svg instead of png for drawings in this repo."), edit("docs/valves.md", "valve.png", "valve.svg"), noise(1)),
        on("claude", noise(3)),
        right=[prefers("png", "svg")],
    ),
    case(
        "one-sentence-of-many", "a longer message, of which one sentence is the rule; the second session says it again", BAZAAR,
        on("copilot", edit("app/Models/Order.php", "public function total(): int", "public function total(): int // carbon"), user("Nearly. The names are good and the test is fine. We always use CarbonImmutable, never Carbon. Also the migration should be reversible, please."), edit("app/Models/Order.php", " // carbon", "")),
        on("claude", edit("app/Models/Stall.php", "use App\\Enums\\Role;", "use App\\Enums\\Role;\nuse Carbon\\Carbon;"), user("use CarbonImmutable, not Carbon, as I said"), edit("app/Models/Stall.php", "use Carbon\\Carbon;", "use Carbon\\CarbonImmutable;")),
        right=[prefers("Carbon", "CarbonImmutable")],
    ),
    case(
        "the-house-s-logger", "two names with dots and slashes in them", RELAY,
        on("codex", edit("services/relay/peer.go", 'import "context"', 'import (\n\t"context"\n\t"log/slog"\n)'), user("no, use zerolog instead of slog here"), edit("services/relay/peer.go", '"log/slog"', '"github.com/rs/zerolog"')),
        on("claude", edit("services/relay/queue.go", 'import "sync"', 'import (\n\t"log/slog"\n\t"sync"\n)'), user("We use zerolog, not slog."), edit("services/relay/queue.go", '\t"log/slog"\n', "")),
        right=[prefers(["slog", "log/slog"], "zerolog")],
    ),
    case(
        "in-another-language", "the user writes German, twice", LAKE,
        on("claude", write("import/fetch.py", "import requests\n"), user("bitte nimm httpx statt requests"), edit("import/fetch.py", "import requests", "import httpx")),
        on("gemini", edit("import/load.py", "def load(path):", "import requests\n\ndef load(path):"), user("nicht requests, sondern httpx verwenden"), edit("import/load.py", "import requests", "import httpx")),
        right=[prefers("requests", "httpx")],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "valibot-and-back", "the same session takes it back", LOOM,
        on("claude", edit("src/server.ts", "import { z } from 'zod'", "import * as v from 'valibot'"), user("use zod instead of valibot"), edit("src/server.ts", "import * as v from 'valibot'", "import { z } from 'zod'"), noise(1), user("hm, the bundle got too big. use valibot instead of zod after all"), edit("src/server.ts", "import { z } from 'zod'", "import * as v from 'valibot'")),
        on("codex", noise(3)),
        fine=[prefers("zod", "valibot")],
    ),
    case(
        "a-later-session-takes-it-back", "said in spring, the contrary in summer", ATELIER,
        on("claude", edit("src/lib/money.ts", "export function money", "import dayjs from 'dayjs'\nexport function money"), user("use date-fns instead of dayjs"), edit("src/lib/money.ts", "import dayjs from 'dayjs'\n", "")),
        on("claude", edit("src/lib/money.ts", "export function money", "import { format } from 'date-fns'\nexport function money"), user("we moved off it: use dayjs instead of date-fns"), edit("src/lib/money.ts", "import { format } from 'date-fns'", "import dayjs from 'dayjs'")),
        days=(80, 2), fine=[prefers("date-fns", "dayjs")],
    ),
    case(
        "sqlite-for-this-test", "only for this one thing, and said so", HARBOR,
        on("gemini", write("tests/test_export.py", "def test_export(postgres): ...\n"), user("just for this test use sqlite instead of postgres, it does not need the extension"), edit("tests/test_export.py", "postgres", "sqlite")),
        on("claude", noise(4)),
    ),
    case(
        "the-second-button", "words about the page, not about tools", ATELIER,
        on("claude", edit("src/pages/Checkout.vue", "<button>Pay</button>", '<button class="left">Pay</button>'), user("no, the right one, not the left one"), edit("src/pages/Checkout.vue", 'class="left"', 'class="right"')),
        on("opencode", edit("src/pages/Checkout.vue", "padding-left: 4px", "padding-left: 8px"), user("use padding-right not padding-left here"), edit("src/pages/Checkout.vue", "padding-left: 8px", "padding-right: 8px")),
    ),
    case(
        "a-question-is-no-order", "the user asks and is content with the answer", ORCHARD,
        on("claude", read("backend/trees/views.py"), user("why do we use class based views instead of functions? just asking, don't change anything"), noise(1)),
        on("codex", user("should I use celery or rq? what would you use instead of cron?"), read("pyproject.toml"), noise(1)),
    ),
    case(
        "quoted-from-a-ticket", "somebody else's wish, which the user does not share", GUILD,
        on("claude", user('the ticket says "use sidekiq instead of solid_queue". Ignore that, he is wrong; only fix the mail'), edit("app/models/fee.rb", "deliver_now", "deliver_later")),
        on("gemini", user("review asks to use slim, not erb. I won't. leave the templates as they are"), noise(2)),
    ),
    case(
        "pasted-with-a-log", "the words are a program's, in what the user pasted", CENSUS,
        on("codex", user("what does this mean?\n\nFutureWarning: DataFrame.applymap has been deprecated. Use DataFrame.map instead.\nerror: use --engine=pyarrow instead of --engine=c"), read("census/load.py"), noise(1)),
        on("claude", noise(3)),
    ),
    case(
        "names-in-this-function", "a name in one function is no habit of the project", BOURSE,
        on("claude", edit("app/src/main/kotlin/bourse/Book.kt", "val n = 0", "val total = 0"), user("call it count, not total"), edit("app/src/main/kotlin/bourse/Book.kt", "val total = 0", "val count = 0")),
        on("copilot", edit("app/src/main/kotlin/bourse/Order.kt", "val x: Long", "val price: Long"), user("use cents not price as the name here"), edit("app/src/main/kotlin/bourse/Order.kt", "val price: Long", "val cents: Long")),
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)
