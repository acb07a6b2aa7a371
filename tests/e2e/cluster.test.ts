/**
 * The city's cluster: 200 agents with accounts of their own at three NATS servers under load. One node is killed and comes
 * back, then two; nothing is lost, the agents go on at the next broker of their list, and none may speak for another.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { accountsFor, RECEIVER } from '../../deploy/city/credentials.ts';
import { type City, openCity } from '../../hw-sim/fleet/city.ts';
import { planFleet } from '../../hw-sim/fleet/plan.ts';
import { expectAccess } from '../support/city-access.ts';
import { type NatsCluster, natsCluster } from '../support/nats-cluster.ts';
import { program } from '../support/programs.ts';

const nats = program('nats-server');
const AGENTS = 200;
const SITE = 'city';
/** Who tried in vain for long tries again within a minute (back-off), and gives a try 10 s; leaders are elected meanwhile, ms. */
const PATIENCE = 150_000;

async function until(met: () => boolean, what: () => string, ms = PATIENCE): Promise<void> {
  for (const end = performance.now() + ms; !met(); await sleep(100))
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain: ${what()}`);
}

/** What is left to look at when all processes are gone: who waits for what, what does not balance, what the nodes said last. */
async function evidence(city: City, cluster: NatsCluster): Promise<string> {
  const facts = city.facts();
  const { lanes, epochs, ...verdict } = await city.verdict();
  const off = lanes.filter(
    ({ missing, awaited, conflicts, outOfOrder }) => missing + awaited + conflicts + outOfOrder > 0,
  );
  const said = { facts, verdict: { ...verdict, epochs: epochs.length }, off: off.slice(0, 20) };
  return `${JSON.stringify(said, undefined, 1)}\n${await cluster.tails(25)}`;
}

test.runIf(nats !== undefined)(
  'a node is lost under load, then two: the agents fail over, and nothing is missing',
  { timeout: 600_000 },
  async () => {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'kerbside-cluster-'));
    stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
    const agents = planFleet({ agents: AGENTS, seed: 3, brokers: 3, window: 1, clones: 0, wrongClocks: 0 });
    const accounts = accountsFor(agents.map(({ agent }) => agent));
    const passwords = new Map(accounts.map(({ user, password }) => [user, password]));
    const password = (user: string) => passwords.get(user) ?? '';
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, password(RECEIVER));
    const cluster = stack.use(await natsCluster(nats ?? '', SITE, accounts));
    await expectAccess(cluster.urls[0] ?? '', ['pole-0000', 'pole-0001'], password);
    const city = stack.use(
      await openCity({
        agents: AGENTS,
        seed: 3,
        brokers: cluster.urls,
        site: SITE,
        window: 4000,
        workers: 1,
        password,
        receiver: { username: RECEIVER, passwordFile },
      }),
    );
    const facts = () => JSON.stringify(city.facts());
    const acknowledged = (more: number) => {
      const from = city.facts().acknowledged;
      return until(() => city.facts().acknowledged >= from + more, facts);
    };
    /** Of the changes from place `from` on: who lost its link, and who of them had one again. On a busy machine not all have one at once. */
    const since = (from: number) => {
      const [lost, back] = [new Set<number>(), new Set<number>()];
      for (const { index, up } of city.links.slice(from)) {
        if (!up) lost.add(index);
        else if (lost.has(index)) back.add(index);
      }
      return { lost: lost.size, back: back.size };
    };
    try {
      await until(() => new Set(city.links.map(({ index }) => index)).size === AGENTS, facts);
      await acknowledged(AGENTS);
      const third = AGENTS / 3;

      // One node: a third of the agents has to go on elsewhere, and does.
      const before = city.links.length;
      // Ill for a moment before it dies: what is on its way through it to the receiver has to be delivered again.
      cluster.hang(0);
      await sleep(500);
      await cluster.kill(0);
      await until(() => since(before).lost > third - 5, facts);
      await until(() => since(before).lost === since(before).back, facts);
      await acknowledged(AGENTS * 2);
      await cluster.revive(0);

      // Two nodes: no majority, so nothing is acknowledged; it waits in the logs and leaves when one is back.
      await Promise.all([cluster.kill(1), cluster.kill(2)]);
      const stored = city.facts().stored;
      await until(() => city.facts().stored > stored + AGENTS * 3, facts);
      await cluster.revive(1);
      await acknowledged(AGENTS * 3);
      await cluster.revive(2);

      await city.settle(PATIENCE);
      const { refused, dropped, stored: all } = city.facts();
      const verdict = await city.verdict();
      expect({ refused, dropped }).toEqual({ refused: 0, dropped: 0 });
      expect(verdict).toMatchObject({ balanced: true, missing: 0, conflicts: 0, clones: [] });
      expect(verdict.records).toBe(all);
      expect(verdict.epochs).toHaveLength(AGENTS);
    } catch (thrown) {
      throw new Error(await evidence(city, cluster).catch(String), { cause: thrown });
    }
  },
);
