/** A file of the pages, ready to be sent. */
export interface Asset {
  /** Below /assets/, with the hash of its content, so that it may be kept for ever. */
  readonly name: string;
  readonly type: string;
  readonly identity: Uint8Array;
  readonly gzip: Uint8Array;
  readonly brotli: Uint8Array;
}

export interface Built {
  readonly assets: readonly Asset[];
  /** The one HTML page, in the same encodings. */
  readonly page: Asset;
}
