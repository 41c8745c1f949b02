import assert from "node:assert/strict";
import { test } from "node:test";
import { collectStream, parseSSE } from "headroom-ai";

const TEXT = 'event: a\r\ndata: {"n":1}\r\n\r\n: comment\n\ndata:{"t":"äö\u2028"}\n\nid: 3\n\ndata: {"m":\rdata: 2}\r\rdata: [DONE]\n\n';
const EVENTS = [{ n: 1 }, { t: "äö\u2028" }, { m: 2 }];

function streamed(bytes, size) {
  const pieces = [];
  for (let i = 0; i < bytes.length; i += size) pieces.push(bytes.slice(i, i + size));
  let cancelled = false;
  const body = new ReadableStream({ pull: (c) => (pieces.length ? c.enqueue(pieces.shift()) : c.close()), cancel: () => void (cancelled = true) });
  return { response: new Response(body), cancelled: () => cancelled };
}

for (const size of [1, 2, 3, 7, 1000]) {
  test(`events in pieces of ${size} bytes`, async () => {
    assert.deepEqual(await collectStream(parseSSE(streamed(new TextEncoder().encode(TEXT), size).response)), EVENTS);
  });
}

test("a piece of nothing between the halves of an end of line", async () => {
  const pieces = ['data: {"a":\r', "", "\ndata: 1}\r\n\r\n"].map((text) => new TextEncoder().encode(text));
  const body = new ReadableStream({ pull: (c) => (pieces.length ? c.enqueue(pieces.shift()) : c.close()) });
  assert.deepEqual(await collectStream(parseSSE(new Response(body))), [{ a: 1 }]);
});

test("who stops listening gives the connection back", async () => {
  const { response, cancelled } = streamed(new TextEncoder().encode(TEXT), 30);
  for await (const event of parseSSE(response)) {
    assert.deepEqual(event, { n: 1 });
    break;
  }
  assert.ok(cancelled());
});

test("a long line in many pieces takes its time once", async () => {
  const long = `data: "${"x".repeat(3_000_000)}"\n\n`;
  const began = performance.now();
  const [text] = await collectStream(parseSSE(streamed(new TextEncoder().encode(long), 200).response));
  assert.equal(text.length, 3_000_000);
  assert.ok(performance.now() - began < 5_000);
});

test("no body, no events", async () => assert.deepEqual(await collectStream(parseSSE(new Response(null))), []));
