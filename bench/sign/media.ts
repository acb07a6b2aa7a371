/** A short video that moves, made by ffmpeg where there is one. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** 6 s of WebM; undefined without ffmpeg. */
export async function makeVideo(ffmpeg: string | undefined): Promise<Uint8Array | undefined> {
  if (ffmpeg === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'video-'));
  try {
    const file = join(folder, 'test.webm');
    const source = 'testsrc2=size=640x360:rate=15:duration=6';
    await promisify(execFile)(ffmpeg, [
      '-loglevel',
      'error',
      '-f',
      'lavfi',
      '-i',
      source,
      '-c:v',
      'libvpx',
      '-b:v',
      '500k',
      file,
    ]);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
