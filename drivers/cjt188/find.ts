/** Finds the meter of CJ/T 188 on a line, for a scan: asks whoever is there, in both orders of the identifier. Only reads. */
import { AgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import { PREAMBLES, preambles, WILDCARD } from '../meter-frame.ts';
import { forgiving, matcher } from '../meter-match.ts';
import {
  ABNORMAL,
  ANYBODY,
  answers,
  type Frame,
  frameAt,
  identifierBytes,
  ORDERS,
  type Order,
  READ,
  request,
} from './frame.ts';

export interface FoundMeter {
  /** Fourteen digits. */
  readonly address: string;
  /** As two hex digits: 10 cold water, 20 heat, 30 gas … */
  readonly type: string;
  /** Order of the identifier it answered. */
  readonly order: Order;
  /** Name of the profile that fits; undefined for types that have none. */
  readonly profile: string | undefined;
}

export interface FoundMeters {
  readonly meters: readonly FoundMeter[];
  /** Bytes came that were no answer: several meters at once, another setting, or another protocol. */
  readonly noisy: boolean;
}

export interface FindOptions {
  /** Time of one character, ms. */
  readonly character: number;
  /** Longest time to the first byte of an answer, ms. Default 500. */
  readonly delay?: number;
  /** Types to ask by. Default AA, which most meters answer, and then 10, 20 and 30. */
  readonly types?: readonly number[];
}

const DI = '901F';
/** Bytes of an answer that has to have begun by then; one that has may take its time. */
const BEGIN = 8;
const TYPES = [WILDCARD, 0x10, 0x20, 0x30];

/**
 * One meter at most: addresses cannot be searched in parts. A meter that wants its own type in the request answers none of
 * the questions with type AA, so those of the usual types follow. Rejects with `link-lost` and when aborted.
 */
export async function find(
  exchange: Exchange,
  options: FindOptions,
  signal: AbortSignal,
): Promise<FoundMeters> {
  let noisy = false;
  for (const type of options.types ?? TYPES) {
    for (const order of ORDERS) {
      const heard = await ask(exchange, options, type, order, signal);
      if (heard === 'noise') noisy = true;
      if (typeof heard === 'string' || (heard.control & ABNORMAL) !== 0) continue;
      const told = heard.type.toString(16).padStart(2, '0').toUpperCase();
      return {
        meters: [{ address: heard.address, type: told, order, profile: profileOf(heard.type) }],
        noisy,
      };
    }
  }
  return { meters: [], noisy };
}

function profileOf(type: number): string | undefined {
  if (type >= 0x10 && type <= 0x19) return 'cjt188-water';
  if (type >= 0x20 && type <= 0x29) return 'cjt188-heat';
  return type >= 0x30 && type <= 0x39 ? 'cjt188-gas' : undefined;
}

async function ask(
  exchange: Exchange,
  { character, delay = 500 }: FindOptions,
  type: number,
  order: Order,
  signal: AbortSignal,
): Promise<Frame | 'silence' | 'noise'> {
  signal.throwIfAborted();
  const asked = {
    type,
    address: ANYBODY,
    control: READ,
    data: Uint8Array.of(...identifierBytes(DI, order), 0),
  };
  try {
    const { bytes } = await forgiving(
      exchange,
      {
        bytes: request(asked, PREAMBLES),
        match: matcher(frameAt, (frame) => answers(frame, { address: ANYBODY, control: READ, di: DI })),
        timeout: delay + character * BEGIN,
      },
      signal,
    );
    const found = frameAt(bytes, preambles(bytes, 0));
    return found.kind === 'frame' ? found.frame : 'noise';
  } catch (error) {
    if (signal.aborted || !(error instanceof AgentError)) throw error;
    if (error.code === 'link-lost' || error.code === 'aborted') throw error;
    return error.code === 'frame-invalid' ? 'noise' : 'silence';
  }
}
