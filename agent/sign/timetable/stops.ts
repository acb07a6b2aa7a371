/** The stops that a sign stands for, and those its patterns name (`stops.txt`). */
import type { TransitStop } from '../../core/sign/timetable.ts';
import { nearestName } from './nearest.ts';
import { type Findings, quoted, refused } from './problem.ts';
import { eachRow, type Tables } from './table.ts';
import type { Translations } from './translations.ts';
import { plain, positionOf, triState } from './values.ts';

const TABLE = 'stops.txt';
/** Platforms of one sign: a station of a country has some hundred. */
const MOST_HERE = 200;

export interface StopsHere {
  /** Platforms, in the order asked for. */
  readonly stops: readonly string[];
  /** Where the name of the sign stands: the station, or the first stop. */
  readonly named: string;
}

/**
 * What is meant by `wanted`: ids, or codes on the pole, of stops or of stations, which stand for all their platforms.
 * Rejects naming the nearest id where there is none.
 */
export async function findStops(archive: Tables, wanted: readonly string[]): Promise<StopsHere> {
  const byId = new Map<string, { readonly type: string }>();
  const byCode = new Map<string, string[]>();
  const platforms = new Map<string, string[]>();
  const parents = new Map<string, string>();
  const asked = new Set(wanted);
  const ids: string[] = [];
  await eachRow(archive, TABLE, ['stop_id'], (row) => {
    const id = row.get('stop_id');
    const type = row.get('location_type') || '0';
    const parent = row.get('parent_station');
    ids.push(id);
    if (asked.has(id)) byId.set(id, { type });
    const code = row.get('stop_code');
    if (asked.has(code)) byCode.set(code, [...(byCode.get(code) ?? []), id]);
    // Boarding areas (4) belong to platforms and have no times.
    if (type === '0' && parent !== '') {
      parents.set(id, parent);
      platforms.set(parent, [...(platforms.get(parent) ?? []), id]);
    }
  });
  const here = new Set<string>();
  let named: string | undefined;
  for (const one of wanted) {
    const found = byId.has(one) ? [one] : (byCode.get(one) ?? []);
    if (found.length === 0) {
      const close = nearestName(one, ids);
      throw refused({
        file: TABLE,
        field: 'stop_id',
        message: `there is no stop ${quoted(one)} among ${ids.length}`,
        fix:
          close === undefined ? 'Look its stop_id or stop_code up in this file.' : `Did you mean ${close}?`,
      });
    }
    for (const id of found) {
      for (const platform of platforms.get(id) ?? [id]) here.add(platform);
      named ??= platforms.has(id) ? id : undefined;
    }
  }
  const stops = [...here];
  if (stops.length > MOST_HERE) {
    throw refused({
      file: TABLE,
      message: `${stops.length} platforms are meant, a sign stands for at most ${MOST_HERE}`,
      fix: 'Name the stop this sign stands at.',
    });
  }
  const [first = ''] = stops;
  const common = new Set(stops.map((id) => parents.get(id)));
  const [station] = common;
  return {
    stops,
    named: named ?? (common.size === 1 && station !== undefined && stops.length > 1 ? station : first),
  };
}

/** What is known of the stops `ids`. A stop without a place cannot be laid on a way: it is said, and left out. */
export async function readStops(
  archive: Tables,
  ids: ReadonlySet<string>,
  translations: Translations,
  findings: Findings,
): Promise<Map<string, TransitStop>> {
  const stops = new Map<string, TransitStop>();
  await eachRow(archive, TABLE, ['stop_id', 'stop_name', 'stop_lat', 'stop_lon'], (row) => {
    const id = row.get('stop_id');
    if (!ids.has(id)) return;
    if (stops.has(id)) {
      findings.say(row.problem('stop_id', `${quoted(id)} is there twice`, 'the first counts'));
      return;
    }
    const position = positionOf(row.get('stop_lat'), row.get('stop_lon'));
    if (position === undefined) {
      const got = `${quoted(row.get('stop_lat'))}, ${quoted(row.get('stop_lon'))}`;
      const fix = 'write degrees with a point; trips that call there are left out';
      findings.say(row.problem('stop_lat', `no position of ${quoted(id)}: ${got}`, fix));
      return;
    }
    const name = row.get('stop_name');
    const platform = row.get('platform_code');
    const wheelchair = triState(row.get('wheelchair_boarding'));
    const code = plain(row.get('stop_code'), 40);
    stops.set(id, {
      id,
      ...(code === '' ? {} : { code }),
      ...(platform === '' ? {} : { platform: plain(platform, 40) }),
      name: translations.of(name === '' ? id : name, { field: 'stops.stop_name', record: id }),
      position,
      ...(wheelchair === undefined ? {} : { wheelchair }),
    });
  });
  return stops;
}
