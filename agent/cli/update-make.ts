/** The city's side of `kerbside update`: keys, packing, signing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { newContentKey } from '../core/envelope.ts';
import { AgentError } from '../core/errors.ts';
import { sha256Of } from '../core/resume.ts';
import type { UpdatePart } from '../core/update.ts';
import { makePart, writeManifest } from '../update/make.ts';

const DAY = 86_400_000;

export function registerMaking(update: Command): void {
  update
    .command('keygen')
    .description('make a key: the private half into a file, the public half for site files on stdout')
    .argument('<id>', 'name of the key, such as city-2026', keyId)
    .requiredOption('--out <file>', 'where the private half goes; never overwritten')
    .action((id: string, { out }: { readonly out: string }) => {
      const { secret, key } = newContentKey(id);
      writeFileSync(out, secret, { mode: 0o600, flag: 'wx' });
      process.stdout.write(`- { id: ${key.id}, public: "${key.public}" }\n`);
    });
  update
    .command('make')
    .description('pack folders and sign a manifest: the bundle of a release, a model or a configuration')
    .argument('<manifest>', 'manifest as JSON, without parts')
    .requiredOption('--key <file>', 'private key')
    .requiredOption('--id <id>', 'name of the key', keyId)
    .requiredOption('--out <folder>', 'where the bundle goes')
    .option('--part <name=folder:names>', 'a part: names of a folder, with commas between', collect, [])
    .action(make);
  update
    .command('sign')
    .description('sign the bundle that `npm run package` made: look at its parts, write its manifest.json')
    .argument('<folder>', 'folder with release.json and its parts')
    .requiredOption('--key <file>', 'private key')
    .requiredOption('--id <id>', 'name of the key', keyId)
    .option('--channel <id>', 'channel of the sites that take it', 'stable')
    .option('--sites <id...>', 'sites it is for; * is every one', ['*'])
    .option('--agents <id...>', 'agents it is for; * is every one', ['*'])
    .option('--from <version>', 'oldest version that it may follow', '0.0.0')
    .option('--floor <version>', 'nothing older is taken once it is good; without it: its own version')
    .option('--days <number>', 'for how long it may be taken', positive, 90)
    .option('--within <seconds>', 'what answered before has to answer again within', positive, 600)
    .option('--soak <seconds>', 'and to stay so for', positive, 60)
    .action(sign);
}

async function make(
  manifest: string,
  {
    key,
    id,
    out,
    part,
  }: { readonly key: string; readonly id: string; readonly out: string; readonly part: readonly string[] },
): Promise<void> {
  const head = JSON.parse(await readFile(manifest, 'utf8')) as Readonly<Record<string, unknown>>;
  const parts = [];
  for (const one of part) {
    const [, name = '', folder = '', names = ''] = /^([A-Za-z0-9_-]+)=(.+):([^:]+)$/.exec(one) ?? [];
    if (name === '') throw new AgentError('config-invalid', `part ${one}: expected name=folder:one,two`);
    parts.push(await makePart(name, resolve(folder), names.split(','), out));
  }
  await mkdir(out, { recursive: true });
  const whole = parts.length === 0 ? head : { ...head, parts };
  await writeManifest(whole, out, { id, secret: readFileSync(key, 'utf8') });
  tell(parts);
}

interface SignOptions {
  readonly key: string;
  readonly id: string;
  readonly channel: string;
  readonly sites: readonly string[];
  readonly agents: readonly string[];
  readonly from: string;
  readonly floor?: string;
  readonly days: number;
  readonly within: number;
  readonly soak: number;
}

async function sign(folder: string, options: SignOptions): Promise<void> {
  const { key, id, channel, sites, agents, from, floor, days, within, soak } = options;
  const file = join(folder, 'release.json');
  const release = JSON.parse(await readFile(file, 'utf8')) as Readonly<Record<string, unknown>> & {
    readonly version: string;
    readonly parts: readonly UpdatePart[];
  };
  // A file that was cut on its way here would be found by a thousand poles.
  for (const part of release.parts) await whole(folder, part);
  const now = Date.now();
  const manifest = {
    ...release,
    channel,
    from,
    floor: floor ?? release.version,
    issued: new Date(now).toISOString(),
    expires: new Date(now + days * DAY).toISOString(),
    scope: { sites, agents },
    trial: { within_s: within, soak_s: soak },
  };
  await writeManifest(manifest, folder, { id, secret: readFileSync(key, 'utf8') });
  tell(release.parts);
}

async function whole(folder: string, { file: name, size, sha256 }: UpdatePart): Promise<void> {
  const path = join(folder, name);
  await using file = await open(path);
  if ((await file.stat()).size === size && (await sha256Of(file)) === sha256) return;
  throw new AgentError(
    'frame-invalid',
    `signing of ${folder} failed: ${name} is not what release.json says`,
    {
      fix: 'copy the folder anew, or build it again',
    },
  );
}

function tell(parts: readonly UpdatePart[]): void {
  for (const { file, size, sha256 } of parts)
    process.stdout.write(`${sha256}  ${file}  ${(size / 1e6).toFixed(1)} MB\n`);
}

function keyId(value: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(value)) return value;
  throw new InvalidArgumentError('expected 1-64 letters, digits, - or _');
}

function positive(value: string): number {
  const number = Number(value);
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('expected a number above 0');
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
