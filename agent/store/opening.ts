/**
 * Opens the log, or begins a new one: at the first start, where the file is damaged, where it came from another machine
 * or is a copy of itself. Writes what has to be said of it (epoch, gap) in the same transaction.
 */
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../core/errors.ts';
import { markEvent } from '../core/mark.ts';
import { LANES } from '../core/point.ts';
import type { AgentEvent } from '../core/record.ts';
import { type ClockMapping, trusted, wallAt } from '../core/time/clock.ts';
import {
  damagedLogs,
  damagedName,
  earlierLogs,
  earlierName,
  journalOf,
  logFile,
  marksOf,
  moveAside,
  type Previous,
  previousOf,
  RESTORED,
} from './aside.ts';
import { Batches } from './batches.ts';
import { decodeBatch } from './codec/batch.ts';
import { beginChains } from './evidence/beginning.ts';
import { fileId, isFile, newEpoch } from './identity.ts';
import { LogFile, type LogFileOptions } from './log-file.ts';
import type { Opened, ThreadData } from './messages.ts';
import { migrate, versionOf } from './schema.ts';
import { type Db, openForWriting, storeError } from './sqlite.ts';
import { State } from './state.ts';

export interface OpenLog {
  readonly log: LogFile;
  readonly opened: Opened;
  /** The damaged file that was just set aside. */
  readonly damaged: string | undefined;
}

export interface OpenOptions extends Pick<LogFileOptions, 'free'> {
  /** The file turned out to be damaged while in use: set it aside although it opens. */
  readonly condemned?: boolean;
}

type EpochReason = 'first-start' | 'restored' | 'damaged' | 'other-machine' | 'other-file' | 'other-agent';
type Meta = Readonly<Record<string, string>>;

/** Throws `AgentError` (`store-full`, `store-failed`); a damaged file does not throw, it is set aside. */
export function openLog(data: ThreadData, { condemned = false, ...options }: OpenOptions = {}): OpenLog {
  const file = logFile(data.dir);
  try {
    mkdirSync(data.dir, { recursive: true });
  } catch (thrown) {
    throw storeError(thrown, `opening of the log in ${data.dir}`);
  }
  const all: LogFileOptions = { ...data, ...options, file };
  let reason: EpochReason = 'first-start';
  let aside: string | undefined;
  if (existsSync(file)) {
    try {
      if (condemned) throw new AgentError('store-damaged', 'the log was found damaged while in use');
      const opened = openExisting(file, data, all);
      if ('log' in opened) return { ...opened, damaged: undefined };
      reason = opened.reason;
      if (opened.epoch !== undefined) aside = moveAside(data.dir, earlierName(opened.epoch));
    } catch (thrown) {
      const error = storeError(thrown, 'opening of the log');
      if (error.code !== 'store-damaged') throw error;
      reason = 'damaged';
      aside = moveAside(data.dir, damagedName(data.dir, data.mapping.wall));
    }
  }
  const restored = join(data.dir, RESTORED);
  if (reason === 'first-start' && existsSync(restored)) reason = 'restored';
  try {
    const opened = create(file, data, all, reason, aside ?? newestAside(data.dir));
    rmSync(restored, { force: true });
    return { ...opened, damaged: reason === 'damaged' ? aside : undefined };
  } catch (thrown) {
    throw storeError(thrown, 'making of a new log');
  }
}

/** The log that a start without a file follows: its creation was cut off by the end of the process. */
function newestAside(dir: string): string | undefined {
  const files = [...earlierLogs(dir), ...damagedLogs(dir)];
  return files.sort((a, b) => statSync(a).ctimeMs - statSync(b).ctimeMs).at(-1);
}

function metaOf(db: Db): Meta {
  const rows = db.prepare<[], { key: string; value: string }>('SELECT key, value FROM meta').all();
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

function openExisting(
  file: string,
  data: ThreadData,
  options: LogFileOptions,
): { log: LogFile; opened: Opened } | { reason: EpochReason; epoch: string | undefined } {
  const db = openForWriting(file);
  try {
    // A file without tables is one whose making was cut off: nothing was ever in it.
    if (versionOf(db) === 0) return create(file, data, options, 'first-start', newestAside(data.dir), db);
    const meta = metaOf(db);
    const reason = strange(meta, file, data);
    if (reason !== undefined) {
      db.pragma('wal_checkpoint(TRUNCATE)');
      db.close();
      return { reason, epoch: meta.epoch };
    }
    return db.transaction(() => resume(db, data, options, meta.epoch ?? '')).immediate();
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** Why a log that can be read must not be gone on with, if so. */
function strange(meta: Meta, file: string, data: ThreadData): EpochReason | undefined {
  if (meta.hardware !== data.hardware) return 'other-machine';
  if (!isFile(meta.file, file)) return 'other-file';
  return meta.agent === data.agent ? undefined : 'other-agent';
}

function resume(
  db: Db,
  data: ThreadData,
  options: LogFileOptions,
  epoch: string,
): { log: LogFile; opened: Opened } {
  migrate(db);
  db.prepare("UPDATE meta SET value = ? WHERE key = 'file' AND value <> ?").run(
    fileId(options.file),
    fileId(options.file),
  );
  const log = new LogFile(db, epoch, options);
  for (const lane of LANES) {
    const newest = log.batches.newest(lane);
    if (newest !== undefined) decodeBatch(newest.body);
  }
  const lastKnown = lastKnownTime(log);
  const events = [...disagreements(log, data), ...gapSince(log, data)];
  log.state.clear('clean');
  learnClock(log, tooEarly(data, lastKnown) ? { ...data, mapping: floorOf(data, lastKnown) } : data);
  log.appendAtOpening(events, data.boot);
  // Not where the same process has it again: an ill disk would get a statement with every try.
  if (events.length > 0 && log.chain.unsigned) log.signAtOpening(data.boot, data.now);
  const opened = openedOf(log, epoch, events);
  return { log, opened: lastKnown === undefined ? opened : { ...opened, lastKnown } };
}

/** True time of the last commit, undefined where there is none or its clock was not to be trusted. */
function lastKnownTime(log: LogFile): number | undefined {
  const last = log.lastCommit();
  if (last === undefined) return undefined;
  const { clock } = log;
  const { time, rank } = clock.wall(clock.bootNumber(last.boot), last.mono);
  return trusted(rank) ? time : undefined;
}

/** The clock of the agent has nothing better behind it than a battery, and shows less than is known. */
function tooEarly(
  { mapping, now, heedLastKnown }: ThreadData,
  lastKnown: number | undefined,
): lastKnown is number {
  const better = mapping.rank === 'ntp' || mapping.rank === 'gnss';
  return heedLastKnown && !better && lastKnown !== undefined && wallAt(mapping, now).time < lastKnown;
}

function floorOf({ mapping, now }: ThreadData, wall: number): ClockMapping {
  return { ...mapping, mono: now, wall, rank: 'floor', uncertaintyMs: Number.MAX_SAFE_INTEGER };
}

/**
 * What somebody has done to the log while the agent did not run, as far as the last statement and the chains show it.
 * Throws `store-damaged` where signed records are missing at the end: their numbers must not be used again.
 */
function disagreements(log: LogFile, { now }: ThreadData): AgentEvent[] {
  return log.chain.resume().map(({ what, lane = null, from = null, to = null }): AgentEvent => {
    if (what === 'removed')
      throw new AgentError(
        'store-damaged',
        `opening of the log failed: records ${from} to ${to} of lane ${lane} were signed and are not there`,
      );
    const severity = what === 'key-changed' ? 'warning' : 'alarm';
    return { event: 'audit', severity, time: now, body: { what, lane, from, to } };
  });
}

function learnClock(log: LogFile, { mapping, boot, now }: ThreadData): void {
  const { clock } = log;
  const known = clock.mappingAt(clock.bootNumber(boot), now);
  const same = known?.rank === mapping.rank && known.rate === mapping.rate && known.mono === mapping.mono;
  if (!same) log.learnClock(mapping, now);
}

/** What an unclean stop may have lost: everything that was not committed yet, from the last commit to now. */
function gapSince(log: LogFile, data: ThreadData): AgentEvent[] {
  const last = log.lastCommit();
  // The same process has the log again (its thread died, the disk was ill): it still holds what was not committed.
  if (log.state.get('clean') === true || last === undefined || last.instance === data.instance) return [];
  const since = log.clock.wall(log.clock.bootNumber(last.boot), last.mono).time;
  const { mapping, now } = data;
  const until = Math.max(since, wallAt(mapping, now).time);
  const lanes = ['meter', 'telemetry', 'bulk'];
  const body = {
    lane: 'telemetry',
    lanes,
    count: null,
    reason: 'unclean-stop',
    since,
    until,
    keptAs: 'nothing',
  };
  return [{ event: 'gap', severity: 'warning', time: now, body }];
}

function create(
  file: string,
  data: ThreadData,
  options: LogFileOptions,
  reason: EpochReason,
  aside: string | undefined,
  existing?: Db,
): { log: LogFile; opened: Opened } {
  const db = existing ?? openForWriting(file);
  try {
    return db
      .transaction(() => {
        migrate(db);
        const epoch = newEpoch();
        const previous = aside === undefined ? undefined : previousOf(aside);
        const put = db.prepare('INSERT INTO meta VALUES (?, ?)');
        const { agent, hardware } = data;
        const meta = { agent, hardware, epoch, file: fileId(file), previous: previous?.epoch ?? '' };
        for (const [key, value] of Object.entries(meta)) put.run(key, value);
        beginChains(new State(db), new Batches(db), epoch);
        const log = new LogFile(db, epoch, options);
        log.clock.add(data.mapping);
        // What was declared of the devices holds on: the new log tells it again, so that its own chain has it.
        const marks = aside === undefined || reason === 'other-agent' ? [] : marksOf(aside);
        const told = marks.map((mark) => markEvent(mark, data.now));
        // A command is applied at most once, whatever becomes of the log in between.
        if (aside !== undefined && reason !== 'other-agent') log.journal.takeOver(journalOf(aside));
        const events = [epochEvent(epoch, reason, previous, data.now), ...told];
        log.appendAtOpening(events, data.boot);
        return { log, opened: openedOf(log, epoch, events) };
      })
      .immediate();
  } catch (thrown) {
    if (existing === undefined) db.close();
    throw thrown;
  }
}

function epochEvent(
  epoch: string,
  reason: EpochReason,
  previous: Previous | undefined,
  now: number,
): AgentEvent {
  const body = { epoch, reason, previous: previous?.epoch ?? null, heads: previous?.heads ?? null };
  const severity = reason === 'first-start' ? 'info' : 'warning';
  return { event: 'epoch', severity, time: now, body };
}

function openedOf(log: LogFile, epoch: string, events: readonly AgentEvent[]): Opened {
  if (epoch === '') throw new AgentError('store-damaged', 'opening of the log failed: it names no epoch');
  return { epoch, heads: log.batches.allHeads(), tails: log.batches.tails(), events };
}
