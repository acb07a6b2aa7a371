/**
 * Commands of host applications. A Sparkplug command has neither id nor expiry: the id is made of what it says, so that
 * the same packet twice is one command, and it lives as long as the settings say from the time it carries.
 */
import { createHash } from 'node:crypto';
import type { Command, CommandResult } from '../../core/command.ts';
import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import { wallAt } from '../../core/time/clock.ts';
import { type ReadMetric, type ReadPayload, readPayload } from './payload.ts';
import type { Roster } from './roster.ts';
import { NODE } from './roster.ts';
import { readTopic } from './topics.ts';

/** Commands waited for at once. */
export const MOST_OPEN = 32;
/** Bytes; a command is a few hundred. */
export const LONGEST_COMMAND = 65_536;
const MOST_METRICS = 64;
const LONGEST_TEXT = 1024;
/** A flood of nonsense is told of once in so long, ms. */
const TELL_EVERY = 60_000;

export interface HostCommandsOptions {
  readonly uplink: string;
  readonly group: string;
  readonly node: string;
  /** ms */
  readonly life: number;
  readonly roster: Roster;
  readonly clock: Clock;
  readonly log: Log;
  submit(command: Command): Promise<CommandResult>;
  /** Publishes a result; it also leaves as an event record, so a lost one is not lost for good. */
  answer(result: CommandResult & { readonly device: string; readonly point: string }): void;
  rebirth(): void;
}

export class HostCommands {
  readonly #options: HostCommandsOptions;
  #open = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #ignored = 0;

  constructor(options: HostCommandsOptions) {
    this.#options = options;
  }

  /** A message on any topic; what is no command of this node is left alone. */
  take(topic: string, bytes: Uint8Array, retained: boolean): void {
    const { group, node } = this.#options;
    const at = readTopic(topic);
    if (at === undefined || at.group !== group || at.node !== node) return;
    if (at.verb !== 'NCMD' && at.verb !== 'DCMD') return;
    const payload = retained ? 'retained, and so stale' : read(bytes);
    if (typeof payload === 'string') {
      this.#ignore(payload);
      return;
    }
    for (const metric of payload.metrics) {
      if (at.device === undefined) this.#ofNode(metric);
      else void this.#ofDevice(at.device, metric, metric.timestamp ?? payload.timestamp);
    }
  }

  #ofNode({ name, value }: ReadMetric): void {
    // [tck-id-operational-behavior-data-commands-ncmd-rebirth-value] Only true asks for it.
    if (name === NODE.rebirth && value === true) this.#options.rebirth();
    else this.#ignore(name === NODE.rebirth ? `${name} is not true` : `the node has no ${name} to write`);
  }

  async #ofDevice(device: string, metric: ReadMetric, time: number | undefined): Promise<void> {
    const { roster, submit, answer, log } = this.#options;
    const alias = typeof metric.alias === 'number' ? metric.alias : undefined;
    const known = roster.find(device, metric.name, alias);
    if (known === undefined || known.text !== undefined) {
      this.#ignore(`${device} has no point ${metric.name ?? `with alias ${metric.alias}`}`);
      return;
    }
    const { name: point } = known;
    const value = metric.as(undefined);
    const number = typeof value === 'bigint' ? Number(value) : value;
    const now = this.#now();
    const issued = time === undefined || !Number.isFinite(time) ? now : time;
    const id = idOf([device, point, String(value), String(time ?? `${now} ${Math.random()}`)]);
    const reject = (code: 'malformed' | 'busy', reason: string) =>
      answer({ id, device, point, state: 'rejected', code, reason, at: now });
    if (number === undefined || (typeof number === 'string' && number.length > LONGEST_TEXT)) {
      reject('malformed', `expected a number, true, false or a text of at most ${LONGEST_TEXT}`);
      return;
    }
    if (this.#open >= MOST_OPEN) {
      reject('busy', `${MOST_OPEN} commands are under way`);
      return;
    }
    this.#open += 1;
    try {
      const { uplink, life } = this.#options;
      const issuer = `uplink:${uplink}`;
      const wanted = known.type === 'Boolean' && typeof number === 'number' ? number !== 0 : number;
      const result = await submit({
        id,
        device,
        point,
        value: signed(metric, wanted),
        issuer,
        issued,
        expires: issued + life,
      });
      answer({ ...result, device, point });
    } catch (thrown) {
      log.error('uplink.command-lost', { id, error: String(thrown) });
    } finally {
      this.#open -= 1;
    }
  }

  #now(): number {
    const { clock } = this.#options;
    return Math.trunc(wallAt(clock.mapping(), clock.mono()).time);
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

/** The payload, or why it is not looked at. */
function read(bytes: Uint8Array): ReadPayload | string {
  if (bytes.length > LONGEST_COMMAND) return `${bytes.length} bytes, at most ${LONGEST_COMMAND}`;
  const payload = readPayload(bytes);
  if (typeof payload === 'string' || payload.metrics.length <= MOST_METRICS) return payload;
  return `${payload.metrics.length} metrics at once, at most ${MOST_METRICS}`;
}

/** Where a host writes a signed type and says so, its value is read as one. */
function signed(metric: ReadMetric, value: number | boolean | string): number | boolean | string {
  const read = metric.datatype === undefined ? undefined : metric.as(metric.datatype);
  return typeof value === 'number' && typeof read === 'number' ? read : value;
}

function idOf(parts: readonly string[]): string {
  return `spb-${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24)}`;
}
