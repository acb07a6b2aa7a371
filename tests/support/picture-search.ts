/** Looks for pictures in bytes: signatures of their formats, plain or as text, and pieces of pictures that are known. */

/** Starts of pictures; those shorter than four bytes would be found by chance in any database. */
const SIGNATURES: readonly (readonly [string, Buffer])[] = [
  ['JPEG (JFIF)', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
  ['JPEG (EXIF)', Buffer.from([0xff, 0xd8, 0xff, 0xe1])],
  ['JPEG (tables)', Buffer.from([0xff, 0xd8, 0xff, 0xdb])],
  ['PNG', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a])],
  ['WebP', Buffer.from('WEBPVP8')],
  ['JPEG in base64', Buffer.from('/9j/4AAQ')],
  ['JPEG in base64 (tables)', Buffer.from('/9j/2wBD')],
  ['JPEG in hex', Buffer.from('ffd8ffe0')],
  ['PNG in base64', Buffer.from('iVBORw0KGgo')],
  ['data URL', Buffer.from('data:image/')],
];

/** Bytes of a piece. */
const PIECE = 24;
/** A piece of one or two levels (black, padding) is in every file. */
const LEAST_LEVELS = 12;

export class PictureSearch {
  /** Pieces by their first four bytes. */
  readonly #pieces = new Map<number, Buffer[]>();
  pieces = 0;

  /** Remembers some pieces of a picture's coded data, or of its pixels. */
  remember(picture: Uint8Array, every = 4096): void {
    for (let at = every >> 1; at + PIECE <= picture.length; at += every) {
      const piece = Buffer.from(picture.subarray(at, at + PIECE));
      if (new Set(piece).size < LEAST_LEVELS) continue;
      const key = piece.readUInt32LE(0);
      this.#pieces.set(key, [...(this.#pieces.get(key) ?? []), piece]);
      this.pieces += 1;
    }
  }

  /** What of a picture is in `bytes`. */
  find(bytes: Buffer): readonly string[] {
    const found = SIGNATURES.flatMap(([name, signature]) => (bytes.includes(signature) ? [name] : []));
    for (let at = 0; at + PIECE <= bytes.length; at++) {
      const candidates = this.#pieces.get(bytes.readUInt32LE(at));
      if (candidates?.some((piece) => piece.equals(bytes.subarray(at, at + PIECE)))) {
        return [...found, `a piece of a frame at byte ${at}`];
      }
    }
    return found;
  }
}
