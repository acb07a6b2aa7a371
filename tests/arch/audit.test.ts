/** The audit of dependencies: what stops a release, what may be accepted and for how long, and where packages come from. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { judge } from '../../.ci/audit.mjs';

const finding = (severity: string, id = 'GHSA-aaaa-bbbb-cccc') => ({
  source: 1,
  name: 'left',
  title: 'Reads beyond its end',
  url: `https://github.com/advisories/${id}`,
  severity,
  range: '<2.0.0',
});
const report = (...via: ReturnType<typeof finding>[]) => ({
  vulnerabilities: { left: { via }, right: { via: ['left'] } },
});
const accepted = {
  advisory: 'GHSA-aaaa-bbbb-cccc',
  package: 'left',
  reason: 'never loaded',
  until: '2027-01-31',
};

describe('the audit', () => {
  test('stops at high and critical, once for each finding', () => {
    expect(judge(report(finding('high'), finding('high')), [], '2027-01-01')).toEqual([
      'left <2.0.0: high: Reads beyond its end (GHSA-aaaa-bbbb-cccc)',
    ]);
    expect(judge(report(finding('critical')), [], '2027-01-01')).toHaveLength(1);
    expect(judge(report(finding('moderate'), finding('low')), [], '2027-01-01')).toEqual([]);
    expect(judge({ vulnerabilities: {} }, [], '2027-01-01')).toEqual([]);
  });

  test('lets an accepted one pass until its day, and no other', () => {
    expect(judge(report(finding('high')), [accepted], '2027-01-31')).toEqual([]);
    expect(judge(report(finding('high')), [accepted], '2027-02-01')).toEqual([
      'left <2.0.0: high: Reads beyond its end (GHSA-aaaa-bbbb-cccc; accepted until 2027-01-31, which is over)',
    ]);
    expect(judge(report(finding('high', 'GHSA-dddd-eeee-ffff')), [accepted], '2027-01-01')).toHaveLength(1);
  });

  test('wants a reason and a day', () => {
    expect(() => judge({}, [{ ...accepted, reason: '' }], '2027-01-01')).toThrow(
      /needs advisory, package, reason/,
    );
    expect(() => judge({}, [{ ...accepted, until: 'never' }], '2027-01-01')).toThrow(/until/);
  });

  test('what is accepted now is whole, and for 90 days at most', () => {
    const now: readonly (typeof accepted)[] = JSON.parse(readFileSync('.ci/accepted.json', 'utf8'));
    judge({}, now, '2027-01-01');
    for (const { until } of now) expect(Date.parse(until) - Date.now()).toBeLessThan(90 * 86_400_000);
  });
});

describe('packages', () => {
  const lock: {
    readonly packages: Readonly<
      Record<
        string,
        {
          readonly resolved?: string;
          readonly integrity?: string;
          readonly license?: string;
          readonly inBundle?: boolean;
          readonly dev?: boolean;
        }
      >
    >;
  } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const packages = Object.entries(lock.packages).filter(
    ([path, { inBundle }]) => path !== '' && inBundle !== true,
  );

  test('come from the registry by their hash', () => {
    // An address in the lock file would be a source of its own.
    const strange = packages.filter(
      ([, { resolved, integrity }]) => integrity?.startsWith('sha512-') !== true || resolved !== undefined,
    );
    expect(strange.map(([path]) => path)).toEqual([]);
  });

  test('have licences that a product may carry', () => {
    const GOOD =
      /^\(?(MIT|MIT-0|ISC|0BSD|BSD|BSD-[23]-Clause|Apache-2\.0|Artistic-2\.0|BlueOak-1\.0\.0|Python-2\.0|CC0-1\.0|CC-BY-[34]\.0|Unlicense|Zlib|AFL-2\.1|MPL-2\.0|LGPL-3\.0-or-later)\b/;
    // Some write a list, or only the text of it: MIT and BSD, read by us.
    const READ = new Set(['cli-table', 'pause', 'precond', 'suncalc'].map((name) => `node_modules/${name}`));
    const licenceOf = (path: string, written?: string): string => {
      if (written !== undefined || !existsSync(`${path}/package.json`)) return written ?? '';
      const { license, licenses } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8'));
      return license?.type ?? licenses?.[0]?.type ?? '';
    };
    const strange = packages
      .filter(([path, { dev }]) => dev !== true && !READ.has(path))
      .map(([path, { license }]) => [path, licenceOf(path, license)] as const)
      .filter(([path, licence]) => existsSync(path) && !GOOD.test(licence));
    expect(strange.map(([path, licence]) => `${path}: ${licence}`)).toEqual([]);
  });
});
