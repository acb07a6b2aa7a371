/** Where bundles come from: a folder (a USB stick, a mounted share) or an HTTPS server, by range where a link broke. */
import { createReadStream } from 'node:fs';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { LARGEST_ENVELOPE } from '../core/envelope.ts';
import { AgentError } from '../core/errors.ts';
import { resumeInto, type Stretch, sha256Of } from '../core/resume.ts';
import { bodyOf, secureGet } from '../core/secure-get.ts';
import type { UpdatePart } from '../core/update.ts';

export interface BundleSource {
  /** For the log; no secret in it. */
  readonly name: string;
  /** Bytes of the manifest's envelope, at most `LARGEST_ENVELOPE`. */
  manifest(signal: AbortSignal): Promise<Uint8Array>;
  /** The bytes of a file from `offset` on. */
  open(file: string, offset: number, signal: AbortSignal): Promise<Stretch>;
}

const MANIFEST = 'manifest.json';
/** A part has this long, ms; what came by then stays. */
const PART_DEADLINE = 60 * 60_000;

/** Throws `AgentError` `unsupported` for anything but a folder and `https:`. */
export function bundleSource(
  source: string,
  access: { readonly ca?: string; readonly token?: string },
): BundleSource {
  if (source.startsWith('https://')) return server(source, access);
  if (isAbsolute(source)) return folder(source);
  throw new AgentError(
    'unsupported',
    `bundle ${source} cannot be fetched: it is no https:// address and no absolute path`,
  );
}

function folder(dir: string): BundleSource {
  return {
    name: dir,
    async manifest() {
      const file = join(dir, MANIFEST);
      const { size } = await stat(file);
      if (size > LARGEST_ENVELOPE) throw new AgentError('frame-invalid', `${file} has ${size} bytes`);
      return readFile(file);
    },
    open: async (file, offset) => ({ offset, bytes: createReadStream(join(dir, file), { start: offset }) }),
  };
}

function server(address: string, access: { readonly ca?: string; readonly token?: string }): BundleSource {
  const url = new URL(address);
  const name = `${url.host}${url.pathname}`;
  const refused = (status: number) =>
    new AgentError('source-failed', `reading ${name} failed: it answers ${status}`);
  return {
    name,
    async manifest(signal) {
      const answer = await secureGet({ ...access, url: url.href }, {}, signal);
      if (answer.status === 200) return bodyOf(answer, LARGEST_ENVELOPE);
      answer.body.destroy();
      throw refused(answer.status);
    },
    async open(file, offset, signal) {
      const headers = offset === 0 ? {} : { Range: `bytes=${offset}-` };
      const part = { ...access, url: new URL(file, url).href };
      const answer = await secureGet(part, headers, signal, PART_DEADLINE);
      if (answer.status === 200) return { offset: 0, bytes: answer.body };
      // RFC 9110 §14.4: bytes <first>-<last>/<all>.
      const from = /^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1];
      if (answer.status === 206 && from !== undefined) return { offset: Number(from), bytes: answer.body };
      answer.body.destroy();
      throw refused(answer.status);
    },
  };
}

/** `partial`: what came is kept, and the next try goes on from there. */
export type Fetched =
  | { readonly kind: 'done' }
  | { readonly kind: 'partial'; readonly have: number }
  | { readonly kind: 'refused'; readonly code: 'bad-hash' | 'wrong-size'; readonly reason: string };

/**
 * Brings a part into `target`: bounded by its signed size, hashed, taken up again where a link broke before. What is not
 * what was signed is deleted. Rejects as source and file system do.
 */
export async function fetchPart(
  part: UpdatePart,
  target: string,
  source: BundleSource,
  signal: AbortSignal,
): Promise<Fetched> {
  await using file = await open(target, 'a+', 0o600);
  const { kind, have } = await resumeInto(
    file,
    part.size,
    (offset) => source.open(part.file, offset, signal),
    signal,
  );
  if (kind === 'too-long') {
    await rm(target, { force: true });
    return {
      kind: 'refused',
      code: 'wrong-size',
      reason: `${part.file} goes on behind its ${part.size} bytes`,
    };
  }
  if (kind !== 'whole') return { kind: 'partial', have };
  if ((await sha256Of(file)) === part.sha256) return { kind: 'done' };
  await rm(target, { force: true });
  return {
    kind: 'refused',
    code: 'bad-hash',
    reason: `${part.file} from ${source.name} has another SHA-256`,
  };
}
