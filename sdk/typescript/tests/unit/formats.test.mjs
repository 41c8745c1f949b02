import assert from "node:assert/strict";
import { test } from "node:test";
import { countTurns, deepCamelCase, deepSnakeCase, detectFormat, extractToolCalls, extractUserQuery, fromOpenAI, toOpenAI } from "headroom-ai";
import { chat } from "./fake_proxy.mjs";

test("what one library alone has tells its messages", () => {
  assert.equal(detectFormat([]), "openai");
  assert.equal(detectFormat([{ role: "user", content: "x" }]), "openai");
  assert.equal(detectFormat([{ role: "user", content: [{ type: "image_url", image_url: { url: "u" } }] }]), "openai");
  assert.equal(detectFormat([{ role: "user", content: [{ type: "image", source: {} }] }]), "anthropic");
  assert.equal(detectFormat([{ role: "user", content: [{ type: "image", image: "…" }] }]), "vercel");
  assert.equal(detectFormat([{ role: "user", content: [{ type: "text", text: "x" }, { type: "file", mediaType: "image/png", data: "AAAA" }] }]), "vercel");
  assert.equal(detectFormat([{ role: "user", content: [{ type: "file", mimeType: "image/png", data: new URL("https://x") }] }]), "vercel");
  assert.equal(detectFormat([{ role: "user", content: [{ type: "file", file: { file_data: "AAAA", filename: "a.pdf" } }] }]), "openai");
  assert.equal(detectFormat([{ role: "assistant", content: [{ type: "reasoning", text: "Hm." }] }]), "vercel");
  assert.equal(detectFormat([null, { role: "user", parts: [{ text: "x" }] }]), "gemini");
});

test("a conversation survives every form", () => {
  const full = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "What fails?" },
    { role: "assistant", content: "I look.", tool_calls: [{ id: "c", type: "function", function: { name: "logs", arguments: '{"of":"app"}' } }] },
    { role: "tool", tool_call_id: "c", content: "a log" },
    { role: "assistant", content: "This." },
  ];
  assert.deepEqual(toOpenAI(fromOpenAI(full, "anthropic")), full);
  assert.deepEqual(toOpenAI(fromOpenAI(full, "vercel")), full);
  assert.equal(toOpenAI(full), full);
  const gemini = toOpenAI(fromOpenAI(full, "gemini"));
  assert.deepEqual(gemini.map((m) => m.role), ["user", "user", "assistant", "tool", "assistant"]);
  assert.deepEqual([gemini[2].tool_calls[0].id, gemini[3].tool_call_id, gemini[3].content], ["logs", "logs", '{"result":"a log"}']);
});

test("a tool's text becomes one of Gemini's objects only where that changes nothing of it", () => {
  const response = (content) => fromOpenAI([{ role: "tool", tool_call_id: "c", content }], "gemini")[0].parts[0].functionResponse.response;
  assert.deepEqual(response('{"ok":true,"n":[1]}'), { ok: true, n: [1] });
  for (const text of ["[1,2]", "7", "null", "{", '{"order_id":9007199254740993}', '{"total":1.10}', '{"a":1,"a":2}', '{ "a": 1 }', '"text"']) {
    assert.deepEqual(response(text), { result: text });
  }
});

test("images", () => {
  const source = { type: "base64", media_type: "image/png", data: "AAAA" };
  const [message] = toOpenAI([{ role: "user", content: [{ type: "text", text: "See" }, { type: "image", source }] }]);
  assert.equal(message.content[1].image_url.url, "data:image/png;base64,AAAA");
  const bytes = new Uint8Array([0, 0, 0]);
  for (const given of ["AAAA", bytes, bytes.buffer, Buffer.from(bytes), { type: "data", data: bytes }, "data:image/png;base64,AAAA"]) {
    const parts = [{ type: "file", mediaType: "image/png", data: given }, { type: "image", mimeType: "image/png", image: given }];
    const [{ content }] = toOpenAI([{ role: "user", content: [{ type: "text", text: "See" }, ...parts] }]);
    const image = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
    assert.deepEqual(content, [{ type: "text", text: "See" }, image, image]);
  }
  for (const data of [new URL("https://x/y"), "https://x/y", { type: "url", url: new URL("https://x/y") }]) {
    const [{ content }] = toOpenAI([{ role: "user", content: [{ type: "file", mediaType: "image/png", data }, { type: "file", mediaType: "text/csv", data }] }]);
    assert.deepEqual(content, [{ type: "image_url", image_url: { url: "https://x/y" } }]);
  }
  const [back] = fromOpenAI([{ role: "user", content: [{ type: "image_url", image_url: { url: "https://x" } }] }], "anthropic");
  assert.deepEqual(back.content, [{ type: "image", source: { type: "url", url: "https://x" } }]);
});

test("calls, turns and questions in every form", () => {
  for (const format of ["openai", "anthropic", "vercel", "gemini"]) {
    const given = fromOpenAI(chat(), format);
    assert.deepEqual(extractToolCalls(given), ["logs"], format);
    assert.equal(extractUserQuery(given), "What fails?", format);
  }
  assert.equal(countTurns(chat()), 1);
  assert.equal(extractUserQuery([{ role: "assistant", content: "x" }]), "");
});

test("names of members, but not of what a member lists", () => {
  const proxys = { tokens_before: 1, run: { models: { "gpt_4": 2 }, cache_write_5m: 3, uptime_s: 4 }, a: [{ b_c: null }], _x: 1 };
  const ours = { tokensBefore: 1, run: { models: { "gpt_4": 2 }, cacheWrite5m: 3, uptimeS: 4 }, a: [{ bC: null }], _x: 1 };
  assert.deepEqual(deepCamelCase(proxys), ours);
  assert.deepEqual(deepSnakeCase({ aB: [{ cD: 1 }] }), { a_b: [{ c_d: 1 }] });
});
