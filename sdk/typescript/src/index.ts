/** Smaller prompts for programs in JavaScript and TypeScript, by a running `headroom proxy`. */
export { deepCamelCase, deepSnakeCase, snakeToCamel, camelToSnake } from "./cases.js";
export { HeadroomClient, type ExtendedClientOptions } from "./client.js";
export { compress, retrieve, simulate, stats, type SimulateOptions } from "./compress.js";
export * from "./errors.js";
export { detectFormat, type MessageFormat } from "./formats/detect.js";
export { fromOpenAI, toOpenAI } from "./formats/convert.js";
export { CompressionHooks, countTurns, extractToolCalls, extractUserQuery, type CompressContext, type CompressEvent } from "./hooks.js";
export type * from "./models.js";
export type { HeadroomParams } from "./passthrough.js";
export { retrieveTool } from "./retrieval_tool.js";
export { SharedContext, type ContextEntry, type SharedContextOptions, type SharedContextStats } from "./shared_context.js";
export { collectStream, parseSSE } from "./sse.js";
export type * from "./types.js";
export { withHeadroom, type WrapOptions } from "./wrap/index.js";
export { compressVercelMessages, headroomMiddleware, type HeadroomMiddleware } from "./adapters/vercel-ai.js";
