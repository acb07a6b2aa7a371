/** The two formats of an export: rows into CSV (RFC 4180) or Parquet, a piece at a time. */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { renameDurably } from '../core/durable-file.ts';
import { AgentError } from '../core/errors.ts';

export type CellType = 'time' | 'text' | 'number' | 'flag';
export interface Column {
  readonly name: string;
  readonly type: CellType;
}
/** Cells in the order of the columns; times are Unix epoch ms. */
export type Row = readonly (string | number | boolean | null)[];

export interface Sheet {
  row(row: Row): void;
  /** Whole with its return, under its own name. */
  end(): Promise<void> | void;
  /** Nothing of it is left. */
  drop(): void;
}

export interface SheetOptions {
  readonly columns: readonly Column[];
  /** How times look in CSV. */
  readonly time: (ms: number) => string;
  /** What the file says of itself. */
  readonly about: Readonly<Record<string, string>>;
}

/** Rows that are held before they are written. */
const GROUP = 50_000;
const PIECE = 64 * 1024;

/** CSV into a file, or to standard output where there is none. */
export function csvSheet(file: string | undefined, { columns, time }: SheetOptions): Sheet {
  const part = file === undefined ? undefined : `${resolve(file)}.part`;
  const fd = part === undefined ? 1 : openSync(part, 'w', 0o644);
  let text = `${columns.map(({ name }) => name).join(',')}\r\n`;
  const flush = () => {
    for (let bytes = Buffer.from(text); bytes.length > 0; ) bytes = bytes.subarray(written(fd, bytes));
    text = '';
  };
  return {
    row: (row) => {
      text += `${row.map((cell, i) => cellText(cell, columns[i]?.type === 'time' ? time : undefined)).join(',')}\r\n`;
      if (text.length > PIECE) flush();
    },
    end: () => {
      flush();
      if (part === undefined || file === undefined) return;
      fsyncSync(fd);
      closeSync(fd);
      renameDurably(part, file);
    },
    drop: () => {
      if (part === undefined) return;
      closeSync(fd);
      rmSync(part, { force: true });
    },
  };
}

/** A pipe that is full for the moment is tried again. */
function written(fd: number, bytes: Buffer): number {
  for (;;) {
    try {
      return writeSync(fd, bytes);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function cellText(cell: Row[number], time: ((ms: number) => string) | undefined): string {
  if (cell === null) return '';
  if (time !== undefined && typeof cell === 'number') return time(cell);
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Parquet: times as timestamps in UTC, a row group for every 50,000 rows. */
export function parquetSheet(file: string, { columns, about }: SheetOptions): Sheet {
  const part = `${resolve(file)}.part`;
  const typed = columns.map(({ name, type }) => ({
    name,
    type: TYPES[type],
    nullable: true,
    data: [] as unknown[],
  }));
  const writer = new ParquetWriter({
    writer: fileWriter(part),
    schema: schemaFromColumnData({ columnData: typed }),
    kvMetadata: Object.entries(about).map(([key, value]) => ({ key, value })),
    createdBy: 'kerbside',
  });
  let held = 0;
  const flush = () => {
    // Its file is written at once, so that there is nothing to wait for; what would wait would lose rows here.
    if (held > 0 && writer.write({ columnData: typed, rowGroupSize: GROUP }) !== undefined)
      throw new AgentError('internal', 'writing of Parquet failed: the writer has become asynchronous');
    for (const column of typed) column.data = [];
    held = 0;
  };
  return {
    row: (row) => {
      for (const [i, column] of typed.entries()) {
        const cell = row[i] ?? null;
        column.data.push(column.type === 'TIMESTAMP' && typeof cell === 'number' ? new Date(cell) : cell);
      }
      held += 1;
      if (held >= GROUP) flush();
    },
    end: async () => {
      flush();
      await writer.finish();
      const fd = openSync(part, 'r+');
      fsyncSync(fd);
      closeSync(fd);
      renameDurably(part, file);
    },
    drop: () => rmSync(part, { force: true }),
  };
}

const TYPES = { time: 'TIMESTAMP', text: 'STRING', number: 'DOUBLE', flag: 'BOOLEAN' } as const;
