/** Asks for the history of a point: buckets of minutes to days over a stretch of time, or one figure of them. */
import { acting, needed, setting } from '../kerbside-agent/node.js';

const SECONDS = { minute: 60, quarter: 900, hour: 3600, day: 86_400 };
const UNITS = { minutes: 60_000, hours: 3_600_000, days: 86_400_000 };

/**
 * @typedef {{time: number, count: number, min: number | null, mean: number | null, max: number | null, last: number | null,
 *   noise?: object}} Bucket
 * @typedef {'buckets' | 'mean' | 'min' | 'max' | 'last' | 'difference'} Figure
 */

/** @param {import('../red.d.ts').Red} RED */
export default function (RED) {
  /**
   * @this {import('../red.d.ts').RedNode}
   * @param {{agent: string, device: string, deviceType?: string, point: string, pointType?: string, span: string,
   *   spanUnit: keyof typeof UNITS, bucket: keyof typeof SECONDS, figure: Figure}} config
   */
  function KerbsideHistory(config) {
    RED.nodes.createNode(this, config);
    acting(RED, this, config, async (client, msg) => {
      const device = needed(setting(config.device, config.deviceType, msg, 'device'), 'device');
      const point = needed(setting(config.point, config.pointType, msg, 'point'), 'point');
      const to = timeOf(msg.to, 'to') ?? Date.now();
      const from =
        timeOf(msg.from, 'from') ??
        to - (Number(config.span) || 24) * (UNITS[config.spanUnit] ?? UNITS.hours);
      const query = new URLSearchParams({
        device,
        point,
        from: `${Math.round(from)}`,
        to: `${Math.round(to)}`,
        bucket_s: `${SECONDS[config.bucket] ?? 3600}`,
      });
      const { buckets } = await client.call(`/history?${query}`);
      const payload = figure(config.figure, buckets);
      const text = Array.isArray(payload)
        ? `${payload.length} buckets`
        : String(payload ?? 'nothing measured');
      return {
        send: {
          ...msg,
          payload,
          device,
          point,
          from,
          to,
          ...(config.figure === 'buckets' ? {} : { buckets }),
        },
        status: { fill: buckets.length === 0 ? 'yellow' : 'green', shape: 'dot', text },
      };
    });
  }
  RED.nodes.registerType('kerbside history', KerbsideHistory);
}

/**
 * @param {unknown} value ms of the Unix epoch, or a date
 * @param {string} name
 */
function timeOf(value, name) {
  if (value === undefined || value === null || value === '') return undefined;
  const time = typeof value === 'number' ? value : new Date(/** @type {string} */ (value)).getTime();
  if (Number.isFinite(time)) return time;
  throw new Error(`msg.${name}: expected ms of the Unix epoch or a date, got ${JSON.stringify(value)}`);
}

/**
 * @param {Figure} kind
 * @param {readonly Bucket[]} buckets
 */
function figure(kind, buckets) {
  if (kind === 'mean') {
    // Each bucket weighs as much as it has values.
    const known = buckets.flatMap(({ mean, count }) => (mean === null ? [] : [{ mean, count }]));
    const level = buckets.some(({ noise }) => noise !== undefined);
    const count = known.reduce((sum, one) => sum + one.count, 0);
    if (count === 0) return null;
    // Levels in dB have the mean of their energy, not of their figures.
    if (level)
      return 10 * Math.log10(known.reduce((sum, one) => sum + 10 ** (one.mean / 10) * one.count, 0) / count);
    return known.reduce((sum, one) => sum + one.mean * one.count, 0) / count;
  }
  if (kind === 'min') return extreme(buckets, 'min', Math.min);
  if (kind === 'max') return extreme(buckets, 'max', Math.max);
  const lasts = buckets.flatMap(({ last }) => last ?? []);
  if (kind === 'last') return lasts.at(-1) ?? null;
  if (kind === 'difference') {
    const first = buckets.find(({ min }) => min !== null)?.min;
    const last = lasts.at(-1);
    return first === undefined || first === null || last === undefined
      ? null
      : Number((last - first).toPrecision(12));
  }
  return buckets;
}

/**
 * @param {readonly Bucket[]} buckets
 * @param {'min' | 'max'} key
 * @param {(...values: number[]) => number} of
 */
function extreme(buckets, key, of) {
  const values = buckets.flatMap((bucket) => bucket[key] ?? []);
  return values.length === 0 ? null : of(...values);
}
