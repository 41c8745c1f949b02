import assert from "node:assert/strict";
import { test } from "node:test";
import { compress, CompressionHooks, HeadroomClient, withHeadroom } from "headroom-ai";
import { hashed } from "../../dist/esm/hash.js";
import { Sent } from "../../dist/esm/sent.js";
import { fakeProxy, refusing, small } from "./fake_proxy.mjs";

const turn = (n) => [
  { role: "assistant", content: null, tool_calls: [{ id: `c${n}`, type: "function", function: { name: "read", arguments: "{}" } }] },
  { role: "tool", tool_call_id: `c${n}`, content: `a long text, ${n}` },
];
const conversation = (turns, question = "go") => [{ role: "user", content: question }, ...Array.from({ length: turns }, (_, n) => turn(n)).flat()];
const results = (messages) => messages.filter((m) => m.role === "tool").map((m) => m.content);
const less = (messages) => messages.map((m) => (m.role === "tool" ? { ...m, content: "less" } : m));

test("a proxy that is away for a while breaks no prefix", async (t) => {
  const away = refusing(503, "unavailable");
  const proxy = await fakeProxy(t, small, away, small, away, small);
  const failures = [];
  const client = new HeadroomClient({ ...proxy, token: "t", retries: 0, onFallback: (error) => failures.push(error.name) });
  const sent = [];
  for (const turns of [1, 2, 3, 4, 5]) sent.push((await client.compress(conversation(turns))).messages);
  assert.deepEqual(results(sent[4]), ["small", "a long text, 1", "small", "a long text, 3", "small"]);
  for (const [i, longer] of sent.slice(1).entries()) assert.ok(JSON.stringify(longer).startsWith(JSON.stringify(sent[i]).slice(0, -1)));
  assert.equal(failures.length, 2);
  assert.deepEqual(results((await client.compress(conversation(2, "another"))).messages), ["small", "small"], "what stood before it was another thing");
});

/** Leaves something out of every tool's text, and says of what. */
const marking = (_request, { messages }) => {
  const handles = [];
  const made = messages.map((m, n) => (m.role === "tool" ? { ...m, content: `less [headroom ${handles[handles.push(`${n}`.repeat(8)) - 1]}: …]` } : m));
  return [200, { messages: made, tokens_before: 10, tokens_after: 4, tokens_saved: 6, compression_ratio: 0.4, handles, ccr_hashes: handles, blocks: [] }];
};

test("what was given back before has its handles when the proxy is away", async (t) => {
  const proxy = await fakeProxy(t, marking, refusing(503, "unavailable"));
  const client = new HeadroomClient({ ...proxy, token: "t", retries: 0, onFallback: () => {} });
  const first = await client.compress(conversation(2));
  assert.deepEqual(first.handles, ["22222222", "44444444"]);
  const away = await client.compress(conversation(3));
  assert.deepEqual([away.compressed, away.handles, away.ccrHashes], [false, first.handles, first.handles]);
  assert.deepEqual(away.messages.slice(0, 5), first.messages);
  assert.deepEqual((await client.compress(conversation(1))).handles, ["22222222"]);
  assert.deepEqual((await client.compress(conversation(1, "another"))).handles, []);
});

for (const status of [400, 401, 413]) {
  test(`… and is given back where the proxy refuses with ${status}, too, if nothing may be thrown`, async (t) => {
    const proxy = await fakeProxy(t, marking, refusing(status, "no"), marking);
    const sent = [];
    const create = async (request) => sent.push(request.messages);
    const failures = [];
    const hooks = Object.assign(new CompressionHooks(), { preCompress: (messages) => messages.filter((m) => m.content !== "left out by the application") });
    const wrapped = withHeadroom({ messages: { create } }, { ...proxy, token: "t", retries: 0, hooks, onFallback: (error) => failures.push(error) });
    const also = { role: "user", content: "left out by the application" };
    for (const turns of [1, 2, 3]) await wrapped.messages.create({ model: "m", messages: [also, ...conversation(turns)] });
    for (const [i, longer] of sent.slice(1).entries()) assert.ok(JSON.stringify(longer).startsWith(JSON.stringify(sent[i]).slice(0, -1)));
    assert.equal(results(sent[1])[1], "a long text, 1");
    assert.notEqual(results(sent[2])[2], "a long text, 2");
    assert.equal(failures.length, 1);
    await assert.rejects(compress(conversation(1), { ...(await fakeProxy(t, refusing(status, "no"))), token: "t" }));
  });
}

test("a hook that fails changes nothing of what was given back", async (t) => {
  const proxy = await fakeProxy(t, marking);
  const sent = [];
  let told = 0;
  const hooks = Object.assign(new CompressionHooks(), {
    preCompress: (messages) => messages.filter((m) => m.content !== "left out by the application"),
    postCompress: () => {
      if (++told === 2) throw new Error("the application's own");
    },
  });
  const also = { role: "user", content: "left out by the application" };
  const options = { ...proxy, token: "t", retries: 0, hooks, onFallback: () => {} };
  const wrapped = withHeadroom({ messages: { create: async (request) => sent.push(request.messages) } }, options);
  for (const turns of [1, 2, 3]) await wrapped.messages.create({ model: "m", messages: [also, ...conversation(turns)] });
  assert.ok(!JSON.stringify(sent).includes(also.content));
  for (const [i, longer] of sent.slice(1).entries()) assert.ok(JSON.stringify(longer).startsWith(JSON.stringify(sent[i]).slice(0, -1)));
});

test("functions among the options make no new client for every request", async (t) => {
  const proxy = await fakeProxy(t, refusing(503, "unavailable"), small);
  const options = { ...proxy, token: "t", retries: 0, onFallback: () => {}, fetch: (...asked) => fetch(...asked) };
  await compress(conversation(1), options);
  assert.deepEqual(results((await compress(conversation(2), { ...options })).messages), ["a long text, 0", "small"]);
  assert.deepEqual(results((await compress(conversation(2), { ...options, onFallback: () => {} })).messages), ["small", "small"], "another's");
});

test("an application of many proxies' options keeps what it goes on using", async () => {
  let away = false;
  const send = async (_url, { body }) => {
    if (away) throw new TypeError("away");
    const [status, answer] = small(undefined, JSON.parse(body));
    return Response.json(answer, { status });
  };
  const options = { token: "t", retries: 0, fetch: send, onFallback: () => {} };
  const said = async (timeout) => results((await compress(conversation(1), { ...options, timeout })).messages);
  assert.deepEqual([await said(9_000), await said(9_001)], [["small"], ["small"]]);
  away = true;
  for (let n = 0; n < 150; n++) {
    await said(10_000 + n);
    assert.deepEqual(await said(9_000), ["small"]);
  }
  assert.deepEqual(await said(9_001), ["a long text, 0"], "what it used once it does not keep for ever");
});

test("what is asked for otherwise is another conversation", () => {
  const sent = new Sent();
  const messages = conversation(1);
  assert.equal(sent.settle({}, messages, messages).messages, messages);
  assert.equal(sent.settle({}, messages, less(messages)).messages, messages, "it went as it was");
  assert.deepEqual(results(sent.settle({ profile: "aggressive" }, messages, less(messages)).messages), ["less"]);
});

test("a message is given back as the object that it was", () => {
  const sent = new Sent();
  const messages = [...conversation(1), { role: "user", content: [{ type: "file", data: new Uint8Array(3) }] }];
  const first = sent.settle({}, messages, less(messages)).messages;
  assert.equal(first[3], messages[3]);
  const again = sent.settle({}, structuredClone(messages), structuredClone(messages)).messages;
  assert.equal(again[2], first[2]);
  assert.ok(again[3].content[0].data instanceof Uint8Array);
});

test("a conversation with images of many megabytes keeps its beginning too", async (t) => {
  const url = `data:image/png;base64,${"A".repeat(9_000_000)}`;
  const seen = [{ role: "user", content: [{ type: "text", text: "What is on it?" }, { type: "image_url", image_url: { url } }] }, ...turn(0)];
  const client = new HeadroomClient({ ...(await fakeProxy(t, small, small, refusing(503, "no"))), token: "t", retries: 0, onFallback: () => {} });
  for (const more of [[], turn(1)]) assert.equal((await client.compress([...seen, ...more])).messages[2].content, "small");
  const away = await client.compress([...seen, ...turn(1), ...turn(2)]);
  assert.deepEqual(results(away.messages), ["small", "small", "a long text, 2"]);
  const other = [{ role: "user", content: [seen[0].content[0], { type: "image_url", image_url: { url: `${url.slice(0, -1)}B` } }] }, ...turn(0)];
  assert.deepEqual(results((await client.compress(other)).messages), ["a long text, 0"], "another image, another conversation");
});

test("what is long is dropped before what is being said, however long that is", () => {
  const sent = new Sent(1000);
  const longer = (turns) => conversation(turns, "?".repeat(3000));
  for (const turns of [1, 2, 3, 4]) {
    const other = conversation(1, `another ${turns}`);
    sent.settle({}, other, other);
    sent.settle({}, longer(turns), less(longer(turns)));
    assert.deepEqual(results(sent.settle({}, longer(turns), longer(turns)).messages), Array(turns).fill("less"));
  }
});

test("branches of what is being said are dropped, and what they have in common with it stays", () => {
  const sent = new Sent(2000);
  const branch = (n) => [...conversation(1), { role: "user", content: `${n}: ${"?".repeat(300)}` }];
  for (let n = 0; n < 50; n++) sent.settle({}, branch(n), n ? branch(n) : less(branch(n)));
  assert.deepEqual(results(sent.settle({}, branch(0), branch(0)).messages), ["less"]);
});

test("long messages are told apart by their hashes", () => {
  const key = [1, 2];
  const texts = ["", "a", "b", "ab", "ba", "abc", "abd", "ab\0", "漢字", `${"x".repeat(999)}y`, `${"x".repeat(999)}z`, "x".repeat(1000)];
  assert.equal(new Set(texts.map((text) => hashed(text, key))).size, texts.length);
  for (const text of texts) {
    assert.equal(hashed(text, key), hashed(`${text}!`.slice(0, -1), key));
    assert.notEqual(hashed(text, key), hashed(text, [1, 3]), "who does not know the key cannot make another text of the same hash");
  }
});

test("not more is kept than may be", () => {
  const sent = new Sent(1000);
  const first = conversation(1);
  sent.settle({}, first, first);
  for (let n = 0; n < 10; n++) sent.settle({}, conversation(1, `another ${n}`), conversation(1, `another ${n}`));
  assert.deepEqual(results(sent.settle({}, first, less(first)).messages), ["less"], "it was forgotten");
});
