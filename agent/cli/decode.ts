/** `kerbside decode`: a frame explained field by field, one by one or as JSON lines. */
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { fromHex } from '../core/bytes.ts';
import type { Decoded, Direction, Hints } from '../core/decode.ts';
import { decode } from './decoders.ts';
import { EXIT } from './exit.ts';

export function register(program: Command): void {
  program
    .command('decode')
    .description('explain a frame field by field')
    .argument('[protocol]', 'modbus-rtu, modbus-tcp, plantower, hj212, sparkplug-b …')
    .argument('[frame...]', 'the frame as hex, or as it is for protocols of text')
    .option(
      '--jsonl',
      'take lines {"id","protocol","hex"|"text","dir"?,"standard"?,"date"?,"topic"?} on standard input, answer one line each',
    )
    .option('--dir <direction>', 'up: from the device, down: to it; absent: the frame decides')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nExit code 0: the frame stands its checks. 1: it does not. With --jsonl always 0.',
    )
    .action(
      async (protocol: string | undefined, frame: readonly string[], options: Options, command: Command) => {
        if (options.jsonl === true) return lines(process.stdin, process.stdout);
        if (protocol === undefined || frame.length === 0) {
          command.error('error: give a protocol and a frame, or --jsonl', { exitCode: EXIT.usage });
        }
        const decoded = decode(protocol, frame.join(' '), direction(options.dir));
        process.stdout.write(options.json === true ? `${JSON.stringify(decoded)}\n` : text(decoded));
        process.exitCode = decoded.ok ? EXIT.ok : EXIT.no;
      },
    );
}

interface Options {
  readonly jsonl?: true;
  readonly json?: true;
  readonly dir?: string;
}

function text(decoded: Decoded): string {
  return stringify({ ...decoded }, undefined, { lineWidth: 0 });
}

function direction(dir: unknown): Direction | undefined {
  return dir === 'up' || dir === 'down' ? dir : undefined;
}

function hintsOf({ standard, date, topic }: Readonly<Record<string, unknown>>, id: unknown): Hints {
  return {
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof standard === 'string' ? { standard } : {}),
    ...(typeof date === 'string' ? { date } : {}),
    ...(typeof topic === 'string' ? { topic } : {}),
  };
}

/** Answers every line that is not empty with one line, in order; a line that is no request is answered too. */
async function lines(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Promise<void> {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue;
    const { id, decoded } = answer(line);
    output.write(`${JSON.stringify({ id, ...decoded })}\n`);
  }
}

function answer(line: string): { readonly id: unknown; readonly decoded: Decoded } {
  const wrong = (error: string, id: unknown = null) => ({ id, decoded: { ok: false as const, error } });
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch (error) {
    return wrong(`not a JSON line: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof request !== 'object' || request === null)
    return wrong('expected an object with protocol and hex or text');
  const { id = null, protocol, hex, text, dir, ...rest } = request as Readonly<Record<string, unknown>>;
  if (typeof protocol !== 'string') return wrong('expected a protocol', id);
  const hints = hintsOf(rest, id);
  if (typeof hex === 'string') {
    const bytes = fromHex(hex);
    if (bytes === undefined) return wrong('hex has a digit too few, or something that is no hex digit', id);
    return { id, decoded: decode(protocol, bytes, direction(dir), hints) };
  }
  if (typeof text !== 'string') return wrong('expected hex or text', id);
  return { id, decoded: decode(protocol, text, direction(dir), hints) };
}
