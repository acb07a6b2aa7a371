/**
 * Releases on the disk, one folder each beside the others. A release is made beside its place (`.new-<version>`), flushed, and
 * gets its name last: what has its name is whole. Parts that an earlier release has already are linked, not fetched.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flushPath } from '../core/durable-file.ts';
import { AgentError } from '../core/errors.ts';
import {
  type ReleaseManifest,
  type UpdatePart,
  type UpdateRefusal,
  VERSION_PATTERN,
} from '../core/update.ts';
import { unpack } from './archive.ts';
import { type BootState, isWhole } from './boot-state.ts';
import { copyPart, factoryParts } from './factory.ts';
import { type BundleSource, fetchPart } from './fetch.ts';
import { flush, linkTree } from './files.ts';

/** What a release says of itself in `release.json`. */
export interface Marker {
  readonly version: string;
  /** SHA-256 of its manifest. */
  readonly digest: string;
  readonly manifest: ReleaseManifest;
  /** By part: names at its top. */
  readonly tops: Readonly<Record<string, readonly string[]>>;
}

/** Named moments between two changes on the disk; a test kills the process at each. */
export type Step = (name: string) => void;

export class PartRefused extends Error {
  readonly code: UpdateRefusal;
  constructor(code: UpdateRefusal, reason: string) {
    super(reason);
    this.code = code;
  }
}

const FRESH = '.new-';
const INCOMING = '.incoming';

/** The marker of a release that is whole; undefined for anything else. */
export async function markerOf(dir: string, version: string): Promise<Marker | undefined> {
  try {
    const marker = JSON.parse(await readFile(join(dir, version, 'release.json'), 'utf8')) as Marker;
    return marker.version === version ? marker : undefined;
  } catch {
    return undefined;
  }
}

/** Versions that are whole on the disk. */
export async function wholeReleases(dir: string): Promise<readonly Marker[]> {
  const names = await readdir(dir).catch(() => []);
  const markers = await Promise.all(
    names.filter((name) => VERSION_PATTERN.test(name)).map((name) => markerOf(dir, name)),
  );
  return markers.flatMap((marker) => marker ?? []);
}

/** Versions that are whole and neither run nor ran before. */
export function stagedIn(
  dir: string,
  { current, previous }: Pick<BootState, 'current' | 'previous'>,
): readonly string[] {
  const names = existsSync(dir) ? readdirSync(dir) : [];
  return names.filter(
    (name) => VERSION_PATTERN.test(name) && name !== current && name !== previous && isWhole(dir, name),
  );
}

/** Takes away what was begun and never finished, and every release but those named. Parts that have come stay. */
export async function sweep(dir: string, keep: readonly string[]): Promise<void> {
  for (const name of await readdir(dir).catch(() => [])) {
    const begun = name.startsWith(FRESH) || name.startsWith('.old-');
    if (begun || (VERSION_PATTERN.test(name) && !keep.includes(name))) {
      // Without its marker it is nobody's release, should the power fail in between.
      await rm(join(dir, name, 'release.json'), { force: true });
      await rm(join(dir, name), { recursive: true, force: true });
    }
  }
}

export interface LayOptions {
  readonly dir: string;
  /** Folder of the package's release; absent: nothing is taken from there. */
  readonly factoryHome?: string;
  readonly source: BundleSource;
  readonly signal: AbortSignal;
  readonly step: Step;
  /** Tries to fetch a part whose link breaks; a try that brings nothing new counts. */
  readonly tries?: number;
  /** Waits before another try. */
  readonly pause: (attempt: number) => Promise<void>;
}

/** Brings a release into its place. Rejects with `PartRefused`, or `AgentError` `source-failed` and `frame-invalid`. */
export async function layRelease(
  manifest: ReleaseManifest,
  digest: string,
  options: LayOptions,
): Promise<void> {
  const { dir, step } = options;
  const fresh = join(dir, `${FRESH}${manifest.version}`);
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o755 });
  const tops: Record<string, readonly string[]> = {};
  let entries = 0;
  for (const part of manifest.parts) {
    const before = new Set(await readdir(fresh));
    if (!(await linkPart(part, fresh, dir))) {
      const copied = await copyFactoryPart(part, fresh, options);
      if (!copied) await layPart(part, fresh, options);
      entries += part.entries;
    }
    tops[part.name] = (await readdir(fresh)).filter((name) => !before.has(name));
    step(`part ${part.name} unpacked`);
  }
  const marker: Marker = { version: manifest.version, digest, manifest, tops };
  await writeFile(join(fresh, 'release.json'), JSON.stringify(marker), { mode: 0o644 });
  step('marker written');
  await flush(fresh, entries);
  step('release flushed');
  const place = join(dir, manifest.version);
  const old = join(dir, `.old-${manifest.version}`);
  await rm(old, { recursive: true, force: true });
  await rename(place, old).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'ENOENT') throw thrown;
  });
  await rename(fresh, place);
  step('release named');
  await flushPath(dir);
  await rm(old, { recursive: true, force: true });
  await rm(join(dir, INCOMING), { recursive: true, force: true });
  step('release whole');
}

/** Fetches an archive and unpacks it into `into`, where nothing of it is yet. */
export async function layPart(part: UpdatePart, into: string, options: LayOptions): Promise<void> {
  const file = await bring(part, options);
  options.step(`part ${part.name} fetched`);
  await unpack(file, into, part, options.signal).catch((thrown: unknown) => {
    throw thrown instanceof AgentError && thrown.code === 'frame-invalid'
      ? new PartRefused('unpackable', `${part.file}: ${thrown.message}`)
      : thrown;
  });
  await rm(file, { force: true });
}

async function bring(part: UpdatePart, options: LayOptions): Promise<string> {
  const { dir, source, signal, tries = 5, pause } = options;
  await mkdir(join(dir, INCOMING), { recursive: true, mode: 0o700 });
  const file = join(dir, INCOMING, part.sha256);
  let had = -1;
  let last = 'nothing came';
  for (let attempt = 0; attempt < tries; attempt++) {
    if (attempt > 0) await pause(attempt);
    signal.throwIfAborted();
    try {
      const fetched = await fetchPart(part, file, source, signal);
      if (fetched.kind === 'done') return file;
      if (fetched.kind === 'refused') throw new PartRefused(fetched.code, fetched.reason);
      last = `it broke off after ${fetched.have} of ${part.size} bytes`;
      if (fetched.have > had) attempt = -1;
      had = Math.max(had, fetched.have);
    } catch (thrown) {
      if (thrown instanceof PartRefused || signal.aborted) throw thrown;
      last = (thrown as Error).message;
    }
  }
  throw new PartRefused('unreachable', `${part.file} could not be fetched: ${last}`);
}

/** Links a part out of a release that has it; false where none has, or the disk knows no links. */
async function linkPart(part: UpdatePart, fresh: string, dir: string): Promise<boolean> {
  for (const marker of await wholeReleases(dir)) {
    const same = marker.manifest.parts.find(({ sha256 }) => sha256 === part.sha256);
    const tops = same && marker.tops[same.name];
    if (tops === undefined || tops.length === 0) continue;
    try {
      for (const top of tops) await linkTree(join(dir, marker.version, top), join(fresh, top));
      return true;
    } catch {
      for (const top of tops) await rm(join(fresh, top), { recursive: true, force: true });
    }
  }
  return false;
}

/** Copies a part out of the package; false where the package has another one, or not the whole of it any more. */
async function copyFactoryPart(
  { sha256 }: UpdatePart,
  fresh: string,
  { factoryHome }: LayOptions,
): Promise<boolean> {
  if (factoryHome === undefined) return false;
  const same = (await factoryParts(factoryHome)).find((one) => one.sha256 === sha256);
  if (same === undefined) return false;
  return copyPart(same, factoryHome, fresh).then(
    () => true,
    async () => {
      for (const top of same.tops) await rm(join(fresh, top), { recursive: true, force: true });
      return false;
    },
  );
}

/** Bytes that a release needs on the disk besides what is linked: to fetch, and to unpack or copy. */
export async function bytesNeeded(
  manifest: ReleaseManifest,
  dir: string,
  factoryHome?: string,
): Promise<number> {
  const markers = await wholeReleases(dir);
  const there = new Set(markers.flatMap((marker) => marker.manifest.parts.map(({ sha256 }) => sha256)));
  const missing = manifest.parts.filter(({ sha256 }) => !there.has(sha256));
  const unpacked = missing.reduce((sum, part) => sum + part.unpacked + part.entries * 4096, 0);
  const copied = factoryHome === undefined ? [] : await factoryParts(factoryHome);
  const fetched = missing.filter((part) => copied.every(({ sha256 }) => sha256 !== part.sha256));
  return unpacked + Math.max(0, ...fetched.map(({ size }) => size));
}
