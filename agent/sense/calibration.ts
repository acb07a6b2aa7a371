/** Slope and offset from what a reference showed and what the device said. Pure. */
import { AgentError } from '../core/errors.ts';

export interface CalibrationPoint {
  readonly reference: number;
  readonly raw: number;
}

/** Beyond this a sensor is broken rather than off. */
const MOST_SLOPE = 2;

/**
 * Two points give slope and offset; one gives the offset (`zero`) or, where it is not 0, the slope (`span`). Throws
 * `AgentError` `config-invalid` where the numbers make no calibration.
 */
export function calibrated(
  zero: CalibrationPoint | undefined,
  span: CalibrationPoint | undefined,
  force = false,
): { readonly slope: number; readonly offset: number } {
  const refuse = (why: string, fix: string) =>
    new AgentError('config-invalid', `calibration refused: ${why}`, { fix });
  const found = lineThrough(zero, span, refuse);
  const { slope, offset } = found;
  if (!Number.isFinite(slope) || !Number.isFinite(offset) || slope === 0)
    throw refuse('the two references gave the same reading', 'apply two different references');
  if (!force && (slope < 1 / MOST_SLOPE || slope > MOST_SLOPE))
    throw refuse(
      `the slope would be ${Number(slope.toPrecision(4))}`,
      'look at the sensor and the references; --force takes it',
    );
  return { slope: tidy(slope), offset: tidy(offset) };
}

function lineThrough(
  zero: CalibrationPoint | undefined,
  span: CalibrationPoint | undefined,
  refuse: (why: string, fix: string) => AgentError,
): { slope: number; offset: number } {
  if (zero !== undefined && span !== undefined) {
    const slope = (span.reference - zero.reference) / (span.raw - zero.raw);
    return { slope, offset: zero.reference - slope * zero.raw };
  }
  if (zero !== undefined) return { slope: 1, offset: zero.reference - zero.raw };
  if (span !== undefined) return { slope: span.reference / span.raw, offset: 0 };
  throw refuse('neither zero nor span was measured', 'give one of them');
}

function tidy(value: number): number {
  return Number(value.toPrecision(9));
}
