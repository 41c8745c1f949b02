// Leads a talk: its values come on standard input, the answers go to standard output as one JSON list.
export async function lead(converse) {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const answers = [];
  for await (const answer of converse(JSON.parse(Buffer.concat(chunks).toString()))) answers.push(answer);
  process.stdout.write(JSON.stringify(answers));
}
