// The same conversation with every library: a question, a call for each result, an answer.
import { headroomMiddleware, withHeadroom } from "headroom-ai";

const wrap = (client, { headroom }) => (headroom ? withHeadroom(client, headroom) : client);

async function* openaiChat(library, talk) {
  const { default: OpenAI } = await import(library);
  const client = wrap(new OpenAI({ baseURL: `${talk.base}/v1`, apiKey: "k", maxRetries: 0 }), talk);
  const tools = [{ type: "function", function: { name: talk.tool, parameters: talk.schema } }];
  const messages = [{ role: "user", content: talk.question }];
  for (const result of [...talk.results, null]) {
    const message = talk.stream
      ? await joined(await client.chat.completions.create({ model: "gpt-4.1", messages, tools, stream: true }))
      : (await client.chat.completions.create({ model: "gpt-4.1", messages, tools })).choices[0].message;
    const calls = (message.tool_calls ?? []).map(({ id, type, function: f }) => ({ id, type, function: { name: f.name, arguments: f.arguments } }));
    yield [message.content, calls];
    messages.push({ role: "assistant", content: message.content, ...(calls.length && { tool_calls: calls }) });
    messages.push(...calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: result })));
  }
}

async function joined(stream) {
  const message = { content: "", tool_calls: [] };
  for await (const { choices } of stream) {
    const delta = choices[0]?.delta ?? {};
    message.content += delta.content ?? "";
    for (const { index, ...call } of delta.tool_calls ?? []) {
      const known = (message.tool_calls[index] ??= { ...call, function: { ...call.function, arguments: "" } });
      known.function.arguments += call.function?.arguments ?? "";
    }
  }
  return message;
}

async function* openaiResponses(library, talk) {
  const { default: OpenAI } = await import(library);
  const client = wrap(new OpenAI({ baseURL: `${talk.base}/v1`, apiKey: "k", maxRetries: 0 }), talk);
  const tools = [{ type: "function", name: talk.tool, parameters: talk.schema, strict: false }];
  const input = [{ role: "user", content: talk.question }];
  for (const result of [...talk.results, null]) {
    const asked = { model: "gpt-4.1", input, tools, store: false, include: ["reasoning.encrypted_content"] };
    const answer = talk.stream ? await client.responses.stream(asked).finalResponse() : await client.responses.create(asked);
    yield answer.output.map(({ type, content, name, arguments: given, call_id }) => ({ type, content, name, given, call_id }));
    input.push(...answer.output.map(({ parsed_arguments, ...item }) => item));
    const calls = answer.output.filter((item) => item.type === "function_call");
    input.push(...calls.map((call) => ({ type: "function_call_output", call_id: call.call_id, output: result })));
  }
}

async function* anthropic(library, talk) {
  const { default: Anthropic } = await import(library);
  const client = wrap(new Anthropic({ baseURL: talk.base, apiKey: "k", maxRetries: 0 }), talk);
  const tools = [{ name: talk.tool, input_schema: talk.schema }];
  const messages = [{ role: "user", content: talk.question }];
  for (const result of [...talk.results, null]) {
    const asked = { model: "claude-sonnet-4-5", max_tokens: 1024, messages, tools };
    const { content } = talk.stream ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked);
    yield content;
    messages.push({ role: "assistant", content });
    const results = content.filter((b) => b.type === "tool_use").map((b) => ({ type: "tool_result", tool_use_id: b.id, content: result }));
    if (results.length) messages.push({ role: "user", content: results });
  }
}

const declared = (talk) => {
  const properties = { command: { type: "STRING" } };
  return [{ functionDeclarations: [{ name: talk.tool, parameters: { type: "OBJECT", properties, required: ["command"] } }] }];
};

async function* genai(library, talk) {
  const { GoogleGenAI } = await import(library);
  const client = wrap(new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: talk.base } }), talk);
  const contents = [{ role: "user", parts: [{ text: talk.question }] }];
  for (const result of [...talk.results, null]) {
    const asked = { model: "gemini-2.5-flash", contents, config: { tools: declared(talk) } };
    const parts = talk.stream ? await collected(await client.models.generateContentStream(asked)) : parted(await client.models.generateContent(asked));
    yield parts;
    contents.push({ role: "model", parts });
    const calls = parts.filter((part) => part.functionCall);
    const answer = ({ functionCall: { id, name } }) => ({ functionResponse: { ...(id && { id }), name, response: { output: result } } });
    if (calls.length) contents.push({ role: "user", parts: calls.map(answer) });
  }
}

const parted = (response) => response.candidates[0].content.parts;

async function collected(stream) {
  const parts = [];
  for await (const response of stream) parts.push(...(response.candidates?.[0]?.content?.parts ?? []));
  return parts;
}

async function* genaiChat(library, talk) {
  const { GoogleGenAI } = await import(library);
  const client = wrap(new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: talk.base } }), talk);
  const chat = client.chats.create({ model: "gemini-2.5-flash", config: { tools: declared(talk) } });
  let message = talk.question;
  for (const result of [...talk.results, null]) {
    const parts = talk.stream ? await collected(await chat.sendMessageStream({ message })) : parted(await chat.sendMessage({ message }));
    yield parts;
    const calls = parts.filter((part) => part.functionCall);
    message = calls.map(({ functionCall: { id, name } }) => ({ functionResponse: { ...(id && { id }), name, response: { output: result } } }));
  }
}

// Vercel's `ai` leads the conversation itself: it runs the tool and asks again.
async function* vercel(library, provider, talk) {
  const ai = await import(library);
  const { createOpenAI } = await import(provider);
  const bare = createOpenAI({ apiKey: "k", baseURL: `${talk.base}/v1` }).chat("gpt-4.1");
  const middle = talk.headroom && ai.wrapLanguageModel({ model: bare, middleware: headroomMiddleware(talk.headroom) });
  const model = !talk.headroom ? bare : talk.stream ? middle : withHeadroom(bare, talk.headroom);
  const results = talk.results.values();
  const tool = { description: "", inputSchema: ai.jsonSchema(talk.schema), execute: () => results.next().value };
  const tools = { [talk.tool]: tool };
  const asked = { model, prompt: talk.question, tools, maxRetries: 0, stopWhen: ai.stepCountIs(talk.results.length + 1) };
  if (!talk.stream) {
    const done = await ai.generateText(asked);
    yield* done.steps.map(step);
    return;
  }
  let failed;
  const done = ai.streamText({ ...asked, onError: ({ error }) => (failed = error) });
  for await (const _ of done.textStream);
  if (failed) throw failed;
  yield* (await done.steps).map(step);
}

const step = ({ text, toolCalls }) => [text, toolCalls.map(({ toolCallId, toolName, input }) => [toolCallId, toolName, input])];

export const apis = {
  openai_chat: (talk) => openaiChat("openai", talk),
  openai_chat_oldest: (talk) => openaiChat("openai-oldest", talk),
  openai_responses: (talk) => openaiResponses("openai", talk),
  anthropic: (talk) => anthropic("@anthropic-ai/sdk", talk),
  anthropic_oldest: (talk) => anthropic("anthropic-oldest", talk),
  gemini: (talk) => genai("@google/genai", talk),
  gemini_chat: (talk) => genaiChat("@google/genai", talk),
  gemini_oldest: (talk) => genai("genai-oldest", talk),
  vercel_v7: (talk) => vercel("ai", "@ai-sdk/openai", talk),
  vercel_v6: (talk) => vercel("ai-v6", "@ai-sdk/openai-v3", talk),
  vercel_v5: (talk) => vercel("ai-v5", "@ai-sdk/openai-v2", talk),
};
