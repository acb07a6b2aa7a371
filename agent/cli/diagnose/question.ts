/** Who should be on the line and what each can be asked without harm: reads, short ones and long ones. */

import { driverFor } from '../../../drivers/index.ts';
import { crcFits, withCrc } from '../../../drivers/modbus/crc.ts';
import { expectedAnswer } from '../../../drivers/modbus/frame.ts';
import { AgentError } from '../../core/errors.ts';
import { silent } from '../../core/log.ts';
import { bareDevice, type DeviceConfig, type LineConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';

/** Where a read begins. */
export interface Start {
  readonly code: number;
  readonly address: number;
}

export interface Expected {
  readonly unit: number;
  /** Id in the site file. */
  readonly device?: string;
  /** Where it may have registers, the likeliest first. */
  readonly starts: readonly Start[];
  /** The longest thing its profile asks. */
  readonly long?: Uint8Array;
}

/** Where meters, sensors and inverters of many makers have their first values: drivers/profiles. */
const USUAL: readonly Start[] = [
  { code: 3, address: 0 },
  { code: 4, address: 0 },
  { code: 3, address: 0x5b00 },
  { code: 3, address: 500 },
  { code: 3, address: 0x2006 },
  { code: 3, address: 3027 },
  { code: 3, address: 0x5000 },
  { code: 3, address: 40_000 },
  { code: 3, address: 19_000 },
  { code: 3, address: 356 },
];

/** Functions that only read. Modbus Application Protocol V1.1b3 §6.1-6.4 */
const READS = new Set([1, 2, 3, 4]);

/** A read of `count` registers. */
export function readRequest(unit: number, code: number, address: number, count: number): Uint8Array {
  return withCrc(Uint8Array.of(unit, code, address >> 8, address & 0xff, count >> 8, count & 0xff));
}

/** A unit of which nothing is known. */
export function unknownUnit(unit: number): Expected {
  return { unit, starts: USUAL };
}

/** Registers of long questions, tried in this order; small devices refuse many. */
const LONG_COUNTS = [40, 16, 8];

/**
 * The questions to one unit: short ones of two lengths in turn, so that a late answer is told from the next, and long
 * ones. Who refuses is asked elsewhere, for a refusal is short and says little of the line. Even counts from an even
 * address: nobody refuses to split a float.
 */
export class Questions {
  readonly #who: Expected;
  #start = 0;
  #settled = false;
  #count = 0;
  #turn = 0;

  readonly #counts: readonly [number, number];

  /** `counts`: registers of the short questions. */
  constructor(who: Expected, counts: readonly [number, number] = [2, 4]) {
    this.#who = who;
    this.#counts = counts;
  }

  short(): Uint8Array {
    this.#turn += 1;
    const { code, address } = this.#who.starts[this.#start] ?? { code: 3, address: 0 };
    return readRequest(this.#who.unit, code, address, this.#counts[this.#turn % 2 === 1 ? 0 : 1]);
  }

  /** Undefined while no registers are known, or where it refuses every long one. */
  long(): Uint8Array | undefined {
    if (this.#who.long !== undefined) return this.#count === 0 ? this.#who.long : undefined;
    const start = this.#who.starts[this.#start];
    const count = LONG_COUNTS[this.#count];
    if (!this.#settled || start === undefined || count === undefined) return undefined;
    return readRequest(this.#who.unit, start.code, start.address, count);
  }

  /** What came of it. */
  heard(long: boolean, { good, exception }: { readonly good: boolean; readonly exception: boolean }): void {
    if (!good) return;
    if (long) {
      if (exception) this.#count += 1;
    } else if (!exception) this.#settled = true;
    else if (!this.#settled) this.#start = (this.#start + 1) % this.#who.starts.length;
  }
}

/** A Modbus device of the site: asked what its profile asks. Undefined where it speaks another protocol. */
export async function deviceUnit(
  device: DeviceConfig,
  line: LineConfig,
  clock: Clock,
): Promise<Expected | undefined> {
  const driver = driverFor(device.profile.protocol);
  const unit = Number(device.address);
  if (driver?.kind !== 'polled' || driver.protocol !== 'modbus' || !(unit >= 1 && unit <= 247)) {
    return undefined;
  }
  const requests: Uint8Array[] = [];
  let otherFraming = false;
  const session = driver.open({ device: bareDevice(device), clock, log: silent }, line);
  // Asked only for its question: nothing is on the line yet.
  const exchange = ({ bytes }: { readonly bytes: Uint8Array }): Promise<never> => {
    if (!crcFits(bytes)) otherFraming = true;
    else if (READS.has(bytes[1] ?? 0) && bytes.length === 8) requests.push(bytes);
    return Promise.reject(new AgentError('timeout', 'not asked'));
  };
  const { signal } = new AbortController();
  await Promise.allSettled([...session.polls].map((poll) => poll.execute(exchange, signal)));
  // Modbus ASCII or MBAP: its bytes are others.
  if (otherFraming) return undefined;
  const sorted = requests.sort((a, b) => answerSize(b) - answerSize(a));
  const [long, first] = [sorted[0], sorted.at(-1)];
  if (long === undefined || first === undefined) return { ...unknownUnit(unit), device: device.id };
  const start = { code: first[1] ?? 3, address: ((first[2] ?? 0) << 8) | (first[3] ?? 0) };
  return { unit, device: device.id, starts: [start], long };
}

function answerSize(request: Uint8Array): number {
  return expectedAnswer(request).length ?? 0;
}

/** `1-8`, `1,2,17-19`, in the order given. Undefined where it cannot be read. */
export function parseUnits(text: string): readonly number[] | undefined {
  const units: number[] = [];
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?\s*$/.exec(part);
    if (match === null) return undefined;
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (from < 1 || to > 247 || from > to) return undefined;
    for (let unit = from; unit <= to; unit++) if (!units.includes(unit)) units.push(unit);
  }
  return units;
}
