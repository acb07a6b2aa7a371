/** The walk of a calibration: reference by reference, with what the device says to each. */
import { type CalibrationPoint, calibrated } from '../../sense/calibration.ts';
import { agrees, askNumber, type Dialogue } from '../acts/dialogue.ts';

/** The next reading of the device, uncorrected. */
export type Measure = () => Promise<number>;

export interface Walked {
  readonly slope: number;
  readonly offset: number;
  readonly points: readonly CalibrationPoint[];
}

export interface Walk {
  readonly samples: number;
  readonly force?: true;
  /** What was measured already; then nobody is asked. */
  readonly given?: {
    readonly zero: CalibrationPoint | undefined;
    readonly span: CalibrationPoint | undefined;
  };
  readonly dialogue?: Dialogue;
  readonly measure?: Measure;
}

/** Undefined where it was given up. Throws `AgentError` `config-invalid` for numbers that make no calibration. */
export async function walk({ samples, force, given, dialogue, measure }: Walk): Promise<Walked | undefined> {
  let zero = given?.zero;
  let span = given?.span;
  if (dialogue !== undefined && measure !== undefined) {
    zero = await one(dialogue, measure, samples, 'zero', 0);
    span = await one(dialogue, measure, samples, 'span', undefined);
  }
  const { slope, offset } = calibrated(zero, span, force === true);
  const points = [zero, span].filter((point) => point !== undefined);
  const text = `value = raw × ${slope} ${offset < 0 ? '−' : '+'} ${Math.abs(offset)}`;
  if (dialogue !== undefined && !(await agrees(dialogue, `${text}. Write it?`))) return undefined;
  return { slope, offset, points };
}

async function one(
  dialogue: Dialogue,
  measure: Measure,
  samples: number,
  name: string,
  usual: number | undefined,
): Promise<CalibrationPoint | undefined> {
  const ready = await dialogue.ask(
    `Apply the ${name} reference, wait until it is steady, press Enter (s: skip)`,
    '',
  );
  if (ready.toLowerCase() === 's') return undefined;
  const reference = await askNumber(dialogue, `Value of the ${name} reference`, usual);
  for (;;) {
    const values: number[] = [];
    while (values.length < samples) values.push(await measure());
    const raw = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = Math.max(...values) - Math.min(...values);
    const text = `${samples} readings: ${Number(raw.toPrecision(9))} on average, ${Number(spread.toPrecision(4))} between them`;
    const again = await dialogue.ask(`${text}. Enter takes it, r measures again`, '');
    if (again.toLowerCase() !== 'r') return { reference, raw: Number(raw.toPrecision(9)) };
  }
}
