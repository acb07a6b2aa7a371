/** Statements in what a receiver has kept: JSON, or lines of JSON, messages of any uplink. */
import { parseStatement } from './parse.ts';
import type { Statement } from './statement.ts';

/** Deeper nothing is looked for. */
const DEPTH = 12;

/** Every statement that `text` holds, each number once. Text that is no JSON is passed over. */
export function statementsIn(text: string): Statement[] {
  const found = new Map<string, Statement>();
  const look = (value: unknown, depth: number): void => {
    if (depth > DEPTH) return;
    if (typeof value === 'string') {
      if (value.includes('"signature"')) look(parse(value), depth + 1);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const statement = parseStatement(value);
    if (statement !== undefined) found.set(statement.signature, statement);
    else for (const inner of Object.values(value)) look(inner, depth + 1);
  };
  const whole = parse(text);
  if (whole !== undefined) look(whole, 0);
  else for (const line of text.split('\n')) look(parse(line), 0);
  return [...found.values()].sort((a, b) => a.number - b.number);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
