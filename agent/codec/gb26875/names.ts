/** Words for the numbers of GB/T 26875.3-2011. */

/** Bits of a system state, lowest first (figure 6). Bit 0 is 1 for normal operation, 0 for test; field frames leave it out. */
export const SYSTEM_STATE = [
  'normal',
  'fire',
  'fault',
  'shield',
  'supervise',
  'start',
  'feedback',
  'delay',
  'mainPowerFault',
  'backupPowerFault',
  'busFault',
  'manual',
  'configurationChanged',
  'reset',
] as const;
/** Bits of a part state (figure 7). */
export const PART_STATE = [
  'normal',
  'fire',
  'fault',
  'shield',
  'supervise',
  'start',
  'feedback',
  'delay',
  'powerFault',
] as const;
/** Bits of the state of a transmission device (figure 13). */
export const DEVICE_STATE = [
  'normal',
  'fire',
  'fault',
  'mainPowerFault',
  'backupPowerFault',
  'linkFault',
  'lineFault',
] as const;
const OPERATIONS = ['reset', 'mute', 'manualAlarm', 'alarmCleared', 'selfTest'] as const;
/** Bits of an operation at the fire system (figure 9) and at the transmission device (figure 14): bit 5 differs. */
export const SYSTEM_OPERATION = [...OPERATIONS, 'confirm', 'test'] as const;
export const DEVICE_OPERATION = [...OPERATIONS, 'dutyCheckAnswer', 'test'] as const;

/** Names of the bits that are set; a bit without a name is `bit9`. */
export function bitsOf(value: number, names: readonly string[]): string[] {
  const set: string[] = [];
  for (let bit = 0; bit < 16; bit++) if (((value >> bit) & 1) === 1) set.push(names[bit] ?? `bit${bit}`);
  return set;
}

/** Table 4, and the user's from 128 on. */
export const SYSTEMS: Readonly<Record<number, string>> = {
  0: '通用',
  1: '火灾报警系统',
  10: '消防联动控制器',
  11: '消火栓系统',
  12: '自动喷水灭火系统',
  13: '气体灭火系统',
  14: '水喷雾灭火系统(泵启动)',
  15: '水喷雾灭火系统(压力容器启动)',
  16: '泡沫灭火系统',
  17: '干粉灭火系统',
  18: '防烟排烟系统',
  19: '防火门及卷帘系统',
  20: '消防电梯',
  21: '消防应急广播',
  22: '消防应急照明和疏散指示系统',
  23: '消防电源',
  24: '消防电话',
};

/** Table 6: what is measured, its step, and its unit as UCUM code where there is one. */
export const ANALOGUES: Readonly<
  Record<number, { readonly name: string; readonly step: number; readonly unit: string }>
> = {
  1: { name: '事件计数', step: 1, unit: '1' },
  2: { name: '高度', step: 0.01, unit: 'm' },
  3: { name: '温度', step: 0.1, unit: 'Cel' },
  4: { name: '压力', step: 0.1, unit: 'MPa' },
  5: { name: '压力', step: 0.1, unit: 'kPa' },
  6: { name: '气体浓度', step: 0.1, unit: '%' },
  7: { name: '时间', step: 1, unit: 's' },
  8: { name: '电压', step: 0.1, unit: 'V' },
  9: { name: '电流', step: 0.1, unit: 'A' },
  10: { name: '流量', step: 0.1, unit: 'L/s' },
  11: { name: '风量', step: 0.1, unit: 'm3/min' },
  12: { name: '风速', step: 1, unit: 'm/s' },
};
