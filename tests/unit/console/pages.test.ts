/** The pages as they are sent: hashed, compressed, small, in two languages. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REJECTIONS } from '../../../agent/core/command.ts';
import { REASONS } from '../../../agent/core/reading.ts';
import { openConsole, type TestConsole } from './open-console.ts';

const FOLDER = join(import.meta.dirname, '../../../agent/console');

let console_: TestConsole;
beforeAll(async () => {
  console_ = await openConsole();
});
afterAll(() => console_[Symbol.asyncDispose]());

const addresses = (page: string) =>
  [...page.matchAll(/(?:href|src)="([^"]+)"/g)].flatMap(([, url]) => url ?? []);

describe('the page', () => {
  test('is the same for every address of its router and never kept', async () => {
    const first = await console_.ask('/');
    expect([first.status, first.headers['cache-control']]).toEqual([200, 'no-cache']);
    for (const path of [
      '/points',
      '/points/meter-feeder/voltage',
      '/cameras',
      '/pole',
      '/alarms',
      '/energy',
      '/commands',
      '/access',
    ]) {
      expect((await console_.ask(path)).text).toBe(first.text);
    }
  });

  test('names hashed files that may be kept for ever, and nothing from elsewhere', async () => {
    const { text } = await console_.ask('/');
    const urls = addresses(text);
    expect(urls.length).toBeGreaterThan(10);
    for (const url of urls) {
      expect(url).toMatch(/^\/assets\/[\w.-]+\.[\w-]{12}\.(js|css|svg)$/);
      const { status, headers } = await console_.ask(url);
      expect([url, status]).toEqual([url, 200]);
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(headers['content-type']).toMatch(/^(text\/(javascript|css); charset=utf-8|image\/svg\+xml)$/);
    }
    expect(text).not.toMatch(/<script>|<style|style="|\son\w+="/);
  });

  test('comes compressed, the same in every coding', async () => {
    const [url = ''] = addresses((await console_.ask('/')).text).filter((one) => one.includes('/app.'));
    const plain = await console_.ask(url);
    const zipped = await console_.ask(url, { headers: { 'accept-encoding': 'gzip' } });
    const brotli = await console_.ask(url, { headers: { 'accept-encoding': 'gzip, deflate, br' } });
    expect([zipped.headers['content-encoding'], brotli.headers['content-encoding']]).toEqual(['gzip', 'br']);
    expect(gunzipSync(zipped.bytes).equals(plain.bytes)).toBe(true);
    expect(brotliDecompressSync(brotli.bytes).equals(plain.bytes)).toBe(true);
    expect(plain.headers.vary).toBe('accept-encoding');
  });

  test('loads first with less than 200 kB, chart library included; with all pages it is less than twice that', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const page = await console_.ask('/', { headers });
    const imports = async (url: string) =>
      [...(await console_.ask(url)).text.matchAll(/\/assets\/[\w.-]+\.[\w-]{12}\.js/g)].map(([one]) => one);
    const size = async (urls: Iterable<string>) => {
      let bytes = page.bytes.length;
      for (const url of urls) bytes += (await console_.ask(url, { headers })).bytes.length;
      return bytes;
    };
    const first = new Set(addresses((await console_.ask('/')).text));
    const chart = [...first].find((url) => url.includes('/chart.')) ?? '';
    const library = (await imports(chart)).find((url) => url.includes('/uPlot.')) ?? '';
    expect(library).toMatch(/^\/assets\/uPlot\./);
    first.add(library);
    const all = new Set(first);
    for (const url of all) if (url.endsWith('.js')) for (const one of await imports(url)) all.add(one);
    expect(all.size).toBeGreaterThan(first.size);
    const bytes = await size(first);
    expect(bytes).toBeGreaterThan(30_000);
    expect(bytes).toBeLessThan(200_000);
    expect(await size(all)).toBeLessThan(400_000);
  });

  test('imports nothing by a bare name or without a hash', async () => {
    for (const url of addresses((await console_.ask('/')).text).filter((one) => one.endsWith('.js'))) {
      const { text } = await console_.ask(url);
      for (const [, target] of text.matchAll(/(?:^|[;}\s])(?:import|from)\s*\(?['"]([^'"]+)['"]/g)) {
        expect([url, target]).toEqual([url, expect.stringMatching(/^\/assets\/[\w.-]+\.[\w-]{12}\.js$/)]);
      }
    }
  });
});

describe('texts', () => {
  const locale = (name: string): Record<string, string> =>
    JSON.parse(readFileSync(join(FOLDER, 'locales', `${name}.json`), 'utf8'));
  const en = locale('en');
  const zh = locale('zh-CN');
  const sources = readdirSync(join(FOLDER, 'pages'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(FOLDER, 'pages', file), 'utf8'))
    .join('\n');

  test('are the same in both languages, with the same places to fill', () => {
    expect(Object.keys(zh)).toEqual(Object.keys(en));
    const places = (text: string | undefined) =>
      [...(text ?? '').matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
    for (const key of Object.keys(en)) expect([key, places(zh[key])]).toEqual([key, places(en[key])]);
    for (const [key, text] of [...Object.entries(en), ...Object.entries(zh)])
      expect([key, text]).not.toEqual([key, '']);
  });

  test('cover every reason and every rejection', () => {
    for (const reason of REASONS) expect(en).toHaveProperty([`reason.${reason}`]);
    for (const code of REJECTIONS) expect(en).toHaveProperty([`code.${code}`]);
  });

  test('are all used, and none is asked for that is not there', () => {
    const literal = new Set([...sources.matchAll(/'([a-z_]+\.[a-z_-]+)'/g)].map(([, key = '']) => key));
    const prefixes = [...sources.matchAll(/`([a-z_]+\.)\$\{/g)].map(([, prefix = '']) => prefix);
    const used = (key: string) => literal.has(key) || prefixes.some((prefix) => key.startsWith(prefix));
    expect(Object.keys(en).filter((key) => !used(key))).toEqual([]);
    const asked = [...sources.matchAll(/\bt\('([^']+)'/g)].map(([, key = '']) => key);
    expect(asked.filter((key) => !Object.hasOwn(en, key))).toEqual([]);
  });
});
