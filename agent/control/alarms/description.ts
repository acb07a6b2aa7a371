/** The alarms of a site as a device of it. */
import { ALARM_DEVICE, type AlarmsConfig } from '../../core/alarm/alarm.ts';
import { ALARM_CLASS, alarmPoints } from '../../core/alarm/points.ts';
import type { Description } from '../../core/site.ts';

export function alarmDescription(config: AlarmsConfig): Description {
  return {
    device: ALARM_DEVICE,
    title: { en: 'Alarms', zh: '告警' },
    class: ALARM_CLASS,
    brand: 'any',
    model: 'alarms',
    points: alarmPoints(config),
  };
}
