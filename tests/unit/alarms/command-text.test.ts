/** Commands for alarms as the text of a point: what they say, and that no text breaks anything. */
import { describe, expect, test } from 'vitest';
import { readCommand } from '../../../agent/control/alarms/command-text.ts';
import { seeded } from '../../support/seeded.ts';

const INPUTS = Number(process.env.FUZZ_INPUTS ?? 200_000);

describe('a command', () => {
  test('is an id, or an object', () => {
    expect(readCommand('acknowledge', ' door ', 'flow:a')).toEqual({
      ok: true,
      request: { act: 'acknowledge', alarm: 'door', by: 'flow:a', person: false },
    });
    expect(
      readCommand('shelve', '{"alarm":"door","by":"Li","note":"works","for_s":60}', 'uplink:city'),
    ).toEqual({
      ok: true,
      request: {
        act: 'shelve',
        alarm: 'door',
        by: 'uplink:city',
        person: true,
        name: 'Li',
        note: 'works',
        duration: 60_000,
      },
    });
  });

  test.each([
    ['', /alarm/],
    ['a door', /alarm/],
    ['{', /JSON/],
    ['[]', /alarm/],
    ['{"alarm":1}', /alarm/],
    ['{"alarm":"door","who":"x"}', /unknown key "who"/],
    ['{"alarm":"door","by":" "}', /by/],
    ['{"alarm":"door","note":1}', /note/],
    ['{"alarm":"door","for_s":-1}', /for_s/],
    ['{"alarm":"door","for_s":1e999}', /for_s/],
    ['x'.repeat(2000), /1024/],
  ])('%s is refused', (text, reason) => {
    const read = readCommand('shelve', text, 'uplink:city');
    expect(read.ok ? '' : read.reason).toMatch(reason);
  });

  test('nobody becomes a person by what a program writes', () => {
    for (const issuer of ['flow:x', 'api:x', 'control:x', 'uplink', 'consoleX', '']) {
      const read = readCommand('acknowledge', '{"alarm":"sos","by":"Li"}', issuer);
      expect(read.ok && read.request.person).toBe(false);
    }
  });
});

test(`${INPUTS} texts: a request that is right, or a reason`, () => {
  const random = seeded(Number(process.env.KERBSIDE_SEED ?? 26));
  const pieces = [
    '{',
    '}',
    '"',
    ':',
    ',',
    '[',
    ']',
    'alarm',
    'by',
    'note',
    'for_s',
    'door',
    '1',
    '-',
    'null',
    '\\u0000',
    '\u2028',
    ' ',
    '__proto__',
    '1e9',
  ];
  for (let i = 0; i < INPUTS; i++) {
    let text = random() < 0.3 ? '{"alarm":"door",' : '';
    for (let n = Math.floor(random() * 12); n > 0; n--) text += pieces[Math.floor(random() * pieces.length)];
    const read = readCommand('shelve', text, 'uplink:city');
    if (read.ok) {
      const { alarm, duration = 1, person, name } = read.request;
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(alarm) || !(duration > 0) || (person && name === undefined)) {
        throw new Error(`wrong request of ${JSON.stringify(text)}`);
      }
    } else if (read.reason === '') throw new Error(`no reason for ${JSON.stringify(text)}`);
  }
});
