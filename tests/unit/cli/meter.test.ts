/** `kerbside meter` on an agent that is stopped: its log is all there is. Over a running one: tests/e2e. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dialogue } from '../../../agent/cli/acts/dialogue.ts';
import { guideExchange, parseRatio } from '../../../agent/cli/meter/guide.ts';
import { kerbside } from './kerbside.ts';

const SITE = `
site: { id: my-street, timezone: Asia/Shanghai, position: { lat: 31.23, lon: 121.47, datum: WGS84 } }
agent: { id: pole-1 }
lines: [{ id: rs485-1, port: /dev/nowhere }]
devices: [{ id: feeder, line: rs485-1, profile: eastron-sdm120, address: 1 }]
`;
let dir: string;
const run = (...args: string[]) => kerbside(['meter', ...args], { cwd: dir });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kerbside-meter-'));
  writeFileSync(join(dir, 'site.yaml'), SITE);
  const from = Date.now() - 3_600_000;
  const lines = Array.from({ length: 20 }, (_, i) =>
    JSON.stringify({
      device: 'feeder',
      point: 'energy-import',
      value: 1200 + i / 10,
      time: from + i * 60_000,
    }),
  );
  writeFileSync(join(dir, 'past.jsonl'), lines.join('\n'));
  const { code, err } = await kerbside(['import', 'past.jsonl', '--mark', 'none'], { cwd: dir });
  expect([code, err]).toEqual([0, '']);
}, 30_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('counters, an exchange by flags, the task it leaves, and taking it back', async () => {
  const counters = await run('counters', 'feeder');
  expect(counters.code).toBe(0);
  expect(counters.err).toBe('agent pole-1 is stopped: in its log\n');
  expect(counters.out).toMatch(/energy-import +1201\.9 kW\.h +20/);

  const wrong = await run('exchange', 'feeder', '--closing', 'energy-import=1100', '--by', 'Li Wei');
  expect([wrong.code, wrong.out]).toEqual([1, '']);
  expect(wrong.err).toContain('the old meter cannot end at 1100, it was read at 1201.9 before');
  expect(wrong.err).toContain('write --closing energy-import=1201.9 or more');

  const flags = ['--closing', 'energy-import=1202.5', '--opening', 'energy-import=3', '--new-serial', 'B2'];
  const done = await run('exchange', 'feeder', ...flags, '--ct', '100/5', '--by', 'Li Wei', '--json');
  expect(done.code).toBe(0);
  const exchange = JSON.parse(done.out);
  expect(exchange).toMatchObject({
    device: 'feeder',
    by: 'Li Wei',
    newSerial: 'B2',
    ct: 20,
    registers: { 'energy-import': { closing: 1202.5, opening: 3 } },
    state: 'pending',
  });
  const tasks = await run('tasks');
  expect(tasks.code).toBe(1);
  expect(tasks.out).toContain('energy-import: closed at 1202.5, opened at 3; waits');
  expect((await run('withdraw', exchange.id)).out).toContain('withdrawn');
  expect(await run('tasks')).toMatchObject({ code: 0, out: 'nothing is to be done\n' });
}, 60_000);

test('a calibration by numbers, a ratio, their list; a maintenance window and its end', async () => {
  const cli = (...args: string[]) => kerbside(args, { cwd: dir });
  const made = await cli(
    'calibrate',
    'feeder',
    'voltage-l1',
    '--zero',
    '0=2',
    '--span',
    '230=232.3',
    '--by',
    'Li Wei',
    '--json',
  );
  expect([made.code, JSON.parse(made.out)]).toMatchObject([
    0,
    {
      device: 'feeder',
      point: 'voltage-l1',
      slope: 0.998697351,
      by: 'Li Wei',
      calibration: [
        { reference: 0, raw: 2 },
        { reference: 230, raw: 232.3 },
      ],
    },
  ]);
  expect((await cli('correct', 'feeder', '--ct', '100/5', '--by', 'Li Wei')).out).toMatch(
    /^feeder: CT 20, PT 1 since .* by Li Wei\n$/,
  );
  expect(await cli('correct', 'feeder', 'energy-import', '--offset', '3')).toMatchObject({
    code: 1,
    err: expect.stringContaining('a register has no offset; declare an exchange'),
  });
  expect((await cli('correct', 'feeder', '--list')).out.split('\n')).toHaveLength(3);
  expect(await cli('calibrate', 'feeder', 'voltage-l1')).toMatchObject({
    code: 3,
    err: expect.stringContaining('nobody is there to walk it; give --zero and --span'),
  });
  const begun = await cli('maintenance', 'begin', 'feeder', '--why', 'new CT', '--for', '2h', '--by', 'Zhao');
  expect(begun.out).toMatch(/^feeder: since .* by Zhao, until .*: new CT\n$/);
  expect((await cli('maintenance', 'list', '--json')).out).toContain('"why": "new CT"');
  expect((await cli('maintenance', 'end', 'feeder', '--by', 'Li Wei')).out).toMatch(
    /ended .* by Li Wei: new CT\n$/,
  );
  expect((await cli('maintenance', 'list')).out).toBe('no device is in maintenance\n');
  expect((await cli('maintenance', 'begin', 'feeder', '--why', 'x')).err).toContain(
    'give one of --for 2h and --until',
  );
}, 90_000);

test('mistakes are told, each with its fix', async () => {
  expect(await run('exchange', 'feeder')).toMatchObject({
    code: 3,
    err: expect.stringContaining('give --closing and --opening for energy-import, energy-export'),
  });
  expect(await run('exchange', 'feder', '--closing', 'energy-import=1')).toMatchObject({
    code: 1,
    err: expect.stringContaining('meters are feeder'),
  });
  expect((await run('exchange', 'feeder', '--closing', 'energy-import')).code).toBe(2);
  expect(await run('explain', 'feeder', '--as', 'nothing')).toMatchObject({
    code: 1,
    err: expect.stringContaining('nothing of feeder waits for an explanation'),
  });
}, 60_000);

function scripted(answers: readonly string[]): Dialogue & { readonly asked: string[] } {
  const left = [...answers];
  const asked: string[] = [];
  return {
    asked,
    async ask(question, fallback) {
      asked.push(fallback ? `${question} [${fallback}]` : question);
      const answer = left.shift();
      if (answer === undefined) throw new Error(`asked too much: ${question}`);
      return answer === '' ? (fallback ?? '') : answer;
    },
  };
}

test('the guide goes through the registers, proposes what was read, and declares nothing without a yes', async () => {
  const at = Date.UTC(2027, 0, 1);
  const faces = [
    { device: 'feeder', point: 'energy-import', unit: 'kW.h', decimals: 2, last: { value: 1201.9, at } },
    {
      device: 'feeder',
      point: 'energy-export',
      unit: 'kW.h',
      decimals: 2,
      last: { value: 4, at },
      jump: { id: 'b', before: 70.254, after: 3.5, at },
    },
    { device: 'feeder', point: 'energy-total', unit: 'kW.h' },
  ];
  const answers = ['1202.5', 'three', '3', '', '', 'n', 'A1', '', '100/5', 'none', '', 'Li Wei', 'y'];
  const dialogue = scripted(answers);
  expect(await guideExchange(dialogue, 'feeder', faces, { by: 'root' })).toEqual({
    device: 'feeder',
    by: 'Li Wei',
    oldSerial: 'A1',
    ct: 20,
    registers: {
      'energy-import': { closing: 1202.5, opening: 3 },
      'energy-export': { closing: 70.25, opening: 3.5 },
    },
  });
  expect(dialogue.asked[0]).toBe(
    'energy-import: closing value of the old meter (last read 1201.9 kW.h at 2027-01-01T00:00:00Z) [1201.9]',
  );
  expect(dialogue.asked[4]).toBe('energy-export: opening value of the new meter (read 3.5 kW.h since) [3.5]');
  const no = scripted(['', '', '', '', 'n', '', '', '', '', '', '']);
  expect(await guideExchange(no, 'feeder', faces, { by: 'root' })).toBeUndefined();
});

test('ratios', () => {
  expect(['100/5', '20', '10000:100', '0/5', '5/0', 'x', '-1'].map(parseRatio)).toEqual([
    20,
    20,
    100,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
