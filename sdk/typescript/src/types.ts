/** What goes in and what comes out. */
import type { HeadroomError } from "./errors.js";
import type { MessageFormat } from "./formats/detect.js";
import type { CompressionHooks } from "./hooks.js";
import type { TransportOptions } from "./transport.js";

export interface TextContentPart {
  type: "text";
  text: string;
}
export interface ImageContentPart {
  type: "image_url";
  image_url: { url: string; detail?: "auto" | "low" | "high" };
}
export type ContentPart = TextContentPart | ImageContentPart;
export interface ToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}
export interface SystemMessage {
  role: "system";
  content: string;
}
export interface UserMessage {
  role: "user";
  content: string | ContentPart[];
}
export interface AssistantMessage {
  role: "assistant";
  content: string | null;
  tool_calls?: ToolCall[];
}
export interface ToolMessage {
  role: "tool";
  content: string;
  tool_call_id: string;
}
export type OpenAIMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

export type Profile = "lossless" | "balanced" | "aggressive";
export type ToolKind = "read" | "search" | "shell" | "list" | "fetch" | "edit" | "mcp" | (string & {});

/** Departures from the proxy's own policy. */
export interface PolicyOptions {
  /** Nothing is left out of tool results of fewer tokens. */
  floorTokens?: number;
  /** Tools whose results are left alone. */
  excludeTools?: string[];
  /** Compressors that are not used. */
  disabled?: string[];
  /** Tool name -> kind; of tools not listed it is guessed. */
  toolKinds?: Record<string, ToolKind>;
  /** Absolute path of the project. */
  workspace?: string;
  /** Lists of tool schemas in system texts are written down shorter, loss-free. */
  schemasInPrompts?: boolean;
  /** JSON stays parseable. */
  preserveJson?: boolean;
  /**
   * false: nothing is left out, only said in fewer words. By default that is so in wrapped clients and models whose requests do not offer the
   * tool `headroom_retrieve`; `compress` itself leaves out what it can.
   */
  elide?: boolean;
}

/** How messages are compressed. */
export interface CompressRequestOptions {
  /** The model that the messages are for. */
  model?: string;
  /** How far compression may go; by default the proxy's own. */
  profile?: Profile;
  /** What is looked for; by default the last user text before each tool result. */
  query?: string;
  /** So many messages at the beginning were sent before and stay as they are. */
  frozenMessageCount?: number;
  /** Departures from the proxy's own policy. */
  policy?: PolicyOptions;
  /** Taken, but without effect: what is left out does not depend on a budget. `ignored` says so. */
  tokenBudget?: number;
  /** Whose messages these are; by default told by what they hold. */
  format?: MessageFormat;
  /** Ends the request early. */
  signal?: AbortSignal;
}

export interface HeadroomClientOptions extends TransportOptions {
  /** Give back what came in where the proxy does not answer; true by default. */
  fallback?: boolean;
  /** Told of every failure after which the original was used; by default the process's `warning` event is, once for each kind. */
  onFallback?: (error: HeadroomError) => void;
}

export interface CompressOptions extends CompressRequestOptions, HeadroomClientOptions {
  /** Used instead of one made from these options. */
  client?: HeadroomClientInterface;
  /** Called before and after. */
  hooks?: CompressionHooks;
}

/** What became of one tool result, or of one long text of the user's. */
export interface BlockResult {
  /** Which tool result, or which long text of the user's, counted from 0. */
  index: number;
  /** Why it is as it is, e.g. `compressed` or `too small`. */
  reason: string;
  /** "" if none compressed it. */
  compressor: string;
  /** The original's handle, "" if it was not compressed. */
  handle: string;
  tokensBefore: number;
  tokensAfter: number;
  /** Whose text it is. */
  source?: "tool" | "user";
}

export interface CompressResult {
  /** In the form in which they came; those in which nothing was compressed are the very objects that came in. */
  messages: any[];
  tokensBefore: number;
  tokensAfter: number;
  tokensSaved: number;
  /** The share of the tokens that is sent, 0 to 1. */
  compressionRatio: number;
  /** The compressors that rewrote something, each once. */
  transformsApplied: string[];
  /** Handles of the originals. */
  ccrHashes: string[];
  /** false: the proxy made nothing of them. These are the messages that came in, but for those that the client gave back smaller before. */
  compressed: boolean;
  /** Handles of the originals, under the name that everything else of Headroom uses; where `compressed` is false, of those that the messages name. */
  handles?: string[];
  /** One entry for every tool result, and after them one for every text of the user's that is long enough to hold pasted data. */
  blocks?: BlockResult[];
  /** What was asked for and has no effect. */
  ignored?: string[];
  /** Why the proxy made nothing of them where `compressed` is false. */
  error?: HeadroomError;
}

/** What compresses: a `HeadroomClient`, or whatever stands for one in a test. */
export interface HeadroomClientInterface {
  compress(messages: any[], options?: CompressRequestOptions): Promise<CompressResult>;
}

/** An original, whole or in part. */
export interface Retrieved {
  handle: string;
  /** The original itself, or the units asked for, each with its number and a tab in front. */
  text: string;
  /** Singular noun of its units, e.g. `line`. */
  unit: string;
  /** Units in the whole original. */
  total: number;
  /** Units in `text`. */
  shown: number;
}

/** Which part of an original. */
export interface RetrieveOptions {
  /** Units by number, e.g. `120-480` or `5-9,40-60`. */
  lines?: string;
  /** A regular expression (Python's); only units in which it is found. */
  pattern?: string;
  signal?: AbortSignal;
}

/** An original in the words of `HeadroomClient.retrieve(hash)`. */
export interface RetrieveResult extends Omit<Retrieved, "unit"> {
  /** Not told of a whole original. */
  unit?: string;
  hash: string;
  originalContent: string;
  originalTokens: number;
  originalItemCount: number;
  compressedItemCount: number;
  toolName: string;
  retrievalCount: number;
}

/** The units in which a word of a query stands. */
export interface RetrieveSearchResult {
  hash: string;
  query: string;
  results: any[];
  count: number;
}
