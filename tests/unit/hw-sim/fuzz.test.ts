/** Whatever a master sends, simulated devices neither fall over nor stop answering. */
import { describe, expect, test } from 'vitest';
import { ArduinoFirmata } from '../../../hw-sim/devices/arduino-firmata.ts';
import { rtuFrame } from '../../../hw-sim/devices/modbus-codec.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import { PlantowerPms5003 } from '../../../hw-sim/devices/plantower-pms5003.ts';
import { chance } from '../../../hw-sim/world/random.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { hexOf, play, START } from './play.ts';

const SEED = 20_261_122;
const world = createWorld({ seed: 5, place: { lat: 31.2304, lon: 121.4737 }, utcOffset: 8, start: START });
const clock = worldClock(START, 1, () => 0);

function random(round: number, most: number): Uint8Array {
  const length = Math.floor(chance(SEED, round, 0) * (most + 1));
  return Uint8Array.from({ length }, (_, i) => Math.floor(chance(SEED, round, 1, i) * 256));
}

describe(`seed ${SEED}`, () => {
  test('20,000 PDUs: an answer or an exception, of a length that fits', () => {
    const devices = [...MODBUS_MODELS.values()].map((model) => new ModbusDevice({ model, world, clock }));
    for (let round = 0; round < 20_000; round++) {
      const pdu = random(round, 20);
      // Half of them begin like a real request.
      if (round % 2 === 0 && pdu.length > 4) {
        pdu[0] = 1 + (round % 16);
        pdu[3] = 0;
      }
      const device = devices[round % devices.length];
      const answer = device?.answer(pdu).pdu ?? new Uint8Array();
      const [functionCode = 0, second = 0] = answer;
      if ((functionCode & 0x80) !== 0 && answer.length === 2) expect([1, 2, 3]).toContain(second);
      else if (functionCode <= 4) expect(answer.length).toBe(2 + second);
      else expect(answer.length).toBe(5);
      expect(answer.length).toBeLessThanOrEqual(253);
    }
  });

  test.each([
    [
      'a Firmata board',
      (parts: { world: typeof world; clock: typeof clock }) => new ArduinoFirmata(parts),
      'fff9',
      'f90205',
    ],
    [
      'a particle sensor',
      (parts: { world: typeof world; clock: typeof clock }) => new PlantowerPms5003(parts),
      '424de400010174424de100000170424de100000170',
      '424d0004e1000174',
    ],
  ] as const)('%s hears 2,000 pieces of garbage and obeys after it', async (_name, make, command, answer) => {
    const line = play({ baud: 921_600, duplex: 'full' }, (parts) => [make(parts)]);
    for (let round = 0; round < 2000; round++) {
      line.wire.hear(random(round, 40));
      if (round % 50 === 0) await line.time.advance(30);
    }
    await line.time.advance(1000);
    expect(await line.ask(command, 200)).toContain(answer);
  });

  test('a meter on a line hears 1,000 pieces of garbage and answers after it', async () => {
    const model = MODBUS_MODELS.get('eastron-sdm120');
    if (model === undefined) throw new Error('no such model');
    const line = play({ baud: 115_200 }, (parts) => [new ModbusDevice({ ...parts, model })]);
    for (let round = 0; round < 1000; round++) {
      line.wire.hear(random(round, 60));
      await line.time.advance(chance(SEED, round, 2) * 10);
    }
    await line.time.advance(1000);
    expect(await line.ask(hexOf(rtuFrame(1, [4, 0, 0, 0, 2])))).toMatch(/^010404.{12}$/);
  });
});
