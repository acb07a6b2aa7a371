/** A simulated A02YYUW over water: a distance every 0.3 s. DFRobot SEN0311 wiki. */
import type { LineAccess, Utterance } from '../lines/wire.ts';
import { SerialTalker, steps, type TalkerParts, waterLevel } from './serial-talker.ts';

/** Height of the sensor above the bottom of the gully, mm. */
export const MOUNTED_AT = 3000;

export class DfrobotA02yyuw extends SerialTalker {
  protected readonly period = 300;

  constructor(parts: TalkerParts) {
    super('dfrobot-a02yyuw', parts);
  }

  protected tell(line: LineAccess): Utterance {
    const distance = steps(line, 'distance', MOUNTED_AT - waterLevel(this.weather()), 1, 7500);
    const [high, low] = [Math.floor(distance / 256), distance % 256];
    const served = this.served([
      { point: 'distance', value: distance, uom: 'mm' },
      { point: 'level', value: MOUNTED_AT - distance, uom: 'mm' },
    ]);
    return { bytes: Uint8Array.of(0xff, high, low, (0xff + high + low) % 256), served };
  }
}
