/** Messages of devices at an MQTT broker: a subscription of our own, MQTT 3.1.1, which every broker speaks. */
import { connect, type MqttClient } from 'mqtt';
import type { Message } from '../core/driver.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { LineConfig } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Delivery, Mailbox, OpenMailbox } from './message-line.ts';

type MqttLine = Extract<LineConfig, { kind: 'mqtt' }>;

/** From the start until every topic is subscribed, ms. */
const OPEN_MS = 10_000;
const KEEP_ALIVE_S = 30;
/** Larger messages are no readings of a device; the link is given up, which is said. */
const LARGEST = 1024 * 1024;

export function mqttMailbox(line: MqttLine, clock: Clock): Mailbox {
  const name = new URL(line.url).host;
  return {
    name,
    async open(filters, deliver, signal) {
      signal.throwIfAborted();
      const client = connect(line.url, {
        protocolVersion: 4,
        clientId: line.clientId,
        clean: true,
        keepalive: KEEP_ALIVE_S,
        reschedulePings: false,
        connectTimeout: OPEN_MS,
        // The supervisor of the line comes again, with back-off.
        reconnectPeriod: 0,
        resubscribe: false,
        rejectUnauthorized: true,
        ...credentials(line),
      });
      const lost = Promise.withResolvers<AgentError>();
      let reason: unknown;
      const end = (why: unknown) => {
        reason ??= why;
        client.end(true);
      };
      // Stays for the whole life of the client: an 'error' nobody hears would end the process.
      client.on('error', (error) => {
        reason ??= error;
      });
      client.on('close', () => lost.resolve(failure(name, reason)));
      const abort = () => end(asAgentError(signal.reason, 'aborted'));
      signal.addEventListener('abort', abort, { once: true });
      const limit = clock.after(OPEN_MS, () => end(new Error(`no answer within ${OPEN_MS / 1000} s`)));
      try {
        await Promise.race([ready(client, filters, deliver, clock), lost.promise.then(rethrow)]);
        return opened(client, lost.promise);
      } catch (thrown) {
        client.end(true);
        throw signal.aborted ? asAgentError(signal.reason, 'aborted') : asAgentError(thrown);
      } finally {
        limit[Symbol.dispose]();
        signal.removeEventListener('abort', abort);
      }
    },
  };
}

function rethrow(error: AgentError): never {
  throw error;
}

function credentials({ username, password, ca, cert, key }: MqttLine) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function ready(
  client: MqttClient,
  filters: readonly string[],
  deliver: (message: Message) => Delivery,
  clock: Clock,
): Promise<void> {
  client.on('message', (topic, payload, { retain }) => {
    if (payload.length > LARGEST) return;
    deliver({ topic, payload: new Uint8Array(payload), retained: retain, time: clock.mono() });
  });
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  if (filters.length === 0) return;
  const granted = await client.subscribeAsync([...filters], { qos: 1 });
  // 128 is refused (§3.9.3); mqtt.js tells it as a quality of service.
  const refused = granted.filter(({ qos }) => (qos as number) >= 128).map(({ topic }) => topic);
  if (refused.length === 0) return;
  throw new AgentError(
    'broker-refused',
    `subscription to ${refused.join(', ')} failed: the broker refuses it`,
    {
      retryable: true,
      fix: 'Allow these topics to this user in the access list of the broker.',
    },
  );
}

function opened(client: MqttClient, lost: Promise<AgentError>): OpenMailbox {
  return {
    lost,
    async [Symbol.asyncDispose]() {
      client.end(true);
      await lost;
    },
  };
}

function failure(name: string, reason: unknown): AgentError {
  if (reason instanceof AgentError) return reason;
  const why = reason instanceof Error && reason.message !== '' ? reason.message : 'the connection was closed';
  const refused = /Connection refused: (Bad username|Not authorized)/i.test(why);
  return new AgentError(
    refused ? 'auth-failed' : 'broker-unreachable',
    `messages of ${name} failed: ${why}`,
    {
      cause: reason,
      retryable: true,
      fix: refused
        ? 'Check user name and password of this line.'
        : 'Check the address of this line, its certificate, and that the broker runs.',
    },
  );
}
