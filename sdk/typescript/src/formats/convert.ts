/** Conversations from one library's form into another's. What the other has no word for is left out: for messages that are sent on, `compress` is the better way. */
import type { OpenAIMessage, ToolCall } from "../types.js";
import { detectFormat, type MessageFormat } from "./detect.js";
import { asObject, asText, textOf } from "./parts.js";

/** Messages of any format as Chat Completions. */
export function toOpenAI(messages: any[]): OpenAIMessage[] {
  const format = detectFormat(messages);
  if (format === "openai") return messages;
  return messages.flatMap(format === "gemini" ? ofGemini : format === "anthropic" ? ofAnthropic : ofVercel);
}

/** Chat Completions in another format. */
export function fromOpenAI(messages: OpenAIMessage[], targetFormat: MessageFormat): any[] {
  if (targetFormat === "openai") return messages;
  const names = new Map(messages.flatMap((m) => (m.role === "assistant" ? (m.tool_calls ?? []) : [])).map((c) => [c.id, c.function.name]));
  const into = { anthropic: toAnthropic, vercel: toVercel, gemini: toGemini }[targetFormat];
  return messages.map((message) => into(message, names));
}

function called(id: string, name: string, given: unknown): ToolCall {
  return { id, type: "function", function: { name, arguments: asText(given ?? {}) } };
}

function assistant(content: string, calls: ToolCall[]): OpenAIMessage {
  return { role: "assistant", content: content || null, ...(calls.length > 0 && { tool_calls: calls }) };
}

function seen(text: string, urls: string[]): OpenAIMessage {
  const images = urls.map((url) => ({ type: "image_url" as const, image_url: { url } }));
  return { role: "user", content: [...(text ? [{ type: "text" as const, text }] : []), ...images] };
}

function ofAnthropic(message: any): OpenAIMessage[] {
  if (!Array.isArray(message.content)) return [message];
  const of = (type: string): any[] => message.content.filter((block: any) => block.type === type);
  const text = textOf(of("text"));
  if (message.role === "assistant") return [assistant(text, of("tool_use").map((block) => called(block.id, block.name, block.input)))];
  const results = of("tool_result").map((block): OpenAIMessage => {
    return { role: "tool", tool_call_id: block.tool_use_id, content: textOf(block.content) };
  });
  const images = of("image").map(({ source }) => (source?.type === "url" ? source.url : `data:${source?.media_type};base64,${source?.data}`));
  if (images.length > 0) return [...results, seen(text, images)];
  return text || results.length === 0 ? [...results, { role: message.role, content: text }] : results;
}

function ofVercel(message: any): OpenAIMessage[] {
  if (!Array.isArray(message.content)) return [message];
  const of = (type: string): any[] => message.content.filter((part: any) => part.type === type);
  const text = textOf(of("text"));
  if (message.role === "assistant") {
    return [assistant(text, of("tool-call").map((part) => called(part.toolCallId, part.toolName, part.input ?? part.args)))];
  }
  if (message.role !== "tool") {
    const images = message.content.filter((part: any) => part.type === "image" || (part.type === "file" && /^image\//.test(typeOf(part))));
    return [images.length > 0 ? seen(text, images.map((part: any) => urlOf(part.image ?? part.data, typeOf(part)))) : { role: message.role, content: text }];
  }
  return of("tool-result").map((part) => {
    const said = part.output === undefined ? part.result : part.output.type === "content" ? textOf(part.output.value) : part.output.value;
    return { role: "tool", tool_call_id: part.toolCallId, content: asText(said) };
  });
}

function typeOf(part: any): string {
  return String(part.mediaType ?? part.mimeType ?? "image/*");
}

/** The URL of an image: bytes in any of the forms that `ai` takes, or already a URL. */
function urlOf(data: any, type: string): string {
  if (data instanceof URL) return data.href;
  if (typeof data === "string") return /^(?:https?|data):/.test(data) ? data : `data:${type};base64,${data}`;
  if (data instanceof ArrayBuffer) return urlOf(new Uint8Array(data), type);
  if (!ArrayBuffer.isView(data)) return urlOf(data?.url ?? data?.data ?? "", type);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return `data:${type};base64,${btoa(binary)}`;
}

function ofGemini(message: any): OpenAIMessage[] {
  const parts: any[] = message.parts ?? [];
  const text = textOf(parts);
  const calls = parts.filter((part) => part.functionCall).map(({ functionCall: f }) => called(f.id ?? f.name, f.name, f.args));
  if (message.role === "model") return [assistant(text, calls)];
  const results = parts
    .filter((part) => part.functionResponse)
    .map(({ functionResponse: f }): OpenAIMessage => ({ role: "tool", tool_call_id: f.id ?? f.name, content: asText(f.response) }));
  return text || results.length === 0 ? [...results, { role: "user", content: text }] : results;
}

type Names = Map<string, string>;

function toAnthropic(message: OpenAIMessage): any {
  if (message.role === "tool") {
    return { role: "user", content: [{ type: "tool_result", tool_use_id: message.tool_call_id, content: message.content }] };
  }
  if (message.role !== "assistant" || !message.tool_calls?.length) return { role: message.role, content: plain(message) };
  const text = message.content ? [{ type: "text", text: message.content }] : [];
  const calls = message.tool_calls.map((c) => ({ type: "tool_use", id: c.id, name: c.function.name, input: asObject(c.function.arguments) }));
  return { role: "assistant", content: [...text, ...calls] };
}

function toVercel(message: OpenAIMessage, names: Names): any {
  if (message.role === "tool") {
    const part = { type: "tool-result", toolCallId: message.tool_call_id, toolName: names.get(message.tool_call_id) ?? "" };
    return { role: "tool", content: [{ ...part, output: { type: "text", value: message.content } }] };
  }
  if (message.role === "system") return { role: "system", content: message.content };
  const text = textOf(message.content) ? [{ type: "text", text: textOf(message.content) }] : [];
  const calls = (message.role === "assistant" && message.tool_calls) || [];
  const called = calls.map((c) => ({ type: "tool-call", toolCallId: c.id, toolName: c.function.name, input: asObject(c.function.arguments) }));
  return { role: message.role, content: [...text, ...called] };
}

function toGemini(message: OpenAIMessage, names: Names): any {
  if (message.role === "tool") {
    const name = names.get(message.tool_call_id) ?? message.tool_call_id;
    return { role: "user", parts: [{ functionResponse: { name, response: response(message.content) } }] };
  }
  const text = textOf(message.content) ? [{ text: textOf(message.content) }] : [];
  const calls = (message.role === "assistant" && message.tool_calls) || [];
  const called = calls.map((c) => ({ functionCall: { name: c.function.name, args: asObject(c.function.arguments) } }));
  return { role: message.role === "assistant" ? "model" : "user", parts: [...text, ...called] };
}

/** Gemini's results are objects. A text that is one is taken for it only if it says the same again: long numbers and names that stand twice would not. */
function response(text: string): Record<string, any> {
  const value = asObject(text);
  return !Array.isArray(value) && JSON.stringify(value) === text ? value : { result: text };
}

function plain(message: OpenAIMessage): any {
  if (!Array.isArray(message.content)) return message.content ?? "";
  return message.content.map((part) => {
    return part.type === "text" ? part : { type: "image", source: { type: "url", url: part.image_url.url } };
  });
}
