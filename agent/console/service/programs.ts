/** Runs programs of the system, found at run time in PATH, without a shell and with an end. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';

export interface Ran {
  readonly ok: boolean;
  readonly out: string;
  /** First line of what it complained of, or why it did not run. */
  readonly error: string;
  /** There is no such program in PATH. */
  readonly missing: boolean;
}

/** Longest run of a program, ms. */
const DEADLINE = 30_000;

export interface Programs {
  /** Never rejects. */
  run(name: string, args: readonly string[]): Promise<Ran>;
  /** One that stays. */
  start(name: string, args: readonly string[]): ChildProcess;
}

/** `path`: of the programs; default: the one of this process. */
export function systemPrograms(path = process.env.PATH ?? ''): Programs {
  const env = { PATH: path, LC_ALL: 'C' };
  return {
    start: (name, args) => spawn(name, args, { env, stdio: 'ignore' }),
    run: (name, args) =>
      new Promise((resolve) => {
        execFile(
          name,
          [...args],
          { env, timeout: DEADLINE, maxBuffer: 1024 * 1024 },
          (error, stdout, stderr) => {
            const missing = error !== null && 'code' in error && error.code === 'ENOENT';
            const said = stderr.trim().split('\n')[0] ?? '';
            resolve({
              ok: error === null,
              out: stdout,
              error:
                error === null
                  ? ''
                  : missing
                    ? `there is no program ${name}`
                    : said || error.message.slice(0, 200),
              missing,
            });
          },
        );
      }),
  };
}
