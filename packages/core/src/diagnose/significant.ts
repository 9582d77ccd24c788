/** A number for a drawing: four significant digits are more than a picture shows. */
export function significant(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : 0;
}
