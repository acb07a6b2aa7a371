import { describe, expect, it } from 'vitest';
import type { ProfilePoint } from '../../../agent/core/profile.ts';
import { CHECKSUM_KINDS, checksumOf, widthOf } from '../../../drivers/framed/checksum.ts';
import { frameFinder } from '../../../drivers/framed/frame.ts';
import framed from '../../../drivers/framed/index.ts';
import { compile } from '../../../drivers/framed/pattern.ts';
import { optionsSchema } from '../../../drivers/framed/schema.ts';
import { reader } from '../../../drivers/framed/values.ts';
import { FrameScanner } from '../../../drivers/scanner.ts';
import { profile } from './load.ts';

const ascii = (text: string) => Buffer.from(text, 'latin1');

describe('checks', () => {
  // Check values of "123456789" in the catalogue of parametrised CRC algorithms (reveng); sums by hand.
  it.each([
    ['crc16-modbus', 0x4b37],
    ['crc16-arc', 0xbb3d],
    ['crc16-ccitt-false', 0x29b1],
    ['crc16-xmodem', 0x31c3],
    ['crc16-kermit', 0x2189],
    ['crc16-x25', 0x906e],
    ['sum8', 0xdd],
    ['sum8-negative', 0x23],
    ['sum8-inverted', 0x22],
    ['sum16', 0x1dd],
    ['xor8', 0x31],
  ] as const)('%s', (kind, want) => {
    expect(checksumOf(kind, ascii('123456789'))).toBe(want);
    expect(checksumOf(kind, ascii('123456789'))).toBeLessThan(256 ** widthOf(kind));
  });

  it('every kind is among them', () => expect(CHECKSUM_KINDS).toHaveLength(11));
});

describe('expressions', () => {
  it.each([
    ['[^:]*: ?([0-9]+)', 'zone: 12', '12'],
    ['^T=([+-]?[0-9]+)C$', 'T=-12C', '-12'],
    ['(FIRE|FAULT)', 'FIRE zone 1', 'FIRE'],
    ['(?:A|B)[0-9]{2};([^;]*);', 'B12;smoke;', 'smoke'],
    ['火警 ([0-9]{1,4})', '火警 42', '42'],
  ])('%s', (source, text, want) => {
    const found = compile(source);
    expect(found).toMatchObject({ ok: true });
    expect(found.ok ? found.pattern.exec(text)?.[1] : undefined).toBe(want);
  });

  it.each([
    ['(a+)+b', /group that is repeated/],
    ['(a|aa)*', /beginning of another|repeated/],
    ['.*: ([0-9]+)', /both take/],
    ['[0-9]+[0-9]+x', /both take/],
    ['\\s*\\s*x', /both take/],
    ['a?a?a?b', /both take/],
    ['(?=a)b', /look-around/],
    ['(a)\\1', /not known/],
    ['a**', /repetition of a repetition/],
    ['(a)(b)', /more than 1 group/],
    ['[z-a]', /not an expression/],
    ['(a', /without its/],
  ])('%s is refused', (source, reason) => {
    expect(compile(source)).toMatchObject({ ok: false, error: expect.stringMatching(reason) });
  });

  it('takes time that grows with the text and not faster', () => {
    const found = compile('[^:]*:[^;]*;[^,]*,[0-9]+[a-z]*$');
    if (!found.ok) throw new Error(found.error);
    const started = performance.now();
    for (let i = 0; i < 1000; i++)
      found.pattern.test(`${'a'.repeat(340)}:${'b'.repeat(340)};${'1'.repeat(340)}`);
    // 1,000 lines of 1,024 characters; what backtracks would need hours.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('frames', () => {
  it('of marks, fixed length and a check in hex digits', () => {
    const options = optionsSchema.parse(profile('generic-framed-rfid').options);
    const scanner = new FrameScanner(frameFinder(options), 64);
    // 4F ^ 00 ^ 0B ^ AD ^ 01 = E8
    expect(scanner.push(ascii('xx\x024F000BAD01E9\x03\x024F000BAD01E8\x03'))).toHaveLength(1);
    const read = reader(profile('generic-framed-rfid').points, options);
    expect(read(ascii('\x024F000BAD01E8\x03'))).toEqual({ tag: '4F000BAD01' });
  });

  it('of text in GB 18030, with cases', () => {
    const { options: raw, points } = profile('generic-framed-fire-panel');
    const options = optionsSchema.parse(raw);
    // 火警 ZONE 3
    const line = Uint8Array.of(0xbb, 0xf0, 0xbe, 0xaf, 0x20, ...ascii('ZONE 3\r\n'));
    const found = new FrameScanner(frameFinder(options), 256).push(line);
    expect(found).toHaveLength(1);
    expect(reader(points, options)(found[0] ?? line)).toEqual({
      'fire-alarm': true,
      zone: 3,
      message: '火警 ZONE 3',
    });
  });

  it.each([
    ['uint8', -1, 0x84],
    ['int8', -1, -124],
    ['uint16-be', 0, 0x0102],
    ['uint16-le', 0, 0x0201],
    ['int16-le', 2, -31_613],
    ['uint32-be', 0, 0x01028384],
    ['int32-le', 0, -2_071_789_055],
  ] as const)('%s at %d', (type, offset, want) => {
    const point = { id: 'p', type: 'number', wire: { offset, type } } as unknown as ProfilePoint;
    const options = optionsSchema.parse({ frame: { start: '01', length: 4 } });
    expect(reader([point], options)(Uint8Array.of(1, 2, 0x83, 0x84))).toEqual({ p: want });
  });
});

it('a profile that cannot work is refused with the place', () => {
  const of = profile('generic-framed-rfid');
  const [point] = of.points;
  if (point === undefined) throw new Error('no point');
  const wired = (wire: unknown) => framed.checkProfile({ ...of, points: [{ ...point, wire }] });
  expect(framed.checkProfile({ ...of, options: { frame: {} } })[0]?.path).toEqual(['framed', 'frame']);
  expect(wired({ match: '(a+)+' })[0]).toMatchObject({
    path: ['points', 0, 'framed', 'match'],
    message: expect.stringMatching(/^expected an expression that is matched in linear time/),
  });
  expect(wired({})[0]?.message).toMatch(/^expected one of offset, match, cases/);
  expect(wired({ offset: 1, type: 'ascii' })[0]?.message).toMatch(/^expected length/);
  expect(wired({ offset: 1, type: 'uint8', bit: 3 })[0]?.path).toEqual(['points', 0, 'type']);
});
