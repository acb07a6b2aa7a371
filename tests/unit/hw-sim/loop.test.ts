/** Every Modbus profile is played by the simulator and read back equal by the real driver: two tables, two codecs. */
import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../../agent/core/link.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import modbus from '../../../drivers/modbus/index.ts';
import { MESSAGE_MODELS } from '../../../hw-sim/devices/message-devices.ts';
import { METER_MODELS } from '../../../hw-sim/devices/meters.ts';
import { rtuFrame } from '../../../hw-sim/devices/modbus-codec.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import type { Served } from '../../../hw-sim/ledger.ts';
import { OTHER_MODELS } from '../../../hw-sim/scenario.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profileFiles } from '../drivers/load.ts';
import { START } from './play.ts';

const files = profileFiles();
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
};

/** Lets virtual time run until the work is done: some devices want a pause between requests. */
async function hurried<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let done = false;
  const end = () => {
    done = true;
  };
  work.then(end, end);
  while (!done) await clock.advance(100);
  return await work;
}

test('what can be read can be played, and the other way round', () => {
  // What calls the agent (fire panels, chargers), text panels and neighbours of the network: tests of their own play them.
  const elsewhere = ['gb26875', 'reach', 'ocpp', 'text-panel'];
  const asked = files.filter(({ profile }) => !elsewhere.includes(profile.protocol));
  const sent = MESSAGE_MODELS.keys();
  const played = [...MODBUS_MODELS.keys(), ...METER_MODELS, ...sent, ...OTHER_MODELS].sort();
  expect(played).toEqual(asked.map((file) => file.stem).sort());
});

describe.each(files.filter(({ profile }) => profile.protocol === 'modbus'))('$stem', ({ stem, profile }) => {
  test('has the same points in the same units', () => {
    const model = MODBUS_MODELS.get(stem);
    const bits = [
      ...(model?.status ?? []).flatMap(({ fields }) => fields),
      ...(model?.coils ?? []),
      ...(model?.discretes ?? []),
    ];
    const played = [
      ...(model?.registers ?? []).map(({ point, uom }) => [point, uom]),
      // Inputs of a module that nothing is wired to.
      ...bits.filter(({ point }) => !point.startsWith('spare-')).map(({ point }) => [point, '1']),
    ].sort();
    expect(played).toEqual(profile.points.map(({ id, unit }) => [id, unit]).sort());
  });

  test.each([
    ['by day', START],
    ['in the evening', START + 8 * 3_600_000],
  ])('%s, is read back equal', async (_when, start) => {
    const model = MODBUS_MODELS.get(stem);
    if (model === undefined) throw new Error(`no model ${stem}`);
    const world = createWorld({ seed: 11, place: { lat: 31.2304, lon: 121.4737 }, utcOffset: 8, start });
    // Time stands still: every poll sees the same moment.
    const played = new ModbusDevice({ model, unit: 1, world, clock: worldClock(start, 1, () => 0) });
    const truth = new Map<string, Served>();
    const clock = new VirtualClock(start);
    const exchange: Exchange = async ({ bytes }) => {
      const { pdu, served } = played.answer(bytes.subarray(1, -2));
      for (const one of served) truth.set(one.point, one);
      return { bytes: rtuFrame(1, pdu), time: clock.mono() };
    };
    const session = modbus.open({ device: device(profile), clock, log: silent }, line);
    const signal = AbortSignal.timeout(10_000);
    const readings = new Map<string, Reading>();
    // Twice: holes are learned in the first round, and a SunSpec meter says what it is.
    for (let round = 0; round < 3; round++) {
      for (const poll of [...session.polls]) {
        const answer = await hurried(clock, poll.execute(exchange, signal));
        for (const reading of answer) readings.set(reading.point, reading);
      }
    }
    const readable = profile.points.filter((point) => point.access !== 'write');
    expect([...readings.keys()].sort()).toEqual(readable.map((point) => point.id).sort());
    for (const point of readable) {
      const [read, served] = [readings.get(point.id), truth.get(point.id)];
      expect([point.id, read?.quality, read?.value, read?.unit]).toEqual([
        point.id,
        'good',
        served?.value,
        served?.uom,
      ]);
    }
  });
});
