import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take minutes, most of them waiting: begun last they would run on alone. */
const LONG = [
  'tests/browser/sign-soak',
  'tests/browser/show',
  'tests/e2e/cluster',
  'tests/package/debian',
  'tests/package/arm64',
  'tests/e2e/config-waves',
  'tests/fault/agent-crash',
  'tests/browser/commission',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex((name) => moduleId.includes(name));
      return place < 0 ? LONG.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Real ports, brokers and browsers share two cores with the tests of a gateway. Three at once take 24 minutes where two take
    // 32, and in each of two such runs one test in nine thousand missed a moment: steady is worth more.
    maxWorkers: 2,
    // Hundreds of agents and commands are started as processes of their own: each compiled anew would be half of what they cost.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('./node_modules/.cache/compiled', import.meta.url)) },
    sequence: { sequencer: LongFirst },
  },
});
