/** `kerbside sign import`: cuts what one sign needs out of a GTFS feed. Memory goes with the trips of the sign, not with the feed. */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import {
  type ServiceCalendar,
  STOP_EXTRACT_FORMAT,
  type StopExtract,
  type TransitTrip,
} from '../../core/sign/timetable.ts';
import { ARCHIVE_LIMITS, type ArchiveLimits, GtfsArchive, hashOf } from './archive.ts';
import { callsOf, tripsCalling } from './calls.ts';
import { hashOfExtract } from './extract-file.ts';
import { Patterns } from './patterns.ts';
import { type FeedProblem, Findings, quoted, refused } from './problem.ts';
import { findStops, readStops } from './stops.ts';
import type { Tables } from './table.ts';
import {
  readAgencies,
  readFeedInfo,
  readFrequencies,
  readLines,
  readServices,
  readShapes,
  readTrips,
} from './tables.ts';
import { Translations } from './translations.ts';

export interface ImportRequest {
  readonly zip: string;
  /** Ids or codes of stops or stations. */
  readonly stops: readonly string[];
  /** A table of the form of translations.txt beside the feed, which counts before its own. */
  readonly translations?: string;
  /** Unix epoch ms, noted in the extract. */
  readonly now: number;
  /** Default: those of archive.ts. */
  readonly limits?: ArchiveLimits;
}

export interface Imported {
  readonly extract: StopExtract;
  /** Rows that were left out, the first hundred, and how many there are. */
  readonly problems: readonly FeedProblem[];
  readonly problemCount: number;
}

/** Share of trips left out above which the feed is not believed. */
const TOO_MANY = 0.5;

/** A table that lies beside the feed. */
class LooseTable implements Tables {
  readonly name: string;
  readonly #file: string;

  constructor(file: string) {
    this.name = basename(file);
    this.#file = file;
  }

  has(): boolean {
    return true;
  }

  async read(): Promise<Readable> {
    return createReadStream(this.#file);
  }
}

/** Rejects with `AgentError` where the feed cannot be used; what can be left out is told in `problems`. */
export async function importFeed({
  zip,
  stops: wanted,
  now,
  limits,
  translations: further,
}: ImportRequest): Promise<Imported> {
  const name = basename(zip);
  const findings = new Findings();
  using archive = await GtfsArchive.open(zip, name, limits ?? ARCHIVE_LIMITS);
  const agencies = await readAgencies(archive);
  const info = await readFeedInfo(archive);
  const { stops: here, named } = await findStops(archive, wanted);
  const hereSet = new Set(here);
  const calling = await tripsCalling(archive, hereSet);
  if (calling.size === 0) {
    throw refused({
      file: 'stop_times.txt',
      message: `no trip calls at ${here.slice(0, 5).join(', ')}`,
      fix: 'Check the stop; a station needs platforms with times.',
    });
  }
  const rows = await readTrips(archive, calling, findings);
  const calls = await callsOf(archive, calling, findings);
  const services = await readServices(
    archive,
    new Set([...rows.values()].map(({ service }) => service)),
    findings,
  );
  const frequencies = await readFrequencies(archive, calling, findings);
  const shapes = await readShapes(
    archive,
    new Set([...rows.values()].map(({ shape }) => shape).filter((shape) => shape !== '')),
    findings,
  );
  const routes = new Set([...rows.values()].map(({ route }) => route));
  const stopIds = new Set([named, ...here, ...[...calls.values()].flat().map(({ stop }) => stop)]);
  const translations = await Translations.read(
    further === undefined ? [archive] : [archive, new LooseTable(further)],
    (table, record) =>
      table === 'stops' ? stopIds.has(record) : table === 'routes' ? routes.has(record) : calling.has(record),
    findings,
  );
  const lines = await readLines(archive, routes, translations, agencies);
  const stops = await readStops(archive, stopIds, translations, findings);

  const patterns = new Patterns({ here: hereSet, stops, shapes, findings });
  const trips: TransitTrip[] = [];
  for (const id of [...calling].sort()) {
    const row = rows.get(id);
    const list = calls.get(id);
    if (list === undefined) continue;
    const leave = (file: string, line: number, message: string) =>
      findings.say({ file, line, message, fix: `trip ${quoted(id)} is left out` });
    if (row === undefined) {
      leave('stop_times.txt', list[0]?.line ?? 1, `trip ${quoted(id)} is not in trips.txt`);
    } else if (!lines.has(row.route)) {
      leave('trips.txt', row.line, `route ${quoted(row.route)} is not in routes.txt`);
    } else if (!services.has(row.service)) {
      leave('trips.txt', row.line, `service ${quoted(row.service)} has no day in the calendar`);
    } else {
      const placed = patterns.place(id, row, list);
      if (placed === undefined) continue;
      const headsign = list[placed.lastHere]?.headsign ?? row.headsign;
      const own = list[placed.lastHere]?.headsign !== undefined;
      const runs = frequencies.get(id);
      trips.push({
        id,
        service: row.service,
        pattern: placed.pattern,
        profile: placed.profile,
        start: placed.start,
        ...(headsign === ''
          ? {}
          : {
              headsign: translations.of(
                headsign,
                own
                  ? {
                      field: 'stop_times.stop_headsign',
                      record: id,
                      sub: String(list[placed.lastHere]?.sequence),
                    }
                  : { field: 'trips.trip_headsign', record: id },
              ),
            }),
        ...(row.shortName === '' ? {} : { shortName: row.shortName }),
        ...(row.block === '' ? {} : { block: row.block }),
        ...(row.wheelchair === undefined ? {} : { wheelchair: row.wheelchair }),
        ...(row.bikes === undefined ? {} : { bikes: row.bikes }),
        ...(runs === undefined ? {} : { frequencies: runs }),
      });
    }
  }
  if (trips.length === 0 || trips.length < calling.size * (1 - TOO_MANY)) {
    const [first] = findings.kept;
    throw refused({
      ...(first ?? { file: name }),
      message: `${calling.size - trips.length} of ${calling.size} trips of this stop are wrong${first === undefined ? '' : `, first: ${first.message}`}`,
      fix: 'Ask the agency for a sound feed.',
    });
  }
  const running = [...services.values()].filter(({ id }) => trips.some(({ service }) => service === id));
  const [from, to] = validity(running);
  const sign = stops.get(named) ?? stops.get(here[0] ?? '');
  stops.delete(hereSet.has(named) ? '' : named);
  const body: Omit<StopExtract, 'hash'> = {
    format: STOP_EXTRACT_FORMAT,
    feed: {
      hash: await hashOf(zip),
      ...(info.publisher === undefined ? {} : { publisher: info.publisher }),
      ...(info.version === undefined ? {} : { version: info.version }),
      ...languageOf(info.language, agencies.language),
      from: later(from, info.from),
      to: earlier(to, info.to),
      imported: now,
    },
    timezone: agencies.timezone,
    here,
    name: sign?.name ?? { text: named },
    stops: Object.fromEntries([...stops].filter(([id]) => hereSet.has(id) || patterns.stops.has(id))),
    lines: [...lines.values()].filter(({ id }) => patterns.lines.has(id)),
    patterns: patterns.all,
    profiles: patterns.profiles,
    trips,
    services: running,
  };
  return {
    extract: { ...body, hash: hashOfExtract(body) },
    problems: findings.kept,
    problemCount: findings.count,
  };
}

function languageOf(feed: string | undefined, agency: string | undefined) {
  // `mul`: several languages, whose originals stand in translations.txt.
  const language = feed === undefined || feed === 'mul' ? agency : feed;
  return language === undefined ? {} : { language };
}

/** First and last day on which one of `services` may run. */
function validity(services: readonly ServiceCalendar[]): [string, string] {
  const days = services.flatMap(({ from, to, added }) => [
    ...added,
    ...(from === undefined ? [] : [from]),
    ...(to === undefined ? [] : [to]),
  ]);
  return [
    days.reduce((a, b) => (a < b ? a : b), '99991231'),
    days.reduce((a, b) => (a > b ? a : b), '00000101'),
  ];
}

function later(day: string, other: string | undefined): string {
  return other !== undefined && other > day ? other : day;
}

function earlier(day: string, other: string | undefined): string {
  return other !== undefined && other < day ? other : day;
}
