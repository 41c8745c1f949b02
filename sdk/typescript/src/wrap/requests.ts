/** Requests to models' APIs as they leave a client library: which of them hold messages, and the same requests with smaller ones. Pure. */
import type { MessageFormat } from "../formats/detect.js";

/** What sends requests: the global `fetch`, a library's own, or what stands for one. */
export type Fetch = (url: any, init?: any) => Promise<any>;

/** The messages in a request's body. */
export interface Found {
  /** The body, parsed. */
  body: Record<string, any>;
  /** The member of the body that holds the messages. */
  field: "messages" | "input" | "contents";
  messages: any[];
  model: string;
  format: MessageFormat;
}

// The ends of the paths of requests that hold a conversation, for an answer or for a count.
const FIELDS: readonly [RegExp, Found["field"], MessageFormat][] = [
  [/\/chat\/completions$/, "messages", "openai"],
  [/\/messages(?:\/count_tokens)?$/, "messages", "anthropic"],
  [/:(?:streamR|r)awPredict$/, "messages", "anthropic"],
  [/\/responses(?:\/input_tokens|\/compact)?$/, "input", "openai"],
  [/:(?:generateContent|streamGenerateContent|countTokens)$/, "contents", "gemini"],
];
// What vouches for the bytes of the body, so that nobody but the sender may change them.
const INTEGRITY = /^(?:content-digest|repr-digest|digest|content-md5|signature|signature-input|x-amz-content-sha256)$/i;
const BY_AWS = /^AWS4-/;
const MODEL_IN_PATH = /\/models\/([^/:]{1,200}):/;

/** The messages that a request holds; undefined if it holds none, or none that may be changed. */
export function find(url: unknown, init: { method?: string; headers?: unknown; body?: unknown } | undefined): Found | undefined {
  if (init?.method?.toUpperCase() !== "POST" || typeof init.body !== "string" || signed(init.headers)) return undefined;
  const path = pathOf(url);
  const [, field, format] = FIELDS.find(([end]) => end.test(path)) ?? [];
  if (!field || !format) return undefined;
  let body: any;
  try {
    body = JSON.parse(init.body);
  } catch {
    return undefined;
  }
  const messages = body?.[field];
  if (!Array.isArray(messages) || messages.length === 0 || messages.some((m) => m === null || typeof m !== "object")) return undefined;
  const model = typeof body.model === "string" ? body.model : (MODEL_IN_PATH.exec(path)?.[1] ?? "");
  return { body, field, messages, model, format };
}

/** The request with other messages. */
export function withMessages(init: any, found: Found, messages: any[]): any {
  return { ...init, headers: withoutLength(init.headers), body: JSON.stringify({ ...found.body, [found.field]: messages }) };
}

/** The URL of a request as text, "" if it is none. */
export function hrefOf(url: unknown): string {
  return typeof url === "string" ? url : url instanceof URL ? url.href : String((url as { url?: string })?.url ?? "");
}

function pathOf(url: unknown): string {
  return hrefOf(url).replace(/[?#].*$/s, "");
}

function signed(headers: any): boolean {
  return fieldsOf(headers).some(([name, value]) => INTEGRITY.test(name) || (/^authorization$/i.test(name) && BY_AWS.test(String(value))));
}

/** Headers of whatever kind, as pairs. */
function fieldsOf(headers: any): [string, unknown][] {
  if (headers === undefined || headers === null) return [];
  if (Array.isArray(headers)) return headers;
  return typeof headers.entries === "function" ? [...headers.entries()] : Object.entries(headers);
}

/** Old libraries write down how long the body is, in headers of whatever kind they send. */
function withoutLength(headers: any): any {
  if (headers === undefined || headers === null) return headers;
  if (Array.isArray(headers)) return headers.filter(([name]) => String(name).toLowerCase() !== "content-length");
  if (typeof headers.delete === "function" && typeof headers.entries === "function") {
    const copy = new headers.constructor(headers);
    copy.delete("content-length");
    return copy;
  }
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "content-length"));
}
