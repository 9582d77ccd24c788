/** The margins that an attack saw of each row, iteration by iteration: kept only where they are asked for. */
export class LossTrace {
  /** How many iterations each row took part in. */
  readonly lengths: Int32Array;
  private margins: Float32Array;
  private width = 64;

  constructor(rows: number) {
    this.lengths = new Int32Array(rows);
    this.margins = new Float32Array(rows * this.width);
  }

  note(row: number, margin: number): void {
    const at = this.lengths[row] ?? 0;
    if (at === this.width) this.widen();
    this.margins[row * this.width + at] = margin;
    this.lengths[row] = at + 1;
  }

  /** The row's margin at each iteration. */
  current(row: number): Float32Array {
    const start = row * this.width;
    return this.margins.slice(start, start + (this.lengths[row] ?? 0));
  }

  /** The row's smallest margin up to each iteration. */
  best(row: number): Float32Array {
    const values = this.current(row);
    for (let i = 1; i < values.length; i++) {
      values[i] = Math.min(values[i - 1] ?? Infinity, values[i] ?? Infinity);
    }
    return values;
  }

  private widen(): void {
    const wider = new Float32Array(2 * this.margins.length);
    for (let row = 0; row < this.lengths.length; row++)
      wider.set(this.current(row), 2 * row * this.width);
    this.margins = wider;
    this.width *= 2;
  }
}
