/** Requests to models' APIs as they leave a client library: which of them hold messages, and the same requests with smaller ones. Pure. */

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
}

// The ends of the paths of requests that hold a conversation, for an answer or for a count. Amazon's are signed with their body: they are not among them.
const FIELDS: readonly [RegExp, Found["field"]][] = [
  [/\/chat\/completions$/, "messages"],
  [/\/messages(?:\/count_tokens)?$/, "messages"],
  [/:(?:streamR|r)awPredict$/, "messages"],
  [/\/responses(?:\/input_tokens|\/compact)?$/, "input"],
  [/:(?:generateContent|streamGenerateContent|countTokens)$/, "contents"],
];
const MODEL_IN_PATH = /\/models\/([^/:]{1,200}):/;

/** The messages that a request holds; undefined if it holds none. */
export function find(url: unknown, init: { method?: string; body?: unknown } | undefined): Found | undefined {
  if (init?.method?.toUpperCase() !== "POST" || typeof init.body !== "string") return undefined;
  const path = pathOf(url);
  const field = FIELDS.find(([end]) => end.test(path))?.[1];
  if (!field) return undefined;
  let body: any;
  try {
    body = JSON.parse(init.body);
  } catch {
    return undefined;
  }
  const messages = body?.[field];
  if (!Array.isArray(messages) || messages.length === 0 || messages.some((m) => m === null || typeof m !== "object")) return undefined;
  return { body, field, messages, model: typeof body.model === "string" ? body.model : (MODEL_IN_PATH.exec(path)?.[1] ?? "") };
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
