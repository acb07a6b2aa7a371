/** Meters that are found by a question to everybody: DL/T 645, CJ/T 188, M-Bus. What is asked, and how long it takes. */
import { findCjt188, findDlt645, findMbus } from '../../../drivers/index.ts';
import type { Exchange } from '../../core/link.ts';

/** A protocol to look for, and how thoroughly. */
export type MeterSearch =
  | {
      readonly protocol: 'dlt645';
      readonly versions: readonly ('2007' | '1997')[];
      /** Pairs of digits to search where several meters answer at once. */
      readonly pairs: number;
      readonly delay: number;
    }
  | { readonly protocol: 'cjt188'; readonly types: readonly number[]; readonly delay: number }
  /** `primaries`: so many primary addresses where nobody has a secondary one. */
  | { readonly protocol: 'mbus'; readonly primaries: number };

export interface FoundMeter {
  readonly address: number | string;
  /** Profiles that fit, best first. */
  readonly profiles: readonly string[];
  readonly says?: string;
  /** Options of the device that it needs. */
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface FoundMeters {
  readonly meters: readonly FoundMeter[];
  readonly noisy: boolean;
}

const ANY_TYPE = 0xaa;
const ALL_TYPES = [ANY_TYPE, 0x10, 0x20, 0x30];
/** Meters answer within 20 to 400 ms; by the standards within 500. */
const QUICK_DELAY = 400;
const FULL_DELAY = 500;

/** By baud rate, at 8E1. */
export const QUICK_METERS: Readonly<Record<number, readonly MeterSearch[]>> = {
  1200: [{ protocol: 'dlt645', versions: ['1997'], pairs: 1, delay: QUICK_DELAY }],
  2400: [
    { protocol: 'dlt645', versions: ['2007', '1997'], pairs: 1, delay: QUICK_DELAY },
    { protocol: 'cjt188', types: ALL_TYPES, delay: QUICK_DELAY },
    { protocol: 'mbus', primaries: 3 },
  ],
  9600: [
    { protocol: 'dlt645', versions: ['2007'], pairs: 1, delay: QUICK_DELAY },
    { protocol: 'cjt188', types: [ANY_TYPE], delay: QUICK_DELAY },
    { protocol: 'mbus', primaries: 0 },
  ],
};
export const FULL_METERS: readonly MeterSearch[] = [
  { protocol: 'dlt645', versions: ['2007', '1997'], pairs: 3, delay: FULL_DELAY },
  { protocol: 'cjt188', types: ALL_TYPES, delay: FULL_DELAY },
  { protocol: 'mbus', primaries: 251 },
];

/** Characters of a question and of the silences around it, about. */
const QUESTION = 30;

/** Time of a search in which nothing answers, ms. */
export function silentSearch(search: MeterSearch, character: number): number {
  switch (search.protocol) {
    case 'dlt645':
      return (1 + search.versions.length) * (search.delay + QUESTION * character);
    case 'cjt188':
      return 2 * search.types.length * (search.delay + QUESTION * character);
    default:
      return (2 + search.primaries) * (100 + (30 + QUESTION) * character);
  }
}

/** Asks everybody. Only reads. Rejects with `link-lost` and when aborted. */
export async function searchMeters(
  search: MeterSearch,
  exchange: Exchange,
  character: number,
  signal: AbortSignal,
): Promise<FoundMeters> {
  switch (search.protocol) {
    case 'dlt645': {
      const { meters, noisy } = await findDlt645(exchange, { character, ...search }, signal);
      return { noisy, meters: meters.map(({ address, profile }) => ({ address, profiles: [profile] })) };
    }
    case 'cjt188': {
      const { meters, noisy } = await findCjt188(exchange, { character, ...search }, signal);
      return {
        noisy,
        meters: meters.map(({ address, profile, type, order }) => ({
          address,
          profiles: profile === undefined ? [] : [profile],
          // A meter that is asked in the right order and by its own type answers at once.
          options: { ...(order === 'high' ? {} : { order }), ...(isUsual(type) ? {} : { type }) },
        })),
      };
    }
    default: {
      const { meters, noisy } = await findMbus(exchange, { character, primaries: search.primaries }, signal);
      return {
        noisy,
        meters: meters.map(({ address, profile, says }) => ({
          address,
          profiles: profile === undefined ? [] : [profile],
          says,
        })),
      };
    }
  }
}

/** Types that the generic profiles ask by. */
function isUsual(type: string): boolean {
  return ['10', '20', '30'].includes(type);
}
