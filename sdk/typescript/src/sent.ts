/**
 * What was given back for the messages of conversations: as long as the program lives, a proxy that is away for a while, or late, breaks no prefix.
 */
import { hashed, randomKey } from "./hash.js";

/** A message where it stands: what is before it is the way to its node. */
interface Node {
  /** What was sent in its place; undefined where it was sent as it was. */
  form?: any;
  /** The originals that it names. */
  handles?: string[];
  /** About how many characters it takes to remember. */
  readonly size: number;
  /** When it last was on the way; what is behind it was so no later. */
  used: number;
  readonly next: Map<string, Node>;
}

/** Messages as they are to be sent. */
export interface Settled {
  messages: any[];
  /** The originals that they name. */
  handles: string[];
}

const LIMIT = 8_000_000; // characters: beyond them what was not said again for longest is forgotten
const LONG = 20_000; // characters: a message of more, as with images, is known by its hash
const NODE = 200; // characters' worth of what a node takes beside its texts

/** The conversations of one client. */
export class Sent {
  private readonly limit: number;
  private readonly key = randomKey();
  private readonly conversations = new Map<string, Node>();
  private held = 0;
  private now = 0;

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
    this.now++;
    let next = this.conversations;
    const step = (text: string, form?: any): Node => {
      const known = this.known(text);
      const node = next.get(known) ?? this.remember(next, known, text, form, handles);
      node.used = this.now;
      next = node.next;
      return node;
    };
    step(JSON.stringify(asked));
    const named = new Set<string>();
    const settled = messages.map((message, i) => {
      const node = step(JSON.stringify(message), made[i]);
      for (const handle of node.handles ?? []) named.add(handle);
      return node.form ?? message;
    });
    if (this.held > this.limit) this.forget();
    return { messages: settled.every((message, i) => message === messages[i]) ? messages : settled, handles: [...named] };
  }

  private known(text: string): string {
    return text.length > LONG ? `${text.length} ${hashed(text, this.key)}` : text;
  }

  private remember(among: Map<string, Node>, known: string, text: string, form: any, handles: string[]): Node {
    const written = form === undefined ? text : JSON.stringify(form);
    const others = written === text ? {} : { form, handles: handles.filter((handle) => written.includes(handle)) };
    const size = NODE + known.length + (written === text ? 0 : written.length);
    const node = { ...others, size, used: this.now, next: new Map() };
    among.set(known, node);
    this.held += size;
    return node;
  }

  /** Until half of what may be is held, what was on no way for longest goes; never what has just been settled. */
  private forget(): void {
    const sizes = new Map<number, number>();
    for (const [, { used, size }] of this.all()) sizes.set(used, (sizes.get(used) ?? 0) + size);
    sizes.delete(this.now);
    let gone = 0;
    for (const used of [...sizes.keys()].sort((a, b) => a - b)) {
      if (this.held <= this.limit / 2) break;
      this.held -= sizes.get(used)!;
      gone = used;
    }
    for (const [known, node, among] of this.all()) if (node.used <= gone) among.delete(known); // with all behind it, which was used no later
  }

  private *all(): Generator<[string, Node, Map<string, Node>]> {
    const maps = [this.conversations];
    for (let among = maps.pop(); among; among = maps.pop()) {
      for (const [known, node] of among) {
        maps.push(node.next);
        yield [known, node, among];
      }
    }
  }
}
