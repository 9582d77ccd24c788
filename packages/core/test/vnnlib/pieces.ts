/** Pieces of queries: declarations of scalars and boxes of VNN-LIB 1.0, a pair of networks of 2.0. */

export const declare = (inputs: number, outputs: number): string =>
  ['X', 'Y']
    .flatMap((letter, i) =>
      Array.from(
        { length: i === 0 ? inputs : outputs },
        (_, k) => `(declare-const ${letter}_${k} Real)`,
      ),
    )
    .join('\n');

export const bounded = (inputs: number): string =>
  Array.from({ length: inputs }, (_, i) => `(assert (<= X_${i} 1)) (assert (>= X_${i} -1))`).join(
    '\n',
  );

/** VNN-LIB 2.0: networks f on A in [−1, 1]² and g on B, where nothing is said of B. */
export const scopedPair = (equivalence: string, assertions: string): string =>
  `(vnnlib-version <2.0>)
(declare-network f (declare-input A real [2]) (declare-output Y real [1]))
(declare-network g ${equivalence} (declare-input B real [2]) (declare-output Z real [1]))
(assert (and (<= A[0] 1) (>= A[0] -1) (<= A[1] 1) (>= A[1] -1)))
${assertions}`;
