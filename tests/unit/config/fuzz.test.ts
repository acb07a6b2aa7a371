/** Outside bytes: whatever stands in a site file or profile, the answer is problems with places, and soon. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { siteDeps } from '../../../agent/cli/site.ts';
import { parseProfile } from '../../../agent/config/device/profile.ts';
import { type LoadResult, loadSite } from '../../../agent/config/load.ts';
import { formatProblem } from '../../../agent/config/problem.ts';
import { decode } from '../../../agent/config/source.ts';
import { STREET } from './site-folder.ts';

const SEED = Number(process.env.KERBSIDE_FUZZ_SEED ?? 20261122);
/** 1 is a second or two; more for a long run. */
const TIMES = Number(process.env.KERBSIDE_FUZZ_TIMES ?? 1);
const deps = { ...siteDeps(), env: {} };
const FULL = `${STREET}cameras: [{ id: c, source: "http://10.0.0.9/a.jpg" }]
lamps: [{ id: l, device: meter-1, point: x }]
uplinks: [{ id: city, mqtt: { url: "mqtt://127.0.0.1", username: u, password: "\${env:P}" } }]
vars: { a: 1 }
node_red: { heap: 192MB }
`;

/** Loads bytes as /site.yaml; there is no other file. */
function load(bytes: Uint8Array): Promise<LoadResult> {
  const none = { ok: false, message: 'there is no such file', fix: 'check the name' } as const;
  const read = async (file: string) => (file === '/site.yaml' ? decode(bytes) : none);
  return loadSite('/site.yaml', { ...deps, read });
}

async function sound(bytes: Uint8Array): Promise<void> {
  const result = await load(bytes);
  if (result.ok) return;
  expect(result.problems.length).toBeGreaterThan(0);
  for (const found of result.problems) {
    expect(found.line).toBeGreaterThan(0);
    expect(found.column).toBeGreaterThan(0);
    expect(formatProblem(found).length).toBeLessThan(4000);
    expect(formatProblem(found)).not.toMatch(/undefined|\[object/);
  }
}

const text = new TextEncoder();
const json = fc.jsonValue({ maxDepth: 2 });
/** Words that mean something to YAML or to us, so that the inputs get past the first line. */
const words = fc.constantFrom(
  ...[
    'site:',
    'lines:',
    'devices:',
    '- ',
    '  ',
    '\n',
    '{',
    '}',
    '[',
    ']',
    ': ',
    '&a ',
    '*a ',
    '!t ',
    '"',
    "'",
    '#',
    '|',
  ],
  ...[
    '>',
    '? ',
    '---',
    '...',
    '%',
    '~',
    'null',
    'id: x',
    '$' + '{env:P}',
    '$' + '{var:a}',
    'extends: ./a',
    '\t',
    '0x1F',
    '1e999',
    '.nan',
  ],
);

/** Seconds on a free core. */
const LIMIT = { timeout: 60_000 * Math.max(1, TIMES) };

describe(`fuzz of the site file, seed ${SEED}`, LIMIT, () => {
  test('any bytes', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), sound), {
      seed: SEED,
      numRuns: 400 * TIMES,
    });
  });

  test('soup of YAML', async () => {
    const soup = fc.array(words, { maxLength: 60 }).map((parts) => text.encode(parts.join('')));
    await fc.assert(fc.asyncProperty(soup, sound), { seed: SEED, numRuns: 600 * TIMES });
  });

  test('a right file with a few changes', async () => {
    const change = fc.record({
      at: fc.nat(FULL.length),
      drop: fc.nat(12),
      put: fc.oneof(words, fc.string({ maxLength: 8 })),
    });
    const changed = fc
      .array(change, { minLength: 1, maxLength: 4 })
      .map((changes) =>
        text.encode(
          changes.reduce((now, { at, drop, put }) => now.slice(0, at) + put + now.slice(at + drop), FULL),
        ),
      );
    await fc.assert(fc.asyncProperty(changed, sound), { seed: SEED, numRuns: 400 * TIMES });
  });

  test('any values in place of the right ones', async () => {
    const sites = fc.record(
      Object.fromEntries(
        [
          'site',
          'agent',
          'state',
          'rate',
          'log',
          'lines',
          'devices',
          'cameras',
          'lamps',
          'figures',
          'uplinks',
          'console',
          'node_red',
        ].map((key) => [
          key,
          fc.oneof(
            json,
            fc.array(fc.dictionary(fc.constantFrom('id', 'line', 'profile', 'mqtt', 'tcp'), json)),
          ),
        ]),
      ),
      { requiredKeys: [] },
    );
    const bytes = sites.map((site) => text.encode(JSON.stringify(site)));
    await fc.assert(fc.asyncProperty(bytes, sound), { seed: SEED, numRuns: 250 * TIMES });
  });

  test('a profile of any values', () => {
    const profile = fc.dictionary(
      fc.constantFrom('profile', 'protocol', 'points', 'modbus', 'title', 'every', 'class'),
      fc.oneof(
        json,
        fc.constant('modbus'),
        fc.array(fc.dictionary(fc.constantFrom('id', 'unit', 'modbus', 'range'), json)),
      ),
    );
    fc.assert(
      fc.property(profile, (given) => {
        const result = parseProfile(JSON.stringify(given), '/p.yaml', deps);
        expect(result.ok ? 0 : result.problems.length).toBeGreaterThan(0);
      }),
      { seed: SEED, numRuns: 400 * TIMES },
    );
  });
});
