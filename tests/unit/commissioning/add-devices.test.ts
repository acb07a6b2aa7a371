/** New devices in the text of a site file: what stood there stays as it was. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { addDevices, itemsText } from '../../../agent/config/add-devices.ts';

const LINE = { id: 'line-9', port: '/dev/ttyUSB9', baud: 9600, format: '8N1' };
const DEVICE = {
  id: 'meter-9',
  title: { en: 'Meter: nine', zh: '九号表' },
  line: 'line-9',
  profile: 'eastron-sdm120',
  address: 9,
};
const MORE = { lines: [LINE], devices: [DEVICE, { ...DEVICE, id: 'meter-10', address: 10 }] };

const TEXT = `# The pole at the corner. 街角
site:
  id: corner # short
lines:
    # old converter
    - id: line-1   # do not touch
      port: /dev/ttyUSB0
      baud: 9600

    # here the next one
devices:
- {id: d1, line: line-1, profile: eastron-sdm630}   # feeder
-   id: 'd2'
    line: line-1
    profile: "eastron-sdm120"

# the city
uplinks: []
`;

/** `whole` without one insertion is `text`. */
function insertions(text: string, whole: string): number {
  const [old, now] = [text.split('\n'), whole.split('\n')];
  let at = 0;
  let runs = 0;
  let inside = false;
  for (const line of now) {
    if (line === old[at]) {
      at += 1;
      inside = false;
    } else if (!inside) {
      runs += 1;
      inside = true;
    }
  }
  expect(at).toBe(old.length);
  return runs;
}

describe('found devices in a site file', () => {
  test('are put behind the last of their list; every line that was there is there', () => {
    const { text, places } = addDevices(TEXT, MORE);
    expect(insertions(TEXT, text)).toBe(2);
    const site = parse(text);
    expect(site.lines.map(({ id }: { id: string }) => id)).toEqual(['line-1', 'line-9']);
    expect(site.devices.slice(2)).toEqual(MORE.devices);
    const rows = text.split('\n');
    expect(places.map(([from]) => rows[from - 1]?.trim())).toEqual(['- id: meter-9', '- id: meter-10']);
    expect(places.map(([, to]) => rows[to - 1]?.trim())).toEqual(['address: 9', 'address: 10']);
    expect(text).toContain('title: { en: "Meter: nine", zh: 九号表 }');
  });

  test.each([
    ['no lists', 'site: { id: a }\n'],
    ['no end of line', 'site: { id: a }\nlines:\n  - id: a\n    port: x'],
    ['empty lists', 'lines: []\ndevices: [] # none yet\nsite: { id: a }\n'],
    ['lists of nothing', 'lines:\ndevices:\nsite: { id: a }\n'],
    ['lists in a row', 'lines: [ { id: a, port: x } ] # one\ndevices: [{ id: d }]\n'],
    ['an ended document', '%YAML 1.2\n---\nsite: { id: a }\n...\n'],
    ['comments at the end', 'devices:\n  - id: d\n    line: a\n  # more to come\n# end\n'],
    ['nothing at all', '# only a comment\n'],
  ])('into a file with %s', (_name, text) => {
    const before = parse(text) ?? {};
    const after = addDevices(text, MORE);
    expect(parse(after.text)).toEqual({
      ...before,
      lines: [...(before.lines ?? []), ...MORE.lines],
      devices: [...(before.devices ?? []), ...MORE.devices],
    });
    for (const [comment] of text.matchAll(/#[^\n]*/g)) expect(after.text).toContain(comment);
  });

  test('whatever stands there: all of it stays, and what is new is behind it', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9 :#'"-]{0,12}$/);
    const item = fc.record(
      { id: fc.stringMatching(/^[a-z]{1,6}$/), line: word, note: word },
      { requiredKeys: ['id'] },
    );
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 4 }),
        fc.array(item, { maxLength: 4 }),
        fc.constantFrom(2, 4),
        fc.array(word, { maxLength: 3 }),
        fc.boolean(),
        (lines, devices, indent, comments, last) => {
          const head = comments.map((comment) => `# ${comment}\n`).join('');
          const lists = [stringify({ lines }, { indent }), stringify({ devices }, { indent })];
          const text = head + (last ? lists : lists.reverse()).join(`\n# between\n`);
          const { text: after } = addDevices(text, MORE);
          expect(parse(after)).toEqual({
            lines: [...lines, ...MORE.lines],
            devices: [...devices, ...MORE.devices],
          });
          // Only an empty list is written otherwise.
          const kept = text.split('\n').filter((row) => !row.endsWith('[]'));
          let at = 0;
          for (const row of after.split('\n')) if (row === kept[at]) at += 1;
          expect(at).toBe(kept.length);
        },
      ),
      { seed: 11, numRuns: 300 },
    );
  });

  test.each(['- a\n- b\n', 'just text\n', 'a: [\n'])('refuses what is no site: %j', (text) => {
    expect(() => addDevices(text, MORE)).toThrow(/site file/);
  });

  test('shows the piece that is added', () => {
    expect(parse(itemsText(MORE))).toEqual(MORE);
    expect(itemsText({ lines: [], devices: [DEVICE] })).toMatch(/^devices:\n {2}- id: meter-9\n/);
  });
});
