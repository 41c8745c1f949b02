/** One compression by one proxy: messages of any format in, the same messages with smaller texts out. */
import { deepCamelCase, deepSnakeCase } from "./cases.js";
import { HeadroomError } from "./errors.js";
import { carrier } from "./formats/vercel.js";
import { detectFormat } from "./formats/detect.js";
import type { Transport } from "./transport.js";
import type { CompressRequestOptions, CompressResult } from "./types.js";

const PATH = "/v1/compress";

/**
 * Messages after compression.
 *
 * @throws HeadroomError if the proxy cannot be asked, or refuses.
 */
export async function shrink(transport: Transport, messages: any[], options: CompressRequestOptions = {}): Promise<CompressResult> {
  const carried = detectFormat(messages) === "vercel" ? carrier(messages) : { chat: messages, back: (made: any[]) => same(messages, made) };
  const answer = await transport.json(PATH, { method: "POST", body: request(carried.chat, options), signal: options.signal });
  if (!Array.isArray(answer?.messages) || answer.messages.length !== carried.chat.length) {
    throw new HeadroomError("Headroom's proxy answered with other messages than it was asked for. Is it another program's address?");
  }
  const { messages: made, ...figures } = answer;
  return { ...deepCamelCase(figures), messages: figures.handles?.length ? carried.back(made) : messages, compressed: true };
}

/** What is given back where nothing could be done. */
export function untouched(messages: any[], error?: HeadroomError): CompressResult {
  const none = { tokensBefore: 0, tokensAfter: 0, tokensSaved: 0, compressionRatio: 1, transformsApplied: [], ccrHashes: [], handles: [], blocks: [] };
  return { messages, ...none, compressed: false, ...(error && { error }) };
}

function request(messages: any[], options: CompressRequestOptions): Record<string, unknown> {
  const { model, profile, query, frozenMessageCount, policy, tokenBudget } = options;
  const toolKinds = policy?.toolKinds && { tool_kinds: policy.toolKinds }; // its keys are names of tools
  return {
    messages,
    model,
    profile,
    query,
    frozen_message_count: frozenMessageCount,
    options: policy && { ...deepSnakeCase({ ...policy, toolKinds: undefined }), ...toolKinds },
    token_budget: tokenBudget,
  };
}

/** The messages made, but for those that say what they said: these stay the objects that they were. */
function same(messages: any[], made: any[]): any[] {
  return messages.map((message, i) => (JSON.stringify(message) === JSON.stringify(made[i]) ? message : made[i]));
}
