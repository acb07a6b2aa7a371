/** SQLite as the log needs it: how it is opened, and its errors as ours. */
import Database from 'better-sqlite3';
import { AgentError } from '../core/errors.ts';

export type Db = Database.Database;

/**
 * Opens for writing. 1 KB pages: a commit of a 5 s window dirties two of them (the batch, the state), which together
 * are half a block of the card; with the usual 4 KB it would be three blocks. FULL: a commit counts when its fsync
 * returned. Pages freed by retention are used again by the next batches, so that neither VACUUM nor auto_vacuum (whose
 * pointer maps cost writes) is needed.
 */
export function openForWriting(file: string): Db {
  const db = new Database(file, { timeout: 2000 });
  try {
    db.pragma('page_size = 1024');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('wal_autocheckpoint = 3000');
    db.pragma(`journal_size_limit = ${WAL_LIMIT}`);
    db.pragma('cache_size = -8000');
    db.pragma('temp_store = MEMORY');
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** Bytes; above it the writer asks for a full checkpoint. */
export const WAL_LIMIT = 8 * 1024 * 1024;

export function openForReading(file: string): Db {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 2000 });
  try {
    db.pragma('cache_size = -4000');
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof Database.SqliteError) return thrown.code;
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : '';
}

/** `store-full`, `store-damaged` or `store-failed`, with what to do about it. */
export function storeError(thrown: unknown, what: string): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const code = codeOf(thrown);
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  // Neither SQLite nor the file system: a fault of ours, and no disk will mend it.
  if (code === '') return new AgentError('internal', `${what} failed: ${why}`, { cause: thrown });
  const facts = { cause: thrown, context: { sqlite: code } };
  const message = `${what} failed: ${why} (${code})`;
  if (code === 'SQLITE_FULL' || code === 'ENOSPC')
    return new AgentError('store-full', message, {
      ...facts,
      fix: 'Free space on the disk of the state folder.',
    });
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return new AgentError('store-damaged', message, {
      ...facts,
      fix: 'The file is set aside by itself; if it happens again, replace the card.',
    });
  if (
    code.startsWith('SQLITE_READONLY') ||
    code.startsWith('SQLITE_CANTOPEN') ||
    /^(SQLITE_PERM|EACCES|EPERM|EROFS)$/.test(code)
  )
    return new AgentError('store-failed', message, {
      ...facts,
      fix: 'Make the state folder writable; a card that turned read-only is worn out: replace it.',
    });
  if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED')
    return new AgentError('store-failed', message, {
      ...facts,
      fix: 'Another program holds the log open for writing: end it.',
    });
  return new AgentError('store-failed', message, {
    ...facts,
    fix: 'Look at the kernel log for errors of the disk.',
  });
}
