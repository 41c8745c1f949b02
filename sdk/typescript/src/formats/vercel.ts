/**
 * Messages of Vercel's `ai`, of all its versions, as the Chat Completions that the proxy reads, and back.
 *
 * What comes back is never made anew: a text that the proxy made smaller is set into a copy of the message it was taken from, and every other
 * message stays the very object that it was.
 */
import type { Carrier } from "./carrier.js";
import { asText } from "./parts.js";

type Message = Record<string, any>;
type Setter = (message: Message, text: string) => Message;

interface Slot {
  /** Index of the message in the conversation. */
  index: number;
  /** One for each text in the carrying message, none for what is no text. */
  setters: (Setter | undefined)[];
}

/** A conversation to be carried to the proxy and back. */
export function vercelCarrier(messages: Message[]): Carrier {
  const chat: Message[] = [];
  const slots: Slot[] = [];
  messages.forEach((message, index) => {
    for (const [carried, setters] of carriedBy(message)) {
      chat.push(carried);
      slots.push({ index, setters });
    }
  });
  return { chat, back: (compressed) => settled(messages, chat, slots, compressed) };
}

function carriedBy(message: Message): [Message, (Setter | undefined)[]][] {
  if (!Array.isArray(message.content)) {
    const setContent: Setter = (m, text) => ({ ...m, content: text });
    return [[{ role: message.role, content: message.content ?? null }, [setContent]]];
  }
  if (message.role === "tool") return message.content.flatMap((part: any, i: number) => (part?.type === "tool-result" ? [result(part, i)] : []));
  const calls = message.content.filter((part: any) => part?.type === "tool-call").map(call);
  const others = message.content.map((part: any, i: number) => [part, i] as const).filter(([part]: any) => part?.type !== "tool-call");
  const content = others.map(([part]: any) => (part?.type === "text" ? { type: "text", text: part.text } : { type: "other", kind: part?.type }));
  const setters = others.map(([part, i]: any) => (part?.type === "text" ? inPart(i, (p, text) => ({ ...p, text })) : undefined));
  return [[{ role: message.role, content: content.length ? content : null, ...(calls.length && { tool_calls: calls }) }, setters]];
}

function call(part: any): Message {
  return { id: part.toolCallId, type: "function", function: { name: part.toolName, arguments: asText(part.input ?? part.args ?? {}) } };
}

function result(part: any, i: number): [Message, (Setter | undefined)[]] {
  const made = (content: unknown): Message => ({ role: "tool", tool_call_id: part.toolCallId, content });
  const output = part.output;
  if (output === undefined) return [made(asText(part.result)), [inPart(i, (p, text) => ({ ...p, result: text }))]]; // `ai` before version 5
  const set = (type: string) => inPart(i, (p, text) => ({ ...p, output: { ...p.output, type, value: text } }));
  if (output.type === "text" || output.type === "error-text") return [made(output.value), [set(output.type)]];
  if (output.type === "json") return [made(asText(output.value)), [set("text")]];
  if (output.type === "error-json") return [made(asText(output.value)), [set("error-text")]];
  if (output.type !== "content" || !Array.isArray(output.value)) return [made([{ type: "other", kind: output.type }]), [undefined]];
  const texts = output.value.map((piece: any) => (piece?.type === "text" ? { type: "text", text: piece.text } : { type: "other", kind: piece?.type }));
  const setters = output.value.map((piece: any, n: number) => (piece?.type === "text" ? inPart(i, (p, text) => withPiece(p, n, text)) : undefined));
  return [made(texts), setters];
}

function withPiece(part: any, n: number, text: string): any {
  const value = part.output.value.map((piece: any, i: number) => (i === n ? { ...piece, text } : piece));
  return { ...part, output: { ...part.output, value } };
}

function inPart(i: number, change: (part: any, text: string) => any): Setter {
  return (message, text) => ({ ...message, content: message.content.map((part: any, n: number) => (n === i ? change(part, text) : part)) });
}

function settled(messages: Message[], chat: Message[], slots: Slot[], compressed: Message[]): Message[] {
  const made = [...messages];
  slots.forEach(({ index, setters }, n) => {
    const before = texts(chat[n]!.content);
    const after = texts(compressed[n]?.content);
    setters.forEach((set, i) => {
      const text = after[i];
      if (set && text !== undefined && text !== before[i]) made[index] = set(made[index]!, text);
    });
  });
  return made;
}

function texts(content: unknown): (string | undefined)[] {
  return Array.isArray(content) ? content.map((part) => part?.text) : [typeof content === "string" ? content : undefined];
}
