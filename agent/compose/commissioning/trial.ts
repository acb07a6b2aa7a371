/** Reads devices that are in no site yet, round after round, over the access that their scan had. */
import { driverFor } from '../../../drivers/index.ts';
import type { TrialValue } from '../../core/commissioning.ts';
import type { PolledSession } from '../../core/driver.ts';
import { asAgentError } from '../../core/errors.ts';
import { silent } from '../../core/log.ts';
import type { Profile } from '../../core/profile.ts';
import type { Mono, Reading } from '../../core/reading.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { OpenStage, StageAccess } from '../scan/access.ts';
import type { Found } from '../scan/found.ts';
import { settingText } from '../scan/plan.ts';
import { trialDevice } from './identity.ts';

/** From one round to the next, ms; a round of many devices takes longer by itself. */
const ROUND_MS = 1000;
/** Longest wait for an answer, ms: what was found answered within less. */
const TIMEOUT_MS = 500;
/** Values told of each device. */
const MOST_VALUES = 8;

export interface Tried {
  readonly key: string;
  readonly found: Found;
  readonly profile: Profile;
}

export interface TrialResult {
  readonly profile: string;
  readonly values: readonly (Omit<TrialValue, 'time'> & { readonly mono: Mono })[];
  readonly read?: { readonly good: number; readonly of: number };
  readonly trouble?: string;
}

export interface TrialOptions {
  readonly tried: readonly Tried[];
  readonly open: OpenStage;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onResult: (key: string, result: TrialResult) => void;
}

/** Ends when the signal aborts; never rejects. */
export async function readAgain({ tried, open, clock, signal, onResult }: TrialOptions): Promise<void> {
  const sessions = tried.map((one) => ({ ...one, session: sessionOf(one, clock) }));
  let held: { readonly setting: string; readonly access: StageAccess } | undefined;
  const accessTo = async ({ line }: Found): Promise<StageAccess> => {
    const setting = settingText(line);
    if (held?.setting === setting) return held.access;
    await release();
    held = { setting, access: await open({ line, timeout: Math.max(TIMEOUT_MS, line.timeout) }, signal) };
    return held.access;
  };
  const release = async () => {
    const last = held;
    held = undefined;
    try {
      await last?.access[Symbol.asyncDispose]();
    } catch {
      // It is given back either way.
    }
  };
  try {
    while (!signal.aborted) {
      const began = clock.mono();
      for (const { key, found, profile, session } of sessions) {
        if (signal.aborted) return;
        try {
          if (session === undefined)
            throw new Error('it talks by itself: its values are seen once it is saved');
          const exchange = (await accessTo(found)).lend(key);
          onResult(key, await readOnce(session, profile, exchange, signal));
        } catch (thrown) {
          if (signal.aborted) return;
          const error = asAgentError(thrown);
          if (error.code === 'link-lost' || error.code.startsWith('port-')) await release();
          onResult(key, { profile: profile.id, values: [], trouble: error.message });
        }
      }
      await clock.sleep(Math.max(100, began + ROUND_MS - clock.mono()), signal).catch(() => {});
    }
  } finally {
    await release();
  }
}

function sessionOf({ key, found, profile }: Tried, clock: Clock): PolledSession | undefined {
  const driver = driverFor(profile.protocol);
  if (driver?.kind !== 'polled') return undefined;
  return driver.open({ device: trialDevice(found, profile, key), clock, log: silent }, found.line);
}

async function readOnce(
  session: PolledSession,
  profile: Profile,
  exchange: Parameters<PolledSession['probe']>[0],
  signal: AbortSignal,
): Promise<TrialResult> {
  const readings: Reading[] = [];
  let trouble: string | undefined;
  for (const poll of [...session.polls]) {
    try {
      readings.push(...(await poll.execute(exchange, signal)));
    } catch (thrown) {
      const error = asAgentError(thrown);
      if (signal.aborted || error.code === 'link-lost') throw error;
      trouble ??= error.message;
    }
  }
  const points = new Map(profile.points.map((point) => [point.id, point]));
  const values = readings.flatMap(({ point: id, value, unit, quality, reason, time }) => {
    const point = points.get(id);
    if (point === undefined) return [];
    return [
      {
        point: id,
        title: point.title,
        unit,
        ...(point.decimals === undefined ? {} : { decimals: point.decimals }),
        ...(point.states === undefined ? {} : { states: point.states }),
        value,
        quality,
        ...(reason === undefined ? {} : { reason }),
        mono: time,
      },
    ];
  });
  const order = profile.points.map(({ id }) => id);
  values.sort((a, b) => order.indexOf(a.point) - order.indexOf(b.point));
  const asked = profile.points.filter(({ access }) => access !== 'write').length;
  return {
    profile: profile.id,
    values: values.slice(0, MOST_VALUES),
    read: { good: values.filter(({ quality }) => quality !== 'bad').length, of: asked },
    ...(trouble === undefined ? {} : { trouble }),
  };
}
