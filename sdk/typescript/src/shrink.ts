/** One compression by one proxy: messages of which all is JSON in, the same messages with smaller texts out. */
import { deepCamelCase, deepSnakeCase } from "./cases.js";
import { HeadroomError } from "./errors.js";
import type { Transport } from "./transport.js";
import type { CompressRequestOptions, CompressResult } from "./types.js";

const PATH = "/v1/compress";

/**
 * Messages after compression.
 *
 * @throws HeadroomError if the proxy cannot be asked, or refuses.
 */
export async function shrink(transport: Transport, messages: any[], options: CompressRequestOptions = {}): Promise<CompressResult> {
  const answer = await transport.json(PATH, { method: "POST", body: request(messages, options), signal: options.signal });
  if (!Array.isArray(answer?.messages) || answer.messages.length !== messages.length) {
    throw new HeadroomError("Headroom's proxy answered with other messages than it was asked for. Is it another program's address?");
  }
  const { messages: made, ...figures } = answer;
  return { ...deepCamelCase(figures), messages: figures.handles?.length ? made : messages, compressed: true };
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
