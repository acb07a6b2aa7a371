/** Seeded damage into the HJ 212 parsers. `FUZZ_INPUTS` sets how many inputs, `FUZZ_SEED` which. */
import { expect, it } from 'vitest';
import { decode } from '../../../agent/cli/decoders.ts';
import { parseCp } from '../../../agent/uplink/hj212/cp.ts';
import { encodePacket, type Packet, readPacket } from '../../../agent/uplink/hj212/packet.ts';
import { FrameStream } from '../../../agent/uplink/hj212/stream.ts';
import { seeded } from '../../support/seeded.ts';

/** A million would take some 10 s on a free core: each is a packet whose check, and for some whose cipher, is reckoned. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 100_000);
const SEED = Number(process.env.FUZZ_SEED ?? 20270103);
const LIMIT = 120_000 + INPUTS / 10;
const KEY = Buffer.from('k3y-for-the-test');

const PACKET: Packet = {
  fields: {
    QN: '20240601085857223',
    ST: '22',
    CN: '2051',
    PW: '123456',
    MN: '010000A8900016F000169DC0',
    Flag: '9',
  },
  cp: 'DataTime=20240601085800;a34004-Min=9,a34004-Avg=12.5,a34004-Max=18,a34004-Flag=N;LA-Avg=56.1,LA-Flag=N',
};
const FRAMES = [encodePacket(PACKET, { crc: '212' }), encodePacket(PACKET, { crc: '212', key: KEY })];

function damaged(random: () => number): Buffer {
  const roll = (n: number) => Math.floor(random() * n);
  if (roll(4) === 0) return Buffer.from(Array.from({ length: roll(60) }, () => roll(256)));
  const bytes = [...(FRAMES[roll(2)] ?? [])];
  for (let i = roll(3); i >= 0; i--) {
    const at = roll(bytes.length);
    const how = roll(3);
    if (how === 0) bytes[at] = roll(256);
    else if (how === 1) bytes.splice(at, 1 + roll(8));
    else bytes.splice(at, 0, roll(256), 0x23, 0x23);
  }
  return Buffer.from(bytes);
}

it(
  'noise and damage never throw, and what passes is a packet that stands its check',
  () => {
    const random = seeded(SEED);
    const stream = new FrameStream();
    let taken = 0;
    for (let i = 0; i < INPUTS; i++) {
      const input = damaged(random);
      for (const frame of stream.push(input)) {
        const read = readPacket(frame, { crc: '212', keys: [KEY] });
        if ('kind' in read) continue;
        taken += 1;
        if (!read.encrypted) expect(read.cp).toBe(Buffer.from(read.cp).toString());
      }
      if (i % 20 === 0) expect(decode('hj212', input)).toHaveProperty('ok');
      if (i % 20 === 1) parseCp(input.toString('latin1'));
    }
    expect(taken).toBeLessThan(INPUTS / 4);
  },
  LIMIT,
);

it(
  'whole packets are found between garbage, however the bytes are cut',
  () => {
    const random = seeded(SEED + 1);
    const roll = (n: number) => Math.floor(random() * n);
    for (let round = 0; round < Math.min(INPUTS / 50, 2000); round++) {
      const stream = new FrameStream();
      const pieces: Buffer[] = [];
      let want = 0;
      for (let i = 0; i < 6; i++) {
        const frame = FRAMES[roll(2)] ?? Buffer.alloc(0);
        const noise = Buffer.from(Array.from({ length: roll(12) }, () => 0x20 + roll(3)));
        pieces.push(noise, frame);
        want += 1;
      }
      const bytes = Buffer.concat(pieces);
      let found = 0;
      for (let at = 0; at < bytes.length; ) {
        const next = at + 1 + roll(300);
        for (const frame of stream.push(bytes.subarray(at, next))) {
          const read = readPacket(frame, { crc: '212', keys: [KEY] });
          expect(read).toMatchObject({ cp: PACKET.cp, fields: PACKET.fields });
          found += 1;
        }
        at = next;
      }
      expect(found).toBe(want);
    }
  },
  LIMIT,
);
