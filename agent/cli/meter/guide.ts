/** Walks somebody through an exchange: register by register, with what the agent has read as the proposal. */
import type { CounterFace, ExchangeDeclaration } from '../../core/sense.ts';
import { agrees, askNumber, type Dialogue } from '../acts/dialogue.ts';
import { timeText } from './text.ts';

export interface Known {
  readonly by: string;
  readonly at?: number;
  readonly note?: string;
}

/** Undefined where it was given up. `faces`: the counters of the device. */
export async function guideExchange(
  dialogue: Dialogue,
  device: string,
  faces: readonly CounterFace[],
  known: Known,
): Promise<ExchangeDeclaration | undefined> {
  const { ask } = dialogue;
  const registers: Record<string, { closing: number; opening: number }> = {};
  for (const { point, unit, last, jump, decimals = 3 } of faces) {
    const round = (value: number) => Number(value.toFixed(decimals));
    const before = jump === undefined ? last : { value: jump.before, at: jump.at };
    if (before === undefined) {
      const has = await agrees(dialogue, `${point} was never read. Does the meter have it?`);
      if (!has) continue;
    }
    const seen =
      before === undefined ? '' : ` (last read ${round(before.value)} ${unit} at ${timeText(before.at)})`;
    const closing = await askNumber(
      dialogue,
      `${point}: closing value of the old meter${seen}`,
      before === undefined ? undefined : round(before.value),
    );
    const after = jump === undefined ? '' : ` (read ${round(jump.after)} ${unit} since)`;
    const opening = await askNumber(
      dialogue,
      `${point}: opening value of the new meter${after}`,
      jump === undefined ? 0 : round(jump.after),
    );
    registers[point] = { closing, opening };
  }
  const oldSerial = await ask('Serial number of the old meter', '');
  const newSerial = await ask('Serial number of the new meter', '');
  const ct = await ratio(dialogue, 'CT ratio of the new meter, as 100/5 (Enter: as before)');
  const pt = await ratio(dialogue, 'PT ratio of the new meter, as 10000/100 (Enter: as before)');
  const by = await ask('Your name', known.by);
  const declaration: ExchangeDeclaration = {
    device,
    by,
    registers,
    ...(known.at === undefined ? {} : { at: known.at }),
    ...(known.note === undefined ? {} : { note: known.note }),
    ...(oldSerial === '' ? {} : { oldSerial }),
    ...(newSerial === '' ? {} : { newSerial }),
    ...(ct === undefined ? {} : { ct }),
    ...(pt === undefined ? {} : { pt }),
  };
  return (await agrees(dialogue, `Declare the exchange of ${device}?`)) ? declaration : undefined;
}

async function ratio(dialogue: Dialogue, question: string): Promise<number | undefined> {
  for (;;) {
    const answer = await dialogue.ask(question, '');
    if (answer === '') return undefined;
    const value = parseRatio(answer);
    if (value !== undefined) return value;
  }
}

/** `100/5` is 20, as is `20`. Undefined for what is no ratio. */
export function parseRatio(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:\s*[/:]\s*(\d+(?:\.\d+)?))?$/.exec(text.trim());
  if (match === null) return undefined;
  const value = Number(match[1]) / Number(match[2] ?? 1);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}
