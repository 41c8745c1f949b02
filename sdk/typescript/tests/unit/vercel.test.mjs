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
