/** The tool with which a model fetches what was left out, for applications that offer it themselves. */
import { HeadroomCompressError } from "./errors.js";
import { asObject, asText } from "./formats/parts.js";
import type { RetrieveOptions, RetrieveResult } from "./types.js";

const NAME = "headroom_retrieve";
const DESCRIPTION =
  "Fetch text that was left out of an earlier tool result. A result that ends with “[headroom HANDLE: …]” names the handle." +
  " Ask for the lines or the pattern that you need rather than for everything.";
const PARAMETERS = {
  type: "object",
  properties: {
    handle: { type: "string", description: "The handle from the footer, e.g. 3f9a2c7b" },
    lines: { type: "string", description: "Lines by number, e.g. 120-480 or 5-9,40-60" },
    pattern: { type: "string", description: "A regular expression: only lines in which it is found" },
  },
  required: ["handle"],
};

/** The tool's declaration as a provider wants it. Requests of wrapped clients that offer it may have something left out. */
export function retrieveTool(provider: "openai" | "openai-responses" | "anthropic" | "gemini" = "openai"): any {
  if (provider === "anthropic") return { name: NAME, description: DESCRIPTION, input_schema: PARAMETERS };
  const declared = { name: NAME, description: DESCRIPTION, parameters: PARAMETERS };
  if (provider === "gemini") return { functionDeclarations: [{ name: NAME, description: DESCRIPTION, parametersJsonSchema: PARAMETERS }] };
  return provider === "openai" ? { type: "function", function: declared } : { type: "function", ...declared };
}

type Retrieve = (handle: string, options: RetrieveOptions) => Promise<RetrieveResult>;

/** The answer to a model's call: a tool message for OpenAI, a block for Anthropic, a part for Gemini. What cannot be found is said in it. */
export async function toolAnswer(retrieve: Retrieve, call: any, provider?: "anthropic" | "openai" | "gemini"): Promise<any> {
  const given = asObject(call.function?.arguments ?? call.arguments ?? call.input ?? call.args);
  let text: string;
  let failed = false;
  try {
    const { lines, pattern } = given;
    text = (await retrieve(asText(given.handle ?? given.hash ?? ""), { ...(lines && { lines: asText(lines) }), ...(pattern && { pattern }) })).text;
  } catch (error) {
    if (!(error instanceof HeadroomCompressError)) throw error;
    text = error.message; // the model is told what it asked wrongly
    failed = true;
  }
  const whose = provider ?? (call.type === "tool_use" ? "anthropic" : call.args ? "gemini" : "openai");
  if (whose === "anthropic") return { type: "tool_result", tool_use_id: call.id, content: text, ...(failed && { is_error: true }) };
  if (whose === "gemini") {
    return { functionResponse: { ...(call.id && { id: call.id }), name: call.name ?? NAME, response: { [failed ? "error" : "output"]: text } } };
  }
  if (call.call_id) return { type: "function_call_output", call_id: call.call_id, output: text };
  return { role: "tool", tool_call_id: call.id, content: text };
}
