/**
 * `kerbside diagnostics`: the bundle that the remote act makes, on the device's shell. A running agent is asked over its
 * local API; of one that does not run is collected what lies there.
 */
import { copyFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { releasesFolder } from '../compose/fleet/fleet.ts';
import type { ApiDiagnostics } from '../console/api/diagnostics.ts';
import type { DiagnosticsBundle } from '../core/diagnostics.ts';
import { asAgentError } from '../core/errors.ts';
import { VERSION } from '../core/version.ts';
import { callAgent } from './acts/api.ts';
import { runningState } from './running-state.ts';
import { load } from './site.ts';
import { columns } from './table.ts';

interface Options {
  readonly site: string;
  readonly why: string;
  readonly log?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('diagnostics')
    .description('put what explains this agent into one file without a secret, whether it runs or not')
    .argument('[file]', 'where it goes; default: diagnostics-<time>.tar.gz here')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--why <text>', 'the reason, which stands in it', '')
    .option('--log <file>', 'where the log of a stopped agent went; default: the journal of the service')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nRead it before you send it on: names of places are no secret to it.\nExit code 0: made.',
    )
    .action(run);
}

async function run(file: string | undefined, options: Options): Promise<void> {
  const { site, why, json } = options;
  const state = await runningState(site);
  const bundle = (await ofAgent(state, file, why)) ?? (await ofFiles(state, file, options));
  if (json === true) process.stdout.write(`${JSON.stringify(bundle)}\n`);
  else process.stdout.write(textOf(bundle));
}

/** Undefined where no agent runs on the state folder. */
async function ofAgent(
  state: string,
  file: string | undefined,
  why: string,
): Promise<DiagnosticsBundle | undefined> {
  const call = await callAgent(state).catch((thrown: unknown) => {
    const error = asAgentError(thrown);
    if (error.code === 'not-found') return undefined;
    throw error;
  });
  if (call === undefined) return undefined;
  process.stderr.write('the agent runs: over its local API\n');
  const { file: made, ...bundle } = await call.send<ApiDiagnostics>('POST', '/diagnostics', { why });
  const out = resolve(file ?? basename(made));
  process.umask(0o077);
  await copyFile(made, out);
  const files = bundle.files.map(({ cut, ...one }) => ({ ...one, ...(cut === true ? { cut } : {}) }));
  return { ...bundle, files, file: out };
}

async function ofFiles(
  state: string,
  file: string | undefined,
  { site, why, log }: Options,
): Promise<DiagnosticsBundle> {
  process.stderr.write('no agent runs: what lies there\n');
  const { stoppedDiagnostics } = await import('../compose/diagnostics/stopped.ts');
  const stamp = new Date().toISOString().replace(/[:.]/g, '-');
  process.umask(0o077);
  return stoppedDiagnostics({
    file: site,
    loaded: await load(site),
    state,
    releases: releasesFolder(state),
    log,
    out: resolve(file ?? `diagnostics-${stamp}.tar.gz`),
    why,
    version: VERSION,
  });
}

function textOf({ file, bytes, files, left_out }: DiagnosticsBundle): string {
  const kb = (size: number) => `${Math.ceil(size / 1024)} KB`;
  const rows = files.map(({ name, what, bytes: size, cut }) => [
    `  ${name}`,
    kb(size),
    cut === true ? `${what}; the beginning is cut off` : what,
  ]);
  const out = left_out.map(({ what, why }) => [`  ${what}`, why]);
  return `${file}, ${kb(bytes)}\nIn it:\n${columns(rows)}Not in it:\n${columns(out)}`;
}
