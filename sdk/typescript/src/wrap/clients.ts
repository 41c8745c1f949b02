/** Client libraries with another `fetch`, so that all their methods, helpers and streams are as they were. The client that came in is not changed. */
import type { Fetch } from "./requests.js";

// What a subclass of a client keeps beside the options that it hands on, and asks for again when it is made anew.
const KEPT = { apiVersion: "apiVersion", _deployment: "deployment", deploymentName: "deployment", _azureADTokenProvider: "azureADTokenProvider" };

type Change = (send: Fetch) => Fetch;

/** OpenAI's or Anthropic's client; undefined if it is none whose `fetch` can be told. */
export function generated<T extends object>(client: T, change: Change): T | undefined {
  const given = client as any;
  if (typeof given.fetch !== "function" || typeof given.constructor !== "function") return undefined;
  const send: Fetch = (url, init) => given.fetch.call(undefined, url, init);
  if (typeof given.withOptions === "function") return given.withOptions({ fetch: change(send) });
  if (given._options === null || typeof given._options !== "object") return undefined;
  const kept = Object.entries(KEPT).filter(([member]) => given[member] !== undefined && given[member] !== "");
  const options = Object.fromEntries(kept.map(([member, option]) => [option, given[member]]));
  return new given.constructor({ ...given._options, ...options, fetch: change(send) });
}

/** Google's `GoogleGenAI`; undefined if it is none. Its way out is one method of its `apiClient`, whatever the version. */
export function genai<T extends object>(client: T, change: Change): T | undefined {
  const given = client as any;
  if (typeof given.apiClient?.apiCall !== "function" || typeof given.models?.generateContent !== "function") return undefined;
  const apiClient = Object.create(given.apiClient);
  apiClient.apiCall = (url: string, init: any, ...rest: unknown[]) => {
    return change((to, what) => given.apiClient.apiCall(to, what, ...rest))(url, init);
  };
  const made = Object.create(Object.getPrototypeOf(given), Object.getOwnPropertyDescriptors(given));
  made.apiClient = apiClient;
  made.models = new given.models.constructor(apiClient);
  if (given.chats) made.chats = new given.chats.constructor(made.models, apiClient);
  for (const lazy of ["_interactions", "_nextGenClient"]) if (lazy in made) made[lazy] = undefined; // made anew when asked for
  return made;
}
