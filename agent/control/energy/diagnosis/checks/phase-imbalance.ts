/** A load that hangs on one phase: it heats neutral and transformer, and one fuse goes before the others. */
import { type Check, MONTH, rounded } from '../check.ts';
import { mean, median } from '../robust.ts';
import { phaseFigures } from './phase-figures.ts';

const DAYS = 3;
/** (highest − mean) ÷ mean of the currents of a day. */
const MOST = 0.3;
/** Resistive loss of a feeder at even load, share of what flows through: what unevenness adds is reckoned with it. */
const FEEDER_LOSS = 0.02;

function imbalance(day: Parameters<typeof phaseFigures>[0]): number {
  const figures = phaseFigures(day);
  if (figures === undefined) return Number.NaN;
  const amps = figures.map((one) => one.amps);
  const centre = mean(amps);
  // A phase that shows nothing, or no voltage, is a question of its wiring.
  if (centre < 1 || Math.min(...amps) < 0.05 * centre || figures.some(({ volts }) => volts < 150))
    return Number.NaN;
  return (Math.max(...amps) - centre) / centre;
}

export const phaseImbalance: Check = {
  name: 'phase-imbalance',
  severity: 'warning',
  doubts: false,
  explainedBy: 'any',
  closesAfter: 2,
  judge(look) {
    const now = look.last(DAYS).map((day) => imbalance(day.phases));
    if (now.length < DAYS || !Number.isFinite(imbalance(look.today.phases))) return undefined;
    const before = look
      .usual(28, DAYS)
      .map((day) => imbalance(day.phases))
      .filter(Number.isFinite);
    const usual = before.length < 10 ? 0 : median(before);
    if (!now.every((value) => !(value <= Math.max(MOST, usual + 0.1)))) return 'fine';
    const uneven = median(now);
    const amps = (phaseFigures(look.today.phases) ?? []).map((one) => one.amps);
    const centre = mean(amps);
    // Three phases at the same current lose 3 I²; these lose Σ I², and the neutral carries what does not cancel.
    const [a = 0, b = 0, c = 0] = amps;
    const neutral = a * a + b * b + c * c - a * b - b * c - a * c;
    const more = (a * a + b * b + c * c + neutral) / (3 * centre * centre) - 1;
    return {
      since: look.last(DAYS)[0]?.date ?? look.today.date,
      stake: FEEDER_LOSS * more * Math.abs(look.today.total ?? 0) * MONTH,
      evidence: {
        imbalance_percent: rounded(uneven * 100),
        l1_a: rounded(a),
        l2_a: rounded(b),
        l3_a: rounded(c),
      },
    };
  },
};
