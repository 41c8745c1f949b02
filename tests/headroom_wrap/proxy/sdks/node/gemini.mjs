import { GoogleGenAI } from "@google/genai";
import { lead } from "./talk.mjs";

await lead(async function* ({ base, question, results, stream, tool, schema }) {
  const client = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: base } });
  const config = { tools: [{ functionDeclarations: [{ name: tool, parametersJsonSchema: schema }] }], automaticFunctionCalling: { disable: true } };
  const contents = [{ role: "user", parts: [{ text: question }] }];
  for (const result of [...results, null]) {
    const asked = { model: "gemini-2.5-pro", contents, config };
    const chunks = [];
    if (stream) for await (const chunk of await client.models.generateContentStream(asked)) chunks.push(chunk);
    else chunks.push(await client.models.generateContent(asked));
    yield { chunks: chunks.map(({ sdkHttpResponse, ...chunk }) => chunk) };
    const parts = chunks.flatMap((chunk) => chunk.candidates[0].content.parts ?? []);
    const calls = parts.filter((part) => part.functionCall).map((part) => part.functionCall);
    contents.push({ role: "model", parts });
    contents.push({ role: "user", parts: calls.map((call) => ({ functionResponse: { id: call.id, name: tool, response: { output: result } } })) });
  }
});
