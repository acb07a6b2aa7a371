/** What the manifest of a bundle says: JSON by a strict schema with bounds on everything, read after its signature holds. */
import * as z from 'zod';
import type { UpdateManifest } from '../core/update.ts';
import { VERSION_PATTERN } from '../core/update.ts';

const MB = 1024 ** 2;
const DAY = 86_400_000;
/** A bundle that holds for longer is a mistake, ms. */
const LONGEST_LIFE = 400 * DAY;
/** Of all parts together, bytes on the disk: a release has 330 MB. */
export const LARGEST_UNPACKED = 2048 * MB;
const LARGEST_PART = 512 * MB;
const MOST_ENTRIES = 200_000;
/** Longest text of a site file, a template or a patch, characters. */
const LARGEST_TEXT = 512 * 1024;
/** As many templates as a site file may extend in a row. */
const MOST_TEMPLATES = 8;

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected an id of 1 to 64 letters, digits, _ and -');
const version = z.string().regex(VERSION_PATTERN, 'expected a version such as 1.2.3');
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;
const moment = z
  .string()
  .refine(
    (raw) => MOMENT.test(raw) && Number.isFinite(Date.parse(raw)),
    'expected a time such as 2026-11-27T18:00:00+08:00',
  )
  .transform((raw) => Date.parse(raw));
const serial = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const ids = z
  .array(z.union([z.literal('*'), id]))
  .min(1)
  .max(10_000);

const signed = {
  channel: id,
  issued: moment,
  expires: moment,
  not_before: moment.optional(),
  scope: z.strictObject({ sites: ids, agents: ids.prefault(['*']) }),
};

const part = z.strictObject({
  name: id,
  file: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'expected the name of a file beside the manifest'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits'),
  size: z.int().min(1).max(LARGEST_PART),
  unpacked: z.int().min(0).max(LARGEST_UNPACKED),
  entries: z.int().min(1).max(MOST_ENTRIES),
});

/** A path in an archive, or below the folder of a site file. */
const inside = z
  .string()
  .regex(
    /^(?!\.)[A-Za-z0-9._-]{1,64}(?:\/(?!\.)[A-Za-z0-9._-]{1,64}){0,4}$/,
    'expected a path that does not lead out, such as golden/street.jpg',
  );
const text = z.string().min(1).max(LARGEST_TEXT);

const manifest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('release'),
    ...signed,
    version,
    architecture: z.enum(['arm64', 'amd64', 'any']),
    from: version,
    floor: version,
    log: z.strictObject({ schema: z.int().min(1).max(10_000), oldest: z.int().min(1).max(10_000) }),
    parts: z.array(part).min(1).max(8),
    trial: z
      .strictObject({ within_s: z.number().min(1).max(86_400), soak_s: z.number().min(0).max(3600) })
      .prefault({ within_s: 600, soak_s: 60 }),
  }),
  z.strictObject({
    kind: z.literal('model'),
    ...signed,
    name: id,
    serial,
    parts: z.tuple([part]),
    golden: z
      .array(
        z.strictObject({
          picture: inside,
          class: z.string().min(1).max(64),
          at_least: z.int().min(0).max(1000),
          at_most: z.int().min(0).max(1000),
        }),
      )
      .min(1)
      .max(16),
  }),
  z.strictObject({
    kind: z.literal('config'),
    ...signed,
    serial,
    text: text.optional(),
    patch: text.optional(),
    templates: z
      .record(inside, text)
      .refine((all) => Object.keys(all).length <= MOST_TEMPLATES, `expected at most ${MOST_TEMPLATES}`)
      .prefault({}),
    anyway: z.boolean().prefault(false),
    why: z.string().min(1).max(200),
    watch_s: z.number().min(10).max(86_400).optional(),
  }),
]);

export type ReadManifest =
  | { readonly ok: true; readonly manifest: UpdateManifest }
  | { readonly ok: false; readonly reason: string };

/** Reads the payload of an envelope whose signature holds. Takes any bytes, never throws. */
export function readManifest(payload: Uint8Array): ReadManifest {
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return { ok: false, reason: 'it is no JSON in UTF-8' };
  }
  const parsed = manifest.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { ok: false, reason: `${issue?.path.join('.') || 'manifest'}: ${issue?.message}`.slice(0, 300) };
  }
  const read = resolved(parsed.data);
  if (read === undefined) return { ok: false, reason: 'text: expected either text or patch' };
  const wrong = contradiction(read);
  return wrong === undefined ? { ok: true, manifest: read } : { ok: false, reason: wrong };
}

type Raw = z.output<typeof manifest>;

/** Undefined where a configuration has no text, or two. */
function resolved(raw: Raw): UpdateManifest | undefined {
  const { not_before, ...rest } = raw;
  const timed = not_before === undefined ? {} : { notBefore: not_before };
  switch (rest.kind) {
    case 'release': {
      const { trial, ...release } = rest;
      return { ...release, ...timed, trial: { within: trial.within_s * 1000, soak: trial.soak_s * 1000 } };
    }
    case 'model': {
      const golden = rest.golden.map(({ at_least, at_most, ...one }) => ({
        ...one,
        atLeast: at_least,
        atMost: at_most,
      }));
      return { ...rest, ...timed, golden };
    }
    case 'config': {
      const { watch_s, text, patch, ...config } = rest;
      const watched = watch_s === undefined ? {} : { watch: watch_s * 1000 };
      if (patch === undefined)
        return text === undefined ? undefined : { ...config, ...timed, ...watched, site: { text } };
      return text === undefined ? { ...config, ...timed, ...watched, site: { patch } } : undefined;
    }
  }
}

/** What no schema of single fields can say. */
function contradiction(read: UpdateManifest): string | undefined {
  if (read.expires <= read.issued) return 'expires: expected a time after issued';
  if (read.expires - read.issued > LONGEST_LIFE) return 'expires: expected at most 400 days after issued';
  if (read.kind === 'config') return undefined;
  const { parts } = read;
  if (new Set(parts.map(({ name }) => name)).size < parts.length) return 'parts: two have one name';
  if (new Set(parts.map(({ file }) => file)).size < parts.length) return 'parts: two have one file';
  const all = parts.reduce((sum, { unpacked }) => sum + unpacked, 0);
  if (all > LARGEST_UNPACKED) return `parts: ${all} bytes unpacked, at most ${LARGEST_UNPACKED}`;
  if (read.kind === 'release' && read.log.oldest > read.log.schema)
    return 'log.oldest: expected at most log.schema';
  return undefined;
}
