/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) whose data is JSON. */

/** The events of a response, as they come; OpenAI's closing `[DONE]` is none. */
export async function* parseSSE<T = any>(response: Response): AsyncGenerator<T> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  let data: string[] = [];
  let afterReturn = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      let text = done ? "\n\n" : decoder.decode(value, { stream: true });
      if (text === "") continue;
      if (afterReturn && text.startsWith("\n") && !done) text = text.slice(1);
      afterReturn = text.endsWith("\r");
      const lines = text.split(/\r\n|\n|\r/);
      pieces.push(lines[0]!);
      for (const next of lines.slice(1)) {
        const line = pieces.join(""); // a line may come in many pieces: they are joined once
        pieces = [next];
        if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
        if (line !== "" || data.length === 0) continue;
        const event = data.join("\n");
        data = [];
        if (event.trim() !== "[DONE]") yield JSON.parse(event) as T;
      }
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined); // who stops listening gives the connection back
  }
}

/** All items of a stream. */
export async function collectStream<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
