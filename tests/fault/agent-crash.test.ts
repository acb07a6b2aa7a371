/**
 * The whole agent, killed at random points of its life and started again on the same log: no committed reading is lost,
 * none is sent under a second number, and the city's ledger balances. `KERBSIDE_CRASHES=200` for more points,
 * `KERBSIDE_SEED=…` to repeat a run.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLogSource } from '../../agent/store/reader.ts';
import { type City, openCity } from '../e2e/city.ts';
import { openSite, type Site } from '../e2e/site.ts';
import { startAgent } from '../support/agent-process.ts';
import { seeded } from '../support/seeded.ts';

const CRASHES = Number(process.env.KERBSIDE_CRASHES ?? 50);
const SEED = Number(process.env.KERBSIDE_SEED ?? 1 + Math.floor(Math.random() * 1e9));
/** Life of an agent before it is killed, ms: from before it is up to well into its work. */
const LONGEST_LIFE = 3000;

let site: Site;
let city: City;

beforeAll(async () => {
  // Commits every 200 ms: a kill is likely to fall near one.
  site = await openSite({ camera: false, change: { log: { window: '200ms' } } });
  city = await openCity(site.broker);
});
afterAll(async () => {
  await city[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

test(
  `${CRASHES} kills, seed ${SEED}`,
  async () => {
    const random = seeded(SEED);
    for (let i = 0; i < CRASHES; i++) {
      await using agent = startAgent(site.file);
      await new Promise((resolve) => setTimeout(resolve, random() * LONGEST_LIFE));
      await agent.kill();
    }
    {
      await using last = startAgent(site.file);
      await last.ready;
      const records = city.records.size;
      await city.until(() => city.records.size > records + 200, 'the last agent sends');
      await last.stop();
    }
    // What the last one committed at its stop leaves with the next start.
    await using drain = startAgent(site.file);
    await drain.ready;
    using log = openLogSource(`${site.state}/log.db`);
    const heads = log.heads();
    await city.until(() => missing(heads).length === 0, `everything up to ${JSON.stringify(heads)}`);

    const report = city.ledger.report();
    expect(report).toMatchObject({ missing: 0, conflicts: 0, outOfOrder: 0, broken: 0 });
    // One log, one epoch: a kill damages nothing.
    expect(report.epochs).toHaveLength(1);
    expect(twice()).toEqual([]);
    expect(report.gaps['unclean-stop']).toBeGreaterThan(0);
    // The clean stop of the last one is not reported as a gap.
    expect(report.gaps['unclean-stop']).toBeLessThanOrEqual(CRASHES);
  },
  60_000 + CRASHES * 10_000,
);

/** Numbers the log holds and the city does not. */
function missing(heads: Readonly<Record<string, number>>): string[] {
  const have = new Set(Array.from(city.records.values(), ({ lane, seq }) => `${lane}/${seq}`));
  return Object.entries(heads).flatMap(([lane, last]) =>
    Array.from({ length: last }, (_, i) => `${lane}/${i + 1}`).filter((one) => !have.has(one)),
  );
}

/** Readings that came under two numbers. */
function twice(): string[] {
  const seen = new Map<string, number>();
  const doubled: string[] = [];
  for (const { seq, lane, device, point, time, value, quality } of city.records.values()) {
    // Points that fail together with their line may be told bad at one moment by two parts; values never.
    if (point === undefined || quality === 'bad') continue;
    const key = `${lane} ${device}/${point} ${time} ${value}`;
    const before = seen.get(key);
    if (before !== undefined && before !== seq) doubled.push(`${key}: ${before} and ${seq}`);
    seen.set(key, seq);
  }
  return doubled;
}
