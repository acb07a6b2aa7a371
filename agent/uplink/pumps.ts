/** Inside the uplink thread: one pump per configured uplink over one log, telling main what became of the records. */
import { isDeepStrictEqual } from 'node:util';
import type { Command, CommandResult } from '../core/command.ts';
import { type AgentError, asAgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { LANES, type Lane } from '../core/point.ts';
import type { Cursor, LoggedReading, LogSource } from '../core/record.ts';
import type { UplinkConfig } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Periods } from '../core/time/period.ts';
import type {
  DerivedSource,
  Machine,
  Numbers,
  PeriodBooks,
  UplinkContext,
  UplinkSession,
} from '../core/uplink.ts';
import type { Ledger } from '../core/view.ts';
import { besideOf } from './beside.ts';
import { budgetOf, dataOf, thinned, thinnedWords } from './budgets.ts';
import { type DataBudget, LOOK, STEPS } from './data-budget.ts';
import { UnitFence } from './fence.ts';
import { booksOf, connectUplink, sourceOf } from './index.ts';
import { NamedSession, Naming, namedContext } from './naming.ts';
import { NewestReadings } from './newest.ts';
import { OldestWaiting } from './oldest.ts';
import { type Pump, startPump } from './pump.ts';
import { type Selecting, Selection } from './selection.ts';
import { type Described, type FromThread, NUMBER_LANE } from './thread-contract.ts';

/** Cursors and ledgers are told this often at most, ms: sooner would only wake main. */
const TELL_EVERY = 100;
/** Longest wait of readings whose clock is not to be trusted, ms. */
const HOLD = 600_000;
/** Rescued logs are looked for this often, ms. */
const LOOK_EVERY = 60_000;

export interface PumpsOptions {
  readonly configs: readonly UplinkConfig[];
  readonly site: string;
  readonly agent: string;
  readonly machine?: Machine;
  readonly timezone?: string;
  readonly stateDir?: string;
  readonly source: LogSource;
  readonly periods?: Periods;
  readonly clock: Clock;
  readonly log: Log;
  descriptions(): Described;
  submit(command: Command): Promise<CommandResult>;
  /** Writes a number of an uplink durably (see `Numbers`). Absent: they begin at 0 with each start. */
  keep?(key: string, value: number): Promise<void>;
  readonly earlier?: EarlierLogs;
  tell(message: FromThread): void;
  logFailed(error: AgentError): void;
}

/** Logs of earlier epochs beside the present one. */
export interface EarlierLogs {
  /** Files that are there now; a rescue may add one later. */
  files(): readonly string[];
  open(file: string): LogSource;
}

export interface Pumps extends AsyncDisposable {
  wake(): void;
  /** Ends those that are gone or changed, and begins those that are new or changed; the others notice nothing. Never rejects. */
  change(configs: readonly UplinkConfig[]): Promise<void>;
}

export function startPumps(options: PumpsOptions): Pumps {
  const { clock, source, tell } = options;
  const cursors = new Map<string, { uplink: string; lane: Lane; cursor: Cursor }>();
  const pumps = new Map<string, Running>();
  let timer: Disposable | undefined;

  const flush = () => {
    timer?.[Symbol.dispose]();
    timer = undefined;
    for (const one of cursors.values()) tell({ from: 'settle', ...one });
    cursors.clear();
    for (const [uplink, running] of pumps)
      tell({ from: 'ledger', ledger: { ...ledgerOf(uplink, running, source), ...dataOf(running.budget) } });
  };
  const soon = () => {
    timer ??= clock.after(TELL_EVERY, flush);
  };

  let known: Described = [];
  let classes = new Map<string, string>();
  const classOf = (device: string) => {
    const described = options.descriptions();
    if (described !== known) {
      known = described;
      classes = new Map(described.map(({ description }) => [description.device, description.class]));
    }
    return classes.get(device);
  };

  const earlier: LogSource[] = [];
  const tried = new Set<string>();
  let looking: Disposable | undefined;
  const look = () => {
    looking = clock.after(LOOK_EVERY, look);
    const before = earlier.length;
    earlier.push(...openNew(options, tried));
    if (earlier.length > before) for (const { pump } of pumps.values()) pump.wake();
  };
  if (options.earlier !== undefined) look();

  const keep = (id: string, budget: DataBudget) => {
    const key = `${id}:data`;
    cursors.set(`${key}/event`, { uplink: key, lane: 'event', cursor: budget.state });
    soon();
  };
  /** Judges a data budget every ten minutes, keeps its count, and has health say what is thinned. */
  const watch = (
    id: string,
    budget: DataBudget,
    pump: Pump,
    log: Log,
    link: () => FromThread,
  ): Disposable => {
    let timer: Disposable | undefined;
    const judge = () => {
      timer = clock.after(LOOK, judge);
      const changed = budget.look(pump.tally().connected);
      keep(id, budget);
      if (!changed) return;
      const { says } = STEPS[budget.step] ?? {};
      log.warn('uplink.thinned', {
        step: budget.step,
        says,
        bytes: budget.bytes,
        forecast: budget.forecast(),
      });
      const now = link();
      if (now.from === 'link' && now.up)
        tell(budget.step === 0 ? now : { ...now, ...thinnedWords(says ?? '', budget) });
      pump.wake();
    };
    timer = clock.after(LOOK, judge);
    return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
  };

  const newest = new NewestReadings(source);
  const fence = new UnitFence();
  const add = (config: UplinkConfig) => {
    const log = options.log.with({ uplink: config.id });
    const context: UplinkContext = {
      ...options,
      records: source,
      earlier: () => earlier,
      log,
      fence: fence.of(config.id),
      heardTime: (wall, mono, uncertaintyMs) =>
        tell({ from: 'time', uplink: config.id, wall, mono, uncertaintyMs }),
      newest: () => newestOf(newest, log),
      numbers: numbersOf(config.id, options),
    };
    const derived = sourceOf(config, context);
    const budget = budgetOf(config, options, derived !== undefined);
    let link: FromThread = { from: 'link', uplink: config.id, up: true };
    const naming =
      'names' in config && config.names !== undefined ? new Naming(config.names, classOf) : undefined;
    const note = (key: string, lane: Lane, cursor: Cursor) => {
      cursors.set(`${key}/${lane}`, { uplink: key, lane, cursor });
      soon();
    };
    const pump = startPump({
      uplink: config.id,
      agent: options.agent,
      source: derived ?? source,
      connect: (signal) => fence.connect(config.id, () => namedConnect(config, context, naming, signal)),
      clock,
      log,
      inFlight: config.inFlight,
      replayRate: config.replayRate,
      // An alarm must not wait long for the next try to connect.
      ...(config.kind === 'gb26875' ? { backoff: { max: config.retry } } : {}),
      // Periods exist only where true time is known.
      hold: derived === undefined ? (config.hold ?? HOLD) : 0,
      ...thinned(selectionOf(config, derived, classOf), budget),
      ...besideOf(config, context, { classOf, naming, usedUp: () => budget?.usedUp === true, settle: note }),
      ...(budget === undefined ? {} : { sent: (bytes: number) => budget.sent(bytes) }),
      settle: (lane, cursor) => note(config.id, lane, cursor),
      note,
      earlier: () => (derived === undefined ? earlier : []),
      refused: (lane, records, epoch) => {
        // Numbers of reports are no numbers of the log: a gap record of them would be told to everybody else.
        if (derived !== undefined) {
          log.warn('uplink.report-refused', { reports: records.length, why: records[0]?.reason ?? '' });
          return;
        }
        tell({
          from: 'refused',
          uplink: config.id,
          lane,
          records,
          ...(epoch === undefined ? {} : { epoch }),
        });
      },
      onLogFailed: options.logFailed,
      onState: (state, error, remark) => {
        link = { from: 'link', uplink: config.id, up: state === 'up', ...why(error ?? { message: remark }) };
        tell(link);
        soon();
      },
      onTurnedDown: (reason, fix) => {
        if (reason === undefined) tell(link);
        else tell({ from: 'turned-down', uplink: config.id, ...why({ fix }), message: reason });
      },
    });
    const oldest = new OldestWaiting(source, clock);
    const watched = budget === undefined ? undefined : watch(config.id, budget, pump, log, () => link);
    const periods = () => booksOf(config, context);
    pumps.set(config.id, { config, pump, derived, budget, oldest, periods, watched });
  };
  /** One that fails to stop keeps nothing else from it. */
  const end = async (id: string, { pump, watched, budget }: Running) => {
    try {
      await pump[Symbol.asyncDispose]();
    } catch (thrown) {
      options.log.warn('uplink.unstopped', { uplink: id, error: asAgentError(thrown).message });
    }
    watched?.[Symbol.dispose]();
    if (budget !== undefined) keep(id, budget);
  };
  for (const config of options.configs) add(config);
  soon();
  let changing: Promise<void> = Promise.resolve();
  let ended = false;
  const change = async (configs: readonly UplinkConfig[]) => {
    const wanted = new Map(configs.map((config) => [config.id, config] as const));
    const gone = [...pumps].filter(([id, { config }]) => !isDeepStrictEqual(config, wanted.get(id)));
    await Promise.all(gone.map(([id, running]) => end(id, running)));
    // What they have settled is told before others go on from there.
    flush();
    for (const [id] of gone) {
      pumps.delete(id);
      // Its receiver will never take this unit again, and keeps the others from nothing.
      if (!wanted.has(id)) fence.of(id).open();
    }
    if (ended) return;
    for (const config of configs) if (!pumps.has(config.id)) add(config);
    soon();
  };

  return {
    wake: () => {
      for (const { pump } of pumps.values()) pump.wake();
      soon();
    },
    change: (configs) => {
      changing = changing.then(() => change(configs));
      return changing;
    },
    [Symbol.asyncDispose]: async () => {
      ended = true;
      await changing;
      await Promise.all([...pumps].map(([id, running]) => end(id, running)));
      flush();
      looking?.[Symbol.dispose]();
      for (const log of earlier) log[Symbol.dispose]();
    },
  };
}

/** Connects, with the names of the platform where it has its own. */
async function namedConnect(
  config: UplinkConfig,
  context: UplinkContext,
  naming: Naming | undefined,
  signal: AbortSignal,
): Promise<UplinkSession> {
  if (naming === undefined) return connectUplink(config, context, signal);
  return new NamedSession(await connectUplink(config, namedContext(context, naming), signal), naming);
}

/** What cannot be read says nothing of how things stand; the pump will say that it cannot. */
function newestOf(newest: NewestReadings, log: Log): readonly LoggedReading[] {
  try {
    return [...newest.since().values.values()];
  } catch (thrown) {
    log.warn('uplink.newest-unreadable', { error: asAgentError(thrown).message });
    return [];
  }
}

/** Numbers ride as cursors do, under keys that no uplink id can be. */
function numbersOf(uplink: string, { source, keep }: PumpsOptions): Numbers {
  const key = (name: string) => `${uplink}:${name}`;
  return {
    last: (name) => source.cursor(key(name), NUMBER_LANE).low,
    keep: async (name, value) => keep?.(key(name), value),
  };
}

/** Earlier logs that were not there before; one that cannot be opened is told of once. */
function openNew({ earlier, log }: PumpsOptions, tried: Set<string>): LogSource[] {
  const opened: LogSource[] = [];
  for (const file of earlier?.files() ?? []) {
    if (tried.has(file)) continue;
    tried.add(file);
    try {
      const source = earlier?.open(file);
      if (source === undefined) continue;
      opened.push(source);
      log.info('uplink.earlier-log', { epoch: source.epoch });
    } catch (thrown) {
      log.warn('uplink.earlier-unreadable', { file, error: asAgentError(thrown).message });
    }
  }
  return opened;
}

function why({ message, fix }: { readonly message?: string | undefined; readonly fix?: string | undefined }) {
  return { ...(message === undefined ? {} : { message }), ...(fix === undefined ? {} : { fix }) };
}

function selectionOf(
  { select }: UplinkConfig,
  derived: DerivedSource | undefined,
  classOf: (device: string) => string | undefined,
): { selection?: Selecting } {
  if (derived !== undefined) return { selection: derived };
  return select === undefined ? {} : { selection: new Selection(select, classOf) };
}

interface Running {
  readonly config: UplinkConfig;
  /** Of its data budget. */
  readonly watched: Disposable | undefined;
  readonly pump: Pump;
  readonly oldest: OldestWaiting;
  readonly derived: DerivedSource | undefined;
  readonly budget: DataBudget | undefined;
  /** Books by period of an uplink that carries records. */
  periods(): Ledger['periods'];
}

function ledgerOf(uplink: string, { pump, derived, periods, oldest }: Running, source: LogSource): Ledger {
  if (derived !== undefined) return periodLedger(uplink, pump, source, derived);
  const { connected, heads, settled, refused, dropped, omitted, resent, earlier, cursor } = pump.tally();
  const since = oldest.at(heads, cursor);
  const stored = LANES.reduce((sum, lane) => sum + heads[lane], 0);
  return {
    uplink,
    connected,
    epoch: source.epoch,
    stored,
    acknowledged: settled - refused - dropped,
    refused,
    dropped,
    backlog: stored - settled,
    omitted,
    earlier,
    resent,
    heads,
    ...(since === undefined ? {} : { oldest: since }),
    ...periodsOf(periods()),
  };
}

function periodsOf(periods: Ledger['periods']): Pick<Ledger, 'periods'> {
  return periods === undefined ? {} : { periods };
}

/** Books of an uplink that reports periods: its numbers are reports, not records. */
function periodLedger(uplink: string, pump: Pump, { epoch }: LogSource, derived: DerivedSource): Ledger {
  const { connected, heads, resent, cursor } = pump.tally();
  const periods = derived.books(cursor);
  const all = Object.values(periods);
  const sum = (of: (one: PeriodBooks) => number) => all.reduce((total, one) => total + of(one), 0);
  return {
    uplink,
    connected,
    epoch,
    stored: sum(({ expected }) => expected),
    acknowledged: sum(({ acknowledged, empty }) => acknowledged + empty),
    refused: 0,
    dropped: sum(({ dropped }) => dropped),
    backlog: sum(({ waiting }) => waiting),
    resent,
    heads,
    periods,
  };
}
