/**
 * Finds meters of DL/T 645 on a line, for a scan. Only reads. One meter alone answers the question for its address; where
 * several answer at once and garble each other, they are told apart by the last digits of their addresses, for the standard
 * lets the first ones be filled with AA. DL/T 645-2007 §7.2.3, §5.2.2
 */
import { AgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import { addressText, preambles } from '../meter-frame.ts';
import { forgiving, matcher } from '../meter-match.ts';
import { contentOf, number } from './format.ts';
import { ABNORMAL, ANYBODY, answers, type Frame, frameAt, request } from './frame.ts';
import { EDITIONS, identifierBytes, VERSIONS, type Version } from './items.ts';

export interface FoundMeter {
  /** Twelve digits. */
  readonly address: string;
  readonly version: Version;
  /** Name of the profile that fits. */
  readonly profile: string;
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
  /** Editions to ask for. Default both. */
  readonly versions?: readonly Version[];
  /**
   * Pairs of digits to search through where several meters answer at once, at most 6: 100 questions a pair and meter
   * found. Default 0: only says that it is noisy.
   */
  readonly pairs?: number;
}

const READ_ADDRESS = 0x13;
/** Bytes of an answer that has to have begun by then; one that has may take its time. */
const BEGIN = 8;
const FORWARD_ACTIVE: Readonly<Record<Version, string>> = { '2007': '00010000', '1997': '9010' };
const VOLTAGE_B = '02010200';

type Heard = Frame | 'silence' | 'noise';
type Ask = (asked: Frame, head: Uint8Array) => Promise<Heard>;

/** All meters it can tell apart. Rejects with `link-lost` and when aborted. */
export async function find(
  exchange: Exchange,
  options: FindOptions,
  signal: AbortSignal,
): Promise<FoundMeters> {
  const ask = asker(exchange, options, signal);
  const own = await ask(
    { address: ANYBODY, control: READ_ADDRESS, data: new Uint8Array() },
    new Uint8Array(),
  );
  if (typeof own !== 'string' && own.data.length === 6) {
    return { meters: [await named(ask, addressText(own.data), '2007')], noisy: false };
  }
  // Meters of 1997 do not know that question, and neither do some later ones.
  let noisy = own === 'noise';
  const versions = options.versions ?? VERSIONS;
  for (const version of versions) {
    const heard = await energy(ask, ANYBODY, version);
    if (typeof heard !== 'string') return { meters: [await named(ask, heard.address, version)], noisy };
    if (heard === 'noise') noisy = true;
  }
  const meters: FoundMeter[] = [];
  if (noisy && (options.pairs ?? 0) > 0) {
    for (const version of versions) {
      for (const address of await apart(ask, version, '', options.pairs ?? 0)) {
        meters.push(await named(ask, address, version));
      }
    }
  }
  return { meters, noisy };
}

/** Addresses that end with `tail`, as far as so many further pairs of digits tell them apart. */
async function apart(ask: Ask, version: Version, tail: string, pairs: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (let pair = 0; pair < 100; pair++) {
    const longer = String(pair).padStart(2, '0') + tail;
    const heard = await energy(ask, longer.padStart(12, 'A'), version);
    if (typeof heard !== 'string') found.push(heard.address);
    else if (heard === 'noise' && pairs > 1 && longer.length < 12) {
      found.push(...(await apart(ask, version, longer, pairs - 1)));
    }
  }
  return found;
}

/** Every meter has this energy; one that refuses speaks the other edition. */
async function energy(ask: Ask, address: string, version: Version): Promise<Heard> {
  const head = identifierBytes(FORWARD_ACTIVE[version]);
  const heard = await ask({ address, control: EDITIONS[version].read, data: head }, head);
  return typeof heard !== 'string' && (heard.control & ABNORMAL) !== 0 ? 'silence' : heard;
}

async function named(ask: Ask, address: string, version: Version): Promise<FoundMeter> {
  if (version === '1997') return { address, version, profile: 'dlt645-1997' };
  const head = identifierBytes(VOLTAGE_B);
  const heard = await ask({ address, control: EDITIONS[version].read, data: head }, head);
  const three =
    typeof heard !== 'string' && (heard.control & ABNORMAL) === 0 && hasVoltage(heard.data.subarray(4, 6));
  return { address, version, profile: three ? 'dlt645-2007-three-phase' : 'dlt645-2007-single-phase' };
}

/** A single-phase meter says that it has no phase B, or that it has 0 V. */
function hasVoltage(bytes: Uint8Array): boolean {
  const content = contentOf(number(2, 1), bytes);
  return content.kind === 'number' && content.value > 0;
}

function asker(exchange: Exchange, { character, delay = 500 }: FindOptions, signal: AbortSignal): Ask {
  return async (asked, head) => {
    signal.throwIfAborted();
    try {
      const { bytes } = await forgiving(
        exchange,
        {
          bytes: request(asked),
          match: matcher(frameAt, (frame) => answers(frame, { ...asked, head })),
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
  };
}
