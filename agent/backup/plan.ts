/**
 * The act of a restore. Everything is staged beside its place first; then one file, put into its place whole, says what
 * is to be moved where. Before it is there a restore has not happened; from then on it has, and whoever comes next
 * (`kerbside run`, or `restore` again) ends it. Every move can be made again, so a power cut at any of them does no harm.
 */
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { readIfThereSync, renameDurably, replaceFileSync, syncFolder } from '../core/durable-file.ts';
import { AgentError } from '../core/errors.ts';

const plan = z.strictObject({
  v: z.literal(1),
  /** Absolute paths, in order; a move is done where its target is there already. */
  moves: z.array(z.strictObject({ from: z.string(), to: z.string() })),
  /** What was put aside, and where it is to be kept, in place of what was kept there. */
  aside: z.array(z.strictObject({ from: z.string(), to: z.string() })),
  /** Folders that are only needed until it is done. */
  rubbish: z.array(z.string()),
});

export type Plan = z.infer<typeof plan>;

/** Beside the site file, for that is what a start is told. */
export function planFile(siteFile: string): string {
  return `${siteFile}.restore`;
}

/** Makes the plan durable: with the return of it the restore has happened. `before` is told of each step, for tests. */
export function commitPlan(siteFile: string, made: Plan, before: (step: string) => void = () => {}): void {
  before('write plan');
  replaceFileSync(planFile(siteFile), JSON.stringify(made), (fresh) => {
    // Whoever starts next ends it, and that is the agent's user where root began.
    give(fresh, dirname(siteFile));
    before('commit plan');
  });
}

/**
 * Ends a restore that was begun; false where there is none. Throws `AgentError` `store-failed` where the files cannot be
 * moved: nothing is lost then, and the next call goes on.
 */
export function finishRestore(siteFile: string, before: (step: string) => void = () => {}): boolean {
  const [file, done] = [planFile(siteFile), `${planFile(siteFile)}-done`];
  const act = readPlan(file);
  const tidying = act ?? readPlan(done);
  if (tidying === undefined) return false;
  try {
    if (act !== undefined) {
      for (const one of act.moves) move(one, before);
      before('moves are made');
      // From here on what stands in its place must not be taken for what was there.
      renameDurably(file, done);
    }
    for (const { from, to } of tidying.aside) {
      if (!existsSync(from)) continue;
      before(`forget ${to}`);
      rmSync(to, { recursive: true, force: true });
      before(`keep ${to}`);
      renameDurably(from, to);
    }
    for (const folder of tidying.rubbish) {
      before(`remove ${folder}`);
      rmSync(folder, { recursive: true, force: true });
    }
    before('end plan');
    rmSync(done);
    syncFolder(dirname(file));
    return true;
  } catch (thrown) {
    throw failed(file, thrown);
  }
}

/** Undefined where there is none. */
function readPlan(file: string): Plan | undefined {
  try {
    const bytes = readIfThereSync(file);
    return bytes === undefined ? undefined : plan.parse(JSON.parse(bytes.toString('utf8')));
  } catch (thrown) {
    throw failed(file, thrown);
  }
}

function move({ from, to }: Plan['moves'][number], before: (step: string) => void): void {
  if (!existsSync(from) || existsSync(to)) return;
  before(`move ${from}`);
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  renameDurably(from, to);
  syncFolder(dirname(from));
}

function failed(file: string, cause: unknown): AgentError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AgentError('store-failed', `ending of the restore of ${file} failed: ${why}`, {
    cause,
    fix: 'Start as a user who may write both the state folder and the folder of the site file.',
  });
}

/** Folder by folder, so that the names in them are durable. */
export function syncFolders(folder: string): void {
  for (const found of readdirSync(folder, { withFileTypes: true }))
    if (found.isDirectory()) syncFolders(join(folder, found.name));
  syncFolder(folder);
}

/** Gives what was written as root to whom the folder it belongs to belongs. */
export function give(path: string, like: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(like);
  chownSync(path, uid, gid);
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) give(join(path, name), like);
}
