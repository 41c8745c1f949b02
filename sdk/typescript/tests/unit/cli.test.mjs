import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { advice, fetched, installed } from "../../dist/esm/cli/find.js";
import { folder } from "./folders.mjs";

const MAIN = fileURLToPath(new URL("../../dist/esm/cli/main.js", import.meta.url));
const having = (programs, works = () => false) => ({ which: (name) => (programs.includes(name) ? `/bin/${name}` : undefined), works });
const program = (name, script) => {
  const path = folder();
  writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(path, name), 0o755);
  return path;
};
const run = (path, ...rest) => spawnSync(process.execPath, [MAIN, ...rest], { env: { PATH: path }, encoding: "utf8" });

test("where the program is", () => {
  assert.deepEqual(installed(having(["headroom", "python3"])), ["/bin/headroom"]);
  assert.deepEqual(installed(having(["python3", "python"], ([name]) => name === "/bin/python")), ["/bin/python", "-m", "headroom_wrap.cli"]);
  assert.equal(installed(having(["python3", "uvx"])), undefined);
  assert.deepEqual(fetched(having(["uvx", "pipx"])), ["/bin/uvx", "--from", "headroom-ai", "headroom"]);
  assert.deepEqual(fetched(having(["pipx"])), ["/bin/pipx", "run", "--spec", "headroom-ai", "headroom"]);
  assert.equal(fetched(having([])), undefined);
});

test("it becomes the program", () => {
  const done = run(program("headroom", 'echo "$@"; exit 7'), "proxy", "--port", "0");
  assert.deepEqual([done.status, done.stdout], [7, "proxy --port 0\n"]);
});

test("signals are the program's", async (t) => {
  const child = spawn(process.execPath, [MAIN, "proxy"], { env: { PATH: program("headroom", "trap 'exit 9' TERM; echo up; read line") } });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [9, null]);
});

test("where it is not, what to do is said and nothing is downloaded unasked", () => {
  const path = program("uvx", 'echo "uvx $@"');
  const done = run(path, "proxy");
  assert.deepEqual([done.status, done.stdout], [127, ""]);
  assert.match(done.stderr, /pip install headroom-ai[^]*--download proxy/);
  assert.equal(run(path, "--download", "proxy").stdout, "uvx --from headroom-ai headroom proxy\n");
  assert.doesNotMatch(advice(undefined), /--download/);
  assert.equal(run(folder(), "--download", "proxy").status, 127);
});

test("usage", () => {
  assert.deepEqual([run(folder(), "--help").status, run(folder()).status], [0, 2]);
});
