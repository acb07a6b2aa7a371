/** The face of every state: what it says, in which order, in both languages. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Board } from '../../../../agent/core/board.ts';
import { faceOf, SILENT } from '../../../../agent/sign/screen/face.ts';
import { type Romaniser, romaniser } from '../../../../agent/sign/screen/names.ts';
import { musts, sayings } from '../../../../agent/sign/screen/sayings.ts';
import { boardIn, STATES } from '../../../support/sign-states.ts';

let romanise: Romaniser;
beforeAll(async () => {
  romanise = await romaniser();
});

function board(name: string, languages: Board['languages'] = ['zh-CN', 'en']): Board {
  const state = STATES.find((one) => one.name === name);
  if (state === undefined) throw new Error(`no state ${name}`);
  return boardIn(state, languages, romanise);
}

const first = (name: string, elapsed = 0) => faceOf(board(name), elapsed).lines[0];

describe('the face', () => {
  test('says minutes, stops and marks of each state', () => {
    expect(first('live')?.times[0]).toMatchObject({
      state: 'live',
      figure: '3',
      unit: { main: '分钟', second: 'min' },
      under: { main: '还有2站', second: '2 stops away' },
    });
    expect(first('approaching')?.times[0]).toMatchObject({
      state: 'approaching',
      words: { main: '即将进站' },
    });
    expect(first('about')?.times[0]).toMatchObject({ state: 'about', mark: { main: '约', second: 'about' } });
    expect(first('stops-away')?.times[0]).toMatchObject({
      figure: '2',
      unit: { main: '站' },
      under: { main: '3分钟前' },
    });
    expect(first('timetable')?.times[0]).toMatchObject({ figure: '08:33', mark: { main: '计划' } });
    expect(first('headway')?.note?.words).toEqual({
      main: '约每8–10分钟一班',
      second: 'About every 8–10 min',
    });
    expect(first('no-data')?.note?.words.main).toBe('暂无实时数据');
    expect(first('night')?.note?.words.main).toBe('首班 05:31');
    expect(first('last-bus')?.lastSoon).toEqual({ main: '末班车 22:04', second: 'Last bus 22:04' });
    expect(faceOf(board('last-bus'), 0).lines[1]?.note?.words.main).toBe('末班已过　明日首班 05:31');
    expect(faceOf(board('alerts'), 0).lines[2]?.note?.words.main).toBe('本站暂不停靠');
  });

  test('has a body of its own for no data, no service and night', () => {
    const kinds = ['live', 'no-data', 'no-service', 'night', 'timetable', 'headway', 'stops-away'].map(
      (name) => faceOf(board(name), 0).headline?.kind,
    );
    expect(kinds).toEqual([undefined, 'no-data', 'no-service', 'night', 'no-data', undefined, undefined]);
  });

  test('tells alerts of the stop first, and of a line that no longer calls here', () => {
    const { notices } = faceOf(board('alerts'), 0);
    expect(notices.slice(0, 3).map(({ id }) => id)).toEqual(['a2', 'a1', 'w1']);
    expect(notices[0]).toMatchObject({ tone: 'severe', title: { main: '本站临时南移80米' } });
    expect(notices[1]?.label.main).toBe('58路');
  });

  test('lets alerts, weather, playlist and takeovers end by themselves', () => {
    const hour = 3_600_000;
    const alerted = board('alerts');
    expect(faceOf(alerted, 2 * hour - 1).weather).toBeDefined();
    expect(faceOf(alerted, 2 * hour).weather).toBeUndefined();
    expect(faceOf(alerted, 3 * hour).notices.map(({ id }) => id)).not.toContain('w1');
    expect(faceOf(alerted, 8 * hour).notices.map(({ id }) => id)).not.toContain('a1');
    const taken = board('takeover');
    expect(faceOf(taken, 0).cover).toMatchObject({ kind: 'takeover', severity: 'emergency' });
    expect(faceOf(taken, hour).cover).toBeUndefined();
  });

  test('says nothing that is a time of day while the clock is not trusted', () => {
    const face = faceOf(board('clock-lost'), 0);
    expect(face.clockLost?.main).toBe('时间校准中');
    expect(JSON.stringify(face)).not.toMatch(/"[^"]*\b\d\d:\d\d\b[^"]*"/);
    expect(face.lines[0]?.times[0]?.figure).toBe('3');
  });

  test('carries its clock over midnight and over the night when summer ends', () => {
    expect(faceOf(board('midnight'), 0)).toMatchObject({ time: '23:58', date: { main: '11月30日 星期一' } });
    expect(faceOf(board('midnight'), 120_000)).toMatchObject({
      time: '00:00',
      date: { main: '12月1日 星期二' },
    });
    expect(faceOf(board('dst-night'), 0).time).toBe('02:58');
    expect(faceOf(board('dst-night'), 120_000).time).toBe('02:00');
  });

  test('marks pinyin as such, and lets a real name stand', () => {
    const [seven, twenty] = faceOf(board('live'), 0).lines;
    expect(seven?.to).toEqual({ main: '火车东站', second: 'East Railway Station' });
    expect(twenty?.to).toEqual({ main: '长途客运中心', second: 'Changtu Keyun Zhongxin', romanised: true });
  });

  test('turns its corner amber and red as data grow old', () => {
    const live = board('live');
    expect([0, 60_000, 180_000].map((elapsed) => faceOf(live, elapsed).updated.tone)).toEqual([
      'good',
      'amber',
      'red',
    ]);
  });

  test('left alone ends with who to call, not with a live minute', () => {
    const live = board('live');
    const silent = SILENT + 1;
    expect(faceOf(live, 30_000, 30_000).notices[0]).toMatchObject({ kind: 'fault', tone: 'severe' });
    for (const minutes of [3, 6, 10, 120]) {
      const face = faceOf(live, minutes * 60_000, silent);
      const shown = face.lines.flatMap(({ times }) => times.map(({ state }) => state));
      expect(shown.filter((state) => state === 'live' || state === 'about')).toEqual([]);
    }
    expect(faceOf(live, 120 * 60_000, silent).cover).toMatchObject({ kind: 'fault' });
    expect(faceOf(live, 120 * 60_000, silent)).toMatchObject({ phone: '0533-12345', device: 'ZB-0817' });
  });

  test('goes without an empty box: no source, no row', () => {
    const face = faceOf(
      boardIn({ name: 'bare', change: { content: undefined, measured: [] } }, ['en'], undefined),
      0,
    );
    expect([face.weather, face.notices, face.media, face.tiles, face.measured]).toEqual([
      undefined,
      [],
      [],
      [],
      [],
    ]);
    expect(face.lines[0]?.to).toEqual({ main: 'East Railway Station' });
  });

  test.each(STATES.map(({ name }) => name))('%s says what it must in both languages', (name) => {
    for (const languages of [
      ['zh-CN', 'en'],
      ['en', 'zh-CN'],
    ] as const) {
      const face = faceOf(board(name, languages), 0);
      const said = sayings(face);
      for (const key of musts(face)) expect(said[key], key).toBeTruthy();
      for (const [key, text] of Object.entries(said))
        expect([key, /\{|undefined|NaN/.test(text)]).toEqual([key, false]);
    }
  });
});
