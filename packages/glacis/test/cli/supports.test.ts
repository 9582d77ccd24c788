/** `glacis supports`, `--name` and `--version`, as the VNN-LIB standard's chapter on the command line has them. */
import { expect, test } from 'vitest';
import { glacis } from './glacis.ts';

const supports = async (...words: string[]): Promise<string> => {
  const { code, stdout, stderr } = await glacis(['supports', ...words]);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};

/** Every capability that verifier_interface.tex lists, and what a line of its answer is. */
const standard: Readonly<Record<string, RegExp>> = {
  'onnx-opset-versions': /^\d+\n\d+\n$/,
  'onnx-element-types': /^(\w+\n)+$/,
  'onnx-operators': /^([\w.]+( \w+)*\n)+$/,
  'vnnlib-versions': /^\d+\.\d+\n\d+\.\d+\n$/,
  'hidden-node-theories': /^(N?H\n)+$/,
  'multiple-input-output-theories': /^([SM]IO\n)+$/,
  'multiple-network-theories': /^((S|M|ME|MI)NET\n)+$/,
  'multiple-node-comparison-theories': /^([SM]NC\n)+$/,
  'arithmetic-complexity-theories': /^((BND|OUTC|LIN|POLY)\n)+$/,
  'optimised-disjunctive-reasoning': /^(true|false)\n$/,
  'serialise-assignments': /^(true|false)\n$/,
};

test('every capability of the standard is answered, a line for each thing', async () => {
  const all = JSON.parse(await supports('--json')) as Record<string, string[]>;
  expect(Object.keys(all)).toEqual(Object.keys(standard));
  for (const [name, answer] of Object.entries(all)) {
    expect(answer.map((line) => `${line}\n`).join('')).toMatch(standard[name] ?? /^$/);
  }
  expect(await supports('--vnnlib-versions')).toBe('1.0\n2.1\n');
  expect(await supports('--arithmetic-complexity-theories')).toBe('BND\nOUTC\nLIN\n');
  expect(await supports('--serialise-assignments')).toBe('true\n');
  expect(await supports('--multiple-inputs-output-theories')).toBe('SIO\nMIO\n');
  expect(await supports('--hidden-node-theories')).toBe('NH\nH\n');
});

test('one capability at a time', async () => {
  for (const words of [['--vnnlib-versions', '--onnx-operators'], [], ['onnx-operators']]) {
    const { code, stdout, stderr } = await glacis(['supports', ...words]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/one of --onnx-opset-versions|flags alone/);
  }
});

test('the name is answered without a command', async () => {
  const answer = { code: 0, signal: null, stdout: 'Glacis\n', stderr: '' };
  expect(await glacis(['--name'])).toEqual(answer);
});
