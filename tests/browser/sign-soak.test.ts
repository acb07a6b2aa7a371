/**
 * The kiosk soak in short: the same run as `npm run soak:sign`, five minutes where everything is asked for (KERBSIDE_CI=full),
 * half a minute elsewhere. It waits for most of that; what it looks at is in bench/sign/soak.ts.
 */
import { expect, test } from 'vitest';
import { faults, soak } from '../../bench/sign/soak.ts';
import { program } from '../support/programs.ts';

const chromium = program('chromium');
const MINUTES = process.env.KERBSIDE_CI === 'full' ? 5 : 0.5;

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
