/**
 * The process that gets killed: the real store, hub and alarms; contacts open and close, somebody acknowledges. Says on
 * stdout what it found at its start, `found <alarm> <count> <acknowledged>`, and each act when it was said to be done,
 * `done <alarm> <count>`. Arguments: folder, seed.
 */
import { writeSync } from 'node:fs';
import { Alarms } from '../../../agent/control/alarms/alarms.ts';
import { silent } from '../../../agent/core/log.ts';
import { good } from '../../../agent/core/reading.ts';
import { LocalDays } from '../../../agent/core/time/local-days.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { openStore } from '../../../agent/store/store.ts';
import { seeded } from '../../support/seeded.ts';
import { alarmOf, configOf } from '../../unit/alarms/stand.ts';

const [dir = '', seed = '1'] = process.argv.slice(2);
/** Said before anything else happens; a parent on a loaded machine reads late. */
function say(line: string): void {
  for (let rest = Buffer.from(`${line}\n`); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EAGAIN')) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
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
  describe: () => undefined,
});
const hub = new Hub({
  clock,
  log: silent,
  window: 1000,
  lane: () => 'event',
  append: (readings, events) => store.append(readings, events),
});
/** So many that hardly one comes often enough to chatter. */
const IDS = Array.from({ length: 300 }, (_, i) => `alarm-${i}`);
const alarms = new Alarms({
  config: configOf(...IDS.map((id, i) => alarmOf({ id, priority: 'critical', latching: i % 4 === 0 }))),
  clock,
  hub,
  log: silent,
  days: new LocalDays('UTC'),
});
await alarms.remember(store);
const acts = alarms.acts(async () => []);
for (const { status } of acts.rows())
  say(`found ${status.alarm} ${status.count} ${status.acknowledged?.name}`);
say('open');

const set = (point: string, value: boolean) =>
  hub.readings([good({ device: 'board', point, unit: '1' }, value, clock.mono())]);
const deadline = clock.mono() + 20_000;
while (clock.mono() < deadline) {
  const id = IDS[Math.floor(random() * IDS.length)] ?? 'alarm-0';
  set(id, true);
  const answer = await acts.act({
    act: 'acknowledge',
    alarm: id,
    by: 'console:technician',
    person: true,
    name: `n${Math.floor(random() * 1e6)}`,
  });
  if (answer.ok) say(`done ${id} ${answer.status.count} ${answer.status.acknowledged?.name}`);
  set(id, false);
  await clock.sleep(1);
}
process.exit(0);
