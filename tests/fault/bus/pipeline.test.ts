/** Modbus TCP with several requests on their way at once, and every fault of such a connection, in virtual time. */
import { afterEach, describe, expect, test } from 'vitest';
import { type LineHandle, openLine } from '../../../agent/bus/open.ts';
import { silent } from '../../../agent/core/log.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import {
  type Back,
  content,
  frame,
  Gateway,
  type GatewayBehaviour,
  gatewayDriver,
  prompt,
} from './gateway.ts';
import { seeded } from './sim-line.ts';
import { device, type PollSpec, Sink } from './test-driver.ts';

const second = { address: 0, count: 10, period: 1000 };
let open: { readonly handle: LineHandle; readonly clock: VirtualClock } | undefined;

function behind(
  units: readonly number[],
  pipeline: number | undefined,
  polls: readonly PollSpec[] = [second],
) {
  const clock = new VirtualClock();
  const gateway = new Gateway(clock);
  for (const unit of units) gateway.units.add(unit);
  const { driver, wrong } = gatewayDriver();
  const sink = new Sink();
  const line: LineConfig = {
    id: 'gateway',
    kind: 'tcp',
    host: '127.0.0.1',
    port: 502,
    framing: 'modbus-tcp',
    timeout: 500,
    ...(pipeline === undefined ? {} : { pipeline }),
  };
  const handle = openLine({
    line,
    devices: units.map((unit) => device(unit, polls, line.id)),
    driver: (protocol) => (protocol === 'test' ? driver : undefined),
    clock,
    log: silent,
    publisher: sink,
    port: gateway,
    random: seeded(7),
  });
  open = { handle, clock };
  return { clock, gateway, sink, handle, wrong };
}

const facts = (handle: LineHandle) => handle.health()[0]?.facts ?? {};

afterEach(async () => {
  if (open === undefined) return;
  const closing = open.handle[Symbol.asyncDispose]();
  await open.clock.advance(3000);
  await closing;
  open = undefined;
});

const many = Array.from({ length: 12 }, (_, i) => i + 1);

describe('several at once', () => {
  test('one after the other where nothing is said, as many as the line allows where it is', async () => {
    const single = behind(many, undefined);
    await single.clock.advance(5000);
    expect(single.gateway.most).toBe(1);
    await single.handle[Symbol.asyncDispose]();

    const { clock, gateway, sink, wrong } = behind(many, 4);
    gateway.turnaround = () => 280;
    await clock.advance(10_000);
    expect(gateway.most).toBe(4);
    // 12 requests of 280 ms in a second need 3.4 at once.
    for (const unit of many) expect(sink.good(`meter-${unit}`), `meter-${unit}`).toBeGreaterThanOrEqual(9);
    expect(wrong).toEqual([]);
  });

  test('answers out of order belong to their requests', async () => {
    const { clock, gateway, sink, wrong } = behind(many, 12);
    const random = seeded(3);
    gateway.turnaround = () => 5 + random() * 400;
    await clock.advance(60_000);
    expect(wrong).toEqual([]);
    expect(sink.all.every(({ quality }) => quality === 'good')).toBe(true);
    expect(sink.all.length).toBeGreaterThan(12 * 58);
  });

  test('several polls of one device, none of them twice at once', async () => {
    const polls = Array.from({ length: 5 }, (_, i) => ({ ...second, address: 100 * i, period: 500 }));
    const { clock, gateway, sink, handle, wrong } = behind([1], 8, polls);
    gateway.turnaround = () => 450;
    await clock.advance(20_000);
    expect(gateway.most).toBe(5);
    expect(sink.good('meter-1')).toBeGreaterThanOrEqual(5 * 38);
    expect(facts(handle).skipped_periods).toBe(0);
    expect(wrong).toEqual([]);
  });

  test('a command goes before the polls that are due, and its device is left alone meanwhile', async () => {
    const { clock, gateway, handle } = behind(many, 4);
    gateway.turnaround = () => 400;
    await clock.advance(5000);
    const before = gateway.requests;
    const done = handle.write('meter-5', { point: 'r0', value: 42 }, new AbortController().signal);
    await clock.advance(1000);
    expect(await done).toMatchObject({ kind: 'done' });
    const later = gateway.log.slice(before);
    const at = later.findIndex(({ code }) => code === 6);
    // As soon as one of the four is free.
    expect(at).toBeLessThanOrEqual(1);
    const written = later[at]?.at ?? 0;
    const same = later.slice(at + 1).filter(({ unit, at }) => unit === 5 && at < written + 400);
    expect(same).toEqual([]);
  });
});

describe('faults', () => {
  /** Answers go through `fault` from second 2 to 8 for unit 3; the others must not notice. */
  async function under(fault: GatewayBehaviour, pipeline = 6) {
    const street = behind([1, 2, 3, 4, 5, 6], pipeline);
    const { clock, gateway, sink } = street;
    await clock.advance(2000);
    gateway.behaviour = (asked) => (asked.unit === 3 ? fault(asked) : prompt(asked));
    sink.clear();
    await clock.advance(6000);
    const during = [...sink.all];
    gateway.behaviour = prompt;
    await clock.advance(12_000);
    sink.clear();
    await clock.advance(5000);
    return { ...street, during };
  }
  const of = (during: readonly { device: string; quality: string }[], unit: number, quality: string) =>
    during.filter((reading) => reading.device === `meter-${unit}` && reading.quality === quality).length;
  const others = [1, 2, 4, 5, 6];

  test('a lost answer costs its device a time-out and nobody else anything', async () => {
    const { during, wrong, sink } = await under(() => []);
    expect(of(during, 3, 'good')).toBe(0);
    expect(of(during, 3, 'bad')).toBeGreaterThanOrEqual(5);
    for (const unit of others) expect(of(during, unit, 'good')).toBeGreaterThanOrEqual(5);
    for (const unit of others) expect(of(during, unit, 'bad')).toBe(0);
    expect(sink.good('meter-3')).toBeGreaterThanOrEqual(4);
    expect(wrong).toEqual([]);
  });

  test('an answer that comes twice is taken once', async () => {
    const { during, wrong, handle } = await under((asked) =>
      prompt(asked).flatMap((back) => [back, { ...back, after: back.after + 30 }]),
    );
    for (const unit of [...others, 3]) expect(of(during, unit, 'good')).toBeGreaterThanOrEqual(5);
    expect(during.some(({ quality }) => quality !== 'good')).toBe(false);
    expect(facts(handle).foreign_frames).toBeGreaterThanOrEqual(5);
    expect(wrong).toEqual([]);
  });

  test('a wrong transaction id is nobody else’s answer', async () => {
    const { during, wrong } = await under(({ answer = Uint8Array.of(), transaction, turnaround }) => {
      const other = (transaction - 3) & 0xffff;
      return [{ after: turnaround, bytes: Uint8Array.of(other >> 8, other & 0xff, ...answer.slice(2)) }];
    });
    expect(of(during, 3, 'good')).toBe(0);
    for (const unit of others) expect(of(during, unit, 'good')).toBeGreaterThanOrEqual(5);
    expect(wrong).toEqual([]);
  });

  test('the right transaction id with another unit, function or length is refused', async () => {
    for (const bytes of [
      (t: number) => frame(t, 4, 3, 20, ...new Array<number>(20).fill(1)),
      (t: number) => frame(t, 3, 4, 20, ...new Array<number>(20).fill(1)),
      (t: number) => frame(t, 3, 3, 18, ...new Array<number>(18).fill(1)),
    ]) {
      const { during, wrong, handle } = await under(({ transaction, turnaround }) => [
        { after: turnaround, bytes: bytes(transaction) },
      ]);
      expect(of(during, 3, 'good')).toBe(0);
      for (const unit of others) expect(of(during, unit, 'good')).toBeGreaterThanOrEqual(5);
      expect(wrong).toEqual([]);
      await handle[Symbol.asyncDispose]();
    }
  });

  test('a late answer is not taken for the next', async () => {
    const { during, wrong } = await under((asked) => prompt(asked).map((back) => ({ ...back, after: 700 })));
    expect(of(during, 3, 'good')).toBe(0);
    expect(wrong).toEqual([]);
  });

  test('glued answers are told apart', async () => {
    let held: Uint8Array = new Uint8Array();
    const { during, wrong } = await under(({ answer = new Uint8Array(), turnaround, transaction }) => {
      held = Uint8Array.of(...frame((transaction - 9) & 0xffff, 9, 3, 2, 0, 0), ...answer, ...answer);
      return [{ after: turnaround, bytes: held }];
    });
    for (const unit of [...others, 3]) expect(of(during, unit, 'good')).toBeGreaterThanOrEqual(5);
    expect(wrong).toEqual([]);
  });

  test('dripping answers arrive', async () => {
    const { during, wrong } = await under(({ answer = new Uint8Array(), turnaround }) =>
      [...answer].map((byte, i) => ({ after: turnaround / 100 + i / 1000, bytes: Uint8Array.of(byte) })),
    );
    for (const unit of [...others, 3]) expect(of(during, unit, 'good')).toBeGreaterThanOrEqual(5);
    expect(wrong).toEqual([]);
  });

  test.each([1, 5, 6, 7, 8, 15, 28])(
    'an answer cut off after %i bytes takes no other with it',
    async (length) => {
      const { during, wrong, sink } = await under(({ answer = new Uint8Array(), turnaround }) => [
        { after: turnaround, bytes: answer.slice(0, length) },
      ]);
      expect(of(during, 3, 'good')).toBe(0);
      for (const unit of others) expect(of(during, unit, 'good'), `meter-${unit}`).toBeGreaterThanOrEqual(4);
      expect(sink.good('meter-3')).toBeGreaterThanOrEqual(4);
      expect(wrong).toEqual([]);
    },
  );

  test('a reset ends what is on its way, and all are read again within 5 s', async () => {
    const { clock, gateway, sink, wrong, handle } = behind(many, 4);
    gateway.turnaround = () => 200;
    await clock.advance(3100);
    gateway.reset();
    await clock.advance(100);
    expect(facts(handle)).toBeDefined();
    sink.clear();
    await clock.advance(5000);
    for (const unit of many) expect(sink.good(`meter-${unit}`)).toBeGreaterThanOrEqual(2);
    expect(gateway.openPipes).toBe(1);
    expect(wrong).toEqual([]);
  });

  test('a gateway that goes away says so, refuses commands and leaves nothing waiting', async () => {
    const { clock, gateway, sink, handle } = behind(many, 4);
    await clock.advance(3000);
    gateway.up = false;
    gateway.reset();
    await clock.advance(5000);
    expect(handle.health()[0]?.state).toBe('down');
    await expect(
      handle.write('meter-1', { point: 'r0', value: 1 }, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'port-missing' });
    gateway.up = true;
    await clock.advance(3000);
    sink.clear();
    await clock.advance(3000);
    expect(sink.good('meter-1')).toBeGreaterThanOrEqual(2);
  });
});

test('1,000 seeded schedules of every fault: nothing wrong is published, the line heals', async () => {
  const from = Number(process.env.SEED ?? 1);
  for (let seed = from; seed < from + 1000; seed++) {
    const random = seeded(seed);
    const { clock, gateway, sink, wrong, handle } = behind([1, 2, 3, 4, 5], 1 + Math.floor(random() * 5));
    const healthy = gateway.turnaround;
    let lastBroken = Number.NEGATIVE_INFINITY;
    gateway.turnaround = () => 1 + random() * 80;
    const other = (bytes: Uint8Array, by: number) => {
      const copy = bytes.slice();
      copy[1] = ((copy[1] ?? 0) + by) & 0xff;
      return copy;
    };
    gateway.behaviour = (asked) => {
      const [back] = prompt(asked);
      if (back === undefined || random() < 0.6) return prompt(asked);
      const { bytes, after } = back;
      const cut = Math.floor(random() * bytes.length);
      const noise = Uint8Array.from({ length: random() * 30 }, () => Math.floor(random() * 256));
      const whole: readonly (() => readonly Back[])[] = [
        () => [],
        () => [back, back],
        () => [{ after: 300 + random() * 1500, bytes }],
        () => [{ after, bytes: other(bytes, 1 + Math.floor(random() * 8)) }],
        () => [{ after, bytes: frame(asked.transaction, asked.unit, 0x83, 1 + Math.floor(random() * 6)) }],
        () => {
          if (random() < 0.3) gateway.reset();
          return [];
        },
      ];
      // What fills half a frame to its last byte cannot be told from its end: one connection has noise or halves, and
      // a half at a time.
      const broken: readonly (() => readonly Back[])[] =
        clock.mono() - lastBroken < 2000
          ? []
          : seed % 2 === 0
            ? [
                () => [{ after, bytes: Uint8Array.of(...noise, ...bytes) }],
                () => [{ after, bytes: Uint8Array.of(...bytes, ...noise) }],
              ]
            : [
                () => [{ after, bytes: bytes.slice(0, cut) }],
                () => [
                  { after, bytes: bytes.slice(0, cut) },
                  { after: after + 900 * random(), bytes: bytes.slice(cut) },
                ],
                () => [{ after, bytes: Uint8Array.of(...bytes.slice(0, cut), ...bytes) }],
              ];
      const kinds = [...whole, ...broken];
      const kind = Math.floor(random() * kinds.length);
      if (kind >= whole.length) lastBroken = clock.mono();
      return kinds[kind]?.() ?? [];
    };
    await clock.advance(4000);
    gateway.behaviour = prompt;
    gateway.turnaround = healthy;
    await clock.advance(6000);
    sink.clear();
    // A device that was down by then is probed again within half a minute.
    for (let i = 0; i < 10 && [1, 2, 3, 4, 5].some((unit) => sink.good(`meter-${unit}`) === 0); i++) {
      await clock.advance(4000);
    }
    for (const unit of [1, 2, 3, 4, 5]) {
      expect(sink.good(`meter-${unit}`), `seed ${seed}, meter-${unit}`).toBeGreaterThan(0);
    }
    expect(wrong, `seed ${seed}`).toEqual([]);
    expect(gateway.openPipes).toBe(1);
    const closing = handle[Symbol.asyncDispose]();
    await clock.advance(3000);
    await closing;
    expect(gateway.openPipes, `seed ${seed}`).toBe(0);
  }
  open = undefined;
}, 300_000);

test('the register contents of two units differ', () => {
  expect(content(1, 5)).not.toBe(content(2, 5));
});
