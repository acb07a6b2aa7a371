/** Every Modbus profile against the simulated device of the same name, which has an encoder of its own: what was served is what is read. */
import { describe, expect, it } from 'vitest';
import { AgentError } from '../../../agent/core/errors.ts';
import type { Exchange } from '../../../agent/core/link.ts';
import { silent } from '../../../agent/core/log.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import modbus from '../../../drivers/modbus/index.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import type { ModbusModel } from '../../../hw-sim/devices/modbus-model.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import type { Served } from '../../../hw-sim/ledger.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { slowCrc } from './fake-modbus.ts';
import { device, profileFiles } from './load.ts';

const serial = (baud: number, format: string): LineConfig => ({
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: {
    baud,
    dataBits: 8,
    parity: format[1] === 'E' ? 'even' : 'none',
    stopBits: format[2] === '2' ? 2 : 1,
  },
});
const tcp: LineConfig = {
  id: 'line',
  kind: 'tcp',
  host: 'h',
  port: 502,
  framing: 'modbus-tcp',
  timeout: 300,
};
/** The last one is judged; in those before the session learns where the map has holes. */
const ROUNDS = 3;
const never = new AbortController().signal;

/** A line with one simulated device, answering in its own time; what it tells is kept by point. */
function lineOf(model: ModbusModel, framing: 'rtu' | 'tcp') {
  const clock = new VirtualClock();
  const start = Date.UTC(2027, 5, 1, 10);
  const world = createWorld({ seed: 7, start, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
  const played = new ModbusDevice({ model, world, clock: worldClock(start, 1, () => clock.mono()) });
  const served = new Map<string, Served>();
  let exceptions = 0;
  const exchange: Exchange = async ({ bytes, match }) => {
    const request = framing === 'tcp' ? bytes.subarray(7) : bytes.subarray(1, -2);
    const unit = (framing === 'tcp' ? bytes[6] : bytes[0]) ?? 0;
    const { pdu, served: told } = played.answer(request);
    if ((pdu[0] ?? 0) > 0x80) exceptions++;
    for (const one of told) served.set(one.point, one);
    const body = Uint8Array.of(unit, ...pdu);
    const header = [...bytes.subarray(0, 4), body.length >> 8, body.length & 255];
    const answer = Uint8Array.from(framing === 'tcp' ? [...header, ...body] : [...body, ...slowCrc(body)]);
    const found = match?.(answer);
    if (found?.kind !== 'frame') throw new AgentError('frame-invalid', 'the answer was not taken');
    return { bytes: answer, time: clock.mono() };
  };
  return { clock, exchange, served, played, exceptions: () => exceptions };
}

const files = profileFiles().filter(({ profile }) => profile.protocol === 'modbus');

describe.each(files)('$stem', ({ stem, profile }) => {
  const model = MODBUS_MODELS.get(stem);
  it('is played by the simulator', () => {
    expect(model).toBeDefined();
  });
  if (model === undefined) return;
  const framing = model.serial === undefined ? 'tcp' : 'rtu';
  const line = model.serial === undefined ? tcp : serial(model.serial.baud, model.serial.format);

  it('reads every point as it was served, value and unit, and nothing is refused', async () => {
    const { clock, exchange, served, exceptions } = lineOf(model, framing);
    const config = device(profile, { address: model.unit ?? 1 });
    expect(modbus.checkDevice(config, line)).toEqual([]);
    const session = modbus.open({ device: config, clock, log: silent }, line);
    const seen = new Set<string>();
    let refusedBefore = -1;
    for (let round = 0; round < ROUNDS; round++) {
      refusedBefore = exceptions();
      for (const poll of session.polls) {
        const pending = poll.execute(exchange, never);
        let done = false;
        const settled = () => {
          done = true;
        };
        pending.then(settled, settled);
        while (!done) await clock.advance(100);
        for (const reading of await pending) {
          if (round < ROUNDS - 1) continue;
          const truth = served.get(reading.point);
          seen.add(reading.point);
          expect([reading.point, truth?.uom]).toEqual([reading.point, reading.unit]);
          const value = truth?.value ?? null;
          const expected =
            typeof value === 'number' && typeof reading.value === 'boolean' ? value !== 0 : value;
          if (typeof expected === 'number') {
            const step = 10 ** -(profile.points.find(({ id }) => id === reading.point)?.decimals ?? 9);
            expect(reading.reason).toBeUndefined();
            expect(
              Math.abs(Number(reading.value) - expected),
              `${reading.point}: ${reading.value} for ${expected}`,
            ).toBeLessThanOrEqual(step / 2 + 1e-9);
          } else {
            expect([reading.point, reading.value]).toEqual([reading.point, expected]);
          }
        }
      }
    }
    expect([...seen].sort()).toEqual(
      profile.points
        .filter(({ access }) => access !== 'write')
        .map(({ id }) => id)
        .sort(),
    );
    // Once the map is known nothing is refused any more.
    expect(exceptions()).toBe(refusedBefore);
  });
});
