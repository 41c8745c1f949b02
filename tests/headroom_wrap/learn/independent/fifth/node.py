"""JavaScript: pnpm's workspaces under turbo, yarn with playwright, node inside docker compose."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fifth.worlds import CANOPY, KIOSK, TURNSTILE
from tests.headroom_wrap.learn.independent.fourth.labels import add, at, drop, environment, folder, heads, program, swap, task, variable
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import builds, lints, tests
from tests.headroom_wrap.learn.independent.steps import edit, gone, noise, read, sh, user, write

_WORKSPACE_ROOT = " ERR_PNPM_ADDING_TO_ROOT  Running this command will add the dependency to the workspace root, which might not be what you want - if you really meant it, make it explicit by running this command again with the -w flag (or --workspace-root).\n"
_NO_DB_IN_API = "Error: getaddrinfo ENOTFOUND db\n    at GetAddrInfoReqWrap.onlookupall [as oncomplete] (node:dns:122:26) {\n  code: 'ENOTFOUND',\n  hostname: 'db'\n}\n"

_LESSONS = (
    case(
        "pnpm-not-npm", "npm does not know the protocol of a workspace", CANOPY,
        on("claude", sh("npm install", 'npm error code EUNSUPPORTEDPROTOCOL\nnpm error Unsupported URL Type "workspace:": workspace:*\n', 1), sh("pnpm install", "Lockfile is up to date, resolution step is skipped\nDone in 1.4s using pnpm v9.12.0\n")),
        on("gemini", sh("npm install", 'npm error code EUNSUPPORTEDPROTOCOL\nnpm error Unsupported URL Type "workspace:": workspace:^\n', 1), sh("cat package.json", '{\n  "packageManager": "pnpm@9.12.0"\n}\n'), sh("pnpm install", "Done in 1.2s using pnpm v9.12.0\n")),
        right=[program(["npm", "npm install"], ["pnpm", "pnpm install"])],
    ),
    case(
        "a-package-has-a-scope", "turbo's filter wants the name of the package", CANOPY,
        on("codex", sh("pnpm turbo build --filter=dates", " × No package found with name 'dates' in workspace\n", 1), sh("pnpm turbo build --filter=@canopy/dates", " Tasks:    1 successful, 1 total\n")),
        on("claude", sh("pnpm turbo test --filter=dates", " × No package found with name 'dates' in workspace\n", 1), sh("cat packages/dates/package.json", '{\n  "name": "@canopy/dates"\n}\n'), sh("pnpm turbo test --filter=@canopy/dates", " Tasks:    1 successful, 1 total\n")),
        right=[swap(["pnpm turbo", "pnpm turbo build", "pnpm turbo test", "turbo"], ["--filter=dates"], ["--filter=@canopy/dates"])], fine=[tests("pnpm turbo test --filter=@canopy/dates"), builds("pnpm turbo build --filter=@canopy/dates", "pnpm turbo build")],
    ),
    case(
        "wrangler-from-the-api", "the deploy tool reads its file beside it", CANOPY,
        on("claude", sh("pnpm wrangler deploy --dry-run", "✘ [ERROR] Missing entry-point to Worker script or to assets directory\n", 1), sh("cd apps/api && pnpm wrangler deploy --dry-run", "Total Upload: 210.11 KiB / gzip: 50.90 KiB\n--dry-run: exiting now.\n")),
        on("opencode", sh("pnpm wrangler types", "✘ [ERROR] No config file detected. This command requires a Wrangler configuration file.\n", 1), sh("cd apps/api && pnpm wrangler types", "Generated worker-configuration.d.ts\n")),
        right=[folder(["pnpm wrangler", "wrangler", "pnpm wrangler deploy --dry-run", "pnpm wrangler types"], "apps/api")],
    ),
    case(
        "no-script-of-that-name", "yarn names what there is", KIOSK,
        on("claude", sh("yarn dev:e2e", 'error Command "dev:e2e" not found.\ninfo Visit https://yarnpkg.com/en/docs/cli/run for documentation about this command.\n', 1), sh("yarn run", "info Project commands\n   - e2e\n      playwright test\n   - start\n      vite\n"), sh("yarn e2e", "  12 passed (9.1s)\n")),
        on("copilot", sh("yarn dev:e2e", 'error Command "dev:e2e" not found.\n', 1), sh("yarn e2e", "  12 passed (9.4s)\n")),
        right=[task(["dev:e2e", "yarn dev:e2e", "yarn run dev:e2e"], ["e2e", "yarn e2e", "yarn run e2e"])], fine=[tests("yarn e2e")],
    ),
    case(
        "old-openssl", "the bundler's hash is no longer in OpenSSL", KIOSK,
        on("codex", sh("yarn webpack --mode production", "Error: error:0308010C:digital envelope routines::unsupported\n    at new Hash (node:internal/crypto/hash:79:19)\n  code: 'ERR_OSSL_EVP_UNSUPPORTED'\n", 1), sh("NODE_OPTIONS=--openssl-legacy-provider yarn webpack --mode production", "webpack 4.46.0 compiled successfully in 5120 ms\n")),
        on("claude", sh("yarn webpack --mode production", "Error: error:0308010C:digital envelope routines::unsupported\n", 1), sh("NODE_OPTIONS=--openssl-legacy-provider yarn webpack --mode production", "webpack 4.46.0 compiled successfully in 5004 ms\n")),
        right=[variable(heads("yarn webpack --mode production"), ["NODE_OPTIONS=--openssl-legacy-provider"])], fine=[builds("yarn webpack --mode production", "NODE_OPTIONS=--openssl-legacy-provider yarn webpack --mode production")],
    ),
    case(
        "a-browser-per-project", "playwright runs one of its projects here", KIOSK,
        on("gemini", sh("yarn playwright test --project=chrome", 'Error: Project(s) "chrome" not found. Available projects: "kiosk-chromium", "kiosk-webkit"\n', 1), sh("yarn playwright test --project=kiosk-chromium", "  12 passed (8.7s)\n")),
        on("claude", sh("yarn playwright test e2e/buy.spec.js --project=chrome", 'Error: Project(s) "chrome" not found. Available projects: "kiosk-chromium", "kiosk-webkit"\n', 1), sh("yarn playwright test e2e/buy.spec.js --project=kiosk-chromium", "  4 passed (3.0s)\n")),
        right=[swap(heads("yarn playwright test"), ["--project=chrome"], ["--project=kiosk-chromium"])], fine=[tests("yarn playwright test --project=kiosk-chromium", "yarn playwright test e2e/buy.spec.js --project=kiosk-chromium", "yarn playwright test")],
    ),
    case(
        "jest-lost-an-option", "the option has another name in the version that is here", KIOSK,
        on("claude", sh("yarn jest --testPathPattern fare", '● Validation Error:\n\n  Option "testPathPattern" was replaced by "--testPathPatterns". "--testPathPatterns" is only available as a command-line option.\n', 1), sh("yarn jest --testPathPatterns fare", "Tests:       14 passed, 14 total\n")),
        on("codex", sh("yarn jest --testPathPattern printer", '● Validation Error:\n\n  Option "testPathPattern" was replaced by "--testPathPatterns".\n', 1), sh("yarn jest --testPathPatterns printer", "Tests:       5 passed, 5 total\n")),
        right=[swap(["yarn jest", "jest"], ["--testPathPattern"], ["--testPathPatterns"])], fine=[tests("yarn jest --testPathPatterns fare", "yarn jest --testPathPatterns printer", "yarn jest")],
    ),
    case(
        "locales-moved", "strings are not where they were guessed", KIOSK,
        on("claude", gone("src/i18n/de.json"), sh("git ls-files '*de.json'", "public/locales/de.json\n"), read("public/locales/de.json", '{\n  "start": "Start"\n}\n')),
        on("gemini", gone("src/i18n/de.json"), read("public/locales/de.json", '{\n  "start": "Start"\n}\n')),
        on("opencode", gone("src/i18n/de.json"), read("public/locales/de.json", '{\n  "start": "Start"\n}\n')),
        right=[at("src/i18n/de.json", ["public/locales/de.json", "public/locales"])],
    ),
    case(
        "migrations-run-inside", "only the container can reach the database", TURNSTILE,
        on("claude", sh("node db/migrate.js", _NO_DB_IN_API, 1), sh("docker compose exec api node db/migrate.js", "applied 0\n")),
        on("codex", sh("node db/migrate.js --status", _NO_DB_IN_API, 1), sh("docker compose exec api node db/migrate.js --status", "7 of 7\n")),
        right=[environment(["node", "node db/migrate.js"], ["docker compose exec api node", "docker compose exec api", "docker compose exec api node db/migrate.js"])],
        fine=[program(["node", "node db/migrate.js"], ["docker compose exec api node", "docker compose exec api", "docker compose exec api node db/migrate.js"])],
    ),
    case(
        "adding-needs-a-filter", "pnpm asks which package is meant, each time", CANOPY,
        on("claude", sh("pnpm add -D msw", _WORKSPACE_ROOT, 1), sh("pnpm add -D msw --filter @canopy/web", "devDependencies:\n+ msw 2.4.9\n")),
        on("copilot", sh("pnpm add date-fns", _WORKSPACE_ROOT, 1), sh("pnpm add date-fns --filter @canopy/dates", "dependencies:\n+ date-fns 4.1.0\n")),
        fine=[add(["pnpm add"], ["--filter @canopy/web", "--filter @canopy/dates", "--filter"])],
    ),
    case(
        "tsc-has-no-watch-here", "the flag that the build's wrapper does not take", CANOPY,
        on("opencode", sh("pnpm tsup src/index.ts --declaration", "CACError: Unknown option `--declaration`\n", 1), sh("pnpm tsup src/index.ts --dts", "DTS ⚡️ Build success in 610ms\n")),
        on("claude", sh("pnpm tsup src/index.ts --declaration", "CACError: Unknown option `--declaration`\n", 1), sh("pnpm tsup src/index.ts --dts", "DTS ⚡️ Build success in 590ms\n")),
        right=[swap(["pnpm tsup", "pnpm tsup src/index.ts", "tsup"], ["--declaration"], ["--dts"])], fine=[builds("pnpm tsup src/index.ts --dts")],
    ),
    case(
        "an-option-was-too-much", "the option is of another program, tried once and given up by hand", TURNSTILE,
        on("gemini", sh("docker compose logs --tail 20 --color api", "unknown flag: --color\n", 1), sh("docker compose logs --tail 20 api", "api-1  | listening\n")),
        on("claude", sh("docker compose logs --color worker", "unknown flag: --color\n", 1), sh("docker compose logs worker", "worker-1  | idle\n")),
        right=[drop(["docker compose logs", "docker compose logs --tail 20"], "--color")],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "the-port-is-taken", "somebody's server had the port this time", KIOSK,
        on("claude", sh("yarn vite preview --port 4173 --strictPort", "Error: Port 4173 is already in use\n", 1), sh("yarn vite preview --port 4180 --strictPort & sleep 1; curl -sI localhost:4180 | head -1; kill %1", "HTTP/1.1 200 OK\n")),
        on("codex", sh("yarn vite preview --port 4173 --strictPort", "Error: Port 4173 is already in use\n", 1), sh("yarn vite preview --port 4191 --strictPort & sleep 1; curl -sI localhost:4191 | head -1; kill %1", "HTTP/1.1 200 OK\n")),
    ),
    case(
        "snapshots-were-updated", "what makes the check pass is no better check", KIOSK,
        on("claude", sh("yarn jest src/screens", " › 1 snapshot failed.\nSnapshot Summary\n › 1 snapshot failed from 1 test suite. Inspect your code changes or run `yarn jest -u` to update them.\n", 1), sh("yarn jest src/screens -u", " › 1 snapshot updated.\nTests:       9 passed, 9 total\n")),
        on("gemini", sh("yarn jest src/screens", " › 2 snapshots failed.\n", 1), sh("yarn jest src/screens -u", " › 2 snapshots updated.\nTests:       9 passed, 9 total\n")),
        fine=[tests("yarn jest src/screens", "yarn jest")],
    ),
    case(
        "biome-found-something", "a linter that finds something has not failed", CANOPY,
        on("claude", sh("pnpm biome check apps/web", "apps/web/src/TreeView.tsx:8:17 lint/suspicious/noExplicitAny\nFound 1 error.\n", 1), sh("pnpm biome check --write apps/web", "Checked 40 files in 30ms. Fixed 1 file.\n")),
        on("codex", sh("pnpm biome check packages/dates", "packages/dates/src/index.ts format\nFound 1 error.\n", 1), sh("pnpm biome check --write packages/dates", "Checked 6 files in 9ms. Fixed 1 file.\n")),
        fine=[lints("pnpm biome check apps/web", "pnpm biome check packages/dates", "pnpm biome check --write packages/dates", "pnpm biome check --write apps/web", "pnpm biome check --write")],
    ),
    case(
        "the-script-is-new", "the session writes the script that was missing", CANOPY,
        on("copilot", sh("pnpm run seed", " ERR_PNPM_NO_SCRIPT  Missing script: seed\n", 1), edit("package.json", '  "scripts": {', '  "scripts": {\n    "db:seed": "tsx scripts/seed.ts",'), sh("pnpm run db:seed", "seeded 40 trees\n")),
        on("claude", noise(4)),
    ),
    case(
        "stack-grew-once", "memory that was short on one day is no variable of the project", CANOPY,
        on("claude", sh("pnpm turbo build", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n", 134), sh("NODE_OPTIONS=--max-old-space-size=8192 pnpm turbo build", " Tasks:    5 successful, 5 total\n")),
        on("codex", sh("pnpm turbo build", " Tasks:    5 successful, 5 total\n")),
        on("claude", sh("pnpm turbo build", " Tasks:    5 successful, 5 total\n")),
        days=(9, 6, 1), fine=[builds("pnpm turbo build")],
    ),
    case(
        "the-api-says-401", "the code under test answers with an error, as it should", CANOPY,
        on("claude", sh("curl -sf localhost:8787/trees", "", 22), sh("curl -sf -H 'x-user: demo' localhost:8787/trees", "[]\n")),
        on("claude", sh("curl -sf localhost:8787/trees/1", "", 22), edit("apps/api/src/routes/trees.ts", "export const trees = new Hono()", "export const trees = new Hono().use(session)"), sh("curl -sf -H 'x-user: demo' localhost:8787/trees/1", '{"id":1}\n')),
    ),
    case(
        "a-tag-that-is-not-out", "a version that does not exist, asked for once", KIOSK,
        on("opencode", sh("yarn add react@19.9.0", "Couldn't find any versions for \"react\" that matches \"19.9.0\"\n", 1), sh("yarn add react@19.0.0", "success Saved 1 new dependency.\n")),
        on("gemini", noise(3)),
    ),
    case(
        "container-was-down", "the service had to be started, nothing else", TURNSTILE,
        on("claude", sh("docker compose exec api node --test api", 'service "api" is not running\n', 1), sh("docker compose up -d api", " ✔ Container turnstile-api-1  Started\n"), sh("docker compose exec api node --test api", "# tests 9\n# pass 9\n# fail 0\n")),
        on("codex", sh("docker compose exec api node --test worker", 'service "api" is not running\n', 1), sh("docker compose run --rm api node --test worker", "# tests 4\n# pass 4\n# fail 0\n")),
        fine=[tests("docker compose exec api node --test api", "docker compose run --rm api node --test worker")],
    ),
    case(
        "a-page-of-the-session", "a file made, deleted and made elsewhere", KIOSK,
        on("claude", write("src/screens/Help.jsx", "export default () => null\n"), user("put it under src/help please"), sh("rm src/screens/Help.jsx"), write("src/help/Help.jsx", "export default () => null\n"), gone("src/screens/Help.jsx"), read("src/help/Help.jsx", "export default () => null\n")),
        on("codex", noise(4)),
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)
