/** Requests to a model's API through the proxy, in the API's own words. */
import type { HeadroomMode, SimulationResult } from "./models.js";
import { parseSSE } from "./sse.js";
import type { Transport } from "./transport.js";
import type { OpenAIMessage } from "./types.js";

/** Beside the parameters of the API. */
export interface HeadroomParams {
  /** `audit` lets the request pass untouched. */
  headroomMode?: HeadroomMode;
  headroomCachePrefixTokens?: number;
  headroomOutputBufferTokens?: number;
  headroomKeepTurns?: number;
  headroomToolProfiles?: Record<string, Record<string, any>>;
}

/** What all requests have alike. */
export interface Asked {
  key: string | undefined;
  mode: HeadroomMode | undefined;
  simulate: (messages: any[], model: string) => Promise<SimulationResult>;
}

const OURS = /^headroom[A-Z]/;

abstract class Passthrough {
  constructor(
    private readonly transport: Transport,
    protected readonly asked: Asked,
  ) {}

  protected async send(path: string, params: Record<string, any>, headers: Record<string, string>): Promise<any> {
    const body = Object.fromEntries(Object.entries(params).filter(([name]) => !OURS.test(name)));
    const untouched: Record<string, string> = (params.headroomMode ?? this.asked.mode) === "audit" ? { "x-headroom-bypass": "1" } : {};
    const response = await this.transport.response(path, { method: "POST", headers: { ...untouched, ...headers }, body });
    return params.stream ? parseSSE(response) : response.json();
  }
}

/** OpenAI's Chat Completions. */
export class ChatCompletions extends Passthrough {
  /**
   * An answer, or with `stream` an async iterable of its chunks.
   *
   * @throws ProviderError if the API refuses.
   */
  create(params: { model: string; messages: OpenAIMessage[]; stream?: boolean; [key: string]: any } & HeadroomParams): Promise<any> {
    return this.send("/v1/chat/completions", params, this.asked.key ? { authorization: `Bearer ${this.asked.key}` } : {});
  }

  /** What compression would do. */
  simulate(params: { model: string; messages: OpenAIMessage[] } & HeadroomParams): Promise<SimulationResult> {
    return this.asked.simulate(params.messages, params.model);
  }
}

/** A request of Anthropic's Messages. */
export type MessageParams = {
  model: string;
  messages: any[];
  max_tokens?: number;
  system?: string | any[];
  stream?: boolean;
  [key: string]: any;
} & HeadroomParams;

/** Anthropic's Messages. */
export class Messages extends Passthrough {
  /**
   * An answer, or with `stream` an async iterable of its events.
   *
   * @throws ProviderError if the API refuses.
   */
  create(params: MessageParams): Promise<any> {
    const headers = { "anthropic-version": "2023-06-01", ...(this.asked.key && { "x-api-key": this.asked.key }) };
    return this.send("/v1/messages", params, headers);
  }

  /** The events of an answer as they come. */
  stream(params: MessageParams): Promise<AsyncGenerator<any>> {
    return this.create({ ...params, stream: true });
  }

  /** What compression would do. */
  simulate(params: { model: string; messages: any[] } & HeadroomParams): Promise<SimulationResult> {
    return this.asked.simulate(params.messages, params.model);
  }
}
