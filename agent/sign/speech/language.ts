/** A board told in one of its languages: every text of it is the one of that language, where it has one. */
import type { Board, Words } from '../../core/board.ts';
import type { SignLanguage } from '../../core/sign/sign.ts';

export function boardInLanguage(board: Board, language: SignLanguage): Board {
  const first = board.languages[0] === language;
  return { ...(told(board, first) as Board), languages: [language] };
}

function told(value: unknown, first: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => told(one, first));
  if (typeof value !== 'object' || value === null) return value;
  if (isWords(value)) return { main: first ? value.main : (value.second ?? value.main) };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, told(one, first)]));
}

function isWords(value: object): value is Words {
  return 'main' in value && typeof value.main === 'string';
}
