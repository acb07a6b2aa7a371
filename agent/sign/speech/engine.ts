/**
 * Speech engines: programs that may be on a machine, found when the sign starts. None is needed; without one announcements
 * are texts. Texts go in by standard input, never as an argument, and no shell is between.
 */
import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { AgentError } from '../../core/errors.ts';
import type { SignLanguage } from '../../core/sign/sign.ts';

export const ENGINE_NAMES = ['piper', 'espeak-ng', 'spd-say'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

export interface Utterance {
  readonly text: string;
  readonly language: SignLanguage;
  /** % */
  readonly volume: number;
}

export interface SpeechEngine {
  readonly name: EngineName;
  /** Languages it can speak. */
  readonly languages: readonly SignLanguage[];
  /** Resolves when it has been said. Rejects with `source-failed` where the program fails or takes too long. */
  say(utterance: Utterance, signal: AbortSignal): Promise<void>;
}

export interface FindEngineOptions {
  /** Voice files of piper by language: `.onnx` with its `.json` beside it. */
  readonly voices: Readonly<Partial<Record<SignLanguage, string>>>;
  /** Folders that programs are looked for in, as PATH has them. */
  readonly path: string;
}

/** A sentence of the sign takes no longer than this, ms. */
const LONGEST = 40_000;
/** Of what a program complains about, bytes are kept. */
const MOST_SAID = 2_000;
const ESPEAK: Readonly<Record<SignLanguage, string>> = { 'zh-CN': 'cmn', en: 'en' };
const SPD: Readonly<Record<SignLanguage, string>> = { 'zh-CN': 'zh', en: 'en' };

interface Step {
  readonly program: string;
  readonly args: readonly string[];
}

/** The best engine there is; undefined where there is none. piper needs a voice file and `aplay`. */
export async function findEngine({ voices, path }: FindEngineOptions): Promise<SpeechEngine | undefined> {
  const find = async (name: string): Promise<string | undefined> => {
    for (const folder of path.split(delimiter)) {
      if (folder === '') continue;
      const file = join(folder, name);
      if (
        await access(file, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return file;
    }
    return undefined;
  };
  const [piper, player, espeak, spd] = await Promise.all(
    ['piper', 'aplay', 'espeak-ng', 'spd-say'].map(find),
  );
  const spoken = Object.keys(voices) as readonly SignLanguage[];
  if (piper !== undefined && player !== undefined && spoken.length > 0) {
    return engine('piper', spoken, ({ language }) => [
      { program: piper, args: ['--model', voices[language] ?? '', '--output-raw'] },
      { program: player, args: ['-q', '-r', '22050', '-f', 'S16_LE', '-t', 'raw', '-'] },
    ]);
  }
  if (espeak !== undefined) {
    return engine('espeak-ng', ['zh-CN', 'en'], ({ language, volume }) => [
      // Amplitude 100 is its normal, 200 the most.
      {
        program: espeak,
        args: ['-v', ESPEAK[language], '-a', String(Math.round(volume)), '-s', '160', '--stdin'],
      },
    ]);
  }
  if (spd !== undefined) {
    return engine('spd-say', ['zh-CN', 'en'], ({ language, volume }) => [
      // -100…100, of which 0 is normal; -e speaks what comes in and passes it on.
      { program: spd, args: ['-l', SPD[language], '-i', String(Math.round(volume - 100)), '-w', '-e'] },
    ]);
  }
  return undefined;
}

function engine(
  name: EngineName,
  languages: readonly SignLanguage[],
  steps: (utterance: Utterance) => readonly Step[],
): SpeechEngine {
  return { name, languages, say: (utterance, signal) => run(name, steps(utterance), utterance.text, signal) };
}

/** Runs programs one into the other, the text into the first. */
async function run(name: string, steps: readonly Step[], text: string, signal: AbortSignal): Promise<void> {
  const abort = AbortSignal.any([signal, AbortSignal.timeout(LONGEST)]);
  abort.throwIfAborted();
  const children = steps.map(({ program, args }) =>
    spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], signal: abort, killSignal: 'SIGKILL' }),
  );
  let complaint = '';
  const ended = children.map(
    (child) =>
      new Promise<void>((resolve, reject) => {
        child.on('error', reject);
        child.stdin.on('error', () => {});
        child.stderr.on('data', (bytes: Buffer) => {
          if (complaint.length < MOST_SAID) complaint += bytes.toString('utf8').slice(0, MOST_SAID);
        });
        child.on('close', (code, killed) => {
          if (code === 0) resolve();
          else reject(new Error(killed === null ? `it ends with ${code}` : `it was ended by ${killed}`));
        });
      }),
  );
  children.forEach((child, i) => {
    const next = children[i + 1];
    if (next === undefined) child.stdout.resume();
    else child.stdout.on('error', () => {}).pipe(next.stdin);
  });
  children[0]?.stdin.end(`${text}\n`);
  try {
    await Promise.all(ended);
  } catch (cause) {
    for (const child of children) child.kill('SIGKILL');
    await Promise.allSettled(ended);
    if (signal.aborted) throw signal.reason;
    const why =
      cause instanceof Error && cause.name !== 'AbortError'
        ? cause.message
        : `nothing for ${LONGEST / 1000} s`;
    const said = complaint.trim().split('\n')[0]?.slice(0, 200) ?? '';
    throw new AgentError(
      'source-failed',
      `speaking with ${name} failed: ${why}${said === '' ? '' : ` (${said})`}`,
      {
        cause,
        fix: `Try "${name}" by hand as the agent's user; it has to reach the sound card (group audio).`,
      },
    );
  }
}
