/**
 * What was given back for the messages of conversations: as long as the program lives, a proxy that is away for a while, or late, breaks no prefix.
 */

/** A message where it stands: what is before it is the way to its node. */
interface Node {
  /** What was sent in its place; undefined where it was sent as it was. */
  form?: any;
  /** The originals that it names. */
  handles?: string[];
  readonly next: Map<string, Node>;
}

/** Messages as they are to be sent. */
export interface Settled {
  messages: any[];
  /** The originals that they name. */
  handles: string[];
}

const LIMIT = 8_000_000; // characters: an application that sends more of them begins anew with what the proxy remembers

/** The conversations of one client. */
export class Sent {
  private readonly limit: number;
  private conversations = new Map<string, Node>();
  private held = 0;

  constructor(limit = LIMIT) {
    this.limit = limit;
  }

  /**
   * The messages to send: what was sent before as it was sent then, and what is new as it was made now, which is remembered.
   *
   * @param asked what else the answer depends on
   * @param messages of a conversation
   * @param made the same, smaller; `messages` themselves where that could not be done
   * @param handles of the originals of what was made
   */
  settle(asked: object, messages: any[], made: any[], handles: string[] = []): Settled {
    if (this.held > this.limit) [this.conversations, this.held] = [new Map(), 0];
    let node = this.conversations.get(JSON.stringify(asked)) ?? this.begin(JSON.stringify(asked));
    const named = new Set<string>();
    const settled = messages.map((message, i) => {
      const text = JSON.stringify(message);
      node = node.next.get(text) ?? this.remember(node, text, made[i], handles);
      for (const handle of node.handles ?? []) named.add(handle);
      return node.form ?? message;
    });
    return { messages: settled.every((message, i) => message === messages[i]) ? messages : settled, handles: [...named] };
  }

  private begin(asked: string): Node {
    const node = { next: new Map() };
    this.conversations.set(asked, node);
    return node;
  }

  private remember(before: Node, text: string, form: any, handles: string[]): Node {
    const written = JSON.stringify(form);
    const node = written === text ? { next: new Map() } : { form, handles: handles.filter((handle) => written.includes(handle)), next: new Map() };
    before.next.set(text, node);
    this.held += text.length + written.length;
    return node;
  }
}
