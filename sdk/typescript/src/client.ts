/** A proxy and what it can be asked. */
import { deepCamelCase } from "./cases.js";
import { isOutage, type HeadroomError } from "./errors.js";
import { fallenBack } from "./fallback.js";
import { Figures } from "./figures.js";
import { carrier } from "./formats/carrier.js";
import type { HeadroomConfig, HeadroomMode, HealthStatus, SimulationResult } from "./models.js";
import { ChatCompletions, Messages } from "./passthrough.js";
import { shrink, untouched } from "./shrink.js";
import { toolAnswer } from "./retrieval_tool.js";
import { Sent, type Settled } from "./sent.js";
import { Transport } from "./transport.js";
import type {
  CompressRequestOptions,
  CompressResult,
  HeadroomClientInterface,
  HeadroomClientOptions,
  Retrieved,
  RetrieveOptions,
  RetrieveResult,
  RetrieveSearchResult,
} from "./types.js";

export interface ExtendedClientOptions extends HeadroomClientOptions {
  /** Sent on to the model's API by `chat.completions` and `messages`. */
  providerApiKey?: string;
  /** How requests through `chat.completions` and `messages` are treated: `audit` lets them pass untouched. */
  defaultMode?: HeadroomMode;
  /** Taken, but without effect: the proxy's policy is its own; `compress` takes departures from it as `policy`. */
  config?: HeadroomConfig;
}

/** Speaks to a running `headroom proxy`. */
export class HeadroomClient extends Figures implements HeadroomClientInterface {
  /** Chat Completions through the proxy. */
  readonly chat: { completions: ChatCompletions };
  /** Anthropic's Messages through the proxy. */
  readonly messages: Messages;
  /** Whether what came in is given back where the proxy does not answer. */
  readonly fallback: boolean;
  private readonly sent = new Sent();
  private readonly onFallback: ((error: HeadroomError) => void) | undefined;

  constructor(options: ExtendedClientOptions = {}) {
    super(new Transport(options));
    this.fallback = options.fallback ?? true;
    this.onFallback = options.onFallback;
    const asked = { key: options.providerApiKey, mode: options.defaultMode, simulate: (messages: any[], model: string) => this.simulate(messages, { model }) };
    this.chat = { completions: new ChatCompletions(this.transport, asked) };
    this.messages = new Messages(this.transport, asked);
  }

  /** The proxy's base URL. */
  get baseUrl(): string {
    return this.transport.place.baseUrl;
  }

  /** Headers that admit a request to the proxy. */
  admission(): Promise<Record<string, string>> {
    return this.transport.headers();
  }

  /**
   * Messages with smaller tool results.
   *
   * With `fallback` those that came in where the proxy is not there or has an outage of its own. What it refuses is thrown all the same. What this
   * client gave back before is given back for ever, whatever becomes of the proxy meanwhile: a conversation's beginning stays as it was sent.
   *
   * @throws HeadroomError
   */
  async compress(messages: any[], options: CompressRequestOptions = {}): Promise<CompressResult> {
    try {
      const { chat, back } = carrier(messages, options.format);
      const made = await shrink(this.transport, chat, options);
      return { ...made, messages: back(this.settled(chat, options, made).messages) };
    } catch (error) {
      if (!this.fallback || !isOutage(error)) throw error;
      fallenBack(error as HeadroomError, this.onFallback);
      return this.known(messages, options, error as HeadroomError);
    }
  }

  /** Messages that the proxy makes nothing of: what this client gave back before as it was then, and the rest as it came in. */
  known(messages: any[], options: CompressRequestOptions, error: HeadroomError): CompressResult {
    const nothing = untouched(messages, error);
    try {
      const { chat, back } = carrier(messages, options.format);
      const { messages: settled, handles } = this.settled(chat, options, untouched(chat));
      return { ...nothing, messages: back(settled), handles, ccrHashes: handles };
    } catch {
      return nothing; // they cannot be written down, which may be why the proxy was not asked: nothing was ever given back for them
    }
  }

  private settled(chat: any[], options: CompressRequestOptions, made: CompressResult): Settled {
    return this.sent.settle({ ...options, signal: undefined, format: undefined }, chat, made.messages, made.handles);
  }

  /** What compression would do to these messages, for a person to read. */
  async simulate(messages: any[], options: CompressRequestOptions = {}): Promise<SimulationResult> {
    const { chat, back } = carrier(messages, options.format);
    const result = await shrink(this.transport, chat, options);
    const reasons: Record<string, number> = {};
    for (const block of result.blocks ?? []) reasons[block.reason] = (reasons[block.reason] ?? 0) + 1;
    return {
      tokensBefore: result.tokensBefore,
      tokensAfter: result.tokensAfter,
      tokensSaved: result.tokensSaved,
      transforms: result.transformsApplied,
      estimatedSavings: `${((1 - result.compressionRatio) * 100).toFixed(1)}%`,
      messagesOptimized: back(result.messages),
      blockBreakdown: reasons,
      wasteSignals: {},
      stablePrefixHash: "",
      cacheAlignmentScore: 1, // what was sent once is sent again byte for byte
    };
  }

  /**
   * An original: its text with the part of it that is wanted, or, asked by `query`, the units in which one of its words stands.
   *
   * @throws HeadroomNotFoundError if the proxy keeps none of that name.
   */
  async retrieve(handle: string, options: { query: string; signal?: AbortSignal }): Promise<RetrieveSearchResult>;
  async retrieve(handle: string, options?: RetrieveOptions): Promise<RetrieveResult>;
  async retrieve(handle: string, options?: RetrieveOptions & { query?: string }): Promise<RetrieveResult | RetrieveSearchResult>;
  async retrieve(handle: string, options: RetrieveOptions & { query?: string } = {}): Promise<RetrieveResult | RetrieveSearchResult> {
    const { lines, pattern, query, signal } = options;
    const ask = (body: object) => this.transport.json("/v1/retrieve", { method: "POST", body, signal });
    if (query !== undefined) return deepCamelCase(await ask({ hash: handle, query }));
    if (lines === undefined && pattern === undefined) return whole(await ask({ hash: handle }));
    return part(deepCamelCase(await ask({ handle, lines, pattern })));
  }

  /** Answers a model's call of the tool `headroom_retrieve`: the message, or for Anthropic the block, that goes back to the model. */
  handleToolCall(request: { toolCall: any; provider?: "anthropic" | "openai" | "gemini" }): Promise<any> {
    return toolAnswer((handle, options) => this.retrieve(handle, options), request.toolCall, request.provider);
  }

  /** Whether the proxy runs and is well. */
  async health(): Promise<HealthStatus> {
    return deepCamelCase(await this.transport.json("/health", { method: "GET" }));
  }

  /** A request to the proxy, with its token. */
  rawFetch(path: string, options: { method: string; headers?: Record<string, string>; body?: any; stream?: boolean }): Promise<Response> {
    return this.transport.response(path, options);
  }

  /** Nothing is held open. */
  close(): void {}
}

function whole(answer: any): RetrieveResult {
  const { hash, original_content: text, original_tokens: tokens, original_item_count: total, tool_name: name } = answer;
  return of({ handle: hash, text, total, shown: total }, tokens, name);
}

function part(found: Retrieved): RetrieveResult {
  return of(found, 0, "");
}

function of(found: Omit<Retrieved, "unit">, tokens: number, toolName: string): RetrieveResult {
  const counts = { originalTokens: tokens, originalItemCount: found.total, compressedItemCount: found.shown, retrievalCount: 1 };
  return { ...found, hash: found.handle, originalContent: found.text, ...counts, toolName };
}
