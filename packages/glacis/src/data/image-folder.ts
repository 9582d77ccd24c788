/**
 * A folder of images: one folder for each class, named for it or by its number, or images alone,
 * without labels.
 * Classes and files are taken in sorted order; only the chosen images are decoded.
 */

import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import type { StoredArray } from './array.ts';
import { byCodePoint, classNote, classNumbers, numberNote } from './class-names.ts';
import { MAX_BYTES, explained, kindOfPath, readFileBytes } from './file.ts';
import { decodePicture, isPictureName } from './picture.ts';
import type { Picture } from './picture.ts';

export interface ImageFolder {
  /** The images' paths inside the folder, in order, with forward slashes. */
  readonly names: string[];
  /** The class of each image; null for a folder of images alone. */
  readonly y: StoredArray | null;
  /** By class number; null where the folders' names are the numbers. */
  readonly classNames: string[] | null;
  readonly notes: string[];
}

/** Finds the images and their classes. Throws UsageError. */
export async function listImageFolder(path: string): Promise<ImageFolder> {
  const top = await listFolder(path);
  const images = top.files.filter(isPictureName);
  if (top.folders.length === 0 || images.length > 0) {
    if (top.folders.length > 0) {
      throw new UsageError(
        `${path} holds both images and folders; keep either one folder for each class or images alone.`,
      );
    }
    if (images.length === 0) throw new UsageError(`${path} holds no PNG or JPEG images.`);
    const skipped = skippedNote(top.files.length - images.length);
    return { names: images, y: null, classNames: null, notes: skipped };
  }
  const names: string[] = [];
  const labels: number[] = [];
  const notes: string[] = [];
  let others = top.files.length;
  const numbers = classNumbers(top.folders);
  for (const [place, className] of top.folders.entries()) {
    const inner = await listFolder(join(path, className));
    const found = inner.files.filter(isPictureName);
    others += inner.files.length - found.length;
    if (found.length === 0 && inner.folders.length > 0) {
      throw new UsageError(
        `${path}/${className} holds folders instead of images; name the folder that has one folder for each class, perhaps ${path}/${className}.`,
      );
    }
    if (found.length === 0) notes.push(`The class folder ${className} holds no images.`);
    if (inner.folders.length > 0) notes.push(`Folders inside of ${className} are left out.`);
    names.push(...found.map((name) => `${className}/${name}`));
    labels.push(...found.map(() => numbers?.[place] ?? place));
  }
  if (names.length === 0) throw new UsageError(`${path} holds no PNG or JPEG images.`);
  return {
    names,
    y: { type: 'int32', shape: [names.length], data: Int32Array.from(labels) },
    classNames: numbers ? null : top.folders,
    notes: [
      numbers ? numberNote(numbers) : classNote(top.folders),
      ...notes,
      ...skippedNote(others),
    ],
  };
}

/**
 * SHA-256 over all images in order: for each its name, a zero byte, and the SHA-256 of its bytes in
 * hexadecimal.
 */
export async function hashImages(path: string, names: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const name of names) {
    const { sha256 } = await readFileBytes(join(path, name));
    hash.update(`${name}\0${sha256}`);
  }
  return hash.digest('hex');
}

/** Decodes the named images: uint8 [images, channels, height, width]. Throws UsageError. */
export async function readImages(
  path: string,
  names: readonly string[],
): Promise<{ x: StoredArray; notes: string[] }> {
  const pictures: Picture[] = [];
  for (const name of names) {
    const where = `${path}/${name}`;
    const picture = decodePicture((await readFileBytes(join(path, name))).bytes, where);
    const first = pictures[0] ?? picture;
    if (picture.width !== first.width || picture.height !== first.height) {
      throw new UsageError(
        `${where} is ${picture.width} × ${picture.height} pixels but ${path}/${names[0]} is ${first.width} × ${first.height}; resize all images to the model's input first.`,
      );
    }
    if (names.length * picture.pixels.length > MAX_BYTES) {
      throw new UsageError(
        `${path} has too many pixels for the memory; choose fewer images with --first or --sample.`,
      );
    }
    pictures.push(picture);
  }
  const { width = 0, height = 0 } = pictures[0] ?? {};
  const channels = pictures.some((picture) => picture.channels === 3) ? 3 : 1;
  const data = new Uint8Array(pictures.length * channels * height * width);
  pictures.forEach((picture, i) => {
    putPlanes(picture, channels, data.subarray(i * channels * height * width));
  });
  const shape = [pictures.length, channels, height, width];
  return { x: { type: 'uint8', shape, data }, notes: pictureNotes(pictures, names) };
}

/** Writes the channels one after the other; grey becomes three equal ones where colour is needed. */
function putPlanes(picture: Picture, channels: number, target: Uint8Array): void {
  const plane = picture.width * picture.height;
  for (let c = 0; c < channels; c++) {
    const source = picture.channels === 3 ? c : 0;
    for (let i = 0; i < plane; i++) {
      target[c * plane + i] = picture.pixels[i * picture.channels + source] ?? 0;
    }
  }
}

function pictureNotes(pictures: readonly Picture[], names: readonly string[]): string[] {
  const notes: string[] = [];
  const count = (loss: Picture['loss']): number => pictures.filter((p) => p.loss === loss).length;
  const grey = pictures.filter((picture) => picture.channels === 1).length;
  if (grey > 0 && grey < pictures.length) {
    notes.push(`${grey} grey images among colour ones are read as colour.`);
  }
  if (count('alpha') > 0) notes.push(`The transparency of ${count('alpha')} images is left out.`);
  if (count('16 bits') > 0) notes.push(`${count('16 bits')} images of 16 bits are read as 8 bits.`);
  if (names.some((name) => /\.jpe?g$/i.test(name))) {
    notes.push('JPEG decoders differ by a few levels of 255; save PNG files for exact numbers.');
  }
  return notes;
}

function skippedNote(count: number): string[] {
  return count > 0 ? [`${count} files that are not PNG or JPEG images are left out.`] : [];
}

/** Sorted names, links followed; hidden files are not looked at. */
async function listFolder(path: string): Promise<{ files: string[]; folders: string[] }> {
  const entries = await explained(path, () => readdir(path, { withFileTypes: true }));
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const link = entry.isSymbolicLink() ? await kindOfPath(join(path, entry.name)) : null;
    if (entry.isDirectory() || link === 'folder') folders.push(entry.name);
    else if (entry.isFile() || link === 'file') files.push(entry.name);
  }
  return { files: files.sort(byCodePoint), folders: folders.sort(byCodePoint) };
}
