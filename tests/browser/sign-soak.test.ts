/**
 * Both soaks in short and beside each other, for they wait most of the time: the kiosk's (`npm run soak:sign`) and that of
 * everything together (`npm run soak`). Five minutes where everything is asked for (KERBSIDE_CI=full), half a minute
 * elsewhere. What they look at is in bench/sign/soak.ts and bench/soak/judge.ts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { faults, soak } from '../../bench/sign/soak.ts';
import { program } from '../support/programs.ts';

const chromium = program('chromium');
const SOAK = fileURLToPath(new URL('../../bench/soak.ts', import.meta.url));
const MINUTES = process.env.KERBSIDE_CI === 'full' ? 5 : 0.5;

describe.concurrent('for minutes', () => {
  test.runIf(chromium !== undefined)(
    'a sign over a fast street neither grows nor blinks nor reloads',
    { timeout: (MINUTES + 2) * 60_000 },
    async () => {
      const result = await soak(chromium ?? '', MINUTES, 60);
      // Half a minute is too short to say that memory does not grow.
      const found =
        MINUTES < 5
          ? faults({ ...result, page_heap_mb: [1, 1], agent_heap_mb: [1, 1], dom_nodes: [1, 1] })
          : faults(result);
      expect(found).toEqual([]);
      expect(result.shots).toBeGreaterThan(0);
      expect(result.frames).toBeGreaterThan(50);
      expect(result.boards).toBeGreaterThan(10);
    },
  );

  test('an hour of the whole street in minutes, with faults: nothing piles up, nothing stays stuck, nothing is lost', {
    timeout: (MINUTES + 3) * 60_000,
  }, async () => {
    // In a process of its own: the browser beside it would inherit the terminals of its lines, and none could be pulled out.
    const options = ['--minutes', String(MINUTES), '--seed', '14', '--rate', '12', '--camera-rate', '1'];
    const child = spawn(process.execPath, [SOAK, ...options, '--no-browser'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [report, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    expect(code, report).toBe(0);
    expect(report).toContain('Passed.');
  });
});
