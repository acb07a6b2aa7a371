/**
 * Sends a command to agents wave by wave, waits for what becomes of it, and stops where more fail than may. What is known is
 * handed out with every change, so that a roll-out that was interrupted is taken up where it was.
 */
import { nameOfTarget, type Target, type WavePlan } from './plan.ts';

/** `sent`: not known yet, as after an interruption. */
export type Fate =
  | { readonly state: 'sent' }
  | { readonly state: 'done'; readonly what: string }
  | { readonly state: 'failed'; readonly reason: string };

export type Fates = Readonly<Record<string, Fate>>;

/** The way to the agents and back; `mqtt.ts` is the real one. */
export interface FleetLink {
  /** Sends the command; resolves with why it was refused, or undefined where it has begun, or had before. */
  send(target: Target): Promise<string | undefined>;
  /** Events of kind `update` of an agent, as they come. */
  onUpdate(listener: (target: string, body: Readonly<Record<string, unknown>>) => void): Disposable;
}

export interface RollOutOptions {
  readonly plan: WavePlan;
  readonly link: FleetLink;
  /** What is known from before. */
  readonly known: Fates;
  /** Told of every change. */
  onFates(fates: Fates): void;
  say(line: string): void;
  /** Longest wait for one agent, ms. */
  readonly timeout: number;
  /** Agents under way at once. */
  readonly atOnce: number;
  readonly signal: AbortSignal;
}

export interface RollOut {
  /** All waves went through. */
  readonly complete: boolean;
  /** Number of the wave that stopped it, from 1. */
  readonly stoppedAt?: number;
  readonly fates: Fates;
}

export async function rollOut(options: RollOutOptions): Promise<RollOut> {
  const { plan, link, say, atOnce, signal } = options;
  const fates: Record<string, Fate> = { ...options.known };
  const waiting = new Map<string, (fate: Fate) => void>();
  using _ = link.onUpdate((name, body) => {
    const fate = fateOf(body);
    if (fate !== undefined) waiting.get(name)?.(fate);
  });
  const set = (name: string, fate: Fate) => {
    fates[name] = fate;
    options.onFates({ ...fates });
  };
  for (const [index, wave] of plan.waves.entries()) {
    const number = index + 1;
    const failed = () => wave.filter((one) => fates[nameOfTarget(one)]?.state === 'failed').length;
    const tooMany = () => failed() > Math.floor(wave.length * plan.mayFail);
    const open = wave.filter((one) => fates[nameOfTarget(one)]?.state !== 'done');
    if (open.length > 0)
      say(`wave ${number} of ${plan.waves.length}: ${open.length} of ${wave.length} agents`);
    // One that failed before is tried again by whoever starts the roll-out again.
    for (const one of open) if (fates[nameOfTarget(one)]?.state === 'failed') delete fates[nameOfTarget(one)];
    const queue = [...open];
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        if (tooMany() || signal.aborted) return;
        const name = nameOfTarget(next);
        set(name, { state: 'sent' });
        const fate = await one(next, name, waiting, options);
        if (fate === undefined) return;
        set(name, fate);
        if (fate.state === 'failed') say(`${name}: ${fate.reason}`);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, open.length) }, worker));
    signal.throwIfAborted();
    if (tooMany()) {
      const left = plan.waves.slice(number).reduce((sum, { length }) => sum + length, queue.length);
      say(`stopped in wave ${number}: ${failed()} of ${wave.length} failed; ${left} agents were not asked`);
      return { complete: false, stoppedAt: number, fates };
    }
    if (open.length > 0) say(`wave ${number}: ${wave.length - failed()} done, ${failed()} failed`);
  }
  return { complete: true, fates };
}

/** What becomes of one agent; undefined where nobody waits any more. */
async function one(
  target: Target,
  name: string,
  waiting: Map<string, (fate: Fate) => void>,
  { link, timeout, signal }: RollOutOptions,
): Promise<Fate | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const told = new Promise<Fate | undefined>((resolve) => {
    waiting.set(name, resolve);
    const late: Fate = {
      state: 'failed',
      reason: `nothing was heard of it within ${Math.round(timeout / 1000)} s`,
    };
    timer = setTimeout(() => resolve(late), timeout);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  try {
    const refused = await Promise.race([link.send(target), told.then(() => undefined)]);
    if (refused !== undefined) return { state: 'failed', reason: refused };
    return await told;
  } finally {
    clearTimeout(timer);
    waiting.delete(name);
  }
}

/** What an event says of the end of an update; undefined where it goes on. */
function fateOf({ what, version, code, reason }: Readonly<Record<string, unknown>>): Fate | undefined {
  if (what === 'good') return { state: 'done', what: String(version) };
  // It has it already: a command that came twice, or a roll-out that was taken up again.
  if (what === 'refused' && code === 'replayed') return { state: 'done', what: String(version) };
  if (what === 'refused') return { state: 'failed', reason: `${version} was refused (${code}): ${reason}` };
  if (what === 'returned') return { state: 'failed', reason: `${version} was taken back: ${reason}` };
  return undefined;
}
