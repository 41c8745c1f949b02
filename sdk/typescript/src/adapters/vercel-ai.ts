/** Vercel's `ai`, versions 5, 6 and 7. */
import { compress } from "../compress.js";
import type { CompressOptions, CompressResult } from "../types.js";
import { smallerPrompt, wrapModel, type LanguageModel } from "../wrap/language_model.js";

export type { LanguageModel } from "../wrap/language_model.js";

/** Fits `LanguageModelMiddleware` of every version: each wants its own number and reads none. */
export interface HeadroomMiddleware {
  readonly specificationVersion: any;
  transformParams(options: { params: any; model: any; type: any }): Promise<any>;
}

/** Middleware for `wrapLanguageModel` that makes prompts smaller. */
export function headroomMiddleware(options: CompressOptions = {}): HeadroomMiddleware {
  return { specificationVersion: "v4", transformParams: ({ params, model }) => smallerPrompt(params, model, options) };
}

/** Messages of `ai` with smaller tool results. */
export function compressVercelMessages(messages: any[], options: CompressOptions = {}): Promise<CompressResult> {
  return compress(messages, { ...options, format: "vercel" });
}

/** A model with smaller prompts. */
export function withHeadroom<T extends LanguageModel>(model: T, options: CompressOptions = {}): T {
  return wrapModel(model, options);
}
