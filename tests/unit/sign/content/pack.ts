/** Documents as a city writes and signs them, for tests. */
import { createHash } from 'node:crypto';
import { newContentKey, sealEnvelope } from '../../../../agent/core/envelope.ts';

export const CITY = newContentKey('city-2026');
export const NEXT = newContentKey('city-2027');
export const STRANGER = newContentKey('stranger');

/** The wall clock that `VirtualClock` starts with. */
export const START = Date.UTC(2027, 0, 1);

export const iso = (time: number) => new Date(time).toISOString();

export const TEMPLATES = [
  {
    id: 'delay',
    texts: { 'zh-CN': '{line}路约晚点{minutes}分钟', en: 'Line {line} is about {minutes} min late' },
    fields: { line: { number: [1, 999] }, minutes: { number: [1, 120], decimals: 0 } },
    priority: 5,
    seconds: 3600,
  },
  {
    id: 'road',
    texts: { 'zh-CN': '{road}因{why}绕行', en: 'Detour: {why} on {road}' },
    fields: {
      road: {
        words: { west: { 'zh-CN': '西街', en: 'West Street' }, east: { 'zh-CN': '东街', en: 'East Street' } },
      },
      why: {
        words: { works: { 'zh-CN': '施工', en: 'road works' }, flood: { 'zh-CN': '积水', en: 'flooding' } },
      },
    },
    priority: 7,
    seconds: 86_400,
    spoken: true,
  },
];

export function pack(
  version: number,
  change: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    channel: 'pack',
    version,
    issued: iso(START - 3_600_000),
    expires: iso(START + 30 * 86_400_000),
    scope: { sites: ['street'] },
    templates: TEMPLATES,
    ...change,
  };
}

export function takeover(
  version: number,
  takeovers: readonly unknown[],
  change = {},
): Record<string, unknown> {
  const { templates: _, ...rest } = pack(version);
  return { ...rest, channel: 'takeover', takeovers, ...change };
}

export function signed(document: unknown, { key, secret }: typeof CITY = CITY): Uint8Array {
  return seal(Buffer.from(JSON.stringify(document)), { key, secret });
}

export function seal(payload: Uint8Array, { key, secret }: typeof CITY = CITY): Uint8Array {
  return Buffer.from(JSON.stringify(sealEnvelope(payload, key.id, secret)));
}

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

/** A file that looks like a PNG from outside, of `size` bytes. */
export function picture(
  size: number,
  seed = 1,
): { readonly bytes: Buffer; readonly item: Record<string, unknown> } {
  const bytes = Buffer.alloc(size, seed);
  PNG.copy(bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { bytes, item: { sha256, size, type: 'image/png', seconds: 10 } };
}
