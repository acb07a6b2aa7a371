/** Which commands are asked for the fields of a profile, by the dialect of the model. */
import {
  ceer,
  cereg,
  cesq,
  cgsn,
  cops,
  cpin,
  cpsi,
  csq,
  dsflowqry,
  type Explain,
  type Field,
  hcsq,
  iccid,
  qcsq,
  qeng,
  qgdcnt,
} from './answers.ts';
import type { Options } from './schema.ts';

export interface Command {
  readonly text: string;
  readonly fields: readonly Field[];
  readonly explain: Explain;
}

const ICCID = { ccid: 'AT+CCID', qccid: 'AT+QCCID', ciccid: 'AT+CICCID', huawei: 'AT^ICCID?' } as const;

function signal({ signal: kind, sinr }: Options): Command {
  const all = ['rsrp', 'rsrq', 'sinr', 'rssi'] as const;
  switch (kind) {
    case 'qeng':
      return { text: 'AT+QENG="servingcell"', fields: [...all, 'cell', 'tac'], explain: qeng(sinr) };
    case 'qcsq':
      return { text: 'AT+QCSQ', fields: all, explain: qcsq(sinr) };
    case 'cpsi':
      return { text: 'AT+CPSI?', fields: [...all, 'cell', 'tac'], explain: cpsi };
    case 'hcsq':
      return { text: 'AT^HCSQ?', fields: all, explain: hcsq };
    default:
      return { text: 'AT+CESQ', fields: ['rsrp', 'rsrq', 'sinr'], explain: cesq };
  }
}

/** Questions that change nothing, in the order in which the first to tell a field has it. */
function questions(options: Options): readonly Command[] {
  const traffic: readonly Field[] = ['sent', 'received', 'month'];
  return [
    { text: 'AT+COPS?', fields: ['operator', 'technology'], explain: cops },
    signal(options),
    { text: 'AT+CEREG?', fields: ['registration', 'tac', 'cell'], explain: cereg },
    { text: 'AT+CSQ', fields: ['rssi'], explain: csq },
    { text: ICCID[options.iccid], fields: ['iccid'], explain: iccid },
    { text: 'AT+CGSN', fields: ['imei'], explain: cgsn },
    { text: 'AT+CPIN?', fields: ['sim'], explain: cpin },
    { text: 'AT+CEER', fields: ['drop'], explain: ceer },
    ...(options.traffic === 'qgdcnt' ? [{ text: 'AT+QGDCNT?', fields: traffic, explain: qgdcnt }] : []),
    ...(options.traffic === 'dsflowqry'
      ? [{ text: 'AT^DSFLOWQRY', fields: traffic, explain: dsflowqry }]
      : []),
  ];
}

/** Commands that tell `wanted`, each with the fields that it is the first to tell. */
export function commandsFor(wanted: readonly Field[], options: Options): readonly Command[] {
  const told = new Set<Field>();
  return questions(options).flatMap((command) => {
    const fields = command.fields.filter((field) => wanted.includes(field) && !told.has(field));
    for (const field of fields) told.add(field);
    return fields.length === 0 ? [] : [{ ...command, fields }];
  });
}

/** Fields that a dialect can tell. */
export function fieldsOf(options: Options): readonly Field[] {
  return [...new Set(questions(options).flatMap(({ fields }) => fields))];
}
