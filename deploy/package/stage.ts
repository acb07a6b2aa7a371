/** Lays out the file tree of a package: what the agent runs from, its service files, its papers. */
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Architecture } from './architecture.ts';
import { billOfMaterials } from './bill.ts';
import { installModules } from './modules.ts';
import { natives, unfit } from './natives.ts';
import { notices } from './notices.ts';
import { run } from './run.ts';
import { files } from './tree.ts';

/** Where the agent lives on a device. Not below a folder called node_modules: Node strips no types there. */
export const HOME = 'usr/lib/kerbside';
const SHIPPED = [
  'agent',
  'drivers',
  'flows',
  'models',
  'docs/examples',
  'docs/schemas',
  'package.json',
  'LICENSE',
];
/** Programs by path below the root; everything else is data. */
const PROGRAM = /^(?:usr\/bin\/|usr\/lib\/kerbside\/runtime\/node$)/;
/** The converter made the models; nothing on a device runs it. */
const LEFT_OUT = /^models\/(?:convert\/|build\.ts)/;

export interface Stage {
  readonly root: string;
  readonly version: string;
  /** Unix time of the last commit, s: the time of every file. */
  readonly epoch: number;
}

export async function layOut(repository: string, root: string, architecture: Architecture): Promise<Stage> {
  const git = (...args: string[]) => run('git', args, { cwd: repository });
  const epoch = Number(process.env.SOURCE_DATE_EPOCH ?? (await git('log', '-1', '--format=%ct')));
  const home = join(root, HOME);
  const tracked = (await git('ls-files', '-z', '--', ...SHIPPED)).split('\0').filter((file) => file !== '');
  for (const file of tracked) {
    if (!LEFT_OUT.test(file)) await copy(join(repository, file), join(home, file));
  }
  await installModules(repository, home, architecture);
  const found = await natives(root);
  const wrong = unfit(found, architecture);
  if (wrong.length > 0) throw new Error(`binaries that would not run:\n${wrong.join('\n')}`);

  const deploy = (from: string, to: string) => copy(join(repository, 'deploy', from), join(root, to));
  await deploy('debian/kerbside', 'usr/bin/kerbside');
  for (const unit of ['kerbside.service', 'kerbside-node-red.service']) {
    await deploy(`systemd/${unit}`, `usr/lib/systemd/system/${unit}`);
  }
  await deploy('debian/site.yaml', 'usr/share/kerbside/site.yaml');
  await deploy('debian/journald.conf', 'usr/lib/systemd/journald.conf.d/50-kerbside.conf');

  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string };
  const papers = join(root, 'usr/share/doc/kerbside');
  await mkdir(papers, { recursive: true });
  await writeFile(join(papers, 'sbom.cdx.json'), await billOfMaterials(repository, home, epoch));
  await writeFile(join(papers, 'copyright'), await notices(home));
  for await (const file of files(root)) await chmod(file, PROGRAM.test(relative(root, file)) ? 0o755 : 0o644);
  return { root, version, epoch };
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to);
}
