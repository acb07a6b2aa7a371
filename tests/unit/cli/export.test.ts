/** `kerbside export`: what the log holds comes out of CSV and Parquet as it went in, read by other hands than the writer's. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import Papa from 'papaparse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLogSource } from '../../../agent/store/reader.ts';
import { SiteFolder, STREET } from '../config/site-folder.ts';
import { open, reading } from '../store/site.ts';
import { kerbside } from './kerbside.ts';

const folder = new SiteFolder();
const cwd = folder.dir;
/** More than one row group of Parquet. */
const MANY = 60_000;
const START = 1000;

beforeAll(async () => {
  folder.write('site.yaml', STREET);
  const { store } = await open(join(cwd, 'state'), { agent: 'pole-0817' });
  for (let at = 0; at < MANY; at += 10_000)
    await store.append(
      Array.from({ length: 10_000 }, (_, i) =>
        reading('voltage', 230 + ((at + i) % 100) / 10, START + (at + i) * 100),
      ),
      [],
    );
  const end = START + MANY * 100;
  await store.append(
    [
      reading('energy', 1234.56, end),
      reading('door', true, end + 1),
      { ...reading('wind', 3, end + 2), device: 'station' },
      {
        device: 'station',
        point: 'noise',
        value: null,
        unit: 'dB(A)',
        quality: 'bad',
        reason: 'timeout',
        time: end + 3,
      },
      { device: 'station', point: 'note', value: 'a "b", c\nd', unit: '1', quality: 'good', time: end + 4 },
    ],
    [],
  );
  await store[Symbol.asyncDispose]();
}, 240_000);
afterAll(() => folder[Symbol.dispose]());

/** Every reading of the log, read apart from the export. */
function logged(): Map<string, { time: number; value: unknown; quality: string }> {
  const found = new Map<string, { time: number; value: unknown; quality: string }>();
  using log = openLogSource(join(cwd, 'state', 'log.db'));
  for (const lane of ['alarm', 'event', 'meter', 'telemetry', 'bulk'] as const)
    for (let next = 1; ; ) {
      const slice = log.read(lane, next, 10_000);
      if (slice === undefined) break;
      for (const one of slice.records)
        if (one.kind === 'reading')
          found.set(`${lane}/${one.seq}`, { time: one.time, value: one.value, quality: one.quality });
      next = slice.last + 1;
    }
  return found;
}

describe('readings', () => {
  it('come out of Parquet as they are in the log, all of them, in bounded row groups', async () => {
    const { code, out, err } = await kerbside(['export', '--out', 'all.parquet', '--json'], { cwd });
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({
      file: 'all.parquet',
      format: 'parquet',
      rows: MANY + 5,
      times: 'UTC',
    });
    const file = await asyncBufferFromFile(join(cwd, 'all.parquet'));
    const metadata = await parquetMetadataAsync(file);
    expect(metadata.row_groups.length).toBeGreaterThan(1);
    expect(
      Object.fromEntries((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value])),
    ).toMatchObject({
      'kerbside.agent': 'pole-0817',
      'kerbside.timezone': 'Asia/Shanghai',
      'kerbside.units': 'UCUM',
    });
    const rows = await parquetReadObjects({ file });
    const known = logged();
    expect(rows).toHaveLength(known.size);
    for (const row of rows) {
      const one = known.get(`${row.lane}/${row.seq}`) ?? { time: 0, value: undefined, quality: 'missing' };
      const value = row.value ?? row.text ?? row.flag;
      if (one.value !== value || one.time !== (row.time as Date).getTime() || one.quality !== row.quality)
        expect({ value, time: (row.time as Date).getTime(), quality: row.quality }).toEqual(one);
    }
  }, 240_000);

  it('come out of CSV the same, in UTC or in local time, with every sign in its place', async () => {
    const { code, out } = await kerbside(['export', 'station', 'meter-1/energy', 'meter-1/d*'], { cwd });
    expect(code).toBe(0);
    const { data } = Papa.parse<Record<string, string>>(out.trimEnd(), { header: true });
    expect(
      data.map(({ device, point, value, text, flag, unit, quality, reason }) => [
        device,
        point,
        value,
        text,
        flag,
        unit,
        quality,
        reason,
      ]),
    ).toEqual([
      ['meter-1', 'energy', '1234.56', '', '', 'kW.h', 'good', ''],
      ['meter-1', 'door', '', '', 'true', '1', 'good', ''],
      ['station', 'wind', '3', '', '', 'm/s', 'good', ''],
      ['station', 'noise', '', '', '', 'dB(A)', 'bad', 'timeout'],
      ['station', 'note', '', 'a "b", c\nd', '', '1', 'good', ''],
    ]);
    const [first] = data;
    expect(first?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const local = await kerbside(['export', 'meter-1/energy', '--local'], { cwd });
    const row = local.out.split('\r\n')[1] ?? '';
    expect(row).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00,meter-1/);
    expect(Date.parse(row.slice(0, 29))).toBe(Date.parse(first?.time ?? ''));
  }, 120_000);

  it('of a stretch of time are those in it, the first instant included and the last not', async () => {
    const known = [...logged()].filter(([key]) => key.startsWith('telemetry')).map(([, { time }]) => time);
    const [from, to] = [known[1000] ?? 0, known[1010] ?? 0];
    const { out } = await kerbside(
      [
        'export',
        'meter-1/voltage',
        '--from',
        new Date(from).toISOString(),
        '--to',
        new Date(to).toISOString(),
      ],
      { cwd },
    );
    const times = out
      .trimEnd()
      .split('\r\n')
      .slice(1)
      .map((line) => Date.parse(line.split(',')[0] ?? ''));
    expect(times).toEqual(known.slice(1000, 1010));
  }, 120_000);
});

it('rollups are those that history shows', async () => {
  const { code, err } = await kerbside(
    ['export', 'meter-1/voltage', '--bucket', '1min', '--out', 'min.csv'],
    { cwd },
  );
  expect([code, err]).toEqual([0, '']);
  const { data } = Papa.parse<Record<string, string>>(readFileSync(join(cwd, 'min.csv'), 'utf8').trimEnd(), {
    header: true,
  });
  expect(data.length).toBeGreaterThanOrEqual(100);
  expect(data.reduce((sum, { count }) => sum + Number(count), 0)).toBe(MANY);
  expect(data[1]).toMatchObject({
    device: 'meter-1',
    point: 'voltage',
    unit: 'V',
    count: '600',
    min: '230',
    max: '239.9',
  });
  expect(Number(data[1]?.mean)).toBeCloseTo(234.95, 6);
}, 120_000);

it('what cannot be is said, and nothing is left behind', async () => {
  const unknown = await kerbside(['export', 'meter-1/voltag'], { cwd });
  expect([unknown.code, unknown.err.slice(0, 52)]).toEqual([
    1,
    'export failed: the log knows no point meter-1/voltag',
  ]);
  for (const args of [
    ['--format', 'parquet'],
    ['--from', 'yesterday'],
  ])
    expect((await kerbside(['export', ...args], { cwd })).code, args.join(' ')).toBe(2);
  folder.write('there.csv', 'mine');
  expect((await kerbside(['export', '--out', 'there.csv'], { cwd })).code).toBe(3);
  expect(readFileSync(join(cwd, 'there.csv'), 'utf8')).toBe('mine');
  expect((await kerbside(['export', '--out', 'no/such/x.csv'], { cwd })).code).toBe(3);
  expect(readdirSync(cwd).filter((name) => name.endsWith('.part'))).toEqual([]);
  expect(existsSync(join(cwd, 'no'))).toBe(false);
}, 240_000);
