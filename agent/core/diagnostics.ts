/** A diagnostics bundle as it is told of: what is in it, and what is not. */

export interface DiagnosticsContents {
  readonly files: readonly {
    readonly name: string;
    readonly what: string;
    readonly bytes: number;
    /** Its beginning was cut off. */
    readonly cut?: true;
  }[];
  readonly left_out: readonly { readonly what: string; readonly why: string }[];
}

export interface DiagnosticsBundle extends DiagnosticsContents {
  /** Path of the archive, and its bytes. */
  readonly file: string;
  readonly bytes: number;
}
