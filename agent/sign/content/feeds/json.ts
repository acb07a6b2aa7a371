/** Feeds of weather, warnings and notices as documented JSON: unsigned texts, made plain, cut, and given their source. */
import * as z from 'zod';
import { WARNING_COLOURS } from '../../../core/board.ts';
import type { ContentFeedKind } from '../../../core/content/config.ts';
import { type Notice, SKIES, type Texts, type Warning, type Weather } from '../../../core/content/content.ts';
import { plainText } from '../../../core/content/plain-text.ts';
import { definedOnly } from '../defined-only.ts';
import type { Told } from '../desk.ts';
import { isLink, TEXT_LIMITS } from '../document.ts';

export type ReadFeed =
  | { readonly ok: true; readonly told: Told; readonly dropped: number }
  | { readonly ok: false; readonly reason: string };

/** Most entries of a list that are looked at. */
const MOST = 100;
/** Nothing that a feed says holds for longer, ms. */
const LONGEST = 30 * 86_400_000;

const id = z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/);
const moment = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/)
  .transform((raw, context) => {
    const time = Date.parse(raw);
    if (Number.isFinite(time)) return time;
    context.addIssue({ code: 'custom', message: 'expected a time' });
    return z.NEVER;
  });
const degrees = z.number().min(-90).max(60).optional();

/** Texts of somebody else: whatever they hold becomes plain; a language that is left without words is left out. */
function foreign(max: number) {
  return z
    .record(z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$/), z.string().max(20_000))
    .transform(
      (all): Texts =>
        Object.fromEntries(
          Object.entries(all)
            .slice(0, 8)
            .map(([language, raw]) => [language, plainText(raw, max)] as const)
            .filter(([, text]) => text !== ''),
        ),
    )
    .refine((texts) => Object.keys(texts).length > 0, 'expected words');
}

const span = { issued: moment, expires: moment };

const weather = z.looseObject({
  ...span,
  sky: z.enum(SKIES).optional(),
  temperature: degrees,
  low: degrees,
  high: degrees,
  humidity: z.number().min(0).max(100).optional(),
  wind: z.number().min(0).max(120).optional(),
});

const warning = z.looseObject({
  id,
  colour: z.enum(WARNING_COLOURS),
  event: foreign(TEXT_LIMITS.title),
  text: foreign(TEXT_LIMITS.body),
  ...span,
  from: moment.optional(),
});

const notice = z.looseObject({
  id,
  kind: z.enum(['news', 'shop']),
  title: foreign(TEXT_LIMITS.title),
  text: foreign(TEXT_LIMITS.body).optional(),
  url: z.string().max(300).refine(isLink).optional(),
  ...span,
});

/** Reads a body. Takes any bytes, never throws. An entry that is wrong is dropped and counted; the others count. */
export function readJsonFeed(kind: ContentFeedKind, bytes: Uint8Array, source: Texts): ReadFeed {
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { ok: false, reason: 'it is no JSON' };
  }
  if (typeof raw !== 'object' || raw === null) return { ok: false, reason: 'it is no object' };
  if (kind === 'weather') {
    const read = weather.safeParse(raw);
    if (!read.success) return { ok: false, reason: firstIssue(read.error) };
    const { issued, expires, sky, temperature, low, high, humidity, wind } = read.data;
    if (!holdsLongEnough(read.data)) return { ok: false, reason: 'expires: expected a time after issued' };
    const told: Weather = definedOnly({
      source,
      issued,
      expires: bounded(issued, expires),
      sky,
      temperature,
      low,
      high,
      humidity,
      wind,
    });
    return { ok: true, told: { weather: told, warnings: [], notices: [] }, dropped: 0 };
  }
  const list: unknown = (raw as Readonly<Record<string, unknown>>)[kind];
  if (!Array.isArray(list)) return { ok: false, reason: `${kind}: expected a list` };
  const entries = list.slice(0, MOST) as readonly unknown[];
  const found =
    kind === 'warnings'
      ? entries.flatMap((entry) => oneWarning(entry, source))
      : entries.flatMap((entry) => oneNotice(entry, source));
  const told: Told =
    kind === 'warnings'
      ? { warnings: found as readonly Warning[], notices: [] }
      : { warnings: [], notices: found as readonly Notice[] };
  return { ok: true, told, dropped: list.length - found.length };
}

function oneWarning(entry: unknown, source: Texts): readonly Warning[] {
  const read = warning.safeParse(entry);
  if (!read.success || !holdsLongEnough(read.data)) return [];
  const { id, colour, event, text, issued, expires, from } = read.data;
  return [definedOnly({ id, colour, event, text, source, issued, from, expires: bounded(issued, expires) })];
}

function oneNotice(entry: unknown, source: Texts): readonly Notice[] {
  const read = notice.safeParse(entry);
  if (!read.success || !holdsLongEnough(read.data)) return [];
  const { id, kind, title, text, url, issued, expires } = read.data;
  return [definedOnly({ id, kind, title, text, source, url, issued, expires: bounded(issued, expires) })];
}

function holdsLongEnough({
  issued,
  expires,
}: {
  readonly issued: number;
  readonly expires: number;
}): boolean {
  return expires > issued;
}

export function bounded(issued: number, expires: number): number {
  return Math.min(expires, issued + LONGEST);
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'it fits no schema'}`;
}
