/** The device that the alarms of a site are: what it tells as points, and what can be commanded there. */

import type { Point, Text } from '../point.ts';
import { ALARM_STATES, type AlarmState, type AlarmsConfig, type SosConfig } from './alarm.ts';

/** Id of the alarm that says that there is a flood of alarms. */
export const FLOOD_ALARM = 'alarm-flood';

export const FLOOD_TITLE: Text = { en: 'Alarm flood', zh: '告警风暴' };

/** Points that take a text: the id of an alarm, or an object as docs/alarms.md has it. */
export const ALARM_COMMANDS = ['acknowledge', 'reset', 'shelve', 'unshelve', 'test'] as const;
export type AlarmCommand = (typeof ALARM_COMMANDS)[number];

const STATE_TEXTS: Readonly<Record<AlarmState, Text>> = {
  normal: { en: 'normal', zh: '正常' },
  unacknowledged: { en: 'active, unacknowledged', zh: '告警，未确认' },
  acknowledged: { en: 'active, acknowledged', zh: '告警，已确认' },
  returned: { en: 'over, unacknowledged', zh: '已恢复，未确认' },
  latched: { en: 'over, to be reset', zh: '已恢复，待复位' },
  shelved: { en: 'shelved', zh: '已搁置' },
  suppressed: { en: 'explained by another', zh: '被抑制' },
  'out-of-service': { en: 'out of service', zh: '停用' },
};

const COMMAND_TEXTS: Readonly<Record<AlarmCommand, Text>> = {
  acknowledge: { en: 'Acknowledge an alarm', zh: '确认告警' },
  reset: { en: 'Reset an alarm', zh: '复位告警' },
  shelve: { en: 'Shelve an alarm', zh: '搁置告警' },
  unshelve: { en: 'End the shelving of an alarm', zh: '取消搁置' },
  test: { en: 'Test a help button', zh: '求助按钮自检' },
};

const COUNT_TEXTS = {
  standing: { en: 'Alarms that stand', zh: '当前告警数' },
  unacknowledged: { en: 'Alarms nobody has acknowledged', zh: '未确认告警数' },
  shelved: { en: 'Alarms that are shelved', zh: '已搁置告警数' },
  suppressed: { en: 'Alarms explained by others', zh: '被抑制告警数' },
} as const;

/** Points of a help button: a call stands, its last self-test was good, ms from the press to the read-back of its outputs. */
export function sosPoints(sos: string) {
  return { calling: `${sos}-calling`, tested: `${sos}-tested`, latency: `${sos}-latency` } as const;
}

/** All points of the device `alarms`, in a steady order. */
export function alarmPoints({ definitions, sos }: AlarmsConfig): readonly Point[] {
  const states = [...definitions, { id: FLOOD_ALARM, title: FLOOD_TITLE }];
  return [
    ...states.map(({ id, title }): Point => ({ ...STATE, id, title })),
    ...Object.entries(COUNT_TEXTS).map(
      ([id, title]): Point => ({
        id,
        title,
        type: 'number',
        unit: '1',
        decimals: 0,
        access: 'read',
        aggregation: 'last',
        lane: 'telemetry',
      }),
    ),
    ...sos.flatMap(buttonPoints),
    ...ALARM_COMMANDS.filter((command) => command !== 'test' || sos.length > 0).map(
      (id): Point => ({ ...COMMAND, id, title: COMMAND_TEXTS[id] }),
    ),
  ];
}

const STATE = {
  type: 'string',
  unit: '1',
  access: 'read',
  aggregation: 'state',
  // Not of lane alarm, which has the event: they ride in the commit of that.
  lane: 'event',
  states: Object.fromEntries(ALARM_STATES.map((state) => [state, STATE_TEXTS[state]])),
} as const;

const COMMAND = { type: 'string', unit: '1', access: 'write', aggregation: 'last', lane: 'event' } as const;

function buttonPoints({ id, title }: SosConfig): readonly Point[] {
  const { calling, tested, latency } = sosPoints(id);
  const named = (en: string, zh: string): Text => ({
    en: `${title.en}: ${en}`,
    zh: `${title.zh ?? title.en}：${zh}`,
  });
  const flag = { type: 'boolean', unit: '1', access: 'read', aggregation: 'state', lane: 'event' } as const;
  return [
    {
      ...flag,
      id: calling,
      title: named('call stands', '呼叫中'),
      states: { true: { en: 'calling', zh: '呼叫' }, false: { en: 'none', zh: '无' } },
    },
    {
      ...flag,
      id: tested,
      title: named('last self-test', '最近自检'),
      states: { true: { en: 'good', zh: '正常' }, false: { en: 'failed', zh: '失败' } },
    },
    {
      id: latency,
      title: named('press to beacon', '按下至声光响应'),
      type: 'number',
      unit: 'ms',
      decimals: 1,
      access: 'read',
      aggregation: 'last',
      lane: 'event',
    },
  ];
}

/** Class of the device. */
export const ALARM_CLASS = 'alarms';
