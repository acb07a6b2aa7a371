/**
 * Sends a command to agents wave by wave, waits for what becomes of it, and stops where more fail than may, or where nobody
 * is there to prove anything. What is known is handed out with every change, so that a roll-out that was interrupted is
 * taken up where it was.
 */
import { type Clock, wallAt } from '../../core/time/clock.ts';
import { type Fate, type Fates, fateOf } from './fate.ts';
import type { FleetLink } from './link.ts';
import { nameOfTarget, type Target, type WavePlan } from './plan.ts';

/** What outlives an interruption. */
export interface Known {
  readonly fates: Fates;
  /** The pause behind a wave, counted from 0, and when it is over; Unix epoch ms. */
  readonly rest?: { readonly after: number; readonly until: number };
}

export interface RollOutOptions {
  readonly plan: WavePlan;
  readonly link: FleetLink;
  readonly clock: Clock;
  /** What is known from before. */
  readonly known: Known;
  /** Name of what is sent in events; absent: whatever they tell counts. */
  readonly expected?: string;
  /** Told of every change. */
  onKnown(known: Known): void;
  say(line: string): void;
  /** Longest wait for one agent, ms. */
  readonly timeout: number;
  /** Agents under way at once. */
  readonly atOnce: number;
  /** Between two waves, ms. */
  readonly pause: number;
  /** How long agents that were not there are waited for at the end, ms. */
  readonly catchUp: number;
  readonly signal: AbortSignal;
}

export interface RollOut {
  /** All waves went through. Agents that were not there are in `fates`. */
  readonly complete: boolean;
  /** Number of the wave that stopped it, from 1. */
  readonly stoppedAt?: number;
  readonly fates: Fates;
}

export async function rollOut(options: RollOutOptions): Promise<RollOut> {
  const run = new Run(options);
  using _ = run.listen();
  return await run.all();
}

class Run {
  readonly #options: RollOutOptions;
  readonly #fates: Record<string, Fate>;
  #rest: Known['rest'];
  readonly #waiting = new Map<string, { readonly target: Target; readonly end: (fate: Fate) => void }>();
  readonly #back = new Set<string>();
  #woken: () => void = () => {};

  constructor(options: RollOutOptions) {
    this.#options = options;
    this.#fates = { ...options.known.fates };
    this.#rest = options.known.rest;
  }

  listen(): Disposable {
    const { link, expected, say } = this.#options;
    return link.listen({
      onUpdate: (name, body) => {
        const fate = fateOf(body, expected);
        if (fate === undefined) return;
        const waits = this.#waiting.get(name);
        if (waits !== undefined) return waits.end(fate);
        // Its answer was lost: it was there after all.
        if (this.#fates[name]?.state !== 'silent') return;
        this.#set(name, fate);
        if (fate.state === 'failed') say(`${name}: ${fate.reason}`);
      },
      onOnline: (name) => {
        if (this.#fates[name]?.state !== 'silent') return;
        this.#back.add(name);
        this.#woken();
      },
      onBack: () => {
        for (const { target } of this.#waiting.values()) void link.send(target).catch(() => {});
      },
    });
  }

  async all(): Promise<RollOut> {
    const { plan, say, signal } = this.#options;
    for (const [index, wave] of plan.waves.entries()) {
      await this.#pause(index);
      const open = wave.filter((one) => this.#stateOf(one) !== 'done');
      if (open.length > 0)
        say(`wave ${index + 1} of ${plan.waves.length}: ${open.length} of ${wave.length} agents`);
      const left = await this.#ask(open, () => this.#objection(index));
      signal.throwIfAborted();
      const against = this.#objection(index) ?? this.#unproven(wave);
      if (against !== undefined) return this.#stopped(index, against, left);
      if (open.length > 0) say(this.#summary(index));
      const last = index === plan.waves.length - 1;
      if (open.length > 0 && !last) this.#beginPause(index);
    }
    return this.#caughtUp();
  }

  /** Asks agents, `atOnce` of them at a time, while nothing speaks against it; gives how many were not asked. */
  async #ask(agents: readonly Target[], objection: () => string | undefined): Promise<number> {
    const { atOnce, say, signal } = this.#options;
    const before = new Map(agents.map((one) => [one, this.#fates[nameOfTarget(one)]] as const));
    // One that failed before is tried again by whoever starts the roll-out again.
    for (const one of agents) delete this.#fates[nameOfTarget(one)];
    const queue = [...agents];
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        if (signal.aborted || objection() !== undefined) {
          queue.unshift(next);
          return;
        }
        const name = nameOfTarget(next);
        const fate = await this.#one(next, before.get(next)?.state === 'sent');
        if (fate === undefined) return;
        this.#set(name, fate);
        if (fate.state === 'failed' || fate.state === 'silent') say(`${name}: ${fate.reason}`);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, agents.length) }, worker));
    // Of who was not asked again is known what was known.
    for (const one of queue) {
      const fate = before.get(one);
      if (fate !== undefined) this.#set(nameOfTarget(one), fate);
    }
    return queue.length;
  }

  /**
   * What becomes of one agent; undefined where nobody waits any more. `begun`: it was asked before an interruption, so that
   * its silence may be the doing of what it was sent.
   */
  async #one(target: Target, begun: boolean): Promise<Fate | undefined> {
    const { link, timeout, signal, clock } = this.#options;
    const name = nameOfTarget(target);
    const gone = link.offline(name);
    if (gone !== undefined && !begun) return { state: 'silent', reason: gone };
    this.#set(name, { state: 'sent' });
    const { promise: told, resolve } = Promise.withResolvers<Fate | undefined>();
    this.#waiting.set(name, { target, end: resolve });
    const seconds = Math.round(timeout / 1000);
    const late = clock.after(timeout, () =>
      resolve({ state: 'failed', reason: `nothing was heard of it within ${seconds} s` }),
    );
    const stop = () => resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      const sent = await Promise.race([link.send(target), told.then(() => undefined)]);
      if (sent?.kind === 'refused') return { state: 'failed', reason: sent.reason };
      if (sent?.kind === 'silent' && !begun) return { state: 'silent', reason: sent.reason };
      return await told;
    } finally {
      late[Symbol.dispose]();
      signal.removeEventListener('abort', stop);
      this.#waiting.delete(name);
    }
  }

  /** Why nobody else of a wave may be asked; undefined: go on. */
  #objection(index: number): string | undefined {
    const { waves, maySilent } = this.#options.plan;
    const wave = waves[index] ?? [];
    const silent = this.#count(wave, 'silent');
    const failed = this.#failures(index);
    if (failed !== undefined || silent <= Math.ceil(wave.length * maySilent)) return failed;
    return `${silent} of ${wave.length} were not there`;
  }

  /** What this wave or one before it has lost more than it may. */
  #failures(index: number): string | undefined {
    const { waves, mayFail } = this.#options.plan;
    for (const [at, wave] of waves.slice(0, index + 1).entries()) {
      const failed = this.#count(wave, 'failed');
      const where = at === index ? '' : `of wave ${at + 1} `;
      if (failed > Math.floor(wave.length * mayFail)) return `${where}${failed} of ${wave.length} failed`;
    }
    return undefined;
  }

  /** A wave of which nobody was there proves nothing to the next one. */
  #unproven(wave: readonly Target[]): string | undefined {
    return this.#count(wave, 'done') > 0 ? undefined : 'nobody of it has it';
  }

  #stopped(index: number, against: string, left: number): RollOut {
    const { plan, say } = this.#options;
    const asked = plan.waves.slice(index + 1).reduce((sum, { length }) => sum + length, left);
    say(`stopped in wave ${index + 1}: ${against}; ${asked} agents were not asked`);
    return { complete: false, stoppedAt: index + 1, fates: this.#fates };
  }

  #summary(index: number): string {
    const wave = this.#options.plan.waves[index] ?? [];
    const [done, failed, silent] = [
      this.#count(wave, 'done'),
      this.#count(wave, 'failed'),
      this.#count(wave, 'silent'),
    ];
    return `wave ${index + 1}: ${done} done, ${failed} failed${silent === 0 ? '' : `, ${silent} not there`}`;
  }

  #beginPause(index: number): void {
    const { pause } = this.#options;
    if (pause === 0) return;
    this.#rest = { after: index, until: Math.round(this.#now() + pause) };
    this.#options.onKnown(this.#known());
  }

  /** Before wave `index`: what is left of the pause behind the one before it. */
  async #pause(index: number): Promise<void> {
    const { clock, signal, say } = this.#options;
    if (this.#rest?.after !== index - 1) return;
    const left = this.#rest.until - this.#now();
    if (left > 0) {
      say(`pause of ${Math.ceil(left / 1000)} s before wave ${index + 1}`);
      await clock.sleep(left, signal);
    }
    this.#rest = undefined;
  }

  /** All waves went through: who was not there is asked when it comes back, for as long as is waited. */
  async #caughtUp(): Promise<RollOut> {
    const { plan, catchUp, clock, signal, say, link } = this.#options;
    const silent = () => plan.waves.flat().filter((one) => this.#stateOf(one) === 'silent');
    const last = plan.waves.length - 1;
    if (catchUp > 0 && silent().length > 0) {
      say(`waiting ${Math.round(catchUp / 1000)} s for ${silent().length} agents that were not there`);
      const end = clock.mono() + catchUp;
      // Who came back while others were asked has come back all the same.
      for (const one of silent()) {
        const name = nameOfTarget(one);
        if (link.offline(name) === undefined && this.#fates[name]?.state === 'silent') this.#back.add(name);
      }
      while (clock.mono() < end && silent().length > 0 && this.#failures(last) === undefined) {
        const back = silent().filter((one) => this.#back.has(nameOfTarget(one)));
        this.#back.clear();
        if (back.length > 0) await this.#ask(back, () => this.#failures(last));
        else await this.#someoneBack(end - clock.mono());
        signal.throwIfAborted();
      }
    }
    const against = this.#failures(last);
    if (against !== undefined) return this.#stopped(last, against, 0);
    const missing = silent().map(nameOfTarget);
    if (missing.length > 0) {
      const more = missing.length > 20 ? ` and ${missing.length - 20} more` : '';
      say(`not there, to be caught up by the same command: ${missing.slice(0, 20).join(', ')}${more}`);
    }
    return { complete: true, fates: this.#fates };
  }

  /** Resolves when an agent that was not there is back, or after `ms`. */
  async #someoneBack(ms: number): Promise<void> {
    const { clock, signal } = this.#options;
    const woken = new Promise<void>((resolve) => {
      this.#woken = resolve;
    });
    const slept = new AbortController();
    const both = AbortSignal.any([signal, slept.signal]);
    await Promise.race([woken, clock.sleep(ms, both).catch(() => {})]);
    slept.abort();
  }

  #stateOf(target: Target): Fate['state'] | undefined {
    return this.#fates[nameOfTarget(target)]?.state;
  }

  #count(wave: readonly Target[], state: Fate['state']): number {
    return wave.filter((one) => this.#stateOf(one) === state).length;
  }

  #set(name: string, fate: Fate): void {
    this.#fates[name] = fate;
    this.#options.onKnown(this.#known());
  }

  #known(): Known {
    return { fates: { ...this.#fates }, ...(this.#rest === undefined ? {} : { rest: this.#rest }) };
  }

  #now(): number {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono()).time;
  }
}
