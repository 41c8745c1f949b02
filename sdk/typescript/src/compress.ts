/** The functions that most programs need. */
import { HeadroomClient } from "./client.js";
import { place } from "./environment.js";
import { HeadroomError } from "./errors.js";
import { fallenBack } from "./fallback.js";
import { countTurns, extractToolCalls, extractUserQuery, type CompressContext } from "./hooks.js";
import { detectFormat } from "./formats/detect.js";
import type { SimulationResult, Stats } from "./models.js";
import { untouched } from "./shrink.js";
import type { CompressOptions, CompressRequestOptions, CompressResult, HeadroomClientInterface, HeadroomClientOptions, Retrieved, RetrieveOptions } from "./types.js";

type Clients = Map<string, HeadroomClient>;

/** Clients by the functions and then the other options that they are made of: a client finds out about the token once, and knows what it has sent. */
const clients = new WeakMap<object, WeakMap<object, Clients>>();
const NONE = {};
const MOST_CLIENTS = 100;

/**
 * Messages with smaller tool results, in the form in which they came: of Anthropic, OpenAI (Chat Completions or the input of Responses), Gemini,
 * or Vercel's `ai`. They are not changed themselves, and a message in which nothing was compressed stays the object that it was. What was
 * decided once is decided for ever, so a growing conversation keeps its beginning byte for byte.
 *
 * @throws HeadroomError where the proxy refuses; where it is not there, only with `fallback: false`.
 */
export async function compress(messages: any[], options: CompressOptions = {}): Promise<CompressResult> {
  const { client = clientOf(options) } = options;
  return hooked(messages, options, (asked) => client.compress(asked, requestOf(options)));
}

async function hooked(messages: any[], options: CompressOptions, ask: (messages: any[]) => Promise<CompressResult>): Promise<CompressResult> {
  const { hooks } = options;
  if (!hooks) return ask(messages);
  const ctx = contextOf(messages, options);
  const asked = await hooks.preCompress(messages, ctx);
  const biases = await hooks.computeBiases(asked, ctx);
  const result = await ask(asked);
  const { tokensBefore, tokensAfter, tokensSaved, compressionRatio, transformsApplied, ccrHashes } = result;
  const { model, userQuery, provider } = ctx;
  await hooks.postCompress({ tokensBefore, tokensAfter, tokensSaved, compressionRatio, transformsApplied, ccrHashes, model, userQuery, provider });
  return Object.keys(biases).length === 0 ? result : { ...result, ignored: [...(result.ignored ?? []), "biases"] };
}

/**
 * The same for what stands in front of an application's own requests: with `fallback` nothing but the caller's own abort is thrown, for the
 * application's request is worth more than what it could have saved. What was given back before is given back then too.
 */
export async function compressOpenly(messages: any[], options: CompressOptions): Promise<CompressResult> {
  let client: HeadroomClientInterface | undefined;
  let asked = messages; // what the hooks made of them, once they have: what they left out is not sent when something fails either
  const fallBack = (error: unknown): CompressResult => {
    if (options.fallback === false || options.signal?.aborted) throw error;
    const failure = error instanceof HeadroomError ? error : new HeadroomError(`Headroom could not compress: ${String(error)}`);
    fallenBack(failure, options.onFallback);
    return client instanceof HeadroomClient ? client.known(asked, requestOf(options), failure) : untouched(asked, failure);
  };
  try {
    const chosen = (client = options.client ?? clientOf(options));
    return await hooked(messages, options, async (made) => {
      asked = made;
      try {
        return await chosen.compress(asked, requestOf(options));
      } catch (error) {
        return fallBack(error);
      }
    });
  } catch (error) {
    return fallBack(error);
  }
}

/** The original of what was left out, whole, by lines or by pattern. */
export async function retrieve(handle: string, options: RetrieveOptions & HeadroomClientOptions = {}): Promise<Retrieved> {
  const { lines, pattern, signal } = options;
  const { hash, originalContent, ...found } = await clientOf(options).retrieve(handle, { lines, pattern, signal });
  const { text, total, shown, unit = "" } = found;
  return { handle: found.handle, text, unit, total, shown };
}

/** What the proxy did since it started, and what all sessions cost and would have cost. */
export function stats(options: { days?: number; signal?: AbortSignal } & HeadroomClientOptions = {}): Promise<Stats> {
  return clientOf(options).stats(options);
}

export interface SimulateOptions extends HeadroomClientOptions {
  model?: string;
  /** Taken, but without effect. */
  config?: object;
  client?: HeadroomClient;
}

/** What compression would do to these messages. */
export function simulate(messages: any[], options: SimulateOptions = {}): Promise<SimulationResult> {
  return (options.client ?? clientOf(options)).simulate(messages, { model: options.model });
}

/** A client for these options. */
export function clientOf(options: HeadroomClientOptions & { client?: HeadroomClientInterface }): HeadroomClient {
  if (options.client instanceof HeadroomClient) return options.client;
  const { timeout, retries, stack, fallback } = options;
  const key = JSON.stringify([place(options), timeout, retries, stack, fallback]);
  const among = clientsWith(options.fetch ?? NONE, options.onFallback ?? NONE);
  const client = among.get(key) ?? new HeadroomClient(options);
  among.delete(key);
  among.set(key, client); // the last one: they stand in the order of their use
  for (const unused of among.keys()) if (among.size > MOST_CLIENTS) among.delete(unused);
  return client;
}

function clientsWith(fetch: object, onFallback: object): Clients {
  const sending = clients.get(fetch) ?? new WeakMap<object, Clients>();
  const among = sending.get(onFallback) ?? new Map();
  clients.set(fetch, sending.set(onFallback, among));
  return among;
}

function requestOf(options: CompressOptions): CompressRequestOptions {
  const { model, profile, query, frozenMessageCount, policy, tokenBudget, format, signal } = options;
  return { model, profile, query, frozenMessageCount, policy, tokenBudget, format, signal };
}

function contextOf(messages: any[], { model = "", format }: CompressOptions): CompressContext {
  const userQuery = extractUserQuery(messages);
  return { model, userQuery, turnNumber: countTurns(messages), toolCalls: extractToolCalls(messages), provider: format ?? detectFormat(messages) };
}
