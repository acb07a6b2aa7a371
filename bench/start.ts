/**
 * `npm run bench:start`: from the start of the process to the first good reading in the hub, against the simulated
 * street. Median of 5; bare node (a process that does nothing) beside it.
 */
import { spawnSync } from 'node:child_process';
import { startBenchAgent, startStreetProcess, variant } from './street.ts';

const RUNS = 5;

await using street = await startStreetProcess();
const site = variant(street, 'start', {});
const runs: number[] = [];
for (let i = 0; i <= RUNS; i++) {
  await using agent = startBenchAgent(site);
  const { after_ms: ms } = await agent.event('agent.first-reading');
  // The first run fills the caches of disk and compiler, as the first start after an installation does.
  if (i > 0) runs.push(Number(ms));
}
const bare = Array.from({ length: RUNS }, () => {
  const start = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - start;
});
process.stdout.write(
  `${JSON.stringify({
    bench: 'start',
    first_good_reading_ms: median(runs),
    runs_ms: runs.map(Math.round),
    bare_node_ms: median(bare),
    aim_ms: 1500,
  })}\n`,
);

function median(values: readonly number[]): number {
  return Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
}
