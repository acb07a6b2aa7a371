/** Sentences of NMEA 0183: `$` or `!`, talker and type, fields between commas, `*` and the XOR of all between, CR LF. */

/** 82 characters by the standard (§5.3); real receivers exceed it. */
export const LONGEST = 256;

export interface Sentence {
  /** Two letters; `P` for a maker's own sentence. */
  readonly talker: string;
  readonly type: string;
  readonly fields: readonly string[];
  /** As sent, two hex digits; undefined where the sentence has none. */
  readonly checksum: string | undefined;
}

export type Parsed =
  | { readonly ok: true; readonly sentence: Sentence }
  /** `sentence`: what it would be, where only the checksum is wrong. */
  | { readonly ok: false; readonly error: string; readonly sentence?: Sentence };

/** XOR of the characters, as two hex digits. */
export function checksumOf(text: string): string {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum ^= text.charCodeAt(i);
  return (sum & 0xff).toString(16).padStart(2, '0').toUpperCase();
}

/** One line, without its end. */
export function parse(line: string): Parsed {
  if (line.length > LONGEST) return { ok: false, error: `length: ${line.length} characters` };
  if (line[0] !== '$' && line[0] !== '!') return { ok: false, error: 'header is not $ or !' };
  const star = line.lastIndexOf('*');
  const body = line.slice(1, star < 0 ? undefined : star);
  if (!/^[\x20-\x7e]+$/.test(body) || body.includes('$'))
    return { ok: false, error: 'characters: not one sentence' };
  const sent = star < 0 ? undefined : line.slice(star + 1).trim();
  if (sent !== undefined && !/^[0-9A-Fa-f]{2}$/.test(sent))
    return { ok: false, error: `checksum "${sent}" is not two hex digits` };
  const [head = '', ...fields] = body.split(',');
  if (!/^[A-Z][A-Z0-9]{2,9}$/.test(head))
    return { ok: false, error: `address "${head.slice(0, 20)}" is not a talker and a type` };
  const own = head[0] === 'P';
  const talker = own ? 'P' : head.slice(0, 2);
  const sentence = { talker, type: head.slice(own ? 1 : 2), fields, checksum: sent };
  const sum = checksumOf(body);
  if (sent !== undefined && sent.toUpperCase() !== sum) {
    return { ok: false, error: `checksum ${sent} should be ${sum}`, sentence };
  }
  return { ok: true, sentence };
}

/** Takes bytes as they come and gives the lines in them that begin with `$` or `!`. */
export class LineScanner {
  #line = '';

  push(bytes: Uint8Array): readonly string[] {
    const lines: string[] = [];
    for (const byte of bytes) {
      if (byte === 10 || byte === 13) {
        if (this.#line !== '') lines.push(this.#line);
        this.#line = '';
      } else if (byte === 0x24 || byte === 0x21) {
        // A sentence starts anew wherever its mark stands.
        this.#line = String.fromCharCode(byte);
      } else if (this.#line !== '' && this.#line.length <= LONGEST) {
        this.#line += String.fromCharCode(byte);
      }
    }
    return lines;
  }
}
