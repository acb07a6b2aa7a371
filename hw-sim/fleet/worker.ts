/** Entry of a process that holds some of the poles of the simulated city. Ends with its parent. */
import type { Ledger } from '../../agent/core/view.ts';
import type { FromThread } from '../../agent/uplink/thread-contract.ts';
import { monotonic } from '../world/world-clock.ts';
import type { FromWorker, Return, ToWorker, Waiting, WorkerFacts, WorkerPlan } from './messages.ts';
import { openPole, type Pole } from './pole.ts';

/** ms */
const TELL_EVERY = 500;
const OPEN_AT_ONCE = 20;
/** So many of those who wait are named, first who has no link. */
const NAMED = 10;

interface Standing {
  readonly pole: Pole;
  readonly agent: string;
  readonly contested: boolean;
  up: boolean;
  rival: boolean;
  /** What its link said last. */
  says: string | undefined;
  ledger: Ledger | undefined;
  /** Last number of its readings when its link came up after the mark. */
  before: number | undefined;
  back: Return | undefined;
}

const standing = new Map<number, Standing>();
let quiet = false;
let links: { index: number; up: boolean; at: number }[] = [];

function tell(message: FromWorker): void {
  process.send?.(message);
}

function hear(index: number, message: FromThread): void {
  const one = standing.get(index);
  if (one === undefined) return;
  if (message.from === 'link') {
    const at = monotonic();
    if (message.up !== one.up) links.push({ index, up: message.up, at });
    one.up = message.up;
    one.says = message.message;
    one.rival = !message.up && message.message?.includes('another machine') === true;
    if (message.up && one.back !== undefined && one.back.connected === undefined) {
      one.back.connected = at;
      one.before = one.pole.head;
    }
  } else if (message.from === 'ledger') one.ledger = message.ledger;
  else if (message.from === 'settle' && one.back?.connected !== undefined && message.lane === 'telemetry') {
    const { low, above } = message.cursor;
    const before = one.before ?? 0;
    const newest = above.at(-1)?.[1] ?? low;
    if (newest > before) one.back.live ??= monotonic();
    if (low >= before) one.back.replayed ??= monotonic();
  }
}

async function start({ poles, ...common }: WorkerPlan): Promise<void> {
  for (const [i, { dir, password, ...plan }] of poles.entries()) {
    const { index, agent } = plan;
    const { brokers } = common;
    const from = plan.broker % brokers.length;
    const pole = openPole({
      ...common,
      brokers: [...brokers.slice(from), ...brokers.slice(0, from)],
      plan,
      dir,
      ...(password === undefined ? {} : { password }),
      tell: (message) => hear(index, message),
    });
    standing.set(index, {
      pole,
      agent,
      contested: plan.contested,
      up: false,
      rival: false,
      says: undefined,
      ledger: undefined,
      before: undefined,
      back: undefined,
    });
    // So that those who stand already are not held up.
    if (i % OPEN_AT_ONCE === 0) await new Promise((done) => setImmediate(done));
  }
  tell({ tell: 'started' });
}

function facts(): WorkerFacts {
  const all = [...standing.values()];
  const sum = (of: (ledger: Ledger) => number) =>
    all.reduce((total, { ledger }) => total + (ledger === undefined ? 0 : of(ledger)), 0);
  const { user, system } = process.cpuUsage();
  return {
    connected: all.filter(({ up }) => up).length,
    stored: all.reduce((total, { pole }) => total + pole.stored, 0),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    backlog: all
      .filter(({ contested }) => !contested)
      .reduce((total, { pole, ledger }) => total + pole.stored - settledOf(ledger), 0),
    refused: sum(({ refused }) => refused),
    dropped: sum(({ dropped }) => dropped),
    resent: sum(({ resent }) => resent),
    rivals: all.filter(({ rival }) => rival).map(({ agent }) => agent),
    unheard: all.filter(({ contested, ledger }) => !contested && ledger === undefined).length,
    waiting: all
      .flatMap(waitingOf)
      .sort((a, b) => Number(a.up) - Number(b.up) || b.backlog - a.backlog)
      .slice(0, NAMED),
    quiet,
    rss: process.memoryUsage.rss(),
    cpu: (user + system) / 1e6,
  };
}

function waitingOf({ agent, pole, up, ledger, says }: Standing): readonly Waiting[] {
  const backlog = pole.stored - settledOf(ledger);
  if (up && backlog === 0) return [];
  return [{ agent, up, backlog, ...(says === undefined ? {} : { says }) }];
}

function settledOf(ledger: Ledger | undefined): number {
  return ledger === undefined ? 0 : ledger.acknowledged + ledger.refused + ledger.dropped;
}

function report(): void {
  if (links.length > 0) tell({ tell: 'links', links });
  links = [];
  const returns = [...standing.values()].flatMap(({ back }) => (back === undefined ? [] : [back]));
  if (returns.length > 0) tell({ tell: 'returns', returns });
  tell({ tell: 'facts', facts: facts() });
}

const timer = setInterval(report, TELL_EVERY);

async function stop(): Promise<void> {
  await Promise.allSettled([...standing.values()].map(({ pole }) => pole[Symbol.asyncDispose]()));
  clearInterval(timer);
  report();
  tell({ tell: 'stopped' });
  process.disconnect();
}

process.on('message', (message: ToWorker) => {
  switch (message.do) {
    case 'start':
      void start(message.plan);
      break;
    case 'mark':
      for (const [index, one] of standing) {
        one.back = { index };
        one.before = undefined;
      }
      break;
    case 'quiet':
      for (const { pole } of standing.values()) pole.quiet();
      quiet = true;
      break;
    case 'stop':
      void stop();
  }
});
process.once('disconnect', () => process.exit(0));
