/** Texts in the contents of messages. */

/** The text of a message's content: a string, or the text parts of a list, a line each. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part) => (typeof part === "string" ? part : part?.text))
    .filter((text) => typeof text === "string")
    .join("\n");
}

/** A value as the text that a model would read. */
export function asText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** The arguments of a call as an object. */
export function asObject(value: unknown): Record<string, any> {
  if (typeof value !== "string") return value !== null && typeof value === "object" ? (value as Record<string, any>) : {};
  try {
    return asObject(JSON.parse(value) ?? {});
  } catch {
    return {};
  }
}
