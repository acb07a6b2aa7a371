/** New York bus traces (onebusaway-nyc): positions with the sign on the bus, and what people said it was doing. */
import { readFileSync } from 'node:fs';
import Papa from 'papaparse';

export interface TracePoint {
  readonly vehicle: string;
  readonly lat: number;
  readonly lon: number;
  /** Unix epoch ms. */
  readonly time: number;
  /** Destination sign code. */
  readonly sign: string;
  /** As labelled; several where people were not sure: `IN_PROGRESS+LAYOVER_`. Empty: not labelled. */
  readonly phase: string;
  /** Trip as labelled; empty: none. */
  readonly trip: string;
}

/** Sign codes of buses that are not in service. */
export const NOT_IN_SERVICE: ReadonlySet<string> = new Set(['0', '6', '11', '12', '']);

/** ms that local time is behind UTC: the traces of 2010 are of winter, those after it of summer time. */
function behind(stamp: string): number {
  return (/^\d{4}-(11|12)/.test(stamp) ? 5 : 4) * 3_600_000;
}

export function readTrace(file: string): TracePoint[] {
  const { data } = Papa.parse<Record<string, string>>(readFileSync(file, 'utf8'), { header: true });
  return data
    .filter((row) => row.timestamp !== undefined && row.lat !== undefined)
    .map((row) => {
      const stamp = row.timestamp ?? '';
      return {
        vehicle: row.vid ?? '',
        lat: Number(row.lat),
        lon: Number(row.lon),
        time: Date.parse(`${stamp.replace(' ', 'T')}Z`) + behind(stamp),
        sign: row.dsc ?? '',
        phase: row.actual_phase ?? row.inferred_phase ?? '',
        trip: (row.actual_trip_id ?? row.inferred_trip_id ?? '').replace(/^MTA NYCT_/, ''),
      };
    })
    .filter(({ lat, lon, time }) => Number.isFinite(lat + lon + time))
    .sort((a, b) => a.time - b.time);
}
