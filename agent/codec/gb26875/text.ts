/**
 * Text as GB18030. The runtime reads it only, so the table of its characters of two bytes (GBK) is made once by reading
 * all of them; characters that have four bytes become `?`.
 */
const DECODER = new TextDecoder('gb18030');
let table: ReadonlyMap<string, readonly [number, number]> | undefined;

function characters(): ReadonlyMap<string, readonly [number, number]> {
  if (table !== undefined) return table;
  const made = new Map<string, readonly [number, number]>();
  for (let first = 0x81; first <= 0xfe; first++) {
    for (let second = 0x40; second <= 0xfe; second++) {
      if (second === 0x7f) continue;
      const text = DECODER.decode(Uint8Array.of(first, second));
      if (text.length === 1 && text !== '\ufffd') made.set(text, [first, second]);
    }
  }
  table = made;
  return made;
}

/** At most `longest` bytes; a character is never cut in half. */
export function encodeGb(text: string, longest: number): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    const two = code < 0x80 ? undefined : characters().get(char);
    const next = code < 0x80 ? [code < 0x20 ? 0x20 : code] : (two ?? [0x3f]);
    if (bytes.length + next.length > longest) break;
    bytes.push(...next);
  }
  return Uint8Array.from(bytes);
}
