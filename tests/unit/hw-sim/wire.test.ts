import { describe, expect, test } from 'vitest';
import { rtuFrame, rtuValid } from '../../../hw-sim/devices/modbus-codec.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import { bitsPerCharacter, silenceMs } from '../../../hw-sim/lines/wire.ts';
import type { World } from '../../../hw-sim/world/world.ts';
import type { WorldClock } from '../../../hw-sim/world/world-clock.ts';
import { hexOf, play } from './play.ts';

function meter(stem: string, unit: number, turnaround = 5) {
  const model = MODBUS_MODELS.get(stem);
  if (model === undefined) throw new Error(`no model ${stem}`);
  return (parts: { readonly world: World; readonly clock: WorldClock }) =>
    new ModbusDevice({ ...parts, model, unit, turnaround });
}
const read = (unit: number, count = 40) => hexOf(rtuFrame(unit, [4, 0, 0, 0, count]));

describe('wire time', () => {
  test('bits and silence', () => {
    expect(bitsPerCharacter('8N1')).toBe(10);
    expect(bitsPerCharacter('8E1')).toBe(11);
    expect(bitsPerCharacter('7E1')).toBe(10);
    expect(() => bitsPerCharacter('9N1')).toThrow(/line format: expected/);
    expect(silenceMs(9600, 10 / 9.6)).toBeCloseTo(3.646, 3);
    expect(silenceMs(115_200, 10 / 115.2)).toBe(1.75);
  });

  test.each([9600, 19_200, 115_200])(
    'at %d baud an answer ends exactly when its last bit has gone',
    async (baud) => {
      const line = play({ baud }, (parts) => [meter('eastron-sdm630', 1)(parts)]);
      const char = 10_000 / baud;
      const sent = line.time.mono();
      const answer = await line.ask(read(1));
      expect(rtuValid(Buffer.from(answer, 'hex'))).toBe(true);
      const expected = (8 + 85) * char + line.wire.silence + 5;
      expect((line.chunks.at(-1)?.at ?? 0) - sent).toBeCloseTo(expected, 6);
    },
  );

  test('no chunk is larger than what has gone by then', async () => {
    const line = play({ baud: 2400, format: '8E1' }, (parts) => [meter('eastron-sdm120', 1)(parts)]);
    const sent = line.time.mono();
    await line.ask(read(1, 20), 1000);
    const char = 11_000 / 2400;
    const begin = sent + 8 * char + line.wire.silence + 5;
    let bytes = 0;
    expect(line.chunks.length).toBeGreaterThan(10);
    for (const chunk of line.chunks) {
      bytes += chunk.bytes.length;
      expect(chunk.at).toBeGreaterThanOrEqual(begin + bytes * char - 1e-6);
    }
    expect(bytes).toBe(45);
  });

  test('says which requests came inside the silence', async () => {
    const line = play({ baud: 9600 }, (parts) => [meter('eastron-sdm630', 1)(parts)]);
    await line.ask(read(1, 2));
    const end = line.chunks.at(-1)?.at ?? 0;
    await line.ask(read(1, 2), 0);
    await line.time.advance(500);
    expect(line.wire.requests.map((one) => one.early)).toEqual([false, false]);
    expect(line.wire.requests[1]?.silence).toBeGreaterThan(line.wire.silence);
    expect(line.wire.requests[1]?.start).toBeGreaterThan(end);
  });

  test('a request right after an answer is early, one a silence later is not', async () => {
    for (const [pause, early] of [
      [0, true],
      [3.5, true],
      [3.7, false],
    ] as const) {
      const line = play({ baud: 9600 }, (parts) => [meter('eastron-sdm630', 1)(parts)]);
      line.wire.hear(Buffer.from(read(1, 2), 'hex'));
      // 8 characters, silence, turnaround, 9 characters
      await line.time.advance(17 * (10 / 9.6) + line.wire.silence + 5 + pause);
      line.wire.hear(Buffer.from(read(1, 2), 'hex'));
      await line.time.advance(100);
      expect(line.wire.requests.map((one) => one.early)).toEqual([false, early]);
      expect(line.wire.early).toBe(early ? 1 : 0);
    }
  });

  test('a request in two parts is one while the pause stays under the silence', async () => {
    const line = play({ baud: 9600 }, (parts) => [meter('eastron-sdm630', 1)(parts)]);
    const request = Buffer.from(read(1, 2), 'hex');
    line.wire.hear(request.subarray(0, 3));
    await line.time.advance(5);
    line.wire.hear(request.subarray(3));
    await line.time.advance(200);
    expect(line.wire.total).toBe(1);
    expect(line.received()).toHaveLength(18);
  });
});

describe('who talks into whom', () => {
  test('the master who talks into an answer damages it and is not understood', async () => {
    const line = play({ baud: 9600 }, (parts) => [meter('eastron-sdm630', 1)(parts)]);
    line.wire.hear(Buffer.from(read(1), 'hex'));
    await line.time.advance(50);
    line.wire.hear(Buffer.from(read(1, 2), 'hex'));
    await line.time.advance(500);
    const answer = Buffer.from(line.received(), 'hex');
    expect(answer).toHaveLength(85);
    expect(rtuValid(answer)).toBe(false);
    expect(line.wire.requests[1]?.early).toBe(true);
  });

  test('two devices of one address garble each other', async () => {
    const line = play({ baud: 9600 }, (parts) => [
      meter('eastron-sdm630', 1, 5)(parts),
      meter('eastron-sdm120', 1, 5.4)(parts),
    ]);
    const answer = Buffer.from(await line.ask(read(1, 20)), 'hex');
    expect(answer.length).toBeGreaterThan(0);
    expect(rtuValid(answer)).toBe(false);
  });

  test('one driver’s words queue instead', async () => {
    const line = play({ baud: 9600, duplex: 'full' }, () => [
      {
        attach(access) {
          access.say({ bytes: Buffer.from('one') });
          access.say({ bytes: Buffer.from('two') });
          return { [Symbol.dispose]() {} };
        },
      },
    ]);
    await line.time.advance(100);
    expect(Buffer.from(line.received(), 'hex').toString()).toBe('onetwo');
  });

  test('on a UART both talk at once', async () => {
    const heard: string[] = [];
    const line = play({ baud: 9600, duplex: 'full' }, () => [
      {
        attach(access) {
          access.say({ bytes: Buffer.from('telling') });
          return { [Symbol.dispose]() {} };
        },
        onBytes: (bytes) => heard.push(Buffer.from(bytes).toString()),
      },
    ]);
    line.wire.hear(Buffer.from('asking'));
    await line.time.advance(100);
    expect(Buffer.from(line.received(), 'hex').toString()).toBe('telling');
    expect(heard).toEqual(['asking']);
  });

  test('a disposed line says and hears nothing more', async () => {
    const line = play({ baud: 9600 }, (parts) => [meter('eastron-sdm630', 1)(parts)]);
    line.wire.hear(Buffer.from(read(1), 'hex'));
    await line.time.advance(30);
    const before = line.received();
    await line.wire[Symbol.asyncDispose]();
    line.wire.hear(Buffer.from(read(1), 'hex'));
    await line.time.advance(1000);
    expect(line.received()).toBe(before);
  });
});
