/** The listener for fire panels against a simulated panel with encoders of its own, in virtual time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import gb26875 from '../../../drivers/gb26875/index.ts';
import {
  analogue,
  fireData,
  fireFrames,
  fireTime,
  partState,
  systemState,
} from '../../../hw-sim/devices/fire-frames.ts';
import { FirePanel } from '../../../hw-sim/devices/fire-panel.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { fakeStream } from './fake-stream.ts';
import { profile } from './load.ts';
import { alone } from './simulated.ts';

const never = new AbortController().signal;
const START = Date.UTC(2027, 0, 1);
const SMOKE = Buffer.from('A3C1C7F8A3B1B2E3DFC8B2B8D7DFC0C8', 'hex');

interface Stand extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly panel: FirePanel;
  readonly readings: Reading[];
  /** Newest of a point. */
  last(point: string): Reading | undefined;
  session: Awaited<ReturnType<typeof gb26875.open>>;
  readonly raw: (bytes: Uint8Array) => void;
}

async function stand(
  options: Readonly<Record<string, unknown>> = {},
  before: (panel: FirePanel) => void = () => {},
  device = alone('generic-gb26875-panel', options),
): Promise<Stand> {
  const clock = new VirtualClock(START);
  const readings: Reading[] = [];
  const stream = fakeStream(clock, (bytes) => panel.hear(bytes));
  const panel: FirePanel = new FirePanel({
    time: clock,
    wall: () => START + clock.mono() - 1000,
    say: (bytes) => stream.send(bytes),
  });
  before(panel);
  const context = { device, clock, log: silent };
  const opening = gb26875.open(context, stream, (told) => void readings.push(...told), never);
  opening.catch(() => {});
  const beating = panel.start();
  await clock.advance(100);
  const session = await opening;
  return {
    clock,
    panel,
    readings,
    session,
    raw: (bytes) => stream.send(bytes),
    last: (point) => readings.findLast((reading) => reading.point === point),
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      beating[Symbol.dispose]();
    },
  };
}

const fire = (panel: FirePanel, bits = 2, address = 0x0006_00d9) =>
  panel.send(fireData(2, partState({ type: 40, address, bits, text: SMOKE }, panel.local(), [1, 3])));

describe('a panel that calls', () => {
  it('is asked for its state, tells a fire at once, is acknowledged, and takes it back by a reset', async () => {
    await using at = await stand();
    expect(at.panel.asked).toEqual([81]);
    const serial = fire(at.panel);
    await at.clock.advance(0);
    expect(at.last('fire')).toMatchObject({ value: true, quality: 'good' });
    expect(at.last('message')?.value).toBe('火灾报警系统 1.3 217-6 fire Ａ区１层呷哺走廊');
    expect(at.last('event')?.value).toMatch(/^2 01 03 28 D9 00 06 00 02 00 A3 C1/);
    expect(at.panel.acknowledged).toContain(serial);
    at.panel.send(fireData(4, Buffer.from([1, 3, 1, 7, ...fireTime(at.panel.local())])));
    await at.clock.advance(0);
    expect(at.last('fire')?.value).toBe(false);
    expect(at.last('operation')?.value).toBe('reset (7)');
  });

  it('calls anew while a part burns: its own «normal» takes no fire back', async () => {
    const device = alone('generic-gb26875-panel');
    {
      await using at = await stand({}, () => {}, device);
      fire(at.panel);
      await at.clock.advance(0);
    }
    await using at = await stand({}, () => {}, device);
    expect(at.panel.asked).toEqual([81]);
    expect(at.last('fire')?.value).toBe(true);
    fire(at.panel, 0);
    await at.clock.advance(0);
    expect(at.last('fire')?.value).toBe(false);
  });

  it('is fire while one part says so', async () => {
    await using at = await stand();
    fire(at.panel, 2, 1);
    fire(at.panel, 2, 2);
    fire(at.panel, 0, 1);
    await at.clock.advance(0);
    expect(at.last('fire')?.value).toBe(true);
    fire(at.panel, 1, 2);
    await at.clock.advance(0);
    expect(at.last('fire')?.value).toBe(false);
    at.panel.send(fireData(1, systemState(0x2102, at.panel.local(), [1, 3])));
    await at.clock.advance(0);
    expect(at.last('main-power-fault')?.value).toBe(true);
    // Bit 13: reset, and yet fire: what the system itself says with it holds.
    expect(at.last('fire')?.value).toBe(true);
  });

  it('is alive by its heart-beats, which are acknowledged', async () => {
    await using at = await stand();
    await at.clock.advance(120_000);
    expect(at.readings.filter(({ point }) => point === 'alive').length).toBeGreaterThanOrEqual(5);
    expect(at.panel.givenUp).toEqual([]);
  });

  it('has its heart-beats turned down where they are no convention of the site', async () => {
    await using at = await stand({ heartBeat: false });
    await at.clock.advance(5000);
    expect(at.panel.refused.length).toBeGreaterThan(0);
  });

  it('tells values of parts in the unit of the point', async () => {
    const points = [
      { id: 'pressure', unit: 'MPa', kind: 5, raw: 345, want: 0.0345, address: 0x20001 },
      { id: 'temperature', unit: 'Cel', kind: 3, raw: -52, want: -5.2, address: 0x20001 },
      { id: 'flow', unit: 'L/min', kind: 10, raw: 15, want: 90, address: 7 },
    ];
    const base = profile('generic-gb26875-panel');
    const device = {
      ...alone('generic-gb26875-panel'),
      profile: {
        ...base,
        points: points.map(({ id, unit, kind, address }) => ({
          ...base.points[0],
          id,
          unit,
          type: 'number',
          wire: { field: 'analogue', analogueType: kind, partAddress: address },
        })),
      } as typeof base,
    };
    expect(gb26875.checkProfile(device.profile)).toEqual([]);
    const clock = new VirtualClock(START);
    const told = new Map<string, unknown>();
    const stream = fakeStream(clock, (bytes) => panel.hear(bytes));
    const panel: FirePanel = new FirePanel({
      time: clock,
      wall: () => START,
      say: (bytes) => stream.send(bytes),
    });
    const opening = gb26875.open(
      { device, clock, log: silent },
      stream,
      (all) => {
        for (const { point, value } of all) told.set(point, value);
      },
      never,
    );
    using _beating = panel.start();
    await clock.advance(0);
    await using _session = await opening;
    for (const { kind, raw, address } of points) {
      panel.send(fireData(3, analogue({ type: 92, address, kind, raw }, panel.local())));
      panel.send(fireData(3, analogue({ type: 92, address: 99, kind, raw: 1 }, panel.local())));
    }
    await clock.advance(0);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(points.map(({ id, want }) => [id, want])));
  });

  it('takes vendors’ types as the settings say, and keeps unknown ones as they came', async () => {
    const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../../vectors/gb26875.json'), 'utf8'));
    const { hex } = vectors.find(({ id }: { id: string }) => id === 'gb26875-fubei');
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    await using at = await stand({ types: { 150: 'analogue' } });
    at.raw(bytes);
    expect(at.last('value')?.value).toMatch(/^150 00 03 5B 01/);
    await using plain = await stand();
    plain.raw(bytes);
    expect(plain.last('event')?.value).toBe('150x1 00 03 5B 01 00 00 00 02 00 00 0F 22 0E 19 07 13');
  });

  it('gets commands: duty check, clock, initialise; and its answer to the duty check is told', async () => {
    await using at = await stand();
    expect(await write(at, 'duty-check', 10)).toMatchObject({ kind: 'done', readback: { value: 10 } });
    expect(await write(at, 'set-clock', true)).toMatchObject({ kind: 'done' });
    expect(at.panel.clock.slice(2)).toEqual([8, 1, 1, 27]);
    expect(await write(at, 'initialise', true)).toMatchObject({ kind: 'done' });
    expect(at.panel.asked).toEqual([81, 91, 90, 89]);
    at.panel.answerDuty();
    await at.clock.advance(0);
    expect(at.last('duty-answer')?.value).toBe(true);
    expect(await write(at, 'duty-check', 0)).toMatchObject({ kind: 'rejected' });
    at.panel.wrong.refuse = true;
    expect(await write(at, 'duty-check', 5)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('turned it down'),
    });
    delete at.panel.wrong.refuse;
    at.panel.wrong.mute = true;
    expect(await write(at, 'duty-check', 5)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('did not answer'),
    });
  });
});

async function write(at: Stand, point: string, value: number | boolean) {
  const writing = at.session.write({ point, value }, never);
  await at.clock.advance(60_000);
  return writing;
}

describe('a panel or a line that misbehaves', () => {
  it('sends wrong sums: each is answered with nak, nothing of it is believed, the next try is', async () => {
    await using at = await stand();
    at.panel.wrong.wrongSum = 2;
    const serial = fire(at.panel);
    await at.clock.advance(0);
    expect(at.last('fire')?.value).toBe(false);
    await at.clock.advance(3000);
    expect(at.last('fire')?.value).toBe(true);
    expect(at.panel.refused.filter((one) => one === serial)).toHaveLength(2);
    expect(at.panel.acknowledged).toContain(serial);
  });

  it('sends again what we acknowledged: it is acknowledged again and told once', async () => {
    await using at = await stand();
    const before = at.readings.length;
    const data = fireData(2, partState({ type: 40, address: 5, bits: 2 }, at.panel.local()));
    const { fireFrame } = await import('../../../hw-sim/devices/fire-frames.ts');
    const bytes = fireFrame({ serial: 500, from: 889, to: 88_888, command: 2, data }, at.panel.local());
    for (let i = 0; i < 4; i++) at.raw(bytes);
    const events = at.readings.slice(before).filter(({ point }) => point === 'event');
    expect(events).toHaveLength(1);
  });

  it('sticks frames together and puts noise before them', async () => {
    await using at = await stand();
    at.panel.wrong.noise = Buffer.from('404040ff40402323', 'hex');
    at.panel.wrong.stick = 3;
    for (let i = 1; i <= 3; i++) fire(at.panel, 2, i);
    await at.clock.advance(0);
    expect(at.readings.filter(({ point }) => point === 'event').length).toBe(3 + 1);
    expect(at.panel.acknowledged).toHaveLength(3 + 1);
  });

  it('begins a frame that never ends: the fire behind it is told at once', async () => {
    await using at = await stand();
    at.raw(Buffer.from(`4040${'01'.repeat(22)}e80302`, 'hex'));
    fire(at.panel);
    await at.clock.advance(0);
    expect(at.last('fire')?.value).toBe(true);
  });

  it('has a wrong clock: what it says is told as uncertain, and labels that are no time too', async () => {
    await using at = await stand();
    at.panel.wrong.clockOff = -3_600_000;
    fire(at.panel);
    await at.clock.advance(0);
    expect(at.last('fire')).toMatchObject({ value: true, quality: 'uncertain', reason: 'clock-untrusted' });
    at.panel.send(
      fireData(1, Buffer.concat([systemState(2, at.panel.local()).subarray(0, 4), Buffer.alloc(6, 0xff)])),
    );
    await at.clock.advance(0);
    expect(at.last('fire')).toMatchObject({ value: true, quality: 'uncertain' });
  });

  it('answers data that do not hold together, and unknown types and commands, with nak', async () => {
    await using at = await stand();
    const answers: number[] = [];
    const { fireFrame } = await import('../../../hw-sim/devices/fire-frames.ts');
    const hear = at.panel.hear.bind(at.panel);
    at.panel.hear = (bytes) => {
      for (const { command, serial } of fireFrames(Buffer.from(bytes)).frames)
        if (serial >= 600) answers.push(command);
      hear(bytes);
    };
    const send = (serial: number, command: number, data: Buffer) =>
      at.raw(fireFrame({ serial, from: 889, to: 88_888, command, data }, at.panel.local()));
    send(600, 2, Buffer.from([2, 3, 1, 1]));
    send(601, 2, Buffer.from([99, 1, 0]));
    send(602, 77, Buffer.alloc(0));
    send(603, 4, fireData(81, Buffer.from([0])));
    await at.clock.advance(0);
    expect(answers).toEqual([6, 6, 6, 6]);
  });

  it('says nothing that is a frame: the session is given up within 15 s', async () => {
    const clock = new VirtualClock(START);
    const stream = fakeStream(clock, () => {});
    const context = { device: alone('generic-gb26875-panel'), clock, log: silent };
    const opening = gb26875
      .open(context, stream, () => {}, never)
      .then(
        () => 'open',
        (error: unknown) => (error instanceof Error ? error.message : ''),
      );
    await clock.advance(15_000);
    expect(await opening).toMatch(/no frame within 12000 ms/);
    expect(stream.listeners).toBe(0);
  });
});

it('a profile that does not fit is told', () => {
  const base = profile('generic-gb26875-panel');
  const with0 = (change: object) =>
    gb26875.checkProfile({ ...base, points: [{ ...base.points[0], ...change }] as typeof base.points });
  expect(with0({ type: 'number' })[0]?.message).toBe('expected string for event, got number');
  expect(with0({ wire: { field: 'analogue' } })[0]?.message).toContain('expected analogueType');
  expect(with0({ type: 'number', wire: { field: 'analogue', analogueType: 200 } })[0]?.message).toContain(
    'expected step',
  );
  expect(
    with0({ type: 'number', unit: 'V', wire: { field: 'analogue', analogueType: 4 } })[0]?.message,
  ).toContain('expected MPa');
  expect(with0({ access: 'read-write' })[0]?.message).toBe('expected access of read');
});
