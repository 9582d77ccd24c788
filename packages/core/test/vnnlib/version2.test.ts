/** VNN-LIB 2.x. Queries marked "standard" are those of its document or of its own tests, shortened. */
import { describe, expect, test } from 'vitest';
import type { Port } from '../../src/onnx/ports.ts';
import type { NetworkInterface } from '../../src/vnnlib/interface.ts';
import { requireNetworks } from '../../src/vnnlib/interface.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { problemOf } from '../../src/vnnlib/problem.ts';
import { nameOf, tensorsOf } from '../../src/vnnlib/query.ts';
import { errorOf } from './error-of.ts';

const version = '(vnnlib-version <2.0>)\n';
const network = (name: string, inner: string): string => `(declare-network ${name}\n${inner})\n`;

const pair = `${version}
(declare-network f (declare-input A float32 [1,2]) (declare-output B float32 [1,2]))
(declare-network g
  (equal-to f) ; the same file
  (declare-input C float32 [1, 2])
  (declare-hidden H float32 [3] "relu_1:\\"0\\"")
  (declare-output D float32 [1,2]))
(assert (and (>= A[0,0] -1) (<= A[0,0] 1) (>= A[0,1] 0.25) (<= A[0,1] 0.5)))
(assert (== C[0,0] A[0,0])) (assert (== (- C[0,1] A[0,1]) 0.5))
(assert (or (> D[0,1] (+ B[0,1] 2)) (<= H[2] -1)))`;

describe('a query of version 2', () => {
  test('two networks form one joint vector: inputs first, then hidden nodes and outputs', () => {
    const query = parseVnnlib(pair);
    expect(query).toMatchObject({
      version: { major: 2, minor: 0 },
      inputCount: 4,
      variableCount: 11,
    });
    expect(query.networks.map(({ name, equivalence }) => [name, equivalence])).toEqual([
      ['f', null],
      ['g', { kind: 'equal', to: 'f' }],
    ]);
    const tensors = tensorsOf(query).map(({ name, offset, role }) => `${role} ${name} ${offset}`);
    expect(tensors).toEqual(['input A 0', 'output B 4', 'input C 2', 'hidden H 6', 'output D 9']);
    expect(tensorsOf(query)[3]?.onnxName).toBe('relu_1:"0"');
    expect([1, 3, 8, 10].map((i) => nameOf(query, i))).toEqual([
      'A[0,1]',
      'C[0,1]',
      'H[2]',
      'D[0,1]',
    ]);
  });

  test('equalities bound the inputs of the second network exactly', () => {
    const [first, second] = problemOf(parseVnnlib(pair)).disjuncts();
    expect(first && [...first.box.lower]).toEqual([-1, 0.25, -1, 0.75]);
    expect(first && [...first.box.upper]).toEqual([1, 0.5, 1, 1]);
    const [last] = first?.rows.slice(-1) ?? [];
    expect(last).toMatchObject({ isStrict: true, bound: -2, isOfInputs: false });
    expect([...(last?.variables ?? [])]).toEqual([5, 10]);
    expect(second?.box).toBe(first?.box);
  });

  test('scalars are named without indices, and Real is real (standard)', () => {
    const text = `${version}(declare-network acc
      (declare-input X Real [3])
      (declare-output Y Real []))
    (assert (<= (* -1.0 X[0]) 0.0)) (assert (<= X[0] 50.0))
    (assert (<= (* -1.0 X[1]) 50.0)) (assert (<= X[1] 50.0))
    (assert (<= (* -1.0 X[2]) 0.0)) (assert (<= X[2] 150.0))
    (assert (<= (+ (* -1.5 X[1]) X[2]) -15.0))
    (assert (or (<= Y -3.0) (>= Y 0.0)))`;
    const query = parseVnnlib(text);
    expect(tensorsOf(query).map(({ type }) => type)).toEqual(['real', 'real']);
    expect(nameOf(query, 3)).toBe('Y');
    const [{ box } = { box: null }] = problemOf(query).disjuncts();
    // −1.5·x₁ + x₂ ≤ −15 with x₂ ≥ 0 and x₁ ≤ 50.
    expect(box && [[...box.lower], [...box.upper]]).toEqual([
      [0, 10, 0],
      [50, 50, 60],
    ]);
  });

  test('linear forms of every shape (standard, test_linearise)', () => {
    const forms: [string, readonly [number, number, number], number][] = [
      ['(+ X[0] 5.0)', [1, 0, 0], 5],
      ['(- X[0])', [-1, 0, 0], 0],
      ['(- 5.0 X[0])', [-1, 0, 0], 5],
      ['(* X[0] 3.5)', [3.5, 0, 0], 0],
      ['(+ X[0] 5.0 X[0])', [2, 0, 0], 5],
      ['(+ (- X[0] X[1]) 3.0)', [1, -1, 0], 3],
      ['(- X[0] X[1] X[2])', [1, -1, -1], 0],
      ['(+ 5.0 (* -1.0 X[0]) (- X[1]))', [-1, -1, 0], 5],
      ['(- (+ X[1] 5.0) (+ X[0] 2.0))', [-1, 1, 0], 3],
      ['(+ (* 2.0 (* X[0] 3.0)) 2.0)', [6, 0, 0], 2],
      ['(+ (- 10.0 X[1]) (- X[2] X[0]))', [-1, -1, 1], 10],
      ['(- 4 3 2 X[0])', [-1, 0, 0], -1],
      ['(* 2 (* 3 (- X[0] 1)) 0.5)', [3, 0, 0], -3],
    ];
    const declared = network('f', '(declare-input X real [3]) (declare-output Y real [])');
    const box = [0, 1, 2].map((i) => `(assert (and (<= X[${i}] 1) (>= X[${i}] -1)))`).join('');
    for (const [form, coefficients, constant] of forms) {
      const query = parseVnnlib(`${version}${declared}${box}(assert (<= (+ Y ${form}) 0))`);
      const [{ rows: [row] } = { rows: [] }] = problemOf(query).disjuncts();
      const found = [0, 0, 0, 0];
      row?.variables.forEach((variable, i) => (found[variable] = row.coefficients[i] ?? NaN));
      expect([found, row?.bound], `for ${form}`).toEqual([[...coefficients, 1], 0 - constant]);
    }
  });

  test('words need no space where no letter joins them', () => {
    const text = `(vnnlib-version<2.1>)(declare-network f(declare-input X real[ 2 ])(declare-output Y real[]))
      (assert(<=X[0]1))(assert(>=X [ 0 ]-1))(assert(and(<= X[1] 1)(>=(+X[1]1)0)))(assert(!=Y(*2 X[0])))`;
    expect([...problemOf(parseVnnlib(text)).disjuncts()].map(({ rows }) => rows.length)).toEqual([
      1, 1,
    ]);
  });
});

describe('networks are those of the query', () => {
  const port = (name: string, type: string, shape: (number | string)[]): Port => ({
    name,
    type,
    shape,
  });
  const file = (
    type = 'float32',
    shape: (number | string)[] = ['N', 2],
    inside: (number | string)[] = [3],
  ): NetworkInterface => ({
    inputs: [port('in', type, shape)],
    outputs: [port('out', 'float32', [1, 2])],
    hidden: [port('relu_1:"0"', 'float32', inside)],
  });
  const query = parseVnnlib(pair);
  const check = (files: Record<string, NetworkInterface>): void =>
    requireNetworks(query, new Map(Object.entries(files)));

  test('an equal network needs no file of its own', () => {
    expect(() => check({ f: file() })).not.toThrow();
    expect(errorOf(() => check({ f: file(), g: file() })).message).toMatch(/no use for 'g'/);
    expect(errorOf(() => check({ h: file() })).message).toMatch(
      /network 'f' has no file: --network f=/,
    );
  });

  test('shapes, types and numbers must agree', () => {
    expect(errorOf(() => check({ f: file('float32', [1, 3]) })).message).toMatch(
      /A is float32 \[1,2\], but input 0 of the file, 'in', is float32 \[1,3\]/,
    );
    expect(errorOf(() => check({ f: file('float64') })).message).toMatch(
      /'in', is float64 \[\?,2\]/,
    );
    expect(errorOf(() => check({ f: file('float32', ['N', 2], [4]) })).message).toMatch(
      /^line 7, column 19: H is float32 \[3\], but hidden node of the file, 'relu_1:"0"', is float32 \[4\]/,
    );
    expect(errorOf(() => check({ f: { ...file(), hidden: [] } })).message).toMatch(
      /^line 7, column 19: H is 'relu_1:"0"', but no node of the file of 'g' gives real numbers/,
    );
    const two = { ...file(), outputs: [...file().outputs, ...file().outputs] };
    expect(errorOf(() => check({ f: two })).message).toMatch(
      /'f' declares 1 outputs, its file has 2/,
    );
    const real = parseVnnlib(pair.replaceAll('float32', 'real'));
    expect(() => requireNetworks(real, new Map([['f', file('float64')]]))).not.toThrow();
  });
});
