import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Real ports, brokers and browsers share two cores with the tests of a gateway: fewer at once is faster and steadier.
    maxWorkers: 2,
  },
});
