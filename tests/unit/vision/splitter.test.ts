/** Cutting a stream into JPEGs: whatever pieces it comes in, whatever stands between, whatever is damaged. */
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { JpegSplitter } from '../../../agent/vision/source/jpeg-splitter.ts';
import { seeded } from '../../support/seeded.ts';

const random = seeded(20271128);
const noise = (width: number, height: number) =>
  sharp(
    Uint8Array.from({ length: width * height * 3 }, () => random() * 256),
    {
      raw: { width, height, channels: 3 },
    },
  );
const PICTURES = [
  await noise(64, 48).jpeg().toBuffer(),
  // Several scans and tables between them.
  await noise(48, 48).jpeg({ progressive: true }).toBuffer(),
  await sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } })
    .withExif({ IFD0: { Copyright: 'ÿØÿÙ within a segment' } })
    .jpeg()
    .toBuffer(),
];

const part = (jpeg: Buffer) =>
  Buffer.concat([
    Buffer.from(`--b\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`),
    jpeg,
    Buffer.from('\r\n'),
  ]);

/** In pieces of any length. */
function push(splitter: JpegSplitter, bytes: Buffer, most: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + Math.floor(random() * most);
    found.push(...splitter.push(bytes.subarray(at, at + length)));
    at += length;
  }
  return found;
}

describe('a stream of pictures', () => {
  test.each([1, 7, 300, 100_000])('in pieces of up to %i bytes, bare and as parts', (most) => {
    const stream = Buffer.concat([...PICTURES, ...PICTURES.map(part), ...PICTURES]);
    const splitter = new JpegSplitter();
    const found = push(splitter, stream, most);
    expect(found).toHaveLength(9);
    for (const [i, jpeg] of found.entries()) expect(jpeg.equals(PICTURES[i % 3] ?? jpeg)).toBe(true);
    expect(splitter.damaged).toBe(0);
  });

  test('a picture is there with its last byte', () => {
    const splitter = new JpegSplitter();
    const [jpeg = Buffer.alloc(0)] = PICTURES;
    expect(splitter.push(part(jpeg).subarray(0, -3))).toHaveLength(0);
    expect(splitter.push(Buffer.from([0xd9]))).toHaveLength(1);
  });

  test('one that is cut short costs itself and not the next', () => {
    const [first = Buffer.alloc(0), second = first] = PICTURES;
    const splitter = new JpegSplitter();
    const found = push(splitter, Buffer.concat([part(first.subarray(0, 900)), part(second), first]), 500);
    expect(found.map((jpeg) => jpeg.length)).toEqual([second.length, first.length]);
    expect(splitter.damaged).toBe(1);
  });
});

test('an endless picture is dropped at the limit, and memory stays', () => {
  const splitter = new JpegSplitter(100_000);
  const [jpeg = Buffer.alloc(0)] = PICTURES;
  splitter.push(jpeg.subarray(0, 700));
  const more = Buffer.alloc(64 * 1024, 0x11);
  for (let i = 0; i < 50; i++) splitter.push(more);
  expect(splitter.unframed).toBeGreaterThan(3_000_000);
  expect(splitter.damaged).toBe(1);
  // Starts of pictures without end.
  const starts = Buffer.alloc(64 * 1024, Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff]));
  for (let i = 0; i < 50; i++) splitter.push(starts);
  // The segment that was begun swallows the first ones.
  let found = 0;
  for (let i = 0; i < 80; i++) found += splitter.push(jpeg).length;
  expect(found).toBeGreaterThan(0);
});

test('a million hostile bytes in pieces: nothing throws, what comes out is framed, the next picture is found', () => {
  const markers = [0xff, 0xff, 0xd8, 0xd9, 0xda, 0xe0, 0xc0, 0x00, 0x00, 0x02, 0x08];
  const splitter = new JpegSplitter(50_000);
  const [jpeg = Buffer.alloc(0)] = PICTURES;
  for (let run = 0; run < 4000; run++) {
    const bytes = Buffer.from(
      Uint8Array.from({ length: 1 + Math.floor(random() * 500) }, () =>
        random() < 0.7 ? (markers[Math.floor(random() * markers.length)] ?? 0) : random() * 256,
      ),
    );
    for (const found of splitter.push(bytes)) {
      expect(found.subarray(0, 2).toString('hex')).toBe('ffd8');
      expect(found.subarray(-2).toString('hex')).toBe('ffd9');
    }
  }
  // A segment that was begun may swallow the first ones.
  let found = 0;
  for (let i = 0; i < 80; i++) found += splitter.push(jpeg).filter((one) => one.equals(jpeg)).length;
  expect(found).toBeGreaterThan(0);
});
