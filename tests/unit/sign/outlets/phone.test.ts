/** The sign on a phone: what is on the page, in both languages, for eyes and ears, and what the listener puts up with. */
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Board } from '../../../../agent/core/board.ts';
import { silent } from '../../../../agent/core/log.ts';
import { PhoneDoor } from '../../../../agent/sign/phone/door.ts';
import { LARGEST_PAGE, phonePage, STYLE } from '../../../../agent/sign/phone/page.ts';
import { languageOf, type PhoneServer, startPhoneServer } from '../../../../agent/sign/phone/server.ts';
import { type Face, faceOf } from '../../../../agent/sign/screen/face.ts';
import { boardIn, STATES } from '../../../support/sign-states.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const NAMES = STATES.map(({ name }) => name);
const stateOf = (name: string) => {
  const found = STATES.find((one) => one.name === name);
  if (found === undefined) throw new Error(name);
  return boardIn(found, ['zh-CN', 'en'], undefined);
};
const faceIn = (name: string): Face => faceOf(stateOf(name), 0);

describe('the page', () => {
  test.each(NAMES)('%s: short, without script, with nothing unescaped, in both languages', (name) => {
    for (const language of ['zh-CN', 'en'] as const) {
      const page = phonePage(faceIn(name), language, [{ text: 'a <b> & "c"', time: '08:31' }]);
      expect(Buffer.byteLength(page)).toBeLessThan(LARGEST_PAGE);
      expect(page).not.toMatch(/<script|\son[a-z]+=|javascript:/i);
      expect(page).toContain(`<html lang="${language}">`);
      expect(page).toContain('a &#60;b&#62; &#38; &#34;c&#34;');
      const open = [
        ...page.matchAll(/<(section|ul|li|p|nav|main|header|footer|h1|h2|strong|small|a|b|span)\b/g),
      ];
      const shut = [
        ...page.matchAll(/<\/(section|ul|li|p|nav|main|header|footer|h1|h2|strong|small|a|b|span)>/g),
      ];
      expect(open.map(([, one]) => one).sort()).toEqual(shut.map(([, one]) => one).sort());
    }
  });

  test('has a heading for every line and says its time in words', () => {
    const face = faceIn('live');
    const page = phonePage(face, 'zh-CN', []);
    for (const line of face.lines) expect(page).toContain(`${line.badge}路，开往${line.to.main}`);
    expect([...page.matchAll(/<h2>/g)].length).toBeGreaterThanOrEqual(face.lines.length);
    const english = phonePage(face, 'en', []);
    for (const line of face.lines) expect(english).toContain(`Line ${line.badge} to `);
    expect(english).toContain('hreflang="zh-CN"');
  });

  test('a hostile name stays a name', () => {
    const board = stateOf('live');
    const [first, ...rest] = board.lines;
    if (first === undefined) throw new Error('no line');
    const bad: Board = {
      ...board,
      lines: [{ ...first, to: { main: '<img src=x onerror=alert(1)>' } }, ...rest],
    };
    expect(phonePage(faceOf(bad, 0), 'zh-CN', [])).not.toContain('<img');
  });

  test('contrast of the style is 7 : 1 and more, in light and dark', () => {
    const colours = [...STYLE.matchAll(/--bg:(#\w+);--ink:(#\w+);--dim:(#\w+)/g)];
    expect(colours).toHaveLength(2);
    for (const [, bg = '', ink = '', dim = ''] of colours) {
      expect(contrast(bg, ink)).toBeGreaterThan(7);
      expect(contrast(bg, dim)).toBeGreaterThan(7);
    }
  });
});

test.each([
  ['en-GB,en;q=0.9', 'en'],
  ['de, zh-TW;q=0.8', 'zh-CN'],
  ['fr', 'zh-CN'],
  ['', 'zh-CN'],
  [undefined, 'zh-CN'],
])('Accept-Language %j is answered in %s', (wanted, language) => {
  expect(languageOf(wanted, ['zh-CN', 'en'])).toBe(language);
});

describe('the listener', () => {
  let server: PhoneServer | undefined;
  const clock = new VirtualClock();
  afterEach(async () => {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
  });
  const start = async (face = faceIn('live')) => {
    server = await startPhoneServer({
      listen: { host: '127.0.0.1', port: 0 },
      face: () => face,
      spoken: () => [],
      clock,
      log: silent,
    });
    return server.url;
  };

  test('gives one page, under a policy that allows nothing but its own style', async () => {
    const url = await start();
    const answer = await fetch(`${url}/?lang=en`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-language')).toBe('en');
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(await answer.text()).toContain('<!doctype html>');
    expect((await fetch(`${url}/other`)).status).toBe(404);
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(405);
  });

  test('one address gets so many pages, and more when time has passed', async () => {
    const url = await start();
    const ask = async () => (await fetch(url)).status;
    const first: number[] = [];
    for (let i = 0; i < 40; i += 1) first.push(await ask());
    expect(first.filter((status) => status === 200).length).toBe(30);
    expect(first.at(-1)).toBe(429);
    await clock.advance(2_000);
    expect([await ask(), await ask()]).toEqual([200, 429]);
    await clock.advance(3_600_000);
  });

  test('an address that is taken is told with its fix, and had as soon as it is free', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const door = new PhoneDoor({
      listen: { host: '127.0.0.1', port },
      face: () => faceIn('live'),
      spoken: () => [],
      clock,
      log: silent,
    });
    await door.tried();
    expect(door.health()).toMatchObject({
      part: 'sign:phone',
      state: 'down',
      fix: expect.stringContaining('sign.phone'),
    });
    await new Promise((resolve) => taken.close(resolve));
    await vi.waitFor(
      async () => {
        await clock.advance(10_000);
        expect(door.health().state).toBe('ok');
      },
      { timeout: 15_000, interval: 5 },
    );
    expect((await fetch(door.url ?? '')).status).toBe(200);
    await door[Symbol.asyncDispose]();
    expect(door.url).toBeUndefined();
  });

  test('paths of every kind are put up with', async () => {
    const url = new URL(await start());
    const ask = (path: string) =>
      new Promise<number>((resolve, reject) => {
        const asked = request({ host: url.hostname, port: url.port, path }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        });
        asked.on('error', reject);
        asked.end();
      });
    for (const path of ['//', '/%', '/?lang=%ff', '/?lang=en&lang=zh', `/?${'x'.repeat(4000)}`, '/../..']) {
      expect([200, 404]).toContain(await ask(path));
    }
    await clock.advance(3_600_000);
  });

  test('names without end make it say less, not weigh more', async () => {
    const board = stateOf('live');
    const [line] = board.lines;
    if (line === undefined) throw new Error('no line');
    const lines = Array.from({ length: 60 }, (_, i) => ({
      ...line,
      id: `l${i}`,
      to: { main: '长'.repeat(120) },
    }));
    const url = await start(faceOf({ ...board, lines }, 0));
    const page = await (await fetch(url)).text();
    expect(Buffer.byteLength(page)).toBeLessThan(LARGEST_PAGE);
  });
});

/** WCAG 2.2, contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const full = hex.length === 4 ? [...hex.slice(1)].map((one) => one + one).join('') : hex.slice(1);
    const [red = 0, green = 0, blue = 0] = [0, 2, 4]
      .map((at) => Number.parseInt(full.slice(at, at + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}
