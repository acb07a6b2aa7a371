/** `kerbside waves` in this process: what it says to people, and its end. */
import { join } from 'node:path';
import { Command } from 'commander';
import { register } from '../../agent/cli/waves.ts';

/** Arguments of a roll-out in a test: its state lies in `home`. */
export function wavesCommand(
  { home, broker, id }: { readonly home: string; readonly broker: string; readonly id: string },
  more: readonly string[],
): readonly string[] {
  return ['waves', '--broker', broker, '--id', id, '--state', join(home, `${id}.json`), '--json', ...more];
}

export interface WavesEnd {
  /** Lines for people. */
  readonly said: readonly string[];
  /** The answer in JSON; empty where there was none. */
  readonly end: Readonly<Record<string, unknown>>;
  /** What it failed with. */
  readonly error?: string;
}

export async function wavesOf(args: readonly string[]): Promise<WavesEnd> {
  const said: string[] = [];
  const out: string[] = [];
  const { write } = process.stderr;
  const { write: print } = process.stdout;
  process.stderr.write = ((text: string) => said.push(...text.trim().split('\n')) > 0) as typeof write;
  process.stdout.write = ((text: string) => out.push(text) > 0) as typeof print;
  let error: string | undefined;
  try {
    const program = new Command().exitOverride();
    register(program);
    await program.parseAsync([...args], { from: 'user' });
  } catch (thrown) {
    error = (thrown as Error).message;
  } finally {
    process.stderr.write = write;
    process.stdout.write = print;
    process.exitCode = 0;
  }
  return { said, end: JSON.parse(out.join('') || '{}'), ...(error === undefined ? {} : { error }) };
}
