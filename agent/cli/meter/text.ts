/** Marks of meters as lines for people. */
import type { Correction, CounterBreak, MeterExchange } from '../../core/mark.ts';

export function timeText(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

export function exchangeText({ device, at, by, registers, found, state, ct, pt }: MeterExchange): string {
  const lines = Object.entries(registers).map(([point, { closing, opening }]) => {
    const where = found.includes(point) ? 'seen in the readings' : 'waits for the new meter’s first reading';
    return `  ${point}: closed at ${closing}, opened at ${opening}; ${where}\n`;
  });
  const ratios = [ct === undefined ? '' : `, CT ${ct}`, pt === undefined ? '' : `, PT ${pt}`].join('');
  return `exchange of ${device} at ${timeText(at)} by ${by}${ratios}: ${state}\n${lines.join('')}`;
}

export function breakText({ device, point, unit, before, after, at, kind, state }: CounterBreak): string {
  return `${device} ${point} went from ${before} to ${after} ${unit} at ${timeText(at)}: ${kind}, ${state}\n`;
}

export function taskText(task: CounterBreak | MeterExchange): string {
  return task.mark === 'break' ? breakText(task) : exchangeText(task);
}

export function correctionText({
  device,
  point,
  slope,
  offset,
  ct,
  pt,
  since,
  by,
  note,
}: Correction): string {
  const what = point === undefined ? `CT ${ct}, PT ${pt}` : `value = raw × ${slope} + ${offset}`;
  return `${device}${point === undefined ? '' : ` ${point}`}: ${what} since ${timeText(since)} by ${by}${note === undefined ? '' : ` (${note})`}\n`;
}
