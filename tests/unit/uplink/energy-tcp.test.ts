/**
 * Building-energy upload over real sockets: what the conformance suite asks of a connection. Its books cannot be kept here,
 * for the protocol has no place for the numbers of the log; building-energy.test.ts keeps them by period.
 */
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import type { UplinkContext } from '../../../agent/core/uplink.ts';
import { buildingEnergy } from '../../../agent/uplink/building-energy/index.ts';
import { startPump } from '../../../agent/uplink/pump.ts';
import { EnergyCentre } from '../../../hw-sim/city/energy-centre.ts';
import { serveCentre } from '../../../hw-sim/city/pipe.ts';
import { realTime } from '../../../hw-sim/lines/timebase.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { until } from '../../support/mqtt-receiver.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { energyConfig, KEY, SECRET } from './energy-stand.ts';

const context = (clock: UplinkContext['clock'] = new SystemClock()): UplinkContext => ({
  site: 'site-1',
  agent: 'pole-1',
  clock,
  log: silent,
  timezone: 'Asia/Shanghai',
  descriptions: () => [],
  submit: async ({ id }) => ({ id, state: 'rejected', code: 'not-allowed', at: 0 }),
});
const never = new AbortController().signal;

async function stand() {
  const centre = new EnergyCentre({
    style: 'netdau',
    key: KEY,
    secret: SECRET,
    time: realTime(),
    wall: Date.now,
  });
  const server = await serveCentre(centre);
  const proxy = await TcpProxy.to(server.port);
  return {
    centre,
    proxy,
    config: (port = proxy.port) =>
      energyConfig({
        platform: 'netdau',
        host: '127.0.0.1',
        port,
        gather: 0,
        heartBeat: 1000,
        timeout: 3000,
      }),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe('building-energy upload over TCP', () => {
  it('reports, finds a dead link, and sends the rest on a new one', async () => {
    await using at = await stand();
    const log = new MemoryLog();
    const commit = (meter: string, minute: number) =>
      log.commit('meter', [
        {
          kind: 'reading',
          device: `meter-${meter}`,
          point: 'energy',
          value: minute,
          unit: 'kW.h',
          quality: 'good',
          time: Date.UTC(2027, 0, 1, 0, minute),
          rank: 'ntp',
        },
      ]);
    await using pump = startPump({
      uplink: 'energy',
      agent: 'pole-1',
      source: log,
      connect: (signal) => buildingEnergy.connect(at.config(), context(), signal),
      clock: new SystemClock(),
      log: silent,
      inFlight: 16,
      replayRate: 0,
      backoff: { first: 20, max: 100 },
      settle: () => {},
    });
    await until(() => at.centre.beats > 0, 'a heart-beat');
    commit('1', 0);
    pump.wake();
    await until(() => pump.tally().settled === 1, 'the first report settled');
    at.proxy.stalled = true;
    commit('2', 15);
    pump.wake();
    await until(() => !pump.tally().connected, 'the link found dead');
    at.proxy.cut();
    at.proxy.stalled = false;
    await until(() => pump.tally().settled === 2, 'the rest');
    // A machine that stood still for seconds may have lost the first link too: each value came, none was lost.
    expect([...at.centre.books().keys()]).toEqual(['1/1/01A00', '2/1/01A00']);
    expect(at.centre.reports.at(-1)?.kind).toBe('continuous');
  });

  it('is refused with a published key, whoever asks', async () => {
    await using at = await stand();
    const config = { ...at.config(), key: '0102030405060708090a0b0c0d0e0f10' };
    await expect(buildingEnergy.connect(config, context(), never)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('test key'),
    });
  });
});
