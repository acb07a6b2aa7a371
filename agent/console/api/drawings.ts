/** What a camera counts where, written into the site file: one drawing more, as a change like every other. */
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { ApiNewDrawing } from './contract.ts';
import { Problem } from './problem.ts';

const SECTION = { line: 'lines', zone: 'zones', lane: 'lanes', bay: 'bays' } as const;

/** The site file's text with the drawing below its camera; comments and order stay. Throws a problem where it cannot be placed. */
export function withDrawing(text: string, camera: string, drawing: ApiNewDrawing): string {
  const document = parseDocument(text);
  const cameras = document.get('cameras');
  const found = isSeq(cameras)
    ? cameras.items.find((item) => isMap(item) && scalar(item.get('id', true)) === camera)
    : undefined;
  if (!isMap(found)) {
    throw new Problem(409, 'not-in-file', `camera ${camera} does not stand in the site file itself`, {
      fix: 'It comes from a template: draw it there, or write the camera into the site file.',
    });
  }
  const section = SECTION[drawing.kind];
  const known = found.get(section);
  if (
    isSeq(known) &&
    known.items.some((item) => isMap(item) && scalar(item.get('id', true)) === drawing.id)
  ) {
    throw new Problem(409, 'id-taken', `camera ${camera} has a ${drawing.kind} ${drawing.id} already`);
  }
  const node = document.createNode(entry(drawing), { flow: true });
  if (isSeq(known)) known.add(node);
  else found.set(section, document.createNode([entry(drawing)], { flow: true }));
  return document.toString({ lineWidth: 120 });
}

function scalar(node: unknown): unknown {
  return isScalar(node) ? node.value : node;
}

function entry({ kind, id, spots, counts, length, width }: ApiNewDrawing): Record<string, unknown> {
  const places = spots.map(([x, y]) => [rounded(x), rounded(y)]);
  switch (kind) {
    case 'line':
      return { id, from: places[0], to: places[1], classes: ['car', 'bus'] };
    case 'zone':
      return { id, counts: counts ?? 'vehicles', polygon: places };
    case 'lane':
      return { id, points: places, length: length ?? 20, width: width ?? 3.5 };
    case 'bay':
      return { id, polygon: places };
  }
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
