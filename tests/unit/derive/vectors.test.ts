/** Figures computed by others, through `decode`: indices of both editions of HJ 633, noise statistics. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decode } from '../../../agent/cli/decoders.ts';

interface Case {
  readonly id: string;
  readonly protocol: string;
  readonly text: string;
  readonly decode: Readonly<Record<string, unknown>>;
}

const cases = ['aqi', 'noise'].flatMap((name) => {
  const file = join(import.meta.dirname, `../../vectors/${name}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as Case[];
});

it('all are there', () => {
  expect(cases).toHaveLength(260);
});

describe.each(cases)('$id', ({ id, protocol, text, decode: want }) => {
  it('gives every figure of the source under its name', () => {
    const answer = decode(protocol, text, undefined, { id });
    expect(answer).toMatchObject({ ok: true });
    for (const [name, value] of Object.entries(want))
      expect([name, Reflect.get(answer, name)]).toEqual([name, value]);
  });

  it('takes the edition by name as well as by the id', () => {
    const { standard } = want;
    if (typeof standard !== 'string') return;
    const told = decode(protocol, text, undefined, { standard });
    expect(told).toEqual(decode(protocol, text, undefined, { id }));
    const date = standard === 'HJ633-2012' ? '2026-02-28' : '2026-03-01';
    expect(decode(protocol, text, undefined, { date })).toEqual(told);
    if (!text.startsWith('{')) expect(decode(protocol, `${standard} ${text}`)).toEqual(told);
  });
});
