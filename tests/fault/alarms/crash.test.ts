/**
 * Alarms on the real log, killed with SIGKILL again and again: what was said to be acknowledged is so after the start, with
 * the name of who did it, and no occurrence is counted twice. `KERBSIDE_CRASHES`, `KERBSIDE_SEED`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { seeded } from '../../support/seeded.ts';

const CRASHES = Math.min(200, Number(process.env.KERBSIDE_CRASHES ?? 4));
const SEED = Number(process.env.KERBSIDE_SEED ?? 1 + Math.floor(Math.random() * 1e9));
const CHILD = fileURLToPath(new URL('./acting.ts', import.meta.url));

/** Runs until `acts` acts were done and `delay` ms more; gives what was said. */
async function run(dir: string, seed: number, acts: number, delay: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [CHILD, dir, String(seed)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  let done = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.startsWith('done') && ++done === acts) setTimeout(() => child.kill('SIGKILL'), delay);
  }
  return lines;
}

test(
  `${CRASHES} kills, seed ${SEED}`,
  async () => {
    const random = seeded(SEED);
    const dir = mkdtempSync(join(tmpdir(), 'kerbside-alarms-'));
    try {
      const told = new Map<string, readonly string[]>();
      for (let i = 0; i <= CRASHES; i++) {
        const lines = await run(dir, SEED + i, 1 + Math.floor(random() * 12), random() * 20);
        expect(lines).toContain('open');
        for (const line of lines) {
          const [word = '', alarm = '', count = '', name = ''] = line.split(' ');
          const last = told.get(alarm);
          if (word === 'found' && last !== undefined) {
            const [, , before = '', by] = last;
            // It may have gone on behind what was said, never back.
            expect([alarm, Number(count) >= Number(before)]).toEqual([alarm, true]);
            if (count === before) expect([alarm, name]).toEqual([alarm, by]);
          }
          if (word === 'done') told.set(alarm, [word, alarm, count, name]);
        }
      }
      expect(told.size).toBeGreaterThan(2);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
  60_000 + CRASHES * 10_000,
);
