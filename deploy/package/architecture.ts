/** The architectures a package is built for, by their names at Debian, npm and in ELF headers. */

export interface Architecture {
  /** Debian's name. */
  readonly debian: 'arm64' | 'amd64';
  /** npm's `--cpu` and the folder names of prebuilt binaries. */
  readonly npm: 'arm64' | 'x64';
  /** `e_machine` of an ELF file (System V ABI, chapter 4). */
  readonly machine: number;
}

export const ARCHITECTURES: readonly Architecture[] = [
  { debian: 'arm64', npm: 'arm64', machine: 183 },
  { debian: 'amd64', npm: 'x64', machine: 62 },
];

/** Debian 12 has glibc 2.36: no binary of a package may ask for a newer one. */
export const NEWEST_GLIBC = 36;
