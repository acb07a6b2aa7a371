/**
 * The driver conformance suite: what every driver owes its owner, whatever it speaks. Bytes are played, the driver and
 * its codec are the real ones. Run over every driver of the list by driver.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { topicFits } from '../../agent/bus/topic.ts';
import type {
  Driver,
  Message,
  MessageDriver,
  NetworkDriver,
  PolledDriver,
  StreamDriver,
  StreamSession,
} from '../../agent/core/driver.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import { silent } from '../../agent/core/log.ts';
import type { Mono, Reading } from '../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../agent/core/site.ts';
import type { Clock, ClockMapping } from '../../agent/core/time/clock.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { type FakeStream, fakeStream } from '../unit/drivers/fake-stream.ts';

export interface PolledFixture {
  readonly kind: 'polled';
  readonly device: DeviceConfig;
  readonly line: LineConfig;
  /** A healthy device. */
  exchange(): Exchange;
}

export interface StreamFixture {
  readonly kind: 'stream';
  readonly device: DeviceConfig;
  readonly line: LineConfig;
  /** A healthy device: hears what the driver writes, and sends what it has to say when `tick`ed about every second. */
  play(): { hear(bytes: Uint8Array, stream: FakeStream): void; tick(stream: FakeStream): void };
}

export interface MessageFixture {
  readonly kind: 'message';
  readonly device: DeviceConfig;
  readonly line: LineConfig;
  /** What a healthy device sends. */
  message(): Pick<Message, 'topic' | 'payload'>;
}

export interface NetworkFixture {
  readonly kind: 'network';
  readonly line: LineConfig;
  readonly device: DeviceConfig;
  /** A healthy device on loopback, and how it is reached. */
  serve(): Promise<Served>;
}

export interface Served extends AsyncDisposable {
  readonly device: DeviceConfig;
  /** Absent: that of the fixture. */
  readonly line?: LineConfig;
}

/** Noise that is the same in every run. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
}

/** Knows what is still running on it. */
class CountingClock implements Clock {
  readonly boot = 'virtual-boot';
  readonly virtual = new VirtualClock();
  running = 0;

  mono(): Mono {
    return this.virtual.mono();
  }
  mapping(): ClockMapping {
    return this.virtual.mapping();
  }
  onMapping(listener: (mapping: ClockMapping) => void): Disposable {
    return this.virtual.onMapping(listener);
  }
  after(ms: number, run: () => void): Disposable {
    this.running++;
    let over = false;
    const end = () => {
      if (!over) this.running--;
      over = true;
    };
    const timer = this.virtual.after(ms, () => {
      end();
      run();
    });
    return {
      [Symbol.dispose]: () => {
        end();
        timer[Symbol.dispose]();
      },
    };
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.running++;
    return this.virtual.sleep(ms, signal).finally(() => {
      this.running--;
    });
  }
}

const never = new AbortController().signal;
const sorted = (names: readonly string[]) => [...names].sort();
const timeouts = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

export function driverConformance(
  driver: Driver,
  fixture: PolledFixture | StreamFixture | MessageFixture | NetworkFixture,
): void {
  describe(`driver ${driver.protocol}`, () => {
    it('finds its own fixture in order', () => {
      expect(driver.checkProfile(fixture.device.profile)).toEqual([]);
      expect(driver.checkDevice(fixture.device, fixture.line)).toEqual([]);
    });
    it('refuses unknown keys in profile, wire and device, with the path', () => {
      const { profile } = fixture.device;
      const first = profile.points[0];
      const odd = { ...(profile.options as object), nonsense: 1 };
      expect(driver.checkProfile({ ...profile, options: odd })[0]?.path).toEqual([
        driver.protocol,
        'nonsense',
      ]);
      const points = [
        { ...first, wire: { ...(first?.wire as object), nonsense: 1 } },
      ] as typeof profile.points;
      expect(driver.checkProfile({ ...profile, points })[0]?.path).toEqual([
        'points',
        0,
        driver.protocol,
        'nonsense',
      ]);
      const device = { ...fixture.device, options: { nonsense: 1 } };
      expect(driver.checkDevice(device, fixture.line)[0]?.path).toEqual(['options', 'nonsense']);
    });
    if (driver.kind === 'polled' && fixture.kind === 'polled') polled(driver, fixture);
    else if (driver.kind === 'stream' && fixture.kind === 'stream') stream(driver, fixture);
    else if (driver.kind === 'message' && fixture.kind === 'message') message(driver, fixture);
    else if (driver.kind === 'network' && fixture.kind === 'network') network(driver, fixture);
    else it.fails('has a fixture of its own kind', () => expect(fixture.kind).toBe(driver.kind));
  });
}

function network(driver: NetworkDriver, fixture: NetworkFixture): void {
  const told = async ({ device: served, line = fixture.line }: Pick<Served, 'device' | 'line'>) => {
    const clock = new SystemClock();
    const emitted: Reading[] = [];
    const running = driver.start(
      { device: served, clock, log: silent },
      (more) => emitted.push(...more),
      line,
    );
    const points = served.profile.points.filter(({ access }) => access !== 'write').map(({ id }) => id);
    const twice = () => points.every((id) => emitted.filter(({ point }) => point === id).length >= 2);
    for (let i = 0; i < 2000 && !twice(); i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await running[Symbol.asyncDispose]();
    return { emitted, points, running };
  };

  it('tells every point at every look, and nothing once it is closed, also twice', async () => {
    await using served = await fixture.serve();
    const { emitted, points, running } = await told(served);
    for (const point of points) {
      expect([point, emitted.filter((one) => one.point === point).length > 1]).toEqual([point, true]);
    }
    expect(emitted.some(({ quality }) => quality === 'good')).toBe(true);
    for (const { device, value, quality } of emitted) {
      expect(device).toBe(served.device.id);
      expect(value === null).toBe(quality === 'bad');
    }
    const count = emitted.length;
    await running[Symbol.asyncDispose]();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(emitted.length).toBe(count);
  });

  it('tells the same of one that is not there', async () => {
    const served = await fixture.serve();
    await served[Symbol.asyncDispose]();
    const { emitted, points } = await told(served);
    expect(sorted(emitted.slice(0, points.length).map(({ point }) => point))).toEqual(sorted(points));
  });

  it('refuses a write to what cannot be written', async () => {
    await using served = await fixture.serve();
    const context = { device: served.device, clock: new SystemClock(), log: silent };
    await using running = driver.start(context, () => {}, served.line ?? fixture.line);
    const outcome = await running.write?.({ point: 'no-such-point', value: 1 }, never);
    if (outcome !== undefined) expect(outcome).toMatchObject({ kind: 'rejected' });
  });
}

function message(driver: MessageDriver, fixture: MessageFixture): void {
  const clock = new VirtualClock();
  const open = () => driver.open({ device: fixture.device, clock, log: silent }, fixture.line);
  const whole = (more: Partial<Message> = {}): Message => ({
    ...fixture.message(),
    retained: false,
    time: clock.mono(),
    ...more,
  });
  const points = fixture.device.profile.points.map(({ id }) => id);

  it('hears its own topic, and gives each point once, now', () => {
    const session = open();
    expect(session.filters.some((filter) => topicFits(filter, whole().topic))).toBe(true);
    const readings = session.take(whole()) ?? [];
    expect(sorted(readings.map(({ point }) => point))).toEqual(sorted(points));
    for (const { device, value, quality, time } of readings) {
      expect(device).toBe(fixture.device.id);
      expect(value === null).toBe(quality === 'bad');
      expect(time).toBeLessThanOrEqual(clock.mono());
    }
  });

  it('never takes garbage for a message, and says what is wrong', () => {
    const next = noise(2);
    const session = open();
    for (let round = 0; round < 2000; round++) {
      const payload = Uint8Array.from({ length: next() % 64 }, next);
      try {
        expect(session.take(whole({ payload })) ?? []).toEqual([]);
      } catch (thrown) {
        expect(thrown).toMatchObject({ name: 'AgentError', code: 'frame-invalid' });
      }
    }
    expect(session.take(whole())?.length).toBe(points.length);
  });

  it('says how long it may be silent', () => {
    expect(driver.staleAfter(fixture.device)).toBeGreaterThan(1000);
  });
}

function polled(driver: PolledDriver, fixture: PolledFixture): void {
  const open = (clock: Clock = new VirtualClock()) =>
    driver.open({ device: fixture.device, clock, log: silent }, fixture.line);
  const silentLine: Exchange = async (_request, signal) => {
    signal.throwIfAborted();
    throw new AgentError('timeout', 'read failed: no answer within 300 ms');
  };
  const readable = fixture.device.profile.points
    .filter((point) => point.access !== 'write')
    .map((point) => point.id);

  it('gives exactly one reading per point', async () => {
    const session = open();
    const exchange = fixture.exchange();
    for (let round = 0; round < 3; round++) {
      const all: string[] = [];
      for (const poll of session.polls) {
        const readings = await poll.execute(exchange, never);
        expect(sorted(readings.map((reading) => reading.point))).toEqual(sorted(poll.points));
        for (const reading of readings) {
          expect(reading.device).toBe(fixture.device.id);
          expect(reading.value === null).toBe(reading.quality === 'bad');
        }
        all.push(...readings.map((reading) => reading.point));
      }
      expect(sorted(all)).toEqual(sorted(readable));
    }
  });

  it('says how many bytes a poll takes', async () => {
    const exchange = fixture.exchange();
    for (const poll of open().polls) {
      let [asked, answered] = [0, 0];
      await poll.execute(async (request, signal) => {
        const answer = await exchange(request, signal);
        asked += request.bytes.length;
        answered += answer.bytes.length;
        return answer;
      }, never);
      expect([asked, answered]).toEqual([poll.requestBytes, poll.answerBytes]);
    }
  });

  it('rejects when nobody answers, and works on the same session when somebody does', async () => {
    const session = open();
    await expect(session.polls[0]?.execute(silentLine, never)).rejects.toMatchObject({
      code: 'timeout',
      retryable: true,
    });
    await expect(session.probe(silentLine, never)).rejects.toMatchObject({ code: 'timeout' });
    const exchange = fixture.exchange();
    await session.probe(exchange, never);
    const readings = await session.polls[0]?.execute(exchange, never);
    expect(readings?.length).toBeGreaterThan(0);
  });

  it('ends at once when aborted, before and during', async () => {
    const before = AbortSignal.abort(new AgentError('aborted', 'stop'));
    const poll = open().polls[0];
    await expect(poll?.execute(fixture.exchange(), before)).rejects.toMatchObject({ code: 'aborted' });
    const during = new AbortController();
    const hanging: Exchange = (_request, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const pending = poll?.execute(hanging, during.signal);
    during.abort(new AgentError('aborted', 'stop'));
    await expect(pending).rejects.toMatchObject({ code: 'aborted' });
  });

  it('never takes garbage for an answer', async () => {
    const next = noise(1);
    const session = open();
    for (let round = 0; round < 500; round++) {
      const garbage = Uint8Array.from({ length: 1 + (next() % 64) }, next);
      const noisy: Exchange = async ({ match }) => {
        let rest = garbage;
        for (let step = 0; step < 200 && match !== undefined && rest.length > 0; step++) {
          const found = match(rest);
          if (found.kind === 'more') break;
          expect(found.length).toBeGreaterThan(0);
          expect(found.length).toBeLessThanOrEqual(rest.length);
          expect(found.kind).not.toBe('frame');
          rest = rest.subarray(found.length);
        }
        throw new AgentError('frame-invalid', 'read failed: bytes came, none of them an answer');
      };
      for (const poll of session.polls) {
        await expect(poll.execute(noisy, never)).rejects.toMatchObject({ code: 'frame-invalid' });
      }
    }
  });

  it('refuses a write it cannot make without asking the line', async () => {
    const outcome = await open().write({ point: 'no-such-point', value: 1 }, silentLine, never);
    expect(outcome).toMatchObject({ kind: 'rejected' });
  });

  it('leaves no timer', async () => {
    const clock = new CountingClock();
    const before = timeouts();
    const session = open(clock);
    await session.polls[0]?.execute(fixture.exchange(), never);
    await session.polls[0]?.execute(silentLine, never).catch(() => {});
    expect(clock.running).toBe(0);
    expect(timeouts()).toBeLessThanOrEqual(before);
  });
}

interface Played {
  readonly clock: CountingClock;
  readonly stream: FakeStream;
  readonly emitted: Reading[][];
  /** Lets `ms` pass with the device talking. */
  run(ms: number): Promise<void>;
}

function stream(driver: StreamDriver, fixture: StreamFixture): void {
  const play = (healthy = true): Played => {
    const clock = new CountingClock();
    const device = fixture.play();
    const pipe = fakeStream(clock, (bytes, to) => (healthy ? device.hear(bytes, to) : undefined));
    const run = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 250) {
        if (healthy && passed % 1000 === 0) device.tick(pipe);
        await clock.virtual.advance(250);
      }
    };
    return { clock, stream: pipe, emitted: [], run };
  };
  const start = (played: Played, signal: AbortSignal = never): Promise<StreamSession> =>
    driver.open(
      { device: fixture.device, clock: played.clock, log: silent },
      played.stream,
      (readings) => played.emitted.push([...readings]),
      signal,
    );
  /** Opens, with the device talking meanwhile. */
  const opened = async (played: Played): Promise<StreamSession> => {
    const pending = start(played);
    let done = false;
    const settled = () => {
      done = true;
    };
    pending.then(settled, settled);
    for (let i = 0; i < 200 && !done; i++) {
      // The first open of a driver may load its library.
      await new Promise((resolve) => setTimeout(resolve, done ? 0 : 2));
      await played.run(250);
    }
    return pending;
  };
  const period = fixture.device.every ?? fixture.device.profile.every;

  it('tells every point, each at most once at a time, and goes on telling', async () => {
    const played = play();
    await using _session = await opened(played);
    await played.run(3 * period);
    const points = fixture.device.profile.points.map((point) => point.id);
    expect(sorted([...new Set(played.emitted.flat().map((reading) => reading.point))])).toEqual(
      sorted(points),
    );
    for (const readings of played.emitted) {
      expect(new Set(readings.map((reading) => reading.point)).size).toBe(readings.length);
      for (const reading of readings) expect(reading.value === null).toBe(reading.quality === 'bad');
    }
    const before = played.emitted.length;
    await played.run(3 * period);
    expect(played.emitted.length).toBeGreaterThan(before);
  });

  it('is never silent for longer than it says while the device is well', async () => {
    const played = play();
    await using _session = await opened(played);
    const limit = driver.staleAfter(fixture.device);
    await played.run(6 * period);
    const times = played.emitted.flat().map((reading) => reading.time);
    for (const [i, time] of times.entries()) expect(time - (times[i - 1] ?? time)).toBeLessThan(limit);
  });

  it('gives up on a silent device within 15 s and leaves nothing', async () => {
    const played = play(false);
    const began = played.clock.mono();
    await expect(opened(played)).rejects.toMatchObject({ code: 'timeout', retryable: true });
    expect(played.clock.mono() - began).toBeLessThanOrEqual(15_000);
    expect(played.stream.listeners).toBe(0);
    expect(played.clock.running).toBe(0);
  });

  it('ends at once when aborted while opening', async () => {
    const played = play(false);
    const controller = new AbortController();
    const pending = start(played, controller.signal);
    pending.catch(() => {});
    await played.run(500);
    controller.abort(new AgentError('aborted', 'stop'));
    await expect(pending).rejects.toMatchObject({ code: 'aborted' });
    expect(played.stream.listeners).toBe(0);
    expect(played.clock.running).toBe(0);
    await expect(start(played, controller.signal)).rejects.toMatchObject({ code: 'aborted' });
  });

  it('ends when the port closes while opening', async () => {
    const played = play(false);
    const pending = start(played);
    pending.catch(() => {});
    await played.run(250);
    played.stream.drop();
    await played.run(250);
    await expect(pending).rejects.toMatchObject({ code: 'link-lost' });
    expect(played.stream.listeners).toBe(0);
  });

  it('survives garbage before and between good bytes', async () => {
    const played = play();
    const next = noise(2);
    const pending = opened(played);
    played.stream.send(Array.from({ length: 100 }, next));
    await using _session = await pending;
    for (let i = 0; i < 50; i++) {
      played.stream.send(Array.from({ length: 40 }, next));
      await played.run(250);
    }
    const before = played.emitted.length;
    await played.run(3 * period);
    expect(played.emitted.length).toBeGreaterThan(before);
  });

  it('closes twice, leaves nothing, says nothing afterwards, and opens anew', async () => {
    const before = timeouts();
    const played = play();
    const session = await opened(played);
    await session[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
    expect(played.stream.listeners).toBe(0);
    expect(played.clock.running).toBe(0);
    const told = played.emitted.length;
    await played.run(2 * period);
    expect(played.emitted.length).toBe(told);
    expect(timeouts()).toBeLessThanOrEqual(before);
    const again = play();
    await using _session = await opened(again);
    await again.run(2 * period);
    expect(again.emitted.length).toBeGreaterThan(0);
  });

  it('refuses a write to what cannot be written', async () => {
    const played = play();
    await using session = await opened(played);
    expect(await session.write({ point: 'no-such-point', value: 1 }, never)).toMatchObject({
      kind: 'rejected',
    });
  });
}
