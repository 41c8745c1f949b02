/** What one agent found out, for another to read in fewer words. */
import { compress } from "./compress.js";
import type { HeadroomClientOptions } from "./types.js";

export interface ContextEntry {
  key: string;
  original: string;
  compressed: string;
  originalTokens: number;
  compressedTokens: number;
  agent: string | null;
  /** Unix time in milliseconds. */
  timestamp: number;
  transforms: string[];
  savingsPercent: number;
}

export interface SharedContextStats {
  entries: number;
  totalOriginalTokens: number;
  totalCompressedTokens: number;
  totalTokensSaved: number;
  savingsPercent: number;
}

export interface SharedContextOptions extends HeadroomClientOptions {
  model?: string;
  /** Seconds that an entry lives; 3600 by default. */
  ttl?: number;
  /** Beyond so many the oldest goes; 100 by default. */
  maxEntries?: number;
}

/** Texts by key, in this process. */
export class SharedContext {
  private readonly entries = new Map<string, ContextEntry>();
  private readonly ttlMs: number;
  private readonly maxEntries: number;

  constructor(private readonly options: SharedContextOptions = {}) {
    this.ttlMs = 1000 * (options.ttl ?? 3600);
    this.maxEntries = Math.max(1, options.maxEntries ?? 100);
  }

  /** Keep a text. */
  async put(key: string, content: string, options: { agent?: string } = {}): Promise<ContextEntry> {
    const { ttl, maxEntries, ...rest } = this.options;
    const call = { id: "shared", type: "function", function: { name: "shared_context", arguments: JSON.stringify({ key }) } };
    const messages = [
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "shared", content },
    ];
    const result = await compress(messages, rest);
    const { tokensBefore: originalTokens, tokensAfter: compressedTokens } = result;
    const entry: ContextEntry = {
      key,
      original: content,
      compressed: result.messages[1].content,
      originalTokens,
      compressedTokens,
      agent: options.agent ?? null,
      timestamp: Date.now(),
      transforms: result.transformsApplied,
      savingsPercent: percent(originalTokens, compressedTokens),
    };
    this.entries.delete(key);
    this.expire();
    for (const oldest of this.entries.keys()) {
      if (this.entries.size < this.maxEntries) break;
      this.entries.delete(oldest);
    }
    this.entries.set(key, entry);
    return entry;
  }

  /** A text as it was compressed, or with `full` as it was put in; null if there is none. */
  get(key: string, options: { full?: boolean } = {}): string | null {
    const entry = this.getEntry(key);
    return entry && (options.full ? entry.original : entry.compressed);
  }

  /** A text and what is known of it. */
  getEntry(key: string): ContextEntry | null {
    this.expire();
    return this.entries.get(key) ?? null;
  }

  keys(): string[] {
    this.expire();
    return [...this.entries.keys()];
  }

  stats(): SharedContextStats {
    this.expire();
    const entries = [...this.entries.values()];
    const before = entries.reduce((sum, entry) => sum + entry.originalTokens, 0);
    const after = entries.reduce((sum, entry) => sum + entry.compressedTokens, 0);
    const sums = { totalOriginalTokens: before, totalCompressedTokens: after, totalTokensSaved: before - after };
    return { entries: entries.length, ...sums, savingsPercent: percent(before, after) };
  }

  clear(): void {
    this.entries.clear();
  }

  private expire(): void {
    for (const [key, entry] of this.entries) {
      if (Date.now() - entry.timestamp < this.ttlMs) return; // they stand in the order of their times
      this.entries.delete(key);
    }
  }
}

function percent(before: number, after: number): number {
  return before ? (100 * (before - after)) / before : 0;
}
