import { mkdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AgentError } from '../../../../agent/core/errors.ts';
import { ARCHIVE_LIMITS, GtfsArchive } from '../../../../agent/sign/timetable/archive.ts';
import { parseExtract, readExtract, writeExtract } from '../../../../agent/sign/timetable/extract-file.ts';
import { importFeed } from '../../../../agent/sign/timetable/import.ts';
import { problemText } from '../../../../agent/sign/timetable/problem.ts';
import { zipTables } from '../../../../hw-sim/city/transit/gtfs.ts';
import { zip } from '../../../../hw-sim/city/transit/zip.ts';
import { seeded } from '../../../support/seeded.ts';
import { CITY, Folder, imported, TABLES } from './feed.ts';

async function refusal(made: Promise<unknown>): Promise<string> {
  const error = (await made.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )) as AgentError | undefined;
  expect(error?.code).toBe('source-failed');
  return `${error?.message}; ${error?.fix}`;
}

/** What does not pack well. */
function noise(length: number): string {
  const random = seeded(5);
  return Array.from({ length }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('');
}

function edited(table: string, change: (lines: string[]) => void): Record<string, string> {
  const lines = (TABLES[table] ?? '').split('\r\n');
  change(lines);
  return { [table]: lines.join('\r\n') };
}

describe('import of a feed', () => {
  it('cuts what a station needs out of it', async () => {
    const { extract, problemCount } = await imported();
    expect(problemCount).toBe(0);
    expect(extract.here).toEqual(['C1', 'C2']);
    expect(extract.name).toEqual({ text: '市民中心', translations: { en: 'Civic Centre' } });
    expect(extract.timezone).toBe('Asia/Shanghai');
    expect(
      extract.lines.map(({ id, name, colour, order }) => [
        id,
        name.text,
        name.translations?.en,
        colour,
        order,
      ]),
    ).toEqual([
      ['L7', '7路', '7', '#0055a4', 1],
      ['L15', '15路', '15', '#c8102e', 2],
      ['L90', '90路', '90', '#007a33', 3],
      ['N1', '夜1路', 'Night 1', '#4b0082', 4],
      ['K2', '快2路', 'Rapid 2', '#ff8200', 5],
      ['H1', '环1路', 'Loop 1', '#00a3ad', 6],
    ]);
    expect(extract.trips).toHaveLength(CITY.trips.length);
    expect(extract.patterns).toHaveLength(12);
    expect(extract.feed).toMatchObject({
      from: '20270601',
      to: '20271231',
      language: 'zh',
      version: 'seed 7',
    });
    expect(Object.keys(extract.stops)).toHaveLength(CITY.stops.length);
  });

  it('keeps the trips of one platform, with their calls, places and times', async () => {
    const { extract } = await imported({}, ['C1']);
    const source = CITY.trips.find(({ pattern }) => pattern.id === 'L7-0');
    const trip = extract.trips.find(({ id }) => id === source?.id);
    const pattern = extract.patterns[trip?.pattern ?? -1];
    const profile = extract.profiles[trip?.profile ?? -1];
    expect(extract.trips.every(({ pattern: p }) => extract.patterns[p]?.direction === 0)).toBe(true);
    expect(pattern?.calls.map(({ stop }) => stop)).toEqual(source?.pattern.stops.map(({ id }) => id));
    expect(pattern?.here).toEqual([11]);
    expect(trip?.start).toBe(source?.times[0]);
    // Up to two calls behind this stop.
    expect(profile?.departures).toEqual(
      source?.times.slice(0, 14).map((time) => time - (source.times[0] ?? 0)),
    );
    expect(profile?.timepoints).toEqual([0]);
    expect(trip?.headsign?.translations?.en).toBe(source?.pattern.headsignEnglish);
    const distances = pattern?.calls.map(({ distance }) => distance) ?? [];
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
    // 11 stops of some 450 m, around corners.
    expect(distances[11]).toBeGreaterThan(4000);
    expect(distances[11]).toBeLessThan(6500);
    const end = pattern?.shape?.at(-1)?.[2] ?? 0;
    expect(end).toBeGreaterThanOrEqual((distances[11] ?? 0) + 1400);
    expect(pattern?.calls[0]).toMatchObject({ dropOff: 'no' });
    expect(pattern?.calls.at(-1)).toMatchObject({ pickup: 'no' });
  });

  it('finds a stop by the code on its pole, and a loop that comes by twice', async () => {
    const { extract } = await imported({}, ['37031']);
    expect(extract.here).toEqual(['C1']);
    const loop = extract.patterns.find(({ line }) => line === 'H1');
    expect(loop?.here).toEqual([2, 13]);
    const [first = 0, second = 0] = loop?.here.map((i) => loop.calls[i]?.distance ?? 0) ?? [];
    expect(second - first).toBeGreaterThan(3000);
  });

  it('reads tables in a folder, with a byte order mark, and one without shapes', async () => {
    const { extract } = await imported(
      { 'stops.txt': `\ufeff${TABLES['stops.txt']}`, 'shapes.txt': '', 'translations.txt': '' },
      ['C1'],
      'gtfs/',
    );
    expect(extract.patterns.every(({ shape }) => shape === undefined)).toBe(true);
    expect(extract.name).toEqual({ text: '市民中心' });
  });

  it('reckons times that the feed leaves out', async () => {
    const { extract } = await imported(
      edited('stop_times.txt', (lines) => {
        lines.forEach((line, i) => {
          const cells = line.split(',');
          if (i === 0 || cells[4] === '5' || cells[5] === '1') return;
          lines[i] = [cells[0], '', '', ...cells.slice(3)].join(',');
        });
      }),
      ['C1'],
    );
    const trip = extract.trips.find(({ id }) => id.startsWith('L7-0'));
    const times = extract.profiles[trip?.profile ?? -1]?.arrivals ?? [];
    const source = CITY.trips.find(({ id }) => id === trip?.id);
    const asked = (source?.times[11] ?? 0) - (source?.times[0] ?? 0);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.abs((times[11] ?? 0) - asked)).toBeLessThan(120);
  });

  it('leaves out what is wrong and names file and line', async () => {
    const { extract, problems } = await imported(
      edited('stop_times.txt', (lines) => {
        lines[12] = (lines[12] ?? '').replace(/,\d\d:\d\d:\d\d,/, ',7.30,');
      }),
    );
    const trip = TABLES['stop_times.txt']?.split('\r\n')[12]?.split(',')[0] ?? '';
    expect(problems.map(problemText)).toEqual([
      `stop_times.txt:13 arrival_time: expected H:MM:SS, got "7.30"; trip "${trip}" is left out`,
    ]);
    expect(extract.trips.map(({ id }) => id)).not.toContain(trip);
    expect(extract.trips).toHaveLength(CITY.trips.length - 1);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['no stop_times', { 'stop_times.txt': '' }, /stop_times.txt: missing in the feed/],
    ['no calendar', { 'calendar.txt': '' }, /neither calendar.txt nor calendar_dates.txt/],
    ['an empty table', { 'agency.txt': '\r\n' }, /agency.txt: empty/],
    [
      'a missing column',
      { 'routes.txt': 'route_id,route_short_name\r\nL7,7\r\n' },
      /routes.txt:1: the column route_type is missing; The header has to name/,
    ],
    [
      'a zone that is none',
      edited('agency.txt', (lines) => {
        lines[1] = (lines[1] ?? '').replace('Asia/Shanghai', 'Beijing time');
      }),
      /agency.txt:2 agency_timezone: "Beijing time" is no zone; Write one of the IANA table/,
    ],
    [
      'times that all fall',
      {
        'stop_times.txt': `${TABLES['stop_times.txt']?.split('\r\n')[0]}\r\na,08:00:00,08:00:00,C1,1,0,0,1\r\na,07:00:00,07:00:00,C2,2,0,0,1\r\n`,
      },
      /1 of 1 trips of this stop are wrong, first: earlier than the departure before/,
    ],
    [
      'an open quote',
      { 'stops.txt': `${TABLES['stops.txt']}"${noise(3_000_000)}` },
      /stops.txt: a row of more than/,
    ],
    ['a column twice', { 'stops.txt': 'stop_id,stop_id\r\na,b\r\n' }, /the column stop_id is there twice/],
  ])('refuses %s', async (_name, change, why) => {
    expect(await refusal(imported(change))).toMatch(why);
  });

  it('names the nearest stop', async () => {
    expect(await refusal(imported({}, ['L7-0-0']))).toMatch(
      /there is no stop "L7-0-0" among 201; Did you mean L7-0-0\d/,
    );
  });

  it('takes further names beside the feed', async () => {
    using home = new Folder();
    const path = home.file('feed.zip', zipTables(TABLES));
    const names = home.file(
      'names.csv',
      'table_name,field_name,language,translation,record_id\nstops,stop_name,ja,市民センター,C\nstops,stop_name,en,"Civic, Centre",C\n',
    );
    const { extract } = await importFeed({ zip: path, stops: ['C'], now: 0, translations: names });
    expect(extract.name.translations).toEqual({ en: 'Civic, Centre', ja: '市民センター' });
  });
});

describe('archives that are not to be trusted', () => {
  const small = { ...ARCHIVE_LIMITS, entries: 20, table: 4_000_000, ratio: 100 };
  const bad: readonly (readonly [string, () => Buffer, RegExp])[] = [
    ['is none', () => Buffer.from('<html>404</html>'.repeat(10)), /cannot be read as a zip/],
    ['is cut', () => zipTables(TABLES).subarray(0, 9000), /cannot be read as a zip/],
    [
      'leaves the folder',
      () => zip([{ name: '../../etc/cron.d/x', body: Buffer.from('x') }]),
      /cannot be read as a zip \(invalid relative path/,
    ],
    ['is absolute', () => zip([{ name: '/etc/passwd', body: Buffer.from('x') }]), /absolute path/],
    [
      'is a bomb',
      () => zip([{ name: 'stops.txt', body: Buffer.alloc(3_000_000) }]),
      /stops.txt unpacks \d+-fold/,
    ],
    [
      'is too large',
      () => zip([{ name: 'stops.txt', body: Buffer.alloc(5_000_000) }]),
      /has 5000000 bytes, more than 4000000/,
    ],
    [
      'is encrypted',
      () => zip([{ name: 'stops.txt', body: Buffer.from('x'), encrypted: true }]),
      /is encrypted/,
    ],
    [
      'has a table twice',
      () => zip([1, 2].map(() => ({ name: 'stops.txt', body: Buffer.from('x') }))),
      /stops.txt is in it twice/,
    ],
    ['holds other things', () => zip([{ name: 'readme.md', body: Buffer.from('x') }]), /no stops.txt in it/],
    [
      'has too many files',
      () => zip(Array.from({ length: 30 }, (_, i) => ({ name: `${i}`, body: Buffer.from('x') }))),
      /more than 20 files/,
    ],
  ];
  it.each(bad)('refuses one that %s', async (_name, make, why) => {
    using home = new Folder();
    const path = home.file('feed.zip', make());
    expect(await refusal(GtfsArchive.open(path, 'feed.zip', small))).toMatch(why);
  });

  it('stops a table that is longer than it said', async () => {
    using home = new Folder();
    const body = Buffer.from(TABLES['stops.txt'] ?? '');
    const path = home.file('feed.zip', zip([{ name: 'stops.txt', body, size: 100 }]));
    using archive = await GtfsArchive.open(path, 'feed.zip', small);
    const bytes = await archive.read('stops.txt');
    await expect(bytes.toArray()).rejects.toThrow(/too many bytes/);
  });

  it('survives bytes that were changed anywhere: refused in words, or imported', async () => {
    const random = seeded(81);
    using home = new Folder();
    const tiny = Object.fromEntries(
      Object.entries(TABLES).map(([name, text]) => [name, text.split('\r\n').slice(0, 40).join('\r\n')]),
    );
    const sound = zipTables(tiny);
    const outcomes = { refused: 0, imported: 0 };
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(sound);
      const changes = 1 + Math.floor(random() * 6);
      for (let i = 0; i < changes; i++) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      const path = home.file('feed.zip', bytes);
      try {
        await importFeed({ zip: path, stops: ['L7-0-03'], now: 0 });
        outcomes.imported += 1;
      } catch (thrown) {
        expect((thrown as AgentError).code, String((thrown as Error).stack)).toBe('source-failed');
        outcomes.refused += 1;
      }
    }
    expect(outcomes.refused).toBeGreaterThan(100);
  });

  it('survives tables of any characters', async () => {
    const random = seeded(82);
    using home = new Folder();
    const alphabet = ['"', ',', '\r\n', '\n', 'a', '1', ':', '\0', '汉', '\ufeff', '08:00:00', 'C1', ' '];
    for (let round = 0; round < 300; round++) {
      const names = Object.keys(TABLES);
      const name = names[Math.floor(random() * names.length)] ?? '';
      const lines = (TABLES[name] ?? '').split('\r\n').slice(0, 30);
      for (let i = 0; i < 5; i++) {
        const noise = Array.from({ length: 6 }, () => alphabet[Math.floor(random() * alphabet.length)]).join(
          '',
        );
        lines.splice(Math.floor(random() * lines.length), Math.floor(random() * 2), noise);
      }
      const tables = {
        ...Object.fromEntries(
          Object.entries(TABLES).map(([n, t]) => [n, t.split('\r\n').slice(0, 30).join('\r\n')]),
        ),
        [name]: lines.join('\r\n'),
      };
      const path = home.file('feed.zip', zipTables(tables));
      try {
        const { extract } = await importFeed({ zip: path, stops: ['L7-0-03'], now: 0 });
        parseExtract(JSON.stringify(extract), 'x');
      } catch (thrown) {
        expect((thrown as AgentError).code, String((thrown as Error).stack)).toBe('source-failed');
      }
    }
  });
});

describe('the extract on disk', () => {
  it('comes back as it was, and refuses what is damaged', async () => {
    using home = new Folder();
    const { extract } = await imported({}, ['C1']);
    const file = `${home.path}/deep/extract.json`;
    await writeExtract(file, extract);
    expect(await readExtract(file)).toEqual(extract);
    const text = readFileSync(file, 'utf8');
    expect(() => parseExtract(text.slice(0, -3), 'x')).toThrow(/it is no JSON/);
    expect(() => parseExtract(text.replace('市民中心', '市民中人'), 'x')).toThrow(/its hash does not fit/);
    expect(() => parseExtract(text.replace('"format":1', '"format":2'), 'x')).toThrow(/format 2, expected 1/);
    expect(() => parseExtract('[1]', 'x')).toThrow(/no object/);
    await expect(readExtract(`${home.path}/none`)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('keeps the file before where the new one cannot be written', async () => {
    using home = new Folder();
    const { extract } = await imported({}, ['C1']);
    const file = `${home.path}/extract.json`;
    await writeExtract(file, extract);
    // A folder stands where the new file would be written.
    mkdirSync(`${file}.new/in-the-way`, { recursive: true });
    await expect(writeExtract(file, extract)).rejects.toMatchObject({ code: 'store-failed' });
    expect((await readExtract(file)).hash).toBe(extract.hash);
  });
});
