/**
 * One reading of a meter: reset or select it, then ask for its telegrams, each with the frame count bit toggled. The same
 * bit again asks for the same telegram again, so that a lost one is repeated and none is left out. EN 13757-2 §5.7.3
 */

import { equal } from '../../agent/core/bytes.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { Answer, Exchange } from '../../agent/core/link.ts';
import type { Mono } from '../../agent/core/reading.ts';
import { forgiving } from '../meter-match.ts';
import { type Address, isMeant, selectBytes } from './address.ts';
import {
  ANYBODY,
  CI_FIXED,
  FCB,
  frameAt,
  type LongFrame,
  longFrame,
  REQ_UD2,
  SELECT,
  SELECTED,
  SND_NKE,
  SND_UD,
  shortFrame,
} from './frame.ts';
import { headerOf } from './header.ts';
import { acknowledged, answer } from './match.ts';
import { BUSY, refusalName, type Telegram, telegramOf } from './telegram.ts';
import type { Told } from './value.ts';

/** How one meter is reached. */
export interface Reach {
  readonly address: Address;
  /** Longest time to the first byte of an answer, ms. */
  readonly delay: number;
  /** Time of one character, ms. */
  readonly character: number;
}

/** What the next request to a meter has to know of those before. */
export interface LinkState {
  /** Frame count bit of the next request. */
  fcb: boolean;
  /** Whether the meter has to be reset first: it was never asked, something went wrong, or telegrams are left. */
  fresh: boolean;
}

export interface Readout extends Told {
  /** Bytes that went and came. */
  readonly asked: number;
  readonly answered: number;
  /** Telegrams that were left unread. */
  readonly left: boolean;
  /** What could not be read of a telegram. */
  readonly error: string | undefined;
}

/** Characters of silence that end an answer, and ms that converters hold bytes back. */
const GAP_CHARACTERS = 6;
const GAP_MS = 60;
/** Bytes that are waited for beside the delay; an answer that has begun may take its time. */
const FIRST_BYTES = 4;

/** An exchange that counts bytes. */
class Talk {
  asked = 0;
  answered = 0;
  readonly #reach: Reach;
  readonly #exchange: Exchange;
  readonly #signal: AbortSignal;

  constructor(reach: Reach, exchange: Exchange, signal: AbortSignal) {
    this.#reach = reach;
    this.#exchange = exchange;
    this.#signal = signal;
  }

  async ask(bytes: Uint8Array, match: ReturnType<typeof answer>): Promise<Answer> {
    const { delay, character } = this.#reach;
    const timeout = delay + FIRST_BYTES * character;
    const gap = GAP_MS + GAP_CHARACTERS * character;
    // What comes late says what is said now: a telegram that is repeated, an acknowledge.
    const got = await forgiving(this.#exchange, { bytes, match, timeout, gap }, this.#signal);
    this.asked += bytes.length;
    this.answered += got.bytes.length;
    return got;
  }
}

/** Bytes of the question that wakes or selects a meter. */
export function opening(address: Address): Uint8Array {
  return address.kind === 'primary'
    ? shortFrame(SND_NKE, address.primary)
    : longFrame(SND_UD, SELECTED, SELECT, selectBytes(address.mask));
}

/** Resets or selects the meter. Rejects with `timeout` where nobody acknowledges, and as the exchange does. */
export async function open(reach: Reach, exchange: Exchange, signal: AbortSignal): Promise<void> {
  await new Talk(reach, exchange, signal).ask(opening(reach.address), acknowledged);
}

/**
 * Reads all telegrams, `most` at most. Rejects as the exchange does; with `device-busy` or `device-exception` where the
 * meter reports an error, with `frame-invalid` where an answer cannot be read at all, with `unsupported` where it is
 * encrypted.
 */
export async function readout(
  reach: Reach,
  state: LinkState,
  most: number,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<Readout> {
  const talk = new Talk(reach, exchange, signal);
  try {
    if (state.fresh || reach.address.kind === 'secondary') {
      await begin(talk, reach.address);
      state.fcb = true;
    }
    const told = await telegrams(talk, reach, state, most);
    // The rest of a reading would come first next time.
    state.fresh = told.left || told.telegrams > 1;
    return { ...told, asked: talk.asked, answered: talk.answered };
  } catch (error) {
    state.fresh = true;
    throw error;
  }
}

/** An acknowledge that was garbled is no reason to stop: two meters of one address, or noise before it. */
async function begin(talk: Talk, address: Address): Promise<void> {
  try {
    await talk.ask(opening(address), acknowledged);
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'frame-invalid') throw error;
  }
}

async function telegrams(
  talk: Talk,
  { address }: Reach,
  state: LinkState,
  most: number,
): Promise<Omit<Readout, 'asked' | 'answered'> & { readonly telegrams: number }> {
  const read: Telegram[] = [];
  let last: LongFrame | undefined;
  let time: Mono = 0;
  let more = true;
  while (more && read.length < most) {
    const before = last;
    const got = await telegram(talk, address, state, before);
    state.fcb = !state.fcb;
    ({ time } = got);
    last = got.frame;
    const one = telegramOf(got.frame);
    refuse(one, address);
    read.push(one);
    more = one.more;
  }
  return {
    header: read[0]?.header,
    values: read.flatMap(({ values }) => values),
    time,
    left: more,
    error: read.find(({ error }) => error !== undefined)?.error,
    telegrams: read.length,
  };
}

/** One telegram; asked for once more with the same bit where it was lost. */
async function telegram(
  talk: Talk,
  address: Address,
  { fcb }: LinkState,
  before: LongFrame | undefined,
): Promise<{ readonly frame: LongFrame; readonly time: Mono }> {
  const to = address.kind === 'primary' ? address.primary : SELECTED;
  const request = shortFrame(REQ_UD2 | (fcb ? FCB : 0), to);
  const match = answer((frame) => isFrom(address, frame) && !same(frame, before));
  const ask = async () => await talk.ask(request, match);
  const got = await ask().catch(async (error: unknown) => {
    if (!(error instanceof AgentError) || !['timeout', 'frame-invalid'].includes(error.code)) throw error;
    return await ask();
  });
  const found = frameAt(got.bytes, 0);
  if (found.kind !== 'frame' || found.frame.kind !== 'long') {
    throw new AgentError('frame-invalid', `reading of ${textOf(address)} failed: the answer is no frame`);
  }
  return { frame: found.frame, time: got.time };
}

/** A late copy of the telegram before is not the one that was asked for. */
function same(frame: LongFrame, before: LongFrame | undefined): boolean {
  return before !== undefined && frame.ci === before.ci && equal(frame.data, before.data);
}

function isFrom(address: Address, frame: LongFrame): boolean {
  if (address.kind === 'primary') return address.primary === ANYBODY || frame.address === address.primary;
  const { ci, data } = frame;
  const header = ci === CI_FIXED ? telegramOf(frame).header : headerOf(ci, data);
  return header === undefined || isMeant(address.mask, header);
}

function refuse({ refusal, error, header, values, more }: Telegram, address: Address): void {
  const what = `reading of ${textOf(address)} failed`;
  if (refusal !== undefined) {
    const code = refusal === BUSY ? 'device-busy' : 'device-exception';
    throw new AgentError(code, `${what}: the meter reports ${refusalName(refusal)}`, {
      context: { refusal },
    });
  }
  if (error === undefined || values.length > 0 || more) return;
  if (header === undefined) throw new AgentError('frame-invalid', `${what}: ${error}`);
  throw new AgentError('unsupported', `${what}: ${error}`, {
    fix: 'Have the maker switch encryption off for the wired bus, or read the meter otherwise.',
  });
}

/** An address as messages name it. */
export function textOf(address: Address): string {
  return address.kind === 'primary' ? `address ${address.primary}` : `meter ${address.mask.slice(0, 8)}`;
}
