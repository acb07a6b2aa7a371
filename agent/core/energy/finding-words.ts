/** What a finding is called and what to do about it, in both languages: on console, report and command line. */

import type { Text } from '../point.ts';
import type { CheckName } from './diagnosis.ts';

export interface Words {
  readonly title: Text;
  readonly advice: Text;
}

type Given = readonly [en: string, zh: string, adviceEn: string, adviceZh: string];

const GIVEN: Readonly<Record<CheckName, Given>> = {
  'readings-missing': [
    'Readings missing',
    '数据缺失',
    'Look at the health of the device and its line: power, address, wiring.',
    '检查设备与线路：供电、地址、接线。',
  ],
  'meter-exchanged': [
    'Register jumped: meter exchanged?',
    '表计读数跳变（疑似换表）',
    'Declare the exchange with the numbers of both displays: kerbside meter exchange.',
    '用新旧表底数登记换表：kerbside meter exchange。',
  ],
  'register-rollover': [
    'Register rolled over',
    '表计翻转归零',
    'Nothing: it was counted through. Name its modulus in the site file to be sure.',
    '已连续计量，无需处理；可在站点文件中写明量程。',
  ],
  'clock-wrong': [
    "The meter's clock is wrong",
    '表内时钟偏差',
    'Set the clock; until then tariffs and demand of the meter itself belong to other times.',
    '校时；校时前该表自身的分时电量与需量时段有误。',
  ],
  'phase-lost': [
    'A phase of the meter has no voltage',
    '电压缺相',
    'Look at the fuse and the terminal of that voltage; its third of the load is not counted.',
    '检查该相电压熔断器与端子；该相电量未计。',
  ],
  'ct-reversed': [
    'A current transformer is reversed',
    '电流互感器接反',
    'Exchange S1 and S2 of that phase; twice its load is missing from the register.',
    '对调该相互感器 S1、S2；少计约两倍该相电量。',
  ],
  'phase-swapped': [
    'Currents and voltages of two phases are exchanged',
    '电流与电压相别错接',
    'Exchange the current leads of the two phases; the register hardly counts meanwhile.',
    '对调两相电流线；期间电能表几乎不计量。',
  ],
  'ct-stuck': [
    'A current transformer shows nothing, or always the same',
    '电流互感器无输出或数值不变',
    'Look at terminal, shorting link and secondary of that phase.',
    '检查该相互感器端子、短接片与二次回路。',
  ],
  'pv-sign-wrong': [
    'Generation is counted as consumption',
    '光伏发电计入用电',
    'The meter is the wrong way round: exchange its direction, or plus and minus in the site file.',
    '表计方向接反：调换方向，或调换站点文件中的正负。',
  ],
  'meter-stopped': [
    'The register stands while its branch draws',
    '表计停走',
    'Exchange the meter; its branch is missing from the account.',
    '更换表计；该支路未计入账。',
  ],
  'wrong-multiplier': [
    'The meter counts a multiple of what it should',
    '倍率错误',
    'Compare the ratio on the transformers with the one in the site file; give it its date.',
    '核对互感器变比与站点文件中的倍率及其日期。',
  ],
  'main-sub-drift': [
    'Main and sum of the branches drift apart',
    '总表与分表之和渐偏',
    'One meter of the branch loses its accuracy: compare them with a reference.',
    '该支路有表计失准：用标准表比对。',
  ],
  'unmetered-load': [
    'A load that no branch measures',
    '存在未计量负荷',
    'Something was connected before the branch meters: look at what runs in the hours named.',
    '有负荷接在分表之前：按所列时段排查。',
  ],
  'night-base-load': [
    'Night load has gone up',
    '夜间基础负荷升高',
    'Look at what was left on: lights, air handlers, fans, and their time programmes.',
    '排查夜间未关设备：照明、空调机组、风机及其时间表。',
  ],
  'weekend-base-load': [
    'Load of closed days has gone up',
    '休息日基础负荷升高',
    'Look at time programmes of air conditioning and light: they run as on working days.',
    '检查空调与照明时间表：休息日按工作日运行。',
  ],
  'water-never-zero': [
    'Water flows without a pause',
    '用水不归零（疑似漏水）',
    'Look for leaks, cisterns and float valves behind this meter, first at night.',
    '夜间排查该表后管网、水箱与浮球阀漏水。',
  ],
  'gas-never-zero': [
    'Gas flows without a pause',
    '用气不归零（疑似漏气）',
    'Treat it as a leak: air the rooms, close the valve, call the gas company.',
    '按漏气处置：通风、关阀、联系燃气公司。',
  ],
  'phase-imbalance': [
    'Phases are loaded unevenly',
    '三相负荷不平衡',
    'Spread single-phase loads over the three phases.',
    '将单相负荷均分到三相。',
  ],
  'reactive-power': [
    'Power factor below the standard',
    '功率因数低于标准',
    'Look at the capacitor bank: fuses, contactors, controller; the bill adds a penalty below the standard.',
    '检查无功补偿电容器：熔断器、接触器、控制器；低于标准将加收力调电费。',
  ],
  'heating-and-cooling': [
    'Heated and cooled at the same time',
    '同时供热供冷',
    'Set a dead band between heating and cooling, and look for valves that leak.',
    '设置冷热死区，检查阀门内漏。',
  ],
  'valve-stuck': [
    'Flow no longer follows the need: valve stuck',
    '流量不随需求变化（阀门卡滞）',
    'Look at valve and actuator, and at the hand lever.',
    '检查阀门、执行器与手动旁通。',
  ],
  'abnormal-day': [
    'A day unlike its like',
    '异常用能日',
    'Ask what happened that day; if nobody knows, look at the hours of the branch.',
    '核实当日活动；无故异常时查看逐时曲线。',
  ],
};

export function wordsOf(check: CheckName): Words {
  const [en, zh, adviceEn, adviceZh] = GIVEN[check];
  return { title: { en, zh }, advice: { en: adviceEn, zh: adviceZh } };
}

const EVIDENCE: Readonly<Record<string, readonly [en: string, zh: string]>> = {
  night_kw: ['at night, kW', '夜间功率 kW'],
  usual_kw: ['usually, kW', '通常 kW'],
  nights: ['nights', '夜数'],
  closed_day_kw: ['on closed days, kW', '休息日功率 kW'],
  least_m3_per_hour: ['least flow, m³/h', '最小流量 m³/h'],
  days: ['days', '天数'],
  days_with_zero_before: ['share of days with zero before', '此前归零日占比'],
  imbalance_percent: ['imbalance, %', '不平衡度 %'],
  l1_a: ['L1, A', 'L1 电流 A'],
  l2_a: ['L2, A', 'L2 电流 A'],
  l3_a: ['L3, A', 'L3 电流 A'],
  power_factor: ['power factor', '功率因数'],
  usual: ['usually', '通常'],
  standard: ['standard', '标准'],
  to_compensate_kvar: ['to compensate, kvar', '需补偿 kvar'],
  phase: ['phase', '相别'],
  volts: ['voltage, V', '电压 V'],
  amps: ['current, A', '电流 A'],
  others_a: ['other phases, A', '其余相电流 A'],
  shows: ['shows', '显示'],
  power_factors: ['power factors of L1 L2 L3', '各相功率因数'],
  register: ['register', '表底'],
  received: ['received', '收到'],
  due: ['due', '应收'],
  ahead_s: ['ahead, s', '偏快 s'],
  counted_as_import: ['counted as drawn', '计为用电'],
  export: ['counted as given', '计为发电'],
  hours_both: ['hours with both', '同时运行小时'],
  fought_kwh_a_day: ['lost a day', '日抵消量'],
  heat: ['heated by', '供热支路'],
  flow_m3_per_hour: ['flow, m³/h', '流量 m³/h'],
  flow_varies_percent: ['flow varies, %', '流量波动 %'],
  usually_percent: ['usually, %', '通常 %'],
  rest_moved_percent: ['difference moved by, %', '差值变化 %'],
  a_day: ['a day', '每日'],
  percent_of_through: ['of what flows through, %', '占流量 %'],
  hours: ['hours', '时段'],
  factor: ['factor', '倍数'],
  measured_factor: ['as measured', '实测倍数'],
  rest_above_a_day: ['difference above it, a day', '上级差值每日'],
  power_kw: ['power, kW', '功率 kW'],
  usual_a_day: ['usually a day', '通常每日'],
  quantity: ['that day', '当日'],
  expected: ['expected', '预期'],
  like_days: ['like days', '同类日数'],
  spread: ['they scatter by', '离散度'],
};

/** What a figure of the evidence is called. */
export function evidenceLabel(name: string): Text {
  const [en, zh] = EVIDENCE[name] ?? [name, name];
  return { en, zh };
}
