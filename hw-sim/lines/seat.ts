/** A device's place on a line: where it speaks, for as long as it is plugged in. */
import type { LineAccess } from './wire.ts';

export class LineSeat {
  #line: LineAccess | undefined;

  /** Undefined while the device hangs on no line. */
  get line(): LineAccess | undefined {
    return this.#line;
  }

  /** Plugs it in; disposing pulls it. */
  take(line: LineAccess): Disposable {
    this.#line = line;
    return {
      [Symbol.dispose]: () => {
        this.#line = undefined;
      },
    };
  }
}
