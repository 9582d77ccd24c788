/** Commands that have nothing to keep end at once when they are asked to. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BATCH, Builder, type Graph, tensor, writeModel } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import { writeNpz } from '../../src/data/npz.ts';
import { glacis } from './glacis.ts';

const folder = mkdtempSync(join(tmpdir(), 'glacis-ended-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [WIDTH, LAYERS] = [400, 12];

/** A softmax, of which bounds says a note, behind layers that take far longer than a signal. */
function wide(): string {
  const b = new Builder();
  const weights = Float32Array.from({ length: WIDTH ** 2 }, (_, i) => Math.sin(i) / WIDTH);
  let value = b.input('x', [BATCH, WIDTH]);
  for (let k = 0; k < LAYERS; k++) {
    value = b.push('tanh', [b.matMul(value, b.floats(weights, [WIDTH, WIDTH]))], {});
  }
  return written('wide.onnx', b.graph({ p: b.push('softmax', [value], { axis: 1 }) }));
}

/** An open axis, of which inspect says a note, and more layers still. */
function deep(): string {
  const b = new Builder();
  let value = b.input('x', [BATCH, 'n']);
  for (let k = 0; k < WIDTH; k++) value = b.push('sin', [value], {});
  return written('deep.onnx', b.graph({ y: value }));
}

function written(name: string, graph: Graph): string {
  const file = join(folder, name);
  writeFileSync(file, writeModel(graph));
  return file;
}

const data = join(folder, 'points.npz');
writeFileSync(data, writeNpz({ x: tensor('float32', [1, WIDTH], new Float32Array(WIDTH)) }));
const ball = ['--data', data, '--index', '0', '--eps', '0.1', '--method', 'alpha-crown'];

test.each([
  ['inspect', [deep(), '--check']],
  ['bounds', [wide(), ...ball]],
])('SIGTERM ends %s at once, with nothing said', async (command, words) => {
  const { code, signal, stdout } = await glacis([command, ...words], { endAtWord: true });
  expect({ code, signal, stdout }).toEqual({ code: null, signal: 'SIGTERM', stdout: '' });
});
