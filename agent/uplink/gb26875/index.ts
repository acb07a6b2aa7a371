/**
 * Forwards fire alarms, states and values to a fire centre by GB/T 26875.3 over TCP or UDP, beside the certified
 * transmission device. docs/uplinks/gb26875.md
 */
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Gb26875UplinkConfig } from '../../core/site.ts';
import { defineUplink } from '../../core/uplink.ts';
import { CONNECT_DEADLINE, type Dial, tcpDial, udpDial, unreachable } from '../dial.ts';
import { fireMemoryOf } from './memory.ts';
import { FireCentreSession } from './session.ts';

/** `dial` opens the pipe to the centre. */
export function gb26875Over(dial: Readonly<Record<'tcp' | 'udp', Dial>>) {
  return defineUplink<Gb26875UplinkConfig>({
    kind: 'gb26875',
    async connect(config, context, signal) {
      const limit = new AbortController();
      const abort = () => limit.abort(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      using _timer = context.clock.after(CONNECT_DEADLINE, () =>
        limit.abort(new AgentError('timeout', 'no answer in time')),
      );
      let session: FireCentreSession | undefined;
      try {
        const stream = await dial[config.transport](config, context.clock, limit.signal);
        session = new FireCentreSession(stream, config, context, fireMemoryOf(config, context));
        await session.greet(limit.signal);
        return session;
      } catch (thrown) {
        await session?.[Symbol.asyncDispose]();
        if (signal.aborted) throw signal.reason;
        const error = asAgentError(thrown);
        if (error.code === 'timeout') {
          throw unreachable(config, `no answer within ${CONNECT_DEADLINE / 1000} s`, thrown);
        }
        throw error;
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
  });
}

export const gb26875 = gb26875Over({ tcp: tcpDial, udp: udpDial });
