import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as esm from "headroom-ai";

const require = createRequire(import.meta.url);
const manifest = require("headroom-ai/package.json");
const NAMES = [
  ...["CacheError", "CompressionHooks", "ConfigurationError", "HeadroomAuthError", "HeadroomClient", "HeadroomCompressError"],
  ...["HeadroomConnectionError", "HeadroomError", "HeadroomNotFoundError", "HeadroomTimeoutError", "ProviderError", "SharedContext"],
  ...["StorageError", "TokenizationError", "TransformError", "ValidationError", "camelToSnake", "collectStream", "compress"],
  ...["compressVercelMessages", "countTurns", "deepCamelCase", "deepSnakeCase", "detectFormat", "extractToolCalls", "extractUserQuery"],
  ...["fromOpenAI", "headroomMiddleware", "isOutage", "mapProxyError", "parseSSE", "retrieve", "retrieveTool", "simulate", "snakeToCamel"],
  ...["stats", "toOpenAI", "withHeadroom"],
];

test("ES modules and CommonJS export the same", () => {
  assert.deepEqual(Object.keys(esm).sort(), [...NAMES].sort());
  assert.deepEqual(Object.keys(require("headroom-ai")).sort(), [...NAMES].sort());
});

test("every entry is there in both", async () => {
  for (const entry of Object.keys(manifest.exports).filter((name) => !name.endsWith(".json"))) {
    const name = entry.replace(".", "headroom-ai");
    const [imported, required] = [await import(name), require(name)];
    assert.deepEqual(Object.keys(imported).sort(), Object.keys(required).sort());
  }
});

test("nothing is needed at run time", () => assert.deepEqual([manifest.dependencies, manifest.peerDependencies], [undefined, undefined]));
