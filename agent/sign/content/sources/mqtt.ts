/** Content over MQTT 3.1.1: retained or not, from any broker. It is only the carrier: whoever owns it signs nothing. */
import { connect } from 'mqtt';
import type { ContentMqtt } from '../../../core/content/config.ts';
import { LARGEST_ENVELOPE } from '../../../core/envelope.ts';
import { AgentError } from '../../../core/errors.ts';
import type { DocumentSource } from './source.ts';

const OPEN_MS = 10_000;
const KEEP_ALIVE_S = 30;

export function documentTopics({ url, topics, ...given }: ContentMqtt): DocumentSource {
  const name = new URL(url).host;
  return {
    name,
    async run({ take, healthy, signal }) {
      signal.throwIfAborted();
      const lost = Promise.withResolvers<never>();
      const fail = (why: unknown) => {
        const reason = why instanceof Error && why.message !== '' ? why.message : 'the connection was closed';
        lost.reject(
          new AgentError('broker-unreachable', `content of ${name} failed: ${reason}`, { cause: why }),
        );
      };
      const client = connect(url, {
        ...given,
        protocolVersion: 4,
        clean: true,
        keepalive: KEEP_ALIVE_S,
        connectTimeout: OPEN_MS,
        reconnectPeriod: 0,
        resubscribe: false,
        rejectUnauthorized: true,
      });
      client.on('error', fail);
      client.on('close', () => fail(undefined));
      client.on('message', (_, payload) => {
        const tooLarge = payload.length > LARGEST_ENVELOPE;
        take(tooLarge ? new Uint8Array(LARGEST_ENVELOPE + 1) : new Uint8Array(payload), name);
      });
      client.on('connect', () => {
        client.subscribe([...topics], { qos: 1 }, (error, granted) => {
          // 128 is refused (MQTT 3.1.1 §3.9.3); mqtt.js tells it as a quality of service.
          const refused = granted?.find(({ qos }) => (qos as number) >= 128)?.topic;
          if (error) fail(error);
          else if (refused !== undefined) fail(new Error(`the broker refuses a subscription to ${refused}`));
          else healthy();
        });
      });
      const abort = () => lost.reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      try {
        await lost.promise;
      } finally {
        signal.removeEventListener('abort', abort);
        client.end(true);
      }
    },
  };
}
