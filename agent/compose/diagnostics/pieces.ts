/** What a bundle holds whether the agent runs or not: machine, doctor, state folder, files of the site, recorded frames. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { arch, cpus, freemem, loadavg, release, totalmem, uptime } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Site } from '../../core/site.ts';
import type { Piece } from './bundle.ts';

/** Longest look at the machine and the ways out of it, ms; a request over the API waits 25 s. */
const DOCTOR_WITHIN = 15_000;
const MOST_NAMES = 500;

export interface About {
  readonly why: string;
  /** Unix epoch ms. */
  readonly made: number;
  readonly version: string;
  readonly site: string;
  readonly agent: string;
  /** Whether the agent runs. */
  readonly running: boolean;
}

export function aboutPiece(about: About): Piece {
  return {
    name: 'about.json',
    what: 'version, machine, why it was made',
    read: () => ({ ...about, machine: machine() }),
  };
}

/** The report of `kerbside doctor`; what it has not found in time is not in it. `file`: path of the site file. */
export function doctorPiece(file: string, site: Site | undefined): Piece {
  return {
    name: 'doctor.json',
    what: 'kerbside doctor: ports, rights, clock, disk, network, certificates, uplinks, each with its fix',
    async read() {
      const { examine } = await import('../../cli/doctor/examine.ts');
      const found: unknown[] = [];
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<boolean>((done) => {
        timer = setTimeout(() => done(false), DOCTOR_WITHIN);
      });
      const looked = examine({ file, site, offline: false }, (some) => found.push(...some)).then(() => true);
      looked.catch(() => {});
      const complete = await Promise.race([looked, late]);
      clearTimeout(timer);
      return { complete, findings: [...found] };
    },
  };
}

/** Names, sizes and ages of what lies in the state folder; no byte of it. */
export function statePiece(state: string): Piece {
  return {
    name: 'state-folder.json',
    what: 'names, sizes and times of the state folder',
    async read() {
      const names = await readdir(state, { recursive: true });
      const shown = names.filter((name) => !name.startsWith('compile-cache/')).sort();
      const rows = await Promise.all(
        shown.slice(0, MOST_NAMES).map(async (name) => {
          const facts = await stat(join(state, name)).catch(() => undefined);
          return {
            name,
            ...(facts === undefined ? {} : { bytes: facts.size, changed: Math.round(facts.mtimeMs) }),
          };
        }),
      );
      return { names: rows, more: Math.max(0, shown.length - MOST_NAMES) };
    },
  };
}

/** Frames that were recorded by `trace`, newest last. */
export async function tracePieces(state: string): Promise<readonly Piece[]> {
  const dir = join(state, 'diagnostics');
  const names = (await readdir(dir).catch(() => [])).filter((name) => /^trace-.*\.jsonl$/.test(name)).sort();
  return names.map((name) => ({
    name,
    what: 'recorded frames of a device',
    read: () => readFile(join(dir, name), 'utf8'),
  }));
}

/** Texts of the site file and its templates. */
export function textPieces(texts: Iterable<readonly [path: string, text: string]>): readonly Piece[] {
  return Array.from(texts, ([path, text], at) => ({
    name: at === 0 ? 'site.yaml' : `template-${at}-${basename(path)}`,
    what: at === 0 ? 'the site file as it is written' : `the template ${basename(path)}`,
    read: () => text,
  }));
}

/**
 * What references in the texts of a site lead to, `file:` and `${env:…}`: a site file that does not load tells no other
 * secrets.
 */
export async function referencedSecrets(
  texts: Iterable<readonly [path: string, text: string]>,
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const secrets: string[] = [];
  for (const [path, text] of texts) {
    for (const [, name = ''] of text.matchAll(/\$\{env:(\w+)\}/g)) secrets.push(env[name] ?? '');
    for (const [, name = ''] of text.matchAll(/\bfile:([^\s"',}]+)/g))
      secrets.push((await readFile(resolve(dirname(path), name), 'utf8').catch(() => '')).trim());
  }
  return secrets.filter((secret) => secret !== '');
}

function machine() {
  return {
    node: process.version,
    arch: arch(),
    kernel: release(),
    cores: cpus().length,
    load: loadavg(),
    memory: { total: totalmem(), free: freemem(), rss: process.memoryUsage.rss() },
    uptime_s: Math.round(uptime()),
    process_uptime_s: Math.round(process.uptime()),
  };
}
