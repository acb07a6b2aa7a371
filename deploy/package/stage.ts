/** Lays out the file tree of one architecture's package: what its devices run from, and its papers. */
import { chmod, copyFile, link, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Architecture } from './architecture.ts';
import { type Bill, billOfMaterials, billOfNpm } from './bill.ts';
import { contents, HOME } from './contents.ts';
import { installModules } from './modules.ts';
import { natives, unfit } from './natives.ts';
import { notices } from './notices.ts';
import { run } from './run.ts';

/** What packages are made from, whatever their architecture. */
export interface Source {
  readonly repository: string;
  /** What npm brought. */
  readonly installed: string;
  readonly bill: Bill;
  readonly version: string;
  /** Unix time of the last commit, s: the time of every file. */
  readonly epoch: number;
}

export interface Stage extends Pick<Source, 'version' | 'epoch'> {
  readonly root: string;
}

/** `installed` is a folder to install into. */
export async function gather(
  repository: string,
  installed: string,
  architectures: readonly Architecture[],
): Promise<Source> {
  const commit = () => run('git', ['log', '-1', '--format=%ct'], { cwd: repository });
  const [bill] = await Promise.all([
    billOfNpm(repository),
    installModules(repository, installed, architectures),
  ]);
  const { version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8'));
  return {
    repository,
    installed,
    bill,
    version,
    epoch: Number(process.env.SOURCE_DATE_EPOCH ?? (await commit())),
  };
}

export async function layOut(source: Source, root: string, architecture: Architecture): Promise<Stage> {
  const { repository, installed, bill, version, epoch } = source;
  const there = new Set<string>();
  for await (const { path, from, mode, made } of contents(repository, installed, architecture)) {
    const file = join(root, path);
    const folder = dirname(file);
    if (!there.has(folder)) await mkdir(folder, { recursive: true });
    there.add(folder);
    await (made ? link : copyFile)(from, file);
    await chmod(file, mode);
  }
  const wrong = unfit(await natives(root), architecture);
  if (wrong.length > 0) throw new Error(`binaries that would not run:\n${wrong.join('\n')}`);

  const home = join(root, HOME);
  const papers = join(root, 'usr/share/doc/kerbside');
  await mkdir(papers, { recursive: true });
  await writeFile(join(papers, 'sbom.cdx.json'), await billOfMaterials(bill, repository, home, epoch));
  await writeFile(join(papers, 'copyright'), await notices(home));
  return { root, version, epoch };
}
