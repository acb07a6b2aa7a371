/** What the page says, in both languages. */
export type Language = 'en' | 'zh';

const WORDS = {
  title: { en: 'The street you can break', zh: '一条可以弄坏的街' },
  console: { en: 'Console', zh: '控制台' },
  tour: { en: 'Tour of three minutes', zh: '三分钟导览' },
  stop: { en: 'End the tour', zh: '结束导览' },
  speed: { en: 'How fast the street’s time runs', zh: '街道时间快慢' },
  drawing: { en: 'The street', zh: '街道' },
  break: { en: 'Break something', zh: '来弄坏点什么' },
  told: { en: 'What the agent says of it', zh: '代理怎么说' },
  ledger: { en: 'Ledger', zh: '账本' },
  served: { en: 'Served by devices', zh: '设备已报出' },
  stored: { en: 'Stored in the pole', zh: '灯杆已存储' },
  acknowledged: { en: 'Acknowledged', zh: '城市已确认' },
  backlog: { en: 'Waiting in the pole', zh: '灯杆内等待' },
  missing: { en: 'Missing', zh: '缺失' },
  doubled: { en: 'Doubled', zh: '重复' },
  strike: { en: 'Break it', zh: '弄坏' },
  undo: { en: 'Undo', zh: '恢复' },
  close: { en: 'Close', zh: '关闭' },
  struck: { en: 'not noticed yet …', zh: '尚未察觉……' },
  noticed: { en: 'noticed after {n} s', zh: '{n} 秒后察觉' },
  recovering: { en: 'undone, recovering …', zh: '已恢复，正在复原……' },
  healed: { en: 'all well again after {n} s', zh: '{n} 秒后一切如常' },
  away: { en: 'The agent is gone; its supervisor starts it again.', zh: '代理已停止，守护进程正在重启它。' },
  quiet: {
    en: 'Touch a thing in the drawing, or break one.',
    zh: '点一点图中的物件，或者弄坏一个。',
  },
  sees: { en: 'What the agent finds in the camera’s picture', zh: '代理在摄像机画面中的检出' },
  insight: { en: '{n} in sight', zh: '画面内 {n}' },
  counted: { en: '{n} passed', zh: '已通过 {n} 辆' },
  blind: { en: 'sees nothing, and says so', zh: '看不见，并如实上报' },
  sightless: { en: 'blind', zh: '看不见' },
  calling: { en: 'calling', zh: '求助中' },
  offline: { en: 'cut off', zh: '已断开' },
  messages: { en: '{n} messages', zh: '{n} 条消息' },
  stopsign: { en: 'Buses', zh: '公交到站' },
  due: { en: 'due', zh: '即将进站' },
  minutes: { en: '{n} min', zh: '{n} 分钟' },
  stops: { en: '{n} stops', zh: '{n} 站' },
  balances: { en: 'balances', zh: '账目相符' },
  open: { en: 'does not balance', zh: '账目不符' },
  none: { en: 'none', zh: '无' },
  standing: { en: '{n} standing', zh: '{n} 条' },
  lost: {
    en: 'The street is gone. Start it again with npm start.',
    zh: '街道已停止，请重新运行 npm start。',
  },
  ok: { en: 'well', zh: '正常' },
  degraded: { en: 'in trouble', zh: '异常' },
  down: { en: 'down', zh: '故障' },
  starting: { en: 'starting', zh: '启动中' },
  off: { en: 'not there', zh: '未运行' },
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

/** A text, with `{n}` filled in. */
export function word(name: Word, value: number | string = ''): string {
  return WORDS[name][language].replace('{n}', String(value));
}

/** A state of the health board in words. */
export function stateWord(state: string): string {
  return Object.hasOwn(WORDS, state) ? word(state as Word) : state;
}

/** Fills every element that names its word, and every name that is only heard. */
export function fill(): void {
  for (const element of document.querySelectorAll<HTMLElement>('[data-word]'))
    element.textContent = word(element.dataset.word as Word);
  for (const element of document.querySelectorAll<HTMLElement>('[data-aria]'))
    element.setAttribute('aria-label', word(element.dataset.aria as Word));
}
