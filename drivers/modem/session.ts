/** One modem: asked for what its points name, each command at the shortest period of its points. */

import type { DriverContext, StreamSession } from '../../agent/core/driver.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { Mono, Reading } from '../../agent/core/reading.ts';
import { trusted, wallAt } from '../../agent/core/time/clock.ts';
import { Asker, notThere, repeat } from '../own-line.ts';
import { type Doubt, Teller, type Told } from '../teller.ts';
import { FIELDS } from './answers.ts';
import { type Command, commandsFor } from './commands.ts';
import { finalOf, LineScanner } from './lines.ts';
import { MonthCount } from './month.ts';
import { deviceSchema, optionsSchema, wireSchema } from './schema.ts';

const GREETING = 1_000;
const TRIES = 8;
/** A modem that searches for a network answers late; TS 27.007 gives no limit. */
const ANSWER = 5_000;
/** How often it is looked for questions that are due, ms. */
const TICK = 1_000;
/** Silence after an answer that did not come, so that a late one is not taken for the next. */
const SETTLE = 500;
/**
 * No echo; errors as numbers; operators by name; cells in the answer to CEREG. Formats of answers only: nothing that
 * changes how the modem is connected is ever sent.
 */
const FORMATS = ['AT+CMEE=1', 'AT+COPS=3,0', 'AT+CEREG=2'];

/** An answer: information lines and how it ended. */
interface Answered {
  readonly ok: boolean;
  readonly lines: readonly string[];
}

/** One command at a time; what the modem says by itself in between is dropped by the names of the lines. */
class Dialogue implements Disposable {
  readonly #asker: Asker<string>;
  #lines: string[] = [];
  #late = false;

  constructor(context: DriverContext, stream: Stream) {
    this.#asker = new Asker<string>(context, stream, new LineScanner(), (line) => {
      if (finalOf(line) === undefined && this.#lines.length < 64) this.#lines.push(line);
    });
  }

  /** Undefined where nothing came within `ms`. */
  async ask(command: string, ms: number, signal: AbortSignal): Promise<Answered | undefined> {
    if (this.#late) await this.#asker.ask(undefined, () => false, SETTLE, signal);
    this.#lines = [];
    this.#late = true;
    const bytes = new TextEncoder().encode(`${command}\r`);
    const last = await this.#asker.ask(bytes, (line) => finalOf(line) !== undefined, ms, signal);
    if (last === undefined) return undefined;
    this.#late = false;
    const lines = this.#lines.filter((line) => line !== command);
    return { ok: finalOf(last)?.ok === true, lines };
  }

  [Symbol.dispose](): void {
    this.#asker[Symbol.dispose]();
  }
}

/** Asks until the modem answers. Rejects with `timeout` or `link-lost`. */
export async function open(
  context: DriverContext,
  stream: Stream,
  emit: (readings: readonly Reading[]) => void,
  signal: AbortSignal,
): Promise<StreamSession> {
  signal.throwIfAborted();
  const { device } = context;
  const options = optionsSchema.parse(device.profile.options ?? {});
  const dialogue = new Dialogue(context, stream);
  try {
    let greeted = false;
    for (let i = 0; i < TRIES && !greeted; i++) {
      greeted = (await dialogue.ask('ATE0', GREETING, signal))?.ok === true;
    }
    if (!greeted) {
      const fix =
        'check the port (a USB modem has several; the one for AT is often the third) and that ModemManager leaves it alone';
      throw notThere(context, 'OK to ATE0', TRIES * GREETING, fix);
    }
    for (const format of FORMATS) await dialogue.ask(format, GREETING, signal);
  } catch (error) {
    dialogue[Symbol.dispose]();
    throw error;
  }
  const month = new MonthCount(deviceSchema.parse(device.options), context.memory);
  const fieldOf = (point: { readonly wire: unknown }) => wireSchema.parse(point.wire).field;
  const teller = new Teller(context, emit, { fieldOf, units: FIELDS });
  const plan = planOf(context, commandsFor(device.profile.points.map(fieldOf), options));
  const polling = repeat(
    context,
    TICK,
    async (stop) => {
      for (const turn of plan) {
        const { clock } = context;
        if (turn.due > clock.mono()) continue;
        const answer = await dialogue.ask(turn.command.text, ANSWER, stop);
        const time = clock.mono();
        turn.due = time + turn.period - TICK / 2;
        // A modem that does not answer is silent: the line says so when it lasts.
        if (answer === undefined) continue;
        teller.take(toldBy(turn.command, answer, month, wall(context, time)), time);
      }
    },
    (error) => {
      if (!(error instanceof AgentError)) throw error;
      context.log.warn('modem.ask', { error: error.message });
    },
  );
  return {
    write: async () => ({ kind: 'rejected', reason: 'a modem is only read' }),
    async [Symbol.asyncDispose]() {
      await polling[Symbol.asyncDispose]();
      month.close();
      dialogue[Symbol.dispose]();
    },
  };
}

interface Turn {
  readonly command: Command;
  /** ms */
  readonly period: number;
  due: Mono;
}

function planOf({ device }: DriverContext, commands: readonly Command[]): readonly Turn[] {
  return commands.map((command) => {
    const periods = device.profile.points
      .filter((point) => command.fields.includes(wireSchema.parse(point.wire).field))
      .map((point) => device.every ?? point.every ?? device.profile.every);
    return { command, period: Math.min(...periods), due: Number.NEGATIVE_INFINITY };
  });
}

/** Wall time where it can be trusted. */
function wall({ clock }: DriverContext, time: Mono): number | undefined {
  const { rank, time: at } = wallAt(clock.mapping(), time);
  return trusted(rank) ? at : undefined;
}

/** Only the fields this command is asked for; all null where it was refused. */
function toldBy(command: Command, answer: Answered, month: MonthCount, time: number | undefined): Told {
  const told = command.explain(answer.ok ? answer.lines : []);
  const value = (field: string) => (field === 'month' ? monthly(told, month, time) : (told[field] ?? null));
  return Object.fromEntries(command.fields.map((field) => [field, value(field)]));
}

function monthly(told: Told, month: MonthCount, time: number | undefined): number | Doubt | null {
  const { sent, received } = told;
  return typeof sent === 'number' && typeof received === 'number' ? month.take(sent + received, time) : null;
}
