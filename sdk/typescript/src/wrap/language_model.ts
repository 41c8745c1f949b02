/** Language models of Vercel's `ai`, of every version of their specification. */
import { compressOpenly } from "../compress.js";
import type { CompressOptions } from "../types.js";
import { policyFor } from "./offer.js";

/** What all versions have alike. */
export interface LanguageModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  doGenerate: (...args: any[]) => any;
  doStream: (...args: any[]) => any;
  [key: string]: any;
}

/** Calls whose prompts are smaller. They are said to be of `ai`: before its first call of a tool a prompt may look like another library's. */
export async function smallerPrompt(params: any, model: { modelId?: string } | undefined, options: CompressOptions): Promise<any> {
  if (!Array.isArray(params?.prompt)) return params;
  const signal = params.abortSignal ?? options.signal;
  const policy = policyFor(params.tools, options.policy);
  const result = await compressOpenly(params.prompt, { ...options, model: options.model ?? model?.modelId, policy, format: "vercel", signal });
  return result.messages === params.prompt ? params : { ...params, prompt: result.messages };
}

/** A model whose calls have smaller prompts; all else is the model's own. */
export function wrapModel<T extends LanguageModel>(model: T, options: CompressOptions): T {
  return new Proxy(model, {
    get(object, name) {
      const value: any = Reflect.get(object, name, object);
      if (typeof value !== "function") return value;
      if (name !== "doGenerate" && name !== "doStream") return value.bind(object);
      return async (params: any, ...rest: unknown[]) => value.call(object, await smallerPrompt(params, object, options), ...rest);
    },
  });
}
