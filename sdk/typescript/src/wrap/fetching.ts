/** A `fetch` that makes the messages of a model's requests smaller on their way. Answers, streamed or not, are not touched. */
import type { HeadroomClient } from "../client.js";
import { clientOf, compressOpenly } from "../compress.js";
import { HeadroomConnectionError } from "../errors.js";
import { fallenBack } from "../fallback.js";
import type { CompressOptions } from "../types.js";
import { policyFor } from "./offer.js";
import { find, hrefOf, withMessages, type Fetch } from "./requests.js";

export interface WrapOptions extends CompressOptions {
  /**
   * How requests become smaller. `compress` (the default) asks the proxy for smaller messages and sends the request where it was going. `proxy`
   * sends the request itself through the proxy, which then also fetches for the model what was left out, and writes down what it cost; where
   * the API is not its vendor's public one, the proxy has to be told of its address (`headroom proxy --openai-upstream …`).
   */
  via?: "compress" | "proxy";
}

const NEVER_ARRIVED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

/** What `send` sends, made smaller. */
export function smaller(send: Fetch, options: WrapOptions): Fetch {
  return options.via === "proxy" ? through(clientOf(options), send, options) : compressed(send, options);
}

function compressed(send: Fetch, options: WrapOptions): Fetch {
  return async (url, init) => {
    const found = find(url, init);
    if (!found) return send(url, init);
    const signal = init.signal ?? options.signal;
    const policy = policyFor(found.body.tools, options.policy);
    const asked = { ...options, model: options.model ?? found.model, policy, format: found.format, signal };
    const result = await compressOpenly(found.messages, asked);
    return send(url, result.messages === found.messages ? init : withMessages(init, found, result.messages));
  };
}

function through(client: HeadroomClient, send: Fetch, options: WrapOptions): Fetch {
  return async (url, init) => {
    if (!find(url, init)) return send(url, init);
    const { pathname, search } = new URL(hrefOf(url));
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(await client.admission())) headers.set(name, value);
    try {
      return await send(client.baseUrl + pathname + search, { ...init, headers: Object.fromEntries(headers) });
    } catch (error) {
      const code = (error as any)?.cause?.code ?? (error as any)?.code;
      if (options.fallback === false || !NEVER_ARRIVED.has(code)) throw error; // what may have arrived may have been answered, and is charged for
      fallenBack(new HeadroomConnectionError(`Headroom's proxy cannot be reached (${code}).`, { code }), options.onFallback);
      return send(url, init);
    }
  };
}
