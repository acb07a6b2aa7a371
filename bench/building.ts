/**
 * `npm run bench:building [-- --seeds 101-120]`: simulated years of the building, faulty and healthy. How many of the seeded
 * faults the diagnosis finds by name and branch, what it says wrongly, how soon, and what a year and a day of it cost.
 */
import { parseArgs } from 'node:util';
import { seedFaults } from '../hw-sim/building/faults.ts';
import { simulateYear } from '../hw-sim/building/year.ts';
import { diagnoseYear } from '../tests/support/building-findings.ts';
import { buildingInputs } from '../tests/support/simulated-building.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '101-110' }, verbose: { type: 'boolean', default: false } },
});
const [first = 1, last = first] = values.seeds.split('-').map(Number);

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const sums = { faults: 0, found: 0, wrong: 0, years: 0, months: 0, ms: 0 };
const delays = new Map<string, number[]>();

for (let seed = first; seed <= last; seed++) {
  for (const faults of [seedFaults(seed), []]) {
    const year = simulateYear({ seed, faults });
    const inputs = buildingInputs(year);
    const start = cpu();
    const { found, missed, wrong, wrongByMonth } = diagnoseYear(inputs, faults);
    sums.ms += cpu() - start;
    sums.years += 1;
    sums.faults += faults.length;
    sums.found += found.length;
    sums.wrong += wrong.length;
    sums.months += wrongByMonth.filter((count) => count > 1).length;
    for (const { fault, day } of found) {
      const known = delays.get(fault.check) ?? [];
      known.push(day - fault.from);
      delays.set(fault.check, known);
    }
    const kind = faults.length === 0 ? 'healthy' : 'faulty ';
    process.stdout.write(
      `seed ${seed} ${kind} found ${found.length}/${faults.length}, wrong ${wrong.length}, most in a month ${Math.max(...wrongByMonth)}\n`,
    );
    for (const one of missed) process.stdout.write(`  missed ${one}\n`);
    for (const one of wrong) process.stdout.write(`  wrong  ${one}\n`);
    if (values.verbose)
      for (const { finding } of found) process.stdout.write(`  ${JSON.stringify(finding)}\n`);
  }
}

const days = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] ?? 0;
process.stdout.write(
  [
    '',
    `found ${sums.found} of ${sums.faults} faults (${((100 * sums.found) / sums.faults).toFixed(1)} %)`,
    `wrong ${sums.wrong} in ${sums.years} years (${(sums.wrong / sums.years / 12).toFixed(2)} a month); months with more than one: ${sums.months} of ${sums.years * 12}`,
    `a year of forty meters diagnosed in ${Math.round(sums.ms / sums.years)} ms of CPU, a day in ${(sums.ms / sums.years / 365).toFixed(1)} ms`,
    `days until it was told, median: ${[...delays].map(([check, list]) => `${check} ${days(list)}`).join(', ')}`,
    '',
  ].join('\n'),
);
