// Leads conversations with client libraries, bare or wrapped: a line of standard input says which, a line of standard output what came of them.
import { createInterface } from "node:readline";
import { apis } from "./apis.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const told = [];
  for (const talk of JSON.parse(line)) told.push(await lead(talk));
  process.stdout.write(`${JSON.stringify(told)}\n`);
}

async function lead(talk) {
  const answers = [];
  try {
    for await (const answer of apis[talk.api](talk)) answers.push(answer);
    return { answers, failure: null };
  } catch (error) {
    const chain = [];
    for (let at = error; at instanceof Error && chain.length < 5; at = at.cause) chain.push(at.constructor.name);
    return { answers, failure: { chain, status: error.status ?? error.statusCode, message: String(error.message) } };
  }
}
