// The middleware and the wrappers fit the types of every version that they are for. Type-checked only.
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import AnthropicOldest from "anthropic-oldest";
import { wrapLanguageModel as wrap7 } from "ai";
import { wrapLanguageModel as wrap5 } from "ai-v5";
import { wrapLanguageModel as wrap6 } from "ai-v6";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAI as createOpenAI2 } from "@ai-sdk/openai-v2";
import { createOpenAI as createOpenAI3 } from "@ai-sdk/openai-v3";
import { GoogleGenAI as GenAIOldest } from "genai-oldest";
import { headroomMiddleware, retrieve, stats, withHeadroom, type Retrieved, type Stats } from "headroom-ai";
import OpenAI, { AzureOpenAI } from "openai";
import OpenAIOldest from "openai-oldest";

const middleware = headroomMiddleware({ model: "gpt-4.1", profile: "lossless", policy: { excludeTools: ["read"] } });
wrap7({ model: createOpenAI()("m"), middleware });
wrap6({ model: createOpenAI3()("m"), middleware });
wrap5({ model: createOpenAI2()("m"), middleware });

const same: [OpenAI, AzureOpenAI, OpenAIOldest, Anthropic, AnthropicOldest, GoogleGenAI, GenAIOldest] = [
  withHeadroom(new OpenAI()),
  withHeadroom(new AzureOpenAI()),
  withHeadroom(new OpenAIOldest()),
  withHeadroom(new Anthropic()),
  withHeadroom(new AnthropicOldest()),
  withHeadroom(new GoogleGenAI({})),
  withHeadroom(new GenAIOldest({})),
];
const text: Retrieved = await retrieve("3f9a2c7b", { lines: "1-5", pattern: "ERROR" });
const sums: Stats = await stats({ days: 7 });

// @ts-expect-error: a profile that there is none of
headroomMiddleware({ profile: "maximal" });
// @ts-expect-error: a client is an object
withHeadroom("openai");
