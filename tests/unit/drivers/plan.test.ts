import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LineConfig } from '../../../agent/core/site.ts';
import { type Block, fareOf, type Item, type Limits, plan, silence } from '../../../drivers/modbus/plan.ts';

const line = (baud: number): LineConfig => ({
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud, dataBits: 8, parity: 'none', stopBits: 1 },
});
const limits: Limits = { maxBlock: 125, maxGap: 100, align: 1, holes: [], cuts: new Set() };
const item = (start: number, words = 1, period = 1000): Item => ({
  point: { id: `r${start}` },
  function: 3,
  start,
  end: start + words,
  period,
});
const shape = (blocks: readonly Block[]) =>
  blocks.map((block) => `${block.start}+${block.end - block.start}`).sort();

describe('the cost of a gap', () => {
  it('is merged while the registers in it cost less air than another transaction', () => {
    // 9600 8N1: a character is 1.04 ms, so a transaction costs 13 of them, two silences and 20 ms: 40.8 ms or 19.6 registers.
    const fare = fareOf(line(9600), 20);
    expect(fare.perTransaction).toBeCloseTo(13 * 1.0417 + 2 * 3.6458 + 20, 2);
    expect(shape(plan([item(0), item(19)], limits, fare))).toEqual(['0+20']);
    expect(shape(plan([item(0), item(22)], limits, fare))).toEqual(['0+1', '22+1']);
  });

  it('counts for less on a fast line and with a slow device', () => {
    expect(shape(plan([item(0), item(60)], limits, fareOf(line(115200), 20)))).toEqual(['0+61']);
    expect(shape(plan([item(0), item(22)], limits, fareOf(line(9600), 100)))).toEqual(['0+23']);
  });

  it('keeps the silence of the standard', () => {
    expect(silence({ baud: 9600, dataBits: 8, parity: 'even', stopBits: 1 })).toBeCloseTo(4.01, 2);
    expect(silence({ baud: 115200, dataBits: 8, parity: 'none', stopBits: 1 })).toBe(1.75);
  });
});

describe('the limits', () => {
  const fare = fareOf(line(9600), 200);
  it('are never passed: block, gap, hole, cut, alignment, period, function', () => {
    const items = [item(0), item(10), item(20)];
    expect(shape(plan(items, { ...limits, maxBlock: 11 }, fare))).toHaveLength(2);
    expect(shape(plan(items, { ...limits, maxGap: 8 }, fare))).toHaveLength(3);
    const hole = { function: 3, start: 5, end: 6 };
    expect(shape(plan(items, { ...limits, holes: [hole] }, fare))).toEqual(['0+1', '10+11']);
    expect(shape(plan(items, { ...limits, cuts: new Set(['3@20']) }, fare))).toEqual(['0+11', '20+1']);
    expect(shape(plan([item(3, 2)], { ...limits, align: 2 }, fare))).toEqual(['2+4']);
    expect(plan([item(0), item(1, 1, 2000)], limits, fare)).toHaveLength(2);
    expect(plan([item(0), { ...item(1), function: 4 }], limits, fare)).toHaveLength(2);
  });

  it('hold for any map, and every point is read exactly once', () => {
    const maps = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        maps,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 0, max: 400 }),
        (addresses, maxBlock, maxGap, bad) => {
          const items = addresses.filter((address) => address !== bad).map((address) => item(address));
          const hole = { function: 3, start: bad, end: bad + 1 };
          const blocks = plan(items, { ...limits, maxBlock, maxGap, holes: [hole] }, fare);
          const read = blocks.flatMap((block) => block.items.map((one) => one.point.id));
          expect([...read].sort()).toEqual(items.map((one) => one.point.id).sort());
          for (const block of blocks) {
            expect(block.end - block.start).toBeLessThanOrEqual(maxBlock);
            expect(block.start <= bad && bad < block.end).toBe(false);
            for (const one of block.items)
              expect(one.start >= block.start && one.end <= block.end).toBe(true);
          }
        },
      ),
      { numRuns: 200, seed: 20270101 },
    );
  });

  it('and no plan is dearer than one request per point', () => {
    const cheap = fareOf(line(19200), 5);
    const cost = (blocks: readonly Block[]) =>
      blocks.reduce(
        (sum, block) => sum + cheap.perTransaction + (block.end - block.start) * cheap.perRegister,
        0,
      );
    const items = [0, 1, 2, 7, 8, 40, 41, 90, 300].map((start) => item(start));
    expect(cost(plan(items, limits, cheap))).toBeLessThan(
      items.length * (cheap.perTransaction + cheap.perRegister),
    );
  });
});

describe('late answers', () => {
  it('can be told, because blocks of one length grow into registers that exist', () => {
    const fare = fareOf(line(9600), 5);
    const twins = [
      ...[0, 1, 2, 3].map((start) => item(start)),
      ...[4, 5, 6, 7].map((start) => item(start, 1, 5000)),
    ];
    const blocks = plan(twins, limits, fare);
    const lengths = blocks.map((block) => block.end - block.start);
    expect(new Set(lengths).size).toBe(lengths.length);
    for (const block of blocks) expect([block.start >= 0, block.end <= 8]).toEqual([true, true]);
  });

  it('are kept apart by the order where lengths cannot differ', () => {
    const fare = fareOf(line(9600), 5);
    const items = [item(0), item(100), item(200, 4), item(300, 4)];
    const lengths = plan(items, limits, fare).map((block) => block.end - block.start);
    for (const [i, length] of lengths.entries()) expect(length).not.toBe(lengths[i - 1]);
  });
});
