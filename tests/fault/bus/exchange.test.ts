import { describe, expect, test } from 'vitest';
import { lineTiming } from '../../../agent/bus/airtime.ts';
import { Wire } from '../../../agent/bus/exchange.ts';
import type { AgentError } from '../../../agent/core/errors.ts';
import type { Answer, ExchangeRequest, Matcher } from '../../../agent/core/link.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { readAnswer, readMatcher, readRequest, words, writeMatcher, writeRequest } from './modbus-words.ts';
import { honest, SimLine, seeded } from './sim-line.ts';
import { serialLine } from './test-driver.ts';

const forever = new AbortController().signal;

async function bench(line: LineConfig = serialLine) {
  const clock = new VirtualClock();
  const sim = new SimLine(clock, line);
  sim.units.add(1);
  const pipe = await sim.open();
  const wire = new Wire({ pipe, timing: lineTiming(line), timeout: line.timeout, cut: 50, clock });
  const { exchange } = wire.lend('meter');
  /** Runs one exchange to its end in virtual time. */
  const ask = async (
    request: ExchangeRequest,
    signal = forever,
    limit = 5000,
  ): Promise<Answer | AgentError> => {
    let done: Answer | AgentError | undefined;
    const started = clock.mono();
    exchange(request, signal).then(
      (answer) => {
        done = answer;
      },
      (error: AgentError) => {
        done = error;
      },
    );
    await clock.advance(0);
    while (done === undefined && clock.mono() - started < limit) await clock.advance(1);
    if (done === undefined) throw new Error('the exchange never ended');
    return done;
  };
  return { clock, sim, wire, ask, exchange };
}

const fast = { baud: 115_200, dataBits: 8, parity: 'none', stopBits: 1 } as const;
const two = { bytes: readRequest(1, 10, 2), match: readMatcher(1, 2) };

describe('an exchange', () => {
  test.each([
    [9600, 3.5 * (10 / 9.6)],
    [19_200, 3.5 * (10 / 19.2)],
    [115_200, 1.75],
  ])('keeps the silence at %i baud', async (baud, silence) => {
    const line = { ...serialLine, serial: { ...serialLine.serial, baud } };
    const { sim, ask } = await bench(line as LineConfig);
    for (let i = 0; i < 20; i++) await ask(two);
    expect(sim.intrusions).toBe(0);
    const answerEnd = (8 + 9) * (10_000 / baud) + lineTiming(line as LineConfig).silence + sim.turnaround;
    const [first, second] = sim.requestLog;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(answerEnd + silence - 1e-6);
  });

  test('takes the answer to a write on a line without echo, and waits for it behind an echo', async () => {
    const { sim, ask } = await bench();
    await ask(two);
    const request = writeRequest(1, 7, 99);
    const started = sim.requests;
    expect(await ask({ bytes: request, match: writeMatcher(request) })).toHaveProperty('bytes');
    expect(sim.requests).toBe(started + 1);

    const echoing = await bench();
    echoing.sim.behaviour = (heard) => [{ after: -7, bytes: heard.request }, ...honest(heard)];
    expect(await echoing.ask(two)).toHaveProperty('bytes');
    expect(await echoing.ask({ bytes: request, match: writeMatcher(request) })).toHaveProperty('bytes');
    // The device is dead, only the echo comes: that is no answer.
    echoing.sim.units.clear();
    expect(await echoing.ask({ bytes: request, match: writeMatcher(request) })).toMatchObject({
      code: 'timeout',
    });
  });

  test('does not take the echo for the answer to the very first write of a line', async () => {
    const { sim, ask } = await bench();
    sim.units.clear();
    sim.behaviour = (heard) => [{ after: -7, bytes: heard.request }];
    const request = writeRequest(1, 7, 99);
    expect(await ask({ bytes: request, match: writeMatcher(request) })).toMatchObject({ code: 'timeout' });
  });

  test('names what was wrong', async () => {
    const { sim, ask } = await bench();
    sim.behaviour = () => [];
    expect(await ask(two)).toMatchObject({ code: 'timeout', message: 'no answer within 300 ms' });
    sim.behaviour = () => [{ after: 5, bytes: Uint8Array.of(1, 3, 4, 0) }];
    expect(await ask(two)).toMatchObject({
      code: 'frame-invalid',
      message: 'answer cut off: silence after 4 bytes',
    });
    sim.behaviour = () => [{ after: 5, bytes: Uint8Array.of(9, 9, 9, 9, 9, 9) }];
    expect(await ask(two)).toMatchObject({ code: 'frame-invalid' });
  });

  test('a broadcast waits for its turnaround and for no answer', async () => {
    const { clock, ask } = await bench();
    const before = clock.mono();
    const answer = await ask({ bytes: writeRequest(0, 7, 1), turnaround: 150 });
    expect(answer).toHaveProperty('bytes', new Uint8Array());
    expect(clock.mono() - before).toBeGreaterThanOrEqual(150 + 8 * (10 / 9.6));
  });

  test('an abort ends it at once; the answer that comes later is not taken for the next', async () => {
    const { clock, sim, ask, exchange } = await bench();
    sim.behaviour = (heard) => honest(heard).map((back) => ({ ...back, after: 200 }));
    const abort = new AbortController();
    const refused = expect(exchange(two, abort.signal)).rejects.toMatchObject({ code: 'aborted' });
    await clock.advance(50);
    abort.abort();
    await refused;
    // A device answers in order.
    sim.behaviour = (heard) => honest(heard).map((back) => ({ ...back, after: 220 }));
    const answer = await ask(two);
    expect('bytes' in answer ? words(answer.bytes) : []).toEqual([10, 2]);
  });

  test('a late answer of the same length is refused where nothing proves whose it is', async () => {
    const { sim, ask } = await bench();
    sim.behaviour = ({ number, ...heard }) =>
      number === 1 ? honest({ number, ...heard }).map((back) => ({ ...back, after: 400 })) : [];
    expect(await ask({ bytes: readRequest(1, 10, 2), match: readMatcher(1, 2) })).toMatchObject({
      code: 'timeout',
    });
    // The answer to register 10 comes while register 20 is asked, which itself stays without answer.
    expect(await ask({ bytes: readRequest(1, 20, 2), match: readMatcher(1, 2) })).toMatchObject({
      code: 'late-answer',
    });
  });

  test('of two answers the second is ours', async () => {
    const { sim, ask } = await bench();
    sim.behaviour = ({ number, ...heard }) =>
      honest({ number, ...heard }).map((back) => ({ ...back, after: number === 1 ? 350 : 120 }));
    expect(await ask({ bytes: readRequest(1, 10, 2), match: readMatcher(1, 2) })).toMatchObject({
      code: 'timeout',
    });
    const answer = await ask({ bytes: readRequest(1, 20, 2), match: readMatcher(1, 2) });
    expect('bytes' in answer ? words(answer.bytes)[0] : answer).toBe(20);
  });

  test('a second exchange at the same time is refused, and so is one after its turn', async () => {
    const { clock, wire, exchange } = await bench();
    const first = exchange(two, forever);
    await expect(exchange(two, forever)).rejects.toMatchObject({ code: 'internal' });
    await clock.advance(500);
    await first;
    const lease = wire.lend('meter');
    lease.revoke();
    await expect(lease.exchange(two, forever)).rejects.toMatchObject({ code: 'internal' });
  });

  test('losing the port ends it with the reason', async () => {
    const { clock, sim, exchange } = await bench();
    const refused = expect(exchange(two, forever)).rejects.toMatchObject({ code: 'link-lost' });
    await clock.advance(5);
    sim.unplug();
    await clock.advance(0);
    await refused;
  });
});

test('fuzz: 4,000 exchanges with random bytes never crash and give no frame that the matcher did not take', async () => {
  const seed = 20_261_122;
  const random = seeded(seed);
  const { clock, sim, ask } = await bench({
    ...serialLine,
    timeout: 30,
    serial: fast,
  });
  let answers = 0;
  for (let i = 0; i < 4000; i++) {
    const count = 1 + Math.floor(random() * 4);
    const taken: string[] = [];
    const inner = readMatcher(1, count);
    // Also a matcher that breaks its contract: lengths of 0 and beyond the end.
    const careless = random() < 0.1;
    const match: Matcher = (received) => {
      const found = inner(received);
      if (found.kind === 'frame') taken.push(Buffer.from(received.subarray(0, found.length)).toString('hex'));
      if (found.kind === 'skip' && careless) return { kind: 'skip', length: random() < 0.5 ? 0 : 999 };
      return found;
    };
    const pieces = Math.floor(random() * 5);
    sim.behaviour = (heard) => {
      const mixed: number[] = [];
      for (let p = 0; p < pieces; p++) {
        const kind = random();
        if (kind < 0.3) mixed.push(...(heard.answer ?? []));
        else if (kind < 0.5) mixed.push(...readAnswer(Math.floor(random() * 3), [1, 2].slice(0, count)));
        else if (kind < 0.6) mixed.push(...heard.request);
        else mixed.push(...Array.from({ length: random() * 40 }, () => Math.floor(random() * 256)));
      }
      const cut = Math.floor(random() * mixed.length);
      return [
        { after: random() * 10, bytes: Uint8Array.from(mixed.slice(0, cut)) },
        { after: 10 + random() * 40, bytes: Uint8Array.from(mixed.slice(cut)) },
      ];
    };
    const result = await ask({ bytes: readRequest(1, i & 0xff, count), match }, forever, 60_000);
    if ('bytes' in result) {
      answers += 1;
      expect(taken, `seed ${seed}, exchange ${i}`).toContain(Buffer.from(result.bytes).toString('hex'));
    } else {
      expect(['timeout', 'frame-invalid', 'late-answer'], `seed ${seed}, exchange ${i}`).toContain(
        result.code,
      );
    }
    if (random() < 0.2) await clock.advance(2500);
  }
  expect(answers).toBeGreaterThan(400);
}, 120_000);
