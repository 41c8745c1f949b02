import OpenAI from "openai";
import { lead } from "./talk.mjs";

await lead(async function* ({ base, question, results, stream, tool, schema }) {
  const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "k", maxRetries: 0 });
  const tools = [{ type: "function", name: tool, parameters: schema, strict: null }];
  const input = [{ role: "user", content: question }];
  for (const result of [...results, null]) {
    const asked = { model: "gpt-6.1-sol", input, tools, store: false };
    const answer = stream ? await client.responses.stream(asked).finalResponse() : await client.responses.create(asked);
    yield answer;
    const made = answer.output.map(({ parsed_arguments, ...item }) => ({
      ...item,
      ...(item.type === "message" && { content: item.content.map(({ parsed, ...part }) => part) }),
    }));
    const calls = made.filter((item) => item.type === "function_call");
    input.push(...made, ...calls.map((call) => ({ type: "function_call_output", call_id: call.call_id, output: result })));
  }
});
