/** Outside packets of HJ 212 through `decode`: every figure under its name, and refusals for the right reason. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decode } from '../../../agent/cli/decoders.ts';

interface Case {
  readonly id: string;
  readonly protocol: string;
  readonly dir?: 'up' | 'down';
  readonly hex?: string;
  readonly text?: string;
  readonly decode: Readonly<Record<string, unknown>> | null;
  readonly expect?: string;
  readonly verified: boolean;
}

const cases = ['hj212', 'hj212-2025'].flatMap((name) => {
  const file = join(import.meta.dirname, `../../vectors/${name}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as Case[];
});
const input = ({ text, hex }: Case) => text ?? hex ?? '';
const answerOf = (one: Case) => decode(one.protocol, input(one), one.dir);

it('all are there', () => {
  expect(cases).toHaveLength(68);
});

describe.each(cases)('$id', (one) => {
  it('gives every figure of the source under its name', () => {
    const answer = answerOf(one);
    for (const [name, want] of Object.entries(one.decode ?? {}))
      expect([name, Reflect.get(answer, name)]).toEqual([name, want]);
  });

  it('stands its checks, or is refused for what is wrong with it', () => {
    const answer = answerOf(one);
    if (one.expect !== undefined || !one.verified)
      expect(answer).toMatchObject({ ok: false, error: expect.stringMatching(/^CRC is wrong: /) });
    else expect(answer).toMatchObject({ ok: true });
  });

  it('is refused with its check value changed', () => {
    const bytes =
      one.hex === undefined
        ? Buffer.from((one.text ?? '').replace('\\r\\n', '\r\n'))
        : Buffer.from(one.hex.replaceAll(' ', ''), 'hex');
    if (one.protocol === 'hj212-2025-annexH') return;
    const last = bytes.length - 3;
    bytes[last] = bytes[last] === 0x30 ? 0x37 : 0x30;
    bytes[last - 3] = bytes[last - 3] === 0x31 ? 0x32 : 0x31;
    expect(decode(one.protocol, bytes, one.dir)).toMatchObject({ ok: false });
  });
});
