import assert from "node:assert/strict";
import { test } from "node:test";
import { headroomMiddleware, retrieveTool } from "headroom-ai";
import { policyFor } from "../../dist/esm/wrap/offer.js";
import { fakeProxy, nothing } from "./fake_proxy.mjs";

test("something may be left out where the model can fetch it", () => {
  for (const provider of ["openai", "openai-responses", "anthropic", "gemini"]) {
    assert.deepEqual(policyFor([{ type: "web_search" }, retrieveTool(provider)], undefined), { elide: true }, provider);
  }
  assert.deepEqual(policyFor([{ name: "mcp__headroom__headroom_retrieve" }], undefined), { elide: true });
});

test("and nowhere else, unless the application says so", () => {
  for (const tools of [undefined, [], [null], [{ name: "other" }], {}]) assert.deepEqual(policyFor(tools, undefined), { elide: false });
  assert.deepEqual(policyFor([], { elide: true, floorTokens: 1 }), { elide: true, floorTokens: 1 });
});

test("a model's tools are those of its call", async (t) => {
  const proxy = await fakeProxy(t, nothing);
  const { transformParams } = headroomMiddleware({ ...proxy, token: "t" });
  const prompt = [{ role: "user", content: [{ type: "text", text: "x" }] }];
  for (const tools of [[{ type: "function", name: "headroom_retrieve" }], []]) await transformParams({ params: { prompt, tools }, model: {}, type: "generate" });
  assert.deepEqual(proxy.asked.map(({ body }) => body.options.elide), [true, false]);
});
