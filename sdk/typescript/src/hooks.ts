/** What an application may do before and after a compression. */
import { textOf } from "./formats/parts.js";

export interface CompressContext {
  model: string;
  userQuery: string;
  turnNumber: number;
  toolCalls: string[];
  provider: string;
}

export interface CompressEvent {
  tokensBefore: number;
  tokensAfter: number;
  tokensSaved: number;
  compressionRatio: number;
  transformsApplied: string[];
  ccrHashes: string[];
  model: string;
  userQuery: string;
  provider: string;
}

/** Override what is needed. */
export class CompressionHooks {
  /** The messages that are compressed instead. */
  preCompress(messages: any[], _ctx: CompressContext): any[] | Promise<any[]> {
    return messages;
  }

  /** Message index -> weight. Asked for but without effect: what is kept does not depend on weights, and the result's `ignored` says so. */
  computeBiases(_messages: any[], _ctx: CompressContext): Record<number, number> | Promise<Record<number, number>> {
    return {};
  }

  /** Told of the result. */
  postCompress(_event: CompressEvent): void | Promise<void> {}
}

/** The text of the last message of the user's that has any. */
export function extractUserQuery(messages: any[]): string {
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (message?.role !== "user") continue;
    const text = textOf(message.content ?? message.parts);
    if (text) return text;
  }
  return "";
}

/** How many turns were taken: questions that have been answered, and the one that has not. */
export function countTurns(messages: any[]): number {
  return messages.filter((message) => message?.role === "user").length;
}

/** The names of the tools that were called, in order. */
export function extractToolCalls(messages: any[]): string[] {
  return messages.flatMap((message) => {
    const called = (message?.tool_calls ?? []).map((call: any) => call?.function?.name);
    const parts = [message?.content, message?.parts].find(Array.isArray) ?? [];
    const inParts = parts.map((part: any) => {
      if (part?.type === "tool_use") return part.name;
      return part?.type === "tool-call" ? part.toolName : part?.functionCall?.name;
    });
    return [...called, ...inParts].filter((name) => typeof name === "string");
  });
}
