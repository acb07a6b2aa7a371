/**
 * The herd in small (`npm run bench:herd` is the whole one): fifty agents lose all links and come back at once, six of them with
 * a wrong clock, and one has a second machine under its id, which holds itself back.
 */
import { expect, test } from 'vitest';
import { openCity } from '../../hw-sim/fleet/city.ts';
import { mosquitto } from '../support/brokers.ts';
import { program } from '../support/programs.ts';

const path = program('mosquitto');
const AGENTS = 50;

test.runIf(path !== undefined)(
  'all come back after a blackout, live readings first, and nothing is missing',
  { timeout: 180_000 },
  async () => {
    await using broker = await mosquitto(path ?? '', ['max_queued_messages 0']);
    await using city = await openCity({
      agents: AGENTS,
      seed: 14,
      brokers: [`mqtt://127.0.0.1:${broker.port}`],
      window: 1000,
      clones: 1,
      wrongClocks: 6,
      workers: 1,
    });
    const until = async (met: () => boolean, what: string) => {
      for (const end = performance.now() + 90_000; !met(); await new Promise((done) => setTimeout(done, 100)))
        if (performance.now() > end) throw new Error(`in vain: ${what}: ${JSON.stringify(city.facts())}`);
    };
    const alone = new Set(city.plan.flatMap(({ index, contested }) => (contested ? [] : [index])));
    await until(() => city.facts().connected >= alone.size + 1, 'connected');
    await until(() => city.facts().acknowledged >= AGENTS, 'first readings');

    city.carrier.cut();
    await until(() => city.facts().connected === 0, 'cut off');
    const { stored } = city.facts();
    await until(() => city.facts().stored > stored + 3 * AGENTS, 'readings of the blackout');
    city.mark();
    city.carrier.restore();
    const back = () =>
      city.returns().filter(({ index, live, replayed }) => alone.has(index) && live && replayed);
    await until(() => back().length === alone.size, 'back');

    await city.settle(60_000);
    const verdict = await city.verdict();
    expect(verdict).toMatchObject({ ownBalance: true, missing: 0, conflicts: 0, broken: 0 });
    expect(new Set(verdict.epochs.map(({ agent }) => agent)).size).toBe(AGENTS);
    // The machine that came second told nothing, so nobody has two epochs live in turn.
    expect(verdict.clones).toEqual([]);
    expect(city.facts()).toMatchObject({ refused: 0, dropped: 0, backlog: 0 });
  },
);
