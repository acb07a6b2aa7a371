/**
 * `npm run package`: Debian packages of this checkout for arm64 and amd64, and the bundle of the same release for devices that
 * are updated from afar, without root and on any architecture. The same commit gives the same bytes. Needs git, npm and dpkg-deb; packages of npm come from its cache or the registry, by the
 * hashes of the lock files.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { ARCHITECTURES, type Architecture } from './architecture.ts';
import { type Bundle, makeBundle } from './bundle.ts';
import { type Deb, makeDeb } from './deb.ts';
import { gather, layOut, type Source } from './stage.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

type Made = Deb & { readonly bundle: Bundle };

async function build(
  architectures: readonly Architecture[],
  options: { out: string; revision: string },
): Promise<readonly Made[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kerbside-package-'));
  const make = async (source: Source, architecture: Architecture): Promise<Made> => {
    const stage = await layOut(source, join(folder, architecture.debian), architecture);
    // The package says which parts it has, so they are made first.
    const bundle = await makeBundle(stage, architecture, options.out);
    return { ...(await makeDeb(stage, architecture, { ...options, repository: REPOSITORY })), bundle };
  };
  try {
    const source = await gather(REPOSITORY, join(folder, 'installed'), architectures);
    return await Promise.all(architectures.map((one) => make(source, one)));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function lines({ file, bytes, sha256, bundle }: Made): string {
  const line = (sum: string, name: string, size: number) =>
    `${sum}  ${name}  ${(size / 1e6).toFixed(1)} MB\n`;
  const parts = bundle.parts.map((part) => line(part.sha256, join(bundle.folder, part.file), part.size));
  return line(sha256, file, bytes) + parts.join('');
}

const command = new Command('package')
  .description('build Debian packages and update bundles of this checkout')
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
      const made = await build(wanted, { out: resolve(out), revision });
      for (const one of made) process.stdout.write(json === true ? `${JSON.stringify(one)}\n` : lines(one));
    },
  );

await command.parseAsync().catch((error: Error) => {
  process.stderr.write(`package: ${error.message}\n`);
  process.exitCode = 1;
});
