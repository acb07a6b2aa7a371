/**
 * Finds meters on an M-Bus, for a scan. Only reads. Whoever has a secondary address is selected with wildcards, digit by
 * digit where several answer at once; those without one by their primary address. EN 13757-3 §11.5
 */
import { AgentError } from '../../agent/core/errors.ts';
import type { Exchange, Matcher } from '../../agent/core/link.ts';
import { forgiving } from '../meter-match.ts';
import { type Address, maskOf } from './address.ts';
import { ANYBODY, FCB, frameAt, type LongFrame, REQ_UD2, SELECTED, SND_NKE, shortFrame } from './frame.ts';
import { type Header, mediumName } from './header.ts';
import { acknowledged, answer } from './match.ts';
import { opening } from './reader.ts';
import { telegramOf } from './telegram.ts';

export interface FoundMeter {
  /** As the site file takes it: eight digits, sixteen where two meters share a number, or the primary address. */
  readonly address: string | number;
  /** `ACW 11490378, Cold water, version 14`. */
  readonly says: string;
  /** Name of the profile that fits; undefined for media that have none. */
  readonly profile: string | undefined;
}

export interface FoundMeters {
  readonly meters: readonly FoundMeter[];
  /** Bytes came that were no answer: meters that cannot be told apart, another setting, or another protocol. */
  readonly noisy: boolean;
}

export interface FindOptions {
  /** Time of one character, ms. */
  readonly character: number;
  /** Longest time to the first byte of an answer, ms. Default 330 bit times and 100 ms. */
  readonly delay?: number;
  /** Primary addresses to ask where nobody has a secondary one, from 0 on. Default 0: only 254, whoever is alone. */
  readonly primaries?: number;
}

interface Heard {
  readonly header: Header | undefined;
  /** Of the frame. */
  readonly primary: number;
}

const OPEN = 'FFFFFFFF';
const DIGITS = 8;

/** All meters it can tell apart. Rejects with `link-lost` and when aborted. */
export async function find(
  exchange: Exchange,
  options: FindOptions,
  signal: AbortSignal,
): Promise<FoundMeters> {
  const search = new Search(exchange, options, signal);
  const found: Heard[] = [];
  await search.selected('', found);
  if (found.length === 0) {
    const last = options.primaries ?? 0;
    for (const primary of [ANYBODY, ...Array.from({ length: last }, (_, i) => i)]) {
      const heard = await search.primary(primary);
      if (heard !== undefined) found.push(heard);
      // Alone: nobody else is there to be asked.
      if (heard !== undefined && primary === ANYBODY) break;
    }
  }
  const numbers = found.map(({ header }) => header?.id);
  return { meters: found.map((heard) => told(heard, numbers)), noisy: search.noisy };
}

class Search {
  noisy = false;
  readonly #exchange: Exchange;
  readonly #signal: AbortSignal;
  readonly #timeout: number;
  readonly #gap: number;

  constructor(exchange: Exchange, { character, delay }: FindOptions, signal: AbortSignal) {
    this.#exchange = exchange;
    this.#signal = signal;
    this.#timeout = (delay ?? 100 + 30 * character) + 4 * character;
    this.#gap = 60 + 6 * character;
  }

  /** Meters whose number begins with `head`. */
  async selected(head: string, found: Heard[]): Promise<void> {
    const address: Address = { kind: 'secondary', mask: head.padEnd(DIGITS, 'F') + OPEN };
    const acknowledge = await this.#ask(opening(address), acknowledged);
    if (acknowledge === 'silence') return;
    // Several acknowledge with one and the same byte: only their data tell whether there are several.
    const heard = acknowledge === 'noise' ? 'noise' : await this.#data(SELECTED);
    if (typeof heard !== 'string') {
      const mask = heard.header === undefined ? undefined : maskOf(heard.header);
      if (!found.some(({ header }) => header !== undefined && maskOf(header) === mask)) found.push(heard);
      return;
    }
    if (heard === 'silence') return;
    if (head.length === DIGITS) {
      this.noisy = true;
      return;
    }
    for (let digit = 0; digit <= 9; digit++) await this.selected(head + digit, found);
  }

  /** Who has this primary address. */
  async primary(address: number): Promise<Heard | undefined> {
    const acknowledge = await this.#ask(shortFrame(SND_NKE, address), acknowledged);
    if (acknowledge === 'silence') return undefined;
    const heard = await this.#data(address);
    if (heard === 'noise') this.noisy = true;
    return typeof heard === 'string' ? undefined : heard;
  }

  async #data(address: number): Promise<Heard | 'silence' | 'noise'> {
    const any = answer((frame) => address >= SELECTED || frame.address === address);
    const bytes = await this.#ask(shortFrame(REQ_UD2 | FCB, address), any);
    if (typeof bytes === 'string') return bytes;
    const found = frameAt(bytes, 0);
    const frame = found.kind === 'frame' && found.frame.kind === 'long' ? found.frame : undefined;
    return frame === undefined ? 'noise' : { header: headerIn(frame), primary: frame.address };
  }

  async #ask(bytes: Uint8Array, match: Matcher): Promise<Uint8Array | 'silence' | 'noise'> {
    this.#signal.throwIfAborted();
    const request = { bytes, match, timeout: this.#timeout, gap: this.#gap };
    try {
      return (await forgiving(this.#exchange, request, this.#signal)).bytes;
    } catch (error) {
      if (this.#signal.aborted || !(error instanceof AgentError)) throw error;
      if (error.code === 'link-lost' || error.code === 'aborted') throw error;
      return error.code === 'frame-invalid' ? 'noise' : 'silence';
    }
  }
}

function headerIn(frame: LongFrame): Header | undefined {
  return telegramOf(frame).header;
}

function told({ header, primary }: Heard, numbers: readonly (string | undefined)[]): FoundMeter {
  const { id, manufacturer, medium, version } = header ?? {};
  const shared = id !== undefined && numbers.filter((number) => number === id).length > 1;
  const full = header === undefined ? undefined : maskOf(header);
  const says = [
    [manufacturer, id].filter((part) => part !== undefined).join(' '),
    medium === undefined ? '' : mediumName(medium),
    version === undefined ? '' : `version ${version}`,
  ];
  return {
    // A letter in a number other than F cannot be selected.
    address:
      id !== undefined && /^[0-9]+$/.test(id) && primary !== undefined
        ? shared
          ? (full ?? id)
          : id
        : primary,
    says: says.filter((part) => part !== '').join(', '),
    profile: medium === undefined ? undefined : profileOf(medium),
  };
}

function profileOf(medium: number): string | undefined {
  switch (medium) {
    case 2:
      return 'mbus-electricity';
    case 3:
      return 'mbus-gas';
    case 8:
      return 'mbus-heat-cost-allocator';
    case 4:
    case 10:
    case 11:
    case 12:
    case 13:
      return 'mbus-heat';
    default:
      return [6, 7, 21, 22, 23].includes(medium) ? 'mbus-water' : undefined;
  }
}
