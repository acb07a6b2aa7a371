/** Seeded noise and damaged lines into the answers of modems: a million by default. `FUZZ_INPUTS` and `FUZZ_SEED` as in the other fuzz tests. */
import { expect, it } from 'vitest';
import { decode } from '../../../drivers/index.ts';
import * as answers from '../../../drivers/modem/answers.ts';
import { finalOf, LineScanner, LONGEST } from '../../../drivers/modem/lines.ts';

const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
const SEED = Number(process.env.FUZZ_SEED ?? 20270103);
const LIMIT = 60_000 + INPUTS / 10;
const LINES = [
  '+QENG: "servingcell","NOCONN","LTE","FDD",216,70,127328,189,476,1,3,3,D17,-104,-9,-77,18,-,-,-',
  '+CPSI: LTE,Online,404-45,0x21F9,322642,453,EUTRAN-BAND40,39275,4,4,-168,-1126,-773,7',
  '^HCSQ: "LTE",54,44,161,28',
  '^DSFLOWQRY:00000000,0000000000000000,0000000000000000,00003BF9,000000000013A9E6,0000000000F79A1C',
  '+CEREG: 2,1,"0017","01A2D001",7',
  '+COPS: 0,0,"City",7',
  '+CESQ: 99,99,255,255,20,49,1,2,3',
  '+CSQ: 21,99',
  '+QGDCNT: 3832,4618',
  '+QCSQ: "LTE",52,-81,195,-10',
  '+CEER: text, more',
  '+CME ERROR: 10',
] as const;
const EXPLAIN = [
  ...[
    answers.csq,
    answers.cesq,
    answers.cops,
    answers.cereg,
    answers.iccid,
    answers.cgsn,
    answers.cpin,
    answers.ceer,
  ],
  ...[
    answers.cpsi,
    answers.hcsq,
    answers.qgdcnt,
    answers.dsflowqry,
    answers.qeng('dB'),
    answers.qeng('fifths'),
  ],
  answers.qcsq('dB'),
];
/** What no modem can mean. */
const LIMITS: Readonly<Record<string, readonly [number, number]>> = {
  sent: [-1e16, 1e16],
  received: [-1e16, 1e16],
};

/** xorshift32: 0..n−1. */
function dice(seed: number): (n: number) => number {
  let state = seed | 0 || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

function damaged(roll: (n: number) => number): string {
  const line = [...(LINES[roll(LINES.length)] ?? '')];
  for (let i = roll(4); i > 0; i--) {
    const at = roll(line.length + 1);
    const how = roll(3);
    if (how === 0) line[at] = String.fromCharCode(roll(256));
    else if (how === 1) line.splice(at, 1 + roll(5));
    else line.splice(at, 0, ',"-0x9'[roll(6)] ?? '', String.fromCharCode(32 + roll(95)));
  }
  return line.join('');
}

it('never throws, and tells only texts, finite numbers or nothing', { timeout: LIMIT }, () => {
  const roll = dice(SEED);
  const scanner = new LineScanner();
  let told = 0;
  for (let i = 0; i < INPUTS; i++) {
    const text =
      roll(5) === 0
        ? String.fromCharCode(...Array.from({ length: roll(24) }, () => roll(256)))
        : damaged(roll);
    for (const line of scanner.push(Buffer.from(`${text}\r`, 'latin1'))) {
      if (line.length > LONGEST) throw new Error('too long');
      finalOf(line);
      const fields = EXPLAIN[i % EXPLAIN.length]?.([line]) ?? {};
      for (const [name, value] of Object.entries(fields)) {
        if (value === null || typeof value === 'string') continue;
        const [low, high] = LIMITS[name] ?? [-1e16, 1e16];
        if (typeof value !== 'number' || !(value >= low && value <= high))
          throw new Error(`${name} ${value}: ${line}`);
        told++;
      }
    }
    if (i % 30 === 0) {
      const answer = decode('at', text);
      if (!answer.ok && answer.error === '') throw new Error('no reason');
    }
  }
  expect(told).toBeGreaterThan(INPUTS / 100);
  expect(scanner.push(Buffer.from('\r\nOK\r\n'))).toEqual(['OK']);
});
