/** A simulated SDS198: talks every second, one word of total dust. Layout: avaldebe/PyPMS tests/captured_data/SDS198. */
import type { LineAccess, Utterance } from '../lines/wire.ts';
import { novaFrame } from './nova-sds011.ts';
import { SerialTalker, steps, type TalkerParts } from './serial-talker.ts';

export class NovaSds198 extends SerialTalker {
  protected readonly period = 1000;

  constructor(parts: TalkerParts) {
    super('nova-sds198', parts);
  }

  protected tell(line: LineAccess): Utterance {
    const dust = steps(line, 'pm100', this.weather().pm10 * 1.4, 1, 20_000);
    const bytes = novaFrame(0xcf, [6, 1, dust % 256, Math.floor(dust / 256)]);
    return { bytes, served: this.served([{ point: 'pm100', value: dust, uom: 'ug/m3' }]) };
  }
}
