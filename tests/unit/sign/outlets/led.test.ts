/** The sign on an LED panel: rows that fit, in letters the panel has, kept true by looking at what it shows. */
import { describe, expect, test } from 'vitest';
import type { CommandResult } from '../../../../agent/core/command.ts';
import { isGb2312 } from '../../../../agent/core/content/gb2312.ts';
import { silent } from '../../../../agent/core/log.ts';
import type { Value } from '../../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../../agent/core/record.ts';
import { PanelKeeper } from '../../../../agent/core/sign/panel-keeper.ts';
import {
  cellsOf,
  PANEL_CHARSETS,
  type PanelGeometry,
  panelRows,
  type TextPanel,
} from '../../../../agent/core/sign/text-panel.ts';
import { panelPage, writable } from '../../../../agent/sign/led/page.ts';
import { panelShow } from '../../../../agent/sign/led/show.ts';
import { faceOf } from '../../../../agent/sign/screen/face.ts';
import { boardIn, STATES } from '../../../support/sign-states.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const faceIn = (name: string) => {
  const state = STATES.find((one) => one.name === name);
  if (state === undefined) throw new Error(name);
  return faceOf(boardIn(state, ['zh-CN', 'en'], undefined), 0);
};
const SIZES: readonly (readonly [number, number])[] = [
  [1, 16],
  [2, 24],
  [4, 24],
  [6, 40],
];

describe('rows', () => {
  test.each(STATES.map(({ name }) => name))('%s fits every panel', (name) => {
    const face = faceIn(name);
    for (const [rows, columns] of SIZES) {
      for (const charset of PANEL_CHARSETS) {
        const geometry: PanelGeometry = { rows, columns, charset };
        const { pages } = panelPage(face, geometry, 0);
        for (let page = 0; page < pages; page += 1) {
          const shown = panelPage(face, geometry, page).rows;
          expect(shown.length).toBeGreaterThan(0);
          expect(shown.length).toBeLessThanOrEqual(rows);
          for (const { text, scroll } of shown) {
            if (!scroll) expect(cellsOf(text)).toBeLessThanOrEqual(columns);
            for (const one of text) {
              if (charset === 'gb2312') expect(isGb2312(one), one).toBe(true);
              if (charset === 'ascii') expect(one).toMatch(/^[\x20-\x7e]$/);
            }
          }
        }
      }
    }
  });

  test('times stand at the right and are never what is cut', () => {
    const face = faceIn('live');
    const { rows } = panelPage(face, { rows: 4, columns: 24, charset: 'gb2312' }, 0);
    const [line] = face.lines;
    const time = line?.times[0];
    const written = `${time?.mark?.main ?? ''}${time?.figure ?? ''}${time?.words?.main ?? ''}${time?.unit?.main ?? ''}`;
    expect(rows[0]?.text.endsWith(written)).toBe(true);
    expect(rows[0]?.text.startsWith(line?.badge ?? '?')).toBe(true);
  });

  test('every line has its turn', () => {
    const face = faceIn('live');
    const geometry: PanelGeometry = { rows: 2, columns: 24, charset: 'utf-8' };
    const { pages } = panelPage(face, geometry, 0);
    const all = Array.from({ length: pages }, (_, page) => panelPage(face, geometry, page).rows).flat();
    for (const { badge } of face.lines)
      expect(all.some(({ text }) => text.startsWith(`${badge} `))).toBe(true);
  });

  test('a takeover has the panel to itself', () => {
    const face = faceIn('takeover');
    const { rows, pages } = panelPage(face, { rows: 4, columns: 24, charset: 'utf-8' }, 0);
    expect(pages).toBe(1);
    expect(rows[0]?.text).toContain(face.cover?.title.main.slice(0, 4) ?? '?');
  });

  test('what a panel has no letter for becomes one it has, or a question mark', () => {
    expect(writable('①路 7–8 €', { charset: 'gb2312' })).toBe('①路 7-8 ?');
    expect(writable('７号', { charset: 'ascii' })).toBe('7?');
    expect(writable('a\u202eb', { charset: 'utf-8' })).toBe('a b');
  });
});

describe('a panel that is kept', () => {
  function played() {
    const clock = new VirtualClock();
    const events: AgentEvent[] = [];
    const kept = new Map<string, Value>();
    const writes: string[] = [];
    let up = true;
    let deaf = false;
    const panel: TextPanel = {
      id: 'led-1',
      geometry: { rows: 4, columns: 24, charset: 'gb2312' },
      async write(point, value): Promise<CommandResult> {
        if (!up)
          return { id: 'x', state: 'rejected', code: 'device-unreachable', reason: 'no answer', at: 0 };
        writes.push(point);
        if (!deaf) kept.set(point, value);
        return { id: 'x', state: 'done', readback: value, at: 0 };
      },
      read: (point) => (up ? kept.get(point) : undefined),
    };
    let name = 'live';
    const outlet = new PanelKeeper({
      panel,
      show: () => panelShow(faceIn(name), panel.geometry),
      clock,
      log: silent,
      hub: { event: (event) => void events.push(event) },
    });
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 500) await clock.advance(500);
    };
    return {
      outlet,
      kept,
      writes,
      events,
      pass,
      show: (which: string) => {
        name = which;
      },
      power: (on: boolean) => {
        up = on;
      },
      deafen: (on: boolean) => {
        deaf = on;
      },
      async end() {
        const ended = outlet[Symbol.asyncDispose]();
        await clock.advance(10_000);
        await ended;
      },
    };
  }

  test('gets its own texts, its brightness and the rows, and each change once', async () => {
    const { kept, writes, pass, show, end } = played();
    await pass(3_000);
    expect([...kept.keys()].sort()).toEqual([
      'brightness',
      'loss-after',
      'loss-text',
      'power-up-text',
      'text',
    ]);
    expect(panelRows(String(kept.get('loss-text')))[1]?.text).toBe(faceIn('live').phone);
    const before = writes.length;
    await pass(2_000);
    expect(writes.length).toBe(before);
    show('takeover');
    await pass(1_500);
    expect(writes.slice(before)).toEqual(['text']);
    await end();
  });

  test('is written anew when it comes back, and told of when it shows something else', async () => {
    const { kept, events, pass, power, outlet, end } = played();
    await pass(3_000);
    power(false);
    kept.clear();
    await pass(10_000);
    power(true);
    await pass(12_000);
    expect(kept.get('text')).toBe(outlet.wanted);
    kept.set('text', ' something else');
    await pass(4_000);
    for (let i = 0; i < 40 && events.length === 0; i += 1) {
      kept.set('text', ' something else');
      await pass(1_000);
    }
    expect(events).toMatchObject([{ event: 'content', device: 'led-1', body: { what: 'panel-differs' } }]);
    await pass(8_000);
    expect(kept.get('text')).toBe(outlet.wanted);
    await end();
  });
});
