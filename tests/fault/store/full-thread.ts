/** The store thread on a disk that is full as long as there is a file `full` in its folder: SQLite may use no more pages. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import type { ThreadData } from '../../../agent/store/messages.ts';

const { dir } = workerData as ThreadData;
const transaction = Database.prototype.transaction;
Database.prototype.transaction = function (this: Database.Database, run) {
  const full = existsSync(join(dir, 'full'));
  const pages = full ? Number(this.pragma('page_count', { simple: true })) : 2 ** 30;
  this.pragma(`max_page_count = ${pages}`);
  return transaction.call(this, run);
} as typeof transaction;
await import('../../../agent/store/thread.ts');
