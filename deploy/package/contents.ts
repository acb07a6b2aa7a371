/** What is in the package of one architecture: of every file its path there, and where it comes from. */
import { join } from 'node:path';
import type { Architecture } from './architecture.ts';
import { moduleFiles, runtimeFiles } from './modules.ts';
import { run } from './run.ts';

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
/** The converter made the models; nothing on a device runs it. */
const LEFT_OUT = /^models\/(?:convert\/|build\.ts)/;
/** Files of `deploy`, by their path in the package. */
const DEPLOYED: Readonly<Record<string, string>> = {
  'usr/bin/kerbside': 'debian/kerbside',
  'usr/lib/systemd/system/kerbside.service': 'systemd/kerbside.service',
  'usr/lib/systemd/system/kerbside-node-red.service': 'systemd/kerbside-node-red.service',
  'usr/share/kerbside/site.yaml': 'debian/site.yaml',
  'usr/lib/systemd/journald.conf.d/50-kerbside.conf': 'debian/journald.conf',
};
/** Everything else is data. */
const PROGRAM = /^(?:usr\/bin\/|usr\/lib\/kerbside\/runtime\/node$)/;

export interface Item {
  /** In the package. */
  readonly path: string;
  readonly from: string;
  readonly mode: number;
  /** Whether `from` was made for this build, so that a second name for it will do. */
  readonly made: boolean;
}

/** `installed` is where `installModules` put what npm brought. */
export async function* contents(
  repository: string,
  installed: string,
  architecture: Architecture,
): AsyncGenerator<Item> {
  const item = (path: string, from: string, made: boolean): Item => ({
    path,
    from,
    mode: PROGRAM.test(path) ? 0o755 : 0o644,
    made,
  });
  const tracked = await run('git', ['ls-files', '-z', '--', ...SHIPPED], { cwd: repository });
  for (const file of tracked.split('\0'))
    if (file !== '' && !LEFT_OUT.test(file)) yield item(`${HOME}/${file}`, join(repository, file), false);
  for (const [path, from] of Object.entries(DEPLOYED))
    yield item(path, join(repository, 'deploy', from), false);
  for await (const { path, from } of moduleFiles(repository, installed, architecture))
    yield item(`${HOME}/${path}`, from, true);
  for (const { path, from } of runtimeFiles(installed, architecture))
    yield item(`${HOME}/${path}`, from, true);
}
