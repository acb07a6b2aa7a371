/**
 * The process that gets killed: appends readings whose values are running numbers and says on stdout what was
 * acknowledged, `ack <lane> <first seq> <last seq> <first value>`, one line per lane, written before the next append.
 * Arguments: folder, first value, seed.
 */
import { writeSync } from 'node:fs';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { openStore } from '../../../agent/store/store.ts';
import { seeded } from './seeded.ts';

/** Says a line before anything else happens. The pipe may be full: a parent on a machine under load reads late. */
function say(line: string): void {
  for (let rest = Buffer.from(line); rest.length > 0; )
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EAGAIN')) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
}

const [dir = '', from = '0', seed = '1'] = process.argv.slice(2);
const random = seeded(Number(seed));
const clock = new SystemClock();
const store = await openStore({
  dir,
  agent: 'agent-1',
  timezone: 'UTC',
  config: { window: 5000, budget: 2 ** 30, maxAge: 1e12, ring: 2 ** 22 },
  clock,
  log: silent,
  hardware: 'test:1',
  describe: (_, point) => ({
    type: 'number',
    unit: '1',
    decimals: 0,
    aggregation: 'last',
    lane: point === 'meter' ? 'meter' : 'telemetry',
  }),
});
say(`open ${store.epoch}\n`);

let value = Number(from);
for (let round = 0; ; round++) {
  const batch = (point: string): Reading[] =>
    Array.from({ length: 1 + Math.floor(random() * 40) }, () => ({
      device: `d${Math.floor(random() * 8)}`,
      point,
      value: value++,
      unit: '1',
      quality: 'good',
      time: clock.mono(),
    }));
  const parts = [batch('telemetry'), ...(random() < 0.4 ? [batch('meter')] : [])];
  const appended = store.append(parts.flat(), []);
  if (random() < 0.3) store.settle('city', 'telemetry', { low: round, above: [] });
  const { ranges } = await appended;
  for (const part of parts) {
    const lane = part[0]?.point === 'meter' ? 'meter' : 'telemetry';
    say(`ack ${lane} ${ranges[lane]?.first} ${ranges[lane]?.last} ${part[0]?.value}\n`);
  }
}
