/** The desk: what a display shows, from when and until when, with and without a clock. */
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { MessageWish } from '../../../../agent/core/content/content.ts';
import { silent } from '../../../../agent/core/log.ts';
import type { AgentEvent } from '../../../../agent/core/record.ts';
import { type RunningContent, startContent } from '../../../../agent/sign/content/content.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { CITY, iso, pack, picture, START, signed, takeover } from './pack.ts';

let dir: string;
let clock: VirtualClock;
let events: AgentEvent[];
let stack: AsyncDisposableStack;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kerbside-desk-'));
  await mkdir(join(dir, 'media'));
  clock = new VirtualClock(START);
  events = [];
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  await stack.disposeAsync();
  rmSync(dir, { recursive: true });
});

async function start(budget = 1e9): Promise<RunningContent> {
  const content = await startContent({
    config: {
      keys: [CITY.key],
      https: [],
      media: { folder: join(dir, 'media'), budget },
      feeds: [],
      measured: [],
    },
    site: 'street',
    agent: 'pole-1',
    timezone: 'Asia/Shanghai',
    state: dir,
    displays: ['stop-1', 'led-1'],
    clock,
    log: silent,
    hub: { event: (event) => void events.push(event) },
  });
  return stack.use(content);
}

const WISH: MessageWish = {
  template: 'delay',
  fields: { line: 7, minutes: 12 },
  priority: 5,
  ttl: 60_000,
  issuer: 'flow:late',
};
const FIRE = {
  id: 'fire',
  priority: 9,
  severity: 'emergency',
  title: { 'zh-CN': '火灾', en: 'Fire' },
  text: { 'zh-CN': '请离开', en: 'Leave the stop' },
  until: iso(START + 3_600_000),
};
const english = (content: RunningContent, display = 'stop-1') =>
  content.shown(display).messages.map(({ texts }) => texts.en);

describe('messages', () => {
  test('a signed template is shown, highest priority first, and leaves when its time is over', async () => {
    const content = await start();
    content.take(signed(pack(1)), 'test');
    expect(content.showMessage(WISH)).toMatchObject({ shown: true });
    content.showMessage({ ...WISH, template: 'road', fields: { road: 'west', why: 'works' }, priority: 7 });
    expect(english(content)).toEqual(['Detour: road works on West Street', 'Line 7 is about 12 min late']);
    await clock.advance(60_000);
    expect(english(content)).toEqual([]);
  });

  test.each([
    [{ template: 'hello' }, 'unknown-template'],
    [{ fields: { line: 7 } }, 'missing-field'],
    [{ display: 'nowhere' }, 'unknown-display'],
    [{ priority: 6 }, 'bad-priority'],
    [{ priority: 0 }, 'bad-priority'],
    [{ ttl: 0 }, 'bad-ttl'],
    [{ ttl: 3_600_001 }, 'bad-ttl'],
    [{ ttl: Number.NaN }, 'bad-ttl'],
  ])('%j is refused: %s', async (change, code) => {
    const content = await start();
    content.take(signed(pack(1)), 'test');
    expect(content.showMessage({ ...WISH, ...change })).toMatchObject({ shown: false, code });
    expect(english(content)).toEqual([]);
  });

  test('one display is one display', async () => {
    const content = await start();
    content.take(signed(pack(1)), 'test');
    content.showMessage({ ...WISH, display: 'led-1' });
    expect([english(content), english(content, 'led-1')]).toEqual([[], ['Line 7 is about 12 min late']]);
  });

  test('the same id replaces; withdrawn is gone; there is an end to how many', async () => {
    const content = await start();
    content.take(signed(pack(1)), 'test');
    content.showMessage({ ...WISH, id: 'a' });
    content.showMessage({ ...WISH, id: 'a', fields: { line: 8, minutes: 3 } });
    expect(english(content)).toEqual(['Line 8 is about 3 min late']);
    expect([content.withdraw('a'), content.withdraw('a')]).toEqual([true, false]);
    for (let i = 0; i < 32; i += 1) expect(content.showMessage(WISH)).toMatchObject({ shown: true });
    expect(content.showMessage(WISH)).toMatchObject({ shown: false, code: 'too-many' });
  });

  test('a template that the city takes back takes its messages along', async () => {
    const content = await start();
    content.take(signed(pack(1)), 'test');
    content.showMessage(WISH);
    content.take(signed(pack(2, { templates: [] })), 'test');
    expect(english(content)).toEqual([]);
  });

  test('messages of the pack come and go by its times', async () => {
    const content = await start();
    const planned = {
      id: 'works',
      template: 'road',
      fields: { road: 'east', why: 'works' },
      priority: 3,
      from: iso(START + 60_000),
      until: iso(START + 120_000),
    };
    content.take(signed(pack(1, { messages: [planned] })), 'test');
    expect(english(content)).toEqual([]);
    await clock.advance(60_000);
    expect(english(content)).toEqual(['Detour: road works on East Street']);
    await clock.advance(60_000);
    expect(english(content)).toEqual([]);
  });

  test('listeners are told when something begins or ends, and not otherwise', async () => {
    const content = await start();
    let told = 0;
    content.onChange(() => {
      told += 1;
    });
    content.take(signed(pack(1)), 'test');
    const before = told;
    await clock.advance(10_000);
    expect(told).toBe(before);
    content.showMessage(WISH);
    expect(told).toBeGreaterThan(before);
  });
});

describe('takeovers', () => {
  test('the highest priority has the board, until its end, and both are told', async () => {
    const content = await start();
    const flood = { ...FIRE, id: 'flood', priority: 5 };
    content.take(signed(takeover(1, [flood, FIRE])), 'test');
    expect(content.shown('stop-1').takeover?.id).toBe('fire');
    expect(content.shown('led-1').takeover?.id).toBe('fire');
    await clock.advance(3_600_000);
    expect(content.shown('stop-1').takeover).toBeUndefined();
    const told = events.map(({ body }) => body.what);
    expect(told).toEqual(['accepted', 'takeover', 'takeover-ended']);
  });

  test('the city ends it by a newer document without it', async () => {
    const content = await start();
    content.take(signed(takeover(1, [FIRE])), 'test');
    content.take(signed(takeover(2, [])), 'test');
    expect(content.shown('stop-1').takeover).toBeUndefined();
  });

  test('without a clock it lasts as long as it was meant to last, restarts included', async () => {
    const floor = () =>
      clock.remap({ mono: clock.mono(), wall: 1e12, rate: 1, rank: 'floor', uncertaintyMs: 1e13 });
    floor();
    const issued = iso(START);
    const brief = { ...FIRE, until: iso(START + 600_000) };
    const first = await start();
    first.take(signed(takeover(1, [brief], { issued })), 'test');
    await clock.advance(400_000);
    expect(first.shown('stop-1').takeover?.id).toBe('fire');
    await stack.disposeAsync();
    stack = new AsyncDisposableStack();
    clock = new VirtualClock(START);
    floor();
    const again = await start();
    expect(again.shown('stop-1').takeover?.id).toBe('fire');
    await clock.advance(190_000);
    expect(again.shown('stop-1').takeover?.id).toBe('fire');
    await clock.advance(70_000);
    expect(again.shown('stop-1').takeover).toBeUndefined();
  });
});

describe('playlists', () => {
  const [one, two] = [picture(5_000, 1), picture(7_000, 2)];
  const list = (version: number, items: readonly unknown[], change = {}) =>
    signed(pack(version, { playlists: [{ id: 'ads', items, ...change }] }));
  const put = ({ bytes, item }: typeof one) => writeFile(join(dir, 'media', `${item.sha256}.png`), bytes);
  const files = (content: RunningContent) =>
    content.shown('stop-1').playlist?.items.map(({ sha256 }) => sha256);
  /** Until all files are here: what sleeps between two tries is let go by the clock, what reads files takes its own time. */
  const settle = async (content: RunningContent) => {
    let done = false;
    void content.settled().then(() => {
      done = true;
    });
    await vi.waitFor(
      async () => {
        await clock.advance(20_000);
        expect(done).toBe(true);
      },
      { timeout: 15_000, interval: 5 },
    );
  };
  /** Until it has been found that files are missing, without letting the clock run. */
  const foundMissing = (content: RunningContent) =>
    vi.waitFor(() => expect(content.health()[0]?.message).toContain('missing'), {
      timeout: 15_000,
      interval: 5,
    });
  const told = (code: string) =>
    vi.waitFor(() => expect(events.some(({ body }) => body.code === code)).toBe(true), {
      timeout: 15_000,
      interval: 5,
    });

  test('play when all of their files are here, and never half', async () => {
    const content = await start();
    await put(one);
    content.take(list(1, [one.item, two.item]), 'test');
    await foundMissing(content);
    expect(files(content)).toBeUndefined();
    await put(two);
    await settle(content);
    expect(files(content)).toEqual([one.item.sha256, two.item.sha256]);
    expect(content.mediaFile(String(one.item.sha256))?.path).toContain(`${one.item.sha256}.png`);
    expect(content.mediaFile('0'.repeat(64))).toBeUndefined();
  });

  test('the ones before play on until then, also over a restart, and their files go a while after', async () => {
    await put(one);
    const content = await start();
    content.take(list(1, [one.item]), 'test');
    await settle(content);
    content.take(list(2, [two.item]), 'test');
    await foundMissing(content);
    expect(files(content)).toEqual([one.item.sha256]);
    await stack.disposeAsync();
    stack = new AsyncDisposableStack();
    await rm(join(dir, 'media', `${one.item.sha256}.png`));
    const again = await start();
    await foundMissing(again);
    expect(files(again)).toEqual([one.item.sha256]);
    await put(two);
    await settle(again);
    expect(files(again)).toEqual([two.item.sha256]);
    await clock.advance(61_000);
    await again.settled();
    expect(await readdir(join(dir, 'content', 'media'))).toEqual([`${two.item.sha256}.png`]);
  });

  test('a file that is not what was signed is refused, and tried again later', async () => {
    const content = await start();
    await writeFile(join(dir, 'media', `${one.item.sha256}.png`), two.bytes.subarray(0, 5_000));
    content.take(list(1, [one.item]), 'test');
    await told('bad-hash');
    expect(files(content)).toBeUndefined();
    await put(one);
    await settle(content);
    expect(files(content)).toEqual([one.item.sha256]);
  });

  test('a file that goes on behind its size is given up, one of another type refused', async () => {
    const content = await start();
    const bent = picture(4_000, 3);
    const jpeg = { ...bent.item, type: 'image/jpeg' };
    await writeFile(join(dir, 'media', `${bent.item.sha256}.jpg`), bent.bytes);
    await writeFile(join(dir, 'media', `${one.item.sha256}.png`), Buffer.alloc(9_000));
    content.take(list(1, [one.item, jpeg]), 'test');
    await told('wrong-size');
    await told('wrong-type');
  });

  test('more than the budget is refused before a byte of it is fetched', async () => {
    const content = await start(6_000);
    await Promise.all([put(one), put(two)]);
    content.take(list(1, [one.item, two.item]), 'test');
    await content.settled();
    expect(events.some(({ body }) => body.code === 'no-room')).toBe(true);
    expect(content.health()[0]).toMatchObject({ part: 'content', state: 'degraded' });
  });

  test('days and hours are local ones, and over midnight belong to the day they begin on', async () => {
    await put(one);
    const content = await start();
    // 2027-01-01 is a Friday; START is 08:00 in Shanghai.
    content.take(list(1, [one.item], { days: [5], hours: [22 * 60, 2 * 60] }), 'test');
    await settle(content);
    const at = async (hour: number) => {
      const now = START + hour * 3_600_000;
      clock.remap({ mono: clock.mono(), wall: now, rate: 1, rank: 'ntp', uncertaintyMs: 1 });
      return files(content) !== undefined;
    };
    expect([await at(0), await at(13.9), await at(14), await at(17.9), await at(18), await at(38)]).toEqual([
      false,
      false,
      true,
      true,
      false,
      false,
    ]);
  });
});
