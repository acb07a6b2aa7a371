/** `extends:` and `vars:`: what a template gives, what a site changes, and every way to get it wrong. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SiteFolder } from './site-folder.ts';

const POLE = `vars: { pole: ~, baud: 9600 }
site:
  id: demo-street
  timezone: Asia/Shanghai
  position: { lat: 31.2, lon: 121.4, datum: WGS84 }
agent:
  id: pole-\${var:pole}
lines:
  - id: rs485-1
    port: /dev/ttyUSB0
    baud: \${var:baud}
devices:
  - { id: meter-1, line: rs485-1, profile: eastron-sdm630, address: 1 }
  - { id: meter-2, line: rs485-1, profile: eastron-sdm120, address: 2 }
rate: 1
`;

let folder: SiteFolder;
beforeEach(() => {
  folder = new SiteFolder();
  folder.write('templates/pole.yaml', POLE);
});
afterEach(() => folder[Symbol.dispose]());

describe('a template', () => {
  test('gives its values, with variables of the site and its own defaults', async () => {
    const result = await folder.load('extends: templates/pole.yaml\nvars: { pole: "0817" }\n');
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    expect(result.site.agent.id).toBe('pole-0817');
    expect(result.site.lines[0]).toMatchObject({ serial: { baud: 9600 } });
    expect(result.site.state).toBe(`${folder.dir}/state`);
  });

  test('is changed item by item where items have ids; null takes away', async () => {
    const result = await folder.load(`extends: templates/pole.yaml
vars: { pole: "0817", baud: 19200 }
lines:
  - { id: rs485-1, timeout: 500ms }
devices:
  - { id: meter-2, every: 1min }
  - { id: meter-3, line: rs485-1, profile: chint-dtsu666, address: 3 }
rate: ~
`);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    expect(result.site.lines).toMatchObject([
      { port: '/dev/ttyUSB0', timeout: 500, serial: { baud: 19200 } },
    ]);
    expect(result.site.devices.map(({ id, every }) => [id, every])).toEqual([
      ['meter-1', undefined],
      ['meter-2', 60_000],
      ['meter-3', undefined],
    ]);
  });

  test('may extend another one, and hands its variables on', async () => {
    folder.write('templates/wide.yaml', 'extends: ./pole.yaml\nvars: { pole: "1", lamp: x }\nrate: 2\n');
    const result = await folder.load('extends: templates/wide.yaml\nvars: { lamp: y, pole: "7" }\n');
    expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual([
      'the template has no variable "lamp"',
    ]);
    folder.write('templates/wide.yaml', 'extends: ./pole.yaml\nvars: { pole: "1" }\nrate: 2\n');
    const right = await folder.load('extends: templates/wide.yaml\nvars: { pole: "7" }\n');
    expect(right.ok && [right.site.agent.id, right.site.rate]).toEqual(['pole-7', 2]);
  });

  test('a problem in it is told at its own place', async () => {
    folder.write('templates/pole.yaml', POLE.replace('/dev/ttyUSB0', '7'));
    expect(await folder.problems('extends: templates/pole.yaml\nvars: { pole: "1" }\n')).toEqual([
      'templates/pole.yaml:10:5 lines[0].port: expected the path of a serial port, got 7; write port: "7"',
    ]);
  });
});

const WRONG: readonly (readonly [what: string, text: string, expected: string])[] = [
  [
    'a variable without value',
    'extends: templates/pole.yaml\n',
    'templates/pole.yaml:1:9 vars.pole: the variable "pole" has no value; write vars: { pole: … } beside extends:',
  ],
  [
    'a variable the template does not know',
    'extends: templates/pole.yaml\nvars: { pole: "1", boud: 2400 }\n',
    'site.yaml:2:20 vars.boud: the template has no variable "boud"; write baud:',
  ],
  [
    'a variable nobody gives',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a site file
    'extends: templates/pole.yaml\nvars: { pole: "1" }\nstate: ./${var:pol}\n',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a site file
    'site.yaml:3:8 state: no variable "pol" is given; write ${var:pole}',
  ],
  [
    'a template that is not there',
    'extends: templates/poles.yaml\n',
    'templates/poles.yaml" cannot be read: there is no such file; check the name and the folder',
  ],
  ['itself', 'extends: ./site.yaml\n', 'site.yaml" extends itself, by way of 1 files'],
  [
    'no path',
    'extends: 5\n',
    'site.yaml:1:1 extends: expected the path of a template; write extends: ./pole.yaml',
  ],
  [
    'variables that are a list',
    'extends: templates/pole.yaml\nvars: [1]\n',
    'site.yaml:2:7 vars: expected a map of variables; write vars: { pole: "0817" }',
  ],
];

describe('a wrong template', () => {
  test.each(WRONG)('%s', async (_, text, expected) => {
    expect((await folder.problems(text)).join('\n')).toContain(expected);
  });

  test('a circle of two', async () => {
    folder.write('templates/a.yaml', 'extends: ./b.yaml\n');
    folder.write('templates/b.yaml', 'extends: ./a.yaml\n');
    expect((await folder.problems('extends: templates/a.yaml\n')).join('\n')).toContain(
      'templates/b.yaml:1:1 extends: the template',
    );
  });
});
