/** The last pictures a camera has given out, so that what was found in one of them can be shown over the very same. */

export interface ServedPicture {
  /** World time that it shows, epoch ms. */
  readonly time: number;
  readonly jpeg: Buffer;
}

/** Pictures kept: some seconds of a camera that is asked six times a second. */
const MOST = 24;

export class ServedPictures {
  readonly #kept: ServedPicture[] = [];

  keep(picture: ServedPicture): void {
    this.#kept.push(picture);
    if (this.#kept.length > MOST) this.#kept.shift();
  }

  /** The newest that shows no later moment than `time`, else the oldest; undefined where none was given out yet. */
  before(time: number): ServedPicture | undefined {
    return this.#kept.findLast((one) => one.time <= time) ?? this.#kept[0];
  }
}
