/**
 * The playlist in two layers: the next item is loaded and decoded behind the one that shows, and comes to the front only when
 * its first picture is there. So there is no blank between items, and an item that cannot be shown is left out.
 */
import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';
import type { MediaItem } from '../../../core/board.ts';

/** Longest wait for an item to be ready, ms. */
const PATIENCE = 8000;
/** Wait where no item could be shown, ms. */
const AGAIN = 5000;

export function Media({ items }: { readonly items: readonly MediaItem[] }) {
  const frame = useRef<HTMLDivElement>(null);
  const list = useRef(items);
  list.current = items;
  useEffect(() => {
    const stop = new AbortController();
    if (frame.current !== null) void play(frame.current, () => list.current, stop.signal);
    return () => stop.abort();
  }, []);
  return html`<div class="media" ref=${frame}></div>`;
}

async function play(
  frame: HTMLElement,
  items: () => readonly MediaItem[],
  signal: AbortSignal,
): Promise<void> {
  let index = 0;
  let failed = 0;
  while (!signal.aborted) {
    const list = items();
    const item = list[index % Math.max(1, list.length)];
    index += 1;
    const layer = item === undefined ? undefined : await ready(item, signal);
    if (signal.aborted) return release(layer);
    if (item === undefined || layer === undefined) {
      failed += 1;
      if (failed >= list.length) await wait(AGAIN, signal);
      continue;
    }
    failed = 0;
    const before = Array.from(frame.children);
    frame.append(layer);
    frame.dataset.item = item.id;
    if (layer instanceof HTMLVideoElement) await layer.play().catch(() => {});
    // The one before goes when the new one has been painted.
    await painted();
    for (const old of before) release(old);
    await wait(item.duration, signal);
  }
}

/** The item's element, once its first picture can be painted at once; undefined where it cannot. */
async function ready(
  item: MediaItem,
  signal: AbortSignal,
): Promise<HTMLImageElement | HTMLVideoElement | undefined> {
  if (item.kind === 'image') {
    const image = new Image();
    image.alt = item.alt.main;
    image.src = item.url;
    return image.decode().then(
      () => image,
      () => undefined,
    );
  }
  const video = document.createElement('video');
  video.muted = true;
  video.loop = true;
  video.playsInline = true;
  video.disablePictureInPicture = true;
  video.preload = 'auto';
  video.setAttribute('aria-label', item.alt.main);
  video.src = item.url;
  const able = await new Promise<boolean>((resolve) => {
    video.addEventListener('canplaythrough', () => resolve(true), { once: true });
    video.addEventListener('error', () => resolve(false), { once: true });
    signal.addEventListener('abort', () => resolve(false), { once: true });
    setTimeout(() => resolve(video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA), PATIENCE);
  });
  if (able) return video;
  release(video);
  return undefined;
}

/** Takes an element away and lets go of what a video holds. */
function release(element: Element | undefined): void {
  element?.remove();
  if (!(element instanceof HTMLVideoElement)) return;
  element.pause();
  element.removeAttribute('src');
  element.load();
}

function painted(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      signal.removeEventListener('abort', done);
      clearTimeout(timer);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
