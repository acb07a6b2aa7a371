/** Answers of SNMP damaged in every way: never a wrong value, never anything but a value or an `AgentError`. */
import { expect, it } from 'vitest';
import { AgentError } from '../../../agent/core/errors.ts';
import type { Exchange, Matcher } from '../../../agent/core/link.ts';
import { silent } from '../../../agent/core/log.ts';
import { decode } from '../../../drivers/index.ts';
import snmp from '../../../drivers/snmp/index.ts';
import { answerTo, identityOf } from '../../../drivers/snmp/match.ts';
import { SnmpAgent, type SnmpUser } from '../../../hw-sim/devices/snmp-agent.ts';
import { SNMP_MODELS } from '../../../hw-sim/devices/snmp-models.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from './load.ts';

/** Of bytes into what finds answers; half as many are explained, and whole exchanges, 50 µs and more each, are a hundredth. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
/** Seconds on a free core; more where more inputs are asked for. */
const LIMIT = 60_000 + INPUTS / 10;
const never = new AbortController().signal;
const world = createWorld({ seed: 7, start: 0, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
const clock = worldClock(0, 1, () => 0);
const USER: SnmpUser = { name: 'reader', auth: { hash: 'sha1', password: 'longer-than-8' } };

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function agentOf(user?: SnmpUser): SnmpAgent {
  const model = SNMP_MODELS.get('generic-snmp-interface');
  if (model === undefined) throw new Error('no simulated agent');
  return new SnmpAgent({ model, world, clock, ...(user === undefined ? {} : { user }) });
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
  switch (Math.floor(next() * 5)) {
    case 0:
      out[at] = Math.floor(next() * 256);
      return out;
    case 1:
      return out.slice(0, at);
    case 2:
      return Uint8Array.from([...out.slice(0, at), ...out.slice(at + 1)]);
    case 3:
      for (let i = 0; i < 4; i++) out[Math.floor(next() * out.length)] = Math.floor(next() * 256);
      return out;
    default:
      return Uint8Array.from([
        ...Array.from({ length: 1 + Math.floor(next() * 20) }, () => Math.floor(next() * 256)),
        ...out,
      ]);
  }
}

it.each([
  ['2c', { version: '2c' }, undefined],
  ['3', { version: 3, user: 'reader', auth: { protocol: 'sha', password: 'longer-than-8' } }, USER],
])(
  'damaged answers of version %s',
  async (_version, options, user) => {
    const next = random(user === undefined ? 5 : 6);
    const agent = agentOf(user);
    const { address: _none, ...alone } = device(profile('generic-snmp-interface'));
    const session = snmp.open(
      { device: { ...alone, options }, clock: new VirtualClock(), log: silent },
      { id: 'line', kind: 'udp', host: 'a', port: 161, timeout: 1000 },
    );
    const noisy: Exchange = async ({ bytes, match }) => {
      const told = agent.answer(bytes);
      if (told === undefined || match === undefined) throw new AgentError('timeout', 'no answer');
      const frame = found(match, next() < 0.3 ? told.bytes : damaged(told.bytes, next));
      if (frame === undefined) throw new AgentError('frame-invalid', 'none of them an answer');
      return { bytes: frame, time: 1 };
    };
    const limit = Math.round(INPUTS / (user === undefined ? 200 : 500));
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
        expect(['timeout', 'frame-invalid', 'auth-failed']).toContain(error.code);
      }
    }
    expect(good).toBeGreaterThan(limit / 10);
  },
  LIMIT,
);

it(
  'bytes of any kind never end the matcher in anything but its four answers',
  () => {
    const next = random(9);
    const request = Uint8Array.from(
      Buffer.from('302602010104067075626c6963a019020401020304020100020100300b300906052b060102010500', 'hex'),
    );
    expect(identityOf(request)).toMatchObject({ version: 1, community: 'public', id: 0x01020304 });
    const match = answerTo(request);
    const heads = [[0x30], [0x30, 0x82], [0x30, 0x26, 2, 1, 1], [0x30, 0x84, 0xff], []];
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
      '302902010004067075626c6963a21c0204036a5f43020102020101300e300c06082b060102010101000500',
      '303b020101040670726976617465a42e06082b0601040182370140040a00000502010602010143021234300f300d06082b060102010101004201ff',
      '303e020103301102043e7a6ec7020300ffe304010702010304103035040a80001f888004abcdef0102020101020207d00406726561646572040c00000000000000000000000004000403010203',
    ];
    let explained = 0;
    for (let i = 0; i < INPUTS / 2; i++) {
      const frame = Buffer.from(frames[i % frames.length] ?? '', 'hex');
      const told = decode('snmp', damaged(frame, next));
      if (told.ok) explained++;
      else if (told.error === '') throw new Error('refused without a reason');
    }
    expect(explained).toBeGreaterThan(INPUTS / 100);
  },
  LIMIT,
);
