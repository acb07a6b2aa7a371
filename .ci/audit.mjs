/**
 * The audit of dependencies, by the policy of docs/vulnerability-policy.md: what devices get may have no known high or critical
 * finding, unless .ci/accepted.json names it with a reason and a day until which that holds. A registry that keeps no
 * advisories (a mirror) cannot be asked: that is said, and fails nothing, for it says nothing about the packages.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const STOPPING = ['high', 'critical'];
const DAY = /^\d{4}-\d\d-\d\d$/;

/**
 * What stops a release: lines to print; empty where nothing does. Throws where an acceptance is not whole.
 *
 * @typedef {{ severity: string, title: string, range: string, url?: string, source?: number }} Finding
 * @typedef {{ advisory: string, package: string, reason: string, until: string }} Accepted until: YYYY-MM-DD
 * @param {{ vulnerabilities?: Record<string, { via?: (Finding | string)[] }> }} report What `npm audit --json` wrote.
 * @param {readonly Accepted[]} accepted
 * @param {string} today YYYY-MM-DD
 */
export function judge(report, accepted, today) {
  for (const one of accepted) {
    const whole = [one.advisory, one.package, one.reason].every(
      (text) => typeof text === 'string' && text !== '',
    );
    if (!whole || !DAY.test(one.until)) {
      throw new Error(
        `.ci/accepted.json: needs advisory, package, reason and until (YYYY-MM-DD): ${JSON.stringify(one)}`,
      );
    }
  }
  /** @type {string[]} */
  const lines = [];
  const seen = new Set();
  for (const [name, { via = [] }] of Object.entries(report.vulnerabilities ?? {})) {
    // A text names another entry of the same report: the finding stands there.
    for (const finding of via) {
      if (typeof finding === 'string') continue;
      const advisory = finding.url?.split('/').at(-1) ?? String(finding.source);
      if (!STOPPING.includes(finding.severity) || seen.has(`${advisory} ${name}`)) continue;
      seen.add(`${advisory} ${name}`);
      const exception = accepted.find((one) => one.advisory === advisory && one.package === name);
      if (exception !== undefined && exception.until >= today) continue;
      const why = exception === undefined ? '' : `; accepted until ${exception.until}, which is over`;
      lines.push(`${name} ${finding.range}: ${finding.severity}: ${finding.title} (${advisory}${why})`);
    }
  }
  return lines;
}

function main() {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
    timeout: 60_000,
  });
  let report;
  try {
    report = JSON.parse(stdout);
  } catch {
    report = { message: 'npm gave no answer' };
  }
  if (report.vulnerabilities === undefined) {
    console.log(
      `dependencies not audited: the registry keeps no advisories (${report.message ?? report.error?.summary ?? 'no reason given'})`,
    );
    return;
  }
  const accepted = JSON.parse(readFileSync(new URL('./accepted.json', import.meta.url), 'utf8'));
  const stopping = judge(report, accepted, new Date().toISOString().slice(0, 10));
  const { total = 0 } = report.metadata?.vulnerabilities ?? {};
  console.log(
    `dependencies audited: ${total} finding${total === 1 ? '' : 's'}, ${stopping.length} of them stop a release`,
  );
  for (const line of stopping) console.error(line);
  if (stopping.length > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
