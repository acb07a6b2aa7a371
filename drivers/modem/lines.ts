/** Lines a modem says: information and final results, ended by CR, LF or both. 3GPP TS 27.007 §4.1, ITU-T V.250 §5.7. */
import type { FrameScanner } from '../scanner.ts';

/** Bytes of the longest line that is kept; what is longer is dropped. */
export const LONGEST = 1024;

/** Takes bytes as they come and gives whole lines without blanks at their ends; empty ones are left out. */
export class LineScanner implements Pick<FrameScanner<string>, 'push'> {
  #rest = '';
  #overlong = false;

  push(bytes: Uint8Array): readonly string[] {
    const lines: string[] = [];
    for (const byte of bytes) {
      if (byte !== 13 && byte !== 10) {
        if (this.#rest.length < LONGEST) this.#rest += String.fromCharCode(byte);
        else this.#overlong = true;
        continue;
      }
      const line = this.#rest.trim();
      if (line !== '' && !this.#overlong) lines.push(line);
      this.#rest = '';
      this.#overlong = false;
    }
    return lines;
  }
}

/** What ends the answer to a command. */
export type Final = { readonly ok: true } | { readonly ok: false; readonly error: string };

const REFUSALS = ['ERROR', 'NO CARRIER', 'NO DIALTONE', 'NO ANSWER', 'BUSY', 'COMMAND NOT SUPPORT'];

/** The final result a line is; undefined for information. */
export function finalOf(line: string): Final | undefined {
  if (line === 'OK') return { ok: true };
  if (REFUSALS.includes(line.toUpperCase())) return { ok: false, error: line };
  const error = /^\+CM[ES] ERROR: ?(.*)$/.exec(line);
  return error === null ? undefined : { ok: false, error: line };
}

/**
 * The values behind `+NAME:` of a line, quotes taken off, an empty value as ''. Undefined for a line of another name.
 * A quoted value may hold commas.
 */
export function valuesOf(line: string, name: string): readonly Argument[] | undefined {
  if (!line.startsWith(`${name}:`)) return undefined;
  const values: Argument[] = [];
  const text = line.slice(name.length + 1);
  let at = 0;
  for (;;) {
    while (text[at] === ' ') at++;
    if (text[at] === '"') {
      const end = text.indexOf('"', at + 1);
      const close = end < 0 ? text.length : end;
      values.push({ text: text.slice(at + 1, close), quoted: true });
      at = text.indexOf(',', close);
    } else {
      const end = text.indexOf(',', at);
      values.push({ text: text.slice(at, end < 0 ? text.length : end).trim(), quoted: false });
      at = end;
    }
    if (at < 0) return values;
    at++;
  }
}

export interface Argument {
  readonly text: string;
  readonly quoted: boolean;
}
