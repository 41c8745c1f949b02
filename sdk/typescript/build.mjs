// Builds dist/: ES modules, CommonJS, and types for both.
import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const tsc = here("node_modules/typescript/bin/tsc");

rmSync(here("dist"), { recursive: true, force: true });
for (const config of ["tsconfig.json", "tsconfig.cjs.json"]) {
  execFileSync(process.execPath, [tsc, "-p", here(config)], { stdio: "inherit" });
}
writeFileSync(here("dist/cjs/package.json"), '{ "type": "commonjs" }\n');
chmodSync(here("dist/esm/cli/main.js"), 0o755);
