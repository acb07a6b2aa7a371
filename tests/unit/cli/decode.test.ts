/** `kerbside decode`: single frames and JSON lines. */
import { expect, test } from 'vitest';
import { kerbside } from './kerbside.ts';

// Request of MODBUS Application Protocol V1.1b3 §6.3 framed for a serial line: unit 1, read 2 registers at 0.
const FRAME = '01 03 00 00 00 02 C4 0B';

test('explains a frame, and says no to a damaged one', async () => {
  const right = await kerbside(['decode', 'modbus-rtu', FRAME]);
  expect(right.code).toBe(0);
  expect(right.out).toContain('unit: 1\nfc: 3\naddress: 0\nquantity: 2\n');
  const json = await kerbside(['decode', '--json', 'modbus-rtu', ...FRAME.split(' ')]);
  expect(JSON.parse(json.out)).toMatchObject({ ok: true, unit: 1, fc: 3, quantity: 2 });
  const wrong = await kerbside(['decode', 'modbus-rtu', FRAME.replace('0B', '0C')]);
  expect(wrong.code).toBe(1);
  expect(wrong.out).toContain('ok: false');
});

test('answers every line in order, whatever it is', async () => {
  const input = [
    JSON.stringify({ id: 'a', protocol: 'modbus-rtu', hex: FRAME }),
    'nope',
    JSON.stringify({ id: 'b', protocol: 'modbus-rtu', hex: '01 0' }),
    '',
    JSON.stringify({ id: 3, protocol: 'semaphore', text: 'x', dir: 'up' }),
    JSON.stringify({ id: 'd', hex: FRAME }),
    JSON.stringify({ id: 'e', protocol: 'modbus-rtu' }),
    'null',
  ].join('\n');
  const { code, out } = await kerbside(['decode', '--jsonl'], { input });
  expect(code).toBe(0);
  const answers = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(answers.map(({ id, ok }) => [id, ok])).toEqual([
    ['a', true],
    [null, false],
    ['b', false],
    [3, false],
    ['d', false],
    ['e', false],
    [null, false],
  ]);
  expect(answers.filter(({ ok, error }) => !ok && typeof error !== 'string')).toEqual([]);
});

test('takes a thousand lines in well under 10 s', async () => {
  const line = JSON.stringify({ id: 1, protocol: 'modbus-rtu', hex: FRAME });
  const { out } = await kerbside(['decode', '--jsonl'], { input: `${line}\n`.repeat(1000) });
  expect(out.trim().split('\n')).toHaveLength(1000);
}, 10_000);

test('without a frame the command line is wrong', async () => {
  const { code, err } = await kerbside(['decode', 'modbus-rtu']);
  expect([code, err]).toEqual([2, 'kerbside: give a protocol and a frame, or --jsonl\n']);
});
