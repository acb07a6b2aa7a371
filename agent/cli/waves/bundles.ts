/**
 * Makes the signed bundles of a configuration: one for each agent out of its site file, or one for all out of a patch. A
 * roll-out that is taken up again has the same bundles, byte by byte, so that agents know what they have had.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, replaceFile } from '../../core/durable-file.ts';
import { AgentError } from '../../core/errors.ts';
import { writeManifest } from '../../update/make.ts';
import { nameOfTarget, type Target } from './plan.ts';
import type { SiteFile } from './site-files.ts';

/** How long an agent that was not there may take it, ms. */
const HOLDS = 30 * 86_400_000;
/** A longer list in the scope of a patch is no protection any more. */
const MOST_NAMED = 10_000;

export interface ConfigBundles {
  /** Of the roll-out. */
  readonly id: string;
  /** Folder that the server of bundles serves. */
  readonly out: string;
  readonly key: { readonly id: string; readonly secret: string };
  readonly channel: string;
  readonly why: string;
  /** How long each agent watches it, ms; absent: as its site file says. */
  readonly watch?: number;
  /** Although a device does not answer when it is tried. */
  readonly anyway: boolean;
  /** Unix epoch ms. */
  readonly now: number;
}

/** What all bundles of a roll-out have in common; written down when the first is made. */
interface Head {
  readonly id: string;
  readonly serial: number;
  readonly issued: number;
  /** Digest of everything that is signed. */
  readonly digest: string;
}

/** Writes `<out>/<site>/<agent>/manifest.json` for each; gives the name they have in events. Throws `config-invalid`. */
export function bundleSiteFiles(files: readonly SiteFile[], options: ConfigBundles): Promise<string> {
  return bundled(
    files.map(({ target: { site, agent }, text, templates }) => ({
      folder: join(site, agent),
      scope: { sites: [site], agents: [agent] },
      what: { text, ...(Object.keys(templates).length === 0 ? {} : { templates }) },
    })),
    options,
  );
}

/** Writes `<out>/manifest.json`, a patch for all of them. */
export function bundlePatch(
  patch: string,
  targets: readonly Target[],
  options: ConfigBundles,
): Promise<string> {
  const all = (of: (target: Target) => string) => {
    const names = [...new Set(targets.map(of))];
    return names.length > MOST_NAMED ? ['*'] : names;
  };
  const scope = { sites: all(({ site }) => site), agents: all(({ agent }) => agent) };
  return bundled([{ folder: '.', scope, what: { patch } }], options);
}

interface Piece {
  readonly folder: string;
  readonly scope: { readonly sites: readonly string[]; readonly agents: readonly string[] };
  readonly what: object;
}

async function bundled(pieces: readonly Piece[], options: ConfigBundles): Promise<string> {
  const { id, out, key, channel, why, watch, anyway, now } = options;
  const common = { channel, why, anyway, ...(watch === undefined ? {} : { watch_s: watch / 1000 }) };
  const digest = createHash('sha256')
    .update(JSON.stringify([common, key.id, pieces]))
    .digest('hex');
  const head = await headOf(out, { id, serial: Math.floor(now / 1000), issued: now, digest });
  const { serial, issued } = head;
  const signed = {
    kind: 'config',
    serial,
    ...common,
    issued: new Date(issued).toISOString(),
    expires: new Date(issued + HOLDS).toISOString(),
  };
  for (const { folder, scope, what } of pieces)
    await writeManifest({ ...signed, scope, ...what }, join(out, folder), key);
  return `#${serial}`;
}

/** That of the roll-out in this folder; the new one where there is none yet. */
async function headOf(out: string, fresh: Head): Promise<Head> {
  const file = join(out, 'roll-out.json');
  const kept = await readIfThere(file);
  if (kept === undefined) {
    await mkdir(out, { recursive: true });
    await replaceFile(file, `${JSON.stringify(fresh)}\n`);
    return fresh;
  }
  const head = JSON.parse(Buffer.from(kept).toString('utf8')) as Head;
  if (head.id === fresh.id && head.digest === fresh.digest) return head;
  throw new AgentError(
    'config-invalid',
    head.id === fresh.id
      ? `roll-out ${head.id} was begun with other texts than these`
      : `${out} holds the bundles of roll-out ${head.id}`,
    { fix: 'take another --id with an empty --out: what agents have had under a name stays what it was' },
  );
}

/** The private key of `--sign <id>=<file>`. */
export async function signingKey(given: string): Promise<ConfigBundles['key']> {
  const [, id, file] = /^([A-Za-z0-9_-]{1,64})=(.+)$/.exec(given) ?? [];
  if (id === undefined || file === undefined)
    throw new AgentError('config-invalid', `--sign ${given}: expected <key id>=<file>`, {
      fix: 'write --sign city-2026=city-2026.pem, as in kerbside update keygen',
    });
  return { id, secret: await readFile(file, 'utf8') };
}

/** Those of `targets` that have a site file; throws `config-invalid` with those that have none. */
export function siteFilesOf(targets: readonly Target[], files: readonly SiteFile[]): readonly SiteFile[] {
  const byName = new Map(files.map((one) => [nameOfTarget(one.target), one] as const));
  const missing = targets.map(nameOfTarget).filter((name) => !byName.has(name));
  if (missing.length > 0)
    throw new AgentError('config-invalid', `no site file for ${missing.slice(0, 10).join(', ')}`);
  return targets.flatMap((target) => byName.get(nameOfTarget(target)) ?? []);
}
