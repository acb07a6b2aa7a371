/** Entry of the history thread: a read-only connection, short pages, so that neither main nor the writer waits. */
import { parentPort, workerData } from 'node:worker_threads';
import { AgentError } from '../core/errors.ts';
import { LocalDays } from '../core/local-days.ts';
import { serve } from '../core/rpc.ts';
import { HistoryPages, type Page } from './history-page.ts';
import { fileId } from './identity.ts';
import { versionOf } from './schema.ts';
import { type Db, openForReading, storeError } from './sqlite.ts';

export interface HistoryData {
  readonly file: string;
  readonly timezone: string;
}

export type HistoryCalls = {
  page(device: string, point: string, from: number, to: number, bucket: number, limit: number): Page;
};

class HistoryThread {
  readonly #data: HistoryData;
  readonly #days: LocalDays;
  #open: { db: Db; pages: HistoryPages; inode: string } | undefined;

  constructor(data: HistoryData) {
    this.#data = data;
    this.#days = new LocalDays(data.timezone);
  }

  #pages(): HistoryPages {
    const { file } = this.#data;
    // After the log was replaced by a new epoch, the file of that name is another one.
    if (this.#open !== undefined && this.#open.inode !== fileId(file)) this.close();
    if (this.#open !== undefined) return this.#open.pages;
    const db = openForReading(file);
    try {
      if (versionOf(db) === 0)
        throw new AgentError('store-failed', 'reading of history failed: the log is not made yet');
      const pages = new HistoryPages(db, this.#days);
      this.#open = { db, pages, inode: fileId(file) };
      return pages;
    } catch (thrown) {
      db.close();
      throw thrown;
    }
  }

  page(...args: Parameters<HistoryCalls['page']>): Page {
    try {
      return this.#pages().page(...args);
    } catch (thrown) {
      this.close();
      throw storeError(thrown, 'reading of history');
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
  serve(port, { page: (...args: Parameters<HistoryCalls['page']>) => history.page(...args) });
  port.on('message', (message: { close?: true }) => {
    if (message.close !== true) return;
    history.close();
    port.close();
  });
}
