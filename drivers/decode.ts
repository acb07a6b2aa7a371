/** What `kerbside decode` gets from a driver: a frame explained field by field. */

/** `up` comes from the device, `down` goes to it. */
export type Direction = 'up' | 'down';

/**
 * A frame that stands its checks with its fields under the names of the field (`unit`, `fc`, `address`, `registers` …),
 * or why it does not, with what could be read of it. Bytes are given as spaced upper-case hex.
 */
export type Decoded =
  | ({ readonly ok: true; readonly readings?: readonly DecodedReading[] } & Fields)
  | ({ readonly ok: false; readonly error: string } & Fields);

export interface DecodedReading {
  readonly name: string;
  readonly value: number | string | boolean | null;
  readonly unit: string;
}

export type Fields = Readonly<Record<string, unknown>>;

export interface Decoder {
  /** Names it answers to. */
  readonly protocols: readonly string[];
  /** Pure; never throws, whatever the input. `dir` absent: the frame's own length and check decide. */
  decode(protocol: string, input: Uint8Array | string, dir?: Direction): Decoded;
}

/** A refused frame. */
export function refused(error: string, fields: Fields = {}): Decoded {
  return { ...fields, ok: false, error };
}
