/** The store thread on a card whose every tenth commit takes 2 s. */
import Database from 'better-sqlite3';

const transaction = Database.prototype.transaction;
let commits = 0;
Database.prototype.transaction = function (this: Database.Database, run) {
  if (++commits % 10 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
  return transaction.call(this, run);
} as typeof transaction;
await import('../agent/store/thread.ts');
