/** What becomes of a failure after which the original was used. */
import { HeadroomError } from "./errors.js";

const told = new Set<string>();

/** Tell of it: the caller, or else the process, of each kind of failure once. */
export function fallenBack(error: HeadroomError, onFallback?: (error: HeadroomError) => void): void {
  if (onFallback) return onFallback(error);
  if (told.has(error.name)) return;
  told.add(error.name);
  const message = `${error.message.replace(/[.!]?$/, ".")} Until then requests go on as they are.`;
  if (typeof process !== "undefined" && typeof process.emitWarning === "function") process.emitWarning(message, "HeadroomWarning");
  else console.warn(message);
}
