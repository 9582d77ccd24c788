/**
 * Random VNN-LIB texts of either version together with their meaning: a function that evaluates the same
 * condition in plain float64. All numerals are multiples of 1/8 and points of 1/4, so nothing is rounded.
 */
import { Draw } from '../generators/draw.ts';

export interface RandomQuery {
  readonly text: string;
  readonly inputs: number;
  readonly variables: number;
  readonly isTrueAt: (values: readonly number[]) => boolean;
}

interface Arithmetic {
  readonly text: string;
  readonly at: (values: readonly number[]) => number;
}

interface Condition {
  readonly text: string;
  readonly at: (values: readonly number[]) => boolean;
}

const relations: Record<string, (a: number, b: number) => boolean> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

class Writer {
  private readonly draw: Draw;
  private readonly names: readonly string[];

  constructor(draw: Draw, names: readonly string[]) {
    this.draw = draw;
    this.names = names;
  }

  space(): string {
    return this.draw.pick([' ', ' ', ' ', '\n', '  ', '\t', ' ; a comment ) (\n']);
  }

  numeral(): Arithmetic {
    const value = this.draw.integer(-16, 16) / 8;
    const texts = [String(value), value.toFixed(3), value.toExponential()];
    return { text: this.draw.pick(texts), at: () => value };
  }

  variable(): Arithmetic {
    const i = this.draw.integer(0, this.names.length - 1);
    return { text: this.names[i] ?? '', at: (values) => values[i] ?? NaN };
  }

  constant(depth: number): Arithmetic {
    if (depth <= 0 || this.draw.chance(0.7)) return this.numeral();
    const [a, b] = [this.constant(depth - 1), this.constant(depth - 1)];
    return { text: `(- ${a.text}${this.space()}${b.text})`, at: (v) => a.at(v) - b.at(v) };
  }

  arithmetic(depth: number): Arithmetic {
    const { draw } = this;
    if (depth <= 0 || draw.chance(0.4)) {
      return draw.chance(0.6) ? this.variable() : this.numeral();
    }
    if (draw.chance(0.3)) {
      const [a, b] = draw.shuffled([this.constant(1), this.arithmetic(depth - 1)]);
      if (!a || !b) throw new RangeError('two factors');
      return { text: `(* ${a.text}${this.space()}${b.text})`, at: (v) => a.at(v) * b.at(v) };
    }
    const parts = draw.list(draw.integer(1, 3), () => 0).map(() => this.arithmetic(depth - 1));
    const text = parts.map((part) => this.space() + part.text).join('');
    if (draw.chance(0.5)) {
      return { text: `(+${text})`, at: (v) => parts.reduce((sum, part) => sum + part.at(v), 0) };
    }
    const [first, ...rest] = parts;
    const head = first ?? this.numeral();
    const at = (v: readonly number[]): number =>
      rest.length === 0 ? -head.at(v) : rest.reduce((sum, part) => sum - part.at(v), head.at(v));
    return { text: `(-${text})`, at };
  }

  comparison(): Condition {
    const { draw } = this;
    const relation = draw.pick(Object.keys(relations));
    const [a, b] = draw.shuffled([this.arithmetic(2), this.variable()]);
    if (!a || !b) throw new RangeError('two sides');
    const text = `(${relation} ${a.text}${this.space()}${b.text})`;
    return { text, at: (v) => relations[relation]?.(a.at(v), b.at(v)) ?? false };
  }

  condition(depth: number): Condition {
    const { draw } = this;
    if (depth <= 0 || draw.chance(0.3)) return this.comparison();
    const parts = draw.list(draw.integer(1, 3), () => 0).map(() => this.condition(depth - 1));
    const isAnd = draw.chance(0.5);
    const inner = parts.map((part) => this.space() + part.text).join('');
    const at = (v: readonly number[]): boolean =>
      isAnd ? parts.every((part) => part.at(v)) : parts.some((part) => part.at(v));
    return { text: `(${isAnd ? 'and' : 'or'}${inner})`, at };
  }
}

/** Inputs lie in [−2, 2] and a few random assertions cut into that. */
export function randomQuery(seed: number): RandomQuery {
  const draw = new Draw(seed);
  const inputs = draw.integer(1, 3);
  const outputs = draw.integer(1, 3);
  const isNew = draw.chance(0.5);
  const of = (letter: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => (isNew ? `${letter}[0,${i}]` : `${letter}_${i}`));
  const [xs, ys] = [of('X', inputs), of('Y', outputs)];
  const writer = new Writer(draw, [...xs, ...ys]);
  const conditions: Condition[] = xs.map((name, i) => ({
    text: `(and (<= -2 ${name}) (>= 2.0 ${name}))`,
    at: (v) => Math.abs(v[i] ?? NaN) <= 2,
  }));
  const more = draw.integer(1, 3);
  for (let i = 0; i < more; i++) conditions.push(writer.condition(draw.integer(0, 3)));
  const assertions = draw
    .shuffled(conditions)
    .map(({ text }) => `(assert${writer.space()}${text})`);
  const declared = isNew
    ? `(vnnlib-version <2.0>)\n(declare-network f (declare-input X real [1,${inputs}])
       (declare-output Y real [1,${outputs}]))`
    : [...xs, ...ys].map((name) => `(declare-const ${name} Real)`).join('\n');
  return {
    text: `; random query ${seed}\n${declared}\n${assertions.join(writer.space())}\n`,
    inputs,
    variables: inputs + outputs,
    isTrueAt: (values) => conditions.every(({ at }) => at(values)),
  };
}
