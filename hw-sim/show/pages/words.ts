/** What the page says, in both languages. */
export type Language = 'en' | 'zh';

const WORDS = {
  title: { en: 'The street you can break', zh: '一条可以弄坏的街' },
  console: { en: 'Console', zh: '控制台' },
  sign: { en: 'Stop sign', zh: '公交站牌' },
  tour: { en: 'Tour of three minutes', zh: '三分钟导览' },
  stop: { en: 'End the tour', zh: '结束导览' },
  break: { en: 'Break something', zh: '来弄坏点什么' },
  underpass: { en: 'Underpass', zh: '下穿通道' },
  gateway: { en: 'agent', zh: '代理' },
  meter: { en: 'Feeder meter', zh: '进线电表' },
  city: { en: 'City', zh: '城市平台' },
  served: { en: 'Values served by devices', zh: '设备已报出' },
  stored: { en: 'Stored in the pole', zh: '灯杆已存储' },
  acknowledged: { en: 'Acknowledged by the city', zh: '城市已确认' },
  backlog: { en: 'Waiting in the pole', zh: '灯杆内等待' },
  missing: { en: 'Missing', zh: '缺失' },
  doubled: { en: 'Doubled', zh: '重复' },
  undo: { en: 'Undo', zh: '恢复' },
  struck: { en: 'done; the agent has not noticed yet', zh: '已发生，代理尚未察觉' },
  noticed: { en: 'noticed after {s} s: ', zh: '{s} 秒后察觉：' },
  recovering: { en: 'undone, recovering …', zh: '已恢复，正在复原……' },
  healed: { en: 'all well again {s} s later', zh: '{s} 秒后一切如常' },
  away: { en: 'the agent is gone', zh: '代理已停止' },
  offline: { en: 'cut off', zh: '已断开' },
  messages: { en: '{n} messages', zh: '{n} 条消息' },
  counted: { en: '{n} passed', zh: '已通过 {n} 辆' },
  blind: { en: 'sees nothing', zh: '看不见' },
  due: { en: 'due', zh: '即将进站' },
  minutes: { en: '{n} min', zh: '{n} 分钟' },
  stops: { en: '{n} stops away', zh: '还有 {n} 站' },
  readings: { en: '{n} readings/min', zh: '每分钟 {n} 条' },
  lost: {
    en: 'The street is gone. Start it again with npm start.',
    zh: '街道已停止，请重新运行 npm start。',
  },
} as const;

export type Word = keyof typeof WORDS;

let language: Language = navigator.language.startsWith('zh') ? 'zh' : 'en';

export function current(): Language {
  return language;
}

export function speak(next: Language): void {
  language = next;
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en';
}

/** A text, with `{n}` and `{s}` filled in. */
export function word(name: Word, value: number | string = ''): string {
  return WORDS[name][language].replace(/\{[ns]\}/, String(value));
}

/** Fills every element that names its word. */
export function fill(): void {
  for (const element of document.querySelectorAll<HTMLElement | SVGElement>('[data-word]')) {
    element.textContent = word(element.dataset.word as Word);
  }
}
