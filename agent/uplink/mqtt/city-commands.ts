/** Commands of the city on their way in, results on their way out. Nothing that arrives here can end the agent. */

import type { Command, CommandResult } from '../../core/command.ts';
import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import { wallAt } from '../../core/time/clock.ts';
import { readCommand } from './command.ts';
import type { Topics } from './topics.ts';

/** Commands waited for at once. */
export const MOST_OPEN = 32;
/** A flood of nonsense is told of once in so long, ms. */
const TELL_EVERY = 60_000;

export interface CityCommandsOptions {
  readonly uplink: string;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Log;
  submit(command: Command): Promise<CommandResult>;
  /** Sends a result; it also leaves as an event record, so a lost one is not lost for good. */
  answer(result: CommandResult): void;
}

export class CityCommands {
  readonly #options: CityCommandsOptions;
  #open = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #ignored = 0;

  constructor(options: CityCommandsOptions) {
    this.#options = options;
  }

  /** A message on a command topic. Retained ones are stale by nature and ignored. */
  async take(topic: string, payload: Uint8Array, retained: boolean): Promise<void> {
    const { topics, uplink, submit, answer } = this.#options;
    const at = topics.commandOf(topic);
    if (at === undefined) return;
    if (retained) return this.#ignore('retained');
    const { clock } = this.#options;
    const now = wallAt(clock.mapping(), clock.mono()).time;
    const read = readCommand(payload, at, uplink, Math.trunc(now));
    if (read.kind === 'unreadable') return this.#ignore(read.reason);
    if (read.kind === 'malformed') {
      this.#ignore(read.reason);
      answer(this.#rejected(read.id, 'malformed', read.reason));
      return;
    }
    if (this.#open >= MOST_OPEN) {
      answer(this.#rejected(read.command.id, 'busy', `${MOST_OPEN} commands are under way`));
      return;
    }
    this.#open += 1;
    try {
      answer(await submit(read.command));
    } catch (thrown) {
      this.#options.log.error('uplink.command-lost', { id: read.command.id, error: String(thrown) });
    } finally {
      this.#open -= 1;
    }
  }

  #rejected(id: string, code: 'malformed' | 'busy', reason: string): CommandResult {
    const { clock } = this.#options;
    return { id, state: 'rejected', code, reason, at: wallAt(clock.mapping(), clock.mono()).time };
  }

  #ignore(reason: string): void {
    this.#ignored += 1;
    const now = this.#options.clock.mono();
    if (now - this.#toldAt < TELL_EVERY) return;
    this.#options.log.warn('uplink.command-ignored', { reason, count: this.#ignored });
    this.#toldAt = now;
    this.#ignored = 0;
  }
}
