/** What `kerbside decode` gets: a frame (or a text that holds figures) explained field by field. */

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

/** What whoever asks knows besides the input, and the input has no place for. */
export interface Hints {
  /** Edition of the standard that figures are to be computed by, e.g. `HJ633-2012`. */
  readonly standard?: string;
  /** The caller's id of the question. */
  readonly id?: string;
  /** Day of the figures, `YYYY-MM-DD`: the edition in force then. */
  readonly date?: string;
  /** Topic it came on, for protocols over MQTT. */
  readonly topic?: string;
}

export interface Decoder {
  /** Names it answers to. */
  readonly protocols: readonly string[];
  /** Pure; never throws, whatever the input. `dir` absent: the frame's own length and check decide. */
  decode(protocol: string, input: Uint8Array | string, dir?: Direction, hints?: Hints): Decoded;
}

/** A refused frame. */
export function refused(error: string, fields: Fields = {}): Decoded {
  return { ...fields, ok: false, error };
}

/**
 * Explains one frame with the decoder of its protocol. `input` is bytes, or text (hex, or the frame itself for text
 * protocols). Never throws: a frame that does not stand its checks, and a protocol nobody knows, give `ok: false`.
 */
export function decodeWith(
  decoders: readonly Decoder[],
  protocol: string,
  input: Uint8Array | string,
  dir?: Direction,
  hints?: Hints,
): Decoded {
  const decoder = decoders.find((candidate) => candidate.protocols.includes(protocol));
  if (decoder === undefined) {
    const known = decoders.flatMap((candidate) => candidate.protocols).join(', ');
    return refused(`protocol ${protocol} is not known: expected one of ${known}`);
  }
  return decoder.decode(protocol, input, dir, hints);
}
