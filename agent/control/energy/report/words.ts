/** Words of the monthly report and of its table for programs, in both languages. */
import type { AccountQuality, Carrier } from '../../../core/energy/energy.ts';

export type Language = 'en' | 'zh';

const WORDS = {
  report: ['Energy report', '能源月报'],
  period: ['Period', '周期'],
  final: ['final', '已结算'],
  provisional: ['so far', '截至目前'],
  overview: ['Overview', '概览'],
  carrier: ['Carrier', '能源'],
  quantity: ['Quantity', '用量'],
  quality: ['Worth', '数据质量'],
  readings: ['Readings there', '数据完整率'],
  daily: ['Electricity by day', '逐日用电'],
  peaks: ['Highest quarter of each day', '每日 15 分钟最大需量'],
  line: ['line', '达标线'],
  completeness: ['Readings there by day', '逐日数据完整率'],
  items: ['By item', '分项用能'],
  item: ['Item', '分项'],
  circuits: ['By circuit', '支路用能'],
  circuit: ['Circuit', '支路'],
  branches: ['Branches against their sums', '总分平衡'],
  main: ['Main', '总表'],
  subs: ['Sum', '分表之和'],
  difference: ['Difference', '差值'],
  bills: ['Bills', '账单'],
  amount: ['Amount, yuan', '金额（元）'],
  price: ['Price', '单价'],
  total: ['Total', '合计'],
  demand: ['Maximum demand', '最大需量'],
  powerFactor: ['Power factor', '功率因数'],
  statement: ['Registers', '表底'],
  opening: ['Opening', '期初'],
  closing: ['Closing', '期末'],
  findings: ['Diagnosis', '用能诊断'],
  none: ['Nothing was found in this period.', '本期未发现问题。'],
  since: ['Since', '起始'],
  until: ['Until', '截止'],
  open: ['open', '未关闭'],
  stake: ['At stake in 30 days', '30 天影响量'],
  advice: ['What to do', '处理建议'],
  evidence: ['Evidence', '依据'],
  date: ['Date', '日期'],
  code: ['Code', '编码'],
  unit: ['Unit', '单位'],
  made: ['Made by Kerbside', 'Kerbside 生成'],
  below: ['below the line', '未达标'],
} as const satisfies Record<string, readonly [string, string]>;

export type Word = keyof typeof WORDS;

export function word(name: Word, language: Language): string {
  return WORDS[name][language === 'en' ? 0 : 1];
}

const CARRIERS: Readonly<Record<Carrier, readonly [string, string]>> = {
  electricity: ['Electricity', '电'],
  water: ['Water', '水'],
  gas: ['Gas', '燃气'],
  heat: ['Heat', '供热'],
  cooling: ['Cooling', '供冷'],
};

export function carrierWord(carrier: Carrier, language: Language): string {
  return CARRIERS[carrier][language === 'en' ? 0 : 1];
}

const QUALITIES: Readonly<Record<AccountQuality, readonly [string, string]>> = {
  measured: ['measured', '实测'],
  repaired: ['repaired', '修复'],
  estimated: ['estimated', '估算'],
  missing: ['missing', '缺失'],
};

export function qualityWord(quality: AccountQuality, language: Language): string {
  return QUALITIES[quality][language === 'en' ? 0 : 1];
}

const LINES: Readonly<Record<string, readonly [string, string]>> = {
  energy: ['Energy', '电量电费'],
  surcharge: ['Surcharge', '附加'],
  demand: ['Demand', '需量电费'],
  'demand-excess': ['Demand above contract', '超需量'],
  capacity: ['Capacity', '容量电费'],
  fixed: ['Fixed', '固定费'],
  'power-factor': ['Power factor', '力调电费'],
  sharp: ['sharp', '尖'],
  peak: ['peak', '峰'],
  flat: ['flat', '平'],
  valley: ['valley', '谷'],
  'deep-valley': ['deep valley', '深谷'],
};

/** Of a line of a bill, or of a rate. */
export function lineWord(name: string, language: Language): string {
  return LINES[name]?.[language === 'en' ? 0 : 1] ?? name;
}
