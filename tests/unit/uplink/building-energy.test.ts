/** Sessions of building-energy upload against a simulated centre, in virtual time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HeardReport } from '../../../hw-sim/city/energy-centre.ts';
import type { EnergyStyle } from '../../../hw-sim/city/energy-frames.ts';
import { type EnergyStand, energyStand, FUNCTIONS, MINUTE } from './energy-stand.ts';

const HOUR = 60 * MINUTE;
const STYLES: readonly EnergyStyle[] = ['guideline', 'netdau', 'acrel', 'hex-ecb'];

/** Local times of the quarter hours from 08:00 on. */
function quarters(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const local = new Date(Date.UTC(2027, 0, 1, 8) + i * 15 * MINUTE);
    return local.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  });
}

/** Every function has one value for every quarter hour and nothing else. */
function expectWhole({ centre }: EnergyStand, count: number): void {
  const books = centre.books();
  expect([...books.keys()].sort()).toEqual(FUNCTIONS);
  for (const book of books.values()) expect([...book.keys()].sort()).toEqual(quarters(count));
}

const data = ({ centre }: EnergyStand): HeardReport[] =>
  centre.reports.filter(({ kind }) => kind !== 'reply');
const settled = ({ pump, log }: EnergyStand) => [pump.tally().settled, log.heads().meter];

describe.each(STYLES)('a day with a platform of the style %s', (style) => {
  it('logs in, reports every quarter of an hour once, and settles all records', async () => {
    const at = energyStand(style);
    await at.clock.advance(2000);
    await at.live(6 * HOUR);
    expect(at.centre.complaints).toEqual([]);
    expect(at.centre.logins).toBe(1);
    expectWhole(at, 24);
    expect(data(at)).toHaveLength(24);
    expect(data(at).every(({ kind, total }) => kind === 'report' && total === undefined)).toBe(true);
    expect(at.centre.beats).toBeGreaterThan(300);
    const [now, head] = settled(at);
    expect(now).toBe(head);
    await at.stop();
  });
});

describe('what a report says', () => {
  it('has the sequence, the time, codes, and errors in the words of the platform', async () => {
    const at = energyStand('netdau');
    await at.clock.advance(2000);
    await at.live(15 * MINUTE);
    expect(at.centre.reports[0]).toMatchObject({ time: '20270101080000', sequence: '20270101080000000001' });
    expect(at.centre.reports[0]?.values[0]).toEqual({
      meter: '1',
      id: '1',
      coding: '01A00',
      error: '192',
      value: '1000.1',
    });
    expect(at.centre.types).toContain('report');
    await at.stop();
  });

  it('says with the group in type and version 2 where the platform wants that', async () => {
    const at = energyStand('acrel');
    await at.live(15 * MINUTE);
    expect(new Set(at.centre.types)).toEqual(new Set(['id_validate', 'heart_beat', 'data']));
    await at.stop();
  });

  it('tells a missing value as an error, and a value that comes later under its own time', async () => {
    const at = energyStand('guideline');
    await at.live(5 * MINUTE, 5 * MINUTE, 'bad');
    await at.live(10 * MINUTE);
    const [first, second] = data(at);
    expect(first?.values.map(({ error, value }) => [error, value])).toEqual(FUNCTIONS.map(() => ['1', '']));
    expect(first?.time).toBe('20270101080000');
    expect(second?.time).toBe('20270101080500');
    expect(second?.values.every(({ error }) => error === '0')).toBe(true);
    expect(data(at)).toHaveLength(2);
    await at.stop();
  });
});

describe('outages', () => {
  it.each([
    ['13 hours', 13 * HOUR, STYLES],
    ['7 days', 7 * 24 * HOUR, ['guideline']],
  ] as const)(
    'of %s leave no hole and no value twice; live data go first',
    async (_, outage, styles) => {
      for (const style of styles) {
        const at = energyStand(style);
        await at.live(HOUR);
        at.link.cut();
        await at.live(outage, 15 * MINUTE);
        const before = data(at).length;
        // All that is due waits, to the period that has just begun.
        const due = (outage + HOUR) / (15 * MINUTE) + 1;
        expect(at.books()).toMatchObject({
          expected: due * FUNCTIONS.length,
          acknowledged: before * FUNCTIONS.length,
          waiting: (due - before) * FUNCTIONS.length,
        });
        at.link.up = true;
        await at.live(2 * HOUR);
        const count = (3 * HOUR + outage) / (15 * MINUTE);
        expectWhole(at, count);
        expect(data(at)).toHaveLength(count);
        const after = data(at).slice(before);
        const resent = after.filter(({ kind }) => kind === 'continuous');
        // The quarter hours of the outage, and those in which nobody had called yet.
        expect(resent.length).toBeGreaterThanOrEqual(outage / (15 * MINUTE));
        expect(resent.map(({ current }) => current)).toEqual(resent.map((_, i) => i + 1));
        for (const { total, current } of resent) expect(total).toBeGreaterThanOrEqual(current ?? 0);
        expect(resent.at(-1)?.total).toBe(resent.length);
        expect(resent.map(({ time }) => time)).toEqual([...resent.map(({ time }) => time)].sort());
        const [now, head] = settled(at);
        expect(now).toBe(head);
        // The ledger balances: due, sent and acknowledged are the same, but for the period that has just begun.
        const whole = count * FUNCTIONS.length;
        expect(at.books()).toEqual({
          expected: whole + FUNCTIONS.length,
          sent: whole,
          acknowledged: whole,
          empty: 0,
          waiting: FUNCTIONS.length,
          dropped: 0,
        });
        await at.stop();
      }
    },
    60_000,
  );

  it('while the backlog drains, a live report goes out at once', async () => {
    const at = energyStand();
    await at.live(HOUR);
    at.link.cut();
    await at.live(2 * 24 * HOUR, 15 * MINUTE);
    at.link.up = true;
    // A slow line: an acknowledgement takes 4 s, so the backlog takes minutes.
    at.link.delay = 2000;
    await at.clock.advance(2 * MINUTE);
    await at.live(15 * MINUTE);
    const live = at.centre.reports.findIndex(({ kind }, i) => kind === 'report' && i > 4);
    const rest = at.centre.reports.slice(live).filter(({ kind }) => kind === 'continuous');
    expect(live).toBeGreaterThan(0);
    expect(rest.length).toBeGreaterThan(10);
    await at.stop();
  });

  it('a crash repeats at most what was not stored, each under the same sequence', async () => {
    const at = energyStand();
    await at.live(2 * HOUR);
    await at.crash(6);
    await at.live(2 * HOUR);
    const sequences = new Map<string, Set<string>>();
    for (const { time, sequence } of data(at)) {
      sequences.set(time, (sequences.get(time) ?? new Set()).add(sequence));
    }
    for (const [time, of] of sequences) if (time.endsWith('00')) expect([time, of.size]).toEqual([time, 1]);
    for (const book of at.centre.books().values()) {
      expect(quarters(16).filter((time) => !book.has(time))).toEqual([]);
    }
    const [now, head] = settled(at);
    expect(now).toBe(head);
    await at.stop();
  });
});

describe('a centre that misbehaves', () => {
  it('answers no data: the session ends in time with the fix, and all comes after', async () => {
    const at = energyStand();
    at.centre.wrong.mute = 'data';
    await at.live(HOUR);
    expect(at.down[0]).toMatch(
      /link-lost: link to centre:7000 lost: no acknowledgement of report \d+ within 30000 ms/,
    );
    expect(at.pump.tally().settled).toBeLessThan(at.log.heads().meter);
    delete at.centre.wrong.mute;
    await at.live(HOUR);
    expectWhole(at, 8);
    const [now, head] = settled(at);
    expect(now).toBe(head);
    await at.stop();
  });

  it('answers nothing at all: unreachable within the deadline, tried again', async () => {
    const at = energyStand();
    at.centre.wrong.mute = 'all';
    await at.live(5 * MINUTE);
    expect(at.down).toEqual(['broker-unreachable: connection to centre:7000 failed: no login within 10 s']);
    delete at.centre.wrong.mute;
    await at.live(HOUR);
    expect(at.centre.logins).toBe(1);
    await at.stop();
  });

  it.each(['guideline', 'netdau'] as const)(
    'sends wrong checks (%s): nothing is believed, nothing lost',
    async (style) => {
      const at = energyStand(style);
      await at.live(30 * MINUTE);
      at.centre.wrong.wrongCrc = 12;
      await at.live(3 * HOUR);
      expect(at.said.some((line) => /unreadable.*crc/.test(line))).toBe(true);
      expectWhole(at, 14);
      await at.stop();
    },
  );

  it('damages answers of layouts without a check: nothing is believed, nothing lost', async () => {
    const at = energyStand('hex-ecb');
    await at.live(30 * MINUTE);
    at.centre.wrong.wrongCrc = 12;
    await at.live(3 * HOUR);
    expect(at.said.some((line) => /unreadable/.test(line))).toBe(true);
    expectWhole(at, 14);
    await at.stop();
  });

  it('answers late, slowly, or without the sequence: every report is settled by its own answer', async () => {
    for (const wrong of [{ late: 20_000 }, { drip: 20 }, { acks: 'bare' as const }]) {
      const at = energyStand();
      await at.clock.advance(MINUTE);
      Object.assign(at.centre.wrong, wrong);
      await at.live(HOUR);
      expectWhole(at, 4);
      expect(data(at)).toHaveLength(4);
      await at.stop();
    }
  });

  it('answers later than we wait: the report goes again under its sequence, the late word settles nothing else', async () => {
    const at = energyStand();
    await at.live(HOUR);
    at.centre.wrong.late = 31_000;
    await at.live(HOUR);
    delete at.centre.wrong.late;
    await at.live(HOUR);
    expectWhole(at, 12);
    const [now, head] = settled(at);
    expect(now).toBe(head);
    await at.stop();
  });

  it('closes the connection again and again', async () => {
    const at = energyStand();
    for (let i = 0; i < 12; i++) {
      at.centre.wrong.closeAfter = 1 + i;
      await at.live(30 * MINUTE);
    }
    delete at.centre.wrong.closeAfter;
    await at.live(HOUR);
    expectWhole(at, 28);
    await at.stop();
  });

  it('asks for values in the middle of a resend: it gets them, and the resend goes on', async () => {
    const at = energyStand();
    await at.live(HOUR);
    at.link.cut();
    await at.live(13 * HOUR, 15 * MINUTE);
    at.link.up = true;
    at.centre.wrong.askEvery = 7;
    await at.live(HOUR);
    expectWhole(at, 60);
    const replies = at.centre.reports.filter(({ kind }) => kind === 'reply');
    expect(replies.length).toBeGreaterThanOrEqual(7);
    expect(replies.at(-1)?.values).toHaveLength(6);
    await at.stop();
  });

  it('has a wrong clock: it is told on, and no report takes its time', async () => {
    const at = energyStand();
    at.centre.wrong.clockOff = -30 * 24 * HOUR;
    await at.live(HOUR);
    expect(at.times.length).toBeGreaterThan(30);
    expect(at.times[0]).toBeLessThan(Date.UTC(2026, 11, 3));
    expectWhole(at, 4);
    await at.stop();
    const never = energyStand('guideline', { clock: 'never' });
    await never.live(HOUR);
    expect(never.times).toEqual([]);
    await never.stop();
  });

  it('refuses the login: auth-failed with the fix; the next key and secret are tried', async () => {
    const at = energyStand('guideline', { secret: 'another secret' });
    await at.live(5 * MINUTE);
    expect(at.down[0]).toMatch(/auth-failed: login at centre:7000 failed: the centre answered fail/);
    await at.stop();
    const rotated = energyStand('guideline', { secret: 'an old secret', nextSecret: 'a secret of the test' });
    await rotated.live(HOUR);
    expectWhole(rotated, 4);
    await rotated.stop();
  });

  it('speaks with another key: said in words, never taken for an answer', async () => {
    const at = energyStand('guideline', { key: 'another key, 16b' });
    await at.live(5 * MINUTE);
    expect(at.centre.complaints.length).toBeGreaterThan(0);
    expect(at.down.length).toBeGreaterThan(0);
    await at.stop();
  });

  it('sends noise and documents made to harm between its answers', async () => {
    const at = energyStand();
    for (let i = 0; i < 12; i++) {
      at.centre.raw(Uint8Array.from({ length: 40 }, (_, n) => (n * 37 + i) % 256));
      at.centre.raw(Buffer.from('6868161600', 'hex'));
      await at.live(15 * MINUTE);
    }
    expectWhole(at, 12);
    await at.stop();
  });
});

describe('settled by heart-beats', () => {
  it('where a platform acknowledges no reports', async () => {
    const at = energyStand('guideline', { settings: { acknowledge: 'heart-beat' } });
    at.centre.wrong.acks = 'none';
    await at.live(HOUR);
    at.link.cut();
    await at.live(2 * HOUR);
    at.link.up = true;
    await at.live(2 * HOUR);
    expectWhole(at, 20);
    const [now, head] = settled(at);
    expect(now).toBe(head);
    await at.stop();
  });
});

describe('what the centre asks', () => {
  it('sets the period, which outlives the session and the agent', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'kerbside-energy-'));
    try {
      const at = energyStand('guideline', {}, { stateDir: dir });
      await at.live(30 * MINUTE);
      at.centre.setPeriod(5);
      await at.live(30 * MINUTE);
      expect(at.centre.periodAcks).toEqual([5]);
      expect(data(at)).toHaveLength(2 + 6);
      at.centre.hangUp();
      await at.crash();
      await at.live(30 * MINUTE);
      expect(data(at)).toHaveLength(2 + 12);
      await at.stop();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it.each([0, 61, 1.5, 'x'])('refuses a period of %s minutes', async (minutes) => {
    const at = energyStand();
    await at.live(15 * MINUTE);
    at.centre.setPeriod(minutes);
    await at.live(15 * MINUTE);
    expect(at.centre.periodAcks).toEqual([]);
    expect(at.said.some((line) => line.includes('period-refused'))).toBe(true);
    await at.stop();
  });

  it('takes no period for another building, nor where the site forbids it', async () => {
    const at = energyStand();
    await at.live(15 * MINUTE);
    at.centre.setPeriod(5, '310101A065');
    await at.live(15 * MINUTE);
    expect(at.centre.periodAcks).toEqual([]);
    await at.stop();
    const fixed = energyStand('guideline', { periodByCentre: false });
    await fixed.live(15 * MINUTE);
    fixed.centre.setPeriod(5);
    await fixed.live(15 * MINUTE);
    expect(fixed.centre.periodAcks).toEqual([]);
    await fixed.stop();
  });

  it('asks after a start, before anything is read: what the log knows is the answer', async () => {
    const known = {
      kind: 'reading',
      seq: 7,
      device: 'meter-1',
      point: 'energy',
      value: 123.4,
      unit: 'kW.h',
      quality: 'good',
      time: Date.UTC(2026, 11, 31, 23, 50),
      rank: 'ntp',
    } as const;
    const at = energyStand('guideline', {}, { newest: () => [known] });
    await at.clock.advance(MINUTE);
    at.centre.query();
    await at.clock.advance(MINUTE);
    expect(at.centre.reports).toMatchObject([
      { kind: 'reply', time: '20270101075000', values: [{ meter: '1', coding: '01A00', value: '123.4' }] },
    ]);
    await at.stop();
  });

  it('asks for values before there are any, and gets none', async () => {
    const at = energyStand();
    await at.clock.advance(MINUTE);
    at.centre.query();
    await at.clock.advance(MINUTE);
    expect(at.centre.reports).toMatchObject([{ kind: 'reply', values: [] }]);
    await at.stop();
  });
});
