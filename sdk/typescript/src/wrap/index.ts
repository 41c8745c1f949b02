/** `withHeadroom` for any client, told by what it has. */
import { ConfigurationError } from "../errors.js";
import { genai, generated } from "./clients.js";
import { smaller, type WrapOptions } from "./fetching.js";
import { wrapModel, type LanguageModel } from "./language_model.js";
import { proxied } from "./methods.js";

export type { WrapOptions } from "./fetching.js";

/**
 * A client that sends smaller requests: of `openai`, `@anthropic-ai/sdk`, `@google/genai`, `@google/generative-ai`, or a language model of
 * Vercel's `ai`. Everything else about it is as it was, and the client that came in is not changed.
 *
 * If the proxy is not there requests go on as they are; with `fallback: false` they fail with a `HeadroomError`, in `openai` and
 * `@anthropic-ai/sdk` as the cause of their own `APIConnectionError`.
 *
 * @throws ConfigurationError if it is none of these.
 */
export function withHeadroom<T extends object>(client: T, options: WrapOptions = {}): T {
  if (typeof (client as any)?.doGenerate === "function") return wrapModel(client as T & LanguageModel, options);
  const change = (send: any) => smaller(send, options);
  return generated(client, change) ?? genai(client, change) ?? byMethods(client, options);
}

/** A client whose `fetch` cannot be told. */
function byMethods<T extends object>(client: T, options: WrapOptions): T {
  const known = [(client as any)?.chat?.completions, (client as any)?.responses, (client as any)?.messages, (client as any)?.models];
  if (known.some(Boolean) || typeof (client as any)?.generateContent === "function") return proxied(client, options);
  throw new ConfigurationError("withHeadroom knows the clients of openai, @anthropic-ai/sdk and @google/genai, and models of ai. This is none.");
}
