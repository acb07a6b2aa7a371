/**
 * Which registers are asked for together. Merging over a gap pays when the registers read for nothing take less air than
 * another transaction, and is allowed within the device's limits.
 */
import type { LineConfig, SerialSettings } from '../../agent/core/site.ts';
import { type Framing, frameLength } from './framing.ts';

/** Something to be read in one piece: registers, or bits for functions 1 and 2, [start, end). */
export interface Item {
  readonly point: { readonly id: string };
  readonly function: 1 | 2 | 3 | 4;
  readonly start: number;
  readonly end: number;
  /** ms */
  readonly period: number;
}

/** One request. */
export interface Block<I extends Item = Item> {
  readonly function: 1 | 2 | 3 | 4;
  readonly period: number;
  readonly start: number;
  readonly end: number;
  readonly items: readonly I[];
}

export interface Range {
  readonly function: number;
  readonly start: number;
  readonly end: number;
}

export interface Limits {
  /** Registers. */
  readonly maxBlock: number;
  /** Registers. */
  readonly maxGap: number;
  readonly align: number;
  /** No request touches them. */
  readonly holes: readonly Range[];
  /** No request holds the address and the one before it; by function. */
  readonly cuts: ReadonlySet<string>;
}

/** What a line charges, ms. */
export interface Fare {
  readonly perTransaction: number;
  readonly perRegister: number;
}

/** A TCP transaction costs a round trip; its bytes next to nothing. */
const TCP_FARE: Fare = { perTransaction: 5, perRegister: 0.002 };

/** Bits of one character on the wire, start and stop bits included. */
export function characterBits(serial: SerialSettings): number {
  return 1 + serial.dataBits + (serial.parity === 'none' ? 0 : 1) + serial.stopBits;
}

/** Time of one character, ms. */
export function characterTime(serial: SerialSettings): number {
  return (1000 * characterBits(serial)) / serial.baud;
}

/** Silence before a request, ms: 3.5 characters, 1.75 ms above 19200 baud. Modbus over Serial Line V1.02 §2.5.1.1 */
export function silence(serial: SerialSettings): number {
  return serial.baud > 19200 ? 1.75 : (3500 * characterBits(serial)) / serial.baud;
}

/** What `line` charges for a device that takes `turnaround` ms to answer. */
export function fareOf(line: LineConfig, turnaround: number, framing: Framing = 'rtu'): Fare {
  if (line.serial === undefined) return { ...TCP_FARE, perTransaction: TCP_FARE.perTransaction + turnaround };
  const character = characterTime(line.serial);
  // A request of unit, function, address, count; an answer of unit, function, byte count and its data.
  const empty = frameLength(framing, 6) + frameLength(framing, 3);
  return {
    perTransaction: empty * character + 2 * silence(line.serial) + turnaround,
    perRegister: (framing === 'ascii' ? 4 : 2) * character,
  };
}

export function cutKey(code: number, address: number): string {
  return `${code}@${address}`;
}

/** The cheapest blocks that read all items: exact, by dynamic programming over each function and period. */
export function plan<I extends Item>(items: readonly I[], limits: Limits, fare: Fare): readonly Block<I>[] {
  const groups = new Map<string, I[]>();
  for (const item of items) {
    const key = `${item.function} ${item.period}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  const blocks = [...groups.values()].flatMap((group) => cheapest(group, limits, fare));
  return apart(distinct(blocks, items, limits));
}

function cheapest<I extends Item>(group: readonly I[], limits: Limits, fare: Fare): readonly Block<I>[] {
  const sorted = [...group].sort((a, b) => a.start - b.start || a.end - b.end);
  const best: { cost: number; from: number }[] = [{ cost: 0, from: 0 }];
  for (let to = 1; to <= sorted.length; to++) {
    let choice = { cost: Number.POSITIVE_INFINITY, from: to - 1 };
    for (let from = to - 1; from >= 0; from--) {
      const items = sorted.slice(from, to);
      const block = blockOf(items, limits.align);
      // Longer blocks only grow: none that starts earlier can fit again.
      if (items.length > 1 && !allowed(block, items, limits)) break;
      const cost = (best[from]?.cost ?? 0) + fare.perTransaction + registers(block) * fare.perRegister;
      if (cost < choice.cost) choice = { cost, from };
    }
    best.push(choice);
  }
  const blocks: Block<I>[] = [];
  for (let to = sorted.length; to > 0; to = best[to]?.from ?? 0) {
    blocks.unshift(blockOf(sorted.slice(best[to]?.from ?? 0, to), limits.align));
  }
  return blocks;
}

/** The block that holds exactly these items. */
export function blockOf<I extends Item>(items: readonly I[], align: number): Block<I> {
  const first = items[0];
  if (first === undefined) throw new RangeError('a block needs an item');
  const start = Math.min(...items.map((item) => item.start));
  const end = Math.max(...items.map((item) => item.end));
  const code = first.function;
  const step = code <= 2 ? 1 : align;
  return {
    function: code,
    period: first.period,
    start: Math.floor(start / step) * step,
    end: Math.ceil(end / step) * step,
    items,
  };
}

/** Registers a block takes on the wire. */
function registers(block: Block): number {
  const length = block.end - block.start;
  return block.function <= 2 ? length / 16 : length;
}

function allowed(block: Block, items: readonly Item[], limits: Limits): boolean {
  if (registers(block) > limits.maxBlock || crosses(block, limits)) return false;
  const unit = block.function <= 2 ? 16 : 1;
  let end = items[0]?.end ?? 0;
  for (const item of items) {
    if (item.start - end > limits.maxGap * unit) return false;
    end = Math.max(end, item.end);
  }
  return true;
}

/** Whether a block touches a hole or spans a cut. */
function crosses(block: Block, limits: Limits): boolean {
  for (const hole of limits.holes) {
    if (hole.function === block.function && hole.start < block.end && hole.end > block.start) return true;
  }
  if (limits.cuts.size === 0) return false;
  for (let address = block.start + 1; address < block.end; address++) {
    if (limits.cuts.has(cutKey(block.function, address))) return true;
  }
  return false;
}

/**
 * Makes answers differ in length where the map allows it, so that a late answer to one request cannot be taken for the
 * answer to another: a block grows into neighbouring registers that are known to exist.
 */
function distinct<I extends Item>(
  blocks: readonly Block<I>[],
  items: readonly I[],
  limits: Limits,
): readonly Block<I>[] {
  const taken = new Set<string>();
  const exists = (code: number, address: number) =>
    items.some((item) => item.function === code && item.start <= address && address < item.end);
  return blocks.map((block) => {
    let grown = block;
    while (taken.has(lengthKey(grown))) {
      const larger = grow(grown, limits, exists);
      if (larger === undefined) break;
      grown = larger;
    }
    const chosen = taken.has(lengthKey(grown)) ? block : grown;
    taken.add(lengthKey(chosen));
    return chosen;
  });
}

function lengthKey(block: Block): string {
  const length = block.end - block.start;
  return `${block.function}:${block.function <= 2 ? Math.ceil(length / 8) : length}`;
}

function grow<I extends Item>(
  block: Block<I>,
  limits: Limits,
  exists: (code: number, address: number) => boolean,
): Block<I> | undefined {
  const step = block.function <= 2 ? 8 : limits.align;
  for (const larger of [
    { ...block, end: block.end + step },
    { ...block, start: block.start - step },
  ]) {
    let known = larger.start >= 0 && registers(larger) <= limits.maxBlock && !crosses(larger, limits);
    for (let address = larger.start; known && address < larger.end; address++) {
      if (address < block.start || address >= block.end) known = exists(block.function, address);
    }
    if (known) return larger;
  }
  return undefined;
}

/** Orders blocks so that neighbours differ in length where they can. */
function apart<I extends Item>(blocks: readonly Block<I>[]): readonly Block<I>[] {
  const left = [...blocks];
  const ordered: Block<I>[] = [];
  while (left.length > 0) {
    const last = ordered.at(-1);
    const next = left.findIndex((block) => last === undefined || lengthKey(block) !== lengthKey(last));
    ordered.push(...left.splice(Math.max(0, next), 1));
  }
  return ordered;
}
