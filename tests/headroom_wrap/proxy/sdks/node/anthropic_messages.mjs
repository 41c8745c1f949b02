import Anthropic from "@anthropic-ai/sdk";
import { lead } from "./talk.mjs";

await lead(async function* ({ base, question, results, stream, tool, schema }) {
  const client = new Anthropic({ baseURL: base, apiKey: "k", maxRetries: 0 });
  const messages = [{ role: "user", content: question }];
  for (const result of [...results, null]) {
    const asked = { model: "claude-sonnet-4-6", max_tokens: 1000, tools: [{ name: tool, input_schema: schema }], messages };
    const answer = stream ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked);
    yield answer;
    const calls = answer.content.filter((block) => block.type === "tool_use");
    messages.push({ role: "assistant", content: answer.content });
    messages.push({ role: "user", content: calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: result })) });
  }
});
