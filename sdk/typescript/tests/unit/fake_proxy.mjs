// A proxy that says what it is told to, and remembers what it was asked.
import { createServer } from "node:http";

/** Answers requests in turn by functions of (request, body) that give back [status, body, headers]; the last one answers all others. */
export async function fakeProxy(t, ...answers) {
  const asked = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const body = text && JSON.parse(text);
    asked.push({ method: request.method, path: request.url, headers: request.headers, body });
    const answer = answers[Math.min(asked.length, answers.length) - 1](request, body);
    if (!answer) return; // never
    const [status, value, headers = {}] = answer;
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof value === "string" ? value : JSON.stringify(value));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { baseUrl: `http://127.0.0.1:${server.address().port}`, asked };
}

/** Makes every tool's text in Chat Completions "small". */
export const small = (_request, body) => {
  const messages = body.messages.map((m) => (m.role === "tool" ? { ...m, content: shrunk(m.content) } : m));
  return [200, { messages, tokens_before: 10, tokens_after: 4, tokens_saved: 6, compression_ratio: 0.4, handles: ["3f9a2c7b"], ccr_hashes: ["3f9a2c7b"], blocks: [] }];
};

const shrunk = (content) => (typeof content === "string" ? "small" : content.map((part) => (part.text === undefined ? part : { ...part, text: "small" })));

/** Changes nothing. */
export const nothing = (_request, body) => [200, { messages: body.messages, tokens_before: 10, tokens_after: 10, tokens_saved: 0, compression_ratio: 1, handles: [], ccr_hashes: [] }];

/** A refusal. */
export const refusing = (status, type, headers) => () => [status, { error: { type, message: `${type}!` } }, headers];

export const chat = () => [
  { role: "user", content: "What fails?" },
  { role: "assistant", content: null, tool_calls: [{ id: "c", type: "function", function: { name: "logs", arguments: "{}" } }] },
  { role: "tool", tool_call_id: "c", content: "a long log" },
];
