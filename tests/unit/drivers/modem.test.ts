/** The modem driver: answers of real modems, what disturbs a dialogue, and the month over restarts and resets. */
import { afterEach, describe, expect, it } from 'vitest';
import type { DeviceMemory, StreamSession } from '../../../agent/core/driver.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { ClockMapping } from '../../../agent/core/time/clock.ts';
import { decode } from '../../../drivers/index.ts';
import {
  ceer,
  cereg,
  cesq,
  cops,
  cpsi,
  csq,
  dsflowqry,
  hcsq,
  iccid,
  qeng,
} from '../../../drivers/modem/answers.ts';
import modem from '../../../drivers/modem/index.ts';
import { LineScanner, valuesOf } from '../../../drivers/modem/lines.ts';
import { MonthCount, monthOf } from '../../../drivers/modem/month.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { type FakeStream, fakeStream } from './fake-stream.ts';
import { device, profile } from './load.ts';

describe('answers of real modems', () => {
  it('Quectel EM12: capture of 2023 at pastebin.com/2a9WR5hT', () => {
    const line =
      '+QENG: "servingcell","NOCONN","LTE","FDD",216,70,127328,189,476,1,3,3,D17,-104,-9,-77,18,-,-,-';
    const told = { cell: '127328', tac: 'D17', rsrp: -104, rsrq: -9, rssi: -77 };
    expect(qeng('dB')([line])).toEqual({ ...told, sinr: 18 });
    expect(qeng('fifths')([line])).toEqual({ ...told, sinr: -16.4 });
  });
  it('Quectel with 5G beside LTE, in two lines', () => {
    const lines = [
      '+QENG: "servingcell","CONNECT"',
      '+QENG: "LTE","FDD",262,01,1A2D001,310,1300,3,5,5,5B6D,-89,-11,-58,14,9,-,-',
      '+QENG: "NR5G-NSA",262,01,810,-92,19,-11,431070,1,5,0',
    ];
    expect(qeng('dB')(lines)).toMatchObject({ cell: '1A2D001', tac: '5B6D', rsrp: -89, rsrq: -11, sinr: 14 });
  });
  it('Quectel without a network: nothing, never a number', () => {
    const nothing = { cell: null, tac: null, rsrp: null, rsrq: null, rssi: null, sinr: null };
    expect(qeng('dB')(['+QENG: "servingcell","SEARCH"'])).toEqual(nothing);
    expect(qeng('dB')(['+QENG: "servingcell","LIMSRV","LTE","FDD",-,-,-,-,-,-,-,-,-,-,-,-,-'])).toEqual(
      nothing,
    );
  });
  it('SIMCom SIM7600: sample of the manual V1.08', () => {
    const line = '+CPSI: LTE,Online,404-45,0x21F9,322642,453,EUTRAN-BAND40,39275,4,4,-168,-1126,-773,7';
    expect(cpsi([line])).toEqual({
      tac: '21F9',
      cell: '4EC52',
      rsrq: -16.8,
      rsrp: -112.6,
      rssi: -77.3,
      sinr: 7,
    });
    expect(cpsi(['+CPSI: NO SERVICE,Online'])).toMatchObject({ rsrp: null, cell: null });
  });
  it.each([
    ['+CSQ: 31,99', -51],
    ['+CSQ: 0,99', -113],
    ['+CSQ: 99,99', null],
    ['+CSQ: 199,99', null],
    ['+CSQ: 141,99', -75],
    ['+CSQ: ,', null],
  ])('TS 27.007 §8.5 %s', (line, rssi) => expect(csq([line])).toEqual({ rssi }));
  it.each([
    ['+CESQ: 99,99,255,255,20,49', { rsrq: -10, rsrp: -92, sinr: null }],
    ['+CESQ: 99,99,255,255,34,97', { rsrq: -3, rsrp: -44, sinr: null }],
    ['+CESQ: 99,99,255,255,255,255', { rsrq: null, rsrp: null, sinr: null }],
    ['+CESQ: 99,99,255,255,255,255,65,67,70', { rsrq: -11, rsrp: -90, sinr: 11.5 }],
  ])('TS 27.007 §8.69 %s', (line, told) => expect(cesq([line])).toEqual(told));
  it.each([
    [['+COPS: 0,0,"Telekom, DE",7'], { operator: 'Telekom, DE', technology: 7 }],
    [['+COPS: 0'], { operator: null, technology: null }],
  ])('TS 27.007 §7.3 %j', (lines, told) => expect(cops(lines)).toEqual(told));
  it.each([
    [['+CEREG: 2,1,"0017","01A2D001",7'], { registration: 1, tac: '17', cell: '1A2D001' }],
    [['+CEREG: 2,2'], { registration: 2, tac: null, cell: null }],
    // Said by itself, before the answer.
    [
      ['+CEREG: 5,"0018","01A2D002",7', '+CEREG: 2,1,"0017","01A2D001",7'],
      { registration: 1, tac: '17', cell: '1A2D001' },
    ],
    [['+CEREG: 5'], { registration: null, tac: null, cell: null }],
  ])('TS 27.007 §10.1.22 %j', (lines, told) => expect(cereg(lines)).toEqual(told));
  it('Huawei: steps from a floor, hex counters', () => {
    expect(hcsq(['^HCSQ: "LTE",54,44,161,28'])).toEqual({ rssi: -67, rsrp: -97, sinr: 12, rsrq: -6 });
    expect(hcsq(['^HCSQ: "LTE",255,255,255,255'])).toEqual({
      rssi: null,
      rsrp: null,
      sinr: null,
      rsrq: null,
    });
    expect(hcsq(['^HCSQ: "NOSERVICE"'])).toMatchObject({ rsrp: null });
    const flow =
      '^DSFLOWQRY:00000000,0000000000000000,0000000000000000,00003BF9,000000000013A9E6,0000000000F79A1C';
    expect(dsflowqry([flow])).toEqual({ sent: 0x13a9e6, received: 0xf79a1c });
  });
  it('SIM numbers, with padding or without a name', () => {
    expect(iccid(['+QCCID: 89860318740035712345'])).toEqual({ iccid: '89860318740035712345' });
    expect(iccid(['+ICCID: 8986031874003571234F'])).toEqual({ iccid: '8986031874003571234' });
    expect(iccid(['^ICCID: "898603187400357"'])).toEqual({ iccid: null });
  });
  it('the reason of the last drop is a text with commas', () => {
    expect(ceer(['+CEER: EMM detached, cause 12'])).toEqual({ drop: 'EMM detached, cause 12' });
    expect(ceer(['+CEER:'])).toEqual({ drop: null });
  });
  it('decode explains a dialogue', () => {
    expect(decode('at', 'AT+CSQ')).toEqual({ ok: true, command: 'AT+CSQ' });
    expect(decode('at', '\r\n+CSQ: 21,99\r\n\r\nOK\r\n')).toMatchObject({
      ok: true,
      rssi: -71,
      result: 'OK',
    });
    expect(decode('at', '+CME ERROR: 10')).toMatchObject({ ok: true, result: '+CME ERROR: 10' });
    expect(decode('at', 'hello')).toMatchObject({ ok: false });
  });
  it('quoted values hold commas, unended ones end with the line', () => {
    expect(valuesOf('+X: "a,b",1,"c', '+X')?.map(({ text }) => text)).toEqual(['a,b', '1', 'c']);
    expect(valuesOf('+XY: 1', '+X')).toBeUndefined();
  });
  it('a line that never ends is dropped, the next one is heard', () => {
    const scanner = new LineScanner();
    expect(scanner.push(new Uint8Array(5000).fill(65))).toEqual([]);
    expect(scanner.push(Buffer.from('\r\nOK\r\n'))).toEqual(['OK']);
  });
});

interface Play {
  readonly clock: VirtualClock;
  readonly stream: FakeStream;
  readonly readings: Reading[];
  readonly asked: string[];
  last(point: string): Reading | undefined;
  run(ms: number): Promise<void>;
}

const stack: StreamSession[] = [];
afterEach(async () => {
  for (const session of stack.splice(0)) await session[Symbol.asyncDispose]();
});

/** A modem that answers by `answers`; what is not there is an ERROR, undefined is silence. */
async function play(
  stem: string,
  answers: (command: string, stream: FakeStream) => string | undefined,
): Promise<Play> {
  const clock = new VirtualClock();
  const readings: Reading[] = [];
  const asked: string[] = [];
  const stream = fakeStream(clock, (bytes, to) => {
    const command = Buffer.from(bytes).toString('latin1').trim();
    asked.push(command);
    const answer = answers(command, to);
    if (answer !== undefined) to.send(Buffer.from(answer.replaceAll('\n', '\r\n'), 'latin1'));
  });
  const { address: _address, ...config } = device(profile(stem));
  const pending = modem.open(
    { device: config, clock, log: silent },
    stream,
    (all) => readings.push(...all),
    new AbortController().signal,
  );
  for (let i = 0; i < 8; i++) await clock.advance(250);
  stack.push(await pending);
  return {
    clock,
    stream,
    readings,
    asked,
    last: (point) => readings.findLast((reading) => reading.point === point),
    run: async (ms) => {
      for (let passed = 0; passed < ms; passed += 250) await clock.advance(250);
    },
  };
}

const OK = '\nOK\n';
const well = (command: string): string => {
  const info: Readonly<Record<string, string>> = {
    'AT+COPS?': '+COPS: 0,0,"City",7',
    'AT+CESQ': '+CESQ: 99,99,255,255,20,49',
    'AT+CEREG?': '+CEREG: 2,1,"0017","01A2D001",7',
    'AT+CSQ': '+CSQ: 21,99',
    'AT+CCID': '+CCID: 89860318740035712345',
    'AT+CGSN': '867584032112345',
    'AT+CPIN?': '+CPIN: READY',
    'AT+CEER': '+CEER: Regular deactivation',
  };
  return info[command] === undefined ? OK : `\n${info[command]}\n${OK}`;
};

describe('a dialogue', () => {
  it('asks only what is asked for, sets only formats, and tells all', async () => {
    const modem = await play('generic-3gpp-modem', well);
    await modem.run(3000);
    expect(modem.asked.slice(0, 4)).toEqual(['ATE0', 'AT+CMEE=1', 'AT+COPS=3,0', 'AT+CEREG=2']);
    expect(modem.asked.filter((command) => command.includes('=')).length).toBe(3);
    expect(modem.last('operator')).toMatchObject({ value: 'City', quality: 'good' });
    expect(modem.last('rsrp')).toMatchObject({ value: -92, unit: 'dB[mW]', quality: 'good' });
    expect(modem.last('cell')).toMatchObject({ value: '1A2D001' });
    expect(modem.last('drop-reason')).toMatchObject({ value: 'Regular deactivation' });
  });

  it('a refused command makes its points bad, the others go on', async () => {
    const modem = await play('generic-3gpp-modem', (command) =>
      command === 'AT+CESQ' ? '\n+CME ERROR: 4\n' : well(command),
    );
    await modem.run(3000);
    expect(modem.last('rsrp')).toMatchObject({ value: null, quality: 'bad', reason: 'not-available' });
    expect(modem.last('rssi')).toMatchObject({ value: -71, quality: 'good' });
  });

  it('a late answer is never taken for the next one', async () => {
    let held: FakeStream | undefined;
    const modem = await play('generic-3gpp-modem', (command, stream) => {
      if (command !== 'AT+CESQ') return well(command);
      held = stream;
      return undefined;
    });
    await modem.run(4100);
    // Asked after a second; five seconds are over. Now it comes, before the next question is out.
    held?.send(Buffer.from('\r\n+CESQ: 99,99,255,255,20,49\r\n\r\nOK\r\n'));
    await modem.run(4000);
    expect(modem.last('rsrp')).toBeUndefined();
    expect(modem.last('registration')).toMatchObject({ value: 1, quality: 'good' });
    expect(modem.last('rssi')).toMatchObject({ value: -71, quality: 'good' });
  });

  it('what the modem says by itself, an echo and noise are dropped', async () => {
    const modem = await play('generic-3gpp-modem', (command) =>
      command.startsWith('AT+C') && command !== 'AT+CMEE=1'
        ? `${command}\n\nRING\n\n+CEREG: 5,"0018","0002",7\n\x00\xff${well(command)}`
        : well(command),
    );
    await modem.run(3000);
    expect(modem.last('registration')).toMatchObject({ value: 1 });
    expect(modem.last('cell')).toMatchObject({ value: '1A2D001' });
    expect(modem.last('imei')).toMatchObject({ value: '867584032112345' });
  });
});

const at = (text: string) => Date.parse(text);
const whole = { billingDay: 1, timezone: 'Asia/Shanghai', used: 0 };

describe('the month of the tariff', () => {
  it.each([
    ['2027-05-31T15:59:59Z', 1, '2027-05'],
    ['2027-05-31T16:00:00Z', 1, '2027-06'],
    ['2027-06-14T16:00:00Z', 15, '2027-06'],
    ['2027-06-14T15:59:59Z', 15, '2027-05'],
    ['2027-01-01T00:00:00Z', 10, '2026-12'],
  ])('%s with day %d is %s', (time, billingDay, month) => {
    expect(monthOf(at(time), { ...whole, billingDay })).toBe(month);
  });

  it('counts on, begins anew with the month, and takes a counter that began anew', () => {
    const count = new MonthCount(whole, undefined);
    const may = at('2027-05-20T00:00:00Z');
    expect(count.take(1000, may)).toBe(0);
    expect(count.take(5000, may)).toBe(4000);
    expect(count.take(300, may)).toBe(4300);
    expect(count.take(800, undefined)).toBe(4800);
    expect(count.take(900, at('2027-06-02T00:00:00Z'))).toBe(100);
  });

  it('is uncertain until a whole month was seen', () => {
    const count = new MonthCount({ billingDay: 1, timezone: 'Asia/Shanghai' }, undefined);
    expect(count.take(1000, at('2027-05-20T00:00:00Z'))).toEqual({ reason: 'substituted', value: 0 });
    expect(count.take(4000, at('2027-05-21T00:00:00Z'))).toEqual({ reason: 'substituted', value: 3000 });
    expect(count.take(5000, at('2027-06-02T00:00:00Z'))).toBe(1000);
  });

  it('takes what the operator says was used before', () => {
    expect(new MonthCount({ ...whole, used: 812.5 }, undefined).take(7, at('2027-05-20T00:00:00Z'))).toBe(
      812_500_000,
    );
  });

  it('goes on after a restart, with what was used in between', () => {
    let kept: string | undefined;
    const memory: DeviceMemory = {
      read: () => kept,
      save: (text) => {
        kept = text;
      },
    };
    const may = at('2027-05-20T00:00:00Z');
    const before = new MonthCount(whole, memory);
    before.take(1000, may);
    before.take(3_000_000, may);
    // The power goes; the last bytes were not written down, but the modem has counted them.
    before.take(3_400_000, may);
    const after = new MonthCount(whole, memory);
    expect(after.take(4_000_000, may)).toBe(3_999_000);
    after.close();
    expect(JSON.parse(kept ?? '')).toMatchObject({ month: '2027-05', used: 3_999_000 });
    kept = '{"month":3}';
    expect(new MonthCount(whole, memory).take(9, may)).toBe(0);
  });

  it('does not change on a clock that nobody trusts', async () => {
    const clock = new VirtualClock();
    const mapping: ClockMapping = clock.mapping();
    expect(['none', 'floor', 'server', 'gnss', 'ntp']).toContain(mapping.rank);
    const count = new MonthCount(whole, undefined);
    expect(count.take(10, undefined)).toBe(0);
    expect(count.take(20, undefined)).toBe(10);
    // The first known time says which month it was.
    expect(count.take(30, at('2027-05-20T00:00:00Z'))).toBe(20);
    expect(count.take(40, at('2027-06-20T00:00:00Z'))).toBe(10);
  });
});
