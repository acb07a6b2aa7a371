/** Messages of a broker: one connection per feed, MQTT 3.1.1, which every broker speaks; TLS verified. */
import { connect } from 'mqtt';
import type { MqttSubscriptionConfig } from '../../core/sign/feed.ts';
import type { Clock } from '../../core/time/clock.ts';

/** From the start until every topic is subscribed, ms. */
const OPEN_MS = 10_000;
const KEEP_ALIVE_S = 30;

/**
 * Delivers messages until the connection is lost or `signal` aborts; rejects with why it was lost. `opened` is called when
 * every topic is subscribed.
 */
export async function subscribe(
  config: MqttSubscriptionConfig,
  clock: Clock,
  signal: AbortSignal,
  opened: () => void,
  deliver: (payload: Uint8Array, retained: boolean) => void,
): Promise<never> {
  signal.throwIfAborted();
  const { url, clientId, username, password, ca, cert, key, topics } = config;
  const client = connect(url, {
    protocolVersion: 4,
    clientId,
    clean: true,
    keepalive: KEEP_ALIVE_S,
    reschedulePings: false,
    connectTimeout: OPEN_MS,
    // The feed comes again, with back-off.
    reconnectPeriod: 0,
    resubscribe: false,
    rejectUnauthorized: true,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  // Stays for the whole life of the client: an 'error' nobody hears would end the process.
  client.on('error', reject);
  client.on('close', () => reject(new Error('the connection was closed')));
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const limit = clock.after(OPEN_MS, () => reject(new Error(`no answer within ${OPEN_MS / 1000} s`)));
  client.on('message', (_topic, payload, { retain }) => deliver(new Uint8Array(payload), retain));
  client.once('connect', () => {
    client.subscribeAsync([...topics], { qos: 0 }).then((granted) => {
      // 128 is refused (§3.9.3); mqtt.js tells it as a quality of service.
      const refused = granted.filter(({ qos }) => (qos as number) >= 128).map(({ topic }) => topic);
      if (refused.length > 0) reject(new Error(`the broker refuses ${refused.join(', ')}`));
      else {
        limit[Symbol.dispose]();
        opened();
      }
    }, reject);
  });
  try {
    return await promise;
  } finally {
    limit[Symbol.dispose]();
    signal.removeEventListener('abort', abort);
    client.end(true);
  }
}
