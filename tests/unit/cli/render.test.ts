/** `kerbside config render`: a table and a template become site files; every mistake with the line of the table. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { register } from '../../../agent/cli/config.ts';
import { render } from '../../../agent/config/render.ts';

const TEMPLATE = `vars: { pole: , every: 10s, lat: 36.8 }
site: { id: street, timezone: Asia/Shanghai, position: { lat: "\${var:lat}", lon: 118.05, datum: WGS84 } }
agent: { id: "pole-\${var:pole}" }
lines: [{ id: bus, port: /dev/ttyUSB0, baud: 9600 }]
devices: [{ id: meter, line: bus, profile: eastron-sdm120, address: 2, every: "\${var:every}" }]
`;

let dir: string;
let answer: { ok: boolean; made: number; problems: { line: number; message: string; fix: string }[] };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kerbside-render-'));
  writeFileSync(join(dir, 'pole.yaml'), TEMPLATE);
});
afterEach(() => {
  rmSync(dir, { recursive: true });
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function rendered(table: string, ...more: string[]): Promise<typeof answer> {
  writeFileSync(join(dir, 'poles.csv'), table);
  let out = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  const program = new Command().exitOverride();
  register(program);
  const files = [join(dir, 'poles.csv'), '--template', join(dir, 'pole.yaml'), '--out', join(dir, 'sites')];
  await program.parseAsync(['config', 'render', ...files, '--json', ...more], { from: 'user' });
  vi.restoreAllMocks();
  return JSON.parse(out);
}

describe('kerbside config render', () => {
  test('makes a file a row, and checks each', async () => {
    const table = '\uFEFFfile,pole,every\npole-0817,0817,\n"pole-0818",0818,5s\n';
    expect(await rendered(table)).toEqual({ ok: true, made: 2, problems: [] });
    expect(parse(readFileSync(join(dir, 'sites/pole-0818.yaml'), 'utf8'))).toEqual({
      extends: '../pole.yaml',
      vars: { pole: '0818', every: '5s' },
    });
    // Once more the same table changes nothing and says so.
    expect(await rendered(table)).toEqual({ ok: true, made: 2, problems: [] });
    expect(process.exitCode).toBe(0);
  });

  test('says with the line of the table what is wrong', async () => {
    const { ok, made, problems } = await rendered(
      'file,pole,every\n../etc,1,\na,0001,never\nA,0002,\nb,0003,\nc,0003,\nd,,\n',
    );
    expect(ok).toBe(false);
    expect(process.exitCode).toBe(1);
    expect(made).toBe(1);
    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 6, 7]);
    const [name, every, twice, clone, missing] = problems.map(({ message }) => message);
    expect(name).toContain('expected the name of a site file, got "../etc"');
    expect(every).toContain('never');
    expect(twice).toContain('line 3 already');
    expect(clone).toContain('agent street/pole-0003 is that of line 5 (b) too');
    expect(missing).toContain('"pole" has no value');
    expect(problems.every(({ fix }) => fix !== '')).toBe(true);
  });

  test('does not write over what somebody has changed by hand', async () => {
    await rendered('file,pole\na,0001\n');
    const file = join(dir, 'sites/a.yaml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}state: ./elsewhere\n`);
    expect((await rendered('file,pole\na,0001\n')).problems[0]?.message).toContain('is there and differs');
    expect(readFileSync(file, 'utf8')).toContain('elsewhere');
    expect((await rendered('file,pole\na,0001\n', '--force')).ok).toBe(true);
    expect(readFileSync(file, 'utf8')).not.toContain('elsewhere');
  });

  test('a table without the column, and one that is torn, are refused', async () => {
    await expect(rendered('pole\n1\n')).rejects.toThrow('no column file');
    await expect(rendered('file,pole\n"a,1\n')).rejects.toThrow('the table is not right');
  });

  test('a thousand poles', { timeout: 120_000 }, async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => `pole-${i},${String(i).padStart(4, '0')}`);
    expect(await rendered(`file,pole\n${rows.join('\n')}\n`)).toEqual({ ok: true, made: 1000, problems: [] });
  });
});

test('whatever stands in a cell, what is written reads as that cell', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }), (cells) => {
      const row = Object.fromEntries(cells.map((cell, i) => [`v${i}:text`, cell]));
      const { files } = render([{ line: 2, cells: { file: 'a', ...row } }], '../pole.yaml');
      const { vars } = parse(files[0]?.text ?? '') as { vars: Record<string, string> };
      const wanted = cells.flatMap((cell, i) => (cell.trim() === '' ? [] : [[`v${i}`, cell.trim()]]));
      expect(vars).toEqual(Object.fromEntries(wanted));
    }),
    { seed: 817, numRuns: 500 },
  );
});
