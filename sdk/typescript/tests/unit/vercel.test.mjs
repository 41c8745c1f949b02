import assert from "node:assert/strict";
import { test } from "node:test";
import { compress, headroomMiddleware, withHeadroom } from "headroom-ai";
import { chat, fakeProxy, nothing, refusing, small } from "./fake_proxy.mjs";

const call = { type: "tool-call", toolCallId: "c", toolName: "logs", input: { of: "app" } };
const result = (output) => ({ role: "tool", content: [{ type: "tool-result", toolCallId: "c", toolName: "logs", output }] });
const prompt = (output) => [
  { role: "system", content: "Be brief." },
  { role: "user", content: [{ type: "text", text: "What fails?" }, { type: "file", data: "AAAA", mediaType: "image/png" }] },
  { role: "assistant", content: [{ type: "reasoning", text: "Hm." }, { type: "text", text: "I look." }, call] },
  result(output),
];

test("a prompt travels as Chat Completions and comes back as it was, but for what is smaller", async (t) => {
  const proxy = await fakeProxy(t, small);
  const given = prompt({ type: "text", value: "a long log", providerOptions: { p: { q: 1 } } });
  const before = structuredClone(given);
  const { messages } = await compress(given, { ...proxy, token: "t" });
  assert.deepEqual(given, before);
  assert.deepEqual(messages[3], result({ type: "text", value: "small", providerOptions: { p: { q: 1 } } }));
  for (const i of [0, 1, 2]) assert.equal(messages[i], given[i]);
  assert.deepEqual(proxy.asked[0].body.messages, [
    { role: "system", content: "Be brief." },
    { role: "user", content: [{ type: "text", text: "What fails?" }, { type: "other", kind: "file" }] },
    {
      role: "assistant",
      content: [{ type: "other", kind: "reasoning" }, { type: "text", text: "I look." }],
      tool_calls: [{ id: "c", type: "function", function: { name: "logs", arguments: '{"of":"app"}' } }],
    },
    { role: "tool", tool_call_id: "c", content: "a long log" },
  ]);
});

/** Makes every text that a user pasted "small". */
const smallPastes = (_request, body) => {
  const part = (p) => (p.text === undefined ? p : { ...p, text: "small" });
  const messages = body.messages.map((m) => (Array.isArray(m.content) ? { ...m, content: m.content.map(part) } : m));
  return [200, { messages, tokens_before: 10, tokens_after: 4, tokens_saved: 6, compression_ratio: 0.4, handles: ["3f9a2c7b"], ccr_hashes: [], blocks: [] }];
};
const files = () => [
  { type: "file", mediaType: "image/png", data: new Uint8Array([137, 80, 78, 71]) },
  { type: "file", mediaType: "image/png", data: new URL("https://x/y.png") },
  { type: "file", mediaType: "image/png", data: { type: "data", data: Buffer.from([137, 80]) } },
  { type: "image", image: Buffer.from([137, 80]) },
];

test("files beside a pasted text stay the files that they are", async (t) => {
  const proxy = await fakeProxy(t, smallPastes);
  for (const file of files()) {
    const pasted = { role: "user", content: [{ type: "text", text: "a long paste", providerOptions: { p: {} } }, file] };
    const wrapped = withHeadroom(model, { ...proxy, token: "t" });
    const made = [(await wrapped.doGenerate({ prompt: [pasted] })).prompt, (await compress([pasted], { ...proxy, token: "t" })).messages];
    for (const [message] of made) {
      assert.deepEqual(message.content[0], { type: "text", text: "small", providerOptions: { p: {} } });
      assert.equal(message.content[1], file);
    }
  }
  assert.ok(proxy.asked.every(({ body }) => !JSON.stringify(body).includes("137")));
});

test("what is no JSON stays what it is in every format", async (t) => {
  const proxy = await fakeProxy(t, (request, body) => {
    if (body.messages[0].parts) body.messages[0].parts[0].text = "small";
    return smallPastes(request, body);
  });
  const bytes = new Uint8Array(3);
  const [date, inlineData] = [new Date(0), { mimeType: "image/png", data: bytes }];
  const { messages } = await compress([{ role: "user", content: [{ type: "text", text: "long" }, { type: "x", bytes }], date }], { ...proxy, token: "t" });
  assert.deepEqual([messages[0].content[0].text, messages[0].content[1].bytes, messages[0].date], ["small", bytes, date]);
  const gemini = await compress([{ role: "user", parts: [{ text: "long" }, { inlineData }] }], { ...proxy, token: "t" });
  assert.deepEqual(gemini.messages[0].parts[0], { text: "small" });
  assert.equal(gemini.messages[0].parts[1].inlineData, inlineData);
});

test("no digit of a file is written down", async (t) => {
  const untold = (bytes) => Object.defineProperty(bytes, "toJSON", { value: () => assert.fail("written down") });
  const given = [{ type: "file", mediaType: "image/png", data: untold(Buffer.alloc(3)) }, { type: "x", data: untold(new Uint8Array(3)) }];
  for (const answer of [smallPastes, refusing(503, "unavailable")]) {
    const proxy = await fakeProxy(t, answer);
    for (const part of given) {
      const messages = [{ role: "user", content: [{ type: "text", text: "long" }, part] }];
      const made = await compress(messages, { ...proxy, token: "t", retries: 0, onFallback: () => {} });
      assert.equal(made.messages[0].content[1], part);
    }
  }
});

test("a prompt is carried the same way from its first turn on", async (t) => {
  const proxy = await fakeProxy(t, nothing);
  const { transformParams } = headroomMiddleware({ ...proxy, token: "t" });
  const first = [{ role: "user", content: [{ type: "text", text: "x", providerOptions: { p: {} } }], providerOptions: { p: {} } }];
  const called = { role: "assistant", content: [call] };
  for (const prompt of [first, [...first, called]]) await transformParams({ params: { prompt }, model, type: "generate" });
  const [one, two] = proxy.asked.map(({ body }) => body.messages[0]);
  assert.deepEqual(one, two);
});

const image = { type: "media", data: "AAAA", mediaType: "image/png" };
const OUTPUTS = [
  [{ type: "json", value: { a: [1] } }, '{"a":[1]}', { type: "text", value: "small" }],
  [{ type: "error-text", value: "Error: x" }, "Error: x", { type: "error-text", value: "small" }],
  [{ type: "error-json", value: { e: 1 } }, '{"e":1}', { type: "error-text", value: "small" }],
  [{ type: "execution-denied", reason: "no" }, [{ type: "other", kind: "execution-denied" }], { type: "execution-denied", reason: "no" }],
  [
    { type: "content", value: [{ type: "text", text: "long" }, image] },
    [{ type: "text", text: "long" }, { type: "other", kind: "media" }],
    { type: "content", value: [{ type: "text", text: "small" }, image] },
  ],
];

for (const [output, carried, made] of OUTPUTS) {
  test(`output of type ${output.type}`, async (t) => {
    const proxy = await fakeProxy(t, small);
    const { messages } = await compress(prompt(output), { ...proxy, token: "t" });
    assert.deepEqual(proxy.asked[0].body.messages[3].content, carried);
    assert.deepEqual(messages[3], result(made));
  });
}

test("several results in one message, and results of older versions", async (t) => {
  const proxy = await fakeProxy(t, small);
  const old = { type: "tool-result", toolCallId: "d", toolName: "logs", result: { a: 1 } };
  const given = [{ role: "tool", content: [...result({ type: "text", value: "x" }).content, old] }];
  const { messages } = await compress(given, { ...proxy, token: "t" });
  assert.deepEqual(proxy.asked[0].body.messages.map((m) => m.content), ["x", '{"a":1}']);
  assert.deepEqual(messages[0].content.map((part) => part.output?.value ?? part.result), ["small", "small"]);
});

const model = { specificationVersion: "v3", provider: "p", modelId: "m-1", doGenerate: async (params) => params, doStream: async (params) => params };

test("middleware and wrapped models", async (t) => {
  const proxy = await fakeProxy(t, small);
  const options = { ...proxy, token: "t" };
  const params = { prompt: prompt({ type: "text", value: "long" }), temperature: 1 };
  const wrapped = withHeadroom(model, options);
  const transformed = await headroomMiddleware(options).transformParams({ params, model, type: "stream" });
  for (const made of [transformed, await wrapped.doGenerate(params), await wrapped.doStream(params)]) {
    assert.deepEqual([made.prompt[3].content[0].output.value, made.temperature], ["small", 1]);
  }
  assert.deepEqual([wrapped.modelId, wrapped.provider], ["m-1", "p"]);
  assert.ok(proxy.asked.every(({ body }) => body.model === "m-1"));
});

test("the very parameters where nothing is gained, and where nothing can be", async (t) => {
  const params = { prompt: prompt({ type: "text", value: "long" }) };
  for (const answer of [nothing, refusing(401, "unauthorized")]) {
    const proxy = await fakeProxy(t, answer);
    const { transformParams } = headroomMiddleware({ ...proxy, token: "t", onFallback: () => undefined });
    assert.equal(await transformParams({ params, model, type: "generate" }), params);
  }
});

test("messages of other libraries are not carried", async (t) => {
  const proxy = await fakeProxy(t, small);
  const given = chat();
  const { messages } = await compress(given, { ...proxy, token: "t" });
  assert.equal(messages[0], given[0]);
  assert.equal(messages[2].content, "small");
});
