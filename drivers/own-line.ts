/** What drivers of devices with a line of their own share: waiting, asking, and the checks of profile and line. */

import { z } from 'zod';
import type { DriverContext } from '../agent/core/driver.ts';
import { AgentError } from '../agent/core/errors.ts';
import type { Stream } from '../agent/core/link.ts';
import type { Issue, Profile } from '../agent/core/profile.ts';
import type { DeviceConfig, LineConfig } from '../agent/core/site.ts';
import { convert, isUnit, type Unit } from '../agent/core/unit.ts';
import { schemaIssues, shown } from './issues.ts';
import { streamIssues } from './line-settings.ts';
import type { FrameScanner } from './scanner.ts';

/**
 * `what`, or undefined after `ms`. Rejects with `link-lost` when the stream closes and with the signal's reason. Leaves
 * no timer.
 */
export async function within<T>(
  context: DriverContext,
  stream: Stream,
  what: Promise<T>,
  ms: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  const done = new AbortController();
  const late = context.clock.sleep(ms, AbortSignal.any([signal, done.signal])).then(() => undefined);
  const lost = stream.closed.then((): never => {
    throw new AgentError('link-lost', `talk with ${context.device.id} failed: the port closed`);
  });
  for (const promise of [what, late, lost]) promise.catch(() => {});
  try {
    return await Promise.race([what, late, lost]);
  } finally {
    done.abort();
  }
}

/** Hears frames; can wait for one of them, with or without a question before. One question at a time. */
export class Asker<F> implements Disposable {
  readonly #context: DriverContext;
  readonly #stream: Stream;
  readonly #data: Disposable;
  #wanted: { readonly accept: (frame: F) => boolean; readonly give: (frame: F) => void } | undefined;

  /** `onFrame` gets every frame, those asked for too. */
  constructor(
    context: DriverContext,
    stream: Stream,
    scanner: Pick<FrameScanner<F>, 'push'>,
    onFrame: (frame: F, time: number) => void = () => {},
  ) {
    this.#context = context;
    this.#stream = stream;
    this.#data = stream.onData((bytes, time) => {
      for (const frame of scanner.push(bytes)) {
        onFrame(frame, time);
        if (this.#wanted?.accept(frame) === true) this.#wanted.give(frame);
      }
    });
  }

  /** The first frame that `accept` takes after `bytes` have been written; undefined after `ms` without one. */
  async ask(
    bytes: Uint8Array | undefined,
    accept: (frame: F) => boolean,
    ms: number,
    signal: AbortSignal,
  ): Promise<F | undefined> {
    signal.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<F>();
    const wanted = { accept, give: resolve };
    this.#wanted = wanted;
    try {
      if (bytes !== undefined) await this.#stream.write(bytes, signal);
      return await within(this.#context, this.#stream, promise, ms, signal);
    } finally {
      if (this.#wanted === wanted) this.#wanted = undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#data[Symbol.dispose]();
  }
}

/**
 * Runs `turn` every `period` ms, first after one period, until disposed or until the link is lost. What a turn throws
 * otherwise goes to `onError` and the next turn comes as planned.
 */
export function repeat(
  context: DriverContext,
  period: number,
  turn: (signal: AbortSignal) => Promise<void>,
  onError: (error: unknown) => void,
): AsyncDisposable {
  const stop = new AbortController();
  const { clock } = context;
  const running = (async () => {
    let due = clock.mono();
    while (!stop.signal.aborted) {
      due = Math.max(due + period, clock.mono());
      await clock.sleep(due - clock.mono(), stop.signal);
      try {
        await turn(stop.signal);
      } catch (error) {
        if (stop.signal.aborted || (error instanceof AgentError && error.code === 'link-lost')) return;
        onError(error);
      }
    }
  })().catch(() => {});
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new AgentError('aborted', 'the session is closed'));
      await running;
    },
  };
}

/** The error of a device that is not there. */
export function notThere(context: DriverContext, what: string, ms: number, fix: string): AgentError {
  return new AgentError('timeout', `opening of ${context.device.id} failed: no ${what} within ${ms} ms`, {
    fix,
  });
}

/** The unit of each field a driver tells; '' for a text. */
export type FieldUnits = Readonly<Record<string, Unit | ''>>;

/** Checks a profile whose points name a field of the frame. */
export function fieldIssues(
  profile: Profile,
  optionsSchema: z.ZodType,
  wireSchema: z.ZodType<{ readonly field: string }>,
  fields: FieldUnits,
): readonly Issue[] {
  const issues: Issue[] = [...schemaIssues(optionsSchema, profile.options ?? {}, [profile.protocol])];
  profile.points.forEach((point, i) => {
    const at = ['points', i, profile.protocol];
    const found = schemaIssues(wireSchema, point.wire, at);
    issues.push(...found);
    if (found.length > 0) return;
    const { field } = wireSchema.parse(point.wire);
    const unit = fields[field];
    if (unit === undefined) return;
    if ((unit === '') !== (point.type === 'string') || point.access !== 'read') {
      const want = unit === '' ? 'a string' : 'a number';
      issues.push({ path: ['points', i], message: `expected ${want} that is read, got another point` });
    } else if (unit !== '' && !convertible(unit, point.unit)) {
      const message = `expected ${unit} or what it converts to, got ${shown(point.unit)}`;
      issues.push({ path: ['points', i, 'unit'], message });
    }
  });
  return issues;
}

function convertible(from: Unit, to: string): boolean {
  if (!isUnit(to)) return false;
  try {
    convert(1, from, to);
    return true;
  } catch {
    return false;
  }
}

/** Checks that a device stands alone on a line of one of the `bauds`. */
export function lineIssues(
  device: DeviceConfig,
  line: LineConfig,
  schema: z.ZodType,
  bauds?: readonly number[],
): readonly Issue[] {
  const issues: Issue[] = [...schemaIssues(schema, device.options, ['options'])];
  issues.push(...streamIssues(line));
  if (line.serial !== undefined && bauds !== undefined && !bauds.includes(line.serial.baud)) {
    issues.push({
      path: ['line'],
      message: `expected a line of ${bauds.join(' or ')} baud, got ${line.serial.baud}`,
      fix: `write baud: ${bauds[0]} for the line`,
    });
  }
  if (device.address !== undefined) {
    issues.push({
      path: ['address'],
      message: `expected no address, got ${shown(device.address)}`,
      fix: 'remove it',
    });
  }
  return issues;
}

/** The `serial` key of a profile's block: what the line of such a device is set to. */
export function serialSchema(bauds: readonly [number, ...number[]], formats: readonly string[] = ['8N1']) {
  return z.strictObject({ baud: z.literal([...bauds]), format: z.literal([...formats]) }).optional();
}

/** Longest silence of a device that tells each point once in its period, ms. */
export function silenceOf(device: DeviceConfig, frames: number): number {
  const slowest = Math.max(...device.profile.points.map((point) => point.every ?? device.profile.every));
  return Math.max(10_000, 2.5 * Math.max(frames, device.every ?? slowest));
}
