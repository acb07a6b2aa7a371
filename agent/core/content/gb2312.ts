/**
 * GB 2312-80 as bytes (EUC-CN), for panels and modules that know no other Chinese: 7445 characters in two bytes of A1…FE,
 * ASCII in one. The table is made from the runtime's own decoder, which knows GBK: cells that GBK added are left out.
 */

/** First and last cell of the used stretches of a row, by row; rows 16 to 87 are full but the end of 55. */
const ROWS: ReadonlyMap<number, readonly (readonly [number, number])[]> = new Map<
  number,
  readonly (readonly [number, number])[]
>([
  [1, [[1, 94]]],
  [
    2,
    [
      [17, 66],
      [69, 78],
      [81, 92],
    ],
  ],
  [3, [[1, 94]]],
  [4, [[1, 83]]],
  [5, [[1, 86]]],
  [
    6,
    [
      [1, 24],
      [33, 56],
    ],
  ],
  [
    7,
    [
      [1, 33],
      [49, 81],
    ],
  ],
  [
    8,
    [
      [1, 26],
      [37, 73],
    ],
  ],
  [9, [[4, 79]]],
  [55, [[1, 89]]],
]);
const FIRST_HANZI = 16;
const LAST_HANZI = 87;

let table: ReadonlyMap<string, number> | undefined;

/** Code of each character, high byte first. */
function codes(): ReadonlyMap<string, number> {
  if (table !== undefined) return table;
  const decoder = new TextDecoder('gbk');
  const made = new Map<string, number>();
  const add = (row: number, from: number, to: number) => {
    for (let cell = from; cell <= to; cell += 1) {
      const [high, low] = [row + 0xa0, cell + 0xa0];
      made.set(decoder.decode(Uint8Array.of(high, low)), (high << 8) | low);
    }
  };
  for (const [row, stretches] of ROWS) for (const [from, to] of stretches) add(row, from, to);
  for (let row = FIRST_HANZI; row <= LAST_HANZI; row += 1) if (!ROWS.has(row)) add(row, 1, 94);
  table = made;
  return made;
}

/** How many characters of two bytes there are. */
export function gb2312Size(): number {
  return codes().size;
}

/** Whether a character can be written: ASCII that is printed or a line break, or one of GB 2312. */
export function isGb2312(character: string): boolean {
  return isAscii(character) || codes().has(character);
}

/** The bytes of a text; undefined where a character of it is not in GB 2312. */
export function encodeGb2312(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    if (isAscii(character)) {
      bytes.push(character.charCodeAt(0));
      continue;
    }
    const code = codes().get(character);
    if (code === undefined) return undefined;
    bytes.push(code >> 8, code & 0xff);
  }
  return Uint8Array.from(bytes);
}

/** The text of bytes; undefined where they are none. */
export function decodeGb2312(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder('gbk').decode(bytes);
  const back = encodeGb2312(text);
  return back !== undefined && Buffer.compare(back, bytes) === 0 ? text : undefined;
}

function isAscii(character: string): boolean {
  const code = character.charCodeAt(0);
  return character.length === 1 && ((code >= 0x20 && code < 0x7f) || code === 0x0a);
}
