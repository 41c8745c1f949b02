import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  compress,
  ConfigurationError,
  HeadroomAuthError,
  HeadroomClient,
  HeadroomCompressError,
  HeadroomConnectionError,
  HeadroomNotFoundError,
  HeadroomTimeoutError,
  mapProxyError,
  ProviderError,
  StorageError,
} from "headroom-ai";
import { chat, fakeProxy, refusing, small } from "./fake_proxy.mjs";
import { folder } from "./folders.mjs";

const strict = { fallback: false, token: "t" };

test("the request says what is wanted in the proxy's words", async (t) => {
  const proxy = await fakeProxy(t, small);
  const policy = { floorTokens: 5, excludeTools: ["a_b"], toolKinds: { myTool: "read" }, preserveJson: true };
  await compress(chat(), { ...proxy, ...strict, stack: "s", model: "m", profile: "lossless", query: "q", frozenMessageCount: 1, policy, tokenBudget: 9 });
  const { headers, body, path, method } = proxy.asked[0];
  assert.deepEqual([method, path, headers["x-headroom-token"], headers["x-headroom-stack"]], ["POST", "/v1/compress", "t", "s"]);
  const options = { floor_tokens: 5, exclude_tools: ["a_b"], tool_kinds: { myTool: "read" }, preserve_json: true };
  assert.deepEqual(body, { messages: chat(), model: "m", profile: "lossless", query: "q", frozen_message_count: 1, options, token_budget: 9 });
});

test("a token may stand in the base URL", async (t) => {
  const proxy = await fakeProxy(t, small);
  await new HeadroomClient({ baseUrl: `${proxy.baseUrl}/secret/` }).compress(chat());
  assert.deepEqual([proxy.asked[0].path, proxy.asked[0].headers["x-headroom-token"]], ["/secret/v1/compress", undefined]);
});

test("the token that the proxy keeps is found, and read again when it is another", async (t) => {
  const proxy = await fakeProxy(t, small, refusing(401, "unauthorized"), small);
  process.env.HEADROOM_STATE = folder();
  t.after(() => delete process.env.HEADROOM_STATE);
  const keep = (token) => writeFileSync(join(process.env.HEADROOM_STATE, "proxy-token"), `${token}\n`);
  const client = new HeadroomClient({ baseUrl: proxy.baseUrl });
  keep("one");
  await client.compress(chat());
  keep("two");
  await assert.rejects(client.compress(chat()), HeadroomAuthError);
  await client.compress(chat());
  assert.deepEqual(
    proxy.asked.map(({ headers }) => headers["x-headroom-token"]),
    ["one", "one", "two"],
  );
});

test("no token of this machine's goes to another", async () => {
  process.env.HEADROOM_STATE = folder();
  writeFileSync(join(process.env.HEADROOM_STATE, "proxy-token"), "secret");
  const heard = [];
  const hear = async (_url, init) => (heard.push(init.headers), Response.json({}));
  await new HeadroomClient({ baseUrl: "https://proxy.example", fetch: hear }).health();
  await new HeadroomClient({ baseUrl: "http://127.0.0.1:1", fetch: hear }).health();
  delete process.env.HEADROOM_STATE;
  assert.deepEqual(
    heard.map((headers) => headers["x-headroom-token"]),
    [undefined, "secret"],
  );
});

test("the environment names the proxy", async (t) => {
  const proxy = await fakeProxy(t, small);
  Object.assign(process.env, { HEADROOM_BASE_URL: proxy.baseUrl, HEADROOM_API_KEY: "key" });
  t.after(() => ["HEADROOM_BASE_URL", "HEADROOM_API_KEY"].forEach((name) => delete process.env[name]));
  await compress(chat());
  assert.equal(proxy.asked[0].headers["x-headroom-token"], "key");
});

test("what may pass is tried again", async (t) => {
  const proxy = await fakeProxy(t, refusing(503, "busy", { "retry-after": "0" }), small);
  assert.equal((await new HeadroomClient({ ...proxy, ...strict }).compress(chat())).compressed, true);
  assert.equal(proxy.asked.length, 2);
});

test("… as often as is said", async (t) => {
  const proxy = await fakeProxy(t, refusing(500, "internal_error"));
  const client = new HeadroomClient({ ...proxy, ...strict, retries: 3 });
  await assert.rejects(client.compress(chat()), (error) => error instanceof HeadroomCompressError && error.statusCode === 500 && error.errorType === "internal_error");
  assert.equal(proxy.asked.length, 4);
});

test("… but not for longer than is said", async (t) => {
  const proxy = await fakeProxy(t, refusing(503, "busy", { "retry-after": "3600" }));
  await assert.rejects(new HeadroomClient({ ...proxy, ...strict, retries: 9 }).compress(chat()), HeadroomCompressError);
  assert.equal(proxy.asked.length, 1);
});

test("what is refused for good is not tried again, and thrown in spite of the fallback", async (t) => {
  for (const [status, kind] of [[400, HeadroomCompressError], [401, HeadroomAuthError], [413, HeadroomCompressError]]) {
    const proxy = await fakeProxy(t, refusing(status, "no"));
    await assert.rejects(compress(chat(), { ...proxy, token: "t" }), kind);
    assert.equal(proxy.asked.length, 1);
  }
});

test("silence ends in time", async (t) => {
  const proxy = await fakeProxy(t, () => undefined);
  await assert.rejects(new HeadroomClient({ ...proxy, ...strict, timeout: 50 }).compress(chat()), HeadroomTimeoutError);
  const fallen = [];
  const result = await compress(chat(), { ...proxy, token: "t", timeout: 50, onFallback: (error) => fallen.push(error) });
  assert.deepEqual([result.messages, result.compressed, result.error, result.compressionRatio], [chat(), false, fallen[0], 1]);
});

test("a timeout that no timer can hold is as long as timers get", async () => {
  const proxy = {
    token: "t",
    fetch: (_url, { body, signal }) =>
      new Promise((answer, fail) => {
        signal.addEventListener("abort", () => fail(signal.reason));
        setTimeout(() => answer(Response.json({ messages: JSON.parse(body).messages, handles: [] })), 20);
      }),
  };
  for (const timeout of [Infinity, 2 ** 40]) assert.equal((await new HeadroomClient({ ...proxy, timeout, fallback: false }).compress(chat())).compressed, true);
});

test("the caller's signal ends it with the caller's reason", async (t) => {
  const stop = new AbortController();
  const proxy = await fakeProxy(t, () => void stop.abort(new Error("mine")));
  await assert.rejects(compress(chat(), { ...proxy, token: "t", signal: stop.signal }), /mine/);
  await assert.rejects(compress(chat(), { ...proxy, token: "t", signal: stop.signal }), /mine/);
  assert.equal(proxy.asked.length, 1);
});

test("where nobody listens", async (t) => {
  const refuse = async () => {
    throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
  };
  const given = chat();
  const told = [];
  const result = await compress(given, { fetch: refuse, onFallback: (error) => told.push(error) });
  assert.equal(result.messages, given);
  assert.match(told[0].message, /ECONNREFUSED.*headroom proxy/);
  const warned = new Promise((resolve) => process.once("warning", resolve));
  await compress(given, { fetch: refuse });
  await compress(given, { fetch: refuse });
  assert.equal((await warned).name, "HeadroomWarning");
  await assert.rejects(compress(given, { fetch: refuse, fallback: false }), HeadroomConnectionError);
});

test("errors say where and never with which token", async () => {
  const refuse = () => Promise.reject(new TypeError("no"));
  const client = new HeadroomClient({ baseUrl: "http://127.0.0.1:1/secret-token", fetch: refuse, ...strict });
  await assert.rejects(client.compress(chat()), (error) => error.message.includes("http://127.0.0.1:1 ") && !JSON.stringify(error).includes("secret-token"));
});

test("what another program at the address says is told without the token", async (t) => {
  const web = await fakeProxy(t, (request) => [404, `<pre>Cannot POST ${request.url}</pre>`]);
  const hidden = (error) => !error.message.includes("secret-token") && error.message.includes("Cannot POST");
  await assert.rejects(new HeadroomClient({ ...strict, baseUrl: `${web.baseUrl}/secret-token` }).compress(chat()), hidden);
  const named = (url) => Promise.reject(Object.assign(new Error(`request to ${url} failed`), { code: "ECONNREFUSED" }));
  const client = new HeadroomClient({ ...strict, baseUrl: `${web.baseUrl}/secret-token`, fetch: named });
  await assert.rejects(client.compress(chat()), (error) => !error.message.includes("secret-token") && error.details.code === "ECONNREFUSED");
});

test("an address that is none is told without what may be a secret", () => {
  const places = ["127.0.0.1:8787/secret-token", "//127.0.0.1:8787/secret-token", "ftp://ada:secret-token@127.0.0.1:8787/x", "ada:secret-token@127.0.0.1:8787/"];
  for (const baseUrl of [...places, "http://ada:secret-token@127.0.0.1:port/", "ftp://127.0.0.1:8787?secret-token", "127.0.0.1:8787\\secret-token"]) {
    const told = (error) => error instanceof ConfigurationError && !(error.stack + JSON.stringify(error)).includes("secret-token");
    assert.throws(() => new HeadroomClient({ baseUrl }), (error) => told(error) && error.message.includes("127.0.0.1"), baseUrl);
  }
});

test("an address that is none", () => {
  for (const baseUrl of ["localhost:8787", "not a url", "ftp://x"]) assert.throws(() => new HeadroomClient({ baseUrl }), ConfigurationError);
});

test("another program at the address", async (t) => {
  const web = await fakeProxy(t, () => [200, { hello: 1 }]);
  await assert.rejects(new HeadroomClient({ ...web, ...strict }).compress(chat()), /other messages/);
  const page = await fakeProxy(t, () => [200, "<html>"]);
  await assert.rejects(new HeadroomClient({ ...page, ...strict }).compress(chat()), /no JSON/);
});

test("a model's refusal", async (t) => {
  const proxy = await fakeProxy(t, refusing(429, "rate_limit_error"));
  const client = new HeadroomClient({ ...proxy, token: "t", providerApiKey: "sk" });
  await assert.rejects(client.messages.create({ model: "m", messages: chat() }), (error) => error instanceof ProviderError && error.details.statusCode === 429);
  assert.equal(proxy.asked.length, 1);
  assert.equal(proxy.asked[0].headers["x-api-key"], "sk");
  await assert.rejects(client.chat.completions.create({ model: "m", messages: chat(), headroomMode: "audit", headroomKeepTurns: 2 }), ProviderError);
  assert.deepEqual([proxy.asked[1].headers["x-headroom-bypass"], proxy.asked[1].headers.authorization], ["1", "Bearer sk"]);
  assert.deepEqual(Object.keys(proxy.asked[1].body), ["model", "messages"]);
});

test("errors by status and type", () => {
  assert.ok(mapProxyError(403, "x", "") instanceof HeadroomAuthError);
  assert.ok(mapProxyError(404, "not_found", "") instanceof HeadroomNotFoundError);
  assert.ok(mapProxyError(503, "storage_error", "") instanceof StorageError);
  assert.equal(mapProxyError(500, "toString", "").constructor, HeadroomCompressError);
  assert.equal(mapProxyError(404, "not_found", "").name, "HeadroomNotFoundError");
});
