/** The edge node in the uplink thread over a real store: bdSeq outlives the process, data are settled in its cursor. */
import { expect, it } from 'vitest';
import { silent } from '../../../../agent/core/log.ts';
import { good } from '../../../../agent/core/reading.ts';
import { SystemClock } from '../../../../agent/core/time/system-clock.ts';
import { openLogSource } from '../../../../agent/store/reader.ts';
import { openStore } from '../../../../agent/store/store.ts';
import { startUplinks } from '../../../../agent/uplink/uplinks.ts';
import { embeddedBroker } from '../../../support/brokers.ts';
import { until } from '../../../support/mqtt-receiver.ts';
import { SparkplugHost } from '../../../support/sparkplug-host.ts';
import { folder } from '../../store/site.ts';
import { configOf } from './street.ts';

it('counts its connections in the log and settles its cursor, across a restart', async () => {
  using at = folder();
  await using broker = await embeddedBroker();
  await using host = await SparkplugHost.at(broker.port, 'street');
  const clock = new SystemClock();
  for (const start of [1, 2]) {
    const store = await openStore({
      dir: at.dir,
      agent: 'pole-1',
      timezone: 'UTC',
      config: { window: 5000, budget: 2 ** 26, maxAge: 86_400_000, ring: 2 ** 22 },
      clock,
      log: silent,
      describe: () => ({ type: 'number', unit: 'V', decimals: 1, aggregation: 'mean', lane: 'telemetry' }),
    });
    await store.append(
      [good({ device: 'meter-1', point: 'voltage', unit: 'V' }, 230 + start, clock.mono())],
      [],
    );
    const uplinks = startUplinks({
      configs: [configOf(broker.port)],
      logFile: store.file,
      entry: new URL('../../../../agent/compose/uplink/thread.ts', import.meta.url),
      site: 'demo',
      agent: 'pole-1',
      clock,
      log: silent,
      descriptions: () => [],
      submit: async ({ id }) => ({ id, state: 'rejected', code: 'not-allowed', at: 0 }),
      settle: (...settled) => store.settle(...settled),
      keep: (...kept) => store.keep(...kept),
      refuse: () => {},
      onHealth: () => {},
    });
    // An epoch record, and one reading for each start.
    await until(
      () => host.records.filter(({ point }) => point === 'voltage').length === start,
      'the reading',
    );
    await until(() => uplinks.ledgers()[0]?.backlog === 0, 'its barrier');
    await uplinks[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    using source = openLogSource(store.file);
    expect(source.cursor('scada:bdseq', 'event').low).toBe(start);
    expect(source.cursor('scada', 'telemetry').low).toBe(start);
  }
  const bdSeqs = host.of('NBIRTH').map(({ metrics }) => metrics.find(({ name }) => name === 'bdSeq')?.value);
  expect(bdSeqs).toEqual([0, 1]);
  expect(host.of('NDEATH').map(({ metrics }) => metrics[0]?.value)).toEqual([0, 1]);
  expect(host.report()).toMatchObject({ balanced: true, resent: 0 });
});
