/** The stream of boards. A browser's EventSource comes back by itself, but not from every failure: then a new one is made. */
import type { Board } from '../../../core/board.ts';
import { hear, take } from './state.ts';

/** Silence after which the stream is not believed any more, ms; the agent is heard every 2 s. */
const SILENCE = 8000;

export function link(onBoard: () => void): void {
  let source: EventSource | undefined;
  let last = performance.now();
  const open = () => {
    source?.close();
    last = performance.now();
    source = new EventSource('/events');
    source.addEventListener('board', ({ data }) => {
      last = performance.now();
      const { board, age } = JSON.parse(data) as { board: Board; age: number };
      take(board, age);
      onBoard();
    });
    source.addEventListener('beat', () => {
      last = performance.now();
      hear();
    });
  };
  open();
  setInterval(() => {
    if (performance.now() - last > SILENCE) open();
  }, 1000);
}
