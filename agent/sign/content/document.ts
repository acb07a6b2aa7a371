/**
 * What a signed payload says: JSON by a strict schema, with bounds on everything. A signature says who wrote it; the
 * bounds see to it that a mistake of the city's does not take the board down.
 */
import * as z from 'zod';
import { WARNING_COLOURS } from '../../core/board.ts';
import {
  CONTENT_CHANNELS,
  type ContentDocument,
  type FieldRule,
  MEDIA_TYPES,
  type Notice,
  type Playlist,
  type PlaylistItem,
  SKIES,
  type Takeover,
  type Template,
  TILE_KINDS,
  type Tile,
  type Warning,
  type Weather,
} from '../../core/content/content.ts';
import { isPlainText } from '../../core/content/plain-text.ts';
import { definedOnly } from './defined-only.ts';

/** Longest text of a template, a title and a body, code points. */
export const TEXT_LIMITS = { template: 200, title: 80, body: 500, word: 40 } as const;
const MB = 1024 ** 2;
const DAY = 86_400_000;
/** A document that holds for longer is a mistake: nobody would ever look at it again, ms. */
const LONGEST_LIFE = 400 * DAY;

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected an id of 1 to 64 letters, digits, _ and -');
const language = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$/, 'expected a language such as zh-CN');
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 with its offset, as Unix epoch ms. */
const moment = z
  .string()
  .refine(
    (raw) => MOMENT.test(raw) && Number.isFinite(Date.parse(raw)),
    'expected a time such as 2026-11-27T18:00:00+08:00',
  )
  .transform((raw) => Date.parse(raw));

function texts(max: number) {
  return z
    .record(
      language,
      z.string().refine((raw) => isPlainText(raw, max), `expected plain text of at most ${max} characters`),
    )
    .refine(
      (all) => Object.keys(all).length > 0 && Object.keys(all).length <= 8,
      'expected 1 to 8 languages',
    );
}

const fieldRule = z.union([
  z
    .strictObject({
      number: z.tuple([z.number().min(-1e9).max(1e9), z.number().min(-1e9).max(1e9)]),
      decimals: z.int().min(0).max(3).optional(),
    })
    .refine(({ number: [min, max] }) => min < max, 'number: expected [min, max]')
    .transform(
      ({ number: [min, max], decimals }): FieldRule => ({
        kind: 'number',
        min,
        max,
        decimals: decimals ?? 0,
      }),
    ),
  z
    .strictObject({
      words: z
        .record(id, texts(TEXT_LIMITS.word))
        .refine(
          (all) => Object.keys(all).length > 0 && Object.keys(all).length <= 200,
          'words: expected 1 to 200',
        ),
    })
    .transform(({ words }): FieldRule => ({ kind: 'word', words })),
]);

const template = z
  .strictObject({
    id,
    texts: texts(TEXT_LIMITS.template),
    fields: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,31}$/), fieldRule).optional(),
    priority: z.int().min(1).max(9),
    seconds: z
      .number()
      .min(1)
      .max(7 * 86_400),
    spoken: z.boolean().optional(),
  })
  .transform(
    ({ seconds, fields, spoken, ...rest }): Template => ({
      ...rest,
      fields: fields ?? {},
      longest: seconds * 1000,
      spoken: spoken ?? false,
    }),
  )
  .superRefine((one, context) => {
    for (const [tag, text] of Object.entries(one.texts)) {
      for (const [, name = ''] of text.matchAll(/\{([^{}]*)\}/g)) {
        if (!Object.hasOwn(one.fields, name)) {
          context.addIssue({ code: 'custom', message: `texts.${tag}: {${name}} is no field of it` });
        }
      }
      if (/[{}]/.test(text.replace(/\{[^{}]*\}/g, ''))) {
        context.addIssue({ code: 'custom', message: `texts.${tag}: a brace without its other one` });
      }
    }
  });

const message = z
  .strictObject({
    id,
    template: id,
    fields: z.record(z.string(), z.union([z.number(), z.string().max(64)])).optional(),
    priority: z.int().min(1).max(9),
    display: id.optional(),
    from: moment.optional(),
    until: moment,
  })
  .transform(({ fields, ...rest }) => definedOnly({ ...rest, fields: fields ?? {} }));

const item = z
  .strictObject({
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits'),
    size: z
      .int()
      .min(1)
      .max(512 * MB),
    type: z.enum(MEDIA_TYPES),
    seconds: z.number().min(1).max(3600),
    alt: texts(TEXT_LIMITS.body).optional(),
  })
  .transform((one): PlaylistItem => definedOnly(one));

const playlist = z
  .strictObject({
    id,
    display: id.optional(),
    items: z.array(item).min(1).max(64),
    from: moment.optional(),
    until: moment.optional(),
    days: z.array(z.int().min(0).max(6)).min(1).max(7).optional(),
    hours: z.tuple([z.int().min(0).max(1440), z.int().min(0).max(1440)]).optional(),
  })
  .transform((one): Playlist => definedOnly(one));

const link = z.string().max(300).refine(isLink, 'expected https://… or tel:…');

const tile = z
  .strictObject({
    id,
    kind: z.enum(TILE_KINDS),
    title: texts(TEXT_LIMITS.title),
    text: texts(TEXT_LIMITS.template).optional(),
    url: link,
  })
  .transform((one): Tile => definedOnly(one));

const takeover = z
  .strictObject({
    id,
    priority: z.int().min(1).max(9),
    severity: z.enum(['notice', 'emergency']),
    display: id.optional(),
    title: texts(TEXT_LIMITS.title),
    text: texts(TEXT_LIMITS.body),
    spoken: z.boolean().optional(),
    from: moment.optional(),
    until: moment,
  })
  .transform(({ spoken, ...rest }): Takeover => definedOnly({ ...rest, spoken: spoken ?? false }));

const source = texts(TEXT_LIMITS.title);

export const weatherSchema = z
  .strictObject({
    source,
    issued: moment,
    expires: moment,
    sky: z.enum(SKIES).optional(),
    temperature: z.number().min(-90).max(60).optional(),
    low: z.number().min(-90).max(60).optional(),
    high: z.number().min(-90).max(60).optional(),
    humidity: z.number().min(0).max(100).optional(),
    wind: z.number().min(0).max(120).optional(),
  })
  .transform((one): Weather => definedOnly(one));

export const warningSchema = z
  .strictObject({
    id,
    colour: z.enum(WARNING_COLOURS),
    event: texts(TEXT_LIMITS.title),
    text: texts(TEXT_LIMITS.body),
    source,
    issued: moment,
    from: moment.optional(),
    expires: moment,
  })
  .transform((one): Warning => definedOnly(one));

export const noticeSchema = z
  .strictObject({
    id,
    kind: z.enum(['news', 'shop']),
    title: texts(TEXT_LIMITS.title),
    text: texts(TEXT_LIMITS.body).optional(),
    source,
    url: link.optional(),
    issued: moment,
    expires: moment,
  })
  .transform((one): Notice => definedOnly(one));

const scope = z
  .array(z.union([id, z.literal('*')]))
  .min(1)
  .max(1000);

const document = z.strictObject({
  channel: z.enum(CONTENT_CHANNELS),
  version: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
  issued: moment,
  expires: moment,
  scope: z.strictObject({ sites: scope, agents: scope.optional() }),
  templates: z.array(template).max(500).optional(),
  messages: z.array(message).max(100).optional(),
  playlists: z.array(playlist).max(20).optional(),
  tiles: z.array(tile).max(12).optional(),
  takeovers: z.array(takeover).max(20).optional(),
  weather: weatherSchema.optional(),
  warnings: z.array(warningSchema).max(50).optional(),
  notices: z.array(noticeSchema).max(100).optional(),
});

/** What each channel may hold. */
const PARTS = {
  pack: ['templates', 'messages', 'playlists', 'tiles'],
  takeover: ['takeovers'],
  notices: ['weather', 'warnings', 'notices'],
} as const;

export type ReadDocument =
  | { readonly ok: true; readonly document: ContentDocument }
  | { readonly ok: false; readonly reason: string };

/** Reads a payload. Takes any bytes, never throws; `reason` names the first thing wrong, with its place. */
export function readDocument(payload: Uint8Array): ReadDocument {
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return { ok: false, reason: 'the payload is no JSON' };
  }
  const parsed = document.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.map(String).join('.') ?? '';
    return {
      ok: false,
      reason: `${place === '' ? '' : `${place}: `}${issue?.message ?? 'it fits no schema'}`,
    };
  }
  const { scope, weather, ...found } = parsed.data;
  const allowed: readonly string[] = PARTS[found.channel];
  const strange = Object.keys(parsed.data).find(
    (key) =>
      Object.values(PARTS)
        .flat()
        .some((part) => part === key) && !allowed.includes(key),
  );
  if (strange !== undefined)
    return { ok: false, reason: `${strange}: not a part of channel ${found.channel}` };
  if (found.expires <= found.issued) return { ok: false, reason: 'expires: expected a time after issued' };
  if (found.expires - found.issued > LONGEST_LIFE) {
    return { ok: false, reason: `expires: expected at most ${LONGEST_LIFE / DAY} days after issued` };
  }
  const twice = doubled(found);
  if (twice !== undefined) return { ok: false, reason: twice };
  return {
    ok: true,
    document: {
      channel: found.channel,
      version: found.version,
      issued: found.issued,
      expires: found.expires,
      scope: { sites: scope.sites, agents: scope.agents ?? ['*'] },
      templates: found.templates ?? [],
      messages: found.messages ?? [],
      playlists: found.playlists ?? [],
      tiles: found.tiles ?? [],
      takeovers: found.takeovers ?? [],
      ...(weather === undefined ? {} : { weather }),
      warnings: found.warnings ?? [],
      notices: found.notices ?? [],
    },
  };
}

/** Whether a link may stand in a QR code on a public wall. */
export function isLink(raw: string): boolean {
  if (/^tel:\+?[0-9-]{3,20}$/.test(raw)) return true;
  if (!URL.canParse(raw) || !/^[\x21-\x7e]+$/.test(raw)) return false;
  const { protocol, username, password } = new URL(raw);
  return protocol === 'https:' && username === '' && password === '';
}

function doubled(found: Omit<z.output<typeof document>, 'scope'>): string | undefined {
  for (const part of [
    'templates',
    'messages',
    'playlists',
    'tiles',
    'takeovers',
    'warnings',
    'notices',
  ] as const) {
    const ids = (found[part] ?? []).map((one) => one.id);
    const twice = ids.find((one, i) => ids.indexOf(one) !== i);
    if (twice !== undefined) return `${part}: the id ${twice} stands there twice`;
  }
  return undefined;
}
