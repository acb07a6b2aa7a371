/**
 * The whole way of a fire: a panel calls, the driver reads it, the hub commits it, the pump sends it, the centre has it.
 * In virtual time, beside a flood of values; and once over real sockets, TCP and UDP.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import { callerPort } from '../../../agent/bus/port/caller.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Lane } from '../../../agent/core/point.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { LoggedReading } from '../../../agent/core/record.ts';
import type { Gb26875UplinkConfig, LineConfig } from '../../../agent/core/site.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import type { UplinkContext } from '../../../agent/core/uplink.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { gb26875, gb26875Over } from '../../../agent/uplink/gb26875/index.ts';
import { type Pump, startPump } from '../../../agent/uplink/pump.ts';
import { driverFor } from '../../../drivers/index.ts';
import { FireCentre } from '../../../hw-sim/city/fire-centre.ts';
import { serveCentre, serveCentreByUdp } from '../../../hw-sim/city/pipe.ts';
import { fireData, partState } from '../../../hw-sim/devices/fire-frames.ts';
import { FirePanel } from '../../../hw-sim/devices/fire-panel.ts';
import { realTime } from '../../../hw-sim/lines/timebase.ts';
import { MemoryLink } from '../../support/memory-dial.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { until } from '../../support/mqtt-receiver.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { fakeStream } from '../drivers/fake-stream.ts';
import { alone } from '../drivers/simulated.ts';

const START = Date.UTC(2027, 0, 1);
const never = new AbortController().signal;
const DEVICE = alone('generic-gb26875-panel');
const LANES = new Map(DEVICE.profile.points.map(({ id, lane }) => [id, lane] as const));

const config = (more: Partial<Gb26875UplinkConfig>): Gb26875UplinkConfig => ({
  id: 'fire',
  kind: 'gb26875',
  host: '127.0.0.1',
  port: 0,
  transport: 'tcp',
  source: 5,
  centre: 6,
  userVersion: 1,
  forward: [{ device: DEVICE.id, points: ['event', 'value'] }],
  points: [],
  types: {},
  heartBeat: 20_000,
  timeout: 5000,
  resends: 3,
  retry: 5000,
  analogueEvery: 60_000,
  operator: 1,
  clock: 'untrusted',
  version: '1.0',
  configuration: 'Kerbside',
  inFlight: 16,
  replayRate: 0,
  ...more,
});

const context = (clock: UplinkContext['clock']): UplinkContext => ({
  site: 'site-1',
  agent: 'pole-1',
  clock,
  log: silent,
  timezone: 'Asia/Shanghai',
  descriptions: () => [],
  submit: async ({ id }) => ({ id, state: 'rejected', code: 'not-allowed', at: 0 }),
});

/** A log that the hub commits to. */
function committing(log: MemoryLog, wall: () => number, wake: () => void) {
  return async (readings: readonly Reading[]) => {
    const byLane = new Map<Lane, Omit<LoggedReading, 'seq'>[]>();
    for (const reading of readings) {
      const lane = LANES.get(reading.point) ?? 'telemetry';
      const { time: _mono, ...facts } = reading;
      const record: Omit<LoggedReading, 'seq'> = { kind: 'reading', ...facts, time: wall(), rank: 'ntp' };
      byLane.set(lane, [...(byLane.get(lane) ?? []), record]);
    }
    for (const [lane, records] of byLane) log.commit(lane, records);
    wake();
  };
}

describe('a fire', () => {
  it('is out within 10 s, whatever else the line carries', async () => {
    const clock = new VirtualClock(START);
    const wall = () => START + clock.mono() - 1000;
    const log = new MemoryLog();
    const centre = new FireCentre({ time: clock, wall });
    const link = new MemoryLink(centre, clock, 800);
    centre.wrong.late = 1500;
    let pump: Pump | undefined;
    const hub = new Hub({
      clock,
      log: silent,
      window: 5000,
      lane: (_, point) => LANES.get(point) ?? 'telemetry',
      append: committing(log, wall, () => pump?.wake()),
    });
    const uplink = gb26875Over({ tcp: link.dial, udp: link.dial });
    const settings = config({});
    const where = context(clock);
    pump = startPump({
      uplink: 'fire',
      agent: 'pole-1',
      source: log,
      connect: (signal) => uplink.connect(settings, where, signal),
      clock,
      log: silent,
      inFlight: 16,
      replayRate: 0,
      settle: () => {},
    });
    const stream = fakeStream(clock, (bytes) => panel.hear(bytes));
    const panel: FirePanel = new FirePanel({ time: clock, wall, say: (bytes) => stream.send(bytes) });
    const driver = driverFor('gb26875');
    if (driver?.kind !== 'stream') throw new Error('no driver');
    const opening = driver.open(
      { device: DEVICE, clock, log: silent },
      stream,
      (all) => hub.readings(all),
      never,
    );
    using _beating = panel.start();
    await clock.advance(10_000);
    await using _session = await opening;
    const asked: { hex: string; at: number }[] = [];
    for (let i = 0; i < 300; i++) {
      // Values all the time, a fire every 15 s.
      for (let n = 0; n < 5; n++) {
        panel.send(fireData(3, Buffer.from([1, 1, 92, n, 0, 0, 0, 5, i % 256, 0, ...[1, 2, 8, 1, 1, 27]])));
      }
      if (i % 15 === 7) {
        const object = partState({ type: 40, address: i, bits: 2 }, panel.local());
        asked.push({ hex: object.toString('hex'), at: clock.mono() });
        panel.send(fireData(2, object));
      }
      await clock.advance(1000);
    }
    expect(asked).toHaveLength(20);
    for (const { hex, at } of asked) {
      const heard = centre.objects.find((one) => one.hex === hex);
      expect((heard?.at ?? Number.POSITIVE_INFINITY) - at).toBeLessThan(10_000);
    }
    const stopped = pump[Symbol.asyncDispose]();
    await clock.advance(3000);
    await stopped;
    await hub[Symbol.asyncDispose]();
  });

  it.each(['tcp', 'udp'] as const)(
    'goes its way over real sockets, to the panel and to the centre by %s',
    async (transport) => {
      await using stack = new AsyncDisposableStack();
      const clock = new SystemClock();
      const centre = new FireCentre({ time: realTime(), wall: Date.now });
      const server = stack.use(await (transport === 'tcp' ? serveCentre(centre) : serveCentreByUdp(centre)));
      const log = new MemoryLog();
      const settings = config({ port: server.port, transport });
      const where = context(clock);
      const pump = stack.use(
        startPump({
          uplink: 'fire',
          agent: 'pole-1',
          source: log,
          connect: (signal) => gb26875.connect(settings, where, signal),
          clock,
          log: silent,
          inFlight: 16,
          replayRate: 0,
          settle: () => {},
        }),
      );
      const hub = stack.use(
        new Hub({
          clock,
          log: silent,
          window: 100,
          lane: (_, point) => LANES.get(point) ?? 'telemetry',
          append: committing(log, Date.now, () => pump.wake()),
        }),
      );
      const listening = Promise.withResolvers<number>();
      const line: LineConfig = {
        id: 'fire',
        kind: 'caller',
        host: '127.0.0.1',
        port: 0,
        transport,
        timeout: 3000,
        serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
      };
      stack.use(
        openLine({
          line,
          devices: [DEVICE],
          driver: driverFor,
          clock,
          log: silent,
          publisher: hub,
          port: callerPort({ ...line, clock, log: silent, listening: listening.resolve }),
        }),
      );
      const number = await listening.promise;
      let say: (bytes: Uint8Array) => void;
      let hear = (_bytes: Uint8Array) => {};
      if (transport === 'tcp') {
        const socket = connect({ host: '127.0.0.1', port: number });
        socket.on('data', (bytes) => hear(bytes));
        stack.defer(() => void socket.destroy());
        say = (bytes) => void socket.write(bytes);
      } else {
        const socket = createSocket('udp4');
        socket.on('message', (bytes) => hear(bytes));
        stack.defer(() => void socket.close());
        say = (bytes) => void socket.send(bytes, number, '127.0.0.1');
      }
      const panel = new FirePanel({ time: realTime(), wall: Date.now, say });
      hear = (bytes) => panel.hear(bytes);
      stack.use(panel.start());
      const object = partState({ type: 40, address: 77, bits: 2 }, panel.local());
      panel.send(fireData(2, object));
      await until(
        () => centre.objects.some(({ hex }) => hex === object.toString('hex')),
        'the fire at the centre',
      );
      expect(panel.acknowledged.length).toBeGreaterThan(0);
      await until(() => hub.latest(DEVICE.id, 'fire')?.value === true, 'the fire in the hub');
    },
  );
});
