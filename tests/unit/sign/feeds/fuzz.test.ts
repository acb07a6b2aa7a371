/** Bytes that nobody should send: read, or refused in words; never anything else, and never a report that is none. */
import { describe, expect, it } from 'vitest';
import { type FeedContent, Malformed, Tally } from '../../../../agent/sign/feeds/content.ts';
import { fingerprint } from '../../../../agent/sign/feeds/fingerprint.ts';
import { decodeGpsJson, instant } from '../../../../agent/sign/feeds/gps-json/decode.ts';
import { decodeGtfsRt } from '../../../../agent/sign/feeds/gtfs-rt/decode.ts';
import { Intake } from '../../../../agent/sign/feeds/intake.ts';
import { resolve } from '../../../../agent/sign/feeds/resolve.ts';
import { decodeSiri } from '../../../../agent/sign/feeds/siri/decode.ts';
import { AlertShelf, plainText } from '../../../../agent/sign/feeds/text.ts';
import { dateOf, numberOf, positionOf, timeOf } from '../../../../agent/sign/timetable/values.ts';
import { Centre } from '../../../../hw-sim/city/transit/centre.ts';
import { Fleet } from '../../../../hw-sim/city/transit/fleet.ts';
import {
  alerts,
  gpsJson,
  siri,
  tripUpdates,
  vehiclePositions,
} from '../../../../hw-sim/city/transit/messages.ts';
import { seeded } from '../../../support/seeded.ts';
import { CITY } from '../timetable/feed.ts';
import { NOW, timetable } from './stand.ts';

const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
const centre = new Centre(new Fleet(CITY));
const encode = (text: string) => Buffer.from(text);

/** What comes of a message, through everything behind the decoder. */
function swallow(decode: (bytes: Uint8Array) => FeedContent, bytes: Uint8Array): FeedContent | undefined {
  let content: FeedContent;
  try {
    content = decode(bytes);
  } catch (thrown) {
    if (thrown instanceof Malformed) return undefined;
    throw thrown;
  }
  return content;
}

function behind(content: FeedContent): void {
  const tally = new Tally();
  const intake = new Intake('f', 'gcj02', timetable);
  for (const { position, time } of intake.take(
    content.vehicles,
    { received: 1, now: NOW },
    tally,
    () => {},
  )) {
    expect(Number.isFinite(position.lat + position.lon + time)).toBe(true);
    expect(Math.abs(time - NOW)).toBeLessThanOrEqual(3_600_000);
  }
  const facts = { timetable, sourced: { source: 'f', received: 1 }, now: NOW, tally };
  for (const { arrival, departure, stop } of resolve(content.updates, content.detours, facts)) {
    expect(['C1', 'C2']).toContain(stop);
    if (arrival !== undefined) expect(Math.abs(arrival - NOW)).toBeLessThan(12 * 3_600_000);
    if (arrival !== undefined && departure !== undefined) expect(departure).toBeGreaterThanOrEqual(arrival);
  }
  for (const { texts } of new AlertShelf().take(content.alerts ?? [], { source: 'f', received: 1 }, NOW)) {
    for (const { header } of texts) expect([...header].length).toBeLessThanOrEqual(200);
  }
  fingerprint(content);
}

function mutated(sound: Uint8Array, random: () => number): Uint8Array {
  const bytes = Buffer.from(sound);
  for (let i = 1 + Math.floor(random() * 4); i > 0; i--) {
    const at = Math.floor(random() * bytes.length);
    const kind = random();
    if (kind < 0.7) bytes[at] = Math.floor(random() * 256);
    else if (kind < 0.85)
      bytes.copyWithin(at, Math.floor(random() * bytes.length), Math.min(bytes.length, at + 40));
    else return bytes.subarray(0, at);
  }
  return bytes;
}

/** A short message of each format, to be changed many times. */
const [small] = [
  new Centre(
    new Fleet({
      ...CITY,
      trips: CITY.trips.filter(({ pattern, id }) => pattern.line === 'L90' && /-00[3-6]$/.test(id)),
    }),
  ),
];
if (small === undefined) throw new Error('no centre');
const early = NOW - 30 * 60_000;
const SOUND: readonly (readonly [string, (bytes: Uint8Array) => FeedContent, Uint8Array])[] = [
  ['GTFS Realtime, positions', decodeGtfsRt, vehiclePositions(small, early)],
  ['GTFS Realtime, updates', decodeGtfsRt, tripUpdates(small, early).subarray(0, 1500)],
  [
    'GTFS Realtime, alerts',
    decodeGtfsRt,
    alerts(
      [
        {
          id: 'a',
          header: '改线',
          headerEnglish: 'x',
          description: 'y',
          lines: ['L7'],
          stops: [],
          from: 1,
          to: 2,
          severe: true,
        },
      ],
      NOW,
    ),
  ],
  ['JSON', decodeGpsJson, encode(gpsJson(small, early, ['C1']))],
  ['SIRI', decodeSiri, encode(siri(small, early, ['C1']))],
];

describe.each(SOUND)('%s', (name, decode, sound) => {
  it('changed anywhere is read or refused', () => {
    const random = seeded(91);
    // XML and JSON are read in full each time: a tenth of the pieces, of more bytes.
    const share = name === 'SIRI' ? 0.003 : name === 'JSON' ? 0.012 : 0.04;
    let read = 0;
    for (let i = 0; i < INPUTS * share; i++) {
      const content = swallow(decode, mutated(sound, random));
      if (content === undefined) continue;
      read += 1;
      if (read % 20 === 0) behind(content);
    }
    expect(read).toBeGreaterThan(0);
  });

  it('of random bytes is read or refused', () => {
    const random = seeded(92);
    for (let i = 0; i < INPUTS / 40; i++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256));
      const content = swallow(decode, bytes);
      if (content !== undefined) behind(content);
    }
  });
});

it('whole messages of the city pass through', () => {
  for (const [decode, bytes] of [
    [decodeGtfsRt, vehiclePositions(centre, NOW)],
    [decodeGtfsRt, tripUpdates(centre, NOW)],
    [decodeGpsJson, encode(gpsJson(centre, NOW, ['C1', 'C2']))],
    [decodeSiri, encode(siri(centre, NOW, ['C1', 'C2']))],
  ] as const) {
    const content = swallow(decode, bytes);
    expect(content).toBeDefined();
    if (content !== undefined) behind(content);
  }
});

it('values and texts of any characters are values or none', () => {
  const random = seeded(93);
  const alphabet = '0123456789:.-+eTZ {}<>&;"\u0000\u202e\ud800汉a/';
  for (let i = 0; i < INPUTS; i++) {
    const length = Math.floor(random() * 12);
    let text = '';
    for (let k = 0; k < length; k++) text += alphabet[Math.floor(random() * alphabet.length)];
    const time = timeOf(text);
    if (time !== undefined) expect(time).toBeLessThan(1000 * 3600);
    const date = dateOf(text);
    if (date !== undefined) expect(date).toMatch(/^\d{8}$/);
    const number = numberOf(text);
    if (number !== undefined) expect(Number.isNaN(number)).toBe(false);
    const position = positionOf(text, '118');
    if (position !== undefined) expect(Math.abs(position.lat)).toBeLessThanOrEqual(90);
    const at = instant(text);
    if (at !== undefined) expect(Number.isFinite(at)).toBe(true);
    if (i % 10 === 0) {
      const plain = plainText(text.repeat(3), 10);
      if ([...plain].length > 10 || /[\p{Cc}\u202e]/u.test(plain.replaceAll('\n', '')))
        throw new Error(JSON.stringify(text));
    }
  }
});
