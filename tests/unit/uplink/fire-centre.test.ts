/** Forwarding to a fire centre by GB/T 26875.3, against a simulated centre, in virtual time. */
import { describe, expect, it } from 'vitest';
import { partState, systemState } from '../../../hw-sim/devices/fire-frames.ts';
import { fireStand, HOUR, MINUTE } from './fire-stand.ts';

type FireStand = ReturnType<typeof fireStand>;

const isWhole = (at: FireStand) => {
  const { settled, stored } = at.whole();
  expect(settled).toBe(stored);
};

describe('what a panel says', () => {
  it('goes on byte by byte under our addresses, and is settled by the acknowledgement', async () => {
    const at = fireStand();
    await at.clock.advance(1000);
    const wanted = [at.fire(), at.panel(1, systemState(3, at.local())), at.value(-52)];
    await at.clock.advance(1000);
    expect(at.came().sort()).toEqual(wanted.sort());
    isWhole(at);
    await at.clock.advance(2 * MINUTE);
    expect(at.centre.beats).toBeGreaterThanOrEqual(6);
    expect(at.centre.complaints).toEqual([]);
    await at.stop();
  });

  it('goes in as few frames as the norm allows, and a vendor’s type of unknown layout as a whole', async () => {
    const at = fireStand();
    at.link.up = false;
    const wanted = Array.from({ length: 50 }, (_, i) => at.fire(i + 1));
    at.reading('alarm', 'panel', 'event', '151x2 01 02 03 04');
    at.link.up = true;
    await at.clock.advance(20_000);
    expect(at.came(2)).toEqual(wanted);
    const frames = new Set(at.centre.objects.filter(({ type }) => type === 2).map(({ serial }) => serial));
    expect(frames.size).toBe(3);
    expect(at.came(151)).toEqual(['0102', '0304']);
    isWhole(at);
    await at.stop();
  });

  it('and that it falls silent: a fault of the monitored line, told once, and taken back', async () => {
    const at = fireStand();
    await at.clock.advance(1000);
    at.fire();
    await at.clock.advance(5000);
    for (let i = 0; i < 3; i++) {
      at.reading('alarm', 'panel', 'event', null);
      at.reading('telemetry', 'panel', 'alive', null);
      await at.clock.advance(90_000);
    }
    at.reading('telemetry', 'panel', 'alive', true);
    await at.clock.advance(5000);
    // Normal, fire as before, line fault.
    expect(at.came(21).map((hex) => Number.parseInt(hex.slice(0, 2), 16))).toEqual([0x43, 0x03]);
    isWhole(at);
    await at.stop();
  });

  it('that is no object is left out, and nothing waits for it', async () => {
    const at = fireStand();
    for (const text of ['', 'fire', '2 01 02', '2 zz', '999 01', `2 ${'00 '.repeat(1100)}`]) {
      at.reading('alarm', 'panel', 'event', text);
    }
    at.reading('alarm', 'panel', 'event', null);
    at.fire();
    await at.clock.advance(2000);
    expect(at.came(2)).toHaveLength(1);
    isWhole(at);
    await at.stop();
  });
});

describe('our own points', () => {
  it('are told when their state changes, a value that cannot be read as a fault', async () => {
    const at = fireStand();
    for (const smoke of [false, false, true, true, null, null, false]) {
      at.reading('alarm', 'cabinet', 'smoke', smoke);
      await at.clock.advance(5000);
    }
    const states = at.came(2).map((hex) => Buffer.from(hex, 'hex').readUInt16LE(7));
    expect(states).toEqual([1, 3, 4, 1]);
    const [first = ''] = at.came(2);
    expect(new TextDecoder('gb18030').decode(Buffer.from(first, 'hex').subarray(9, 15))).toBe('机柜 7');
    isWhole(at);
    await at.stop();
  });

  it('have their values converted, rounded to the step, and held to their pace', async () => {
    const at = fireStand();
    for (let i = 0; i < 12; i++) {
      at.reading('telemetry', 'hydrant', 'pressure', 0.3 + i / 1000, 'MPa');
      await at.clock.advance(10_000);
    }
    at.reading('telemetry', 'hydrant', 'pressure', 99, 'MPa');
    await at.clock.advance(MINUTE);
    const raws = at.came(3).map((hex) => Buffer.from(hex, 'hex').readInt16LE(8));
    expect(raws).toEqual([3000, 3060]);
    isWhole(at);
    await at.stop();
  });
});

describe('fire goes before everything else', () => {
  it('out within 10 s amid a week of values that drain over a slow line to a slow centre', async () => {
    const at = fireStand();
    at.link.cut();
    for (let i = 0; i < 7 * 24 * 4; i++) {
      at.value(i % 1000);
      if (i % 100 === 0) await at.clock.advance(1000);
    }
    at.link.up = true;
    at.link.delay = 1500;
    at.centre.wrong.late = 1500;
    await at.clock.advance(10_000);
    const fires: { hex: string; at: number }[] = [];
    for (let i = 0; i < 10; i++) {
      at.value(i);
      fires.push({ hex: at.fire(i + 1), at: at.clock.mono() });
      at.value(i);
      await at.clock.advance(7000);
    }
    expect(at.came(3).length).toBeLessThan(700);
    for (const { hex, at: asked } of fires) {
      const heard = at.centre.objects.find((one) => one.hex === hex);
      expect((heard?.at ?? Number.POSITIVE_INFINITY) - asked).toBeLessThan(10_000);
    }
    await at.stop();
  });

  it('out within 10 s while a value waits in vain for its answer, and while a heart-beat does', async () => {
    const at = fireStand();
    await at.clock.advance(1000);
    for (const mute of ['data', 'beats'] as const) {
      at.centre.wrong.mute = mute;
      for (let i = 0; i < 40; i++) at.value(i);
      await at.clock.advance(2000);
      const asked = at.clock.mono();
      const hex = at.fire(mute === 'data' ? 1 : 2);
      await at.clock.advance(10_000);
      const heard = at.centre.objects.find((one) => one.hex === hex);
      expect((heard?.at ?? Number.POSITIVE_INFINITY) - asked).toBeLessThan(10_000);
      delete at.centre.wrong.mute;
      await at.clock.advance(MINUTE);
    }
    await at.stop();
  });

  it('out within 10 s of the link being back, before all that waited', async () => {
    const at = fireStand();
    await at.clock.advance(1000);
    at.link.cut();
    for (let i = 0; i < 400; i++) at.value(i % 1000);
    await at.clock.advance(13 * HOUR);
    const hex = at.fire();
    await at.clock.advance(MINUTE);
    at.link.up = true;
    const back = at.clock.mono();
    await at.clock.advance(10_000);
    const [first] = at.centre.objects;
    expect(first?.hex).toBe(hex);
    expect((first?.at ?? Number.POSITIVE_INFINITY) - back).toBeLessThan(10_000);
    await at.clock.advance(10 * MINUTE);
    isWhole(at);
    await at.stop();
  });

  it('word of one part never overtakes an earlier one, word of others does', async () => {
    const at = fireStand();
    await at.clock.advance(1000);
    at.centre.wrong.mute = 'data';
    const first = at.fire(1);
    await at.clock.advance(100);
    delete at.centre.wrong.mute;
    at.centre.objects.length = 0;
    const over = at.panel(2, partState({ type: 40, address: 1, bits: 1 }, at.local()));
    const other = at.fire(2);
    await at.clock.advance(100);
    expect(at.centre.objects.map(({ hex }) => hex)).toEqual([other]);
    await at.clock.advance(10_000);
    expect(at.centre.objects.map(({ hex }) => hex)).toEqual([other, first, over]);
    isWhole(at);
    await at.stop();
  });
});

describe('outages and a centre that misbehaves', () => {
  it.each([
    ['13 hours', 13 * HOUR],
    ['7 days', 7 * 24 * HOUR],
  ])(
    '%s without the centre lose nothing and double nothing',
    async (_, outage) => {
      const at = fireStand();
      await at.clock.advance(1000);
      const wanted: string[] = [];
      at.link.cut();
      const steps = outage / (15 * MINUTE);
      for (let i = 0; i < steps; i++) {
        wanted.push(at.value(i % 1000));
        if (i % 50 === 0) wanted.push(at.fire(i + 1));
        await at.clock.advance(15 * MINUTE);
      }
      at.link.up = true;
      await at.clock.advance(10 * MINUTE);
      expect(at.centre.objects.map(({ hex }) => hex).sort()).toEqual(wanted.sort());
      isWhole(at);
      await at.stop();
    },
    60_000,
  );

  it('no answer to data: sent again three times, then on a new connection', async () => {
    const at = fireStand();
    await at.clock.advance(1000);
    at.centre.wrong.mute = 'data';
    const hex = at.fire();
    await at.clock.advance(25_000);
    expect(at.centre.objects.length).toBeGreaterThanOrEqual(4);
    expect(at.down[0]).toMatch(/link-lost: link to centre:5200 lost: no answer to data/);
    delete at.centre.wrong.mute;
    await at.clock.advance(MINUTE);
    expect(new Set(at.centre.objects.map((one) => one.hex))).toEqual(new Set([hex]));
    isWhole(at);
    await at.stop();
  });

  it('no answer to heart-beats: the link is given up and found again', async () => {
    const at = fireStand();
    await at.clock.advance(1000);
    at.centre.wrong.mute = 'beats';
    await at.clock.advance(MINUTE);
    expect(at.down[0]).toMatch(/no answer to heart-beats/);
    delete at.centre.wrong.mute;
    await at.clock.advance(MINUTE);
    expect(at.pump.tally().connected).toBe(true);
    await at.stop();
  });

  it('nobody who answers at all: unreachable within the deadline', async () => {
    const at = fireStand();
    at.centre.wrong.mute = 'all';
    await at.clock.advance(12_000);
    expect(at.down).toEqual(['broker-unreachable: connection to centre:5200 failed: no answer within 10 s']);
    await at.stop();
  });

  it('wrong sums, late, slow and closing: every object arrives, in whatever state the line is', async () => {
    for (const wrong of [
      { wrongSum: 6 },
      { late: 4000 },
      { late: 6000 },
      { drip: 30 },
      { closeAfter: 3 },
      { closeAfter: 1 },
    ]) {
      const at = fireStand();
      await at.clock.advance(1000);
      Object.assign(at.centre.wrong, wrong);
      const wanted: string[] = [];
      for (let i = 0; i < 10; i++) {
        wanted.push(at.fire(i + 1));
        await at.clock.advance(3000);
      }
      for (const key of Object.keys(wrong)) delete at.centre.wrong[key as keyof typeof wrong];
      await at.clock.advance(3 * MINUTE);
      expect(new Set(at.centre.objects.map(({ hex }) => hex))).toEqual(new Set(wanted));
      isWhole(at);
      await at.stop();
    }
  });

  it('turns data down: tried again, then named as refused, and the rest goes on', async () => {
    const at = fireStand();
    await at.clock.advance(1000);
    at.centre.wrong.refuseNext = 2;
    const hex = at.fire(1);
    await at.clock.advance(10_000);
    expect(at.came()).toEqual([hex]);
    expect(at.refusals).toEqual([]);
    at.centre.wrong.refuse = [3];
    at.value(1);
    const after = at.fire(2);
    await at.clock.advance(MINUTE);
    expect(at.came(2)).toEqual([hex, after]);
    expect(at.refusals).toEqual([{ seq: 1, reason: 'the centre answered nak' }]);
    isWhole(at);
    await at.stop();
  });

  it('a crash repeats at most what was not stored', async () => {
    const at = fireStand();
    for (let i = 0; i < 20; i++) {
      at.fire(i + 1);
      await at.clock.advance(1000);
    }
    const before = at.centre.objects.length;
    await at.crash(3);
    await at.clock.advance(MINUTE);
    const again = at.centre.objects.slice(before);
    expect(again.length).toBeLessThanOrEqual(3);
    expect(new Set(at.centre.objects.map(({ hex }) => hex)).size).toBe(20);
    isWhole(at);
    await at.stop();
  });

  it('noise and frames made to harm between its answers', async () => {
    const at = fireStand();
    await at.clock.advance(1000);
    const wanted: string[] = [];
    for (let i = 0; i < 10; i++) {
      at.centre.raw(Buffer.from(`4040${'ff'.repeat(30)}2323`, 'hex'));
      at.centre.raw(Buffer.from(`4040${'01'.repeat(22)}e80304`, 'hex'));
      at.centre.frame(i, 99, Buffer.from([1]));
      at.centre.frame(i, 1, Buffer.from([91]));
      at.centre.frame(i, 4, Buffer.from([62, 9, 1]));
      wanted.push(at.fire(i + 1));
      await at.clock.advance(6000);
    }
    expect(new Set(at.came())).toEqual(new Set(wanted));
    expect(at.commands).toEqual([]);
    isWhole(at);
    await at.stop();
  });
});
