/** A keyed hash of texts: HalfSipHash-1-3 with 64 bits of output (https://github.com/veorq/SipHash), over UTF-16 units. */

/** Two random words. */
export type Key = readonly [number, number];

/** A key that nobody knows. */
export function randomKey(): Key {
  const words = new Uint32Array(2);
  if (typeof globalThis.crypto?.getRandomValues === "function") globalThis.crypto.getRandomValues(words);
  else for (const i of [0, 1]) words[i] = Math.random() * 2 ** 32; // Node 18
  return [words[0]!, words[1]!];
}

/** What of two texts is alike only where the texts are. Synchronous, unlike what runtimes have for it. */
export function hashed(text: string, [k0, k1]: Key): string {
  const units = text.length;
  const words = units >> 1;
  let v0 = k0;
  let v1 = k1 ^ 0xee;
  let v2 = k0 ^ 0x6c796765;
  let v3 = k1 ^ 0x74656462;
  let first = 0;
  // All rounds in one loop, one for each word and three for each half of the output: calls of them would take longer than they do.
  for (let i = 0; i < words + 7; i++) {
    let word = 0;
    if (i < words) word = text.charCodeAt(2 * i) | (text.charCodeAt(2 * i + 1) << 16);
    else if (i === words) word = (units << 24) | (units & 1 ? text.charCodeAt(units - 1) : 0);
    else if (i === words + 1) v2 ^= 0xee;
    else if (i === words + 4) {
      first = v1 ^ v3;
      v1 ^= 0xdd;
    }
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return `${(first >>> 0).toString(36)}.${((v1 ^ v3) >>> 0).toString(36)}`;
}
