/** Objects whose methods take requests, where there is no `fetch` to tell: doubles in tests, other libraries with the same methods. */
import { compressOpenly } from "../compress.js";
import type { WrapOptions } from "./fetching.js";
import { policyFor } from "./offer.js";

type Field = "messages" | "input" | "contents";

/** Dotted names of methods -> the member of their first argument that holds the messages. */
const METHODS: Record<string, Field> = {
  "chat.completions.create": "messages",
  "responses.create": "input",
  "messages.create": "messages",
  "messages.countTokens": "messages",
  "models.generateContent": "contents",
  "models.generateContentStream": "contents",
  "models.countTokens": "contents",
  generateContent: "contents",
  generateContentStream: "contents",
  countTokens: "contents",
};

/** The same object, but that those methods first make the messages smaller; they give back promises. */
export function proxied<T extends object>(target: T, options: WrapOptions): T {
  return wrapped(target, "", options);
}

function wrapped<T extends object>(target: T, path: string, options: WrapOptions): T {
  return new Proxy(target, {
    get(object, name) {
      const value: any = Reflect.get(object, name, object);
      if (typeof name !== "string") return value;
      const full = path ? `${path}.${name}` : name;
      const field = Object.hasOwn(METHODS, full) ? METHODS[full] : undefined;
      if (typeof value === "function") return field ? calling(value, object, field, options) : value.bind(object);
      const leads = value !== null && typeof value === "object" && Object.keys(METHODS).some((method) => method.startsWith(`${full}.`));
      return leads ? wrapped(value, full, options) : value;
    },
  });
}

function calling(method: (...given: any[]) => any, object: object, field: Field, options: WrapOptions) {
  return async (request: any, ...rest: unknown[]) => {
    const plain = Array.isArray(request); // @google/generative-ai takes a list of parts for a single turn
    const messages = plain ? undefined : request?.[field];
    if (!Array.isArray(messages) || messages.some((message) => message === null || typeof message !== "object")) {
      return method.call(object, request, ...rest);
    }
    const policy = policyFor(request.tools ?? request.config?.tools ?? (object as any).tools, options.policy);
    const model = options.model ?? request.model ?? (object as any).model;
    const result = await compressOpenly(messages, { ...options, model, policy });
    return method.call(object, result.messages === messages ? request : { ...request, [field]: result.messages }, ...rest);
  };
}
