/** Pieces of VNN-LIB 1.0: declarations of scalars, and the box [−1, 1]. */

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
