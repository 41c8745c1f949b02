// Folders that go with the process that made them: every file of tests is one.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const all = mkdtempSync(join(tmpdir(), "headroom-"));
process.on("exit", () => rmSync(all, { recursive: true, force: true }));

/** An empty folder. */
export const folder = () => mkdtempSync(join(all, "-"));
