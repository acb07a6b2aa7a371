/** What sessions keep of their devices over restarts: one small file in the state folder, replaced as a whole. */
import { join } from 'node:path';
import type { DeviceMemory } from '../core/driver.ts';
import { readIfThereSync, replaceFile } from '../core/durable-file.ts';
import type { Log } from '../core/log.ts';
import type { Clock } from '../core/time/clock.ts';
import { Turns } from '../core/turns.ts';

/** What is saved within this time goes into one write, ms. */
const DELAY = 1_000;

export class DeviceMemories implements AsyncDisposable {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #kept: Map<string, string>;
  #timer: Disposable | undefined;
  readonly #writing = new Turns();
  #failed = false;

  /** A file that is missing or damaged is an empty memory; a damaged one is said and replaced at the next save. */
  constructor(stateDir: string, clock: Clock, log: Log) {
    this.#file = join(stateDir, 'devices.json');
    this.#clock = clock;
    this.#log = log;
    this.#kept = this.#load();
  }

  of(device: string): DeviceMemory {
    return {
      read: () => this.#kept.get(device),
      save: (text) => {
        if (this.#kept.get(device) === text) return;
        this.#kept.set(device, text);
        this.#timer ??= this.#clock.after(DELAY, () => void this.#flush());
      },
    };
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== undefined) await this.#flush();
    await this.#writing.over();
  }

  #load(): Map<string, string> {
    try {
      const bytes = readIfThereSync(this.#file);
      if (bytes === undefined) return new Map();
      const raw: unknown = JSON.parse(bytes.toString('utf8'));
      if (typeof raw !== 'object' || raw === null) throw new TypeError('no object');
      return new Map(
        Object.entries(raw).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
      );
    } catch (error) {
      this.#log.warn('memory.unreadable', { file: this.#file, error: String(error) });
      return new Map();
    }
  }

  #flush(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    return this.#writing.take(() => this.#write());
  }

  async #write(): Promise<void> {
    try {
      await replaceFile(this.#file, JSON.stringify(Object.fromEntries(this.#kept)));
      if (this.#failed) this.#log.info('memory.written', { file: this.#file });
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.#log.error('memory.unwritten', { file: this.#file, error: String(error) });
      this.#failed = true;
    }
  }
}
