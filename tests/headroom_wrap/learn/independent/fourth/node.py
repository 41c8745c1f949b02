"""JavaScript and TypeScript: a monorepo of pnpm and turbo, an application under bun, a shop with yarn, vitest and playwright, a site of documentation."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fourth.labels import (
    add,
    folder,
    hangs,
    hangs_instead,
    indented,
    program,
    reread,
    search_with,
    searched,
    task,
    variable,
)
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import World, builds, lints, red_green, tests
from tests.headroom_wrap.learn.independent.steps import big, edit, find, gone, misfit, noise, read, sh, stale, write

PARCELS = World(
    "/home/olu/dev/parcels",
    ("a label without a postcode crashes the printer queue", "show the carrier's name in the list", "move the tariff tables out of the api package", "types of Shipment are wrong in web"),
    (
        ("apps/api/src/server.ts", "const app = fastify()"), ("apps/web/src/routes/list.tsx", "export function List() {"), ("packages/db/src/shipments.ts", "export const shipments = pgTable('shipments', {"),
        ("packages/labels/src/zpl.ts", "export function zpl(label: Label): string {"), ("turbo.json", '  "tasks": {'), ("pnpm-workspace.yaml", "packages:"),
    ),
    (("interface Shipment", "packages", "packages/db/src/types.ts:4:export interface Shipment {\n"), ("fastify", "apps/api/src", "apps/api/src/server.ts:3:const app = fastify()\n")),
    (
        (sh("pnpm turbo run test", " Tasks:    9 successful, 9 total\nCached:    7 cached, 9 total\n  Time:    4.2s\n"),),
        red_green("pnpm turbo run test --filter=labels", "labels:test: FAIL src/zpl.test.ts > escapes a caret\nlabels:test: AssertionError: expected '^' to be '_5E'\n Tasks:    1 successful, 2 total\nFailed:    labels#test\n", "packages/labels/src/zpl.ts", "  return text", " Tasks:    2 successful, 2 total\n"),
        (sh("pnpm turbo run lint", " Tasks:    6 successful, 6 total\n"),),
    ),
    (tests("pnpm turbo run test"), lints("pnpm turbo run lint")),
)  # fmt: skip

LOOM = World(
    "/home/sven/loom",
    ("weaving drafts wider than 24 shafts render wrong", "cache the thumbnails", "why are there two routers?"),
    (
        ("src/draft.ts", "export class Draft {"), ("src/server.ts", "Bun.serve({"), ("src/render/svg.ts", "export const svg = (draft: Draft) =>"), ("test/draft.test.ts", 'test("a twill", () => {'), ("bunfig.toml", "[test]"),
    ),
    (("shafts", "src", "src/draft.ts:7:  shafts = 4\n"), ("Bun.serve", "src", "src/server.ts:9:Bun.serve({\n")),
    (
        (sh("bun test", "bun test v1.1.30 (7996d06b)\n\n 41 pass\n 0 fail\n 96 expect() calls\nRan 41 tests across 7 files. [212.00ms]\n"),),
        red_green("bun test test/draft.test.ts", "error: expect(received).toBe(expected)\n\nExpected: 8\nReceived: 4\n\n 6 pass\n 1 fail\n", "src/draft.ts", "  shafts = 4", " 7 pass\n 0 fail\n"),
        (sh("bunx tsc --noEmit"),),
    ),
    (tests("bun test"), lints("bunx tsc --noEmit", "bunx tsc")),
)  # fmt: skip

ATELIER = World(
    "/home/rosa/atelier",
    ("the basket forgets its voucher after a reload", "split Checkout.vue", "prices should be shown with the currency of the country", "add a test for the empty basket"),
    (
        ("src/pages/Checkout.vue", '<script setup lang="ts">'), ("src/stores/basket.ts", "export const useBasket = defineStore('basket', () => {"), ("src/lib/money.ts", "export function money(cents: number) {"),
        ("e2e/basket.spec.ts", "test('keeps its voucher', async ({ page }) => {"), ("package.json", '  "packageManager": "yarn@4.5.0",'), ("vite.config.ts", "export default defineConfig({"),
    ),
    (("voucher", "src", "src/stores/basket.ts:12:  const voucher = ref('')\n"), ("defineStore", "src/stores", "src/stores/basket.ts:4:export const useBasket = defineStore('basket', () => {\n")),
    (
        (sh("yarn lint", "Done in 3s 120ms\n"),),
        red_green("yarn vue-tsc --noEmit", "src/lib/money.ts(4,3): error TS2322: Type 'string' is not assignable to type 'number'.\n", "src/lib/money.ts", "  return cents", ""),
        (sh("yarn build", "vite v5.4.8 building for production...\n✓ 212 modules transformed.\n✓ built in 2.91s\n"),),
    ),
    (lints("yarn lint", "yarn vue-tsc --noEmit", "yarn vue-tsc"), builds("yarn build")),
)  # fmt: skip

HANDBOOK = World(
    "/home/kim/handbook",
    ("the page on leave is out of date", "links to the old wiki should go to the archive", "add a page about pagers", "the sidebar is in the wrong order"),
    (
        ("docs/people/leave.md", "# Leave"), ("docs/oncall/pagers.md", "# Pagers"), ("docusaurus.config.js", "  onBrokenLinks: 'throw',"), ("sidebars.js", "  people: ["), ("src/components/Callout.jsx", "export default function Callout({ kind, children }) {"),
    ),
    (("wiki.internal", "docs", "docs/people/leave.md:9:[old page](https://wiki.internal/leave)\n"), ("Callout", "src", "src/components/Callout.jsx:3:export default function Callout({ kind, children }) {\n")),
    (
        (sh("npm run lint:md", "> handbook@0.0.0 lint:md\n> markdownlint-cli2 docs\n\nSummary: 0 error(s)\n"),),
        red_green("npm run lint:md", "docs/people/leave.md:14 MD022/blanks-around-headings Headings should be surrounded by blank lines\nSummary: 1 error(s)\n", "docs/people/leave.md", "## Carry over", "Summary: 0 error(s)\n"),
        (sh("npm run check:links", "312 links, 0 broken\n"),),
    ),
    (lints("npm run lint:md", "npm run check:links"), tests("npm run check:links")),
)  # fmt: skip

_LESSONS = (
    case(
        "workspaces-are-pnpm-s", "npm cannot read the workspace protocol", PARCELS,
        on("claude", sh("npm install", 'npm error code EUNSUPPORTEDPROTOCOL\nnpm error Unsupported URL Type "workspace:": workspace:*\nnpm error A complete log of this run can be found in: /home/olu/.npm/_logs/2025-02-03T08_11_09_113Z-debug-0.log\n', 1), sh("pnpm install", "Lockfile is up to date, resolution step is skipped\nAlready up to date\nDone in 610ms\n")),
        on("copilot", sh("npm install", 'npm error code EUNSUPPORTEDPROTOCOL\nnpm error Unsupported URL Type "workspace:": workspace:*\n', 1), sh("pnpm install", "Already up to date\nDone in 580ms\n")),
        right=[program(["npm", "npm install"], ["pnpm", "pnpm install"])],
    ),
    case(
        "check-types-of-pnpm", "the runner names the script that it has", PARCELS,
        on("codex", sh("pnpm run typecheck", ' ERR_PNPM_NO_SCRIPT  Missing script: typecheck\n\nCommand "typecheck" not found. Did you mean "pnpm run check-types"?\n', 1), sh("pnpm run check-types", " Tasks:    6 successful, 6 total\n")),
        on("claude", sh("pnpm typecheck", ' ERR_PNPM_RECURSIVE_EXEC_FIRST_FAIL  Command "typecheck" not found\n\nDid you mean "pnpm check-types"?\n', 254), sh("pnpm check-types", " Tasks:    6 successful, 6 total\n")),
        right=[task(["typecheck", "pnpm run typecheck", "pnpm typecheck"], ["check-types", "pnpm run check-types", "pnpm check-types"])],
        fine=[lints("pnpm run check-types", "pnpm check-types")],
    ),
    case(
        "script-of-yarn", "the name of a script is looked up in package.json", ATELIER,
        on("opencode", sh("yarn run test:unit", "Usage Error: Couldn't find a script named \"test:unit\".\n\n$ yarn run [--inspect] [--inspect-brk] [-T,--top-level] [-B,--binaries-only] [--require #0] <scriptName> ...\n", 1), sh("jq .scripts package.json", '{\n  "build": "vite build",\n  "lint": "eslint src",\n  "unit": "vitest run"\n}\n'), sh("yarn run unit", " Test Files  18 passed (18)\n      Tests  96 passed (96)\n")),
        on("claude", sh("yarn run test:unit", "Usage Error: Couldn't find a script named \"test:unit\".\n", 1), sh("yarn run unit", " Test Files  18 passed (18)\n")),
        right=[task(["test:unit", "yarn run test:unit", "yarn test:unit"], ["unit", "yarn run unit", "yarn unit"])], fine=[tests("yarn run unit", "yarn unit")],
    ),
    case(
        "vitest-watches", "a watcher that never ends, and the run that does", ATELIER,
        on("claude", sh("yarn vitest", "\n DEV  v2.1.1 /home/rosa/atelier\n\n Test Files  18 passed (18)\n\n PASS  Waiting for file changes...\n       press h to show help, press q to quit\n", 143, "timed_out"), sh("yarn vitest run", " Test Files  18 passed (18)\n")),
        on("gemini", sh("yarn vitest src/stores", "\n PASS  Waiting for file changes...\n       press h to show help, press q to quit\n", 1, "timed_out"), sh("yarn vitest run src/stores", " Test Files  3 passed (3)\n")),
        right=[hangs_instead(["yarn vitest", "vitest", "yarn vitest src/stores"], ["yarn vitest run", "vitest run", "yarn vitest run src/stores"])],
        fine=[hangs(["yarn vitest", "vitest", "yarn vitest src/stores"]), tests("yarn vitest run", "yarn vitest run src/stores")],
    ),
    case(
        "a-report-is-served", "after a failure playwright serves its report until somebody stops it", ATELIER,
        on("codex", sh("yarn playwright test e2e/basket.spec.ts", "  1 failed\n    [chromium] › basket.spec.ts:4:1 › keeps its voucher\n\n  Serving HTML report at http://localhost:9323. Press Ctrl+C to quit.\n", 124, "timed_out"), sh("yarn playwright test e2e/basket.spec.ts --reporter=line", "  1 failed\n    [chromium] › basket.spec.ts:4:1 › keeps its voucher\n", 1), edit("src/stores/basket.ts", "ref('')", "useLocalStorage('voucher', '')"), sh("yarn playwright test e2e/basket.spec.ts --reporter=line", "  3 passed (4.1s)\n")),
        on("claude", sh("yarn playwright test", "  2 failed\n\n  Serving HTML report at http://localhost:9323. Press Ctrl+C to quit.\n", 143, "timed_out"), sh("yarn playwright test --reporter=line", "  2 failed\n  9 passed (12.3s)\n", 1)),
        right=[hangs_instead(["yarn playwright test", "playwright test", "yarn playwright test e2e/basket.spec.ts"], ["yarn playwright test --reporter=line", "playwright test --reporter=line", "yarn playwright test e2e/basket.spec.ts --reporter=line"])],
        fine=[hangs(["yarn playwright test", "playwright test", "yarn playwright test e2e/basket.spec.ts"]), add(["yarn playwright test", "playwright test"], "--reporter=line"), tests("yarn playwright test --reporter=line", "yarn playwright test e2e/basket.spec.ts --reporter=line")],
    ),
    case(
        "bun-runs-the-tests", "another runner is guessed and cannot be run", LOOM,
        on("claude", sh("npx vitest run test/draft.test.ts", "npm error could not determine executable to run\nnpm error A complete log of this run can be found in: /home/sven/.npm/_logs/2025-01-12T10_02_44_781Z-debug-0.log\n", 1), sh("bun test test/draft.test.ts", " 7 pass\n 0 fail\n")),
        on("gemini", sh("npx vitest run", "npm error could not determine executable to run\n", 1), sh("bun test", " 41 pass\n 0 fail\n")),
        right=[program(["npx vitest", "npx vitest run", "vitest", "npx"], ["bun test"])],
    ),
    case(
        "drizzle-in-its-package", "a generator looks for its configuration where it is started", PARCELS,
        on("opencode", sh("pnpm drizzle-kit generate", "No config path provided, using default 'drizzle.config.ts'\n/home/olu/dev/parcels/drizzle.config.ts file does not exist\n", 1), sh("pnpm drizzle-kit generate", "Reading config file '/home/olu/dev/parcels/packages/db/drizzle.config.ts'\nNo schema changes, nothing to migrate\n", cwd="/home/olu/dev/parcels/packages/db")),
        on("claude", sh("pnpm drizzle-kit check", "No config path provided, using default 'drizzle.config.ts'\n/home/olu/dev/parcels/drizzle.config.ts file does not exist\n", 1), sh("cd packages/db && pnpm drizzle-kit check", "Everything's fine\n")),
        on("codex", sh("pnpm drizzle-kit generate", "/home/olu/dev/parcels/drizzle.config.ts file does not exist\n", 1), sh("cd packages/db && pnpm drizzle-kit generate", "[✓] Your SQL migration file ➜ drizzle/0007_carrier.sql\n")),
        right=[folder(["pnpm drizzle-kit", "drizzle-kit", "pnpm drizzle-kit generate"], "packages/db")], fine=[folder("pnpm drizzle-kit check", "packages/db")],
    ),
    case(
        "heap-of-the-handbook", "the site does not fit in the usual heap", HANDBOOK,
        on("claude", sh("npm run build", "[INFO] [en] Creating an optimized production build...\n\n<--- Last few GCs --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\nAborted (core dumped)\n", 134), sh("NODE_OPTIONS=--max-old-space-size=8192 npm run build", '[SUCCESS] Generated static files in "build".\n')),
        on("gemini", sh("npm run build", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n", 134), sh("NODE_OPTIONS=--max-old-space-size=8192 npm run build", '[SUCCESS] Generated static files in "build".\n')),
        right=[variable(["npm run build", "npm"], "NODE_OPTIONS=--max-old-space-size=8192")], fine=[builds("npm run build", "NODE_OPTIONS=--max-old-space-size=8192 npm run build")],
    ),
    case(
        "env-of-the-tests", "a script wants its environment from a file", LOOM,
        on("codex", sh("bun run scripts/thumbs.ts", 'error: environment variable "BUCKET" is not set\n      at /home/sven/loom/scripts/thumbs.ts:6:9\n', 1), sh("bun --env-file=.env.local run scripts/thumbs.ts", "12 thumbnails\n")),
        on("claude", sh("bun run scripts/thumbs.ts --all", 'error: environment variable "BUCKET" is not set\n      at /home/sven/loom/scripts/thumbs.ts:6:9\n', 1), sh("ls -a", ".\n..\n.env.local\n.git\nbunfig.toml\nscripts\nsrc\ntest\n"), sh("bun --env-file=.env.local run scripts/thumbs.ts --all", "188 thumbnails\n")),
        right=[add(["bun run scripts/thumbs.ts", "bun run", "bun", "bun scripts/thumbs.ts"], ["--env-file=.env.local", "--env-file .env.local"])],
    ),
    case(
        "prettier-behind-the-edit", "a hook reformats a file after each change of it", ATELIER,
        on("claude", read("src/pages/Checkout.vue"), edit("src/pages/Checkout.vue", "const a=1", "const total=1"), stale("src/pages/Checkout.vue", "const b=2", "const tax=2"), read("src/pages/Checkout.vue"), edit("src/pages/Checkout.vue", "const b = 2", "const tax = 2")),
        on("opencode", edit("src/pages/Checkout.vue", "<p>{{sum}}</p>", "<p>{{total}}</p>"), stale("src/pages/Checkout.vue", "<b>{{tax}}</b>", "<i>{{tax}}</i>"), read("src/pages/Checkout.vue"), edit("src/pages/Checkout.vue", "<b>{{ tax }}</b>", "<i>{{ tax }}</i>")),
        on("claude", read("src/pages/Checkout.vue"), edit("src/pages/Checkout.vue", "useBasket()", "useBasket(pinia)"), stale("src/pages/Checkout.vue", "ref(0)", "ref(1)"), read("src/pages/Checkout.vue"), edit("src/pages/Checkout.vue", "ref(0);", "ref(1);")),
        right=[reread("src/pages/Checkout.vue")],
    ),
    case(
        "tabs-of-the-server", "an edit with spaces misses where tabs stand", LOOM,
        on("gemini", read("src/server.ts", "Bun.serve({\n\tport: 3000,\n"), misfit("src/server.ts", "  port: 3000,", "  port: 3001,"), edit("src/server.ts", "\tport: 3000,", "\tport: 3001,")),
        on("claude", read("src/server.ts", "\tfetch(request) {\n\t\treturn route(request)\n"), misfit("src/server.ts", "  fetch(request) {\n    return route(request)", "  fetch(request) {\n    return await route(request)"), edit("src/server.ts", "\tfetch(request) {\n\t\treturn route(request)", "\tfetch(request) {\n\t\treturn await route(request)")),
        right=[indented("src/server.ts", "tabs")],
    ),
    case(
        "the-lock-file-is-searched", "a lock file is too large, what was wanted in it is found by a search", PARCELS,
        on("claude", big("pnpm-lock.yaml", 19800), find("fastify@", "pnpm-lock.yaml", "4410:  fastify@4.28.1:\n")),
        on("gemini", big("pnpm-lock.yaml", 19811), sh("grep -n 'drizzle-orm@' pnpm-lock.yaml", "3902:  drizzle-orm@0.33.0:\n")),
        on("codex", big("pnpm-lock.yaml", 19811), sh("rg -n 'zod@' pnpm-lock.yaml", "15002:  zod@3.23.8:\n")),
        right=[searched("pnpm-lock.yaml")],
    ),
    case(
        "generated-types-are-ignored", "what the code generator writes is ignored by git, so by the search", PARCELS,
        on("claude", sh("rg -n 'type ShipmentRow' packages/db/src", "", 1), sh("rg -n --no-ignore 'type ShipmentRow' packages/db/src", "packages/db/src/schema.gen.ts:14:export type ShipmentRow = {\n")),
        on("codex", sh("rg -n 'type TariffRow' packages/db/src", "", 1), sh("rg -n --no-ignore 'type TariffRow' packages/db/src", "packages/db/src/schema.gen.ts:88:export type TariffRow = {\n")),
        right=[search_with("packages/db/src", ["--no-ignore", "-u"])],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "check-then-write", "a formatter's check fails by design, and then it writes", ATELIER,
        on("claude", sh("yarn prettier --check src", "Checking formatting...\n[warn] src/lib/money.ts\n[warn] Code style issues found in the above file. Run Prettier with --write to fix.\n", 1), sh("yarn prettier --write src", "src/lib/money.ts 31ms\n")),
        on("copilot", sh("yarn prettier --check src", "[warn] src/stores/basket.ts\n[warn] Code style issues found in the above file. Run Prettier with --write to fix.\n", 1), sh("yarn prettier --write src", "src/stores/basket.ts 28ms\n")),
        fine=[lints("yarn prettier --check src", "yarn prettier --write src")],
    ),
    case(
        "snapshots-were-old", "a snapshot is made anew after the component was meant to change", ATELIER,
        on("gemini", edit("src/components/Price.vue", "<span>", "<strong>"), sh("yarn run unit", " FAIL  src/components/Price.test.ts > renders\nError: Snapshot `renders 1` mismatched\n\n  Snapshots  1 failed\n", 1), sh("yarn run unit -u", "  Snapshots  1 updated\n Test Files  18 passed (18)\n")),
        on("claude", edit("src/components/Total.vue", "<em>", "<b>"), sh("yarn run unit", "  Snapshots  2 failed\n", 1), sh("yarn run unit -u", "  Snapshots  2 updated\n Test Files  18 passed (18)\n")),
        fine=[tests("yarn run unit", "yarn run unit -u")],
    ),
    case(
        "a-port-was-taken", "another server stands on the port, this day", ATELIER,
        on("claude", sh("yarn playwright test e2e/basket.spec.ts --reporter=line", "Error: http://localhost:4173 is already used, make sure that nothing is running on the port/url or set reuseExistingServer:true in config.webServer.\n", 1), sh("PORT=4174 yarn playwright test e2e/basket.spec.ts --reporter=line", "  3 passed (4.2s)\n")),
        on("claude", noise(2), sh("yarn playwright test e2e/basket.spec.ts --reporter=line", "  3 passed (4.0s)\n")),
        fine=[tests("yarn playwright test e2e/basket.spec.ts --reporter=line", "yarn playwright test")],
    ),
    case(
        "the-registry-timed-out", "a mirror helps once while the registry is down", HANDBOOK,
        on("codex", sh("npm ci", "npm error code ETIMEDOUT\nnpm error network request to https://registry.npmjs.org/clsx/-/clsx-2.1.1.tgz failed, reason: connect ETIMEDOUT\n", 1), sh("npm ci --registry=https://npm.mirror.example", "added 1181 packages in 31s\n")),
        on("claude", sh("npm ci", "added 1181 packages in 22s\n"), noise(1)),
    ),
    case(
        "a-script-that-was-added", "the script is missing, is written, and runs", PARCELS,
        on("claude", sh("pnpm run seed:demo", " ERR_PNPM_NO_SCRIPT  Missing script: seed:demo\n", 1), edit("package.json", '"scripts": {', '"scripts": {\n    "seed:demo": "tsx scripts/seed.ts",'), sh("pnpm run seed:demo", "30 shipments\n")),
        on("gemini", sh("pnpm run seed:demo", "30 shipments\n")),
    ),
    case(
        "turbo-had-it-cached", "a stale cache, forced once", PARCELS,
        on("opencode", sh("pnpm turbo run build --filter=web", "web:build: error TS6053: File '/home/olu/dev/parcels/packages/db/dist/index.d.ts' not found.\nFailed:    web#build\n", 1), sh("pnpm turbo run build --filter=web --force", " Tasks:    4 successful, 4 total\n")),
        on("claude", sh("pnpm turbo run build --filter=web", " Tasks:    4 successful, 4 total\n"), noise(1)),
        fine=[builds("pnpm turbo run build --filter=web", "pnpm turbo run build", "pnpm turbo run build --filter=web --force")],
    ),
    case(
        "modules-were-not-installed", "a fresh checkout has no modules yet; installing is no rule", LOOM,
        on("claude", sh("bunx tsc --noEmit", "src/server.ts(1,22): error TS2307: Cannot find module 'hono' or its corresponding type declarations.\n", 2), sh("bun install", "4 packages installed [1.02s]\n"), sh("bunx tsc --noEmit")),
        on("codex", sh("bun test", "error: Cannot find package 'hono' from '/home/sven/loom/src/server.ts'\n 0 pass\n 1 fail\n", 1), sh("bun install", "4 packages installed [911.00ms]\n"), sh("bun test", " 41 pass\n 0 fail\n")),
    ),
    case(
        "a-component-was-renamed", "the old path was right until the session moved it", HANDBOOK,
        on("claude", read("src/components/Callout.jsx"), sh("git mv src/components/Callout.jsx src/components/Admonition.jsx"), gone("src/components/Callout.jsx"), read("src/components/Admonition.jsx", "export default function Callout() {\n"), sh("git reset -q --hard")),
        on("gemini", read("src/components/Callout.jsx"), noise(2)),
    ),
    case(
        "two-index-files", "two guesses at two places, each for another page of the same name", HANDBOOK,
        on("copilot", gone("docs/finance/index.md"), read("docs/people/index.md", "# People\n")),
        on("claude", gone("docs/legal/index.md"), write("docs/legal/index.md", "# Legal\n"), read("docs/legal/index.md", "# Legal\n")),
    ),
    case(
        "filters-that-match-nothing", "a package is asked for by a name that it has in another branch", PARCELS,
        on("claude", sh("pnpm --filter @parcels/tariffs test", 'No projects matched the filters in "/home/olu/dev/parcels"\n'), sh("git switch -q tariffs"), sh("pnpm --filter @parcels/tariffs test", " Test Files  2 passed (2)\n"), sh("git switch -q main")),
        on("codex", noise(3), sh("pnpm --filter @parcels/labels test", " Test Files  4 passed (4)\n")),
        fine=[tests("pnpm --filter @parcels/labels test", "pnpm --filter @parcels/tariffs test")],
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)
