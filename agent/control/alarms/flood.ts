/**
 * Alarm floods: more alarms than a person can take in. ISA-18.2-2016 §16.5 and EEMUA 191: a flood begins with more than
 * ten alarms in ten minutes and ends when the rate falls below half of it.
 */

import { ALARM_DEVICE, type AlarmDefinition, type FloodRule } from '../../core/alarm/alarm.ts';
import { FLOOD_ALARM, FLOOD_TITLE } from '../../core/alarm/points.ts';
import type { Mono } from '../../core/reading.ts';

export const FLOOD_DEFINITION: AlarmDefinition = {
  id: FLOOD_ALARM,
  title: FLOOD_TITLE,
  priority: 'high',
  device: ALARM_DEVICE,
  condition: { kind: 'any', of: [] },
  onDelay: 0,
  offDelay: 0,
  latching: false,
  causes: [],
  acknowledgedBy: 'anyone',
  shelving: 0,
  advice: {
    en: 'Look for one cause of many alarms: supply, line, weather. Less urgent ones are told together meanwhile.',
    zh: '查找共同原因：供电、总线、天气；其间次要告警合并上报。',
  },
  basis: 'ISA-18.2-2016 §16.5: more than 10 alarms in 10 minutes',
};

export class FloodWatch {
  readonly #rule: FloodRule;
  /** Mono ms of the newest raises, one more than a flood needs at most. */
  #raises: Mono[] = [];
  #flood = false;

  constructor(rule: FloodRule) {
    this.#rule = rule;
  }

  get flood(): boolean {
    return this.#flood;
  }

  raised(now: Mono): void {
    this.#raises.push(now);
    if (this.#raises.length > this.#rule.most + 1) this.#raises.shift();
    this.#judge(now);
  }

  /** Looks whether it is over. */
  judge(now: Mono): boolean {
    this.#judge(now);
    return this.#flood;
  }

  /** When it may be over, mono ms; undefined where there is none. */
  get due(): Mono | undefined {
    if (!this.#flood) return undefined;
    // Over once all but half of the limit are older than the window.
    const last = this.#raises.at(-(Math.floor(this.#rule.most / 2) + 1));
    return last === undefined ? undefined : last + this.#rule.within;
  }

  #judge(now: Mono): void {
    const { most, within } = this.#rule;
    const count = this.#raises.filter((at) => now - at < within).length;
    if (count > most) this.#flood = true;
    else if (count <= most / 2) this.#flood = false;
  }
}
