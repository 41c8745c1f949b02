import OpenAI from "openai";
import { lead } from "./talk.mjs";

await lead(async function* ({ base, question, results, stream, tool, schema }) {
  const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "k", maxRetries: 0 });
  const tools = [{ type: "function", function: { name: tool, parameters: schema } }];
  const messages = [{ role: "user", content: question }];
  for (const result of [...results, null]) {
    const asked = { model: "gpt-4.1", messages, tools };
    const answer = stream
      ? await client.chat.completions.stream({ ...asked, stream_options: { include_usage: true } }).finalChatCompletion()
      : await client.chat.completions.create(asked);
    yield answer;
    const { content, tool_calls = [] } = answer.choices[0].message;
    const calls = tool_calls.map(({ id, type, function: { name, arguments: given } }) => ({ id, type, function: { name, arguments: given } }));
    messages.push({ role: "assistant", content, ...(calls.length && { tool_calls: calls }) });
    messages.push(...calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: result })));
  }
});
