/** Words of the report of the commissioning, in both languages. */
import type { TestFactName, TestFault, TestKind, TestState } from '../../core/acceptance.ts';
import type { Text } from '../../core/point.ts';

export type ReportLanguage = 'zh' | 'en' | 'both';

const WORDS = {
  title: ['Commissioning report', '调试报告'],
  site: ['Site', '站点'],
  agent: ['Agent', '终端'],
  position: ['Position', '位置'],
  made: ['Made', '生成时间'],
  by: ['By', '操作人'],
  versions: ['Versions', '版本'],
  system: ['System', '系统'],
  models: ['Models', '模型'],
  revision: ['Site file', '站点文件'],
  tests: ['Tests', '测试'],
  test: ['Test', '测试项'],
  result: ['Result', '结果'],
  seen: ['Seen', '实测'],
  when: ['When', '时间'],
  devices: ['Devices and points', '设备与测点'],
  point: ['Point', '测点'],
  value: ['Value', '数值'],
  unit: ['Unit', '单位'],
  quality: ['Quality', '质量'],
  line: ['line', '线路'],
  address: ['address', '地址'],
  profile: ['profile', '型号文件'],
  uplinks: ['Uplinks', '上行'],
  uplink: ['Uplink', '上行'],
  connected: ['Connected', '连接'],
  stored: ['Stored', '已存储'],
  acknowledged: ['Acknowledged', '已确认'],
  backlog: ['Waiting', '待发送'],
  yes: ['yes', '是'],
  no: ['no', '否'],
  good: ['good', '良好'],
  uncertain: ['uncertain', '存疑'],
  bad: ['no value', '无数值'],
  never: ['never read', '从未读到'],
  nothing: ['This site has nothing to test.', '本站点没有可测试项。'],
  summary: ['Summary', '概要'],
  points_good: ['points read well', '个测点读取正常'],
  tests_passed: ['tests passed', '项测试通过'],
  not_done: ['not done', '未做'],
  technician: ['Technician', '技术员'],
  accepted: ['Accepted for the operator', '运营方验收'],
  signature: ['Name, date, signature', '姓名、日期、签字'],
} as const satisfies Record<string, readonly [string, string]>;
export type Word = keyof typeof WORDS;

const KINDS: Readonly<Record<TestKind, readonly [string, string]>> = {
  sos: ['Help button', '求助按钮'],
  lamp: ['Lamp 0 / 50 / 100 %', '灯 0 / 50 / 100 %'],
  door: ['Door', '门'],
  sign: ['Sign picture', '站牌画面'],
  uplink: ['Uplink acknowledgement', '上行确认'],
};
const STATES: Readonly<Record<TestState, readonly [string, string]>> = {
  'not-done': ['not done', '未做'],
  running: ['running', '进行中'],
  passed: ['passed', '通过'],
  failed: ['failed', '未通过'],
};
const FACTS: Readonly<Record<TestFactName, readonly [string, string]>> = {
  pressed: ['pressed', '已按下'],
  alarm: ['alarm', '告警'],
  output: ['output', '输出'],
  level: ['reads back', '回读'],
  power: ['measured', '实测功率'],
  'not-measured': ['power not measured', '未测功率'],
  opened: ['opened', '打开'],
  closed: ['closed', '关闭'],
  screen: ['screen', '屏幕'],
  stop: ['stop', '站点'],
  line: ['line', '线路'],
  record: ['record', '记录'],
  'acknowledged-after': ['acknowledged after', '确认用时'],
  returned: ['back to its programme', '已恢复本地程序'],
};
const FAULTS: Readonly<Record<TestFault, readonly [string, string]>> = {
  'nobody-pressed': ['nobody pressed it within a minute', '一分钟内无人按下'],
  'output-dark': ['an output did not follow', '输出未动作'],
  'command-refused': ['the command was not done', '命令未执行'],
  'no-power-reading': ['the meter gave no power', '电表无功率读数'],
  'power-does-not-follow': ['the power does not follow the level', '功率不随亮度变化'],
  'nobody-opened': ['nobody opened it within a minute', '一分钟内无人打开'],
  'not-closed': ['it was not closed again', '未重新关闭'],
  'not-proven': ['what is shown is not proven', '显示内容未经验证'],
  'no-screen': ['there is no screen', '没有屏幕'],
  'not-acknowledged': ['not acknowledged in time', '未及时确认'],
  interrupted: ['interrupted', '被中断'],
};

function pick([en, zh]: readonly [string, string], language: ReportLanguage): string {
  if (language === 'both') return en === zh ? en : `${zh} ${en}`;
  return language === 'en' ? en : zh;
}

export const word = (name: Word, language: ReportLanguage): string => pick(WORDS[name], language);
export const kindWord = (kind: TestKind, language: ReportLanguage): string => pick(KINDS[kind], language);
export const stateWord = (state: TestState, language: ReportLanguage): string =>
  pick(STATES[state], language);
export const factWord = (fact: TestFactName, language: ReportLanguage): string => pick(FACTS[fact], language);
export const faultWord = (fault: TestFault, language: ReportLanguage): string =>
  pick(FAULTS[fault], language);

/** A text of the site; without a Chinese one the English one stands. */
export function textOf({ en, zh }: Text, language: ReportLanguage): string {
  return pick([en, zh ?? en], language);
}
