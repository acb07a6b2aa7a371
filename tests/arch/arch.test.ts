/** The house holds: one-way imports, no circles, liveable sizes, nothing of the test street in production. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Import, importsOf, sourceFiles } from './imports.ts';

const files = sourceFiles().filter((file) => existsSync(file));
const imports = files.flatMap(importsOf).filter((one) => one.own);

/** Folder that counts as one part: agent/bus, agent/core … and drivers, hw-sim, … as wholes. */
function part(file: string): string {
  const [top = '', second = ''] = file.split('/');
  return top === 'agent' ? `agent/${second}` : top;
}

const COMPOSITION = new Set(['agent/main.ts', 'agent/compose', 'agent/cli']);

const FLEET = new Set(['hw-sim/fleet/pole.ts', 'hw-sim/fleet/worker.ts']);

/** Why an import breaks the one-way rule, or undefined. */
function wrong({ from, to, typeOnly, process }: Import): string | undefined {
  const [a, b] = [part(from), part(to)];
  if (a === b || a === 'tests' || a === 'bench') return undefined;
  if (b === 'tests' || b === 'bench') return 'nothing ships with tests or benches in it';
  // The street starts the agent as a process of its own; that is no import.
  if (a === 'hw-sim' && to === 'agent/main.ts' && process) return undefined;
  // Agents of the simulated city are real ones, in processes of their own; these two files hold them.
  if (FLEET.has(from) && ['agent/core', 'agent/store', 'agent/uplink'].includes(b)) return undefined;
  if (a === 'hw-sim') {
    return b === 'agent/core' && typeOnly
      ? undefined
      : 'hw-sim takes types of agent/core and nothing else of ours';
  }
  if (b === 'hw-sim') return 'production never imports the simulator';
  if (COMPOSITION.has(a)) return undefined;
  if (a === 'agent/core') return 'core imports nothing of ours';
  if (a === 'flows') return 'nodes talk to the agent over the wire';
  if (b === 'agent/core') return undefined;
  // Protocols that are spoken down to devices and up to a centre have their bytes in one place.
  if (b === 'agent/codec' && (a === 'drivers' || a === 'agent/uplink')) return undefined;
  // What makes pages ready for browsers serves the technician's and the rider's alike.
  if (b === 'agent/assets' && (a === 'agent/console' || a === 'agent/sign')) return undefined;
  // What builds a package packs its bundle as a city would, and says which log the release writes.
  if (a === 'deploy' && (b === 'agent/update' || to === 'agent/store/schema-version.ts')) return undefined;
  if (a === 'drivers' || a === 'models') return `${a} import agent/core only`;
  return 'siblings meet through agent/core';
}

describe('the house', () => {
  test('finds what it judges', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(100);
    expect(
      wrong({ from: 'agent/bus/a.ts', to: 'agent/store/b.ts', own: true, typeOnly: false, process: false }),
    ).toBeDefined();
    expect(
      wrong({ from: 'hw-sim/a.ts', to: 'drivers/modbus/crc.ts', own: true, typeOnly: true, process: false }),
    ).toBeDefined();
  });

  test('imports go one way', () => {
    const breaks = imports.flatMap((one) => {
      const why = wrong(one);
      return why === undefined ? [] : [`${one.from} → ${one.to}: ${why}`];
    });
    expect(breaks).toEqual([]);
  });

  test('no circle of imports', () => {
    const graph = new Map<string, string[]>();
    for (const { from, to, typeOnly } of imports)
      if (!typeOnly) graph.set(from, [...(graph.get(from) ?? []), to]);
    const state = new Map<string, 'open' | 'done'>();
    const circles: string[] = [];
    const visit = (file: string, path: string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
        return;
      }
      state.set(file, 'open');
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of graph.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  test('no file over 500 lines, but what a generator writes', () => {
    const long = files
      .filter((file) => !file.endsWith('.pb.js'))
      .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length }))
      .filter(({ lines }) => lines > 500);
    expect(long).toEqual([]);
  });

  test('every own import leads to a file', () => {
    expect(imports.filter(({ to }) => !existsSync(to)).map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  test('no folder named for nothing', () => {
    const names = /(^|\/)(utils?|helpers?|common|managers?|base|misc|shared)(\/|\.|$)/;
    expect(files.filter((file) => names.test(file))).toEqual([]);
  });

  test('tests read nothing outside the repository', () => {
    const outside = files
      .filter((file) => file.startsWith('tests/'))
      .filter((file) => /['"`](\.\.\/)+shared\//.test(readFileSync(file, 'utf8')));
    expect(outside).toEqual([]);
  });

  test('no test is switched off, no check is silenced', () => {
    const marks = /\b(describe|it|test)\.(only|skip|todo)\(|@ts-(ignore|expect-error|nocheck)/;
    const silenced = files.filter(
      (file) => !file.startsWith('tests/arch/') && marks.test(readFileSync(file, 'utf8')),
    );
    expect(silenced).toEqual([]);
  });
});
