/** Feeds of others: what becomes of weather, warnings and news, and of what is none. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { isPlainText, plainText } from '../../../../agent/core/content/plain-text.ts';
import { silent } from '../../../../agent/core/log.ts';
import { startContent } from '../../../../agent/sign/content/content.ts';
import { readCapFeed } from '../../../../agent/sign/content/feeds/cap.ts';
import { readJsonFeed } from '../../../../agent/sign/content/feeds/json.ts';
import { seeded } from '../../../support/seeded.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { CITY, iso, START } from './pack.ts';

const SOURCE = { en: 'Weather bureau' };
const SPAN = { issued: iso(START), expires: iso(START + 3_600_000) };
const json = (kind: 'weather' | 'warnings' | 'notices', raw: unknown) =>
  readJsonFeed(kind, Buffer.from(JSON.stringify(raw)), SOURCE);

describe('plain text', () => {
  test.each([
    ['  a \n b\t c ', 'a b c'],
    ['<b>Storm</b><script>x</script>', 'Storm x'],
    ['left \u202eright\u202c', 'left right'],
    ['a\u0000b\u200bc\u00add', 'abcd'],
    ['a \u200b b', 'a b'],
    ['1 < 2 and 3 > 2', '1 < 2 and 3 > 2'],
    ['e\u0301', '\u00e9'],
    [`x${'\u0335'.repeat(30)}`, `x${'\u0335'.repeat(4)}`],
    ['台风蓝色预警', '台风蓝色预警'],
  ])('%j becomes %j', (raw, text) => {
    expect(plainText(raw, 100)).toBe(text);
    expect(isPlainText(text, 100)).toBe(true);
  });

  test('is cut by characters, never within one', () => {
    expect(plainText('abcdef', 4)).toBe('abc…');
    expect(plainText('😀😀😀😀', 3)).toBe('😀😀…');
  });
});

describe('JSON feeds', () => {
  test('weather, with its source', () => {
    expect(json('weather', { ...SPAN, sky: 'rain', temperature: 7.5, low: 3, high: 9, more: 1 })).toEqual({
      ok: true,
      dropped: 0,
      told: {
        weather: {
          source: SOURCE,
          issued: START,
          expires: START + 3_600_000,
          sky: 'rain',
          temperature: 7.5,
          low: 3,
          high: 9,
        },
        warnings: [],
        notices: [],
      },
    });
    expect(json('weather', { ...SPAN, temperature: 999 })).toMatchObject({ ok: false });
    expect(json('weather', { issued: iso(START), expires: iso(START) })).toMatchObject({ ok: false });
  });

  test('entries that are wrong are left out and counted', () => {
    const right = {
      id: 'a',
      colour: 'red',
      event: { en: '<i>Typhoon</i>' },
      text: { en: 'x'.repeat(900) },
      ...SPAN,
    };
    const read = json('warnings', {
      warnings: [right, { ...right, colour: 'green' }, { ...right, event: { en: '\u200b' } }, 7],
    });
    expect(read).toMatchObject({ ok: true, dropped: 3 });
    const [warning] = read.ok ? read.told.warnings : [];
    expect(warning).toMatchObject({ event: { en: 'Typhoon' }, source: SOURCE });
    expect(warning?.text.en).toHaveLength(500);
  });

  test('news and shops; a link that is none makes the entry none', () => {
    const notice = {
      id: 'n',
      kind: 'news',
      title: { en: 'Road closed' },
      url: 'https://x.example/',
      ...SPAN,
    };
    const read = json('notices', { notices: [notice, { ...notice, url: 'javascript:1' }] });
    expect(read).toMatchObject({
      ok: true,
      dropped: 1,
      told: { notices: [{ kind: 'news', source: SOURCE }] },
    });
  });
});

const alert = (change: Readonly<Record<string, string>> = {}, infos?: string) => {
  const of: Readonly<Record<string, string>> = {
    identifier: 'a1',
    sender: 'bureau@example',
    sent: '2027-01-01T08:00:00+08:00',
    status: 'Actual',
    msgType: 'Alert',
    scope: 'Public',
    ...change,
  };
  const head = Object.entries(of).map(([name, text]) => `<${name}>${text}</${name}>`);
  return `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">${head.join('')}${infos ?? info()}</alert>`;
};
function info(change: Readonly<Record<string, string>> = {}, more = ''): string {
  const of: Readonly<Record<string, string>> = {
    language: 'zh-CN',
    event: '台风',
    severity: 'Moderate',
    expires: '2027-01-01T20:00:00-00:00',
    headline: '台风黄色预警信号',
    ...change,
  };
  return `<info>${Object.entries(of)
    .map(([name, text]) => `<${name}>${text}</${name}>`)
    .join('')}${more}</info>`;
}
const cap = (text: string, areas?: readonly string[]) => readCapFeed(Buffer.from(text), SOURCE, areas);
const warnings = (text: string, areas?: readonly string[]) => {
  const read = cap(text, areas);
  if (!read.ok) throw new Error(read.reason);
  return read.told.warnings;
};

describe('CAP 1.2', () => {
  test('an alert in two languages is one warning', () => {
    const english = info({ language: 'en-US', event: 'Typhoon', headline: 'Typhoon yellow' });
    expect(warnings(alert({}, info() + english))).toEqual([
      {
        id: 'cap-0-bureau-example-a1',
        colour: 'yellow',
        event: { 'zh-CN': '台风', 'en-US': 'Typhoon' },
        text: { 'zh-CN': '台风黄色预警信号', 'en-US': 'Typhoon yellow' },
        source: SOURCE,
        issued: START,
        expires: START + 20 * 3_600_000,
      },
    ]);
  });

  test.each([
    ['Minor', 'blue'],
    ['Moderate', 'yellow'],
    ['Severe', 'orange'],
    ['Extreme', 'red'],
  ])('severity %s is %s', (severity, colour) => {
    expect(warnings(alert({}, info({ severity })))[0]?.colour).toBe(colour);
  });

  test('a colour that is named counts before the severity; one that is unknown is none', () => {
    const named = '<parameter><valueName>ColorCode</valueName><value>Red</value></parameter>';
    expect(warnings(alert({}, info({}, named)))[0]?.colour).toBe('red');
    const chinese = '<eventCode><valueName>级别</valueName><value>橙色</value></eventCode>';
    expect(warnings(alert({}, info({}, chinese)))[0]?.colour).toBe('orange');
    expect(warnings(alert({}, info({ severity: 'Unknown' })))).toEqual([]);
  });

  test.each([
    [{ status: 'Test' }],
    [{ status: 'Exercise' }],
    [{ msgType: 'Ack' }],
    [{ scope: 'Private' }],
    [{ sent: 'yesterday' }],
  ])('%j is not for a street', (change) => {
    expect(cap(alert(change))).toMatchObject({ ok: true, dropped: 1, told: { warnings: [] } });
  });

  test('updates and cancels take away what they reference, in a feed in any order', () => {
    const references = 'bureau@example,a1,2027-01-01T08:00:00+08:00';
    const update = alert({ identifier: 'a2', msgType: 'Update', references }, info({ severity: 'Extreme' }));
    const feed = (...all: readonly string[]) =>
      `<feed xmlns="http://www.w3.org/2005/Atom"><entry><content>${all.join('</content></entry><entry><content>')}</content></entry></feed>`;
    expect(warnings(feed(alert(), update)).map(({ colour }) => colour)).toEqual(['red']);
    const cancel = alert({
      identifier: 'a3',
      msgType: 'Cancel',
      references: `${references} bureau@example,a2,x`,
    });
    expect(warnings(feed(cancel, update, alert()))).toEqual([]);
  });

  test('areas: one of the geocodes has to be named', () => {
    const area =
      '<area><areaDesc>Zibo</areaDesc><geocode><valueName>d</valueName><value>370303</value></geocode></area>';
    const text = alert({}, info({}, area));
    expect(warnings(text, ['370303'])).toHaveLength(1);
    expect(warnings(text, ['110000'])).toEqual([]);
    expect(warnings(alert(), ['370303'])).toEqual([]);
  });

  test('without an end it holds for a day', () => {
    expect(warnings(alert({}, info().replace(/<expires>.*<\/expires>/, '')))[0]?.expires).toBe(
      START + 86_400_000,
    );
  });

  test('what is none is refused: other namespaces bring nothing, entities and depth end it', () => {
    expect(cap(alert().replace('cap:1.2', 'cap:1.1'))).toMatchObject({ ok: true, told: { warnings: [] } });
    expect(cap(`<!DOCTYPE a [<!ENTITY x "y">]>${alert()}`)).toMatchObject({ ok: false });
    expect(cap(`${'<a>'.repeat(100)}`)).toMatchObject({ ok: false });
    expect(cap('hello')).toMatchObject({ ok: false });
    expect(cap('')).toMatchObject({ ok: false });
  });
});

test('any bytes at all are read or refused, and what is told is plain text with its source', () => {
  // Every input starts an XML parser or a schema of its own, so these are fewer than elsewhere.
  const inputs = Number(process.env.FUZZ_INPUTS ?? 150_000);
  const random = seeded(20261127);
  const right = [
    Buffer.from(alert()),
    Buffer.from(
      JSON.stringify({
        warnings: [{ id: 'a', colour: 'red', event: { en: 'X' }, text: { en: 'Y' }, ...SPAN }],
      }),
    ),
  ];
  const short = [
    Buffer.from('<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><info>'),
    Buffer.from('{"warnings":[{}]}'),
  ];
  let told = 0;
  for (let i = 0; i < inputs; i += 1) {
    const which = i & 1;
    // Whole documents cost the most; every twentieth input is one.
    const bytes = Buffer.from((i % 20 < 2 ? right : short)[which] ?? '');
    for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes -= 1) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const read =
      which === 0 ? readCapFeed(bytes, SOURCE, undefined) : readJsonFeed('warnings', bytes, SOURCE);
    if (!read.ok) continue;
    for (const { event, text, source } of read.told.warnings) {
      told += 1;
      if (source !== SOURCE) throw new Error('no source');
      for (const one of [...Object.values(event), ...Object.values(text)]) {
        if (!isPlainText(one, 500)) throw new Error(`not plain: ${JSON.stringify(one)}`);
      }
    }
  }
  expect(told).toBeGreaterThan(inputs / 1000);
}, 60_000);

test('a feed is asked over TLS, shown with its source, kept while it is silent, and leaves when it expires', async () => {
  const tls = (name: string) =>
    readFileSync(new URL(`../../../vectors/tls/${name}`, import.meta.url), 'utf8');
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-feeds-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(dir, { recursive: true }));
  let up = true;
  const server = createServer({ key: tls('broker-key.pem'), cert: tls('broker.pem') }, (_, response) => {
    if (up) response.writeHead(200).end(JSON.stringify({ ...SPAN, sky: 'snow' }));
    else response.writeHead(503).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const clock = new VirtualClock(START);
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/weather`;
  const feed = {
    id: 'cma',
    kind: 'weather',
    form: 'json',
    url,
    ca: tls('ca.pem'),
    every: 600_000,
    source: SOURCE,
  } as const;
  const content = stack.use(
    await startContent({
      config: { keys: [CITY.key], https: [], media: { budget: 1e6 }, feeds: [feed], measured: [] },
      site: 'street',
      agent: 'pole-1',
      timezone: 'UTC',
      state: dir,
      displays: ['stop-1'],
      clock,
      log: silent,
      hub: { event: () => {} },
    }),
  );
  const weather = () => content.shown('stop-1').weather;
  await vi.waitFor(() => expect(weather()).toMatchObject({ sky: 'snow', source: SOURCE }), {
    timeout: 15_000,
  });
  up = false;
  await vi.waitFor(
    async () => {
      await clock.advance(60_000);
      expect(content.health().find(({ part }) => part === 'content:feed-cma')?.state).toBe('degraded');
    },
    { timeout: 15_000, interval: 5 },
  );
  const expired = clock.mapping().wall + clock.mono() - clock.mapping().mono >= START + 3_600_000;
  expect(weather() === undefined).toBe(expired);
  await clock.advance(3_600_000);
  expect(weather()).toBeUndefined();
});
