/** The way to agents over a broker, payload v1: commands out, results and events back. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { AgentError } from '../../core/errors.ts';
import { readPayload } from '../verify/payload.ts';
import type { UpdateBody } from './fate.ts';
import type { FleetLink, FleetListener, Sent } from './link.ts';
import { nameOfTarget, type Target } from './plan.ts';

export interface FleetBroker {
  /** mqtt:// or mqtts:// */
  readonly broker: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface FleetCommand {
  /** Where one agent finds its bundle. */
  source(target: Target): string;
  /** Name of the bundle in answers and events, where it is known. */
  readonly expected?: string;
  /** ms */
  readonly ttl: number;
  readonly issuer: string;
}

/** Longest wait for the result of a command, ms: it says that an update has begun. */
const RESULT_WITHIN = 60_000;
/** As `agent/update/acts.ts` says it. */
const UNDER_WAY = /^(.+) is (?:being taken|on trial)$/;
const RESULT = /^kerbside\/v1\/([^/]+)\/([^/]+)\/cmd\/([^/]+)\/result$/;
const RECORDS = /^kerbside\/v1\/([^/]+)\/([^/]+)\/(?:data|backlog)\/event$/;
const STATE = /^kerbside\/v1\/([^/]+)\/([^/]+)\/state$/;
/** What a broker keeps follows right behind the answer to the subscription, ms. */
const RETAINED_WITHIN = 1000;

type Result = Readonly<Record<string, unknown>>;

/** Connects and listens. Rejects with `broker-unreachable`. */
export async function fleetLink(
  { broker, ...credentials }: FleetBroker,
  command: FleetCommand,
): Promise<FleetLink & AsyncDisposable> {
  const options: IClientOptions = {
    protocolVersion: 4,
    connectTimeout: 10_000,
    reconnectPeriod: 1000,
    ...credentials,
  };
  const client = await connectAsync(broker, options, false).catch((cause: Error) => {
    throw new AgentError(
      'broker-unreachable',
      `connection to ${new URL(broker).host} failed: ${cause.message}`,
      { cause },
    );
  });
  client.on('error', () => {});
  const run = randomBytes(6).toString('hex');
  const results = new Map<string, (result: Result) => void>();
  const listeners = new Set<FleetListener>();
  const gone = new Map<string, string>();
  const tell = (what: (listener: FleetListener) => void) => {
    for (const listener of listeners) what(listener);
  };
  client.on('message', (topic, bytes, { retain }) => {
    const payload = readPayload(bytes);
    if (typeof payload !== 'object' || payload === null) return;
    const nameIn = (pattern: RegExp) => {
      const [, site, agent, id] = pattern.exec(topic) ?? [];
      return site === undefined ? undefined : { name: `${site}/${agent}`, id };
    };
    const stated = nameIn(STATE)?.name;
    if (stated !== undefined) {
      const now = goneBy(payload);
      if (now !== undefined) gone.set(stated, now);
      else {
        gone.delete(stated);
        tell((one) => one.onOnline(stated));
      }
      return;
    }
    if (retain) return;
    const result = nameIn(RESULT);
    if (result !== undefined) return results.get(`${result.name} ${result.id}`)?.(payload as Result);
    const name = nameIn(RECORDS)?.name;
    if (name === undefined) return;
    for (const body of updatesIn(payload)) tell((one) => one.onUpdate(name, body));
  });
  const topics = ['cmd/+/result', 'data/event', 'backlog/event', 'state'];
  await client.subscribeAsync(
    topics.map((topic) => `kerbside/v1/+/+/${topic}`),
    { qos: 1 },
  );
  await sleep(RETAINED_WITHIN);
  client.on('connect', () => tell((one) => one.onBack()));
  return {
    send: (target) => sendOne(client, results, command, target, idFor(run, target)),
    offline: (name) => gone.get(name),
    listen(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    [Symbol.asyncDispose]: () => client.endAsync(),
  };
}

/** What the state of an agent says of its absence; undefined: it is there. */
function goneBy(payload: object): string | undefined {
  const { state, reason } = payload as { readonly state?: unknown; readonly reason?: unknown };
  if (state !== 'offline') return undefined;
  return reason === 'stopped' ? 'it is stopped' : 'it is offline';
}

/** Of its own for each time: an update that came twice is no harm, and a known id would be answered from memory. */
function idFor(run: string, target: Target): string {
  const digest = createHash('sha256').update(nameOfTarget(target)).digest('hex').slice(0, 16);
  return `waves-${run}-${digest}-${randomBytes(6).toString('hex')}`;
}

async function sendOne(
  client: MqttClient,
  results: Map<string, (result: Result) => void>,
  { source, expected, ttl, issuer }: FleetCommand,
  target: Target,
  id: string,
): Promise<Sent> {
  const key = `${nameOfTarget(target)} ${id}`;
  const address = source(target);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const answered = new Promise<Sent>((resolve) => {
    results.set(key, (result) => resolve(meaningOf(result, [address, expected])));
    timer = setTimeout(() => resolve({ kind: 'silent', reason: 'it does not answer' }), RESULT_WITHIN);
  });
  try {
    const topic = `kerbside/v1/${nameOfTarget(target)}/cmd/agent/update`;
    const value = JSON.stringify({ act: 'apply', source: address });
    await client.publishAsync(topic, JSON.stringify({ id, value, ttl, issuer }), { qos: 1 });
    return await answered;
  } finally {
    clearTimeout(timer);
    results.delete(key);
  }
}

/** `ours`: address and name of what was sent; what becomes of it is told by events, also where it had begun before. */
function meaningOf({ state, code, reason }: Result, ours: readonly (string | undefined)[]): Sent {
  if (state === 'done') return { kind: 'begun' };
  const busyWith = code === 'device-refused' ? UNDER_WAY.exec(String(reason))?.[1] : undefined;
  const begun = busyWith !== undefined && (ours[1] === undefined || ours.includes(busyWith));
  if (begun) return { kind: 'begun' };
  return {
    kind: 'refused',
    reason: `command ${state}${code === undefined ? '' : ` (${code})`}: ${reason ?? ''}`,
  };
}

/** Bodies of the events `update` in a message of records; none in anything else. */
function updatesIn(payload: object): readonly UpdateBody[] {
  const { records } = payload as { readonly records?: unknown };
  if (!Array.isArray(records)) return [];
  return records.flatMap((record: unknown) => {
    const { event, body } = (record ?? {}) as { readonly event?: unknown; readonly body?: unknown };
    return event === 'update' && typeof body === 'object' && body !== null ? [body as UpdateBody] : [];
  });
}
