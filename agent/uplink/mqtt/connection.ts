/** Opens one connection to a broker: MQTT 5 where it is spoken, else 3.1.1. mqtt.js never reconnects: the pump does. */
import { connect, type IClientOptions, type IConnackPacket, MqttClient } from 'mqtt';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { BrokerUplinkConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { withoutSecrets } from '../address.ts';
import { dialByToken } from '../token/dial.ts';
import { Closed, codeOf, connectError, wantsOtherVersion } from './reason.ts';

/** ms, from the start to CONNACK, both versions together. */
export const CONNECT_DEADLINE = 10_000;
/** What a broker may send us at most, bytes: commands are small. */
const LARGEST_INCOMING = 65_536;

export interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Default true. */
  readonly retain?: boolean;
}

/** What is needed to get in. */
export type ConnectionSettings = Pick<
  BrokerUplinkConfig,
  'username' | 'password' | 'ca' | 'cert' | 'key' | 'tokenKey' | 'clientId' | 'keepAlive'
>;

export interface Connection {
  /** The broker. */
  readonly url: string;
  readonly client: MqttClient;
  readonly version: 4 | 5;
  /** Largest packet the broker takes, bytes. */
  readonly maximumPacket: number;
  /** Publishes it takes at once. */
  readonly receiveMaximum: number;
  /** Rejects with the reason when the link is lost; never resolves. */
  readonly lost: Promise<never>;
  /** Ends it at once; `lost` gives the reason. */
  drop(reason: AgentError): void;
}

/** Which versions are to be tried; a broker that spoke 3.1.1 is asked for that first from then on. */
export interface VersionMemory {
  version: 4 | 5;
}

/**
 * Opens a session, or without a `will` only a look. Rejects with `AgentError` within 10 s; then nothing of the attempt
 * is left.
 */
export async function openConnection(
  url: string,
  config: ConnectionSettings,
  will: Will | undefined,
  memory: VersionMemory,
  clock: Clock,
  signal: AbortSignal,
): Promise<Connection> {
  const deadline = new AbortController();
  const late = new AgentError(
    'broker-unreachable',
    `connection to broker ${withoutSecrets(url)} failed: no answer within ${CONNECT_DEADLINE / 1000} s`,
    { fix: 'Check that an MQTT broker listens there, and the link to it.' },
  );
  const timer = clock.after(CONNECT_DEADLINE, () => deadline.abort(late));
  const either = AbortSignal.any([signal, deadline.signal]);
  try {
    try {
      return await attempt(url, config, will, memory.version, clock, either);
    } catch (thrown) {
      // A broker that knows 3.1.1 only says so, or just hangs up, or answers what MQTT 5 cannot read.
      if (memory.version === 4 || either.aborted || !mayBeOld(thrown)) throw thrown;
      const older = await attempt(url, config, will, 4, clock, either);
      memory.version = 4;
      return older;
    }
  } catch (thrown) {
    if (either.aborted) throw asAgentError(either.reason, 'aborted');
    throw connectError(thrown, url);
  } finally {
    timer[Symbol.dispose]();
  }
}

function mayBeOld(thrown: unknown): boolean {
  if (wantsOtherVersion(thrown)) return true;
  const system = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string';
  return !system && codeOf(thrown) === undefined;
}

async function attempt(
  url: string,
  config: ConnectionSettings,
  will: Will | undefined,
  version: 4 | 5,
  clock: Clock,
  signal: AbortSignal,
): Promise<Connection> {
  signal.throwIfAborted();
  const client = await clientAt(url, config, clientOptions(config, will, version), clock, signal);
  const opened = Promise.withResolvers<IConnackPacket>();
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {});
  let error: unknown;
  const fail = (reason: unknown) => {
    error ??= reason;
    opened.reject(error);
    lost.reject(error);
  };
  // Stays for the whole life of the client: an 'error' nobody hears would end the process.
  client.on('error', (reason) => {
    error ??= reason;
  });
  client.on('connect', (packet) => opened.resolve(packet));
  client.on('disconnect', (packet) => {
    error ??= Object.assign(new Error('the broker ended the connection'), { code: packet.reasonCode });
  });
  client.on('close', () => fail(error ?? new Closed()));
  const abort = () => fail(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    const packet = await opened.promise;
    return {
      url,
      client,
      version,
      maximumPacket: packet.properties?.maximumPacketSize ?? Number.MAX_SAFE_INTEGER,
      receiveMaximum: packet.properties?.receiveMaximum ?? 65_535,
      lost: lost.promise,
      drop: (reason) => {
        error ??= reason;
        client.end(true);
      },
    };
  } catch (thrown) {
    client.end(true);
    throw thrown;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function clientAt(
  url: string,
  { tokenKey, cert = '', ca }: ConnectionSettings,
  options: IClientOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<MqttClient> {
  if (tokenKey === undefined) return connect(url, options);
  const tls = { tokenKey, cert, ...(ca === undefined ? {} : { ca }) };
  const { socket } = await dialByToken(url, tls, clock, signal);
  return new MqttClient(() => socket, options);
}

function clientOptions(config: ConnectionSettings, will: Will | undefined, version: 4 | 5): IClientOptions {
  const { username, password, ca, cert, key } = config;
  return {
    protocolVersion: version,
    clientId: config.clientId,
    clean: true,
    keepalive: Math.max(1, Math.round(config.keepAlive / 1000)),
    // Or a half-open link would go unnoticed as long as something is sent into it (found after 1.5 keep-alives).
    reschedulePings: false,
    connectTimeout: CONNECT_DEADLINE,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    rejectUnauthorized: true,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(will === undefined
      ? {}
      : {
          will: {
            topic: will.topic,
            payload: Buffer.from(will.payload),
            qos: 1,
            retain: will.retain ?? true,
          },
        }),
    ...(version === 5
      ? { properties: { maximumPacketSize: LARGEST_INCOMING, sessionExpiryInterval: 0 } }
      : {}),
  };
}
