/** Requests to the proxy's own endpoints: its token, a deadline, attempts with pauses in between, errors with types. */
import { keptToken, place, type Place } from "./environment.js";
import { HeadroomConnectionError, HeadroomError, HeadroomTimeoutError, isOutage, mapProxyError, ProviderError } from "./errors.js";

const TIMEOUT_MS = 30_000;
const RETRIES = 1;
const FIRST_PAUSE_MS = 50; // what refuses connections refuses them at once, and this stands before every request of an application
const LONGEST_PAUSE_MS = 2_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1; // timers take more for none at all
const TOKEN_HEADER = "x-headroom-token";
const STACK_HEADER = "x-headroom-stack";

export interface TransportOptions {
  /** The proxy's address; by default `HEADROOM_BASE_URL`, else http://127.0.0.1:8787. */
  baseUrl?: string;
  /** The proxy's token; by default `HEADROOM_API_KEY`, `HEADROOM_PROXY_TOKEN`, else the one that `headroom proxy` keeps for this user. */
  token?: string;
  /** The same as `token`. */
  apiKey?: string;
  /** Milliseconds for a request with all its attempts; 30,000 by default. */
  timeout?: number;
  /** Further attempts after a failure that may pass; 1 by default. */
  retries?: number;
  /** Name of an integration, sent with every request. */
  stack?: string;
  /** What sends requests to the proxy; by default the global `fetch`. */
  fetch?: typeof fetch;
}

export interface Ask {
  method: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** Ends the request early, with the signal's own reason. */
  signal?: AbortSignal | null;
}

/** Speaks to one proxy. */
export class Transport {
  readonly place: Place;
  readonly timeout: number;
  private readonly retries: number;
  private readonly stack: string;
  private readonly send: typeof fetch;
  private token = "";

  constructor(options: TransportOptions = {}) {
    this.place = place(options);
    this.timeout = Math.min(options.timeout ?? TIMEOUT_MS, LONGEST_TIMER_MS);
    this.retries = Math.max(0, options.retries ?? RETRIES);
    this.stack = options.stack ?? "";
    this.send = options.fetch ?? ((url, init) => fetch(url, init));
  }

  /** An answer as JSON. Asked again where the failure may pass. */
  async json(path: string, ask: Ask): Promise<any> {
    const text = await this.text(path, ask);
    try {
      return JSON.parse(text);
    } catch {
      throw new HeadroomError("Headroom's proxy answered with something that is no JSON. Is it another program's address?");
    }
  }

  /** An answer as text. */
  async text(path: string, ask: Ask): Promise<string> {
    const body = written(ask.body);
    return this.insist(ask, async (signal) => (await this.once(path, ask, body, signal)).text());
  }

  /** An answer whose body has not been read yet, asked for once: a model's answer is charged for. */
  async response(path: string, ask: Ask): Promise<Response> {
    return this.once(path, ask, written(ask.body), ask.signal ?? undefined, ProviderError);
  }

  /** What every request to the proxy has. */
  async headers(): Promise<Record<string, string>> {
    this.token ||= this.place.token || (this.place.own ? await keptToken() : "");
    const token = this.token;
    return { ...(token && { [TOKEN_HEADER]: token }), ...(this.stack && { [STACK_HEADER]: this.stack }) };
  }

  private async insist<T>(ask: Ask, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const ends = Date.now() + this.timeout;
    const ended = new AbortController();
    const stop = () => ended.abort(ask.signal?.reason);
    const timer = setTimeout(() => ended.abort(new HeadroomTimeoutError(`Headroom's proxy said nothing in ${this.timeout} ms.`)), this.timeout);
    ask.signal?.addEventListener("abort", stop, { once: true });
    if (ask.signal?.aborted) stop();
    try {
      for (let tried = 0; ; tried++) {
        try {
          return await attempt(ended.signal);
        } catch (error) {
          if (ended.signal.aborted) throw ended.signal.reason;
          const typed = error instanceof HeadroomError ? error : this.unreachable(error);
          const pause = pauseMs(tried, typed);
          if (tried >= this.retries || !isOutage(typed) || Date.now() + pause >= ends) throw typed;
          await sleep(pause, ended.signal);
        }
      }
    } finally {
      clearTimeout(timer);
      ask.signal?.removeEventListener("abort", stop);
    }
  }

  private async once(path: string, ask: Ask, body?: string, signal?: AbortSignal, refused?: typeof ProviderError): Promise<Response> {
    const json: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    const headers = { ...json, ...(await this.headers()), ...ask.headers };
    let response: Response;
    try {
      response = await this.send(this.place.baseUrl + path, { method: ask.method, headers, body, signal });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw this.unreachable(error);
    }
    if (response.ok) return response;
    if (response.status === 401) this.token = ""; // the proxy may keep another one by now
    throw await refusal(response, (text) => this.tellable(text), refused);
  }

  private unreachable(error: unknown): HeadroomConnectionError {
    const { code, cause } = (error ?? {}) as { code?: string; cause?: { code?: string; message?: string } };
    const why = this.tellable(cause?.code ?? code ?? cause?.message ?? (error instanceof Error ? error.message : String(error)));
    const { origin } = new URL(this.place.baseUrl);
    const made = new HeadroomConnectionError(`Headroom's proxy at ${origin} cannot be reached (${why}). Start it with: headroom proxy`, { code: why });
    made.cause = error;
    return made;
  }

  /** What others say of a request, without the base URL's path, in which the token may stand. */
  private tellable(text: string): string {
    const { pathname } = new URL(this.place.baseUrl);
    return pathname === "/" ? text : text.replaceAll(pathname, "/…");
  }
}

/** @throws TypeError, RangeError if it is nothing that JSON can say. No attempt is made then: that it would fail is no fault of the proxy's. */
function written(body: unknown): string | undefined {
  return body === undefined || typeof body === "string" ? body : JSON.stringify(body);
}

async function refusal(response: Response, tellable: (text: string) => string, refused?: typeof ProviderError): Promise<HeadroomError> {
  const text = await response.text().catch(() => "");
  let said: any;
  try {
    said = JSON.parse(text)?.error;
  } catch {
    said = undefined;
  }
  const type = typeof said?.type === "string" ? said.type : "unknown";
  const message = (typeof said?.message === "string" ? tellable(said.message) : tellable(text).slice(0, 500)) || `HTTP ${response.status}`;
  const error = mapProxyError(response.status, type, message);
  const after = response.headers.get("retry-after");
  if (after !== null && /^\d{1,9}$/.test(after)) error.details = { ...error.details, retryAfterMs: 1000 * Number(after) };
  return refused ? new refused(message, { statusCode: response.status, errorType: type, ...error.details }) : error;
}

function pauseMs(tried: number, error: HeadroomError): number {
  return error.details?.retryAfterMs ?? Math.min(FIRST_PAUSE_MS * 2 ** tried, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((wake, fail) => {
    const stop = () => {
      clearTimeout(timer);
      fail(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      wake();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
