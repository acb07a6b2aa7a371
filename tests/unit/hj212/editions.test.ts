/** What differs between the editions on the wire: flags, splitting, RF, heart-beat, names; and several addresses. */
import { describe, expect, it, vi } from 'vitest';
import { HOUR, MINUTE, MN, Station } from './station.ts';

// Real threads and much virtual time: a machine that does other things as well may take its own.
vi.setConfig({ testTimeout: 120_000 });

const MANY = Array.from({ length: 30 }, (_, i) => ({
  device: 'air',
  point: 'pm2-5',
  factor: `a34004x${String(i).padStart(2, '0')}`,
  decimals: 1,
}));

describe('editions', () => {
  it.each([
    ['2005', 1, undefined],
    ['2017', 5, undefined],
    ['2025', 9, '1'],
  ] as const)('%s: Flag %d, RF %s for backlog', async (edition, flag, rf) => {
    await using at = await Station.open({ edition, mn: edition === '2005' ? MN.slice(0, 14) : MN });
    await at.live(HOUR);
    at.online = false;
    at.bureau.cut();
    await at.live(HOUR);
    at.online = true;
    await at.wait(60_000);
    await at.live(10 * MINUTE);
    expect(at.bureau.heard.every((one) => one.flag === flag)).toBe(true);
    expect(at.bureau.heard.filter((one) => one.rf).length > 0).toBe(rf !== undefined);
    expect(at.bureau.damaged).toBe(0);
  });

  it('splits a long report; each part stands for itself, and each is acknowledged', async () => {
    await using at = await Station.open({ points: MANY });
    await at.live(HOUR);
    const parts = at.bureau.heard.filter(
      ({ cn, cp }) => cn === '2051' && cp.startsWith('DataTime=20270101000000'),
    );
    expect(parts.map(({ pnum, pno, flag }) => [pnum, pno, flag])).toEqual([
      [3, 1, 11],
      [3, 2, 11],
      [3, 3, 11],
    ]);
    expect(new Set(parts.map(({ qn }) => qn)).size).toBe(1);
    const factors = parts.flatMap(({ cp }) => [...cp.matchAll(/(a34004x\d\d)-Avg/g)].map(([, name]) => name));
    expect(factors).toEqual(MANY.map(({ factor }) => factor));
    expect(parts.every(({ cp }) => Buffer.byteLength(cp) <= 950)).toBe(true);
    const { minute } = at.books();
    expect(minute?.acknowledged).toBe(minute?.expected);
  });

  it('a report that no number of packets can hold is refused and holds up no other', async () => {
    const points = Array.from(
      { length: 200 },
      (_, i) => ({ ...MANY[0], factor: `f${i}` }) as (typeof MANY)[number],
    );
    await using at = await Station.open({ points, day: false, hour: false, realTime: 60_000 });
    await at.live(HOUR);
    // Real-time data are shorter and fit.
    expect(new Set(at.bureau.heard.map(({ cn }) => cn))).toEqual(new Set(['2011']));
    expect(at.pump.tally().refused).toBe(5);
    expect(at.states).toEqual(['up']);
  });

  it('a part that goes twice does not have its second answer taken for the next part', async () => {
    await using at = await Station.open({ points: MANY, timeout: 2000 });
    at.bureau.faults.late = 3000;
    await at.live(30 * MINUTE);
    await at.wait(120_000);
    const { minute } = at.books();
    expect(minute?.acknowledged).toBe(minute?.expected);
    expect(at.bureau.reports('2051').size).toBe(minute?.expected);
  });

  it('beats its heart, and leaves a centre that answers none', async () => {
    await using at = await Station.open({ heartbeat: 30_000, minute: 0, hour: false, day: false });
    await at.wait(5 * MINUTE);
    const beats = () => at.bureau.heard.filter(({ cn }) => cn === '9015').length;
    expect(beats()).toBe(10);
    expect(at.states).toEqual(['up']);
    at.bureau.faults.silent = true;
    await at.wait(3 * MINUTE);
    expect(at.states).toContain(
      'link to tcp://bureau.example:5000 lost: 3 heart-beats (9015) without an answer',
    );
  });

  it('without a name asks for one and reports once it has it', async () => {
    const { mn: _, ...nameless } = { mn: MN };
    await using at = await Station.open({ ...nameless, mn: undefined as never });
    await at.live(HOUR);
    const [hello] = at.bureau.heard;
    expect(hello).toMatchObject({ cn: '1001', mn: '' });
    expect(hello?.cp).toContain('i23005-Info=pole-1');
    expect(at.bureau.reports('2051').size).toBe(0);
    const named = at.bureau.ask('1002', `i23005-Info=${MN}`, { mn: '' });
    await at.wait(60_000);
    expect(named).toMatchObject({ rtn: 1 });
    await at.live(HOUR);
    expect(at.bureau.heard.at(-1)?.mn).toBe(MN);
    const { minute } = at.books();
    expect(minute?.acknowledged).toBe(minute?.expected);
  });

  it('goes to the backup where the primary is away, and back again', async () => {
    await using at = await Station.open({ urls: ['tcp://first.example:1', 'tcp://second.example:2'] });
    at.online = false;
    at.bureau.cut();
    await at.wait(20_000);
    expect(new Set(at.dialled)).toEqual(new Set(['tcp://first.example:1', 'tcp://second.example:2']));
    at.online = true;
    await at.wait(60_000);
    await at.live(HOUR);
    const { minute } = at.books();
    expect(minute?.acknowledged).toBe(minute?.expected);
  });

  it('data that ask for no answer are settled when they are sent', async () => {
    await using at = await Station.open({ acknowledge: false });
    at.bureau.faults.silent = true;
    await at.live(HOUR);
    expect(at.bureau.heard.every(({ flag }) => flag === 8)).toBe(true);
    const { minute } = at.books();
    expect(minute?.acknowledged).toBe(minute?.expected);
  });
});

describe('what a report holds', () => {
  it('noise statistics as items of their own, amounts as Cou, and private codes in the unit of the point', async () => {
    await using at = await Station.open({
      minute: 0,
      day: false,
      points: [
        { device: 'air', point: 'l50', factor: 'L50' },
        { device: 'air', point: 'flow', factor: 'w00000', unit: 'm3' },
        { device: 'air', point: 'pm2-5', factor: 'x9', decimals: 2 },
        { device: 'air', point: 'nothing', factor: 'a01001' },
      ],
    });
    await at.live(70 * MINUTE);
    expect(at.bureau.heard[0]?.cp).toBe(
      'DataTime=20270101000000;L50-Data=54.2;w00000-Cou=0.00,w00000-Flag=N;' +
        'x9-Min=35.50,x9-Avg=35.50,x9-Max=35.50,x9-Flag=N;a01001-Flag=B',
    );
  });
});

describe('marks', () => {
  it.each([
    ['timeout', 'B'],
    ['sensor-fault', 'D'],
    ['over-range', 'T'],
    ['calibration', 'C'],
    ['maintenance', 'M'],
    ['manual-entry', 'S'],
  ] as const)('%s is %s, and there is no value where there was none', async (reason, mark) => {
    await using at = await Station.open({ hour: false, day: false });
    await at.live(10 * MINUTE);
    await at.live(20 * MINUTE, 10 * MINUTE, reason);
    await at.live(10 * MINUTE);
    const report = at.bureau.heard.find(({ cp }) => cp.startsWith('DataTime=20270101001000'));
    expect(report?.cp).toBe(
      `DataTime=20270101001000;a34004-Flag=${mark};a21026-Flag=${mark};LA-Flag=${mark}`,
    );
  });

  it('an hour with fewer valid minutes than the norm wants is marked', async () => {
    await using at = await Station.open({ minute: 0, day: false });
    await at.live(30 * MINUTE);
    await at.live(30 * MINUTE, 10 * MINUTE, 'sensor-fault');
    await at.live(50 * MINUTE);
    await at.live(20 * MINUTE, 10 * MINUTE, 'sensor-fault');
    const [first, second] = at.bureau.heard;
    expect(first?.cp).toContain('a34004-Avg=35.5,a34004-Max=35.5,a34004-Flag=D');
    expect(second?.cp).toContain('a34004-Avg=35.5,a34004-Max=35.5,a34004-Flag=N');
  });
});
