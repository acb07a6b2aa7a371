/** `kerbside diagnose`: the bytes it takes apart, and the command as a process on real ports. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { damageOf } from '../../../agent/cli/diagnose/damage.ts';
import type { Heard } from '../../../agent/cli/diagnose/ear.ts';
import { type Past, partsOf } from '../../../agent/cli/diagnose/parts.ts';
import { parseUnits, Questions, readRequest, unknownUnit } from '../../../agent/cli/diagnose/question.ts';
import { otherSettings, parseSetting, settingText } from '../../../agent/cli/diagnose/settings.ts';
import { count, emptyTally } from '../../../agent/cli/diagnose/tally.ts';
import { verdict } from '../../../agent/cli/diagnose/verdict.ts';
import { expectedAnswer } from '../../../drivers/modbus/frame.ts';
import * as faults from '../../../hw-sim/faults.ts';
import { portSettings } from '../../../hw-sim/lines/port-settings.ts';
import { loadScenario } from '../../../hw-sim/scenario.ts';
import { siteFile } from '../../../hw-sim/site-file.ts';
import { type StreetParts, startStreet } from '../../../hw-sim/street-parts.ts';
import { seeded } from '../../support/seeded.ts';
import { SiteFolder } from '../config/site-folder.ts';
import { kerbside } from './kerbside.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const past = (request: Uint8Array, answer?: Uint8Array): Past => ({
  request,
  expected: expectedAnswer(request),
  answer,
});
const kinds = (...args: Parameters<typeof partsOf>) => partsOf(...args).map(({ kind }) => kind);

// Modbus over serial line: unit 1, function 3. Check sums as in the frames of tests/vectors.
const REQUEST = readRequest(1, 3, 0, 2);
const ANSWER = bytes('01 03 04 00 06 00 05 DA 31');

describe('parts', () => {
  test('of a plain answer, an echo, and bytes beside it', () => {
    expect(kinds(ANSWER, REQUEST, [])).toEqual(['answer']);
    expect(kinds(Uint8Array.from([...REQUEST, ...ANSWER]), REQUEST, [])).toEqual(['echo', 'answer']);
    expect(kinds(Uint8Array.from([0xff, ...ANSWER, 0, 0x80]), REQUEST, [])).toEqual([
      'stray',
      'answer',
      'stray',
    ]);
  });

  test('an answer to an earlier request is late, not ours', () => {
    const longer = readRequest(1, 3, 0, 4);
    expect(kinds(ANSWER, longer, [past(REQUEST)])).toEqual(['late']);
    expect(kinds(ANSWER, longer, [])).toEqual(['foreign']);
  });

  test('a request that is not ours is another master', () => {
    expect(kinds(readRequest(7, 3, 16, 2), REQUEST, [])).toEqual(['foreign-request']);
    expect(kinds(REQUEST, readRequest(1, 3, 0, 4), [past(REQUEST)])).toEqual(['echo']);
  });
});

describe('damage', () => {
  test('of one bit is told from damage of many', () => {
    for (let i = 0; i < ANSWER.length * 8; i++) {
      const hit = ANSWER.slice();
      hit[i >> 3] = (hit[i >> 3] ?? 0) ^ (1 << (i & 7));
      expect(damageOf(hit, REQUEST), `bit ${i}`).toMatchObject({ oneBit: true, oneByte: true });
    }
    const many = Uint8Array.from(ANSWER, (byte, i) => (i > 2 ? byte & 0x15 : byte));
    expect(damageOf(many, REQUEST)).toMatchObject({ oneBit: false, oneByte: false });
    const last = Uint8Array.from([...ANSWER.slice(0, -1), 0x31 ^ 0xff]);
    expect(damageOf(last, REQUEST)).toMatchObject({ oneBit: false, oneByte: true });
  });

  test('is found between stray bytes', () => {
    const hit = ANSWER.slice();
    hit[4] = 0x16;
    expect(damageOf(Uint8Array.from([0xf0, ...hit, 0]), REQUEST)).toMatchObject({ oneBit: true, extra: 2 });
  });
});

describe('questions', () => {
  test('go on elsewhere where they are refused, and stay where there are values', () => {
    const questions = new Questions(unknownUnit(9));
    expect(questions.long()).toBeUndefined();
    expect([...questions.short().subarray(0, 2)]).toEqual([9, 3]);
    questions.heard(false, { good: true, exception: true });
    expect([...questions.short().subarray(0, 2)]).toEqual([9, 4]);
    questions.heard(false, { good: true, exception: false });
    expect(questions.long()?.[5]).toBe(40);
    questions.heard(true, { good: true, exception: true });
    expect(questions.long()?.[5]).toBe(16);
  });

  test.each([
    ['1-3', [1, 2, 3]],
    ['5, 1,1-2', [5, 1, 2]],
    ['247', [247]],
  ])('units %s', (text, units) => expect(parseUnits(text)).toEqual(units));
  test.each(['', '0', '248', '3-1', 'a', '1-'])('no units: "%s"', (text) =>
    expect(parseUnits(text)).toBeUndefined(),
  );

  test('other settings do not repeat the given one', () => {
    const given = parseSetting(19_200, '8E1');
    if (given === undefined) throw new Error('no setting');
    const texts = otherSettings(given).map(settingText);
    expect(texts).not.toContain('19200 8E1');
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts).toEqual(expect.arrayContaining(['9600 8N1', '19200 8N1', '115200 8N1', '2400 8E1']));
  });
});

test('a hundred thousand random bytes, and frames with random damage, never break it', () => {
  const random = seeded(11);
  const serial = parseSetting(9600, '8N1');
  if (serial === undefined) throw new Error('no setting');
  for (let round = 0; round < 60; round++) {
    const given = emptyTally();
    let at = 0;
    const earlier: Past[] = [];
    for (let i = 0; i < 30; i++) {
      const unit = 1 + Math.floor(random() * 4);
      const request = readRequest(unit, 3 + Math.floor(random() * 2), 0, 1 + Math.floor(random() * 60));
      const junk = Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 256));
      const pieces = [junk, [...request], [...ANSWER], [unit, 3 | (random() < 0.3 ? 0x80 : 0), ...junk]];
      const came = Uint8Array.from(pieces.filter(() => random() < 0.5).flat());
      const parts = partsOf(came, request, earlier);
      expect(parts.flatMap((part) => [...part.bytes])).toEqual([...came]);
      const asked = random() < 0.8 ? { request, sent: at } : {};
      const heard: Heard = {
        serial,
        from: at,
        until: at + 500,
        arrivals: [{ at: at + 20, bytes: came }],
        ...asked,
      };
      at += 500;
      const { answer } = count(given, heard, earlier, random() < 0.2);
      earlier.push(past(request, answer));
    }
    const expected = [1, 2, 3, 4].map(unknownUnit);
    const observed = { serial, expected, known: true, given, others: [], searched: true, interrupted: false };
    expect(verdict(observed).verdict).not.toBe('healthy');
  }
});

describe('the command', () => {
  const folder = new SiteFolder();
  const cwd = folder.dir;
  let street: StreetParts;
  const port = 'ports/rs485-1';

  beforeAll(async () => {
    const scenario = await loadScenario('street');
    street = await startStreet({ scenario, ports: `${cwd}/ports`, broker: false, camera: false });
    folder.write(
      'site.yaml',
      siteFile(street, { broker: 'mqtt://127.0.0.1:1883', console: 8080, nodeRed: 1880, state: './state' }),
    );
  });
  afterAll(async () => {
    await street[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const wire = () => {
    const line = street.lines.get('rs485-1');
    if (line?.kind !== 'serial') throw new Error('no such line');
    return { ...line.port, wire: line.port.wire, path: line.port.path, plan: line.plan };
  };

  test('calls the line of the site healthy, asking what its profiles ask', async () => {
    const { code, out, err } = await kerbside(['diagnose', 'rs485-1', '--site', 'site.yaml'], { cwd });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/\nThe line is healthy: .*\(unit 1\)/);
  }, 90_000);

  test('finds the baud rate that was set wrong', async () => {
    const { wire: line, path, plan } = wire();
    const format = plan.format ?? '8N1';
    using _fault = line.inject(
      faults.otherSettings({ baud: plan.baud, format }, () => portSettings(path, format)),
    );
    const other = plan.baud === 9600 ? '4800' : '9600';
    const { code, out } = await kerbside(['diagnose', port, '--unit', '1-2', '--baud', other, '--json'], {
      cwd,
    });
    expect(code).toBe(1);
    const last = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ verdict: 'wrong-settings', setting: `${other} 8N1` });
    expect(last.findings).toHaveLength(1);
    expect(last.findings[0].says).toContain(`${plan.baud} ${format}, not ${other} 8N1`);
  }, 90_000);

  test('finds another master while it listens, and says so as it hears it', async () => {
    const { wire: line } = wire();
    using _fault = line.inject(faults.secondMaster({ every: 700, units: [1, 2] }));
    const { code, out } = await kerbside(['diagnose', 'rs485-1', '--site', 'site.yaml'], { cwd });
    expect(code).toBe(1);
    expect(out).toMatch(/\nheard \d+ requests of another master\n/);
    expect(out).toContain('\nAnother master asks on this line. (certain)\n');
    expect(out).toContain('  do:   Find the other one');
  }, 90_000);

  test.each([
    [['--unit', '0-9'], 2, 'expected units such as 1-8'],
    [['--format', '9X1'], 2, 'expected such as 8N1'],
    [['--baud', 'fast'], 2, 'expected a baud rate'],
    [['--site', 'site.yaml'], 3, 'there is no serial line ports/none in the site'],
    [[], 3, 'it is not there'],
  ])('refuses %j in a sentence', async (args, exit, text) => {
    const { code, err } = await kerbside(['diagnose', 'ports/none', ...args], { cwd });
    expect([code, err.includes(text) ? text : err]).toEqual([exit, text]);
  });
});
