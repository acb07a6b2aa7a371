/**
 * An edge node of Sparkplug B 3.0 over MQTT 5, or 3.1.1 where the server has no other. How its data are settled stands in
 * barrier.ts; what is implemented, clause by clause, in docs/uplinks/sparkplug.md.
 */

import { AgentError, asAgentError } from '../../core/errors.ts';
import type { SparkplugUplinkConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { defineUplink, type UplinkContext } from '../../core/uplink.ts';
import { withoutSecrets } from '../address.ts';
import { CONNECT_DEADLINE, type Connection, openConnection, type VersionMemory } from '../mqtt/connection.ts';
import { Failover } from '../mqtt/failover.ts';
import { deathOf } from './death.ts';
import { Roster } from './roster.ts';
import { SparkplugSession } from './session.ts';
import { topicsOf } from './topics.ts';

/** A store that does not answer holds nobody up longer, ms. */
const KEEP_WITHIN = 2000;
/** Name of the count of connections among the numbers of the uplink. */
const CONNECTIONS = 'bdseq';

interface Memory {
  readonly servers: Failover;
  /** By address. */
  readonly versions: Map<string, VersionMemory>;
  readonly roster: Roster;
  /** Connections so far, where this process knows better than the log. */
  connections: number;
  /** The number of the next connection is kept already: the last try did not come so far as to use it. */
  reserved: boolean;
}

/** What was told and learned lives as long as the configuration. */
const memories = new WeakMap<SparkplugUplinkConfig, Memory>();

export const sparkplug = defineUplink<SparkplugUplinkConfig>({
  kind: 'sparkplug',
  async connect(config, context, signal) {
    const { clock } = context;
    const memory = memoryOf(config, context);
    const { servers, versions, roster } = memory;
    const { url } = servers;
    const began = clock.mono();
    const bdSeq = await nextBdSeq(memory, context, signal);
    const topic = topicsOf(config.group, config.node).of('NDEATH');
    // [tck-id-payloads-ndeath-will-message] QoS 1, not retained.
    const will = { topic, payload: deathOf(bdSeq), retain: false };
    let connection: Connection;
    try {
      connection = await openConnection(url, config, will, versionAt(versions, url), clock, signal);
    } catch (thrown) {
      // Whoever was never reached has not heard of the number.
      memory.reserved = unheard(thrown);
      if (!signal.aborted) servers.failed();
      throw thrown;
    }
    // [tck-id-operational-behavior-edge-node-termination-host-offline-reconnect] Wherever this ends, the next is tried.
    connection.lost.catch(() => {
      if (servers.url === url) servers.failed();
    });
    const session = new SparkplugSession({ connection, config, context, roster, servers, bdSeq });
    try {
      const left = Math.max(0, CONNECT_DEADLINE - (clock.mono() - began));
      await within(session.begin(), left, url, clock, signal);
    } catch (thrown) {
      const error = asAgentError(thrown, 'broker-refused');
      connection.drop(error);
      throw error;
    }
    sayAlike(roster, context);
    return session;
  },
});

/** [tck-id-topics-nbirth-bdseq-increment] 0, 1, 2 … 255, 0 … : one for each CONNECT, also across restarts. */
async function nextBdSeq(
  memory: Memory,
  { numbers, log, clock }: UplinkContext,
  signal: AbortSignal,
): Promise<number> {
  if (!memory.reserved) {
    memory.connections += 1;
    const kept = numbers?.keep(CONNECTIONS, memory.connections).catch((error: unknown) => {
      log.warn('uplink.number-not-kept', { error: String(error) });
    });
    const late = Promise.withResolvers<void>();
    const timer = clock.after(KEEP_WITHIN, () => {
      log.warn('uplink.number-not-kept', {
        error: `the store did not answer within ${KEEP_WITHIN / 1000} s`,
      });
      late.resolve();
    });
    if (kept !== undefined) await Promise.race([kept, late.promise]);
    timer[Symbol.dispose]();
    memory.reserved = true;
    signal.throwIfAborted();
  }
  memory.reserved = false;
  return (memory.connections - 1) % 256;
}

/** True where no connection came about over which a CONNECT could have been sent. */
function unheard(thrown: unknown): boolean {
  const { code, context } = asAgentError(thrown);
  return (
    code === 'broker-unreachable' &&
    /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/.test(String(context.code))
  );
}

async function within(
  work: Promise<void>,
  ms: number,
  url: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const ended = Promise.withResolvers<never>();
  const abort = () => ended.reject(asAgentError(signal.reason, 'aborted'));
  signal.addEventListener('abort', abort, { once: true });
  const timer = clock.after(ms, () =>
    ended.reject(
      new AgentError('broker-unreachable', `subscriptions at ${withoutSecrets(url)} failed: no answer`, {
        fix: 'Check the server and the link to it.',
      }),
    ),
  );
  try {
    await Promise.race([work, ended.promise]);
  } finally {
    timer[Symbol.dispose]();
    signal.removeEventListener('abort', abort);
  }
}

/** [tck-id-case-sensitivity-metric-names] */
function sayAlike(roster: Roster, { log }: UplinkContext): void {
  for (const { device, names } of roster.alike()) {
    log.warn('uplink.names-alike', {
      ...(device === undefined ? {} : { device }),
      names,
      fix: 'Give one of the two another name: hosts may take them for one metric.',
    });
  }
}

function memoryOf(config: SparkplugUplinkConfig, context: UplinkContext): Memory {
  let memory = memories.get(config);
  if (memory === undefined) {
    const roster = new Roster({ 'Properties/Agent': context.agent, 'Properties/Site': context.site });
    roster.describe(context.descriptions());
    memory = {
      // A session at any server is as good as at another: nobody looks for the first one.
      servers: new Failover([config.url, ...(config.fallbacks ?? [])], async () => false),
      versions: new Map(),
      roster,
      connections: context.numbers?.last(CONNECTIONS) ?? 0,
      reserved: false,
    };
    memories.set(config, memory);
  }
  return memory;
}

function versionAt(versions: Map<string, VersionMemory>, url: string): VersionMemory {
  const spoken = versions.get(url) ?? { version: 5 };
  versions.set(url, spoken);
  return spoken;
}
