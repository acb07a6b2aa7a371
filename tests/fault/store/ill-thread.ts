/**
 * The store thread on a disk that fails as long as there is a file `ill` in its folder: every transaction ends with the
 * SQLite code in it; `slow <ms>` lets each take so long.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import type { ThreadData } from '../../../agent/store/messages.ts';

const { dir } = workerData as ThreadData;
const ill = join(dir, 'ill');
const transaction = Database.prototype.transaction;
Database.prototype.transaction = function (this: Database.Database, run) {
  const fault = existsSync(ill) ? readFileSync(ill, 'utf8') : '';
  const [, ms] = /^slow (\d+)$/.exec(fault) ?? [];
  if (ms !== undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
  else if (fault !== '') {
    const broken = (() => {
      throw new Database.SqliteError('disk I/O error', fault);
    }) as unknown as typeof run;
    return transaction.call(this, broken);
  }
  return transaction.call(this, run);
} as typeof transaction;
await import('../../../agent/store/thread.ts');
