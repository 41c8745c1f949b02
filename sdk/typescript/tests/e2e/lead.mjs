// Leads conversations with client libraries, bare or wrapped: what is to be said comes on standard input, what came of it goes to standard output.
import { apis } from "./apis.mjs";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const told = [];
for (const talk of JSON.parse(Buffer.concat(chunks).toString())) told.push(await lead(talk));
process.stdout.write(JSON.stringify(told));

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
