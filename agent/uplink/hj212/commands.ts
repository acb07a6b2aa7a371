/** Command codes CN (2017 Table 8/9; 2025 Table 12 as far as known) with what they do. */

const COMMANDS: Readonly<Record<string, string>> = {
  '1000': 'set time-out and resends',
  '1001': 'hardware numbers',
  '1002': 'set MN',
  '1011': 'clock: ask or tell',
  '1012': 'set clock',
  '1013': 'ask for the time',
  '1014': 'key: ask for or set',
  '1061': 'interval of real-time data: ask or tell',
  '1062': 'set interval of real-time data',
  '1063': 'interval of minute data: ask or tell',
  '1064': 'set interval of minute data',
  '1072': 'set password',
  '2011': 'real-time data',
  '2012': 'stop real-time data',
  '2013': 'raw monitoring data',
  '2021': 'running state of devices',
  '2022': 'stop running state of devices',
  '2031': 'day data',
  '2041': 'running time of devices of a day',
  '2051': 'minute data',
  '2052': 'single noise measurement',
  '2061': 'hour data',
  '2062': 'automatic standard check',
  '2081': 'start of the logger',
  '2111': 'furnace temperature',
  '3011': 'zero and span calibration',
  '3012': 'sample and analyse now',
  '3013': 'start cleaning or back-flush',
  '3014': 'compare sampling',
  '3015': 'retain a sample above the limit',
  '3016': 'set sampling period',
  '3017': 'sampling period: ask or tell',
  '3018': 'time of a sample: ask or tell',
  '3019': 'serial number of a device: ask or tell',
  '3020': 'state or log of a device: ask or tell',
  '3021': 'set parameter of a device',
  '3022': 'retain a sample now',
  '3024': 'start standard check',
  '9011': 'answer to a request',
  '9012': 'result of a request',
  '9013': 'answer to a notice',
  '9014': 'answer to data',
  '9015': 'heart-beat',
};

/** What a command does; undefined for a code nobody knows. */
export function commandName(cn: string | undefined): string | undefined {
  return cn === undefined ? undefined : COMMANDS[cn];
}

/** Answers to a request, QnRtn (2017 Table 6). */
export const QN_RTN = {
  ready: 1,
  refused: 2,
  password: 3,
  mn: 4,
  st: 5,
  flag: 6,
  qn: 7,
  cn: 8,
  crc: 9,
  unknown: 100,
} as const;
export type QnRtn = keyof typeof QN_RTN;

/** Results of a request, ExeRtn (2017 Table 7). */
export const EXE_RTN = {
  done: 1,
  failed: 2,
  condition: 3,
  timeout: 4,
  busy: 5,
  fault: 6,
  'no-data': 100,
} as const;
export type ExeRtn = keyof typeof EXE_RTN;
