/** HJ 212 (2005, 2017, 2025): periods from rollups to an environment centre; acknowledged means 9014. docs/uplinks/hj212.md */

import { AgentError } from '../../core/errors.ts';
import type { Hj212UplinkConfig } from '../../core/site.ts';
import { wallAt } from '../../core/time/clock.ts';
import { defineUplink, type Uplink, type UplinkContext } from '../../core/uplink.ts';
import { Failover } from '../mqtt/failover.ts';
import { Centre } from './centre.ts';
import { type Dial, dialTcp } from './pipe.ts';
import { Hj212Session } from './session.ts';
import { hasSm4, isWorthless, keyOf } from './sm4.ts';
import { PeriodSource } from './source.ts';

interface Memory {
  readonly centre: Centre;
  readonly failover: Failover;
}

/** What the centre has set, and which of the addresses is next, live as long as the configuration. */
const memories = new WeakMap<Hj212UplinkConfig, Memory>();

/** The uplink over another kind of connection. */
export function hj212Over(dial: Dial): Uplink<Hj212UplinkConfig> {
  const memoryOf = (config: Hj212UplinkConfig, context: UplinkContext): Memory => {
    let memory = memories.get(config);
    if (memory === undefined) {
      const failover = new Failover(
        config.urls,
        async (url, clock, signal) => {
          try {
            (await dial(url, clock, signal)).close();
            return true;
          } catch {
            return false;
          }
        },
        'centre',
      );
      memory = { centre: new Centre(config, context), failover };
      memories.set(config, memory);
    }
    return memory;
  };
  return defineUplink<Hj212UplinkConfig>({
    kind: 'hj212',
    source(config, context) {
      const { records, periods, clock, earlier } = context;
      if (records === undefined || periods === undefined)
        throw new AgentError('internal', `uplink ${config.id} has no rollups to read`);
      return new PeriodSource({
        centre: memoryOf(config, context).centre,
        records,
        periods,
        ...(earlier === undefined ? {} : { earlier }),
        now: () => wallAt(clock.mapping(), clock.mono()).time,
      });
    },
    async connect(config, context, signal) {
      const { centre, failover } = memoryOf(config, context);
      checkKey(config, centre);
      const { url } = failover;
      try {
        const pipe = await dial(url, context.clock, signal);
        const session = new Hj212Session(pipe, url, centre, context, failover.remark);
        const lost = session.closed.then(() => {
          throw new AgentError('aborted', 'the session ended');
        });
        lost.catch(() => {});
        failover.watch({ lost, drop: (reason) => session.drop(reason) }, context.clock);
        return session;
      } catch (thrown) {
        if (!signal.aborted) failover.failed();
        throw thrown;
      }
    },
  });
}

/** A key that everybody has is worse than none: it looks like one. */
function checkKey({ id }: Hj212UplinkConfig, centre: Centre): void {
  const [text] = centre.settings.keys;
  if (text === undefined) return;
  const key = keyOf(text);
  const no = (why: string, fix: string) =>
    new AgentError('config-invalid', `uplink ${id} cannot encrypt: ${why}`, { fix });
  if (!hasSm4()) throw no('this runtime has no SM4', 'Use the Node that comes with the agent.');
  if (key === undefined) throw no('the key is not 16 characters', 'Write the key that the centre has given.');
  if (isWorthless(key))
    throw no('the key is the published example of the norm', 'Write the key that the centre has given.');
}

export const hj212 = hj212Over(dialTcp);
