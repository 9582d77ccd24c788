/** The rules of scoping and typing of VNN-LIB 2.x (query_language.tex), each broken once. */
import { describe, expect, test } from 'vitest';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { problemOf } from '../../src/vnnlib/problem.ts';
import { errorOf } from './error-of.ts';

const version = '(vnnlib-version <2.0>)\n';
const network = (name: string, inner: string): string => `(declare-network ${name}\n${inner})\n`;
const simple = network('f', '(declare-input X real [2]) (declare-output Y real [])');

describe('what breaks a rule of the standard is said with its place', () => {
  const io = (letter: string, type = 'real'): string =>
    `(declare-input ${letter}I ${type} [2]) (declare-output ${letter}O ${type} [1])`;
  const f = network('f', io('f'));

  test.each([
    [
      'two networks of one name',
      f + network('f', io('g')),
      /'f' is declared twice, first on line 2/,
    ],
    [
      'a variable named as a network',
      network('f', io('f').replace('fO', 'f')),
      /'f' is declared twice/,
    ],
    ['a variable of another network', f + network('g', io('f')), /'fI' is declared twice/],
    ['a name with a dash', network('f-copy', io('f')), /letters, digits and _ only, not 'f-copy'/],
    ['no such type', network('f', io('f', 'float31')), /'float31' is no numeric element type/],
    ['no input', network('f', '(declare-output Y real [1])'), /'f' declares no input/],
    ['no output', network('f', '(declare-input Y real [1])'), /'f' declares no output/],
    [
      'inputs after outputs',
      network('f', `${io('f')} (declare-input Z real [1])`),
      /inputs first, then hidden nodes, then outputs/,
    ],
    [
      'a hidden node without its ONNX name',
      network(
        'f',
        '(declare-input X real [1]) (declare-hidden H real [1]) (declare-output Y real [1])',
      ),
      /expected the hidden node's ONNX name in double quotes, found '\)'/,
    ],
    ['an open quotation', `${f}(declare-network "g`, /no closing quotation mark/],
    [
      'a shape without commas',
      network('f', '(declare-input X real [1 4])'),
      /expected ',' or '\]', found '4'/,
    ],
    [
      'a negative dimension',
      network('f', '(declare-input X real [-1])'),
      /'-1' is no whole number/,
    ],
    ['an empty dimension', network('f', '(declare-input X real [3,0])'), /dimension of 0/],
    [
      'equal to nothing',
      network('g', `(equal-to f) ${io('g')}`),
      /'f': no such network is declared above/,
    ],
    ['equal to itself', network('g', `(equal-to g) ${io('g')}`), /no copy of itself/],
    [
      'a copy of a copy',
      f + network('g', `(equal-to f) ${io('g')}`) + network('h', `(isomorphic-to g) ${io('h')}`),
      /itself equal-to 'f': name that one/,
    ],
    [
      'two equivalences',
      f + network('g', `(equal-to f) (isomorphic-to f) ${io('g')}`),
      /at most one equal-to or isomorphic-to/,
    ],
    [
      'a copy of another shape',
      f + network('g', '(isomorphic-to f) (declare-input X real [3]) (declare-output Y real [1])'),
      /g is isomorphic-to f but X is real \[3\], fI is real \[2\]/,
    ],
    [
      'a copy with more outputs',
      f + network('g', `(equal-to f) ${io('g')} (declare-output Z real [1])`),
      /g is equal-to f but has 2 outputs, f 1/,
    ],
    [
      'a copy of another type',
      network('f', io('f', 'float32')) + network('g', `(equal-to f) ${io('g', 'float16')}`),
      /gI is float16 \[2\], fI is float32 \[2\]/,
    ],
    [
      'real mixed with another type',
      f + network('g', io('g', 'float32')),
      /gI is float32, but other variables are real/,
    ],
    ['an undeclared variable', `${f}(assert (<= Z[0] 1))`, /'Z' is not declared/],
    ['a network as a variable', `${f}(assert (<= f 1))`, /'f' is a network, not a variable/],
    ['an index too far', `${f}(assert (<= fI[2] 1))`, /index 2 is outside of axis 0 of fI \[2\]/],
    ['too few indices', `${f}(assert (<= fI 1))`, /fI has 1 axes, found no indices/],
    ['too many indices', `${f}(assert (<= fI[0,0] 1))`, /fI has 1 axes, found 2 indices/],
    ['indices of a scalar', `${simple}(assert (<= Y[0] 1))`, /Y is a scalar without indices/],
    ['an index that is a number', `${f}(assert (<= fI[1.0] 1))`, /'1\.0' is no whole number/],
    ['constants alone', `${f}(assert (<= 0.0 1.0))`, /constants alone, which have no type/],
    [
      'two types in one comparison',
      network('f', '(declare-input X float32 [1]) (declare-output Y float16 [1])') +
        '(assert (<= (+ X[0] 1) Y[0]))',
      /this is float16, but it is combined with float32/,
    ],
    [
      'a fraction among whole numbers',
      network('f', '(declare-input X int32 [1]) (declare-output Y float32 [1])') +
        '(assert (<= (+ X[0] 1) 2.0))',
      /a constant with a fraction is no int32/,
    ],
    ['a network after an assertion', `${f}(assert (<= fI[0] 1))${f}`, /before the first assertion/],
    ['no network', '(assert (<= X 1))', /no network is declared/],
    ['nothing but a version', '', /declares no network/],
    ['a declaration of version 1', '(declare-const X_0 Real)', /no command of VNN-LIB 2/],
  ])('%s', (_, text, message) => {
    const error = errorOf(() => parseVnnlib(version + text));
    expect(error.message).toMatch(message);
    expect(error.position?.line).toBeGreaterThan(0);
  });

  test('a version that is not known', () => {
    const error = errorOf(() => parseVnnlib('; hello\n(vnnlib-version <3.0>)'));
    expect(error).toMatchObject({ reason: 'unsupported', position: { line: 2, column: 17 } });
    expect(errorOf(() => parseVnnlib('(vnnlib-version 2.0)')).message).toMatch(/such as <2\.0>/);
  });

  test('element types that no proof covers, initializers and absurd sizes are refused by name', () => {
    const typed = network('f', io('f', 'int8'));
    const refused = errorOf(() => problemOf(parseVnnlib(version + typed)));
    expect(refused).toMatchObject({ reason: 'unsupported' });
    expect(refused.message).toMatch(/fI is int8: Glacis proves over float32/);
    const initialized = simple.replace('[2])', '[2] initialized)');
    expect(errorOf(() => problemOf(parseVnnlib(version + initialized))).message).toMatch(
      /initializer/,
    );
    const large = network('f', '(declare-input X real [99999,99999]) (declare-output Y real [1])');
    expect(errorOf(() => parseVnnlib(version + large)).message).toMatch(/more than Glacis indexes/);
    const wide = network('f', '(declare-input X real [30000,30000]) (declare-output Y real [1])');
    expect(errorOf(() => problemOf(parseVnnlib(version + wide))).message).toMatch(
      /input X\[0,0\] has no lower bound/,
    );
  });
});
