// What a call costs more with Headroom than with the bare client, all in one run, calls of each kind in turn.
//
//     npm run build && node bench/overhead.mjs [COMMAND …]      COMMAND runs headroom; by default: headroom
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import OpenAI from "openai";
import { withHeadroom } from "headroom-ai";

const ROUNDS = 60;
const WARM = 5;
const RESULTS = 20; // tool results in a conversation
const LINES = 120; // of each

const answer = JSON.stringify({
  id: "1",
  object: "chat.completion",
  created: 0,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "Yes." }, finish_reason: "stop" }],
});

async function model() {
  const server = createServer(async (request, response) => {
    for await (const _ of request);
    response.writeHead(200, { "content-type": "application/json" }).end(answer);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { url: `http://127.0.0.1:${server.address().port}/v1`, end: () => (server.closeAllConnections(), server.close()) };
}

async function proxy([command = "headroom", ...rest]) {
  const state = mkdtempSync(join(tmpdir(), "headroom-bench-"));
  const child = spawn(command, [...rest, "proxy", "--port", "0"], { env: { ...process.env, HEADROOM_STATE: state }, stdio: ["ignore", "pipe", "inherit"] });
  const greeting = await first(createInterface(child.stdout));
  const baseUrl = greeting.split(" ").at(-1);
  const end = () => new Promise((ended) => (child.on("exit", ended), child.kill("SIGTERM"))).then(() => rmSync(state, { recursive: true, force: true }));
  return { baseUrl, end };
}

async function first(lines) {
  for await (const line of lines) return line;
  throw new Error("headroom proxy ended");
}

function log(seed) {
  const line = (_, n) => `2026-01-02T03:00:${String(n % 60).padStart(2, "0")}Z ${(n + seed) % 97 ? "INFO" : "ERROR"} svc request ${seed * 31 + n * 17} took ${n % 90} ms`;
  return Array.from({ length: LINES }, line).join("\n");
}

function conversation(seed, results = RESULTS) {
  const messages = [{ role: "user", content: `What fails, ${seed}?` }];
  for (let n = 0; n < results; n++) {
    const call = { id: `call_${n}`, type: "function", function: { name: "Bash", arguments: `{"command":"cat ${seed}-${n}.log"}` } };
    messages.push({ role: "assistant", content: null, tool_calls: [call] }, { role: "tool", tool_call_id: call.id, content: log(1000 * seed + n) });
  }
  return messages;
}

const api = await model();
const running = await proxy(process.argv.slice(2));
const bare = new OpenAI({ apiKey: "k", baseURL: api.url });
const quiet = () => undefined;
const wrapped = withHeadroom(bare, { baseUrl: running.baseUrl });
const alone = withHeadroom(bare, { baseUrl: "http://127.0.0.1:2", retries: 0, onFallback: quiet });
const known = conversation(1);
const short = [{ role: "user", content: "Hello" }];
const growing = (round) => [...known, ...conversation(round + 2, 1)];

const kinds = {
  "short, bare": () => bare.chat.completions.create({ model: "m", messages: short }),
  "short, wrapped": () => wrapped.chat.completions.create({ model: "m", messages: short }),
  "long, bare": () => bare.chat.completions.create({ model: "m", messages: known }),
  "long, wrapped, all of it seen before": () => wrapped.chat.completions.create({ model: "m", messages: known }),
  "long, wrapped, one new result": (round) => wrapped.chat.completions.create({ model: "m", messages: growing(round) }),
  "long, wrapped, no proxy": () => alone.chat.completions.create({ model: "m", messages: known }),
};
const times = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
for (let round = 0; round < WARM + ROUNDS; round++) {
  for (const [kind, call] of Object.entries(kinds)) {
    const began = performance.now();
    await call(round);
    if (round >= WARM) times[kind].push(performance.now() - began);
  }
}
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
console.log(`${ROUNDS} calls of each kind; long: ${RESULTS} tool results, ${(JSON.stringify(known).length / 1024).toFixed(0)} KiB; ms`);
for (const [kind, list] of Object.entries(times)) {
  const sorted = list.toSorted((a, b) => a - b);
  console.log(`${kind.padEnd(40)} p50 ${at(sorted, 0.5).toFixed(2).padStart(8)}   p95 ${at(sorted, 0.95).toFixed(2).padStart(8)}`);
}
await running.end();
api.end();
