/**
 * `npm run package`: Debian packages of this checkout for arm64 and amd64, without root and on any architecture. The same
 * commit gives the same bytes. Needs git, npm and dpkg-deb; packages of npm come from its cache or the registry, by the
 * hashes of the lock files.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { ARCHITECTURES, type Architecture } from './architecture.ts';
import { type Deb, makeDeb } from './deb.ts';
import { layOut } from './stage.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

async function build(architecture: Architecture, options: { out: string; revision: string }): Promise<Deb> {
  const folder = await mkdtemp(join(tmpdir(), 'kerbside-package-'));
  try {
    const stage = await layOut(REPOSITORY, join(folder, 'root'), architecture);
    return await makeDeb(stage, architecture, { ...options, repository: REPOSITORY });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const command = new Command('package')
  .description('build Debian packages of this checkout')
  .addOption(
    new Option('--arch <name...>', 'architectures').choices(ARCHITECTURES.map(({ debian }) => debian)),
  )
  .option('--out <folder>', 'where the packages go', 'dist')
  .option('--revision <text>', 'Debian revision', '1')
  .option('--json', 'one JSON line a package')
  .action(
    async ({
      arch,
      out,
      revision,
      json,
    }: {
      arch?: string[];
      out: string;
      revision: string;
      json?: true;
    }) => {
      process.umask(0o022);
      const wanted = ARCHITECTURES.filter(({ debian }) => arch === undefined || arch.includes(debian));
      const made = await Promise.all(wanted.map((one) => build(one, { out: resolve(out), revision })));
      for (const deb of made) {
        const { file, bytes, sha256 } = deb;
        process.stdout.write(
          json === true ? `${JSON.stringify(deb)}\n` : `${sha256}  ${file}  ${(bytes / 1e6).toFixed(1)} MB\n`,
        );
      }
    },
  );

await command.parseAsync().catch((error: Error) => {
  process.stderr.write(`package: ${error.message}\n`);
  process.exitCode = 1;
});
