/** Runs a program of this machine and says what it said where it fails. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Standard output of the program. Rejects with its last words. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, { maxBuffer: 64 << 20, ...options });
    return stdout;
  } catch (cause) {
    const { code, stderr = '' } = cause as { code?: unknown; stderr?: string };
    const why =
      code === 'ENOENT' ? 'this machine does not have it' : stderr.trim().split('\n').slice(-5).join('\n');
    throw new Error(`${program} ${args[0] ?? ''} failed: ${why}`, { cause });
  }
}
