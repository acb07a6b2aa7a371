/**
 * The ledger of served values: what the simulated street has told, written before the bytes leave. It is the truth
 * that end-to-end tests hold against what the city received.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { monotonic } from './world/world-clock.ts';

/** One value a device is about to say. */
export interface Served {
  /** Stem of the profile this device is. */
  readonly device: string;
  /** Unit id; absent for a device alone on its line. */
  readonly unit?: number;
  /** Digits printed on a meter that has no unit id. */
  readonly meter?: string;
  /** Name of the quantity: the point's id in the profile. */
  readonly point: string;
  /** First register, or what finds the value in the frame. */
  readonly address?: number;
  /** Bytes of the value on the wire, hex. */
  readonly raw: string;
  /** In `uom`, exactly what the device resolves; null where the device says that it has none. */
  readonly value: number | string | boolean | null;
  /** UCUM. */
  readonly uom: string;
}

export interface LedgerEntry extends Served {
  readonly seq: number;
  /** CLOCK_MONOTONIC ms before its first byte left; comparable with every process of this boot. */
  readonly mono: number;
  readonly line: string;
  /** False: a fault damaged the frame on its way, nobody may take this value from it. */
  readonly intact: boolean;
}

export interface LedgerOptions {
  /** JSON lines are appended here. */
  readonly file?: string;
  /** Entries kept in memory; the oldest go. Default 0 where a file is given, else 200,000. */
  readonly keep?: number;
  readonly mono?: () => number;
}

export class Ledger implements Disposable {
  readonly entries: LedgerEntry[] = [];
  /** Entries written since the start. */
  count = 0;
  readonly #keep: number;
  readonly #mono: () => number;
  #file: number | undefined;

  constructor(options: LedgerOptions = {}) {
    this.#keep = options.keep ?? (options.file === undefined ? 200_000 : 0);
    this.#mono = options.mono ?? monotonic;
    if (options.file !== undefined) {
      mkdirSync(dirname(options.file), { recursive: true });
      this.#file = openSync(options.file, 'a');
    }
  }

  /** Returns when the entries are in the hands of the operating system, so that a killed simulator leaves a true file. */
  write(line: string, served: readonly Served[], intact = true): void {
    if (served.length === 0) return;
    const mono = this.#mono();
    let text = '';
    for (const one of served) {
      this.count += 1;
      const entry: LedgerEntry = { seq: this.count, mono, line, ...one, intact };
      if (this.#file !== undefined) text += `${JSON.stringify(entry)}\n`;
      if (this.#keep > 0) this.entries.push(entry);
    }
    if (this.#file !== undefined) writeSync(this.#file, text);
    // In one cut, not one by one: shifting a long array for every entry would cost more than serving.
    if (this.entries.length > this.#keep * 1.1) this.entries.splice(0, this.entries.length - this.#keep);
  }

  [Symbol.dispose](): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
  }
}
