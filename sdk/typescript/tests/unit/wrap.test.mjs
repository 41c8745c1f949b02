import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import OpenAI, { AzureOpenAI } from "openai";
import { GoogleGenerativeAI } from "@google/generative-ai";
import { ConfigurationError, withHeadroom } from "headroom-ai";
import { find, withMessages } from "../../dist/esm/wrap/requests.js";
import { chat, fakeProxy, nothing, refusing, small } from "./fake_proxy.mjs";

const post = (body) => ({ method: "POST", body: JSON.stringify(body) });
const responding = () => {
  const sent = [];
  const answer = { id: "1", object: "chat.completion", choices: [{ index: 0, message: { role: "assistant", content: "Yes." }, finish_reason: "stop" }] };
  return { sent, fetch: async (url, init) => (sent.push({ url: String(url), ...init, body: JSON.parse(init.body) }), Response.json(answer)) };
};

test("which requests hold messages", () => {
  const list = [{ role: "user" }];
  const holding = {
    "https://a/v1/chat/completions": "messages",
    "https://a/openai/deployments/m/chat/completions?api-version=1": "messages",
    "https://a/v1/messages?beta=true": "messages",
    "https://a/v1/messages/count_tokens": "messages",
    "https://a/v1/responses": "input",
    "https://a/v1beta/models/gemini-2:streamGenerateContent?alt=sse": "contents",
    "https://a/v1/projects/p/models/claude:streamRawPredict": "messages",
  };
  for (const [url, field] of Object.entries(holding)) {
    assert.equal(find(url, post({ [field]: list }))?.field, field, url);
    assert.equal(find(new URL(url), post({ [field]: list }))?.field, field, url);
  }
  assert.equal(find("https://a/v1beta/models/gemini-2:generateContent", post({ contents: list })).model, "gemini-2");
  for (const [url, init] of [
    ["https://a/v1/embeddings", post({ input: list })],
    ["https://a/model/x/invoke", post({ messages: list })],
    ["https://a/v1/responses", post({ input: "text" })],
    ["https://a/v1/responses", post({ input: ["text"] })],
    ["https://a/v1/chat/completions", post({ messages: [] })],
    ["https://a/v1/chat/completions", { method: "POST", body: "{" }],
    ["https://a/v1/chat/completions", { method: "POST", body: new Uint8Array(3) }],
    ["https://a/v1/chat/completions", { method: "GET" }],
    ["https://a/v1/chat/completions", undefined],
  ]) {
    assert.equal(find(url, init), undefined, url);
  }
});

test("requests that vouch for the bytes of their body are left alone", () => {
  const url = "https://bedrock-mantle.us-east-1.api.aws/anthropic/v1/messages";
  const init = (headers) => ({ ...post({ messages: [{ role: "user" }] }), headers });
  const signed = { Authorization: "AWS4-HMAC-SHA256 Credential=…, Signature=…" };
  for (const headers of [signed, { "X-Amz-Content-Sha256": "0" }, { "content-digest": "0" }, { Signature: "0" }]) {
    for (const made of [headers, new Headers(Object.entries(headers).map(([name]) => [name, "AWS4-x"])), Object.entries(headers)]) {
      assert.equal(find(url, init(made)), undefined);
    }
  }
  for (const headers of [undefined, null, { authorization: "Bearer AWS4-x" }, new Headers({ "x-api-key": "k" }), [["x-api-key", "k"]]]) {
    assert.equal(find(url, init(headers)).field, "messages");
  }
});

test("a request with other messages says its own length", () => {
  for (const headers of [{ "Content-Length": "9", a: "b" }, new Headers({ "content-length": "9", a: "b" }), [["content-length", "9"], ["a", "b"]]]) {
    const init = { ...post({ model: "m", messages: [1], n: 1 }), headers };
    const made = withMessages(init, { body: { model: "m", messages: [1], n: 1 }, field: "messages", messages: [1], model: "m" }, [2]);
    assert.equal(made.body, '{"model":"m","messages":[2],"n":1}');
    assert.deepEqual([...new Headers(made.headers)], [["a", "b"]]);
    assert.equal([...new Headers(init.headers)].length, 2);
  }
});

test("the client that came in is not changed", async (t) => {
  const proxy = await fakeProxy(t, small);
  const api = responding();
  const client = new OpenAI({ apiKey: "k", fetch: api.fetch, baseURL: "https://api.example/v1", defaultHeaders: { "x-mine": "1" } });
  const wrapped = withHeadroom(client, { ...proxy, token: "t" });
  assert.ok(wrapped instanceof OpenAI);
  const { data, response } = await wrapped.chat.completions.create({ model: "m", messages: chat() }).withResponse();
  assert.deepEqual([data.choices[0].message.content, response.status], ["Yes.", 200]);
  await client.chat.completions.create({ model: "m", messages: chat() });
  assert.deepEqual(
    api.sent.map(({ body }) => body.messages[2].content),
    ["small", "a long log"],
  );
  assert.deepEqual([api.sent[0].url, new Headers(api.sent[0].headers).get("x-mine")], ["https://api.example/v1/chat/completions", "1"]);
  assert.equal(proxy.asked[0].body.model, "m");
});

test("Azure's client", async (t) => {
  const proxy = await fakeProxy(t, small);
  const api = responding();
  const client = new AzureOpenAI({ apiKey: "k", fetch: api.fetch, endpoint: "https://mine.example", apiVersion: "2024-10-21", deployment: "d" });
  await withHeadroom(client, { ...proxy, token: "t" }).chat.completions.create({ model: "m", messages: chat() });
  assert.equal(api.sent[0].url, "https://mine.example/openai/deployments/d/chat/completions?api-version=2024-10-21");
  assert.equal(api.sent[0].body.messages[2].content, "small");
});

test("CommonJS sees the same", async (t) => {
  const { withHeadroom: required } = createRequire(import.meta.url)("headroom-ai/openai");
  const proxy = await fakeProxy(t, small);
  const api = responding();
  await required(new OpenAI({ apiKey: "k", fetch: api.fetch }), { ...proxy, token: "t" }).chat.completions.create({ model: "m", messages: chat() });
  assert.equal(api.sent[0].body.messages[2].content, "small");
});

test("whatever the proxy says, the application's request goes on", async (t) => {
  const api = responding();
  for (const answer of [nothing, refusing(401, "unauthorized"), refusing(400, "invalid_request"), () => [200, { hello: 1 }]]) {
    const proxy = await fakeProxy(t, answer);
    const client = withHeadroom(new OpenAI({ apiKey: "k", fetch: api.fetch }), { ...proxy, token: "t", onFallback: () => undefined });
    await client.chat.completions.create({ model: "m", messages: chat() });
    assert.deepEqual(api.sent.at(-1).body.messages, chat());
  }
});

const double = (options) => withHeadroom({ messages: { create: async (request) => request } }, options);

test("what cannot be written down goes on as it is", async (t) => {
  const unspeakable = [{ n: 9007199254740993n }, { toJSON: () => { throw new RangeError("Invalid string length"); } }];
  for (const answer of [small, refusing(503, "unavailable")]) {
    const proxy = await fakeProxy(t, answer);
    for (const value of unspeakable) {
      const told = [];
      const messages = [{ role: "user", content: [{ type: "text", text: "x", value }] }];
      const sent = await double({ ...proxy, token: "t", onFallback: (error) => told.push(error.message) }).messages.create({ model: "m", messages });
      assert.equal(sent.messages, messages);
      assert.equal(told.length, 1);
      assert.doesNotMatch(told[0], /reached/);
    }
    assert.equal(proxy.asked.length, 0);
  }
});

test("the application's own abort is an abort", async (t) => {
  const stop = new AbortController();
  const proxy = await fakeProxy(t, () => void stop.abort());
  const api = responding();
  const client = withHeadroom(new OpenAI({ apiKey: "k", fetch: api.fetch }), { ...proxy, token: "t" });
  await assert.rejects(client.chat.completions.create({ model: "m", messages: chat() }, { signal: stop.signal }), OpenAI.APIUserAbortError);
  assert.equal(api.sent.length, 0);
});

test("doubles of clients", async (t) => {
  const proxy = await fakeProxy(t, small);
  class Completions {
    #private = 1;
    create(request, options) {
      return { request, options, private: this.#private };
    }
  }
  const double = { chat: { completions: new Completions() }, models: { list: () => ["m"] }, name: "double" };
  const wrapped = withHeadroom(double, { ...proxy, token: "t" });
  const { request, options, private: own } = await wrapped.chat.completions.create({ model: "m", messages: chat(), n: 1 }, { timeout: 1 });
  assert.deepEqual([request.messages[2].content, request.n, options, own], ["small", 1, { timeout: 1 }, 1]);
  assert.deepEqual([wrapped.name, wrapped.models.list()], ["double", ["m"]]);
  assert.throws(() => withHeadroom({}), ConfigurationError);
});

test("@google/generative-ai", async (t) => {
  const proxy = await fakeProxy(t, (_request, body) => {
    const messages = body.messages.map((m) => ({ ...m, parts: [{ text: "small" }] }));
    return [200, { messages, tokens_before: 2, tokens_after: 1, handles: ["3f9a2c7b"] }];
  });
  const model = new GoogleGenerativeAI("k").getGenerativeModel({ model: "gemini-2.5-flash" });
  const asked = [];
  model.generateContent = async (request) => (asked.push(request), "ok");
  const wrapped = withHeadroom(model, { ...proxy, token: "t" });
  await wrapped.generateContent({ contents: [{ role: "user", parts: [{ text: "long" }] }], tools: [] });
  await wrapped.generateContent("text");
  assert.deepEqual(asked, [{ contents: [{ role: "user", parts: [{ text: "small" }] }], tools: [] }, "text"]);
  assert.equal(proxy.asked[0].body.model, "models/gemini-2.5-flash");
});
