/** Everything a centre may ask is answered: 9011, then data or a parameter, then 9012; 9013 to notices. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { seeded } from '../../support/seeded.ts';
import { HOUR, MINUTE, Station } from './station.ts';

// Real threads and much virtual time: a machine that does other things as well may take its own.
vi.setConfig({ testTimeout: 120_000 });

const told = ({ data }: { readonly data: readonly { readonly cp: string }[] }) => data.map(({ cp }) => cp);

async function ready(change: Parameters<typeof Station.open>[0] = {}): Promise<Station> {
  const at = await Station.open(change);
  await at.live(HOUR);
  return at;
}

describe('requests', () => {
  it('tells and sets intervals, time-out and password, and keeps them over a restart', async () => {
    await using at = await ready();
    const { bureau } = at;
    const asked = [bureau.ask('1061'), bureau.ask('1063'), bureau.ask('1011')];
    const set = [
      bureau.ask('1062', 'RtdInterval=30'),
      bureau.ask('1064', 'MinInterval=5'),
      bureau.ask('1000', 'OverTime=5;ReCount=2'),
      bureau.ask('1072', 'NewPW=654321'),
    ];
    await at.wait(100);
    expect(asked.map(told)).toEqual([['RtdInterval=0'], ['MinInterval=10'], ['SystemTime=20270101010000']]);
    for (const one of [...asked, ...set]) expect(one).toMatchObject({ rtn: 1, exe: 1 });
    const file = join(at.dir, 'uplinks', 'bureau.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await at.stop();
    at.begin();
    bureau.password = '654321';
    await at.live(20 * MINUTE);
    const again = [bureau.ask('1061'), bureau.ask('1063')];
    await at.wait(100);
    expect(again.map(told)).toEqual([['RtdInterval=30'], ['MinInterval=5']]);
    // Minutes are reported every five from now on, and real-time data every 30 s.
    expect(bureau.reports('2051').has('20270101010500')).toBe(true);
    expect(bureau.heard.filter(({ cn }) => cn === '2011').length).toBeGreaterThan(10);
    // The centre's old password is none any more.
    bureau.password = '123456';
    const wrong = bureau.ask('1061');
    await at.wait(100);
    expect(wrong).toMatchObject({ rtn: 3, exe: undefined });
    const changed = { ...at.config, password: '111111' };
    await at.stop();
    at.begin(changed);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ minute: 5 * MINUTE });
    bureau.password = '111111';
    await at.live(10 * MINUTE);
    const fromFile = bureau.ask('1063');
    await at.wait(100);
    expect(told(fromFile)).toEqual(['MinInterval=10']);
  });

  it('refuses what cannot be, each for its reason', async () => {
    await using at = await ready();
    const { bureau } = at;
    const cases: readonly (readonly [number, ReturnType<typeof bureau.ask>])[] = [
      [2, bureau.ask('1062', 'RtdInterval=3')],
      [2, bureau.ask('1064', 'MinInterval=7')],
      [2, bureau.ask('1000', 'OverTime=0;ReCount=3')],
      [2, bureau.ask('1072', 'NewPW=1')],
      [2, bureau.ask('1002', 'i23005-Info=010000A8900016F000169DC1')],
      [2, bureau.ask('1012', 'SystemTime=20200101000000')],
      [2, bureau.ask('1014', 'SKCreateTime=20240601085857223,NewSK=abcdefghijklmnop')],
      [2, bureau.ask('3011', 'PolId=a34004,CalibrationType=0')],
      [2, bureau.ask('2061', 'BeginTime=20270101;EndTime=20261231')],
      [2, bureau.ask('2061', 'BeginTime=nonsense;EndTime=20261231')],
      [4, bureau.ask('1061', '', { mn: '000000000000000000000000' })],
      [5, bureau.ask('1061', '', { st: '32' })],
      [7, bureau.ask('1061', '', { qn: '2027' })],
      [8, bureau.ask('1999')],
    ];
    await at.wait(100);
    expect(cases.map(([, answer]) => answer.rtn)).toEqual(cases.map(([want]) => want));
    expect(cases.every(([, answer]) => answer.exe === undefined)).toBe(true);
    bureau.faults.wrongCrc = 1;
    const damaged = bureau.ask('1061');
    await at.wait(100);
    expect(damaged).toMatchObject({ rtn: 9, exe: undefined });
  });

  it('starts and stops real-time data; stopping is a notice', async () => {
    await using at = await ready({ realTime: 60_000 });
    const { bureau } = at;
    const count = () => bureau.heard.filter(({ cn }) => cn === '2011').length;
    const stop = bureau.ask('2012');
    await at.wait(100);
    expect(stop).toMatchObject({ notice: true, rtn: undefined, exe: undefined });
    const before = count();
    expect(before).toBeGreaterThan(20);
    await at.live(20 * MINUTE);
    expect(count()).toBe(before);
    const start = bureau.ask('2011');
    await at.wait(100);
    expect(start).toMatchObject({ rtn: 1, exe: 1 });
    expect(count()).toBe(before + 1);
    const last = bureau.heard.findLast(({ cn }) => cn === '2011');
    expect(last?.cp).toBe(
      'DataTime=20270101011901;a34004-Rtd=35.5,a34004-Flag=N;a21026-Rtd=26,a21026-Flag=N;LA-Rtd=56.1',
    );
    expect(last?.flag).toBe(8);
  });

  it('brings history amid live data, under the QN of the request, and says where there is none', async () => {
    await using at = await ready();
    await at.live(5 * HOUR);
    const { bureau } = at;
    const hours = bureau.ask('2061', 'BeginTime=20270101000000;EndTime=20270101040000');
    const minutes = bureau.ask('2051', 'BeginTime=20270101003000,EndTime=20270101005000');
    const none = bureau.ask('2031', 'BeginTime=20260101000000;EndTime=20260102000000');
    await at.wait(5000);
    expect(hours).toMatchObject({ rtn: 1, exe: 1 });
    expect(hours.data).toHaveLength(5);
    expect(hours.data.map(({ cp }) => /DataTime=(\d+)/.exec(cp)?.[1])).toContain('20270101040000');
    expect(hours.data.every(({ rf, flag }) => !rf && flag === 8)).toBe(true);
    // One history at a time.
    expect(minutes).toMatchObject({ rtn: 1, exe: 5 });
    expect(none).toMatchObject({ rtn: 1, exe: 5 });
    const again = bureau.ask('2051', 'BeginTime=20270101003000,EndTime=20270101005000');
    await at.wait(1000);
    expect(again.data.map(({ cp }) => /DataTime=(\d+)/.exec(cp)?.[1])).toEqual([
      '20270101003000',
      '20270101004000',
      '20270101005000',
    ]);
    const all = bureau.ask('2061', 'BeginTime=19900101;EndTime=20991231');
    await at.wait(5000);
    expect(all).toMatchObject({ rtn: 1, exe: 1 });
    expect(all.data).toHaveLength(5);
    const empty = bureau.ask('2031', 'BeginTime=20260101000000;EndTime=20260102000000');
    await at.wait(1000);
    expect(empty).toMatchObject({ rtn: 1, exe: 100 });
    for (const cn of ['2021', '2041', '2052', '2062', '3018', '3019', '3020']) {
      const one = bureau.ask(cn, 'PolId=a34004');
      await at.wait(10);
      expect([cn, one.rtn, one.exe]).toEqual([cn, 1, 100]);
    }
  });

  it('a request that comes again is answered again and not done twice', async () => {
    await using at = await ready({
      actions: { '3011': { device: 'air', point: 'zero', value: true } },
    });
    const { bureau } = at;
    const first = bureau.ask('3011', 'PolId=a34004', { qn: '20270101010000123' });
    await at.wait(10);
    expect(first).toMatchObject({ rtn: 1, exe: 1 });
    first.rtn = undefined;
    first.exe = undefined;
    bureau.ask('3011', 'PolId=a34004', { qn: '20270101010000123' });
    await at.wait(10);
    expect(first).toMatchObject({ rtn: 1, exe: 1 });
    expect(at.submitted).toHaveLength(1);
    expect(at.submitted[0]).toMatchObject({
      device: 'air',
      point: 'zero',
      value: true,
      issuer: 'uplink:bureau',
    });
  });

  it('compares clocks and never takes a wrong one', async () => {
    await using at = await ready({ clock: 'compare' });
    const right = at.bureau.ask('1012', 'SystemTime=20270101010001');
    const wrong = at.bureau.ask('1012', 'SystemTime=20270101030000');
    const before = at.clock.mapping();
    await at.wait(10);
    expect([right.exe, wrong.exe]).toEqual([1, 3]);
    expect(at.clock.mapping()).toBe(before);
  });

  it('takes a centre’s time only where nothing better is known and the site says so', async () => {
    await using at = await ready({ clock: 'untrusted' });
    const trusted = at.bureau.ask('1012', 'SystemTime=20270101030000');
    await at.wait(10);
    expect([trusted.exe, at.heard]).toEqual([3, []]);
    const { mono, wall, rate } = at.clock.mapping();
    at.clock.remap({ mono, wall, rate, rank: 'floor', uncertaintyMs: 1e9 });
    const taken = at.bureau.ask('1012', 'SystemTime=20270101030000');
    await at.wait(10);
    expect([taken.exe, at.heard]).toEqual([1, [Date.UTC(2026, 11, 31, 19)]]);
  });
});

describe('whatever a centre asks', () => {
  it('is answered, and nothing of it breaks the station', async () => {
    await using at = await ready();
    const { bureau } = at;
    const random = seeded(20270104);
    const roll = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const codes = [
      1000, 1002, 1011, 1012, 1014, 1061, 1062, 1063, 1064, 2011, 2031, 2041, 2051, 2061, 3011, 3019, 3021,
      4711,
    ];
    const names = [
      'PolId',
      'BeginTime',
      'EndTime',
      'RtdInterval',
      'MinInterval',
      'OverTime',
      'ReCount',
      'SystemTime',
      'NewSK',
      '__proto__',
      'constructor',
      '',
    ];
    const values = [
      '',
      '0',
      '-1',
      '30',
      '1e9',
      '20270101000000',
      '20271399999999',
      '//;,=//',
      '&&',
      '中文',
      'x'.repeat(200),
    ];
    const asked = Array.from({ length: 400 }, () => {
      const items = Array.from({ length: Math.floor(random() * 4) }, () => `${roll(names)}=${roll(values)}`);
      return bureau.ask(String(roll(codes)), items.join(roll([';', ',', ';;'])));
    });
    await at.wait(60_000);
    for (const { rtn, exe, notice } of asked) {
      expect(rtn !== undefined || notice).toBe(true);
      // What was taken has a result; what was refused has none.
      if (rtn === 1) expect(exe).toBeTypeOf('number');
      else expect(exe).toBeUndefined();
    }
    const alive = bureau.ask('1011');
    await at.wait(10);
    expect(alive).toMatchObject({ rtn: 1, exe: 1 });
  });
});

describe('keys', () => {
  const KEY = 'First-Key-16byte';

  it('encrypts data, and takes a new key only encrypted and only one that is one', async () => {
    await using at = await ready({ key: KEY });
    const { bureau } = at;
    const reports = bureau.heard.filter(({ cn }) => /^2/.test(cn));
    expect(reports.length).toBeGreaterThan(4);
    expect(reports.every(({ encrypted }) => encrypted)).toBe(true);
    const published = bureau.ask('1014', `SKCreateTime=20270101010000000,NewSK=${'0'.repeat(16)}`);
    const short = bureau.ask('1014', 'SKCreateTime=20270101010000000,NewSK=short');
    const same = bureau.ask('1014', `SKCreateTime=20270101010000000,NewSK=${KEY}`);
    await at.wait(10);
    expect([published.rtn, short.rtn, same.rtn]).toEqual([2, 2, 2]);
    const next = 'Second-Key-16byt';
    const rotated = bureau.ask('1014', `SKCreateTime=20270101010000000,NewSK=${next}`);
    await at.wait(10);
    expect(rotated).toMatchObject({ rtn: 1, exe: 1 });
    bureau.key = next;
    await at.live(30 * MINUTE);
    expect(bureau.damaged).toBe(0);
    await at.stop();
    at.begin();
    await at.live(30 * MINUTE);
    expect(bureau.damaged).toBe(0);
    expect(bureau.heard.at(-1)).toMatchObject({ encrypted: true });
  });

  it('speaks to nobody with the published key', async () => {
    await using at = await Station.open({ key: '0'.repeat(16) });
    await at.live(HOUR);
    expect(at.bureau.heard).toEqual([]);
    expect(at.states[0]).toBe('uplink bureau cannot encrypt: the key is the published example of the norm');
  });
});
