/** The way to agents over a broker, payload v1: commands out, results and events back. */
import { createHash, randomBytes } from 'node:crypto';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { AgentError } from '../../core/errors.ts';
import { readPayload } from '../verify/payload.ts';
import { nameOfTarget, type Target } from './plan.ts';
import type { FleetLink } from './roll-out.ts';

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
  /** Point of the device `agent`. */
  readonly point: string;
  /** For one agent: the value as text. */
  value(target: Target): string;
  /** ms */
  readonly ttl: number;
  readonly issuer: string;
}

/** Longest wait for the result of a command, ms: it says that an update has begun. */
const RESULT_WITHIN = 60_000;
/** As `agent/update/acts.ts` says it. */
const UNDER_WAY = / is (being taken|on trial)$/;
const RESULT = /^kerbside\/v1\/([^/]+)\/([^/]+)\/cmd\/([^/]+)\/result$/;
const RECORDS = /^kerbside\/v1\/([^/]+)\/([^/]+)\/(?:data|backlog)\/event$/;

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
  const results = new Map<string, (result: Readonly<Record<string, unknown>>) => void>();
  const listeners = new Set<(target: string, body: Readonly<Record<string, unknown>>) => void>();
  client.on('message', (topic, bytes, { retain }) => {
    if (retain) return;
    const payload = readPayload(bytes);
    if (typeof payload !== 'object' || payload === null) return;
    const [, site = '', agent = '', id] = RESULT.exec(topic) ?? RECORDS.exec(topic) ?? [];
    const name = `${site}/${agent}`;
    if (id !== undefined) results.get(`${name} ${id}`)?.(payload as Readonly<Record<string, unknown>>);
    else for (const body of updatesIn(payload)) for (const listener of listeners) listener(name, body);
  });
  await client.subscribeAsync(
    ['kerbside/v1/+/+/cmd/+/result', 'kerbside/v1/+/+/data/event', 'kerbside/v1/+/+/backlog/event'],
    { qos: 1 },
  );
  return {
    send: (target) => sendOne(client, results, command, target, idFor(run, target)),
    onUpdate(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    [Symbol.asyncDispose]: () => client.endAsync(),
  };
}

/** Of its own for each run: an update that came twice is no harm, and a known id would be answered from memory. */
function idFor(run: string, target: Target): string {
  const digest = createHash('sha256').update(nameOfTarget(target)).digest('hex').slice(0, 32);
  return `waves-${run}-${digest}`;
}

async function sendOne(
  client: MqttClient,
  results: Map<string, (result: Readonly<Record<string, unknown>>) => void>,
  { point, value, ttl, issuer }: FleetCommand,
  target: Target,
  id: string,
): Promise<string | undefined> {
  const key = `${nameOfTarget(target)} ${id}`;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const answered = new Promise<string | undefined>((resolve) => {
    results.set(key, ({ state, code, reason }) => {
      // What becomes of it is told by events, also where it had begun before.
      const begun = state === 'done' || (code === 'device-refused' && UNDER_WAY.test(String(reason)));
      resolve(
        begun ? undefined : `command ${state}${code === undefined ? '' : ` (${code})`}: ${reason ?? ''}`,
      );
    });
    timer = setTimeout(() => resolve('it does not answer'), RESULT_WITHIN);
  });
  try {
    const topic = `kerbside/v1/${nameOfTarget(target)}/cmd/agent/${point}`;
    await client.publishAsync(topic, JSON.stringify({ id, value: value(target), ttl, issuer }), { qos: 1 });
    return await answered;
  } finally {
    clearTimeout(timer);
    results.delete(key);
  }
}

/** Bodies of the events `update` in a message of records; none in anything else. */
function updatesIn(payload: object): readonly Readonly<Record<string, unknown>>[] {
  const { records } = payload as { readonly records?: unknown };
  if (!Array.isArray(records)) return [];
  return records.flatMap((record: unknown) => {
    const { event, body } = (record ?? {}) as { readonly event?: unknown; readonly body?: unknown };
    return event === 'update' && typeof body === 'object' && body !== null
      ? [body as Readonly<Record<string, unknown>>]
      : [];
  });
}
