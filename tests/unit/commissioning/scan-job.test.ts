/** A scan as a job of the agent: on a free port and through a running line, byte by byte in virtual time. */
import { describe, expect, test } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import { openCommissioning } from '../../../agent/compose/commissioning/commissioning.ts';
import { READ_MS } from '../../../agent/compose/commissioning/job.ts';
import { guestOn } from '../../../agent/compose/scan/access.ts';
import type { ScanState } from '../../../agent/core/commissioning.ts';
import type {
  ConfigChange,
  ConfigChanges,
  ConfigCheck,
  ConfigProposal,
} from '../../../agent/core/config-change.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { DeviceConfig, Site } from '../../../agent/core/site.ts';
import { driverFor } from '../../../drivers/index.ts';
import { profile, profileFiles } from '../drivers/load.ts';
import { LINE, type Placed, PORT, stand } from './stand.ts';

const FIVE: readonly Placed[] = [
  { stem: 'eastron-sdm630', address: 5, at: '9600 8N1' },
  { stem: 'eastron-sdm120', address: 7, at: '9600 8N1' },
  { stem: 'chint-dtsu666', address: 12, at: '9600 8N1' },
  { stem: 'renke-500-series', address: 20, at: '9600 8N1' },
  { stem: 'dlt645-2007-three-phase', address: '260305510020', at: '2400 8E1' },
];
const TEXT = '# the pole\nlines: []\ndevices:\n  - { id: sdm120-7, line: x, profile: y }\n';

const siteOf = (part: Partial<Site>): Site =>
  ({ lines: [], devices: [], cameras: [], lamps: [], ...part }) as unknown as Site;

/** The one who writes the site file, as data. */
function changes() {
  const applied: ConfigProposal[] = [];
  const check: ConfigCheck = { ok: true, revision: 'b', running: 'a', problems: [] };
  const config = {
    state: () => ({ file: '/site.yaml', running: 'a', good: 'a', text: TEXT, watch: 1000 }),
    check: async () => check,
    apply: async (proposal: ConfigProposal) => {
      applied.push(proposal);
      return { ok: true, change: { id: 3 } as ConfigChange } as const;
    },
  } as unknown as ConfigChanges;
  return { config, applied };
}

function room(street: ReturnType<typeof stand>, more: Partial<Parameters<typeof openCommissioning>[0]> = {}) {
  const audited: object[] = [];
  const profiles = profileFiles().map((file) => file.profile);
  const { config, applied } = changes();
  const commissioning = openCommissioning({
    site: () => siteOf({}),
    guest: () => undefined,
    profiles: async () => profiles,
    config,
    clock: street.clock,
    log: silent,
    audit: (body) => audited.push(body),
    machine: { list: async () => [], byId: '/nowhere' },
    ownPort: street.open,
    ...more,
  });
  return { commissioning, audited, applied };
}

const never = new AbortController().signal;
const phase = (scan: ScanState) => scan.phase !== 'searching';

describe('a scan of a free port', () => {
  test('finds five, tells how far it is, reads them, and saves what is accepted; the port is free then', async () => {
    const street = stand(FIVE);
    const { commissioning, audited, applied } = room(street);
    const told: ScanState[] = [];
    commissioning.onScan((scan) => told.push(scan));
    const { id } = await commissioning.start(PORT, false, 'console:technician');
    await expect(commissioning.start(PORT, true, 'x')).rejects.toThrow(/scanned already/);
    await street.pass(() => phase(commissioning.scan(id)));
    const scan = commissioning.scan(id);
    expect(scan).toMatchObject({ phase: 'ended', port: PORT, left: 0 });
    expect(
      scan.found.map(({ candidates, address, setting }) => [candidates[0]?.profile, address, setting]),
    ).toEqual(FIVE.map(({ stem, address, at }) => [stem, address, at]));
    expect(scan.found.map(({ id: one }) => one)).toEqual([
      'sdm630-5',
      'sdm120-7',
      'dtsu666-12',
      'renke-500-series-20',
      'dlt645-2007-three-phase-260305510020',
    ]);
    for (const { candidates, values, known } of scan.found) {
      expect(candidates.every(({ of }) => of > 0)).toBe(true);
      expect([values.length, known]).toEqual([0, undefined]);
    }
    // It was told of while it went on: where it was, and that the end comes nearer.
    const searching = told.filter((one) => one.phase === 'searching');
    expect(searching.length).toBeGreaterThan(20);
    expect(searching.some(({ unit }) => unit === 12)).toBe(true);
    expect(searching[0]?.left).toBeGreaterThan(searching.at(-1)?.left ?? Infinity);
    expect(street.pipes()).toEqual({ open: 0, most: 1 });

    const wanted = scan.found.map(({ key, candidates }) => ({ key, profile: candidates[0]?.profile ?? '' }));
    await commissioning.read(id, wanted);
    const values = () => commissioning.scan(id).found.map((one) => one.values.length);
    await street.pass(() => values().every((count) => count > 0));
    for (const { values: shown, profile: stem, address } of commissioning.scan(id).found) {
      for (const { point, value, quality } of shown) {
        const said = street.ledger.entries.findLast(
          (one) => one.device === stem && one.point === point && one.intact,
        );
        const step = 10 ** -(profile(stem ?? '').points.find((one) => one.id === point)?.decimals ?? 9);
        const near = typeof value === 'number' && Math.abs(value - Number(said?.value)) <= step / 2 + 1e-9;
        expect([stem, address, point, quality, near || value === said?.value]).toEqual([
          stem,
          address,
          point,
          'good',
          true,
        ]);
      }
    }
    const first = commissioning.scan(id).found[0]?.values[0]?.time ?? 0;
    await street.pass(() => (commissioning.scan(id).found[0]?.values[0]?.time ?? 0) > first);

    const request = {
      line: 'meters',
      name: 'Li Wei',
      devices: scan.found.map(({ key, candidates, id: own }) => ({
        key,
        profile: candidates[0]?.profile ?? '',
        id: own,
        title: { en: `New ${own}`, zh: `新 ${own}` },
      })),
    };
    const saving = commissioning.save(id, request, 'console:technician', never);
    await street.pass(() => commissioning.scan(id).phase === 'saved');
    expect((await saving).answer.ok).toBe(true);
    expect(street.pipes().open).toBe(0);
    expect(applied).toHaveLength(1);
    expect(applied[0]).toMatchObject({ by: 'console:technician', name: 'Li Wei' });
    expect(applied[0]?.text.startsWith('# the pole\n')).toBe(true);
    expect(applied[0]?.text).toContain(
      '  - id: meters\n    port: /dev/ttyS-sim\n    baud: 9600\n    format: 8N1\n',
    );
    expect(applied[0]?.text).toContain('baud: 2400\n    format: "8E1"\n');
    expect(commissioning.scan(id).saved).toMatchObject({ change: 3, line: 'meters' });
    expect(audited).toEqual([expect.objectContaining({ act: 'scan', port: PORT, by: 'console:technician' })]);
    await commissioning[Symbol.asyncDispose]();
  }, 60_000);

  test('is stopped with what it found, frees the port at once, and reading ends by itself', async () => {
    const street = stand(FIVE);
    const { commissioning, audited } = room(street);
    const { id } = await commissioning.start(PORT, false, 'console:technician');
    await street.pass(() => commissioning.scan(id).found.length === 2);
    const stopping = commissioning.stop(id, 'console:technician');
    await street.clock.advance(500);
    expect((await stopping).phase).toBe('stopped');
    expect(street.pipes().open).toBe(0);
    expect(audited).toHaveLength(2);
    const [one] = commissioning.scan(id).found;
    await commissioning.read(id, [{ key: one?.key ?? '', profile: 'eastron-sdm630' }]);
    await street.pass(() => street.pipes().open === 1);
    expect(commissioning.scan(id).readingUntil).toBeGreaterThan(0);
    await street.clock.advance(READ_MS);
    await street.pass(() => street.pipes().open === 0);
    expect(commissioning.scan(id).readingUntil).toBeUndefined();
    await expect(commissioning.read(id, [{ key: 'unit-99', profile: 'eastron-sdm630' }])).rejects.toThrow(
      /no device/,
    );
    await expect(commissioning.read(id, [{ key: one?.key ?? '', profile: 'none' }])).rejects.toThrow(
      /no profile/,
    );
    await commissioning.discard(id, 'console:technician');
    expect(commissioning.scans()).toEqual([]);
    await commissioning[Symbol.asyncDispose]();
  }, 60_000);

  test('a name that is taken, malformed or doubled is refused before the file is touched', async () => {
    const street = stand(FIVE.slice(0, 2));
    const devices = [{ id: 'meter-1', line: 'x', address: 5 }] as unknown as DeviceConfig[];
    const { commissioning, applied } = room(street, { site: () => siteOf({ devices }) });
    const { id } = await commissioning.start(PORT, false, 'x');
    await street.pass(() => phase(commissioning.scan(id)));
    const save = (...ids: string[]) => ({
      devices: ids.map((one, i) => ({
        key: ['unit-5', 'unit-7'][i] ?? '',
        profile: 'eastron-sdm120',
        id: one,
        title: { en: one },
      })),
    });
    const check = async (...ids: string[]) =>
      (await commissioning.check(id, save(...ids), never)).problems.map(
        ({ key, message }) => `${key}: ${message}`,
      );
    expect(await check('meter-1')).toEqual(['unit-5: meter-1 is there already']);
    expect(await check('a b')).toEqual(['unit-5: "a b" is no name']);
    expect(await check('twin', 'twin')).toEqual(['unit-7: twin is there already']);
    expect(await check('one', 'two')).toEqual([]);
    const { answer } = await commissioning.save(id, save('meter-1'), 'x', never);
    expect(answer).toMatchObject({ ok: false, code: 'wrong' });
    expect(applied).toEqual([]);
    await commissioning[Symbol.asyncDispose]();
  }, 60_000);

  test('a port that cannot be opened is said with the fix', async () => {
    const street = stand([]);
    const { commissioning } = room(street, {
      ownPort: async () => {
        throw Object.assign(new Error('gone'), {});
      },
    });
    const { id } = await commissioning.start('/dev/nowhere', false, 'x');
    await street.pass(() => phase(commissioning.scan(id)));
    expect(commissioning.scan(id)).toMatchObject({ phase: 'failed', error: { message: 'gone' } });
    await commissioning[Symbol.asyncDispose]();
  });
});

describe('a scan through a running line', () => {
  test('finds what is not in the site while every poll keeps its period; one talker at a time', async () => {
    const street = stand(FIVE);
    const device: DeviceConfig = {
      id: 'feeder',
      title: { en: 'Feeder' },
      line: LINE.id,
      profile: profile('eastron-sdm630'),
      address: 5,
      every: 5000,
      options: {},
    };
    const readings: Reading[] = [];
    const line = openLine({
      line: LINE,
      devices: [device],
      driver: driverFor,
      clock: street.clock,
      log: silent,
      publisher: { readings: (more) => readings.push(...more), event: () => {} },
      port: street.port(LINE),
      random: () => 0.5,
    });
    const { commissioning, applied } = room(street, {
      site: () => siteOf({ lines: [LINE], devices: [device] }),
      guest: (id) => (id === LINE.id ? guestOn(line) : undefined),
    });
    await street.clock.advance(12_000);
    const began = street.clock.mono();
    const { id, line: lent } = await commissioning.start(PORT, false, 'console:technician');
    expect(lent).toBe('line');
    await street.pass(() => phase(commissioning.scan(id)), 200_000);
    const { found } = commissioning.scan(id);
    // The feeder meter is asked by its line; the scan leaves it alone.
    expect(found.map(({ address }) => address)).toEqual([7, 12, 20, '260305510020']);
    const during = readings.filter(({ time }) => time >= began);
    expect(during.filter(({ quality }) => quality === 'bad')).toEqual([]);
    const voltage = during.filter(({ point }) => point === 'voltage-l1').map(({ time }) => time);
    const took = street.clock.mono() - began;
    expect(voltage.length).toBeGreaterThanOrEqual(Math.floor(took / 5000) - 1);
    const gaps = voltage.slice(1).map((time, i) => time - (voltage[i] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(6500);
    expect(street.pipes().most).toBe(1);

    const request = {
      devices: [{ key: 'unit-7', profile: 'eastron-sdm120', id: 'lamp-meter', title: { en: 'Lamp' } }],
    };
    const saving = commissioning.save(id, request, 'console:technician', never);
    await street.pass(() => commissioning.scan(id).phase === 'saved');
    await saving;
    expect(applied[0]?.text).toContain('lines: []');
    expect(applied[0]?.text).toContain('line: line\n    profile: eastron-sdm120\n    address: 7\n');
    await commissioning[Symbol.asyncDispose]();
    const closing = line[Symbol.asyncDispose]();
    await street.clock.advance(3000);
    await closing;
  }, 60_000);

  test('a line whose device talks by itself lends nothing, and says so', async () => {
    const street = stand([]);
    const { commissioning } = room(street, { site: () => siteOf({ lines: [LINE] }) });
    await expect(commissioning.start(PORT, false, 'x')).rejects.toThrow(/talks by itself/);
    expect(await commissioning.ports()).toMatchObject([
      { port: PORT, line: 'line', use: 'refused', why: 'talks' },
    ]);
    await commissioning[Symbol.asyncDispose]();
  });
});
