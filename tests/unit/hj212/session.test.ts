/** Sessions with the environment bureau in virtual time: the ledger by period balances whatever happens between. */
import { describe, expect, it, vi } from 'vitest';
import { HOUR, MINUTE, Station } from './station.ts';

// Real threads and much virtual time: a machine that does other things as well may take its own.
vi.setConfig({ testTimeout: 120_000 });

const periods = (station: Station) => station.books();

describe('reports by period', () => {
  it('brings minute, hour and day data of a day, each once, with values and marks', async () => {
    await using at = await Station.open();
    await at.live(24 * HOUR + 30 * MINUTE);
    const { bureau } = at;
    expect(bureau.damaged).toBe(0);
    expect([...bureau.reports('2051').values()].every(({ times }) => times === 1)).toBe(true);
    expect(bureau.reports('2061').size).toBe(24);
    expect([...bureau.reports('2031').keys()]).toEqual(['20270101000000']);
    const hour = bureau.heard.find(({ cn }) => cn === '2061');
    // 10 ppb SO2 × 64.066/24.45 = 26.2 µg/m³.
    expect(hour?.cp).toBe(
      'DataTime=20270101000000;a34004-Min=35.5,a34004-Avg=35.5,a34004-Max=35.5,a34004-Flag=N;' +
        'a21026-Min=26,a21026-Avg=26,a21026-Max=26,a21026-Flag=N;' +
        'Leq-Data=56.1;LMx-Data=56.1;LMn-Data=56.1',
    );
    expect(hour).toMatchObject({ flag: 9, rf: false, st: '22', mn: at.config.mn });
    const { minute, hour: hours, day } = periods(at);
    expect(hours).toMatchObject({ expected: 24, sent: 24, acknowledged: 24 });
    expect(day).toMatchObject({ expected: 1, sent: 1, acknowledged: 1 });
    expect(minute?.acknowledged).toBe(minute?.expected);
  });
});

/** Every report of the books came at least once, and those of the outage as backlog. */
function balanced(station: Station): void {
  for (const [kind, cn] of [
    ['minute', '2051'],
    ['hour', '2061'],
    ['day', '2031'],
  ] as const) {
    const book = periods(station)[kind];
    expect([kind, (book?.acknowledged ?? 0) + (book?.empty ?? 0)]).toEqual([kind, book?.expected]);
    expect([kind, station.bureau.reports(cn).size]).toEqual([kind, book?.acknowledged]);
  }
}

describe('outages', () => {
  it.each([
    ['13 hours', 13 * HOUR],
    ['7 days', 7 * 24 * HOUR],
  ])('of %s: everything arrives, live data first, backlog marked RF=1', async (_, length) => {
    await using at = await Station.open();
    await at.live(2 * HOUR);
    at.online = false;
    at.bureau.cut();
    await at.live(length, HOUR);
    const { bureau } = at;
    const before = bureau.heard.length;
    const acknowledged = periods(at).hour?.acknowledged ?? 0;
    expect(periods(at).hour?.expected).toBe(acknowledged + length / HOUR);
    // Answers take their time, so that the backlog is not through before live data come.
    bureau.faults.late = 8000;
    at.online = true;
    await at.wait(60_000);
    await at.live(20 * MINUTE);
    const since = bureau.heard.slice(before);
    const live = since.filter(({ rf }) => !rf).map(({ at: time }) => time);
    const backlog = since.filter(({ rf }) => rf).map(({ at: time }) => time);
    expect(backlog.length).toBeGreaterThan(10);
    // New reports leave at once although backlog waits.
    expect(live.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...backlog)).toBeGreaterThan(Math.min(...live));
    bureau.faults.late = 0;
    await at.live(2 * HOUR);
    balanced(at);
    const missed = [...bureau.reports('2061')].filter(([, { again }]) => again > 0).map(([time]) => time);
    expect(missed.length).toBe(length / HOUR);
    expect([missed[0], missed.length]).toEqual(['20270101010000', length / HOUR]);
    expect(bureau.heard.every(({ rf, cn }) => !rf || /^20/.test(cn))).toBe(true);
  });

  it('a restart amid a backlog goes on where the cursor was stored', async () => {
    await using at = await Station.open();
    await at.live(HOUR);
    at.online = false;
    at.bureau.cut();
    await at.live(6 * HOUR, HOUR);
    await at.stop();
    at.begin();
    at.online = true;
    await at.wait(60_000);
    await at.live(HOUR);
    balanced(at);
    expect([...at.bureau.reports('2061').values()].every(({ times }) => times === 1)).toBe(true);
  });
});

describe('amid a backlog', () => {
  it('a history that the bureau asks for comes too, and the books still balance', async () => {
    await using at = await Station.open();
    await at.live(4 * HOUR);
    at.online = false;
    at.bureau.cut();
    await at.live(30 * HOUR, HOUR);
    at.bureau.faults.late = 3000;
    at.online = true;
    await at.wait(60_000);
    const history = at.bureau.ask('2061', 'BeginTime=20270101000000;EndTime=20270101030000');
    await at.live(30 * MINUTE);
    expect(history).toMatchObject({ rtn: 1, exe: 1 });
    expect(history.data).toHaveLength(4);
    at.bureau.faults.late = 0;
    await at.wait(HOUR);
    await at.live(HOUR);
    balanced(at);
  });

  it('what an earlier epoch still has to report is reported, and what it has reported is not', async () => {
    await using at = await Station.open();
    await at.live(3 * HOUR);
    at.online = false;
    at.bureau.cut();
    await at.live(3 * HOUR, HOUR);
    await at.stop();
    await at.renew('test:2');
    at.online = true;
    at.begin();
    await at.live(2 * HOUR);
    await at.wait(60_000);
    await at.live(10 * MINUTE);
    const hours = at.bureau.reports('2061');
    expect([...hours.keys()]).toHaveLength(8);
    expect([...hours.values()].every(({ times }) => times === 1)).toBe(true);
    expect([...hours].filter(([, { again }]) => again > 0).length).toBeGreaterThanOrEqual(3);
  });
});

it('says that the log was replaced under it, so that it is opened anew', async () => {
  await using at = await Station.open();
  await at.live(20 * MINUTE);
  expect(at.source.heads().telemetry).toBeGreaterThan(0);
  await at.renew('test:2');
  expect(() => at.source.heads()).toThrow(/replaced by a new epoch/);
});

describe('a bureau that misbehaves', () => {
  it('answers nothing: the same packet goes again under its QN, then the link is left, and nothing is lost', async () => {
    await using at = await Station.open({ timeout: 5000, resends: 2 });
    at.bureau.faults.silent = true;
    await at.live(HOUR);
    await at.wait(40_000);
    const first = at.bureau.heard.filter(({ qn }) => qn === at.bureau.heard[0]?.qn);
    expect(first).toHaveLength(3);
    expect(new Set(first.map(({ cp }) => cp)).size).toBe(1);
    expect(at.states.some((state) => /no answer \(9014\) within 5 s, tried 3 times/.test(state))).toBe(true);
    at.bureau.faults.silent = false;
    await at.wait(120_000);
    await at.live(HOUR);
    balanced(at);
  });

  it('answers with a wrong check value: that is no answer', async () => {
    await using at = await Station.open();
    await at.live(20 * MINUTE);
    at.bureau.faults.wrongCrc = 2;
    await at.live(20 * MINUTE);
    await at.wait(40_000);
    await at.live(HOUR);
    balanced(at);
    expect([...at.bureau.reports('2051').values()].some(({ times }) => times > 1)).toBe(true);
  });

  it('answers late: a second answer to a packet that went twice is not taken for another one’s', async () => {
    await using at = await Station.open({ timeout: 2000, inFlight: 1 });
    at.bureau.faults.late = 3000;
    await at.live(2 * HOUR);
    await at.wait(120_000);
    balanced(at);
  });

  it('answers byte by byte, and closes the connection again and again', async () => {
    await using at = await Station.open();
    at.bureau.faults.slow = 5;
    at.bureau.faults.closeAfter = 7;
    await at.live(5 * HOUR);
    await at.wait(300_000);
    at.bureau.faults.closeAfter = 0;
    await at.wait(300_000);
    await at.live(HOUR);
    await at.wait(60_000);
    balanced(at);
  });
});
