/** Entry of the store thread: the only writer of the log. Commits come as messages, the rest as calls. */
import { join } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Command, CommandResult } from '../core/command.ts';
import { AgentError } from '../core/errors.ts';
import type { Lane } from '../core/point.ts';
import type { Cursor } from '../core/record.ts';
import { serve } from '../core/rpc.ts';
import { earlierLogs, earlierName } from './aside.ts';
import type { LatestValue, PointId } from './contract.ts';
import { latestOfEarlier } from './latest.ts';
import type { LogFile } from './log-file.ts';
import type { Commit, FromThread, NumberedPoint, ThreadData, ToThread } from './messages.ts';
import { openLog } from './opening.ts';
import { Rescues } from './rescues.ts';
import { storeError } from './sqlite.ts';

/** Functions served to the facade. */
export type StoreCalls = ReturnType<StoreThread['calls']>;

export class StoreThread {
  readonly #port: MessagePort;
  #data: ThreadData;
  #log: LogFile | undefined;
  #condemned = false;
  /** The log was opened anew and has not been told the points yet. */
  #fresh = true;
  /** All points of this generation: a log that was opened anew has to be told again. */
  readonly #told: NumberedPoint[] = [];
  readonly #rescues: Rescues;

  constructor(port: MessagePort, data: ThreadData) {
    this.#port = port;
    this.#data = data;
    this.#rescues = new Rescues(
      data.dir,
      (note) => this.#post({ note }),
      () => this.#data.now,
    );
    serve(port, this.calls());
    port.on('message', (message: ToThread) => {
      if ('commit' in message) this.#commit(message.commit);
      else if ('close' in message) this.#close(message.now);
    });
    try {
      this.#open();
    } catch (thrown) {
      this.#fail(thrown, 'opening of the log', undefined);
    }
  }

  #post(message: FromThread): void {
    this.#port.postMessage(message);
  }

  #open(): LogFile {
    if (this.#log !== undefined) return this.#log;
    const { log, opened, damaged } = openLog(this.#data, { condemned: this.#condemned });
    this.#condemned = false;
    this.#log = log;
    this.#fresh = true;
    this.#post({ opened });
    if (damaged !== undefined) {
      const body = { state: 'damaged', file: damaged, epoch: opened.epoch };
      this.#post({ note: { event: 'store', severity: 'alarm', time: this.#data.now, body } });
    }
    this.#rescues.start();
    return log;
  }

  /** The open log for one call; whatever throws closes it, so that the next call begins from the file. */
  #using<T>(what: string, run: (log: LogFile) => T): T {
    try {
      return run(this.#open());
    } catch (thrown) {
      throw this.#abandon(thrown, what);
    }
  }

  #abandon(thrown: unknown, what: string): AgentError {
    const error = storeError(thrown, what);
    try {
      this.#log?.close();
    } catch {
      // An ill file may not even close; its descriptor goes with the thread.
    }
    if (this.#log !== undefined && error.code === 'store-damaged') this.#condemned = true;
    this.#log = undefined;
    return error;
  }

  #fail(thrown: unknown, what: string, token: number | undefined): void {
    const { code, message, fix, retryable } = this.#abandon(thrown, what);
    this.#post({ failed: { code, message, fix, retryable }, token });
  }

  #commit(commit: Commit): void {
    const { boot, now, mapping } = commit;
    this.#data = { ...this.#data, boot, now, mapping };
    this.#told.push(...commit.points);
    try {
      const log = this.#open();
      const began = performance.now();
      const done = log.commit(this.#fresh ? { ...commit, points: this.#told } : commit);
      this.#fresh = false;
      const statistics = log.statistics(performance.now() - began);
      this.#post({ committed: { ...done, statistics } });
      log.trimWal();
    } catch (thrown) {
      this.#fail(thrown, 'writing to the log', commit.token);
    }
  }

  #close(now: number): void {
    this.#rescues.stop();
    try {
      this.#log?.closeClean(this.#data.boot, now);
    } catch (thrown) {
      this.#abandon(thrown, 'closing of the log');
    }
    this.#port.close();
  }

  calls() {
    return {
      accept: (command: Command, now: number) =>
        this.#using('writing of a command', ({ journal }) => journal.accept(command, now)),
      finish: (result: CommandResult) =>
        this.#using('writing of the result of a command', ({ journal }) => journal.finish(result)),
      open: () => this.#using('reading of open commands', ({ journal }) => journal.open()),
      recent: (limit: number) => this.#using('reading of commands', ({ journal }) => journal.recent(limit)),
      refusals: (limit: number) => this.#using('reading of refusals', ({ state }) => state.refusals(limit)),
      keep: (uplink: string, lane: Lane, cursor: Cursor) =>
        this.#using('writing of a number', ({ state }) => state.settle(uplink, lane, cursor)),
      marks: () => this.#using('reading of marks', ({ marks }) => marks.all()),
      latest: (points: readonly PointId[]) =>
        this.#using('reading of last values', (log) => withEarlier(log, this.#data, points)),
      peaks: (points: readonly PointId[]) =>
        this.#using('reading of the busiest hours', (log) => log.peaks(points)),
      earlier: () => earlierLogs(this.#data.dir),
      condemn: () => {
        if (this.#log === undefined) return;
        this.#abandon(
          new AgentError('store-damaged', 'a reader found the log damaged'),
          'reading of the log',
        );
        this.#open();
      },
    };
  }
}

/** Last values; of what the present log has not heard yet, those of the log before it. */
function withEarlier(log: LogFile, data: ThreadData, points: readonly PointId[]): LatestValue[] {
  const found = log.latest(points);
  const have = new Set(found.map(({ device, point }) => `${device}/${point}`));
  const missing = points.filter(({ device, point }) => !have.has(`${device}/${point}`));
  if (missing.length === 0 || log.previous === '') return found;
  return [...found, ...latestOfEarlier(join(data.dir, earlierName(log.previous)), data, missing)];
}

if (parentPort !== null) new StoreThread(parentPort, workerData as ThreadData);
