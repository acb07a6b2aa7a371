/** What a charger is asked to do, and how its answer is read back. OCPP 1.6 §5 */
import { z } from 'zod';
import type { Value } from '../../agent/core/reading.ts';
import type { Link } from './guest.ts';
import type { Command } from './schema.ts';

export type Outcome = { readonly done: Value } | { readonly rejected: string };

export interface Context {
  readonly link: Link;
  readonly connector: number;
  /** Of the session under way. */
  readonly transaction: number | undefined;
  /** Unit of the point: A, W or kW for a limit. */
  readonly unit: string;
}

const statusAnswer = z.looseObject({ status: z.string() });

/** Carries out one command. Rejects where the charger does not answer, or answers with an error. */
export async function command(what: Command, value: Value, context: Context): Promise<Outcome> {
  const { link, connector: connectorId, transaction } = context;
  switch (what) {
    case 'limit':
      return await limit(Number(value), context);
    case 'start':
      return await plain(link, 'RemoteStartTransaction', { connectorId, idTag: value }, ['Accepted'], value);
    case 'stop':
      if (value !== true) return { rejected: 'expected true' };
      if (transaction === undefined) return { rejected: 'no session is under way' };
      return await plain(link, 'RemoteStopTransaction', { transactionId: transaction }, ['Accepted'], value);
    case 'reset':
      if (value !== 'Soft' && value !== 'Hard') return { rejected: 'expected Soft or Hard' };
      return await plain(link, 'Reset', { type: value }, ['Accepted'], value);
    case 'unlock':
      if (value !== true) return { rejected: 'expected true' };
      return await plain(link, 'UnlockConnector', { connectorId }, ['Unlocked'], value);
    case 'available': {
      const type = value === true ? 'Operative' : 'Inoperative';
      // Scheduled: once the session has ended.
      return await plain(link, 'ChangeAvailability', { connectorId, type }, ['Accepted', 'Scheduled'], value);
    }
    case 'trigger':
      return await plain(link, 'TriggerMessage', trigger(String(value), connectorId), ['Accepted'], value);
  }
}

/** Of which messages the connector is named. OCPP 1.6 §6.51 */
export function trigger(requestedMessage: string, connectorId: number): object {
  const own = requestedMessage === 'MeterValues' || requestedMessage === 'StatusNotification';
  return { requestedMessage, ...(own ? { connectorId } : {}) };
}

async function plain(
  link: Link,
  action: string,
  payload: object,
  good: readonly string[],
  value: Value,
): Promise<Outcome> {
  const answer = statusAnswer.safeParse(await link.call(action, payload));
  const status = answer.success ? answer.data.status : 'no status';
  return good.includes(status) ? { done: value } : { rejected: `${action}: ${status}` };
}

/** Long ago, so that a schedule holds now whatever the charger's clock shows. */
const ALWAYS = '2020-01-01T00:00:00Z';

const composite = z.looseObject({
  status: z.string(),
  chargingSchedule: z
    .looseObject({
      chargingRateUnit: z.string(),
      chargingSchedulePeriod: z.array(z.looseObject({ limit: z.number() })).min(1),
    })
    .optional(),
});

/**
 * Limits the whole charger (ChargePointMaxProfile); where it knows no such profile, every session of the connector. What holds
 * then is asked for; a charger that cannot say it is believed its Accepted.
 */
async function limit(value: number, context: Context): Promise<Outcome> {
  const { link, connector, unit } = context;
  const rate = unit === 'A' ? 'A' : 'W';
  const amount = unit === 'kW' ? value * 1000 : value;
  const rounded = Math.round(amount * 10) / 10;
  const profile = (purpose: string) => ({
    chargingProfileId: 1,
    stackLevel: 0,
    chargingProfilePurpose: purpose,
    chargingProfileKind: 'Absolute',
    chargingSchedule: {
      startSchedule: ALWAYS,
      chargingRateUnit: rate,
      chargingSchedulePeriod: [{ startPeriod: 0, limit: rounded }],
    },
  });
  const set = (connectorId: number, purpose: string) =>
    plain(
      link,
      'SetChargingProfile',
      { connectorId, csChargingProfiles: profile(purpose) },
      ['Accepted'],
      value,
    );
  let outcome = await set(0, 'ChargePointMaxProfile');
  if ('rejected' in outcome) outcome = await set(connector, 'TxDefaultProfile');
  if ('rejected' in outcome) return outcome;
  const holds = await limitInForce(link, connector, rate);
  if (holds === undefined) return { done: value };
  return { done: unit === 'kW' ? holds / 1000 : holds };
}

/** The limit in force, A or W; undefined where the charger cannot say it. */
export async function limitInForce(
  link: Link,
  connectorId: number,
  chargingRateUnit: 'A' | 'W',
): Promise<number | undefined> {
  try {
    const ask = { connectorId, duration: 60, chargingRateUnit };
    const { data } = composite.safeParse(await link.call('GetCompositeSchedule', ask));
    const schedule = data?.chargingSchedule;
    if (data?.status !== 'Accepted' || schedule?.chargingRateUnit !== chargingRateUnit) return undefined;
    return schedule.chargingSchedulePeriod[0]?.limit;
  } catch {
    return undefined;
  }
}

const configuration = z.looseObject({
  configurationKey: z.array(z.looseObject({ key: z.string(), value: z.string().optional() })).default([]),
});

/** Values of configuration keys, as text; those the charger does not know are left out. */
export async function readKeys(link: Link, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { data } = configuration.safeParse(await link.call('GetConfiguration', { key: keys }));
  return new Map(
    data?.configurationKey.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value]])),
  );
}

/** Sets a configuration key; gives the charger's word for it: Accepted, RebootRequired, Rejected or NotSupported. */
export async function writeKey(link: Link, key: string, value: Value): Promise<string> {
  const answer = statusAnswer.safeParse(
    await link.call('ChangeConfiguration', { key, value: String(value) }),
  );
  return answer.success ? answer.data.status : 'no status';
}
