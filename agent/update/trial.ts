/**
 * Whether a new release does what the one before did: what answered then answers again, the city acknowledges again, and it
 * stays so for a while. A silent uplink is a reason to return, for nobody could send another release over it.
 */

import { asAgentError } from '../core/errors.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Ledger, PartHealth } from '../core/view.ts';
import type { Answered, Trial } from './boot-state.ts';

export interface Look {
  health(): readonly PartHealth[];
  ledgers(): readonly Ledger[];
  /** Rejects with what stands still. */
  pulse(): Promise<void>;
  /** Line of a device. */
  lineOf(device: string): string | undefined;
}

export type Verdict = { readonly good: true } | { readonly good: false; readonly reason: string };

/** How often is looked, ms. */
const EVERY = 2000;
/** Of the devices that answered, so many may be gone by chance: a truck that hit a pole is no fault of a release. */
const MAY_BE_GONE = 0.1;

/** What answers now, to be held against the next release. */
export function answeredNow(look: Pick<Look, 'health' | 'ledgers' | 'lineOf'>): Answered {
  const devices = look.health().flatMap(({ part, state }) => {
    const device = /^device:(.+)$/.exec(part)?.[1];
    if (device === undefined || state !== 'ok') return [];
    return [{ device, line: look.lineOf(device) ?? '' }];
  });
  const uplinks = look
    .ledgers()
    .filter(({ connected, acknowledged }) => connected && acknowledged > 0)
    .map(({ uplink }) => uplink);
  return { devices, uplinks };
}

/** Resolves with the verdict, at the latest after `within` and `soak`. Rejects only when aborted. */
export async function watchTrial(
  { within, soak, before }: Pick<Trial, 'within' | 'soak' | 'before'>,
  look: Look,
  clock: Clock,
  signal: AbortSignal,
  onLook: (missing: readonly string[]) => void = () => {},
): Promise<Verdict> {
  const started = clock.mono();
  const first = new Map<string, number>();
  let wellSince: number | undefined;
  for (;;) {
    const missing = await missingNow(before, look, first);
    signal.throwIfAborted();
    onLook(missing);
    const now = clock.mono();
    if (missing.length > 0) wellSince = undefined;
    else wellSince ??= now;
    if (wellSince !== undefined && now - wellSince >= soak) return { good: true };
    if (wellSince === undefined && now - started >= within) {
      const shown = missing.slice(0, 8).join('; ');
      const more = missing.length > 8 ? ` and ${missing.length - 8} more` : '';
      return { good: false, reason: `after ${Math.round(within / 1000)} s: ${shown}${more}` };
    }
    await clock.sleep(Math.min(EVERY, Math.max(10, within / 10)), signal);
  }
}

async function missingNow(
  before: Answered | undefined,
  look: Look,
  first: Map<string, number>,
): Promise<readonly string[]> {
  const missing: string[] = [];
  await look.pulse().catch((thrown: unknown) => missing.push(asAgentError(thrown).message));
  const { devices = [], uplinks = [] } = before ?? {};
  const well = new Set(look.health().flatMap(({ part, state }) => (state === 'ok' ? [part] : [])));
  const gone = devices.filter(({ device }) => !well.has(`device:${device}`));
  const lines = new Set(devices.map(({ line }) => line));
  for (const line of lines) {
    const on = devices.filter((one) => one.line === line);
    if (on.every(({ device }) => !well.has(`device:${device}`)))
      missing.push(`nothing answers on line ${line} any more (${on.length} did)`);
  }
  if (gone.length > Math.max(1, devices.length * MAY_BE_GONE))
    missing.push(...gone.map(({ device }) => `device ${device} does not answer any more`));
  for (const id of uplinks) {
    const ledger = look.ledgers().find(({ uplink }) => uplink === id);
    if (ledger === undefined || !ledger.connected) {
      missing.push(`uplink ${id} is silent: it is not connected`);
      continue;
    }
    const at = first.get(id) ?? ledger.acknowledged;
    first.set(id, at);
    // The start itself is an event that has to be acknowledged.
    if (ledger.acknowledged <= at && ledger.backlog > 0)
      missing.push(`uplink ${id} is silent: nothing was acknowledged since the start`);
  }
  return missing;
}
