/** The uplink thread as the agent runs it, with a bureau on a socket: real store, real entry. */
import { expect, it, vi } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import { good } from '../../../agent/core/reading.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { openStore } from '../../../agent/store/store.ts';
import { startUplinks } from '../../../agent/uplink/uplinks.ts';
import { startBureau } from '../../../hw-sim/city/bureau-server.ts';
import { until } from '../../support/mqtt-receiver.ts';
import { folder } from '../store/site.ts';
import { CONFIG, MINUTE, MN } from './station.ts';

// Real threads and much virtual time: a machine that does other things as well may take its own.
vi.setConfig({ testTimeout: 120_000 });

it('reports to several centres at once what was measured before it began, answers, and keeps its ledgers', async () => {
  using at = folder();
  const clock = new SystemClock();
  await using stack = new AsyncDisposableStack();
  const { bureau, url } = stack.use(await startBureau({ version: 2, mn: MN, password: '123456' }));
  const other = stack.use(await startBureau({ version: 1, mn: '8888', password: '654321' }));
  const store = stack.use(
    await openStore({
      dir: at.dir,
      agent: 'pole-1',
      timezone: 'Asia/Shanghai',
      config: { window: 5000, budget: 2 ** 26, maxAge: 30 * 86_400_000, ring: 2 ** 20 },
      clock,
      log: silent,
      hardware: 'test:1',
      describe: () => ({
        type: 'number',
        unit: 'ug/m3',
        decimals: 1,
        aggregation: 'mean',
        lane: 'telemetry',
        every: MINUTE,
      }),
    }),
  );
  const uplinks = stack.use(
    startUplinks({
      configs: [
        { ...CONFIG, urls: [url], points: [{ device: 'air', point: 'pm2-5', factor: 'a34004' }] },
        {
          ...CONFIG,
          id: 'district',
          urls: [other.url],
          edition: '2017',
          mn: '8888',
          password: '654321',
          st: '39',
          minute: 0,
          day: false,
          points: [{ device: 'air', point: 'pm2-5', factor: '107', unit: 'mg/m3', decimals: 4 }],
        },
      ],
      logFile: store.file,
      entry: new URL('../../../agent/compose/uplink/thread.ts', import.meta.url),
      site: 'demo',
      agent: 'pole-1',
      timezone: 'Asia/Shanghai',
      clock,
      log: silent,
      descriptions: () => [],
      submit: async ({ id }) => ({ id, state: 'done', at: 0 }),
      settle: (uplink, lane, cursor) => store.settle(uplink, lane, cursor),
      refuse: () => undefined,
      onHealth: () => undefined,
      backoff: { first: 10, max: 50 },
    }),
  );
  stack.use(store.onCommitted(uplinks.wake));
  const now = clock.mono();
  await store.append(
    Array.from({ length: 200 }, (_, i) =>
      good({ device: 'air', point: 'pm2-5', unit: 'ug/m3' }, 12.5, now - (i + 2) * MINUTE),
    ).reverse(),
    [],
  );
  await until(() => bureau.reports('2061').size >= 2, 'hour data');
  const ask = bureau.ask('1063');
  await until(() => ask.exe !== undefined, 'the answer');
  expect(ask).toMatchObject({ rtn: 1, exe: 1 });
  const ledger = () => uplinks.ledgers()[0];
  await until(() => ledger()?.periods?.hour !== undefined && ledger()?.backlog === 0, 'the ledger');
  expect(ledger()).toMatchObject({ uplink: 'bureau', connected: true, refused: 0 });
  expect(ledger()?.periods?.minute?.acknowledged).toBeGreaterThan(15);
  expect(bureau.heard.find(({ cn }) => cn === '2061')?.cp).toContain('a34004-Avg=12.5');
  // The district has its own edition, number, factor and unit, and no minute data.
  await until(() => other.bureau.reports('2061').size >= 2, 'hour data of the other');
  const hour = other.bureau.heard.find(({ cn }) => cn === '2061');
  expect(hour).toMatchObject({ mn: '8888', st: '39', flag: 5 });
  expect(hour?.cp).toContain('107-Avg=0.0125');
  expect(other.bureau.reports('2051').size).toBe(0);
});
