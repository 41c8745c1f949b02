/** Where `headroom`, a program in Python, is on this machine. */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** A way to run a program: its name and first arguments. */
export type Command = readonly [string, ...string[]];

export interface Surroundings {
  /** The full path of a program, undefined if it is not there. */
  which(name: string): string | undefined;
  /** Whether a command ends well. */
  works(command: Command): boolean;
}

const PYTHONS = ["python3", "python"];

/** How `headroom` is run here; undefined if it is not installed. */
export function installed(around: Surroundings): Command | undefined {
  const headroom = around.which("headroom");
  if (headroom) return [headroom];
  for (const name of PYTHONS) {
    const python = around.which(name);
    if (python && around.works([python, "-c", "import headroom_wrap.cli"])) return [python, "-m", "headroom_wrap.cli"];
  }
  return undefined;
}

/** How it can be run without being installed, by what fetches it from the package index first; undefined if nothing here does. */
export function fetched(around: Surroundings): Command | undefined {
  const uvx = around.which("uvx");
  if (uvx) return [uvx, "--from", "headroom-ai", "headroom"];
  const pipx = around.which("pipx");
  return pipx ? [pipx, "run", "--spec", "headroom-ai", "headroom"] : undefined;
}

/** What to do where it is not installed. */
export function advice(fetching: Command | undefined): string {
  const lines = ["headroom is not installed: it is a program in Python (3.10 or later). Any of these installs it:", ""];
  lines.push("    uv tool install headroom-ai", "    pipx install headroom-ai", "    python3 -m pip install headroom-ai");
  if (fetching) lines.push("", "Or run it without installing it; this downloads it first:", "", "    npx headroom-ai --download proxy");
  return lines.join("\n");
}

/** This machine. */
export const machine: Surroundings = {
  which(name) {
    const endings = process.platform === "win32" ? [".exe", ".cmd", ".bat"] : [""];
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      for (const ending of endings) {
        const path = join(folder, name + ending);
        if (folder && runnable(path)) return path;
      }
    }
    return undefined;
  },
  works([name, ...rest]) {
    return spawnSync(name, rest, { stdio: "ignore", timeout: 20_000 }).status === 0;
  },
};

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
