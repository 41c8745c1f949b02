#!/usr/bin/env node
/** `npx headroom-ai proxy`: runs the program `headroom` of this machine, or says how to get it. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { advice, fetched, installed, machine, type Command } from "./find.js";

const USAGE = `usage: headroom-ai [--download] COMMAND [ARGUMENTS]

Runs the program headroom with what follows: headroom-ai proxy, headroom-ai stats …
  --download   where it is not installed, let uvx or pipx download and run it
`;

function main(given: string[]): void {
  const download = given[0] === "--download";
  const rest = download ? given.slice(1) : given;
  if (rest.length === 0 || rest[0] === "-h" || rest[0] === "--help") {
    process.stdout.write(USAGE);
    process.exitCode = rest.length === 0 ? 2 : 0;
    return;
  }
  const fetching = fetched(machine);
  const command = installed(machine) ?? (download ? fetching : undefined);
  if (command) return become([...command, ...rest] as unknown as Command);
  process.stderr.write(`${advice(fetching)}\n`);
  process.exitCode = 127;
}

/** Run a program in this one's place: its terminal, its signals, its end. */
function become([name, ...rest]: Command): void {
  // Before the program is started: a signal that came between would end this one and leave the program alone.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  const child = spawn(name, rest, { stdio: "inherit" });
  child.on("error", (error) => {
    process.stderr.write(`${name} cannot be run: ${error.message}\n`);
    process.exitCode = 126;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal!];
  });
}

main(process.argv.slice(2));
