import { describe, expect, test } from 'vitest';
import type { Port } from '../../src/onnx/ports.ts';
import { type NetworkInterface, requireNetworks } from '../../src/vnnlib/interface.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { problemOf } from '../../src/vnnlib/problem.ts';
import { errorOf } from './error-of.ts';
import { bounded } from './pieces.ts';

describe('what is wrong with a query of version 1.0 is said with its place', () => {
  const at = (line: number, column: number): object => ({ position: { line, column } });
  const start = '(declare-const X_0 Real)\n(declare-const Y_0 Real)\n';

  test.each([
    ['an undeclared variable', `${start}(assert (<= X_1 1))`, /'X_1' is not declared/, at(3, 13)],
    [
      'a variable declared twice',
      `${start}(declare-const X_0 Real)`,
      /twice, first on line 1/,
      at(3, 16),
    ],
    [
      'a gap in the numbers',
      '(declare-const X_1 Real)',
      /X_1 is declared but X_0 is not/,
      at(1, 16),
    ],
    ['another name', '(declare-const Z_0 Real)', /not 'Z_0'/, at(1, 16)],
    ['another sort', '(declare-const X_0 Int)', /Real, not 'Int'/, at(1, 20)],
    ['NaN', `${start}(assert (<= X_0 NaN))`, /'NaN' is no number: constants are finite/, at(3, 17)],
    ['an infinite constant', `${start}(assert (<= X_0 -inf))`, /constants are finite/, at(3, 17)],
    ['a number misspelt', `${start}(assert (<= X_0 1.2.3))`, /found '1\.2\.3'/, at(3, 17)],
    ['an unknown operator', `${start}(assert (=> X_0 1))`, /found '=>'/, at(3, 10)],
    ['three numbers compared', `${start}(assert (<= X_0 1 2))`, /two numbers, found 3/, at(3, 9)],
    [
      'a number as a condition',
      `${start}(assert (and X_0))`,
      /takes conditions, found 'X_0'/,
      at(3, 14),
    ],
    [
      'a condition as a number',
      `${start}(assert (+ (and) 1))`,
      /is a number, not a condition/,
      at(3, 9),
    ],
    [
      'a sum as a condition',
      `${start}(assert (and (+ 1 2)))`,
      /takes conditions, found '\+'/,
      at(3, 14),
    ],
    ['an operator without operands', `${start}(assert (<= X_0 (+)))`, /no operands/, at(3, 17)],
    ['a bracket too few', `${start}(assert (<= X_0 1)`, /found the end of the file/, at(3, 19)],
    ['a bracket too many', `${start}(assert (<= X_0 1)))`, /expected '\('/, at(3, 20)],
    ['an index', `${start}(assert (<= X_0[1] 1))`, /found '\['/, at(3, 16)],
    ['an unknown command', '(declare X_0 Real)', /'declare' is no command/, at(1, 2)],
    ['no inputs', '(declare-const Y_0 Real)', /no input X_0/, at(1, 1)],
    ['text', 'The quick brown fox', /expected '\('.*found 'The'/, at(1, 1)],
  ])('%s', (_, text, message, place) => {
    const error = errorOf(() => parseVnnlib(text));
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ reason: 'invalid', ...place });
  });

  test('nothing at all', () => {
    expect(errorOf(() => parseVnnlib('; only a comment')).message).toBe('this query is empty');
  });

  const problemError = (text: string): Error => errorOf(() => problemOf(parseVnnlib(text)));

  test('an input without a bound, in all disjuncts or in one', () => {
    const one = problemError(`${start}(assert (>= X_0 1))`);
    expect(one.message).toMatch(/line 1, .*input X_0 has no upper bound/);
    const text = `${start}(assert (or (and (<= X_0 1) (>= X_0 0)) (<= X_0 3)))`;
    expect(problemError(text).message).toMatch(/input X_0 has no lower bound/);
    expect(problemError(`${start}(assert (<= Y_0 3))`).message).toMatch(/X_0 has no lower bound/);
  });

  test('a product of variables', () => {
    const error = problemError(`${start}${bounded(1)}(assert (<= (* Y_0 (+ X_0 1)) 3))`);
    expect(error).toMatchObject({ reason: 'unsupported', position: { line: 3 } });
    expect(error.message).toMatch(/a product of variables/);
  });

  test('more disjuncts than are multiplied out', () => {
    const clause = '(assert (or (<= Y_0 0) (<= Y_0 1) (<= Y_0 2)))';
    const error = problemError(`${start}${bounded(1)}${clause.repeat(20)}`);
    expect(error).toMatchObject({ reason: 'unsupported' });
    expect(error.message).toMatch(/3,486,784,401 disjuncts, more than 1,000,000/);
  });

  test('numbers that no float holds', () => {
    expect(problemError(`${start}(assert (<= X_0 1e39))`).message).toMatch(
      /beyond the numbers of float32/,
    );
    expect(problemError(`${start}(assert (<= X_0 1e99999999999))`).message).toMatch(/more digits/);
  });

  test('a query about a network of other counts', () => {
    const query = parseVnnlib(`${start}${bounded(1)}`);
    const port = (name: string, shape: (number | string)[]): Port => ({
      name,
      type: 'float32',
      shape,
    });
    const network = (inputs: number, outputs: number): NetworkInterface => ({
      inputs: [port('x', ['N', inputs])],
      outputs: [port('y', [1, outputs])],
      hidden: [],
    });
    const check = (...networks: NetworkInterface[]): void =>
      requireNetworks(query, new Map(networks.map((network, i) => [`${i}`, network])));
    expect(() => check(network(1, 1))).not.toThrow();
    expect(errorOf(() => check(network(5, 1))).message).toMatch(/declares 1 inputs.*network has 5/);
    expect(errorOf(() => check(network(1, 2))).message).toMatch(
      /declares 1 outputs.*network has 2/,
    );
    expect(errorOf(() => check()).message).toMatch(/one network, 0 are given/);
    expect(errorOf(() => check(network(1, 1), network(1, 1))).message).toMatch(/2 are given/);
  });
});

test('a message shows no character that a terminal obeys', () => {
  const error = errorOf(() => parseVnnlib(`\u001b[31m${'x'.repeat(1000)}`));
  expect(error.message).toContain(String.raw`found '\u{1b}'`);
  const long = errorOf(() => parseVnnlib(`(declare-const ${'x'.repeat(1000)} Real)`));
  expect(long.message.length).toBeLessThan(300);
});
