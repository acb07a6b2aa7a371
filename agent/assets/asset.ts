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

/** What pages are made of; plain data, for it goes to a thread. */
export interface PageSource {
  /** Absolute path of the folder with the modules, the HTML, `style/` and the icon. */
  readonly folder: string;
  /** File name of the HTML; absent: `index.html`. */
  readonly page?: string;
  /** Entries without `.ts`; `%name%` in the HTML becomes the address of each, `%preload%` what the first one needs. */
  readonly modules: readonly string[];
  /** Style sheets in `style/`, without `.css`, in the order they apply. */
  readonly styles: readonly string[];
  /** Style sheets of packages: name in the HTML, package, file beside its main one. */
  readonly sheets?: readonly (readonly [name: string, specifier: string, file: string])[];
  /** File name in the folder. */
  readonly icon: string;
}
