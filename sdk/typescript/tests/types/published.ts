// What programs written for other versions of this package do, as its documentation shows it: type-checked, and run against a real proxy.
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenerativeAI } from "@google/generative-ai";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, wrapLanguageModel } from "ai";
import OpenAI from "openai";
import {
  CacheError,
  camelToSnake,
  collectStream,
  compress,
  CompressionHooks,
  ConfigurationError,
  countTurns,
  deepCamelCase,
  deepSnakeCase,
  detectFormat,
  extractToolCalls,
  extractUserQuery,
  fromOpenAI,
  HeadroomAuthError,
  HeadroomClient,
  HeadroomCompressError,
  HeadroomConnectionError,
  HeadroomError,
  mapProxyError,
  parseSSE,
  ProviderError,
  SharedContext,
  simulate,
  snakeToCamel,
  StorageError,
  TokenizationError,
  toOpenAI,
  TransformError,
  ValidationError,
} from "headroom-ai";
import type {
  CompressContext,
  CompressEvent,
  CompressResult,
  HeadroomClientInterface,
  HeadroomConfig,
  OpenAIMessage,
  SmartCrusherConfig,
  CCRConfig,
} from "headroom-ai";
import { withHeadroom as withAnthropic } from "headroom-ai/anthropic";
import { withHeadroom as withGemini } from "headroom-ai/gemini";
import { withHeadroom as withOpenAI } from "headroom-ai/openai";
import { compressVercelMessages, headroomMiddleware, withHeadroom } from "headroom-ai/vercel-ai";

const { OPENAI_URL, ANTHROPIC_URL, GEMINI_URL, BULK, NOBODY } = process.env as Record<string, string>;

const messages: OpenAIMessage[] = [
  { role: "user", content: "Published: what fails?" },
  { role: "assistant", content: null, tool_calls: [{ id: "call_1", type: "function", function: { name: "logs", arguments: '{"of":"app"}' } }] },
  { role: "tool", tool_call_id: "call_1", content: BULK! },
];
const config: HeadroomConfig = {
  defaultMode: "optimize",
  smartCrusher: { enabled: true, minItemsToAnalyze: 5, relevance: { tier: "hybrid", relevanceThreshold: 0.25 }, anchor: { anchorBudgetPct: 0.25 } },
  ccr: { enabled: true, injectTool: true },
  cacheOptimizer: { enabled: true, autoDetectProvider: true },
  intelligentContext: { enabled: true, useImportanceScoring: true },
};
const crusher: SmartCrusherConfig = { enabled: true, maxItemsAfterCrush: 10 };
const ccr: CCRConfig = { enabled: true };

// Functions

const result: CompressResult = await compress(messages, { model: "gpt-4o", timeout: 30000, fallback: true, retries: 1, tokenBudget: 4000 });
assert.ok(result.compressed && result.tokensSaved > 0 && result.compressionRatio < 1);
assert.equal(result.tokensBefore - result.tokensAfter, result.tokensSaved);
assert.ok(result.transformsApplied.length > 0 && result.ccrHashes.length > 0);

const simulated = await simulate(messages, { model: "gpt-4o" });
assert.deepEqual([simulated.tokensSaved, simulated.transforms], [result.tokensSaved, result.transformsApplied]);
assert.match(simulated.estimatedSavings, /%$/);
assert.deepEqual([typeof simulated.cacheAlignmentScore, typeof simulated.wasteSignals], ["number", "object"]);

const events: CompressEvent[] = [];
class MyHooks extends CompressionHooks {
  override preCompress(given: any[], ctx: CompressContext) {
    assert.deepEqual([ctx.model, ctx.userQuery, ctx.turnNumber, ctx.toolCalls], ["gpt-4o", "Published: what fails?", 1, ["logs"]]);
    return [{ role: "system", content: "Always preserve error details." }, ...given];
  }
  override computeBiases(_messages: any[], _ctx: CompressContext) {
    return { 0: 2.0 };
  }
  override postCompress(event: CompressEvent) {
    events.push(event);
  }
}
const hooked = await compress(messages, { model: "gpt-4o", hooks: new MyHooks() });
assert.equal(hooked.messages.length, 4);
assert.ok(events[0]!.tokensSaved > 0 && events[0]!.transformsApplied.length > 0);

const standIn: HeadroomClientInterface = { compress: async (given) => ({ ...result, messages: given }) };
assert.deepEqual((await compress(messages, { client: standIn })).messages, messages);

// The client

const client = new HeadroomClient({ providerApiKey: "sk-published", config });
const direct = await client.compress(messages, { model: "gpt-4o", tokenBudget: 4000 });
for (const hash of direct.ccrHashes) {
  const original = await client.retrieve(hash);
  assert.ok(!("results" in original) && original.originalContent === BULK && original.originalTokens > 0 && original.toolName !== undefined);
}
const found = await client.retrieve(direct.ccrHashes[0]!, { query: "ERROR" });
assert.ok("results" in found && found.count === found.results.length && found.count > 0);

const asked = { id: "call_2", type: "function", function: { name: "headroom_retrieve", arguments: JSON.stringify({ hash: direct.ccrHashes[0] }) } };
const toolResult = await client.handleToolCall({ toolCall: asked, provider: "openai" });
assert.deepEqual(toolResult, { role: "tool", tool_call_id: "call_2", content: BULK });

const chat = await client.chat.completions.create({ model: "gpt-4.1", messages: [messages[0]!], headroomMode: "optimize" });
assert.equal(chat.choices[0].message.content, "Answered.");
const chunks = await client.chat.completions.create({ model: "gpt-4.1", messages: [messages[0]!], stream: true });
assert.ok((await collectStream(chunks)).length > 1);
const said = await client.messages.create({ model: "claude-sonnet-4-5", messages: [messages[0]!], max_tokens: 1024, headroomMode: "optimize" });
assert.equal(said.content[0].text, "Answered.");
const stream = await client.messages.stream({ model: "claude-sonnet-4-5", messages: [messages[0]!], max_tokens: 1024 });
assert.equal((await collectStream<any>(stream)).at(-1).type, "message_stop");
assert.ok((await client.chat.completions.simulate({ model: "gpt-4o", messages })).tokensSaved > 0);
assert.ok((await client.messages.simulate({ model: "claude-sonnet-4-5", messages })).tokensSaved > 0);

const health = await client.health();
assert.deepEqual([health.status, typeof health.version, health.config.optimize], ["healthy", "string", true]);
const figures = await client.proxyStats();
assert.ok(figures.requests.total > 0 && figures.tokens.saved > 0 && figures.tokens.savingsPercent > 0 && figures.latency.maxMs >= 0);
assert.ok(Array.isArray(await client.getMetrics({ model: "gpt-4o", limit: 10 })));
assert.ok((await client.getSummary()).totalTokensSaved > 0);
assert.ok((await client.getStats()).totalRequests > 0);
assert.deepEqual((await client.validateSetup()).errors, []);
assert.equal(typeof (await client.clearCache()).status, "string");
assert.match(await client.prometheusMetrics(), /^# /m);
assert.ok((await client.memoryUsage()).processMemory.rss > 0);
assert.ok((await client.getCCRStats()).store.retrievals > 0);
assert.equal((await client.telemetry.getStats()).enabled, false);
assert.deepEqual(await client.telemetry.getTools(), []);
assert.equal((await client.feedback.getHints("list_servers")).hints.skipCompression, false);
assert.equal((await client.toin.getStats()).enabled, false);
assert.deepEqual(await client.toin.getPatterns(20), []);
client.close();

const shared = new SharedContext({ model: "gpt-4o", ttl: 3600, maxEntries: 100 });
const entry = await shared.put("research", BULK!, { agent: "researcher" });
assert.ok(entry.savingsPercent > 0 && shared.get("research")!.length < BULK!.length);
assert.equal(shared.get("research", { full: true }), BULK);
assert.ok(shared.stats().entries === 1 && shared.stats().totalTokensSaved > 0);

// Wrappers

const openai = withOpenAI(new OpenAI({ apiKey: "k", baseURL: `${OPENAI_URL}/v1` }));
const completion = await openai.chat.completions.create({ model: "gpt-4.1", messages: [{ role: "user", content: "Hello" }] });
assert.equal(completion.choices[0]!.message.content, "Answered.");
const anthropic = withAnthropic(new Anthropic({ apiKey: "k", baseURL: ANTHROPIC_URL }));
const message = await anthropic.messages.create({ model: "claude-sonnet-4-5", messages: [{ role: "user", content: "Hello" }], max_tokens: 1024 });
assert.equal(message.content[0]!.type, "text");
const gemini = withGemini(new GoogleGenerativeAI("k").getGenerativeModel({ model: "gemini-2.5-flash" }, { baseUrl: GEMINI_URL! }));
const contents = [
  { role: "user", parts: [{ text: "Published: what fails?" }] },
  { role: "model", parts: [{ functionCall: { name: "logs", args: {} } }] },
  { role: "user", parts: [{ functionResponse: { name: "logs", response: { output: BULK } } }] },
];
assert.equal((await gemini.generateContent({ contents: [contents[0]!] })).response.text(), "Answered.");
const model = withHeadroom(createOpenAI({ apiKey: "k", baseURL: `${OPENAI_URL}/v1` }).chat("gpt-4.1"));
assert.equal((await generateText({ model, prompt: "Hello" })).text, "Answered.");
const wrapped = wrapLanguageModel({ model, middleware: headroomMiddleware({ baseUrl: process.env.HEADROOM_BASE_URL }) });
assert.equal((await generateText({ model: wrapped, prompt: "Hello" })).text, "Answered.");

// Formats and the rest

for (const format of ["openai", "anthropic", "vercel", "gemini"] as const) {
  const given = fromOpenAI(messages, format);
  assert.equal(detectFormat(given), format);
  assert.deepEqual(toOpenAI(given)[0], messages[0]);
  assert.ok((await compress(given, { model: "gpt-4o" })).tokensSaved > 0, format);
}
assert.ok((await compressVercelMessages(fromOpenAI(messages, "vercel"))).tokensSaved > 0);
assert.deepEqual(deepCamelCase({ tokens_before: 100 }), { tokensBefore: 100 });
assert.deepEqual(deepSnakeCase({ tokensBefore: 100 }), { tokens_before: 100 });
assert.deepEqual([snakeToCamel("a_b"), camelToSnake("aB")], ["aB", "a_b"]);
assert.deepEqual([extractUserQuery(messages), countTurns(messages), extractToolCalls(messages)], ["Published: what fails?", 1, ["logs"]]);
assert.deepEqual(await collectStream(parseSSE(new Response('data: {"a":1}\n\ndata: [DONE]\n\n'))), [{ a: 1 }]);
for (const Kind of [ConfigurationError, ProviderError, StorageError, TokenizationError, CacheError, ValidationError, TransformError]) {
  assert.deepEqual(new Kind("no", { a: 1 }).details, { a: 1 });
}
assert.ok(mapProxyError(401, "x", "no") instanceof HeadroomAuthError);

try {
  await new HeadroomClient({ apiKey: "another-token-altogether" }).compress(messages);
  assert.fail("a wrong token was admitted");
} catch (error) {
  assert.ok(error instanceof HeadroomAuthError && error instanceof HeadroomError);
}
await assert.rejects(client.retrieve("00000000"), (error) => error instanceof HeadroomCompressError && error.statusCode === 404);
const away = { baseUrl: NOBODY, retries: 0 };
assert.deepEqual((await compress(messages, { ...away, onFallback: () => undefined })).messages, messages);
await assert.rejects(compress(messages, { ...away, fallback: false }), HeadroomConnectionError);
console.log("all of it works");
