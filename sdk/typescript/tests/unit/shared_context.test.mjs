import assert from "node:assert/strict";
import { test } from "node:test";
import { HeadroomClient, retrieveTool, SharedContext, simulate } from "headroom-ai";
import { chat, fakeProxy, refusing, small } from "./fake_proxy.mjs";

test("texts by key", async (t) => {
  const proxy = await fakeProxy(t, small);
  const context = new SharedContext({ ...proxy, token: "t", ttl: 60, maxEntries: 2 });
  const entry = await context.put("a", "long text", { agent: "one" });
  assert.deepEqual([entry.compressed, entry.savingsPercent, entry.agent], ["small", 60, "one"]);
  assert.deepEqual([context.get("a"), context.get("a", { full: true }), context.get("b")], ["small", "long text", null]);
  await context.put("b", "long");
  await context.put("a", "newer");
  await context.put("c", "long");
  assert.deepEqual(context.keys(), ["a", "c"]);
  assert.deepEqual(context.stats(), { entries: 2, totalOriginalTokens: 20, totalCompressedTokens: 8, totalTokensSaved: 12, savingsPercent: 60 });
  const later = Date.now() + 61_000;
  t.mock.method(Date, "now", () => later);
  assert.equal(context.get("a"), null);
  await context.put("d", "long");
  context.clear();
  assert.deepEqual([context.keys(), context.stats().savingsPercent], [[], 0]);
});

test("a simulation", async (t) => {
  const proxy = await fakeProxy(t, small);
  const made = await simulate(chat(), { ...proxy, token: "t" });
  assert.deepEqual([made.tokensSaved, made.estimatedSavings], [6, "60.0%"]);
});

const whole = () => [200, { hash: "3f9a2c7b", original_content: "all of it", original_tokens: 3, original_item_count: 1, tool_name: "logs" }];
const some = () => [200, { handle: "3f9a2c7b", text: "3\tit", unit: "line", total: 9, shown: 1 }];

test("a model's calls for what was left out", async (t) => {
  const proxy = await fakeProxy(t, whole, some, some, whole, refusing(404, "not_found"));
  const client = new HeadroomClient({ ...proxy, token: "t" });
  const answer = (toolCall, provider) => client.handleToolCall({ toolCall, provider });
  const name = "headroom_retrieve";
  assert.deepEqual(await answer({ id: "c", type: "function", function: { name, arguments: '{"handle":"3f9a2c7b"}' } }), { role: "tool", tool_call_id: "c", content: "all of it" });
  const block = { type: "tool_use", id: "c", name, input: { handle: "3f9a2c7b", lines: "3" } };
  assert.deepEqual(await answer(block), { type: "tool_result", tool_use_id: "c", content: "3\tit" });
  assert.deepEqual(await answer({ name, args: { handle: "3f9a2c7b", pattern: "it" } }), { functionResponse: { name, response: { output: "3\tit" } } });
  assert.deepEqual(await answer({ type: "function_call", call_id: "c", arguments: '{"handle":"3f9a2c7b"}' }), { type: "function_call_output", call_id: "c", output: "all of it" });
  assert.deepEqual(await answer(block, "anthropic"), { type: "tool_result", tool_use_id: "c", content: "not_found!", is_error: true });
  assert.deepEqual(proxy.asked.map(({ body }) => body), [
    { hash: "3f9a2c7b" },
    { handle: "3f9a2c7b", lines: "3" },
    { handle: "3f9a2c7b", pattern: "it" },
    { hash: "3f9a2c7b" },
    { handle: "3f9a2c7b", lines: "3" },
  ]);
  assert.equal(retrieveTool().function.name, name);
  assert.equal(retrieveTool("anthropic").input_schema.required[0], "handle");
  assert.equal(retrieveTool("gemini").functionDeclarations[0].name, name);
  assert.equal(retrieveTool("openai-responses").parameters.type, "object");
});
