/** Explains the frames of meters in bytes that may hold one, several, or none, with whatever stands around them. */
import { hex } from '../agent/core/bytes.ts';
import { type Decoded, type DecodedReading, type Fields, refused } from './decode.ts';
import { END, type FrameAt, hex2, PREAMBLE, preambles, START, sumOf } from './meter-frame.ts';

/** One frame field by field, and the values in it. */
export interface Explained {
  readonly fields: Fields;
  readonly readings: readonly DecodedReading[];
}

interface Place<F> {
  readonly frame: F;
  readonly at: number;
  readonly length: number;
  readonly preambles: number;
}

/**
 * One frame gives its fields, several give `frames`; noise between them is passed over. Where there is none, the first that
 * nearly is one is refused with its reason and what can be read of it.
 */
export function decodeFrames<F>(
  bytes: Uint8Array,
  frameAt: FrameAt<F>,
  explain: (frame: F) => Explained,
): Decoded {
  const found = framesOf(bytes, frameAt);
  const [only] = found;
  if (only === undefined) return refusal(bytes, frameAt, explain);
  if (found.length === 1) {
    const { fields, readings } = explain(only.frame);
    const noise = bytes.length - only.length - only.preambles;
    const more = noise === 0 ? {} : { noise_bytes: noise };
    return { fe_count: only.preambles, ...fields, ...more, ...withReadings(readings), ok: true };
  }
  const all = found.map(({ frame }) => explain(frame));
  const frames = found.map(({ at, length }, i) => ({
    hex: hex(bytes.subarray(at, at + length)),
    fe_count: 0,
    ...all[i]?.fields,
  }));
  return { ok: true, frames, ...withReadings(all.flatMap(({ readings }) => readings)) };
}

/** Every whole frame in the bytes, in order. */
function framesOf<F>(bytes: Uint8Array, frameAt: FrameAt<F>): readonly Place<F>[] {
  const places: Place<F>[] = [];
  for (let at = bytes.indexOf(START); at >= 0; ) {
    const found = frameAt(bytes, at);
    if (found.kind !== 'frame') {
      at = bytes.indexOf(START, at + 1);
      continue;
    }
    let first = at;
    while (first > 0 && bytes[first - 1] === PREAMBLE) first--;
    places.push({ frame: found.frame, at, length: found.length, preambles: at - first });
    at = bytes.indexOf(START, at + found.length);
  }
  return places;
}

function refusal<F>(bytes: Uint8Array, frameAt: FrameAt<F>, explain: (frame: F) => Explained): Decoded {
  const count = preambles(bytes, 0);
  const first = bytes[count] === START ? count : bytes.indexOf(START);
  const head = { fe_count: count };
  if (first < 0) return refused('first 68 missing', head);
  const found = frameAt(bytes, first);
  if (found.kind === 'frame') return refused('no frame', head);
  if (found.kind === 'more') return refused(`short: ${found.missing}`, head);
  if (found.frame === undefined || found.length === undefined) return refused(found.why, head);
  const last = first + found.length - 1;
  const [sent, sum, end] = [bytes[last - 1] ?? 0, sumOf(bytes, first, last - 1), bytes[last] ?? 0];
  return refused(found.why, {
    ...head,
    ...explain(found.frame).fields,
    ...(sent === sum ? {} : { cs_error: `frame ${hex2(sent)} computed ${hex2(sum)}` }),
    ...(end === END ? {} : { end_error: hex2(end) }),
  });
}

function withReadings(readings: readonly DecodedReading[]): {
  readonly readings?: readonly DecodedReading[];
} {
  return readings.length === 0 ? {} : { readings };
}
