/** From arrivals, alerts and content to a board: order, names, clocks, and what is left out. */
import { beforeAll, describe, expect, test } from 'vitest';
import { zoneOffset } from '../../../../agent/core/time/zone.ts';
import { clockOf } from '../../../../agent/sign/screen/board-of.ts';
import { Names, type Romaniser, romaniser } from '../../../../agent/sign/screen/names.ts';
import { isQuiet } from '../../../../agent/sign/screen/quiet.ts';
import { boardIn } from '../../../support/sign-states.ts';
import { alert, arrivals, CONTENT, HERE, line, MORNING, row, rows } from '../../../support/sign-street.ts';

let romanise: Romaniser;
beforeAll(async () => {
  romanise = await romaniser();
});

const board = (change: Parameters<typeof boardIn>[0]['change']) =>
  boardIn({ name: 'x', change }, ['zh-CN', 'en'], romanise);

describe('a board', () => {
  test('keeps the order of the timetable for six lines, and puts the soonest first beyond', () => {
    const six = board({ arrivals: arrivals({ lines: [4, 2, 0, 1, 3].map((i) => line(i)) }) });
    expect(six.lines.map(({ badge }) => badge)).toEqual(['7', '20', '58', 'K126', '93']);
    const many = Array.from({ length: 8 }, (_, i) => i);
    const soonest = board({
      arrivals: arrivals({
        lines: many.map((i) => ({ ...line(i % 6), line: `M${i}`, lineName: { text: `${i}` } })),
        rows: many.map((i) => ({ ...row(i % 6, 20 - i), line: `M${i}` })),
      }),
    });
    expect(soonest.lines.map(({ badge }) => badge)).toEqual(['7', '6', '5', '4', '3', '2', '1', '0']);
  });

  test('counts a held row down from the minute that is shown', () => {
    const held = board({
      arrivals: arrivals({ rows: [row(0, 3, { minutes: 3, due: MORNING + 4.5 * 60_000 })] }),
    });
    const dueIn = held.lines[0]?.arrivals[0]?.dueIn ?? 0;
    expect(Math.floor(dueIn / 60_000)).toBe(3);
  });

  test('tells alerts of this stop and its lines, not of others, and of a line that does not call here any more', () => {
    const told = board({
      alerts: [
        alert('network', { informed: [] }),
        alert('line', { informed: [{ line: 'L7' }] }),
        alert('gone', { informed: [{ line: 'L99', stop: HERE }], severity: 'severe' }),
        alert('elsewhere', { informed: [{ stop: 'other' }] }),
        alert('other-line', { informed: [{ line: 'L99' }] }),
        alert('over', { active: [{ to: MORNING - 1 }] }),
        alert('later', { active: [{ from: MORNING + 1 }] }),
      ],
    });
    expect(told.alerts.map(({ id }) => id)).toEqual(['gone', 'line', 'network']);
    expect(told.alerts[0]).toMatchObject({ scope: 'stop', lines: ['L99'] });
    expect(told.lines[0]?.alerts).toEqual(['line']);
  });

  test('has no time of day and no end while the time is not trusted', () => {
    const lost = board({
      arrivals: arrivals({ clock: 'untrusted', rows: rows() }),
      alerts: [alert('a')],
      content: CONTENT,
    });
    expect(lost.clock).toBeUndefined();
    expect(JSON.stringify(lost)).not.toMatch(/"\d\d:\d\d"/);
    expect(lost.alerts[0]?.endsIn).toBeUndefined();
  });

  test('knows a day ahead when clocks change', () => {
    const offset = zoneOffset('Europe/Berlin');
    const evening = Date.UTC(2026, 9, 24, 20, 0);
    const clock = clockOf(evening, offset);
    expect(clock).toMatchObject({ offset: 7_200_000, offsetThen: 3_600_000 });
    expect(evening + (clock.changeIn ?? 0)).toBe(Date.UTC(2026, 9, 25, 1, 0));
    expect(clockOf(MORNING, zoneOffset('Asia/Shanghai'))).toEqual({ wall: MORNING, offset: 8 * 3_600_000 });
  });

  test('is quiet over midnight', () => {
    const at = (hour: number) => hour * 3_600_000;
    const night = { from: 22 * 60 + 30, to: 330 };
    expect([at(22), at(23), at(3), at(5.4), at(6)].map((local) => isQuiet(night, local))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(isQuiet(undefined, at(3))).toBe(false);
  });
});

describe('names', () => {
  const names = (table = {}) => new Names(['zh-CN', 'en'], romanise, table);

  test('come from the feed, then the table of the site, then the sounds', () => {
    expect(names().of({ text: '火车东站', translations: { en: 'East Station' } })).toEqual({
      main: '火车东站',
      second: 'East Station',
    });
    expect(
      names({ 火车东站: 'Railway Station East' }).of({
        text: '火车东站',
        translations: { en: 'East Station' },
      }).second,
    ).toBe('Railway Station East');
    expect(names().of({ text: '重庆路' })).toMatchObject({ second: 'Chongqing Lu', romanised: true });
    expect(names().of({ text: '长途汽车总站' }).second).toMatch(/^Changtu Qiche Zong ?[Zz]han$/);
  });

  test('of a sign in English alone are English', () => {
    const english = new Names(['en'], undefined);
    expect(english.of({ text: '火车东站', translations: { en: 'East Station' } })).toEqual({
      main: 'East Station',
    });
    expect(english.of({ text: 'Main St' })).toEqual({ main: 'Main St' });
  });

  test('of tags that are near enough are taken', () => {
    expect(names().texts({ 'zh-Hans': '通知', 'en-GB': 'Notice' })).toEqual({
      main: '通知',
      second: 'Notice',
    });
    expect(names().texts({ fr: 'Avis' })).toEqual({ main: 'Avis' });
  });
});
