/** Entry of the history thread: a read-only connection, short pages, so that neither main nor the writer waits. */
import { parentPort, workerData } from 'node:worker_threads';
import type { AlarmTold } from '../core/alarm/alarm.ts';
import { AgentError } from '../core/errors.ts';
import type { EventKind, LoggedEvent } from '../core/record.ts';
import { serve } from '../core/rpc.ts';
import { LocalDays } from '../core/time/local-days.ts';
import { alarmsTold } from './alarms-told.ts';
import { eventsTold } from './events-told.ts';
import { HistoryPages, type Page } from './history-page.ts';
import { fileId } from './identity.ts';
import { LogReader } from './reader.ts';
import { versionOf } from './schema.ts';
import { type Db, openForReading, storeError } from './sqlite.ts';

export interface HistoryData {
  readonly file: string;
  readonly timezone: string;
}

export type HistoryCalls = {
  page(device: string, point: string, from: number, to: number, bucket: number, limit: number): Page;
  alarms(limit: number): readonly AlarmTold[];
  events(kinds: readonly EventKind[], limit: number, before?: number): readonly LoggedEvent[];
};

class HistoryThread {
  readonly #data: HistoryData;
  readonly #days: LocalDays;
  #open: { db: Db; pages: HistoryPages; log: LogReader; inode: string } | undefined;

  constructor(data: HistoryData) {
    this.#data = data;
    this.#days = new LocalDays(data.timezone);
  }

  #opened(): { readonly pages: HistoryPages; readonly log: LogReader } {
    const { file } = this.#data;
    // After the log was replaced by a new epoch, the file of that name is another one.
    if (this.#open !== undefined && this.#open.inode !== fileId(file)) this.close();
    if (this.#open !== undefined) return this.#open;
    const db = openForReading(file);
    try {
      if (versionOf(db) === 0)
        throw new AgentError('store-failed', 'reading of history failed: the log is not made yet');
      const pages = new HistoryPages(db, this.#days);
      this.#open = { db, pages, log: new LogReader(db, file), inode: fileId(file) };
      return this.#open;
    } catch (thrown) {
      db.close();
      throw thrown;
    }
  }

  page(...args: Parameters<HistoryCalls['page']>): Page {
    try {
      return this.#opened().pages.page(...args);
    } catch (thrown) {
      this.close();
      throw storeError(thrown, 'reading of history');
    }
  }

  alarms(limit: number): readonly AlarmTold[] {
    try {
      return alarmsTold(this.#opened().log, limit);
    } catch (thrown) {
      this.close();
      throw storeError(thrown, 'reading of alarms');
    }
  }

  events(...args: Parameters<HistoryCalls['events']>): readonly LoggedEvent[] {
    try {
      return eventsTold(this.#opened().log, ...args);
    } catch (thrown) {
      this.close();
      throw storeError(thrown, 'reading of events');
    }
  }

  close(): void {
    this.#open?.db.close();
    this.#open = undefined;
  }
}

if (parentPort !== null) {
  const port = parentPort;
  const history = new HistoryThread(workerData as HistoryData);
  serve(port, {
    page: (...args: Parameters<HistoryCalls['page']>) => history.page(...args),
    alarms: (limit: number) => history.alarms(limit),
    events: (...args: Parameters<HistoryCalls['events']>) => history.events(...args),
  });
  port.on('message', (message: { close?: true }) => {
    if (message.close !== true) return;
    history.close();
    port.close();
  });
}
