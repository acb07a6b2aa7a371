/**
 * Whether the native libraries run on this machine. Each is tried in a process of its own: one that is compiled for another
 * processor ends the process without a word.
 */
import { execFile } from 'node:child_process';
import { type Finding, fault, fine, warning } from './finding.ts';

interface Library {
  readonly name: string;
  readonly does: string;
  /** A statement that makes its native code work, and prints the version. */
  readonly trial: string;
  readonly needed: boolean;
}

const LIBRARIES: readonly Library[] = [
  {
    name: 'better-sqlite3',
    does: 'the log',
    trial:
      "const {default: D} = await import('better-sqlite3'); process.stdout.write(new D(':memory:').prepare('select sqlite_version()').pluck().get())",
    needed: true,
  },
  {
    name: 'serialport',
    does: 'serial lines',
    trial:
      "const {SerialPort} = await import('serialport'); await SerialPort.list().catch(() => []); process.stdout.write('loaded')",
    needed: true,
  },
  {
    name: 'sharp',
    does: 'pictures of cameras',
    trial:
      "const {default: s} = await import('sharp'); await s({create: {width: 8, height: 8, channels: 3, background: 'red'}}).jpeg().toBuffer(); process.stdout.write(s.versions.vips)",
    needed: false,
  },
  {
    name: 'onnxruntime-node',
    does: 'counting on pictures',
    trial:
      "const o = await import('onnxruntime-node'); process.stdout.write(String(o.env?.versions?.node ?? 'loaded'))",
    needed: false,
  },
];
/** A slow card needs seconds to load a library for the first time, ms. */
const PATIENCE = 120_000;

export function libraries(): Promise<readonly Finding[]> {
  return Promise.all(LIBRARIES.map(tried));
}

async function tried({ name, does, trial, needed }: Library): Promise<Finding> {
  const about = `library ${name}`;
  const { error, signal, version } = await started(trial);
  if (!error) return fine(about, `runs (${version}): ${does}`);
  const how = signal === null ? 'cannot be loaded' : `ends the process (${signal})`;
  const says = `${how} on ${process.arch}, so ${does} cannot work`;
  const fix =
    'install the package of this architecture again; on an emulator or an old processor leave it out';
  return needed ? fault(about, says, fix) : warning(about, `${says}; everything else does`, fix);
}

function started(
  trial: string,
): Promise<{ readonly error: boolean; readonly signal: string | null; readonly version: string }> {
  const cwd = new URL('../../..', import.meta.url);
  return new Promise((resolve) => {
    execFile(
      // As this process was started, not its file: under an emulator that is the emulator.
      process.argv0,
      ['--input-type=module', '--eval', trial],
      { cwd, timeout: PATIENCE, env: { ...process.env, NODE_OPTIONS: '', ORT_DISABLE_TELEMETRY: '1' } },
      (error, stdout) => {
        // A shell or an emulator in between hands a signal on as 128 and its number.
        const code = Number(error?.code ?? 0);
        const signal = error?.signal ?? (code > 128 ? `signal ${code - 128}` : null);
        resolve({ error: error !== null, signal, version: stdout.trim() });
      },
    );
  });
}
