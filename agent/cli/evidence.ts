/**
 * `kerbside evidence`: holds a log to the signatures of its device, gives evidence of a stretch of time, shows the
 * device's public key. Reads only; the agent may run meanwhile.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { AgentError } from '../core/errors.ts';
import { LANES } from '../core/point.ts';
import { checkEvidence } from '../store/evidence/check.ts';
import { devicePublicKey } from '../store/evidence/device-key.ts';
import { exportEvidence } from '../store/evidence/export.ts';
import { statementsIn } from '../store/evidence/received.ts';
import type { EvidenceReport } from '../store/evidence/report.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';
import { columns } from './table.ts';

interface Common {
  readonly site: string;
  readonly json?: true;
}

export function register(program: Command): void {
  const evidence = program.command('evidence').description('hold the log to the signatures of its device');
  evidence
    .command('check')
    .description('find what was altered, removed or put in, and say from where on nothing is proved')
    .argument('[log]', 'log file; default: the one of the site')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--key <key>', 'public key of the device, noted elsewhere (base64url)', publicKey)
    .option(
      '--received <file>',
      'what a receiver has kept (JSON or lines of JSON): finds a log that was set back',
    )
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExit code 0: nothing disagrees. 1: something does, or nothing is signed.')
    .action(check);
  evidence
    .command('export')
    .description('write records of a stretch of time with all that proves them, as one JSON')
    .argument('[log]', 'log file; default: the one of the site')
    .requiredOption('--from <time>', 'beginning, ISO 8601', time)
    .requiredOption('--to <time>', 'end, ISO 8601', time)
    .option('--out <file>', 'where to write; default: stdout')
    .option('--site <file>', 'site file', 'site.yaml')
    .action(write);
  evidence
    .command('key')
    .description('show the public key of the device: note it when the device is put up')
    .argument('[state]', 'state folder; default: the one of the site')
    .option('--site <file>', 'site file', 'site.yaml')
    .action(showKey);
}

async function stateOf(site: string): Promise<string> {
  const result = await load(site, 'skip');
  if (result.ok) return result.site.state;
  throw new AgentError('config-invalid', problemLines(result.problems).trimEnd());
}

async function logOf(log: string | undefined, site: string): Promise<string> {
  return log ?? join(await stateOf(site), 'log.db');
}

interface CheckFlags extends Common {
  readonly key?: string;
  readonly received?: string;
}

async function check(log: string | undefined, { site, key, received, json }: CheckFlags): Promise<void> {
  checkLog(await logOf(log, site), { key, received, json });
}

/** Checks a log and says what was found; sets the exit code. Also what `verify --chain` does. */
export function checkLog(
  file: string,
  {
    key,
    received,
    json,
  }: { key?: string | undefined; received?: string | undefined; json?: true | undefined },
): void {
  const report = checkEvidence(file, {
    ...(key === undefined ? {} : { key }),
    ...(received === undefined ? {} : { received: statementsIn(textOf(received)) }),
  });
  process.stdout.write(json === true ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report));
  process.exitCode = report.findings.length === 0 && report.statements > 0 ? EXIT.ok : EXIT.no;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError('not-found', `reading of ${file} failed: ${why}`, { cause, fix: 'Check the name.' });
  }
}

/** Most findings that are told one by one. */
const TOLD = 20;

function reportText({ file, agent, epoch, key, keyGiven, ...report }: EvidenceReport): string {
  const { statements, signedUntil, received, lanes, findings } = report;
  const until = signedUntil === undefined ? '' : `, the last of ${new Date(signedUntil).toISOString()}`;
  const whose = keyGiven
    ? 'as given'
    : 'as found in the log: compare it with the one noted when the device was put up';
  const heldAgainst = received > 0 ? `; ${received} received ones held against it` : '';
  const table = LANES.filter((lane) => lanes[lane].last > 0).map((lane) => {
    const { first, last, chainFrom, proved, unprovedFrom } = lanes[lane];
    const rest = [
      ...(chainFrom > first ? [`before ${chainFrom} nothing is signed`] : []),
      ...(unprovedFrom === undefined ? [] : [`from ${unprovedFrom} on nothing is proved yet`]),
    ];
    return [lane, `${first} to ${last}`, `${proved} proved`, rest.join('; ')];
  });
  const found = findings
    .slice(0, TOLD)
    .map(({ message }, i) => `${i === 0 ? 'FIRST: ' : '       '}${message}\n`);
  const more = findings.length > TOLD ? `       and ${findings.length - TOLD} more\n` : '';
  const verdict =
    statements === 0
      ? 'nothing in this log is signed\n'
      : findings.length === 0
        ? 'what is signed is as it was signed\n'
        : `${findings.length} ${findings.length === 1 ? 'thing disagrees' : 'things disagree'} with what was signed\n`;
  return [
    `log    ${file} (agent ${agent}, epoch ${epoch})\n`,
    `key    ${key ?? 'none'}${key === undefined ? '' : ` (${whose})`}\n`,
    `signed ${statements} times${until}${heldAgainst}\n`,
    columns(table),
    ...found,
    more,
    verdict,
  ].join('');
}

interface ExportFlags extends Common {
  readonly from: number;
  readonly to: number;
  readonly out?: string;
}

async function write(log: string | undefined, { site, from, to, out }: ExportFlags): Promise<void> {
  const evidence = exportEvidence(await logOf(log, site), from, to);
  const text = `${JSON.stringify(evidence)}\n`;
  if (out === undefined) process.stdout.write(text);
  else {
    writeFileSync(out, text);
    const batches = Object.values(evidence.lanes).flatMap((lane) => lane.batches);
    const records = batches.reduce((sum, batch) => sum + (batch.records?.length ?? 0), 0);
    process.stderr.write(`${records} records written to ${out}; docs/evidence/check.mjs checks it\n`);
  }
}

async function showKey(state: string | undefined, { site }: Common): Promise<void> {
  const dir = state ?? (await stateOf(site));
  const key = devicePublicKey(dir);
  if (key === undefined)
    throw new AgentError('not-found', `no device key in ${dir}`, {
      fix: 'Start the agent once: it makes one.',
    });
  process.stdout.write(`${key}\n`);
}

function publicKey(text: string): string {
  if (/^[A-Za-z0-9_-]{43}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected 43 characters of base64url; "kerbside evidence key" shows it.');
}

function time(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new InvalidArgumentError('Expected a time like 2027-01-31T12:00:00Z.');
  return at;
}
