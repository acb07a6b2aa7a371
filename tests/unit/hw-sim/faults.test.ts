import { describe, expect, test } from 'vitest';
import { rtuFrame, rtuValid } from '../../../hw-sim/devices/modbus-codec.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import * as faults from '../../../hw-sim/faults.ts';
import { hexOf, play } from './play.ts';

const REQUEST = hexOf(rtuFrame(1, [4, 0, 0, 0, 4]));
const OTHER = hexOf(rtuFrame(2, [4, 0, 0, 0, 2]));

function line(seedOfFault?: faults.Fault) {
  const made = play({ baud: 9600 }, (parts) =>
    (['eastron-sdm630', 'eastron-sdm120'] as const).map((stem, i) => {
      const model = MODBUS_MODELS.get(stem);
      if (model === undefined) throw new Error(`no model ${stem}`);
      return new ModbusDevice({ ...parts, model, unit: i + 1 });
    }),
  );
  const off = seedOfFault === undefined ? undefined : made.wire.inject(seedOfFault);
  return { ...made, off };
}

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const healthy = async () => bytes(await line().ask(REQUEST));
const duration = (of: { chunks: readonly { at: number }[] }) => (of.chunks.at(-1)?.at ?? 0) - 1000;

describe('faults', () => {
  test('silence of one device leaves the other alone, and ends', async () => {
    const sick = line(faults.silence(1));
    expect(await sick.ask(REQUEST)).toBe('');
    expect(rtuValid(bytes(await sick.ask(OTHER)))).toBe(true);
    sick.off?.[Symbol.dispose]();
    expect(rtuValid(bytes(await sick.ask(REQUEST)))).toBe(true);
  });

  test('what was kept back was not served', async () => {
    const sick = line(faults.silence());
    await sick.ask(REQUEST);
    expect(sick.ledger.count).toBe(0);
  });

  test('a wrong checksum is a wrong checksum, and on record as damaged', async () => {
    const sick = line(faults.checksumError(1));
    const answer = bytes(await sick.ask(REQUEST));
    expect(answer).toHaveLength(13);
    expect(rtuValid(answer)).toBe(false);
    expect(sick.ledger.entries.map((entry) => entry.intact)).toEqual([false, false]);
  });

  test('a share of wrong checksums', async () => {
    const sick = line(faults.checksumError(undefined, 0.3, 9));
    let wrong = 0;
    for (let i = 0; i < 100; i++) if (!rtuValid(bytes(await sick.ask(REQUEST, 60)))) wrong += 1;
    expect(wrong).toBeGreaterThan(15);
    expect(wrong).toBeLessThan(45);
  });

  test.each([1, 2, 3, 4, 5, 6])('exception %d', async (code) => {
    expect(await line(faults.exception(code)).ask(REQUEST)).toBe(hexOf(rtuFrame(1, [0x84, code])));
  });

  test('a late answer is a right one', async () => {
    const well = line();
    await well.ask(REQUEST, 1000);
    const sick = line(faults.lateAnswer(400, 1));
    const answer = bytes(await sick.ask(REQUEST, 1000));
    expect(rtuValid(answer)).toBe(true);
    expect(duration(sick) - duration(well)).toBeCloseTo(400, 6);
  });

  test('echo: the request comes back before the answer', async () => {
    const answer = await line(faults.echo()).ask(REQUEST);
    expect(answer.startsWith(REQUEST)).toBe(true);
    expect(rtuValid(bytes(answer.slice(REQUEST.length)))).toBe(true);
  });

  test('a foreign frame stands before the answer', async () => {
    const answer = bytes(await line(faults.foreignFrame(77)).ask(REQUEST));
    expect(rtuValid(answer.subarray(0, 9))).toBe(true);
    expect(answer[0]).toBe(77);
    expect(rtuValid(answer.subarray(9))).toBe(true);
  });

  test('truncated', async () => {
    const answer = bytes(await line(faults.truncated(3)).ask(REQUEST));
    expect(answer.equals((await healthy()).subarray(0, 10))).toBe(true);
  });

  test('glued: the answer before sticks to this one', async () => {
    const sick = line(faults.glued());
    const first = await sick.ask(REQUEST);
    const second = await sick.ask(OTHER);
    expect(rtuValid(bytes(first))).toBe(true);
    expect(second.endsWith(first)).toBe(true);
    expect(rtuValid(bytes(second.slice(0, -first.length)))).toBe(true);
  });

  test('dripping: 5 ms between bytes', async () => {
    const well = line();
    await well.ask(REQUEST);
    const sick = line(faults.dripping(5));
    const answer = bytes(await sick.ask(REQUEST));
    expect(rtuValid(answer)).toBe(true);
    expect(sick.chunks.length).toBe(13);
    expect(duration(sick) - duration(well)).toBeCloseTo(12 * 5, 6);
  });

  test('babble goes on by itself until it is switched off', async () => {
    const sick = line(faults.babble(3));
    await sick.time.advance(2000);
    const noise = sick.received().length;
    expect(noise).toBeGreaterThan(100);
    sick.off?.[Symbol.dispose]();
    await sick.time.advance(100);
    const end = sick.received().length;
    await sick.time.advance(2000);
    expect(sick.received().length).toBe(end);
  });

  test('the same seed babbles the same', async () => {
    const [a, b] = [line(faults.babble(3)), line(faults.babble(3))];
    await a.time.advance(1000);
    await b.time.advance(1000);
    expect(a.received()).toBe(b.received());
  });

  test('noise around an answer leaves the answer whole', async () => {
    const sick = line(faults.noise(2));
    const well = hexOf(await healthy());
    for (let i = 0; i < 10; i++) {
      const answer = await sick.ask(REQUEST, 100);
      expect(answer.length).toBeGreaterThanOrEqual(well.length);
      expect(answer).toContain('010408');
    }
  });

  test('swapped wires: devices hear garbage, the master a break', async () => {
    expect(await line(faults.swappedWires()).ask(REQUEST)).toBe('00');
  });

  test('two devices with one address garble each other; a third is well', async () => {
    const sick = line(faults.sharedAddress(1));
    const answer = bytes(await sick.ask(REQUEST));
    expect(answer.length).toBeGreaterThan(0);
    expect(rtuValid(answer)).toBe(false);
    expect(sick.ledger.entries.every((entry) => !entry.intact)).toBe(true);
    expect(rtuValid(bytes(await sick.ask(OTHER)))).toBe(true);
  });

  test('lies are told and on record as told', async () => {
    const volts = async (sick: ReturnType<typeof line>) =>
      bytes(await sick.ask(REQUEST, 5000)).readFloatBE(3);
    const truth = await volts(line());
    const jumping = line(faults.jump(10, 1, 'voltage-l1'));
    expect(await volts(jumping)).toBeCloseTo(truth * 10, 1);
    expect(Number(jumping.ledger.entries[0]?.value)).toBeCloseTo(truth * 10, 1);

    const still = line(faults.frozen(1));
    const first = await volts(still);
    await still.time.advance(60_000);
    expect(await volts(still)).toBe(first);
    const moving = line();
    await volts(moving);
    await moving.time.advance(60_000);
    expect(await volts(moving)).not.toBe(first);

    const lost = line(faults.notANumber(1));
    expect(await volts(lost)).toBeNaN();
    expect(lost.ledger.entries[0]?.value).toBeNull();
  });

  test('faults add up', async () => {
    const sick = line(faults.echo());
    sick.wire.inject(faults.truncated(2));
    const answer = await sick.ask(REQUEST);
    expect(answer).toHaveLength(REQUEST.length + 22);
  });
});
