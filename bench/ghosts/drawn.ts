/**
 * A timetable for a trace whose own is not at hand: for each sign code in service the way is drawn from its longest
 * stretch in progress, with a stop each 400 m, and a trip begins wherever such a stretch begins.
 */
import type {
  StopExtract,
  TransitPattern,
  TransitStop,
  TransitTrip,
} from '../../agent/core/sign/timetable.ts';
import { metresBetween } from '../../agent/sign/arrivals/way.ts';
import { NOT_IN_SERVICE, type TracePoint } from './traces.ts';

const SPACING = 400;
/** A stretch shorter than this is none, metres. */
const LEAST = 1500;

interface Stretch {
  readonly points: readonly TracePoint[];
  readonly along: readonly number[];
}

/** Undefined where the trace has no stretch in progress. */
export function drawnExtract(trace: readonly TracePoint[]): StopExtract | undefined {
  const [begin] = trace;
  if (begin === undefined) return undefined;
  const stretches = stretchesOf(trace);
  const signs = [...new Set(stretches.map(({ points }) => points[0]?.sign ?? ''))];
  const stops: Record<string, TransitStop> = {};
  const patterns: TransitPattern[] = [];
  const profiles: StopExtract['profiles'][number][] = [];
  const trips: TransitTrip[] = [];
  const day = new Date(begin.time - 5 * 3_600_000).toISOString().slice(0, 10);
  const midnight = Date.parse(`${day}T00:00:00Z`) + (/^\d{4}-(11|12)/.test(day) ? 5 : 4) * 3_600_000;
  for (const sign of signs) {
    const own = stretches.filter(({ points }) => points[0]?.sign === sign);
    const longest = own.toSorted((a, b) => (b.along.at(-1) ?? 0) - (a.along.at(-1) ?? 0))[0];
    if (longest === undefined) continue;
    const { points, along } = longest;
    const length = along.at(-1) ?? 0;
    const times: number[] = [];
    const calls: TransitPattern['calls'][number][] = [];
    for (let metres = 0; metres <= length; metres += SPACING) {
      const i = Math.max(
        0,
        along.findLastIndex((one) => one <= metres),
      );
      const [a, b] = [points[i], points[i + 1] ?? points[i]];
      if (a === undefined || b === undefined) continue;
      const span = (along[i + 1] ?? along[i] ?? 0) - (along[i] ?? 0);
      const share = span === 0 ? 0 : (metres - (along[i] ?? 0)) / span;
      const id = `${sign}-${metres}`;
      stops[id] = {
        id,
        name: { text: id },
        position: { lat: a.lat + (b.lat - a.lat) * share, lon: a.lon + (b.lon - a.lon) * share },
      };
      calls.push({ stop: id, sequence: calls.length, distance: metres });
      times.push(Math.round((a.time + (b.time - a.time) * share - (points[0]?.time ?? 0)) / 1000));
    }
    const pattern = patterns.length;
    patterns.push({
      id: sign,
      line: sign,
      calls,
      here: calls.map((_, i) => i).slice(1),
      shape: points.map(({ lat, lon }, i) => [lat, lon, along[i] ?? 0] as const),
    });
    profiles.push({ arrivals: times, departures: times, timepoints: [] });
    for (const { points: ridden } of own) {
      const start = Math.round(((ridden[0]?.time ?? 0) - midnight) / 1000);
      trips.push({ id: `${sign}@${start}`, service: 'day', pattern, profile: pattern, start });
    }
  }
  if (patterns.length === 0) return undefined;
  const date = day.replaceAll('-', '');
  return {
    format: 1,
    hash: '',
    feed: { hash: '', from: date, to: date, imported: 0 },
    timezone: 'America/New_York',
    here: Object.keys(stops),
    name: { text: 'all' },
    stops,
    lines: signs.map((id) => ({ id, name: { text: id }, mode: 3 })),
    patterns,
    profiles,
    trips,
    services: [{ id: 'day', added: [date], removed: [] }],
  };
}

function stretchesOf(trace: readonly TracePoint[]): Stretch[] {
  const found: Stretch[] = [];
  let points: TracePoint[] = [];
  const close = () => {
    const along = [0];
    for (let i = 1; i < points.length; i++) {
      const [a, b] = [points[i - 1], points[i]];
      along.push((along[i - 1] ?? 0) + (a === undefined || b === undefined ? 0 : metresBetween(a, b)));
    }
    if ((along.at(-1) ?? 0) >= LEAST) found.push({ points, along });
    points = [];
  };
  for (const point of trace) {
    const rides = point.phase === 'IN_PROGRESS' && !NOT_IN_SERVICE.has(point.sign);
    if (points.length > 0 && (!rides || points[0]?.sign !== point.sign)) close();
    if (rides) points.push(point);
  }
  close();
  return found;
}
