/** Runs the rescue of damaged files beside the commits: a step, then whoever waits, then the next step. */
import { renameSync } from 'node:fs';
import { basename } from 'node:path';
import { asAgentError } from '../core/errors.ts';
import type { AgentEvent } from '../core/record.ts';
import { damagedLogs } from './aside.ts';
import { type RescueReport, rescue } from './rescue.ts';

export class Rescues {
  readonly #dir: string;
  readonly #tell: (note: AgentEvent) => void;
  readonly #now: () => number;
  #next: NodeJS.Immediate | undefined;
  #running: Generator<undefined, RescueReport> | undefined;
  #stopped = false;
  /** A file that cannot even be renamed is not tried for ever. */
  readonly #tried = new Set<string>();

  /** `tell` gets what became of each file; `now` is monotonic ms. */
  constructor(dir: string, tell: (note: AgentEvent) => void, now: () => number) {
    this.#dir = dir;
    this.#tell = tell;
    this.#now = now;
  }

  start(): void {
    if (this.#stopped || this.#running !== undefined) return;
    const file = damagedLogs(this.#dir).find((name) => !this.#tried.has(name));
    if (file === undefined) return;
    this.#tried.add(file);
    this.#running = rescue(this.#dir, file);
    this.#step(file, this.#running);
  }

  #step(file: string, running: Generator<undefined, RescueReport>): void {
    this.#next = setImmediate(() => {
      try {
        const { done, value } = running.next();
        if (done !== true) return this.#step(file, running);
        this.#end(file, 'rescued', {
          epoch: value.epoch,
          rescued: value.rescued,
          lost: value.lost,
          file: basename(value.file),
        });
      } catch (thrown) {
        this.#end(file, 'unreadable', { reason: asAgentError(thrown).message });
      }
    });
  }

  /** Names the file for what became of it, so that the next start does not try again. */
  #end(file: string, state: 'rescued' | 'unreadable', body: AgentEvent['body']): void {
    for (const suffix of ['-wal', '-shm', '']) {
      try {
        renameSync(file + suffix, `${file}.${state}${suffix}`);
      } catch {
        // Not there, or a disk on which nothing can be renamed: then it is tried again.
      }
    }
    this.#running = undefined;
    const from = basename(file);
    const severity = state === 'rescued' ? 'warning' : 'alarm';
    this.#tell({ event: 'store', severity, time: this.#now(), body: { state, from, ...body } });
    if (!this.#stopped) this.start();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#next !== undefined) clearImmediate(this.#next);
    this.#running?.return(undefined as never);
  }
}
