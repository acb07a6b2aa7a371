/**
 * The whole agent as a stop sign, at a centre whose buses drive as a ledger says: rows live, a cut, rows that age to the
 * timetable, the link back, a kill, learned state kept, and thrown away once it is damaged. Street time runs fast.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeExtract } from '../../agent/sign/timetable/extract-file.ts';
import { importFeed } from '../../agent/sign/timetable/import.ts';
import { Centre } from '../../hw-sim/city/transit/centre.ts';
import { Fleet } from '../../hw-sim/city/transit/fleet.ts';
import { gtfsTables, zipTables } from '../../hw-sim/city/transit/gtfs.ts';
import { transitCity } from '../../hw-sim/city/transit/network.ts';
import { serveTransit } from '../../hw-sim/city/transit/server.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { SiteFolder } from '../unit/config/site-folder.ts';
import { logIn } from './console-session.ts';

const RATE = 15;
/** A Monday, eight o'clock. */
const EIGHT = Date.parse('2027-06-21T00:00:00Z');
const WAIT = { timeout: 60_000, interval: 200 };

interface Board {
  readonly rows: readonly {
    readonly state: string;
    readonly minutes?: number;
    readonly why: { readonly phase?: string; readonly sources: readonly { readonly source: string }[] };
  }[];
  readonly offlineSince?: number;
  readonly timetable: string;
}

test('a sign lives with its centre and without it', { timeout: 240_000 }, async () => {
  using folder = new SiteFolder();
  const mono = Number(process.hrtime.bigint()) / 1e6;
  const street = () => EIGHT + (Number(process.hrtime.bigint()) / 1e6 - mono) * RATE;
  const city = transitCity(7, '20270601', '20270731');
  await using server = await serveTransit(new Centre(new Fleet(city)), street);
  const zip = folder.write('gtfs.zip', zipTables(gtfsTables(city)));
  const stops = [...city.centre.platforms];
  const { extract } = await importFeed({ zip, stops, now: EIGHT });
  const state = join(folder.dir, 'state');
  const learned = join(state, 'sign', 'learned');
  mkdirSync(state, { recursive: true });
  await writeExtract(join(state, 'sign', 'extract'), extract);
  const file = join(folder.dir, 'site.yaml');
  writeFileSync(
    file,
    `site:
  id: demo-street
  timezone: Asia/Shanghai
  position: { lat: 36.81, lon: 118.05, datum: WGS84 }
agent: { id: sign-1 }
rate: ${RATE}
origin: { mono: ${mono}, wall: ${EIGHT} }
console: { listen: "127.0.0.1:0" }
sign:
  id: stop-1
  stops: ${JSON.stringify(stops)}
  feeds:
    - { id: gps, format: gps-json, datum: wgs84, http: { url: "${server.url}/gps.json", every: 1s, plain: true } }
`,
  );
  const asked = async (agent: AgentProcess) => {
    const person = await logIn((await agent.ready).link);
    return {
      person,
      board: () => person.get<Board>('/sign/arrivals'),
      states: async () => new Set((await person.get<Board>('/sign/arrivals')).rows.map((row) => row.state)),
    };
  };
  let arrivals = 0;
  {
    await using agent = startAgent(file);
    const { person, board, states } = await asked(agent);
    // A bus that is seen to come, and has a way to go.
    await expect
      .poll(
        async () =>
          (await board()).rows.some((row) => row.why.phase === 'in-progress' && (row.minutes ?? 0) > 6),
        WAIT,
      )
      .toBe(true);
    const live = (await board()).rows.find((row) => row.state === 'live');
    expect(live?.why.sources.map(({ source }) => source)).toEqual(['gps']);
    expect((await board()).offlineSince).toBeUndefined();
    // What lamps and flows may use.
    const due = async () => {
      const { points } = await person.get<{ points: { point: string; value?: unknown }[] }>(
        '/points?device=stop-1',
      );
      return points.find(({ point }) => point === 'bus-due')?.value;
    };
    await expect.poll(due, WAIT).toBe(true);

    server.faults.set('*', 'error');
    const seen = new Set<string>();
    await expect
      .poll(async () => {
        for (const one of await states()) seen.add(one);
        const { rows, offlineSince } = await board();
        return (
          rows.length > 0 &&
          offlineSince !== undefined &&
          rows.every((row) => /timetable|headway/.test(row.state))
        );
      }, WAIT)
      .toBe(true);
    expect([...seen]).toEqual(expect.arrayContaining(['about', 'stops-away', 'timetable']));

    server.faults.clear();
    await expect.poll(states, WAIT).toContain('live');
    await expect.poll(() => arrivalsIn(learned), WAIT).toBeGreaterThan(0);
    arrivals = arrivalsIn(learned);
    await agent.kill();
  }
  {
    await using agent = startAgent(file);
    const { states } = await asked(agent);
    await expect.poll(states, WAIT).toContain('live');
    await agent.stop();
    expect(agent.log.filter((line) => line.includes('sign.learned-damaged'))).toEqual([]);
    expect(arrivalsIn(learned)).toBeGreaterThanOrEqual(arrivals);
  }
  writeFileSync(learned, readFileSync(learned, 'utf8').replace('"links"', '"lines"'));
  {
    await using agent = startAgent(file);
    const { states } = await asked(agent);
    await expect.poll(states, WAIT).toContain('live');
    expect(agent.log.some((line) => line.includes('sign.learned-damaged'))).toBe(true);
    await agent.stop();
  }
});

/** Buses of the day, as the file knows them; 0 where there is none. */
function arrivalsIn(learned: string): number {
  try {
    const text = readFileSync(learned, 'utf8');
    return JSON.parse(text.slice(text.indexOf('\n') + 1)).figures.arrivals;
  } catch {
    return 0;
  }
}
