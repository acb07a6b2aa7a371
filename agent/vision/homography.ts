/** The plane of the road from four points of the picture (Hartley and Zisserman, Multiple View Geometry, §4.1). */
import type { Spot } from '../core/camera.ts';

/** A place of the picture as a place of the plane. */
export type Homography = (spot: Spot) => readonly [number, number];

type Four<T> = readonly [T, T, T, T];

/** Maps the four `from` to the four `to`; no three of either may lie on a line. */
export function homography(from: Four<Spot>, to: Four<readonly [number, number]>): Homography {
  const rows: number[][] = [];
  for (const [i, [x, y]] of from.entries()) {
    const [u, v] = to[i] ?? [0, 0];
    rows.push([x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]);
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = solve(rows);
  return ([x, y]) => {
    const depth = g * x + h * y + 1;
    return [(a * x + b * y + c) / depth, (d * x + e * y + f) / depth];
  };
}

/** Gaussian elimination with pivoting of n rows of n coefficients and a right side. */
function solve(rows: number[][]): number[] {
  const size = rows.length;
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(at(row, column)) > Math.abs(at(pivot, column))) pivot = row;
    }
    const [one = [], other = []] = [rows[pivot], rows[column]];
    rows[column] = one;
    rows[pivot] = other;
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = at(row, column) / at(column, column);
      rows[row] = (rows[row] ?? []).map((value, i) => value - factor * at(column, i));
    }
  }
  return rows.map((row, i) => (row[size] ?? 0) / (row[i] ?? 1));
}
