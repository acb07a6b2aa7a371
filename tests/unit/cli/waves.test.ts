/** A roll-out in waves against agents of the test's own: who fails, who is not there, pauses, and what an interruption leaves. */
import { describe, expect, test } from 'vitest';
import type { UpdateBody } from '../../../agent/cli/waves/fate.ts';
import type { FleetListener, Sent } from '../../../agent/cli/waves/link.ts';
import { nameOfTarget, planWaves, readTargets, type Target } from '../../../agent/cli/waves/plan.ts';
import { type Known, type RollOut, rollOut } from '../../../agent/cli/waves/roll-out.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const TARGETS = readTargets(Array.from({ length: 10 }, (_, i) => `street/pole-${i}`).join('\n'));
const good: UpdateBody = { what: 'good', version: '#17' };
const returned: UpdateBody = { what: 'returned', version: '#17', reason: 'uplink:city is down' };

/** Agents that answer as they are told: with an event, with silence, or not at all. */
class Agents {
  readonly sent: string[] = [];
  readonly gone = new Map<string, string>();
  readonly listeners = new Set<FleetListener>();
  answers: (name: string) => UpdateBody | Sent['kind'] = () => good;

  async send(target: Target): Promise<Sent> {
    const name = nameOfTarget(target);
    this.sent.push(name.replace('street/pole-', ''));
    const answer = this.answers(name);
    if (answer === 'silent') return { kind: 'silent', reason: 'it does not answer' };
    if (answer === 'refused') return { kind: 'refused', reason: 'command rejected' };
    if (answer !== 'begun') queueMicrotask(() => this.tell(name, answer));
    return { kind: 'begun' };
  }

  tell(name: string, body: UpdateBody): void {
    for (const one of this.listeners) one.onUpdate(name, body);
  }

  offline(name: string): string | undefined {
    return this.gone.get(name);
  }

  back(name: string): void {
    this.gone.delete(name);
    for (const one of this.listeners) one.onOnline(name);
  }

  listen(listener: FleetListener): Disposable {
    this.listeners.add(listener);
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
  }
}

const stop = new AbortController();

describe('a roll-out', () => {
  const begin = (
    agents: Agents,
    more: Partial<Parameters<typeof rollOut>[0]> & { readonly sizes?: string } = {},
  ) => {
    const clock = new VirtualClock();
    const said: string[] = [];
    const known: Known[] = [];
    const { sizes = '1,3,100%', ...options } = more;
    const end: Promise<RollOut> = rollOut({
      plan: planWaves(TARGETS, sizes, { mayFail: 0, maySilent: 0.2 }),
      link: agents,
      clock,
      known: { fates: {} },
      expected: '#17',
      onKnown: (now) => known.push(now),
      say: (line) => said.push(line),
      timeout: 600_000,
      atOnce: 2,
      pause: 0,
      catchUp: 0,
      signal: stop.signal,
      ...options,
    });
    return { clock, said, known, end };
  };

  test('goes on where every one of a wave has kept it', async () => {
    const agents = new Agents();
    const { end, said } = begin(agents);
    expect(await end).toMatchObject({ complete: true });
    expect(agents.sent.toSorted()).toEqual(TARGETS.map((_, i) => String(i)));
    expect(said.at(-1)).toBe('wave 3: 6 done, 0 failed');
  });

  test('stops at the first that fails, and asks no more of its wave', async () => {
    const agents = new Agents();
    agents.answers = (name) => (name.endsWith('-5') ? returned : good);
    const { end, said } = begin(agents);
    const { complete, stoppedAt, fates } = await end;
    expect({ complete, stoppedAt }).toEqual({ complete: false, stoppedAt: 3 });
    expect(fates['street/pole-5']).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('uplink:city is down'),
    });
    expect(fates['street/pole-9']).toBeUndefined();
    expect(said.at(-1)).toMatch(/^stopped in wave 3: 1 of 6 failed; \d agents were not asked$/);
  });

  test('counts nothing that is told of another bundle', async () => {
    const agents = new Agents();
    agents.answers = () => 'begun';
    const { end, clock } = begin(agents, { sizes: '1' });
    agents.tell('street/pole-0', { ...good, version: '#16' });
    await clock.advance(600_000);
    const { fates } = await end;
    expect(fates['street/pole-0']).toEqual({
      state: 'failed',
      reason: 'nothing was heard of it within 600 s',
    });
  });

  test('names who is not there, goes on without, and catches up when it comes back', async () => {
    const agents = new Agents();
    agents.gone.set('street/pole-2', 'it is offline');
    const { end, said, clock } = begin(agents, { catchUp: 3_600_000 });
    await clock.advance(60_000);
    expect(agents.sent).not.toContain('2');
    expect(agents.sent).toHaveLength(9);
    expect(said).toContain('street/pole-2: it is offline');
    expect(said).toContain('wave 2: 2 done, 0 failed, 1 not there');
    agents.back('street/pole-2');
    await clock.advance(60_000);
    const { complete, fates } = await end;
    expect(complete).toBe(true);
    expect(fates['street/pole-2']).toEqual({ state: 'done', what: '#17' });
  });

  test('is not proven by a wave of which nobody is there', async () => {
    const agents = new Agents();
    agents.gone.set('street/pole-0', 'it is offline');
    const { end, said } = begin(agents);
    expect(await end).toMatchObject({ complete: false, stoppedAt: 1 });
    expect(said.at(-1)).toBe('stopped in wave 1: nobody of it has it; 9 agents were not asked');
    expect(agents.sent).toEqual([]);
  });

  test('stops where more are not there than may', async () => {
    const agents = new Agents();
    for (const i of [4, 5, 6]) agents.gone.set(`street/pole-${i}`, 'it is offline');
    const { end, said } = begin(agents);
    expect(await end).toMatchObject({ complete: false, stoppedAt: 3 });
    expect(said.at(-1)).toMatch(/^stopped in wave 3: 3 of 6 were not there/);
  });

  test('one whose answer was lost and that has failed counts, whenever it is told', async () => {
    const agents = new Agents();
    agents.answers = (name) => (name.endsWith('-2') ? 'silent' : name.endsWith('-6') ? 'begun' : good);
    const { end, clock } = begin(agents);
    await clock.advance(1000);
    agents.tell('street/pole-2', returned);
    agents.tell('street/pole-6', good);
    await clock.advance(1000);
    expect(await end).toMatchObject({ complete: false, stoppedAt: 3 });
  });

  test('one that was asked before an interruption is not taken for one that is not there', async () => {
    const agents = new Agents();
    agents.gone.set('street/pole-0', 'it is offline');
    agents.answers = () => 'silent';
    const { end, clock } = begin(agents, { known: { fates: { 'street/pole-0': { state: 'sent' } } } });
    await clock.advance(60_000);
    agents.tell('street/pole-0', returned);
    expect(await end).toMatchObject({ complete: false, stoppedAt: 1 });
  });

  test('pauses between waves, and has paused already where it is taken up again', async () => {
    const agents = new Agents();
    const { end, clock, known, said } = begin(agents, { pause: 1_800_000 });
    await clock.advance(1_799_000);
    expect(agents.sent).toEqual(['0']);
    expect(said.at(-1)).toBe('pause of 1800 s before wave 2');
    const rest = known.findLast((one) => one.rest !== undefined)?.rest;
    expect(rest).toEqual({ after: 0, until: Date.UTC(2027, 0, 1) + 1_800_000 });
    await clock.advance(4_000_000);
    expect(await end).toMatchObject({ complete: true });

    const later = new Agents();
    const fates = { 'street/pole-0': { state: 'done', what: '#17' } } as const;
    const resumed = begin(later, {
      pause: 1_800_000,
      known: { fates, rest: { after: 0, until: Date.UTC(2027, 0, 1) + 600_000 } },
    });
    await resumed.clock.advance(599_000);
    expect(later.sent).toEqual([]);
    await resumed.clock.advance(2000);
    expect(later.sent.toSorted()).toEqual(['1', '2', '3']);
    await resumed.clock.advance(2_000_000);
    expect(await resumed.end).toMatchObject({ complete: true });
  });
});
