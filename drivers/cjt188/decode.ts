/** Explains frames of CJ/T 188, one or several in the bytes, with whatever stands around them. */
import { fromHex, hex } from '../../agent/core/bytes.ts';
import { type DecodedReading, type Decoder, type Fields, refused } from '../decode.ts';
import { decodeFrames, type Explained } from '../meter-decode.ts';
import { addressBytes, hex2 } from '../meter-frame.ts';
import {
  type Amount,
  type AmountName,
  amountAt,
  amountValue,
  batteryLow,
  type Contents,
  clockDigits,
  clockOf,
  contentsOf,
  DECIMALS,
  valveOf,
} from './contents.ts';
import { ABNORMAL, FROM_METER, type Frame, frameAt } from './frame.ts';
import { typeName } from './units.ts';

/** CJ/T 188-2004 Table 3, and what makers use beside it. */
const FUNCTIONS: Readonly<Record<number, string>> = {
  1: 'read data',
  3: 'read address',
  4: 'write data',
  9: 'read key version',
  21: 'write address',
  22: 'write synchronisation base',
  42: 'valve control (vendor)',
};
const REPLIES: Readonly<Record<number, string>> = { 42: 'valve reply (vendor)' };

export const decoder: Decoder = {
  protocols: ['cjt188'],
  decode(_protocol, input) {
    const bytes = typeof input === 'string' ? fromHex(input) : input;
    if (bytes === undefined) return refused('not hex');
    return decodeFrames(bytes, frameAt, explained);
  },
};

function explained({ type, address, control, data }: Frame): Explained {
  const head: Fields = {
    type: hex2(type),
    type_name: typeName(type),
    address_wire: hex(addressBytes(address)),
    address,
    control: hex2(control),
    function: functionName(control),
    L: data.length,
  };
  if (data.length < 3)
    return { fields: { ...head, ...(data.length === 0 ? {} : { payload: hex(data) }) }, readings: [] };
  const wire = hex(data.subarray(0, 2));
  const fields = { ...head, di_wire: wire, di_order: orderText(wire), ser: data[2] };
  const payload = data.subarray(3);
  if (payload.length === 0) return { fields, readings: [] };
  const reply = (control & FROM_METER) !== 0 && (control & ABNORMAL) === 0;
  const told = reply && (wire === '90 1F' || wire === '1F 90') ? contentsOf(payload) : undefined;
  if (told !== undefined) {
    const inside = told.layout === 'heat' ? heatFields(told) : totalFields(told);
    return { fields: { ...fields, ...inside.fields }, readings: inside.readings };
  }
  const month = reply ? monthOf(wire, payload) : undefined;
  return {
    fields: { ...fields, payload: hex(payload), ...month?.fields },
    readings: month?.readings ?? [],
  };
}

function functionName(control: number): string {
  const code = control & 0x3f;
  const name = FUNCTIONS[code];
  if ((control & FROM_METER) === 0 || name === undefined) return name ?? 'unknown';
  return (control & ABNORMAL) !== 0 ? `${name} error` : (REPLIES[code] ?? `${name} reply`);
}

function orderText(wire: string): string {
  if (wire === '1F 90') return 'low byte first (1F 90)';
  return wire === '90 1F' ? 'high byte first (90 1F)' : 'see note';
}

function totalFields({ amounts, clock, status }: Contents): Explained {
  const { 'current-total': current, 'settlement-total': settlement } = amounts;
  const valve = valveOf(status);
  const low = batteryLow(status);
  const readings: DecodedReading[] = [];
  const fields: Record<string, unknown> = {};
  if (current !== undefined) {
    fields.current_total = amountValue(current, DECIMALS['current-total']);
    fields.unit_code = hex2(current.code);
    fields.unit = current.unit?.text ?? '?';
    readings.push(amountReading('current_total', 'current-total', current));
  }
  if (settlement !== undefined) {
    fields.settlement_total = amountValue(settlement, DECIMALS['settlement-total']);
    fields.unit2_code = hex2(settlement.code);
    readings.push(amountReading('settlement_total', 'settlement-total', settlement));
  }
  if (clock !== undefined) {
    fields.time_raw = hex(clock);
    fields.time = clockDigits(clock);
    readings.push({ name: 'time', value: clockOf(clock) ?? null, unit: '' });
  }
  readings.push({ name: 'valve', value: valve, unit: '' }, { name: 'battery_low', value: low, unit: '' });
  return { fields: { ...fields, st: hex(status), valve, battery_low: low }, readings };
}

/** Names in the answer by the order on the wire. */
const HEAT_NAMES = {
  'cold-energy': 'settlement_or_cold_energy',
  energy: 'current_heat_energy',
  power: 'thermal_power',
  flow: 'flow',
  volume: 'volume',
} as const;

function heatFields(told: Contents): Explained {
  const fields: Record<string, unknown> = {};
  const readings: DecodedReading[] = [];
  for (const name of ['cold-energy', 'energy', 'power', 'flow', 'volume'] as const) {
    const amount = told.amounts[name];
    if (amount === undefined) continue;
    fields[HEAT_NAMES[name]] = {
      value_2dec: amountValue(amount, 2),
      value_4dec: amountValue(amount, 4),
      unit_code: hex2(amount.code),
      unit: amount.unit?.text ?? '?',
      raw: amount.raw,
    };
    readings.push(amountReading(HEAT_NAMES[name], name, amount));
  }
  const { supply, return: back, hours, clock, status } = told;
  const degrees = (hundredths: number | undefined) => (hundredths === undefined ? null : hundredths / 100);
  readings.push(
    { name: 'supply_temp', value: degrees(supply), unit: 'Cel' },
    { name: 'return_temp', value: degrees(back), unit: 'Cel' },
    { name: 'work_hours', value: hours ?? null, unit: 'h' },
    { name: 'time', value: clock === undefined ? null : (clockOf(clock) ?? null), unit: '' },
    { name: 'battery_low', value: batteryLow(status), unit: '' },
  );
  return {
    fields: {
      ...fields,
      supply_temp: degrees(supply),
      return_temp: degrees(back),
      work_hours: hours ?? null,
      ...(clock === undefined ? {} : { time: clockDigits(clock) }),
      st: hex(status),
    },
    readings,
  };
}

function amountReading(name: string, kind: AmountName, amount: Amount): DecodedReading {
  const value = amountValue(amount, DECIMALS[kind]);
  const { unit } = amount;
  if (unit === undefined) return { name, value, unit: '?' };
  return { name, value: value === null ? null : Number((value * unit.factor).toFixed(4)), unit: unit.ucum };
}

/** D120 to D12B: the totals of the last twelve months. */
function monthOf(wire: string, payload: Uint8Array): Explained | undefined {
  const [first = '', second = ''] = wire.split(' ');
  const which = first === 'D1' ? second : second === 'D1' ? first : '';
  if (!/^2[0-9AB]$/.test(which) || payload.length < 5) return undefined;
  const amount = amountAt(payload, 0);
  const month = Number.parseInt(which, 16) - 0x1f;
  const fields = {
    month,
    total: amountValue(amount, 2),
    unit_code: hex2(amount.code),
    unit: amount.unit?.text ?? '?',
  };
  return { fields, readings: [amountReading(`total_month_${month}`, 'current-total', amount)] };
}
