/** Answers of BACnet damaged in every way: never anything but readings or an `AgentError`, and never a hanging request. */
import { expect, it } from 'vitest';
import { AgentError } from '../../../agent/core/errors.ts';
import type { Exchange, Matcher } from '../../../agent/core/link.ts';
import { silent } from '../../../agent/core/log.ts';
import bacnet from '../../../drivers/bacnet/index.ts';
import { answerTo, apduOf, withoutSegments } from '../../../drivers/bacnet/match.ts';
import { decode } from '../../../drivers/index.ts';
import { BacnetDevice } from '../../../hw-sim/devices/bacnet-device.ts';
import { BACNET_MODELS } from '../../../hw-sim/devices/bacnet-models.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from './load.ts';

/** Of bytes into what finds answers; half as many are explained, and whole exchanges, 50 µs and more each, are a hundredth. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
/** Seconds on a free core; more where more inputs are asked for. */
const LIMIT = 60_000 + INPUTS / 10;
const never = new AbortController().signal;
const STEM = 'generic-bacnet-controller';

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Follows a matcher as the bus does; the frame it finds. */
function found(match: Matcher, bytes: Uint8Array): Uint8Array | undefined {
  let rest = bytes;
  for (let step = 0; rest.length > 0; step++) {
    if (step > bytes.length) throw new Error('the matcher does not get on');
    const hit = match(rest);
    if (hit.kind === 'more') return undefined;
    if (hit.length < 1 || hit.length > rest.length) throw new Error(`a length of ${hit.length}`);
    if (hit.kind === 'frame') return rest.subarray(0, hit.length);
    rest = rest.subarray(hit.length);
  }
  return undefined;
}

function damaged(bytes: Uint8Array, next: () => number): Uint8Array {
  const out = Uint8Array.from(bytes);
  const at = Math.floor(next() * out.length);
  const byte = () => Math.floor(next() * 256);
  switch (Math.floor(next() * 5)) {
    case 0:
      out[at] = byte();
      return out;
    case 1:
      return fitted(out.slice(0, at));
    case 2:
      return fitted(Uint8Array.from([...out.slice(0, at), ...out.slice(at + 1)]));
    case 3:
      for (let i = 0; i < 4; i++) out[9 + Math.floor(next() * (out.length - 9))] = byte();
      return out;
    default:
      return Uint8Array.from([...Array.from({ length: 1 + Math.floor(next() * 20) }, byte), ...out]);
  }
}

/** With a length that fits, so that what is cut off reaches the library. */
function fitted(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 6) return bytes;
  bytes[2] = bytes.length >> 8;
  bytes[3] = bytes.length & 255;
  return bytes;
}

it.each([true, false])(
  'damaged answers, several at once: %s',
  async (multiple) => {
    const next = random(multiple ? 5 : 6);
    const model = BACNET_MODELS.get(STEM);
    if (model === undefined) throw new Error('no simulated device');
    const world = createWorld({ seed: 7, start: 0, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
    const played = new BacnetDevice({ model, world, clock: worldClock(0, 1, () => 0), multiple });
    const { address: _none, ...alone } = device(profile(STEM));
    const session = bacnet.open(
      { device: alone, clock: new VirtualClock(), log: silent },
      { id: 'line', kind: 'udp', host: 'a', port: 47_808, timeout: 1000 },
    );
    const noisy: Exchange = async ({ bytes, match }) => {
      const told = played.answer(bytes);
      if (told === undefined || match === undefined) throw new AgentError('timeout', 'no answer');
      const frame = found(match, next() < (multiple ? 0.3 : 0.9) ? told.bytes : damaged(told.bytes, next));
      if (frame === undefined) throw new AgentError('frame-invalid', 'none of them an answer');
      return { bytes: frame, time: 1 };
    };
    const limit = Math.round(INPUTS / (multiple ? 100 : 400));
    let good = 0;
    for (let i = 0; i < limit; i++) {
      const poll = session.polls[i % session.polls.length];
      try {
        const readings = (await poll?.execute(noisy, never)) ?? [];
        expect(readings.map(({ point }) => point)).toEqual(poll?.points);
        for (const { value, quality } of readings) expect(value === null).toBe(quality === 'bad');
        good++;
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        expect(['timeout', 'frame-invalid']).toContain(error.code);
      }
    }
    expect(good).toBeGreaterThan(limit / 20);
  },
  LIMIT,
);

it(
  'bytes of any kind never end the matcher in anything but its four answers',
  () => {
    const next = random(9);
    const request = Uint8Array.from(Buffer.from('810a001101040275070c0c000000011955', 'hex'));
    expect(apduOf(request)).toMatchObject({ type: 0, invoke: 7, service: 12, to: '', from: '' });
    expect([...withoutSegments(request)].slice(6, 8)).toEqual([0x00, 0x05]);
    const match = answerTo(request);
    const heads = [[0x81], [0x81, 0x0a, 0, 20, 1], [0x81, 0x0a, 0, 12, 1, 0x28], [0x81, 0x04, 0, 12], []];
    for (let i = 0; i < INPUTS; i++) {
      const head = heads[i % heads.length] ?? [];
      const noise = Array.from({ length: Math.floor(next() * 40) }, () => Math.floor(next() * 256));
      found(match, Uint8Array.from([...head, ...noise]));
    }
  },
  LIMIT,
);

it(
  'decode explains or refuses whatever it gets',
  () => {
    const next = random(10);
    const frames = [
      '810a0018012407d1010cff0005010c0c0008000119552901',
      '810a0038010030020e0c000000211e29554e44422933334f1f0c000000321e29555e9101911f5f1f0c000000231e29554e4443d9d99a4f1f',
      '8104000e0a000005bac001001000',
      '810a000d010050010c91029120',
    ];
    let explained = 0;
    for (let i = 0; i < INPUTS / 2; i++) {
      const frame = Buffer.from(frames[i % frames.length] ?? '', 'hex');
      const told = decode('bacnet', damaged(frame, next));
      if (told.ok) explained++;
      else if (told.error === '') throw new Error('refused without a reason');
    }
    expect(explained).toBeGreaterThan(INPUTS / 100);
  },
  LIMIT,
);
