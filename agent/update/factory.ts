/**
 * Parts of the package's own release: what a bundle has in common with it is copied and not fetched, so that the first update
 * of a device costs the link no more than the next ones. `parts.json` in the package says what they are.
 */
import { createHash, type Hash } from 'node:crypto';
import { mkdir, open, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AgentError } from '../core/errors.ts';

export const FACTORY_PARTS = 'parts.json';

export interface FactoryPart {
  readonly name: string;
  /** Of its archive in a bundle: what is called so there is the same. */
  readonly sha256: string;
  /** Names at its top. */
  readonly tops: readonly string[];
  /** `digestTree` of them. */
  readonly tree: string;
}

const PIECE = 256 * 1024;

/** What the package in `home` says it consists of; nothing where it says nothing. */
export async function factoryParts(home: string): Promise<readonly FactoryPart[]> {
  try {
    const read: unknown = JSON.parse(await readFile(join(home, FACTORY_PARTS), 'utf8'));
    return Array.isArray(read) ? (read as readonly FactoryPart[]) : [];
  } catch {
    return [];
  }
}

/** Copies a part into `into`. Gives how many files. Rejects with `AgentError` `frame-invalid` where a card has spoilt a byte of it. */
export async function copyPart(
  { name, tops, tree }: FactoryPart,
  home: string,
  into: string,
): Promise<number> {
  const { digest, files } = await digestTree(home, tops, into);
  if (digest === tree) return files;
  throw new AgentError('frame-invalid', `copying of ${name} failed: ${home} is not as it was installed`);
}

/** SHA-256 over paths, rights and bytes of `names` in `folder`, in one order everywhere; with `into` a copy is made on the way. */
export async function digestTree(
  folder: string,
  names: readonly string[],
  into?: string,
): Promise<{ readonly digest: string; readonly files: number }> {
  const whole = createHash('sha256');
  let files = 0;
  const visit = async (path: string): Promise<void> => {
    const from = join(folder, path);
    const found = await stat(from);
    if (found.isDirectory()) {
      whole.update(`${path}/\n`);
      if (into !== undefined) await mkdir(join(into, path), { recursive: true, mode: 0o755 });
      for (const name of (await readdir(from)).sort()) await visit(`${path}/${name}`);
      return;
    }
    files += 1;
    const runs = (found.mode & 0o100) !== 0;
    const own = createHash('sha256');
    await copy(from, into === undefined ? undefined : join(into, path), runs, own);
    whole.update(`${path} ${runs ? 'x' : '-'} ${own.digest('hex')}\n`);
  };
  for (const name of [...names].sort()) await visit(name);
  return { digest: whole.digest('hex'), files };
}

async function copy(from: string, to: string | undefined, runs: boolean, hash: Hash): Promise<void> {
  await using source = await open(from);
  if (to !== undefined) await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  await using target = to === undefined ? undefined : await open(to, 'wx', runs ? 0o755 : 0o644);
  const piece = Buffer.allocUnsafe(PIECE);
  for (;;) {
    const { bytesRead } = await source.read(piece);
    if (bytesRead === 0) return;
    const bytes = piece.subarray(0, bytesRead);
    hash.update(bytes);
    await target?.writeFile(bytes);
  }
}
