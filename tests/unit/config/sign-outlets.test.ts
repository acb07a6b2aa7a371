/** Where a sign is seen and heard besides its screen: settings, and what is said of wrong ones. */
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const WITH_PANEL = STREET.replace(
  'devices:\n',
  `  - id: rs485-2
    port: /dev/ttyUSB1
devices:
  - id: led-1
    line: rs485-2
    profile: kerbside-text-panel
`,
);
const sign = (more: string, screen = 'screen: { phone: "0533-12345" }') =>
  `${WITH_PANEL}sign:\n  id: stop-1\n  stops: ["1"]\n${screen === '' ? '' : `  ${screen}\n`}  ${more}\n`;

test('settings are resolved', async () => {
  const result = await folder.load(
    sign(`phone: { listen: "0.0.0.0:8083", url: "https://stop.example/1" }
  panels: [{ device: led-1, rows: 4, columns: 24 }]
  speech: { voices: { zh: ./zh.onnx } }`),
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  expect(result.site.sign?.outlets).toEqual({
    phone: { listen: { host: '0.0.0.0', port: 8083 }, url: 'https://stop.example/1' },
    panels: [{ device: 'led-1', rows: 4, columns: 24, charset: 'gb2312' }],
    speech: { volume: 70, voices: { 'zh-CN': join(folder.dir, 'zh.onnx') } },
  });
});

test.each([
  [
    'phone: { listen: "0.0.0.0:8083" }',
    '',
    'sign.phone: it tells what the screen tells, and there is no screen: part',
  ],
  [
    'panels: [{ device: led-2, rows: 4, columns: 24 }]',
    undefined,
    'there is no device "led-2"; write device: led-1',
  ],
  ['panels: [{ device: meter-1, rows: 4, columns: 24 }]', undefined, 'meter-1 is no text panel'],
  ['speech: { button: { device: meter-1, point: frequency } }', undefined, 'frequency is no contact'],
  ['speech: { volume: 0 }', undefined, 'sign.speech.volume'],
])('%s is told', async (more, screen, message) => {
  expect((await folder.problems(sign(more, screen))).join('\n')).toContain(message);
});
