/** What may be left out depends on what the model is offered: without the tool that fetches it, what is left out is lost to it. Pure. */
import type { PolicyOptions } from "../types.js";

const TOOL = "headroom_retrieve";

/** The policy for a request that offers these tools: nothing is left out if none of them fetches it, unless the application says otherwise. */
export function policyFor(tools: unknown, policy: PolicyOptions | undefined): PolicyOptions {
  return { elide: offersRetrieval(tools), ...policy };
}

function offersRetrieval(tools: unknown): boolean {
  if (!Array.isArray(tools)) return false;
  return tools.some((tool) => {
    const names = [tool?.name, tool?.function?.name, ...(tool?.functionDeclarations ?? []).map((declared: any) => declared?.name)];
    return names.some((name) => typeof name === "string" && name.endsWith(TOOL)); // clients of MCP put the server's name in front
  });
}
