/** `kerbside check [site.yaml]`: everything that can be known of a site without connecting to anything. */
import type { Command } from 'commander';
import type { LineFit } from '../config/load.ts';
import { asAgentError } from '../core/errors.ts';
import type { LineConfig, Site } from '../core/site.ts';
import { type TokenKeyLook, tokenKeys } from './check/token-keys.ts';
import { EXIT } from './exit.ts';
import { load, problemLines, shownPath } from './site.ts';

export function register(program: Command): void {
  program
    .command('check')
    .description(
      'check a site file without connecting to anything: every problem at once, or the plan of every line',
    )
    .argument('[site]', 'site file', 'site.yaml')
    .option('--json', 'answer in JSON')
    .option('--without-secrets', 'do not resolve secrets, for a check on another machine')
    .addHelpText('after', '\nExit code 0: the file is right. 1: it has problems.')
    .action(check);
}

async function check(file: string, options: { json?: true; withoutSecrets?: true }): Promise<void> {
  const result = await load(file, options.withoutSecrets === true ? 'skip' : 'resolve');
  if (!result.ok) {
    process.exitCode = EXIT.no;
    if (options.json) print({ ok: false, problems: result.problems });
    else process.stderr.write(problemLines(result.problems));
    return;
  }
  const { site, facts } = result;
  const here = options.withoutSecrets !== true;
  const keys = here ? await tokenKeys(site) : [];
  const problems = [...(here ? await certificateTrouble(site) : []), ...keys.flatMap(keyTrouble)];
  if (problems.length > 0) {
    process.exitCode = EXIT.no;
    if (options.json) print({ ok: false, problems });
    else for (const { path, message, fix } of problems) process.stderr.write(`${path}: ${message}; ${fix}\n`);
    return;
  }
  const lines = site.lines.map((line) => summary(site, line, facts.fits.get(line.id)));
  if (options.json) {
    const devices = site.devices.map(({ id, line, profile }) => ({
      id,
      line,
      profile: profile.id,
      points: profile.points.length,
    }));
    print({ ok: true, site: site.id, agent: site.agent.id, lines, devices });
    return;
  }
  const out = [`${shownPath(facts.files[0] ?? file)} is right: site ${site.id}, agent ${site.agent.id}\n`];
  const width = Math.max(0, ...site.lines.map(({ id }) => id.length));
  for (const line of lines) {
    const plan =
      line.load === null
        ? 'talks by itself'
        : `${(line.load * 100).toFixed(1)} % of the line, ${(line.requestsPerSecond ?? 0).toFixed(1)} requests/s`;
    out.push(`  line ${line.id.padEnd(width)}  ${line.port}  ${count(line.devices, 'device')}, `);
    out.push(`${count(line.points, 'point')}, ${plan}\n`);
  }
  const rest = [
    count(site.cameras.length, 'camera'),
    count(site.lamps.length, 'lamp'),
    ...(site.figures === undefined ? [] : [count(site.figures.length, 'figure')]),
    count(site.uplinks.length, 'uplink'),
  ];
  out.push(`  ${rest.join(', ')}\n`);
  for (const { path, says } of keys) out.push(`  ${path}: ${says}\n`);
  process.stdout.write(out.join(''));
}

interface Trouble {
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

function keyTrouble({ path, state, says, fix = '' }: TokenKeyLook): readonly Trouble[] {
  return state === 'fault' ? [{ path, message: says, fix }] : [];
}

/** What is wrong with the console's certificate. The agent runs without it, so this is no fault of the site file. */
async function certificateTrouble({ console: { remote } }: Site): Promise<readonly Trouble[]> {
  if (remote?.certificate === undefined) return [];
  const path = 'console.remote.cert';
  const { readCertificate, factsOf } = await import('../console/access/certificate.ts');
  try {
    const { until } = factsOf((await readCertificate(remote.certificate.cert, remote.certificate.key)).cert);
    if (until > Date.now()) return [];
    const end = new Date(until).toISOString().slice(0, 10);
    return [{ path, message: `the certificate ended on ${end}`, fix: 'renew it' }];
  } catch (thrown) {
    const { message, fix = '' } = asAgentError(thrown);
    return [{ path, message, fix }];
  }
}

function summary(site: Site, line: LineConfig, fit: LineFit | undefined) {
  const devices = site.devices.filter((device) => device.line === line.id);
  return {
    id: line.id,
    port: portText(line),
    devices: devices.length,
    points: devices.reduce((sum, { profile }) => sum + profile.points.length, 0),
    load: devices.length === 0 ? 0 : (fit?.load ?? null),
    requestsPerSecond: fit?.requestsPerSecond ?? null,
  };
}

function portText(line: LineConfig): string {
  const { serial } = line;
  const parity = { none: 'N', even: 'E', odd: 'O' } as const;
  const settings =
    serial === undefined
      ? ''
      : ` ${serial.baud} ${serial.dataBits}${parity[serial.parity]}${serial.stopBits}`;
  if (line.kind === 'serial') return `${line.port}${settings}`;
  if (line.kind === 'network') return 'network';
  if (line.kind === 'mqtt') return new URL(line.url).host;
  const host = line.host.includes(':') ? `[${line.host}]` : line.host;
  if (line.kind === 'http' || line.kind === 'ocpp') return `${host}:${line.port} ${line.kind}`;
  const how =
    line.kind === 'tcp'
      ? line.framing
      : line.kind === 'udp'
        ? 'udp'
        : line.kind === 'caller'
          ? `called by ${line.transport}`
          : `dial-in ${line.registration}`;
  return `${host}:${line.port} ${how}${settings}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function print(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
}
