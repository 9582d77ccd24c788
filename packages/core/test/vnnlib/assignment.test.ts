import { fromBinary } from '@bufbuild/protobuf';
import { TensorProtoSchema } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { readTensorAsIs } from '../../src/onnx/element-types.ts';
import {
  assignmentOf,
  numeralOf,
  printOutcome,
  serialiseAssignment,
  writeResult,
} from '../../src/vnnlib/assignment.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { Draw } from '../generators/draw.ts';
import { declare } from './pieces.ts';

/** The standard's own example, whose B is an int32. */
const query = parseVnnlib(`(vnnlib-version <2.0>)
(declare-network f
    (declare-input  A float32 [2,2])
    (declare-input  B int32   [1])
    (declare-hidden H float32 [1,2] "hidden")
    (declare-output Y float32 [1])
)
(declare-network g
    (declare-input  C float32 [2,2])
    (declare-output Z float32 [1])
)`);
/** All inputs first: A, B, C, then H, Y, Z. */
const witness = [0.5, 0.3, 0.4, 0.2, -1, 1, 0.3, 0.4, 0.2, 0.5, 0.3, 0.1, 0];

describe('a satisfying assignment', () => {
  test('on the command line, in the order of the declarations', () => {
    expect(printOutcome(query, 'sat', witness)).toBe(
      `sat
A float32 [2,2]
0.5
0.3
0.4
0.2
B int32 [1]
-1
H float32 [1,2]
0.5
0.3
Y float32 [1]
0.1
C float32 [2,2]
1.0
0.3
0.4
0.2
Z float32 [1]
0.0
`,
    );
    expect(printOutcome(query, 'sat', null)).toBe('sat\n');
    expect(printOutcome(query, 'unsat', null)).toBe('unsat\n');
    expect(printOutcome(query, 'unknown', null)).toBe('unknown\n');
    expect(printOutcome(query, 'timeout', null)).toBe('timed-out\n');
  });

  test('as a result file of the competition', () => {
    const old = parseVnnlib(declare(2, 1));
    expect(writeResult(old, 'sat', [0.25, -3, 1e-7])).toBe(
      'sat\n((X_0 0.25)\n(X_1 -3.0)\n(Y_0 0.0000001))\n',
    );
    expect(writeResult(old, 'timeout', null)).toBe('timeout\n');
    expect(writeResult(query, 'sat', witness)).toMatch(/^sat\n\(\(A\[0,0\] 0\.5\)\n/);
  });

  test('as tensors that ONNX reads', () => {
    const files = serialiseAssignment(query, witness);
    expect([...files.keys()]).toEqual(['A.pb', 'B.pb', 'H.pb', 'Y.pb', 'C.pb', 'Z.pb']);
    const written = (name: string): readonly unknown[] => {
      const proto = fromBinary(TensorProtoSchema, files.get(`${name}.pb`) ?? new Uint8Array());
      const { type, shape, data } = readTensorAsIs(proto, name);
      return [proto.name, type, shape, [...data]];
    };
    expect(written('C')).toEqual(['C', 'float32', [2, 2], [1, 0.3, 0.4, 0.2].map(Math.fround)]);
    expect(written('B')).toEqual(['B', 'int32', [1], [-1]]);
  });

  test('over the reals as float32 where nothing is lost, else in double precision', () => {
    const files = serialiseAssignment(parseVnnlib(declare(2, 1)), [0.25, -3, 0.1]);
    const types = [...files].map(([name, bytes]) => {
      const { type, data } = readTensorAsIs(fromBinary(TensorProtoSchema, bytes), name);
      return [name, type, [...data]];
    });
    expect(types).toEqual([
      ['X.pb', 'float32', [0.25, -3]],
      ['Y.pb', 'float64', [0.1]],
    ]);
  });

  test('of another length is refused', () => {
    expect(() => assignmentOf(query, [1, 2, 3])).toThrow('3 values for 13 variables');
  });
});

describe('numerals without exponent', () => {
  test.each([
    [1e21, '1000000000000000000000.0'],
    [1.5e-7, '0.00000015'],
    [-123.25, '-123.25'],
    [5e-324, `0.${'0'.repeat(323)}5`],
    [-0, '0.0'],
    [100, '100.0'],
    [1.2345e22, '12345000000000000000000.0'],
  ])('%d', (x, text) => {
    expect(numeralOf(x)).toBe(text);
  });

  test('they read back as the same number', () => {
    const draw = new Draw(1);
    for (let i = 0; i < 3000; i++) {
      const x = (draw.next() - 0.5) * 2 ** draw.integer(-200, 200);
      const text = numeralOf(x);
      expect(text).toMatch(/^-?\d+\.\d+$/);
      expect(Number(text)).toBe(x);
    }
  });

  test('whole numbers of integer types have no point, and what is not finite has no numeral', () => {
    expect([numeralOf(7, 'int64'), numeralOf(-30, 'uint8'), numeralOf(0, 'int8')]).toEqual([
      '7',
      '-30',
      '0',
    ]);
    expect(() => numeralOf(NaN)).toThrow('NaN has no numeral');
  });
});
