/** Rows of a GTFS table (CSV, RFC 4180 with UTF-8, GTFS reference «File requirements»), as a stream of bounded memory. */
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import Papa from 'papaparse';
import { AgentError } from '../../core/errors.ts';
import { type FeedProblem, refused } from './problem.ts';

/** Where tables come from: the zip of a feed, or a file beside it. */
export interface Tables {
  /** For messages. */
  readonly name: string;
  has(table: string): boolean;
  /** Bytes of a table; the stream fails where they are damaged. */
  read(table: string): Promise<Readable>;
}

/** Longest row, bytes: an open quote would gather the rest of the file. */
const LONGEST_ROW = 1024 ** 2;
const MOST_COLUMNS = 200;

/** One row: fields by name, and its place. */
export interface Row {
  /** Line of the file where it begins; the header is 1. */
  readonly line: number;
  /** Without blanks around it; `''` where it is empty or the column does not exist. */
  get(field: string): string;
  problem(field: string | undefined, message: string, fix: string): FeedProblem;
}

/**
 * Calls `visit` for each row of `table`. One row object serves all rows: take what you need out of it. Rejects where the
 * file is no CSV, lacks one of `required`, or `visit` throws.
 */
export async function eachRow(
  tables: Tables,
  table: string,
  required: readonly string[],
  visit: (row: Row) => void,
): Promise<void> {
  const bytes = await tables.read(table);
  const gate = new RowGate(table);
  const rows = new RowReader(table, required, visit);
  await new Promise<void>((resolve, reject) => {
    let failed = false;
    const fail = (cause: unknown) => {
      failed = true;
      bytes.destroy();
      gate.destroy();
      reject(cause instanceof AgentError ? cause : damaged(table, cause));
    };
    bytes.on('error', fail);
    gate.on('error', fail);
    Papa.parse<string[]>(bytes.pipe(gate), {
      delimiter: ',',
      skipEmptyLines: false,
      chunk: ({ data, errors }, parser) => {
        if (failed) return parser.abort();
        try {
          gate.passed(data.length);
          const quotes = errors.find(({ type }) => type === 'Quotes');
          if (quotes !== undefined) {
            throw refused({
              file: table,
              line: rows.line + (quotes.row ?? 0),
              message: `quotes are wrong (${quotes.message})`,
              fix: 'Double each quote inside a quoted field.',
            });
          }
          for (const fields of data) rows.take(fields);
        } catch (thrown) {
          // First of all: an abort completes.
          fail(thrown);
          parser.abort();
        }
      },
      complete: () => {
        if (failed) return;
        if (rows.empty) {
          fail(refused({ file: table, message: 'empty', fix: 'Ask the agency for a complete feed.' }));
        } else resolve();
      },
      error: fail,
    });
  });
}

function damaged(table: string, cause: unknown): AgentError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return refused({ file: table, message: `cannot be read (${why})`, fix: 'Download the feed again.' });
}

/** Decodes UTF-8, drops a byte order mark, and stops a row that does not end. */
class RowGate extends Transform {
  readonly #table: string;
  readonly #decoder = new StringDecoder('utf8');
  #since = 0;
  #first = true;

  constructor(table: string) {
    super({ decodeStrings: true, encoding: 'utf8' });
    this.#table = table;
  }

  /** Rows came out: what has gone in so far is accounted for. */
  passed(rows: number): void {
    if (rows > 0) this.#since = 0;
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#since += piece.length;
    if (this.#since > LONGEST_ROW + piece.length) {
      done(
        refused({
          file: this.#table,
          message: `a row of more than ${LONGEST_ROW} bytes`,
          fix: 'Look for a quote that is not closed.',
        }),
      );
      return;
    }
    let text = this.#decoder.write(piece);
    if (this.#first && text !== '') {
      if (text.startsWith('\ufeff')) text = text.slice(1);
      this.#first = false;
    }
    done(null, text);
  }
}

class RowReader implements Row {
  readonly #table: string;
  readonly #required: readonly string[];
  readonly #visit: (row: Row) => void;
  #columns: ReadonlyMap<string, number> | undefined;
  #fields: readonly string[] = [];
  #next = 1;
  line = 1;

  constructor(table: string, required: readonly string[], visit: (row: Row) => void) {
    this.#table = table;
    this.#required = required;
    this.#visit = visit;
  }

  get empty(): boolean {
    return this.#columns === undefined;
  }

  take(fields: readonly string[]): void {
    this.line = this.#next;
    this.#next += 1;
    for (const field of fields) {
      // A quoted field may hold line breaks; lines are counted as an editor counts them.
      if (field.includes('\n')) this.#next += field.split('\n').length - 1;
    }
    if (fields.length === 1 && fields[0]?.trim() === '') return;
    if (this.#columns === undefined) {
      this.#columns = header(this.#table, fields, this.#required);
      return;
    }
    this.#fields = fields;
    this.#visit(this);
  }

  get(field: string): string {
    const column = this.#columns?.get(field);
    return column === undefined ? '' : (this.#fields[column]?.trim() ?? '');
  }

  problem(field: string | undefined, message: string, fix: string): FeedProblem {
    return {
      file: this.#table,
      line: this.line,
      ...(field === undefined ? {} : { field }),
      message,
      fix,
    };
  }
}

function header(
  table: string,
  fields: readonly string[],
  required: readonly string[],
): ReadonlyMap<string, number> {
  const fail = (message: string, fix: string) => refused({ file: table, line: 1, message, fix });
  if (fields.length > MOST_COLUMNS) {
    throw fail(
      `${fields.length} columns, expected at most ${MOST_COLUMNS}`,
      'Check that it is a GTFS table.',
    );
  }
  const columns = new Map<string, number>();
  fields.forEach((field, index) => {
    const name = field.trim();
    if (name !== '' && columns.has(name))
      throw fail(`the column ${name} is there twice`, 'Remove one of them.');
    columns.set(name, index);
  });
  const missing = required.filter((name) => !columns.has(name));
  if (missing.length > 0) {
    throw fail(
      `the column ${missing.join(', ')} is missing`,
      `The header has to name ${required.join(', ')}.`,
    );
  }
  return columns;
}
