/**
 * Conversations on their way to the proxy and back: it is sent what of them is JSON, and of what comes back the texts are set into copies of the
 * messages they were taken from. So whatever else a message holds, bytes and addresses too, stays what it is.
 */
import { detectFormat, type MessageFormat } from "./detect.js";
import { vercelCarrier } from "./vercel.js";

/** The same conversation for the proxy. */
export interface Carrier {
  chat: any[];
  /** The messages with what became of `chat`; each in which nothing changed is the very object that it was. */
  back(settled: any[]): any[];
}

/**
 * A conversation to be carried to the proxy and back.
 *
 * @param format by default told by what the messages hold
 */
export function carrier(messages: any[], format: MessageFormat = detectFormat(messages)): Carrier {
  const { chat, back } = format === "vercel" ? vercelCarrier(messages) : plainCarrier(messages);
  return { chat, back: (settled) => (settled === chat ? messages : kept(messages, back(settled))) };
}

function plainCarrier(messages: any[]): Carrier {
  const chat = withoutBytes(messages);
  return { chat, back: (settled) => messages.map((message, i) => (settled[i] === chat[i] ? message : withTexts(message, settled[i]))) };
}

/** The same value with nothing in the place of bytes, which JSON spells digit by digit; the value itself where there are none. */
function withoutBytes(value: any): any {
  if (ArrayBuffer.isView(value)) return null;
  if (Array.isArray(value)) return kept(value, value.map(withoutBytes));
  if (value === null || typeof value !== "object") return value;
  return withMembers(value, Object.entries(value).map(([name, member]) => [name, withoutBytes(member)]));
}

/** A value with the texts that are other ones in `json`, which was made of it. */
function withTexts(value: any, json: any): any {
  if (typeof json === "string") return typeof value === "string" || replaceable(value, json) ? json : value;
  if (Array.isArray(json)) {
    if (!Array.isArray(value) || value.length !== json.length) return value;
    return kept(value, value.map((item, i) => withTexts(item, json[i])));
  }
  if (json === null || typeof json !== "object" || value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  const members = Object.entries(json).filter(([name]) => Object.hasOwn(value, name));
  return withMembers(value, members.map(([name, member]) => [name, withTexts(value[name], member)]));
}

/** Whether a text may stand for a value that is none: it is not what JSON writes for it anyway, as for dates, and no bytes go with it. */
function replaceable(value: any, text: string): boolean {
  return withoutBytes(value) === value && JSON.stringify(value) !== JSON.stringify(text);
}

/** What was made, or the list it was made of where they are the same. */
function kept(list: any[], made: any[]): any[] {
  return made.every((item, i) => item === list[i]) ? list : made;
}

function withMembers(value: any, members: [string, any][]): any {
  return members.every(([name, member]) => member === value[name]) ? value : { ...value, ...Object.fromEntries(members) };
}
