/** Feeds of the made-up city as files, changed before they are zipped. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importFeed } from '../../../../agent/sign/timetable/import.ts';
import { type GtfsTables, gtfsTables, zipTables } from '../../../../hw-sim/city/transit/gtfs.ts';
import { transitCity } from '../../../../hw-sim/city/transit/network.ts';

export const CITY = transitCity(7, '20270601', '20271231');
export const TABLES: Readonly<GtfsTables> = gtfsTables(CITY);

export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'kerbside-gtfs-'));

  file(name: string, body: Buffer | string): string {
    const path = join(this.path, name);
    writeFileSync(path, body);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Imports the city's feed with `change` made to its tables; `''` drops one. */
export async function imported(
  change: Readonly<GtfsTables> = {},
  stops: readonly string[] = ['C'],
  folder = '',
) {
  using home = new Folder();
  const tables = Object.fromEntries(
    Object.entries({ ...TABLES, ...change }).filter(([, text]) => text !== ''),
  );
  const path = home.file('feed.zip', zipTables(tables, folder));
  return await importFeed({ zip: path, stops, now: 0 });
}
