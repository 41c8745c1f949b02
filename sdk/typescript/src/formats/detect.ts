/** Which library's messages these are, told by what one alone has. */

export type MessageFormat = "openai" | "anthropic" | "vercel" | "gemini";

const VERCEL = new Set(["tool-call", "tool-result", "reasoning", "reasoning-file", "tool-approval-request", "tool-approval-response"]);
const ANTHROPIC = /^(?:tool_use|tool_result|thinking|redacted_thinking|document|image|server_tool_use|[a-z_]{1,40}_tool_result)$/;

/** The format of a list of messages; plain texts, which all have alike, are OpenAI's. */
export function detectFormat(messages: any[]): MessageFormat {
  for (const message of messages) {
    if (Array.isArray(message?.parts)) return "gemini";
    if (message?.tool_calls !== undefined || message?.tool_call_id !== undefined) return "openai";
    if (!Array.isArray(message?.content)) continue;
    for (const part of message.content) {
      const type = String(part?.type ?? "");
      if (VERCEL.has(type) || (type === "file" && "data" in part) || (type === "image" && "image" in part)) return "vercel";
      if (ANTHROPIC.test(type)) return "anthropic";
    }
  }
  return "openai";
}
