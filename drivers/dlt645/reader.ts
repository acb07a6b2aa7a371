/** Single reads of one meter, with the frames that follow the first one. */
import { AgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import type { Mono } from '../../agent/core/reading.ts';
import { PREAMBLES, preambles } from '../meter-frame.ts';
import { matcher } from '../meter-match.ts';
import { errorNames } from './error.ts';
import { ABNORMAL, answers, FOLLOWS, type Frame, frameAt, OVERHEAD, request } from './frame.ts';
import { EDITIONS, identifierBytes, type Version } from './items.ts';

/** How one meter is reached. */
export interface Path {
  readonly version: Version;
  readonly address: string;
  /** Longest time to the first byte of the answer, ms. */
  readonly delay: number;
  /** Time of one character, ms. */
  readonly character: number;
}

export interface Contents {
  /** What follows the identifier, of all frames. */
  readonly data: Uint8Array;
  readonly time: Mono;
}

/** Longest silence between two bytes of an answer, ms. DL/T 645-2007 §5.3.4 */
const BYTE_GAP = 500;
/** Characters that an answer may have more than reckoned with: further preambles, a byte too many. */
const SLACK = 16;
/** Of a block that goes on and on; a counter of two BCD digits ends at 99. */
const MOST_FRAMES = 99;

/** Bytes of the request for an identifier. */
export function requestLength(version: Version): number {
  return PREAMBLES + OVERHEAD + EDITIONS[version].identifier;
}

/** Bytes of an answer with so many behind the identifier. */
export function answerLength(version: Version, contents: number): number {
  return requestLength(version) + contents;
}

/**
 * Reads an identifier. `size` are the bytes expected behind it. Rejects as the exchange does, and with `device-exception`
 * where the meter refuses: its error word is in `context.word`. A refusal is never asked again.
 */
export async function read(
  path: Path,
  di: string,
  size: number,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<Contents> {
  const { read: code, follow, identifier } = EDITIONS[path.version];
  const head = identifierBytes(di);
  const what = `read of ${di} from ${path.address}`;
  const first = await ask(
    path,
    what,
    { address: path.address, control: code, data: head },
    head,
    size,
    exchange,
    signal,
  );
  const parts = [first.frame.data.slice(identifier)];
  let { frame, time } = first;
  for (let seq = 1; (frame.control & FOLLOWS) !== 0; seq++) {
    if (seq > MOST_FRAMES)
      throw new AgentError('frame-invalid', `${what} failed: more than ${MOST_FRAMES} frames follow`);
    // DL/T 645-2007 §7.2.2: asked for by number. The edition of 1997 has no numbers.
    const number = ((Math.floor(seq / 10) << 4) | (seq % 10)) & 0xff;
    const data = path.version === '2007' ? Uint8Array.of(...head, number) : head;
    ({ frame, time } = await ask(
      path,
      `${what}, frame ${seq}`,
      { address: path.address, control: follow, data },
      head,
      200,
      exchange,
      signal,
    ));
    if (path.version === '1997') parts.push(frame.data.slice(identifier));
    else {
      const got = frame.data.at(-1);
      if (frame.data.length <= identifier || got !== number) {
        throw new AgentError(
          'frame-invalid',
          `${what} failed: frame ${seq} was asked for, got ${got ?? 'none'}`,
        );
      }
      parts.push(frame.data.slice(identifier, -1));
    }
  }
  return { data: Uint8Array.from(Buffer.concat(parts)), time };
}

/** Asks once. Rejects with `device-exception` where the meter refuses: its error word is in `context.word`. */
export async function ask(
  { delay, character }: Path,
  what: string,
  asked: Frame,
  head: Uint8Array,
  size: number,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<{ readonly frame: Frame; readonly time: Mono }> {
  const answer = await exchange(
    {
      bytes: request(asked),
      match: matcher(frameAt, (frame) => answers(frame, { ...asked, head })),
      timeout: delay + character * (PREAMBLES + OVERHEAD + head.length + size + SLACK),
      gap: BYTE_GAP,
    },
    signal,
  );
  const found = frameAt(answer.bytes, preambles(answer.bytes, 0));
  if (found.kind !== 'frame') throw new AgentError('frame-invalid', `${what} failed: the answer is no frame`);
  if ((found.frame.control & ABNORMAL) !== 0) {
    const word = found.frame.data[0] ?? 0;
    throw new AgentError(
      'device-exception',
      `${what} failed: the meter refuses (${errorNames(word).join(', ')})`,
      {
        retryable: false,
        context: { word },
      },
    );
  }
  return { frame: found.frame, time: answer.time };
}

/** The error word of a refused read; undefined for every other error. */
export function errorWordOf(error: unknown): number | undefined {
  if (!(error instanceof AgentError)) return undefined;
  const { word } = error.context;
  return typeof word === 'number' ? word : undefined;
}
