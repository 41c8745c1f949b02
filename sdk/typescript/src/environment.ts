/** What the surroundings say: the only place that reads environment variables and files. */
import { ConfigurationError } from "./errors.js";

const DEFAULT_URL = "http://127.0.0.1:8787";
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Where the proxy is, and what it wants to be told. */
export interface Place {
  /** Without a slash at its end; the token may stand in its path. */
  baseUrl: string;
  /** The proxy's token, "" if none was given. */
  token: string;
  /** The proxy runs on this machine: the token that it keeps for this user will do. */
  own: boolean;
}

/**
 * The proxy's place: what is given, else what the environment says, else this machine.
 *
 * @throws ConfigurationError if the base URL is none of HTTP.
 */
export function place(given: { baseUrl?: string; token?: string; apiKey?: string }): Place {
  const named = given.baseUrl || variable("HEADROOM_BASE_URL") || DEFAULT_URL;
  let url: URL;
  try {
    url = new URL(named);
  } catch {
    throw new ConfigurationError(`The base URL of the proxy is no URL: ${shown(named)}`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ConfigurationError(`The base URL of the proxy must begin with http:// or https://: ${shown(named)}`);
  }
  return {
    baseUrl: (url.origin + url.pathname).replace(/\/{1,100}$/, ""),
    token: given.token || given.apiKey || variable("HEADROOM_API_KEY") || variable("HEADROOM_PROXY_TOKEN"),
    own: url.pathname === "/" && LOOPBACK.has(url.hostname),
  };
}

/** The host of what should be a URL, as far as there is one: the token may stand in the path, a password in front. */
function shown(named: string): string {
  const [host = ""] = named.replace(/^[a-z][a-z0-9+.-]{0,20}:(?=[/\\])/i, "").replace(/^[/\\]{1,9}/, "").split(/[/\\?#]/, 1);
  return host.slice(host.lastIndexOf("@") + 1);
}

/** A variable, "" if it is not set or there is no environment, as in a browser. */
export function variable(name: string): string {
  return (typeof process === "undefined" ? undefined : process.env?.[name]) ?? "";
}

/** The token that `headroom proxy` keeps for this user, "" where there is none. */
export async function keptToken(): Promise<string> {
  try {
    // Late: runtimes without files must be able to load this module.
    const { readFile } = await import(/* webpackIgnore: true */ "node:fs/promises");
    return (await readFile(`${stateFolder()}/proxy-token`, "ascii")).trim();
  } catch {
    return ""; // no proxy has run here, or it is not ours to read: the proxy will say that it wants a token
  }
}

function stateFolder(): string {
  const home = variable("HOME");
  const folder = process.platform === "darwin" ? `${home}/Library/Application Support` : variable("XDG_STATE_HOME") || `${home}/.local/state`;
  return variable("HEADROOM_STATE") || `${folder}/headroom`;
}
