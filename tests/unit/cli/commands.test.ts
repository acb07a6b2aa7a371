/** The command line by its real process: answers, exit codes, sentences instead of stacks. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allCommands } from '../../../agent/cli/reference.ts';
import { SiteFolder, STREET } from '../config/site-folder.ts';
import { kerbside } from './kerbside.ts';

const folder = new SiteFolder();
const cwd = folder.dir;
const WRONG = STREET.replace('address: 1', 'address: 1\n    every: 10');
const SECRET = `${STREET}uplinks: [{ id: city, mqtt: { url: "mqtt://127.0.0.1", username: u, password: "\${env:CITY_PASSWORD}" } }]\n`;

beforeAll(() => {
  folder.write('site.yaml', STREET);
  folder.write('wrong.yaml', WRONG);
  folder.write('secret.yaml', SECRET);
});
afterAll(() => folder[Symbol.dispose]());

describe('kerbside', () => {
  test('lists its commands, those that there are and no others', async () => {
    const { code, out } = await kerbside(['--help']);
    expect(code).toBe(0);
    const names = [...out.matchAll(/^ {2}([a-z]+) .*$/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help');
    expect(names).toEqual(expect.arrayContaining(['run', 'check', 'config']));
    // Their pages are looked at one by one, without a process each, in help.test.ts.
    expect(names).toEqual((await allCommands()).commands.map((command) => command.name()));
  }, 120_000);

  test('help of a command is the page of the command', async () => {
    const [page, help] = await Promise.all([kerbside(['check', '--help']), kerbside(['help', 'check'])]);
    expect(help).toEqual(page);
    expect(help.out).toContain('--without-secrets');
  });

  test('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect(await kerbside(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  test.each([
    [['chek'], "kerbside: unknown command 'chek'\n(Did you mean check?)\n"],
    [['check', '--jsn'], "kerbside: unknown option '--jsn'\n(Did you mean --json?)\n"],
    [['run', '--log-level', 'loud'], "kerbside: option '--log-level <level>' argument 'loud' is invalid."],
  ])('%j is a wrong command line', async (args, expected) => {
    const { code, err, out } = await kerbside(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(expected);
  });
});

describe('kerbside check', () => {
  test('sums up a right site', async () => {
    const { code, out, err } = await kerbside(['check'], { cwd });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^site\.yaml is right: site demo-street, agent pole-0817\n/);
    expect(out).toMatch(
      /line rs485-1 {2}\/dev\/ttyUSB0 9600 8N1 {2}1 device, \d+ points, [\d.]+ % of the line, [\d.]+ requests\/s\n/,
    );
    expect(out).toContain('0 cameras, 0 lamps, 0 uplinks');
  });

  test('tells all problems on stderr', async () => {
    const { code, out, err } = await kerbside(['check', 'wrong.yaml'], { cwd });
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(
      'wrong.yaml:15:5 devices[0].every: expected a time from 50ms to 30d with its unit (ms, s, min, h, d), got 10; write every: 10s\n1 problem; nothing was started\n',
    );
  });

  test('answers in JSON', async () => {
    const right = await kerbside(['check', '--json'], { cwd });
    expect(right.code).toBe(0);
    expect(JSON.parse(right.out)).toMatchObject({
      ok: true,
      lines: [{ id: 'rs485-1', devices: 1, load: expect.any(Number) }],
      devices: [{ id: 'meter-1', profile: 'eastron-sdm630' }],
    });
    const wrong = await kerbside(['check', '--json', 'wrong.yaml'], { cwd });
    expect(wrong.code).toBe(1);
    expect(JSON.parse(wrong.out)).toMatchObject({
      ok: false,
      problems: [{ line: 15, column: 5, path: 'devices[0].every', fix: 'write every: 10s' }],
    });
  });

  test('names a file that is not there', async () => {
    const { code, err } = await kerbside(['check', 'none.yaml'], { cwd });
    expect(code).toBe(1);
    expect(err).toContain('cannot be read: there is no such file; check the name and the folder');
  });

  test('asks for secrets, unless told not to', async () => {
    const { code, err } = await kerbside(['check', 'secret.yaml'], { cwd });
    expect(code).toBe(1);
    expect(err).toContain('the environment variable CITY_PASSWORD is not set');
    expect((await kerbside(['check', 'secret.yaml', '--without-secrets'], { cwd })).code).toBe(0);
  });
});

describe('kerbside config', () => {
  test('shows values with their sources and no secret', async () => {
    const { code, out } = await kerbside(['config', 'show', 'secret.yaml'], {
      cwd,
      env: { CITY_PASSWORD: 'hunter2' },
    });
    expect(code).toBe(0);
    expect(out).toContain('  window: 5s # default\n');
    expect(out).toContain('  - id: meter-1 # secret.yaml:11\n');
    expect(out).not.toContain('hunter2');
  });

  test('refuses to show a wrong file', async () => {
    const { code, err } = await kerbside(['config', 'show', 'wrong.yaml'], { cwd });
    expect(code).toBe(1);
    expect(err).toContain('wrong.yaml:15:5');
  });

  test('gives the JSON Schema', async () => {
    const { code, out } = await kerbside(['config', 'schema']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ type: 'object', additionalProperties: false });
  });
});

describe('kerbside run', () => {
  test('starts nothing with a wrong file', async () => {
    const { code, out, err } = await kerbside(['run', '--site', 'wrong.yaml'], { cwd });
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('1 problem; nothing was started');
  });
});
