/**
 * Seeded noise and damaged frames into the parsers of building-energy upload and GB/T 26875.3, and documents made to
 * harm. `FUZZ_INPUTS` sets how many inputs each parser of what devices send gets (a million by default), `FUZZ_SEED` which.
 * The documents and packets of a centre get a ninth: at up to 15 µs each, a million of every kind would take a minute.
 */
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readAdu } from '../../../agent/codec/gb26875/adu.ts';
import { decoder as fireDecoder } from '../../../agent/codec/gb26875/decode.ts';
import { encodeFrame, FrameStream } from '../../../agent/codec/gb26875/frame.ts';
import { printerRecord } from '../../../agent/codec/gb26875/gst9000.ts';
import { decrypt } from '../../../agent/uplink/building-energy/cipher.ts';
import { decoder as energyDecoder } from '../../../agent/uplink/building-energy/decode.ts';
import { encodePacket, FRAMINGS, PacketStream } from '../../../agent/uplink/building-energy/framing.ts';
import { readTelegram } from '../../../agent/uplink/building-energy/telegram.ts';
import { inflate } from '../../../agent/uplink/building-energy/unzip.ts';
import { LARGEST, parseXml } from '../../../agent/uplink/building-energy/xml.ts';

const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
const OF_DEVICES: ReadonlySet<string> = new Set(['frames of GB/T 26875.3', 'ADUs', 'printer records']);
const SEED = Number(process.env.FUZZ_SEED ?? 20270626);
const LIMIT = 120_000 + INPUTS / 10;

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

/** Noise, or `frame` with bytes changed, cut, doubled. */
function damaged(roll: (n: number) => number, frame: Uint8Array): Uint8Array {
  if (roll(4) === 0) return Uint8Array.from({ length: roll(40) }, () => roll(256));
  const out = [...frame];
  for (let i = roll(3); i >= 0; i--) {
    const at = roll(out.length + 1);
    const how = roll(3);
    if (how === 0) out[at] = roll(256);
    else if (how === 1) out.splice(at, 1 + roll(4));
    else out.splice(at, 0, roll(256), roll(256));
  }
  return Uint8Array.from(out, (byte) => byte ?? 0);
}

const FIRE = encodeFrame({
  serial: 7,
  version: [1, 1],
  time: Uint8Array.of(1, 2, 3, 4, 5, 26),
  source: 889,
  destination: 88_888,
  command: 2,
  adu: Uint8Array.of(1, 1, 1, 3, 2, 0, 1, 2, 3, 4, 5, 26),
});
const XML = Buffer.from(
  '<root><common><building_id>B</building_id><type>time</type></common><heart_beat operation="time"><time>1</time></heart_beat></root>',
);
const RECORD = Buffer.from('1B3630382F31322F30322020313A32340A1B39CFB5CDB3B8B4CEBB0A0A', 'hex');

describe(`${INPUTS} inputs a parser, seed ${SEED}`, () => {
  it.each([
    ['frames of GB/T 26875.3', FIRE, (bytes: Uint8Array): void => void new FrameStream().push(bytes)],
    [
      'ADUs',
      FIRE.subarray(27, -3),
      (bytes: Uint8Array): void => void readAdu(bytes, { 150: 'part-state-short' }),
    ],
    ['explained frames', FIRE, (bytes: Uint8Array): void => void fireDecoder.decode('gb26875.3', bytes)],
    ['printer records', RECORD, (bytes: Uint8Array): void => void printerRecord(bytes)],
    ['documents', XML, (bytes: Uint8Array): void => void readTelegram(bytes)],
    [
      'explained documents',
      XML,
      (bytes: Uint8Array): void => void energyDecoder.decode('building-energy', bytes),
    ],
    [
      'codes',
      Buffer.from('01A10'),
      (bytes: Uint8Array): void => void energyDecoder.decode('building-energy-code', bytes),
    ],
    ...Object.entries(FRAMINGS).map(([name, framing]) => {
      const frame = encodePacket(framing, { body: new Uint8Array(32), sequence: 3, type: 3 });
      const take = (bytes: Uint8Array): void => void new PacketStream(framing, 4096).push(bytes);
      return [`packets of ${name}`, frame, take] as const;
    }),
  ] as const)(
    '%s',
    (name, frame, take) => {
      const roll = dice(SEED);
      const inputs = OF_DEVICES.has(name) ? INPUTS : INPUTS / 9;
      for (let i = 0; i < inputs; i++) take(damaged(roll, frame));
    },
    LIMIT,
  );

  it('finds every whole frame among noise, in pieces of any size', () => {
    const roll = dice(SEED);
    for (let round = 0; round < 300; round++) {
      const stream = new FrameStream();
      const sent: number[] = [];
      const bytes: number[] = [];
      for (let i = 0; i < 6; i++) {
        for (let n = roll(12); n > 0; n--) bytes.push(roll(3) === 0 ? 0x40 : roll(256));
        // A false start that asks for a thousand bytes.
        if (roll(4) === 0) bytes.push(0x40, 0x40, ...new Array<number>(22).fill(1), 0xe8, 3);
        sent.push(i);
        bytes.push(
          ...encodeFrame({
            serial: i,
            version: [1, 1],
            time: new Uint8Array(6),
            source: 1,
            destination: 2,
            command: 2,
            adu: new Uint8Array(0),
          }),
        );
      }
      const heard: number[] = [];
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + roll(50);
        for (const found of stream.push(Uint8Array.from(bytes.slice(at, at + size)))) {
          if (found.ok) heard.push(found.frame.serial);
        }
        at += size;
      }
      expect(heard).toEqual(sent);
    }
  });

  it.each(Object.entries(FRAMINGS))('finds packets of %s among noise', (_, framing) => {
    const roll = dice(SEED);
    for (let round = 0; round < 100; round++) {
      const stream = new PacketStream(framing, 4096);
      const bytes: number[] = [];
      for (let i = 1; i <= 4; i++) {
        // A layout without marks has nothing to be found by, its noise here is no digit.
        for (let n = roll(8); n > 0; n--) bytes.push(framing.head === '' ? 0x80 : roll(16));
        bytes.push(...encodePacket(framing, { body: new Uint8Array(16).fill(i), sequence: i, type: i }));
      }
      const found: number[] = [];
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + roll(30);
        for (const one of stream.push(Uint8Array.from(bytes.slice(at, at + size))))
          if (one.ok) found.push(one.body[0] ?? 0);
        at += size;
      }
      expect(found).toEqual([1, 2, 3, 4]);
    }
  });
});

describe('documents made to harm', () => {
  const inside = (text: string) => `<root><common><building_id>${text}</building_id></common></root>`;

  it.each([
    [
      'entities that multiply',
      `<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>${inside('&b;')}`,
      /document type/,
    ],
    [
      'entities of files',
      `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${inside('&x;')}`,
      /document type/,
    ],
    [
      'a document type from elsewhere',
      `<!DOCTYPE r SYSTEM "http://127.0.0.1/x.dtd">${inside('1')}`,
      /document type/,
    ],
    ['entities nobody knows', inside('&x;'), /entity/],
    ['depth', `${'<a>'.repeat(100_000)}`, /deeper/],
    ['elements', `<root>${'<a/>'.repeat(60_000)}</root>`, /more than 50000 elements/],
    [
      'attributes',
      `<root ${Array.from({ length: 17 }, (_, i) => `a${i}="1"`).join(' ')}/>`,
      /more than 16 attributes/,
    ],
    ['a long text', inside('x'.repeat(5000)), /too long/],
    ['a long name', `<${'x'.repeat(65)}/>`, /longer than 64/],
    ['size', ' '.repeat(LARGEST + 1), /larger than/],
    ['an open end', '<root><common>', /unclosed/],
    ['two roots', '<root/><root/>', /./],
    ['an attribute twice', '<root a="1" a="2"/>', /duplicate/],
    ['nothing', '', /./],
  ])('%s', (_, text, why) => {
    expect(parseXml(text)).toMatchObject({ ok: false, error: expect.stringMatching(why) });
  });

  it('names of prototypes are names', () => {
    const text =
      '<root><common><__proto__>x</__proto__></common><data operation="query" __proto__="y"/></root>';
    expect(readTelegram(text)).toMatchObject({ ok: true, telegram: { operations: [['data', 'query']] } });
    const answer = energyDecoder.decode(
      'building-energy',
      '<root><common/><data><ok>no</ok><error>e</error></data></root>',
    );
    expect(answer.ok).toBe(true);
  });

  it('a few bytes that become gigabytes stay a few bytes', () => {
    const bomb = deflateSync(new Uint8Array(16 * LARGEST));
    expect(bomb.length).toBeLessThan(20_000);
    expect(inflate(bomb, LARGEST)).toBeUndefined();
  });

  it('cipher texts of other keys and odd lengths give nothing', () => {
    const cipher = { mode: 'cbc', padding: 'pkcs7', iv: 'key' } as const;
    expect(decrypt(cipher, { key: new Uint8Array(16) }, new Uint8Array(15))).toBeUndefined();
    expect(decrypt(cipher, { key: new Uint8Array(16) }, new Uint8Array(16))).toBeUndefined();
    expect(decrypt(cipher, { key: new Uint8Array(16) }, new Uint8Array(0))).toBeUndefined();
  });
});

describe('bytes made to cost', () => {
  /** Each piece begins a frame whose length leads to one and the same end: every one of them would be checked. */
  function claims(head: string, tail: string, count: number): Uint8Array {
    const unit = 12;
    const bytes = Buffer.alloc(count * unit + 6);
    for (let i = 0; i < count; i++) {
      bytes.write(head, i * unit, 'hex');
      bytes.writeUInt32LE(bytes.length - i * unit - 8 - 6, i * unit + 4);
    }
    bytes.write(tail, bytes.length - 4, 'hex');
    return bytes;
  }

  it.each([
    ['guideline', claims('68681616', '55AA55AA', 5000)],
    ['netdau', claims('55AA55AA', '68681616', 5000)],
    ['hex', Buffer.from(`${'0000FFF0'.repeat(8000)}!${'0000FFF0'.repeat(8000)}`)],
  ] as const)(
    'packets of %s are looked at once',
    (name, bytes) => {
      const stream = new PacketStream(FRAMINGS[name], 65_536);
      for (let i = 0; i < 20; i++) stream.push(bytes);
      const body = new Uint8Array(16);
      const good = encodePacket(FRAMINGS[name], { body, sequence: 1, type: 3 });
      // What is left of the noise may still claim the bytes of the first good ones.
      const fill = Math.ceil(70_000 / good.length);
      const found = Array.from({ length: fill + 5 }, () => stream.push(good)).flat();
      expect(found.filter(({ ok }) => ok).length).toBeGreaterThan(0);
    },
    60_000,
  );

  it('frames of GB/T 26875.3 that never end, byte by byte', () => {
    const stream = new FrameStream();
    const start = Buffer.from(`4040${'01'.repeat(22)}e80302`, 'hex');
    for (let i = 0; i < 20_000; i++) stream.push(Uint8Array.of(start[i % start.length] ?? 0));
    expect(stream.push(FIRE).some(({ ok }) => ok)).toBe(true);
  }, 60_000);
});
