// Weights beside a model are read from its folder and from nowhere else.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { externalFilesOf } from '../../src/data/external-data.ts';

const root = mkdtempSync(path.join(tmpdir(), 'glacis-external-'));
afterAll(() => rmSync(root, { recursive: true }));
const folder = path.join(root, 'model');
mkdirSync(path.join(folder, 'weights'), { recursive: true });
writeFileSync(path.join(folder, 'weights', 'w.bin'), Uint8Array.of(1, 2, 3));
writeFileSync(path.join(root, 'secret.bin'), Uint8Array.of(4));
symlinkSync(path.join(root, 'secret.bin'), path.join(folder, 'link.bin'));
mkdirSync(path.join(root, 'elsewhere'));
writeFileSync(path.join(root, 'elsewhere', 'w.bin'), Uint8Array.of(5));
symlinkSync(path.join(root, 'elsewhere'), path.join(folder, 'through'));
const read = externalFilesOf(path.join(folder, 'model.onnx'));

test('a file in the folder or below it is read', () => {
  expect(Array.from(read(path.join('weights', 'w.bin')))).toEqual([1, 2, 3]);
});

test('a link that leads out of the folder is refused, and so is a path that does', () => {
  expect(() => read('link.bin')).toThrow(/lies outside its folder/);
  expect(() => read(path.join('..', 'secret.bin'))).toThrow(/lies outside its folder/);
});

test('a missing file is named with what to do', () => {
  expect(() => read('gone.bin')).toThrow(
    /gone\.bin, which is not in its folder: put that file beside it/,
  );
});

test('a folder on the way that is a link out of the folder is refused', () => {
  expect(() => read(path.join('through', 'w.bin'))).toThrow(/lies outside its folder/);
});

test('a link that stays in the folder is followed', () => {
  symlinkSync(path.join(folder, 'weights', 'w.bin'), path.join(folder, 'again.bin'));
  expect(Array.from(read('again.bin'))).toEqual([1, 2, 3]);
});

test('a folder, the model’s own folder and a file taken for a folder are no weights', () => {
  expect(() => read('weights')).toThrow(/is no file/);
  expect(() => read('.')).toThrow(/lies outside its folder/);
  expect(() => read(path.join('weights', 'w.bin', 'x'))).toThrow(/not in its folder/);
});

test('a pipe is refused instead of waited for', () => {
  execFileSync('mkfifo', [path.join(folder, 'pipe.bin')]);
  expect(() => read('pipe.bin')).toThrow(/is no file/);
});
