/** The report of a commissioning as a page: what stands in it, that nothing in it is markup, and that it needs nothing else. */
import { describe, expect, test } from 'vitest';
import { reportHtml } from '../../../agent/console/report/html.ts';
import { factWord, faultWord, kindWord, stateWord } from '../../../agent/console/report/words.ts';
import { TEST_FACTS, TEST_FAULTS, TEST_KINDS, TEST_STATES } from '../../../agent/core/acceptance.ts';
import { REPORT } from '../../support/acceptance-data.ts';

const text = (html: string) =>
  html
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<br>/g, ' | ')
    .replace(/<\/(td|th|dt|dd|h\d|p|tr)>/g, ' ')
    .replace(/<[^>]+>/g, '');

describe('the report of a commissioning', () => {
  test('is one page of a fixed structure', () => {
    const html = reportHtml(REPORT, 'en');
    expect([...html.matchAll(/<h([123])>(.*?)<\/h/g)].map(([, level, title]) => `${level} ${title}`)).toEqual(
      [
        '1 Corner &lt;script&gt;alert(1)&lt;/script&gt; · Commissioning report',
        '2 Tests',
        '2 Uplinks',
        '2 Devices and points',
        '3 Feeder meter <small>meter-feeder</small>',
      ],
    );
    const said = text(html);
    for (const part of [
      'Li &quot;Wei&quot; &amp; co (console:technician)',
      'Kerbside 0.1.0 · Node v24.21.0',
      '2/4 points read well · 1/3 tests passed · 1 not done',
      '50 % reads back 50 % | 50 % measured 61.5 W | back to its programme yes',
      'not acknowledged in time: broker &lt;b&gt;gone&lt;/b&gt;',
      'Eastron SDM630 · line rs485-1 · address 1 · profile eastron-sdm630 · aa11',
      'Voltage 230.1 V good',
      'no value (timeout)',
      'Energy — kWh never read',
      'Door shut',
      'city yes 120 110 10',
      'Technician',
      'Accepted for the operator',
    ]) {
      expect(said).toContain(part);
    }
  });

  test('a test that was not done says so and never passes', () => {
    const row = /<tr class="not-done">.*?<\/tr>/.exec(reportHtml(REPORT, 'en'))?.[0] ?? '';
    expect(text(row)).toContain('Help button');
    expect(text(row)).toContain('not done');
    expect(row).not.toContain('passed');
  });

  test('speaks Chinese, English, or both', () => {
    expect(text(reportHtml(REPORT, 'zh'))).toContain('电压 230.1 V 良好');
    expect(reportHtml(REPORT, 'zh')).toContain('lang="zh-CN"');
    const both = text(reportHtml(REPORT, 'both'));
    for (const part of ['电压 Voltage', '未做 not done', '调试报告 Commissioning report'])
      expect(both).toContain(part);
    for (const language of ['en', 'zh', 'both'] as const) {
      for (const word of [
        ...TEST_KINDS.map((one) => kindWord(one, language)),
        ...TEST_STATES.map((one) => stateWord(one, language)),
        ...TEST_FACTS.map((one) => factWord(one, language)),
        ...TEST_FAULTS.map((one) => faultWord(one, language)),
      ])
        expect(word).not.toBe('');
    }
  });

  test('nothing in it runs or is loaded from elsewhere, and it prints', () => {
    const html = reportHtml(REPORT, 'both');
    expect(html).not.toMatch(/<script|<b>|<img|<link|https?:|\son\w+=/);
    expect(html).toContain('@page{size:A4');
    expect(html).toContain('@media print');
  });
});
